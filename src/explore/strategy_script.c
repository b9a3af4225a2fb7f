// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include "order/order.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

/*
 * Scripts. Steps are separated by ';' or newlines; '#' begins a comment.
 *
 *   NAME                      run the thread until it ends or blocks
 *   NAME until EVENT [xN]     ... or has raised the event N times (once)
 *   NAME until point=LABEL    ... or has passed that named point
 *   ipi CPU                   deliver the pending interrupts of the CPU
 *   preempt CPU, resume CPU   the hypervisor's verbs
 *   drain CPU [N]             the oldest store, or the N-th oldest, that waits in the CPU's buffer
 *                             reaches memory
 *
 * A verb for what cannot happen when its turn comes is passed over; so are drains where the memory
 * model has no buffers, or where a store may not overtake older ones. A thread that waits for
 * interrupts to be taken gets them delivered. After the last step, threads run to their ends in the
 * order of the scenario.
 */

static const char *const event_names[VMSIM_EV_COUNT] = {
#define X(id, name, a, b, c) name,
	VMSIM_EVENTS(X)
#undef X
};

static int event_named(const char *name)
{
	for (int kind = 0; kind < VMSIM_EV_COUNT; kind++)
		if (!strcmp(event_names[kind], name))
			return kind;
	return -1;
}

static int thread_named(const struct vmsim_scenario *scenario, const char *name)
{
	for (unsigned int i = 0; i < scenario->nr_threads; i++)
		if (!strcmp(scenario->threads[i].name, name))
			return (int)i;
	return strcmp(name, "Rcu") ? -1 : (int)scenario->nr_threads;
}

#define MAX_WORDS 8

static int split(char *line, char **word)
{
	int n = 0;

	for (char *w = strtok_r(line, " \t", &line); w && n < MAX_WORDS;
	     w = strtok_r(NULL, " \t", &line))
		word[n++] = w;
	return n;
}

static const char *parse_until(struct script_step *step, char **word, int n)
{
	char *end;

	if (n < 3 || strcmp(word[1], "until"))
		return "expected 'until EVENT'";
	if (!strncmp(word[2], "point=", 6)) {
		step->until = VMSIM_EV_POINT;
		if (strlen(word[2] + 6) >= sizeof(step->point))
			return "the name of the point is too long";
		strcpy(step->point, word[2] + 6);
	} else {
		step->until = event_named(word[2]);
	}
	if (step->until < 0)
		return "no such event";
	if (n == 3)
		return NULL;
	step->times = (unsigned int)strtoul(word[3] + 1, &end, 10);
	if (n > 4 || word[3][0] != 'x' || *end || !step->times)
		return "expected 'xN'";
	return NULL;
}

static const char *parse_cpu_verb(struct vmsim_explorer *x, struct script_step *step, char kind,
				  char **word, int n)
{
	char *end;
	unsigned long cpu;

	if (n != 2)
		return "expected a CPU";
	cpu = strtoul(word[1], &end, 10);
	if (*end || cpu >= x->scenario->config.cpus)
		return "no such CPU";
	step->kind = kind;
	step->id = (uint16_t)cpu;
	return NULL;
}

static const char *parse_drain(struct vmsim_explorer *x, struct script_step *step, char **word,
			       int n)
{
	unsigned long place = 1;
	const char *wrong;
	char *end;

	if (n == 3) {
		place = strtoul(word[2], &end, 10);
		if (*end || place < 1 || place > ORDER_SLOTS)
			return "no such place in a store buffer";
		n = 2;
	}
	wrong = parse_cpu_verb(x, step, 'd', word, n);
	step->id = ORDER_DRAIN_ID(step->id, place - 1);
	return wrong;
}

