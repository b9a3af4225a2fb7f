// SPDX-License-Identifier: GPL-2.0-only
#include "litmus.h"
#include "exhaust.h"
#include "order/order.h"
#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs litmus tests from their text, as bare scenarios. */

enum op { OP_WRITE, OP_READ, OP_RELEASE, OP_ACQUIRE, OP_XCHG, OP_INC, OP_LOCK, OP_UNLOCK, OP_MB,
	  OP_RMB, OP_WMB, OP_BEFORE, OP_AFTER, OP_AFTER_LOCK };

#define MAX_OPS 16

struct instruction {
	enum op op;
	unsigned int variable, reg;
	int value;
};

/* What an outcome says of one register or variable. */
struct term {
	int thread;		/* -1: a variable */
	unsigned int index;
	int value;
};

struct litmus_world {
	struct term term[8];
	unsigned int terms;
	struct instruction program[LITMUS_THREADS][MAX_OPS];
	unsigned int length[LITMUS_THREADS];
	/* From here on, what changes. */
	unsigned int next[LITMUS_THREADS];
	/* A word of 8 bytes each, so that they are different places. */
	struct { int value; int rest; } variable[LITMUS_VARIABLES];
	int reg[LITMUS_THREADS][LITMUS_REGISTERS];
	spinlock_t lock[2];
};

/* Of the test that runs: the world is gone when its last execution has ended. */
static uint64_t hits;

static unsigned int variable_named(char name)
{
	return name == 'w' ? 3 : (unsigned int)(name - 'x');
}

static bool is_variable(char name)
{
	return name >= 'w' && name <= 'z';
}

static const struct {
	const char *text;
	enum op op;
} words[] = {
	{ "mb", OP_MB }, { "rmb", OP_RMB }, { "wmb", OP_WMB }, { "ba", OP_BEFORE },
	{ "aa", OP_AFTER }, { "as", OP_AFTER_LOCK },
};

static bool parse_instruction(const char *text, struct instruction *out)
{
	char name, object, lock[8];
	unsigned int reg;
	int value, end = 0;

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(text, words[i].text)) {
			*out = (struct instruction) { .op = words[i].op };
			return true;
		}
	}
	if (sscanf(text, "r%u=xchg %c %d%n", &reg, &name, &value, &end) == 3 && !text[end])
		*out = (struct instruction) { OP_XCHG, variable_named(name), reg, value };
	else if (sscanf(text, "r%u:=%c%n", &reg, &name, &end) == 2 && !text[end])
		*out = (struct instruction) { OP_ACQUIRE, variable_named(name), reg, 0 };
	else if (sscanf(text, "r%u=%c%n", &reg, &name, &end) == 2 && !text[end])
		*out = (struct instruction) { OP_READ, variable_named(name), reg, 0 };
	else if (sscanf(text, "inc %c%n", &name, &end) == 1 && !text[end])
		*out = (struct instruction) { OP_INC, variable_named(name), 0, 0 };
	else if (sscanf(text, "%6[a-z] %c%n", lock, &object, &end) == 2 && !text[end] &&
		 (!strcmp(lock, "lock") || !strcmp(lock, "unlock")) &&
		 (object == 'l' || object == 'm'))
		*out = (struct instruction) { .op = lock[0] == 'l' ? OP_LOCK : OP_UNLOCK,
					      .variable = object == 'm' };
	else if (sscanf(text, "%c:=%d%n", &name, &value, &end) == 2 && !text[end])
		*out = (struct instruction) { OP_RELEASE, variable_named(name), 0, value };
	else if (sscanf(text, "%c=%d%n", &name, &value, &end) == 2 && !text[end])
		*out = (struct instruction) { OP_WRITE, variable_named(name), 0, value };
	else
		return false;
	return out->variable < LITMUS_VARIABLES && out->reg < LITMUS_REGISTERS;
}

static bool parse_thread(struct litmus_world *w, unsigned int thread, const char *text)
{
	char copy[256], *rest = copy, *part;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((part = strsep(&rest, ";"))) {
		while (isspace((unsigned char)*part))
			part++;
		if (w->length[thread] == MAX_OPS ||
		    !parse_instruction(part, &w->program[thread][w->length[thread]++]))
			return false;
	}
	return true;
}

static bool parse_outcome(struct litmus_world *w, const char *text)
{
	char copy[128], *rest = copy, *part;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((part = strsep(&rest, " "))) {
		struct term *term = &w->term[w->terms++];
		char name;

		if (sscanf(part, "%d:r%u=%d", &term->thread, &term->index, &term->value) == 3)
			continue;
		if (sscanf(part, "%c=%d", &name, &term->value) != 2 || !is_variable(name))
			return false;
		term->thread = -1;
		term->index = variable_named(name);
	}
	return true;
}