static const char *parse_step(struct vmsim_explorer *x, struct script_step *step, char *line)
{
	char *word[MAX_WORDS] = { NULL };
	int n = split(line, word);
	int thread;

	if (!n)
		return "expected a thread or a verb";
	*step = (struct script_step) { .kind = 't', .until = -1, .times = 1 };
	if (!strcmp(word[0], "ipi"))
		return parse_cpu_verb(x, step, 'i', word, n);
	if (!strcmp(word[0], "preempt"))
		return parse_cpu_verb(x, step, 'p', word, n);
	if (!strcmp(word[0], "resume"))
		return parse_cpu_verb(x, step, 'u', word, n);
	if (!strcmp(word[0], "drain"))
		return parse_drain(x, step, word, n);
	thread = thread_named(x->scenario, word[0]);
	if (thread < 0)
		return "no such thread";
	step->id = (uint16_t)thread;
	return n == 1 ? NULL : parse_until(step, word, n);
}

static bool is_blank(const char *line)
{
	while (isspace((unsigned char)*line))
		line++;
	return !*line || *line == '#';
}

int script_parse(struct vmsim_explorer *x, const char *text, char *error, size_t error_size)
{
	char *copy = strdup(text ? text : "");
	unsigned int number = 0;
	char *rest = copy;
	char *line;

	x->script = calloc(strlen(copy) + 1, sizeof(*x->script));
	if (!copy || !x->script)
		return -ENOMEM;
	while ((line = strsep(&rest, ";\n"))) {
		const char *wrong;

		number++;
		if (is_blank(line))
			continue;
		wrong = parse_step(x, &x->script[x->script_len], line);
		if (wrong) {
			snprintf(error, error_size, "script step %u: %s", number, wrong);
			free(copy);
			return -EINVAL;
		}
		x->script_len++;
	}
	free(copy);
	return 0;
}

static void script_begin(struct vmsim_explorer *x, uint64_t seed)
{
	(void)seed;
	x->script_at = 0;
	x->script_seen = 0;
}

static int find(const struct candidate *candidates, int n, char kind, int id)
{
	for (int i = 0; i < n; i++)
		if (candidates[i].kind == kind && (id < 0 || candidates[i].id == id))
			return i;
	return -1;
}

static void next_step(struct vmsim_explorer *x)
{
	x->script_at++;
	x->script_seen = 0;
}

/* On a shared CPU, whoever cannot be preempted goes on until it can. */
static int find_in_the_way(const struct vmsim_actor *actor, const struct candidate *candidates,
			   int n)
{
	const struct vmsim_actor *there = actor_in_the_way(actor);

	return there ? find(candidates, n, 't', (int)there->index) : -1;
}

/* What happens for the current step; -1: nothing more, go to the next. */
static int pick_for(struct vmsim_explorer *x, const struct script_step *step,
		    const struct candidate *candidates, int n)
{
	int found = find(candidates, n, step->kind, step->id);

	if (step->kind != 't') {
		next_step(x);
		return found;
	}
	if (actor_done(x, step->id) || x->script_seen >= step->times) {
		next_step(x);
		return -1;
	}
	if (found < 0)
		found = find_in_the_way(&x->actor[step->id], candidates, n);
	if (found < 0)
		found = find(candidates, n, 'i', -1);
	if (found < 0)
		next_step(x);
	return found;
}

static int pick_after_script(const struct candidate *candidates, int n)
{
	int found = find(candidates, n, 'i', -1);

	if (found < 0)
		found = find(candidates, n, 't', -1);
	if (found < 0)
		found = find(candidates, n, 'u', -1);
	return found < 0 ? 0 : found;
}

static int script_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	while (x->script_at < x->script_len) {
		int found = pick_for(x, &x->script[x->script_at], candidates, n);

		if (found >= 0)
			return found;
	}
	return pick_after_script(candidates, n);
}

static bool script_choice(struct vmsim_explorer *x)
{
	(void)x;
	return false;
}

const struct strategy strategy_script = {
	.preempts = true,
	.begin = script_begin,
	.pick = script_pick,
	.choice = script_choice,
};