static void execute(struct litmus_world *w, unsigned int thread, const struct instruction *in)
{
	int *variable = &w->variable[in->variable].value;
	int *reg = &w->reg[thread][in->reg];

	switch (in->op) {
	case OP_WRITE:
		WRITE_ONCE(*variable, in->value);
		break;
	case OP_READ:
		*reg = READ_ONCE(*variable);
		break;
	case OP_RELEASE:
		smp_store_release(variable, in->value);
		break;
	case OP_ACQUIRE:
		*reg = smp_load_acquire(variable);
		break;
	case OP_XCHG:
		*reg = xchg(variable, in->value);
		break;
	case OP_INC:
		atomic_inc((atomic_t *)variable);
		break;
	case OP_LOCK:
		spin_lock(&w->lock[in->variable]);
		break;
	case OP_UNLOCK:
		spin_unlock(&w->lock[in->variable]);
		break;
	case OP_MB:
		smp_mb();
		break;
	case OP_RMB:
		smp_rmb();
		break;
	case OP_WMB:
		smp_wmb();
		break;
	case OP_BEFORE:
		smp_mb__before_atomic();
		break;
	case OP_AFTER:
		smp_mb__after_atomic();
		break;
	case OP_AFTER_LOCK:
		smp_mb__after_spinlock();
		break;
	}
}

static int run_thread(struct vmsim_world *world, unsigned int thread)
{
	struct litmus_world *w = world->ctx;

	while (w->next[thread] < w->length[thread]) {
		const struct instruction *in = &w->program[thread][w->next[thread]++];

		if (in->op == OP_LOCK || in->op == OP_UNLOCK) {
			execute(w, thread, in);
			continue;
		}
		/* Others come in when the register has its value. */
		vmsim_self->atomic_step++;
		execute(w, thread, in);
		vmsim_self->atomic_step--;
		if (in->op < OP_MB)
			vmsim_point("done");
	}
	return 0;
}

static int thread0(struct vmsim_world *world) { return run_thread(world, 0); }
static int thread1(struct vmsim_world *world) { return run_thread(world, 1); }
static int thread2(struct vmsim_world *world) { return run_thread(world, 2); }
static int thread3(struct vmsim_world *world) { return run_thread(world, 3); }

static const struct vmsim_thread_def threads[LITMUS_THREADS] = {
	{ .name = "A", .cpu = 0, .fn = thread0 },
	{ .name = "B", .cpu = 1, .fn = thread1 },
	{ .name = "C", .cpu = 2, .fn = thread2 },
	{ .name = "D", .cpu = 3, .fn = thread3 },
};

static int set_up(struct vmsim_world *world)
{
	struct litmus_world *w = world->ctx;

	spin_lock_init(&w->lock[0]);
	spin_lock_init(&w->lock[1]);
	return 0;
}

static int count_hit(struct vmsim_world *world)
{
	const struct litmus_world *w = world->ctx;

	for (unsigned int i = 0; i < w->terms; i++) {
		const struct term *term = &w->term[i];
		int is = term->thread < 0 ? w->variable[term->index].value :
					    w->reg[term->thread][term->index];

		if (is != term->value)
			return 0;
	}
	hits++;
	return 0;
}

/* Where the threads are, what they have read, what is in memory and what is on its way there. */
uint64_t exhaust_key(const struct vmsim_explorer *x)
{
	const struct litmus_world *w = x->world.ctx;
	const struct vmsim_order *order = x->machine->order;
	size_t changes = offsetof(struct litmus_world, next);
	uint64_t hash = exhaust_hash(1, (const char *)w + changes, sizeof(*w) - changes);

	hash = exhaust_hash(hash, &x->threads.live, sizeof(x->threads.live));
	hash = exhaust_hash(hash, &x->threads.waiting, sizeof(x->threads.waiting));
	if (!order)
		return hash;
	hash = exhaust_hash(hash, order->buffer, order->nr_cpus * sizeof(order->buffer[0]));
	return exhaust_hash(hash, order->cell, order->nr_cpus * ORDER_SLOTS * sizeof(*order->cell));
}

static unsigned int parse(const struct litmus *litmus, struct litmus_world *w)
{
	unsigned int n = 0;

	for (; n < LITMUS_THREADS && litmus->thread[n]; n++)
		if (!parse_thread(w, n, litmus->thread[n]))
			return 0;
	return parse_outcome(w, litmus->outcome) ? n : 0;
}

int litmus_run(const struct litmus *litmus, enum vmsim_memory_model model,
	       struct litmus_seen *seen)
{
	static struct litmus_world world;
	struct vmsim_scenario scenario = {
		.name = "litmus",
		.config = { .contents = VMSIM_CONTENTS_NONE,
			    .cpus = LITMUS_THREADS,
			    .frames = 128 },
		.bare = true,
		.ctx_size = sizeof(world),
		.ctx_init = &world,
		.setup = set_up,
		.threads = threads,
		.check = count_hit,
	};
	struct vmsim_explore_options options;
	struct vmsim_explorer *x;
	int err;

	*seen = (struct litmus_seen) { .executions = 0 };
	world = (struct litmus_world) { .terms = 0 };
	scenario.nr_threads = parse(litmus, &world);
	if (!scenario.nr_threads) {
		snprintf(seen->error, sizeof(seen->error), "%s: bad text", litmus->name);
		return -22;
	}
	scenario.config.cpus = scenario.nr_threads;
	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_RANDOM;
	options.memory_model = model;
	hits = 0;
	err = session_create(&scenario, &options, &exhaust_strategy, NULL, &x, seen->error,
			     sizeof(seen->error));
	while (!err && exhaust_more(x)) {
		err = session_execute(x, 0);
		seen->executions++;
		if (x->failed)
			snprintf(seen->error, sizeof(seen->error), "%.200s", x->violation.text);
		err = x->failed ? -5 : err;
	}
	if (!err)
		seen->exhausted = ((struct exhaust *)x->strategy_state)->finished;
	if (x)
		session_destroy(x);
	seen->hits = hits;
	return err;
}
