// SPDX-License-Identifier: GPL-2.0-only
#include "programs.h"
#include <stdio.h>
#include <string.h>

enum what {
	INC, READ_COUNT, CMPXCHG, DEC_TEST, WRITE_WORD, READ_WORD, ADD_WORD,
	SET_PTE, GET_PTE, CLEAR_PTE, SET_FLAG, CLEAR_FLAG, TEST_AND_SET_FLAG, TEST_FLAG,
	LOCK, UNLOCK, TRYLOCK, DOWN_READ, UP_READ, DOWN_WRITE, UP_WRITE, TRY_READ,
	RCU_LOCK, RCU_UNLOCK, CALL_RCU, SYNC_RCU, PREEMPT_OFF, PREEMPT_ON,
	CALL_CPUS, IRQ_OFF, IRQ_ON, SPIN, NEED_RESCHED, ASSERT_WORD, ASSERT_COUNT, ALLOC,
	NR_WHAT
};

static const char *const names[NR_WHAT] = {
	"inc", "read-count", "cmpxchg", "dec-test", "write", "read", "add",
	"set-pte", "get-pte", "clear-pte",
	"set-flag", "clear-flag", "test-and-set-flag", "test-flag",
	"lock", "unlock", "trylock", "down-read", "up-read", "down-write", "up-write", "try-read",
	"rcu-lock", "rcu-unlock", "call-rcu", "sync-rcu", "preempt-off", "preempt-on",
	"call-cpus", "irq-off", "irq-on", "spin", "need-resched", "assert-word", "assert-count",
	"alloc",
};

uint64_t program_final;

static const struct program *the_program;

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* Runs on the other CPUs, in an interrupt. */
static void handler(void *info)
{
	struct program_world *w = info;
	unsigned int cpu = smp_processor_id();

	w->handled[cpu] = mix(w->handled[cpu], (uint64_t)atomic_read(&w->count[0]));
	atomic_inc(&w->count[1]);
}

static void callback(struct rcu_head *head)
{
	struct program_world *w = container_of(head, struct program_callback, head)->world;

	WRITE_ONCE(w->freed, READ_ONCE(w->freed) + 1);
}

static void call_once(struct program_world *w, unsigned int thread)
{
	struct program_callback *cb = &w->callback[thread];

	if (cb->queued++)
		return;
	cb->world = w;
	call_rcu(&cb->head, callback);
}

static uint64_t on_count(struct program_world *w, const struct program_op *op)
{
	atomic_t *count = &w->count[op->a];

	switch (op->what) {
	case INC:
		atomic_inc(count);
		return 0;
	case READ_COUNT:
		return (uint64_t)atomic_read(count);
	case CMPXCHG:
		return (uint64_t)atomic_cmpxchg(count, op->b, op->b + 1);
	case DEC_TEST:
		return atomic_dec_and_test(count);
	case ASSERT_COUNT:
		if (atomic_read(count) == 2)
			vmsim_fail("the count is 2");
		return 0;
	default:
		while (!atomic_read(count))
			cpu_relax();
		return (uint64_t)atomic_read(count);
	}
}

static uint64_t on_word(struct program_world *w, const struct program_op *op)
{
	int *word = &w->word[op->a];

	if (op->what == READ_WORD)
		return (uint64_t)READ_ONCE(*word);
	if (op->what == ASSERT_WORD) {
		if (READ_ONCE(*word) == 3)
			vmsim_fail("the word is 3");
		return 0;
	}
	if (op->what == WRITE_WORD)
		WRITE_ONCE(*word, op->b);
	else
		WRITE_ONCE(*word, READ_ONCE(*word) + 1);
	return 0;
}

static uint64_t on_entry(struct program_world *w, const struct program_op *op)
{
	pte_t *pte = &w->pte[op->a];

	if (op->what == GET_PTE)
		return pte_val(ptep_get(pte));
	if (op->what == CLEAR_PTE)
		return pte_val(ptep_get_and_clear(NULL, 0, pte));
	set_pte(pte, __pte((pteval_t)op->b << PAGE_SHIFT | _PAGE_PRESENT));
	return 0;
}

static uint64_t on_flags(struct program_world *w, const struct program_op *op)
{
	switch (op->what) {
	case SET_FLAG:
		set_bit(op->b, &w->flags);
		return 0;
	case CLEAR_FLAG:
		clear_bit(op->b, &w->flags);
		return 0;
	case TEST_FLAG:
		return test_bit(op->b, &w->flags);
	default:
		return test_and_set_bit(op->b, &w->flags);
	}
}

static uint64_t on_lock(struct program_world *w, const struct program_op *op)
{
	switch (op->what) {
	case LOCK:
		spin_lock(&w->lock[op->a]);
		return 0;
	case UNLOCK:
		spin_unlock(&w->lock[op->a]);
		return 0;
	case TRYLOCK:
		if (!spin_trylock(&w->lock[op->a]))
			return 0;
		WRITE_ONCE(w->word[0], READ_ONCE(w->word[0]) + 1);
		spin_unlock(&w->lock[op->a]);
		return 1;
	case DOWN_READ:
		down_read(&w->sem);
		return 0;
	case UP_READ:
		up_read(&w->sem);
		return 0;
	case DOWN_WRITE:
		down_write(&w->sem);
		return 0;
	case UP_WRITE:
		up_write(&w->sem);
		return 0;
	default:
		if (!down_read_trylock(&w->sem))
			return 0;
		up_read(&w->sem);
		return 1;
	}
}

static uint64_t on_cpu(struct program_world *w, const struct program_op *op, unsigned int thread)
{
	switch (op->what) {
	case RCU_LOCK:
		rcu_read_lock();
		return 0;
	case RCU_UNLOCK:
		rcu_read_unlock();
		return 0;
	case CALL_RCU:
		call_once(w, thread);
		return 0;
	case SYNC_RCU:
		synchronize_rcu();
		return 0;
	case PREEMPT_OFF:
		preempt_disable();
		return 0;
	case PREEMPT_ON:
		preempt_enable();
		return 0;
	case IRQ_OFF:
		local_irq_disable();
		return 0;
	case IRQ_ON:
		local_irq_enable();
		return 0;
	case CALL_CPUS:
		smp_call_function(handler, w, 1);
		return 0;
	default:
		return vmsim_need_resched();
	}
}

/* Who gets no memory leaves a trace of that. */
static uint64_t allocate(struct program_world *w, const struct program_op *op)
{
	void *object = kmalloc(32, op->b ? GFP_NOWAIT : GFP_KERNEL);

	if (!object)
		WRITE_ONCE(w->word[op->a], READ_ONCE(w->word[op->a]) + 1);
	kfree(object);
	return object != NULL;
}

static uint64_t run_op(struct program_world *w, const struct program_op *op, unsigned int thread)
{
	if (op->what <= DEC_TEST || op->what == SPIN || op->what == ASSERT_COUNT)
		return on_count(w, op);
	if (op->what <= ADD_WORD || op->what == ASSERT_WORD)
		return on_word(w, op);
	if (op->what == ALLOC)
		return allocate(w, op);
	if (op->what <= CLEAR_PTE)
		return on_entry(w, op);
	if (op->what <= TEST_FLAG)
		return on_flags(w, op);
	if (op->what <= TRY_READ)
		return on_lock(w, op);
	return on_cpu(w, op, thread);
}

static int run(struct vmsim_world *world, unsigned int thread)
{
	struct program_world *w = world->ctx;
	const struct program *program = w->program;

	for (unsigned int i = 0; i < program->nr_ops[thread]; i++)
		w->seen[thread] = mix(w->seen[thread], run_op(w, &program->op[thread][i], thread));
	return 0;
}

static int run_a(struct vmsim_world *world) { return run(world, 0); }
static int run_b(struct vmsim_world *world) { return run(world, 1); }
static int run_c(struct vmsim_world *world) { return run(world, 2); }

static int setup(struct vmsim_world *world)
{
	static const struct vmsim_lock_class class = { .name = "sem" };
	struct program_world *w = world->ctx;

	w->program = the_program;
	spin_lock_init(&w->lock[0]);
	spin_lock_init(&w->lock[1]);
	vmsim_rwsem_init(&w->sem, &class, NULL);
	w->pte[1] = __pte(7UL << PAGE_SHIFT | _PAGE_PRESENT);
	return 0;
}

static int check(struct vmsim_world *world)
{
	struct program_world *w = world->ctx;
	uint64_t hash = 0;

	rcu_barrier();
	for (unsigned int i = 0; i < PROGRAM_COUNTS; i++)
		hash = mix(mix(hash, (uint64_t)atomic_read(&w->count[i])), (uint64_t)w->word[i]);
	hash = mix(mix(hash, w->flags), (uint64_t)w->freed);
	hash = mix(mix(hash, pte_val(w->pte[0])), pte_val(w->pte[1]));
	for (unsigned int i = 0; i < PROGRAM_THREADS; i++)
		hash = mix(mix(hash, w->seen[i]), w->handled[i]);
	program_final = hash;
	return 0;
}

/* Making programs. */

struct maker {
	struct program *program;
	uint64_t rng;
	unsigned int theme, focus, thread, budget;
	bool bound;		/* preemption or interrupts off, a spinlock, a read section */
};

static unsigned int pick(struct maker *m, unsigned int n)
{
	m->rng = mix(m->rng + 1, n);
	return (unsigned int)(m->rng >> 33) % n;
}

static void add(struct maker *m, enum what what, unsigned int a, unsigned int b)
{
	struct program *p = m->program;

	if (p->nr_ops[m->thread] < PROGRAM_OPS)
		p->op[m->thread][p->nr_ops[m->thread]++] =
			(struct program_op) { (uint8_t)what, (uint8_t)a, (uint8_t)b };
}

/* Most accesses of a program are to one object: threads have to meet. */
static void add_access(struct maker *m)
{
	static const uint8_t accesses[][4] = {
		{ INC, READ_COUNT, CMPXCHG, DEC_TEST },
		{ WRITE_WORD, READ_WORD, ADD_WORD, WRITE_WORD },
		{ SET_PTE, GET_PTE, CLEAR_PTE, SET_PTE },
		{ SET_FLAG, CLEAR_FLAG, TEST_AND_SET_FLAG, TEST_FLAG },
	};
	unsigned int kind = pick(m, 4) ? m->focus : pick(m, 4);
	/* One pick after the other: the same program with every compiler. */
	unsigned int value = kind == 3 ? pick(m, 2) : pick(m, 3);
	bool other = pick(m, 6) == 0;

	add(m, accesses[kind][pick(m, 4)], other, value);
	m->budget -= m->budget > 0;
}

static void add_block(struct maker *m);

static void add_body(struct maker *m, enum what begin, enum what end, unsigned int a)
{
	bool was_bound = m->bound;

	add(m, begin, a, 0);
	m->bound = begin != DOWN_READ && begin != DOWN_WRITE;
	m->bound |= was_bound;
	m->budget -= m->budget > 0;
	if (pick(m, 4) == 0 && m->budget)
		add_block(m);
	else
		add_access(m);
	m->bound = was_bound;
	add(m, end, a, 0);
}

static void add_special(struct maker *m)
{
	unsigned int which;

	switch (m->theme) {
	case 0:
		add_body(m, LOCK, UNLOCK, pick(m, 2));
		break;
	case 1:
		if (m->bound)
			add_access(m);
		else if (pick(m, 2))
			add_body(m, DOWN_READ, UP_READ, 0);
		else
			add_body(m, DOWN_WRITE, UP_WRITE, 0);
		break;
	case 2:
		if (pick(m, 2))
			add_body(m, RCU_LOCK, RCU_UNLOCK, 0);
		else
			add(m, m->bound || pick(m, 2) ? CALL_RCU : SYNC_RCU, 0, 0);
		break;
	case 3:
		if (m->bound || pick(m, 2))
			add_body(m, IRQ_OFF, IRQ_ON, 0);
		else
			add(m, CALL_CPUS, 0, 0);
		break;
	case 4:
		which = pick(m, 2);
		add(m, pick(m, 2) ? SPIN : NEED_RESCHED, which, 0);
		break;
	case 5:
		which = pick(m, 2);
		add(m, pick(m, 2) ? ASSERT_WORD : ASSERT_COUNT, which, 0);
		break;
	case 6:
		which = pick(m, 2);
		add(m, pick(m, 2) ? TRYLOCK : TRY_READ, which, 0);
		break;
	default:
		add_body(m, PREEMPT_OFF, PREEMPT_ON, 0);
	}
	m->budget -= m->budget > 0;
}

static void add_block(struct maker *m)
{
	if (pick(m, 3))
		add_special(m);
	else
		add_access(m);
}

void program_make_larger(struct program *program, uint64_t seed, unsigned int blocks)
{
	struct maker m = { .program = program, .rng = mix(seed, 1) };

	*program = (struct program) { .seed = seed };
	program->nr_threads = 2 + pick(&m, 2);
	m.focus = pick(&m, 4);
	for (m.thread = 0; m.thread < program->nr_threads; m.thread++) {
		m.bound = false;
		for (m.budget = (program->nr_threads == 2 ? 3 : 2) + blocks; m.budget;) {
			/* Two themes meet in each program. */
			m.theme = (unsigned int)(seed + pick(&m, 2) * (1 + seed / 8)) % 8;
			add_block(&m);
		}
	}
}

void program_make(struct program *program, uint64_t seed)
{
	program_make_larger(program, seed, 0);
}

void program_add_allocations(struct program *program)
{
	for (unsigned int t = 0; t < program->nr_threads; t++) {
		struct program_op *op = program->op[t];
		unsigned int at = (unsigned int)(mix(program->seed, t) >> 7) % program->nr_ops[t];

		if (program->nr_ops[t] == PROGRAM_OPS)
			continue;
		memmove(op + at + 1, op + at, (program->nr_ops[t]++ - at) * sizeof(*op));
		op[at] = (struct program_op) { ALLOC, at & 1, program->seed >> t & 1 };
	}
}

void program_scenario(const struct program *program, struct vmsim_scenario *out)
{
	/* Every fourth program has two threads on one CPU. */
	static const struct vmsim_thread_def apart[] = {
		{ .name = "A", .cpu = 0, .fn = run_a },
		{ .name = "B", .cpu = 1, .fn = run_b },
		{ .name = "C", .cpu = 2, .fn = run_c },
	}, together[] = {
		{ .name = "A", .cpu = 1, .fn = run_a },
		{ .name = "B", .cpu = 1, .fn = run_b },
		{ .name = "C", .cpu = 2, .fn = run_c },
	};

	the_program = program;
	*out = (struct vmsim_scenario) {
		.name = "program",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 3, .frames = 128 },
		.bare = true,
		.ctx_size = sizeof(struct program_world),
		.setup = setup,
		.threads = program->seed / 64 % 4 == 3 ? together : apart,
		.nr_threads = program->nr_threads,
		.check = check,
	};
}

void program_print(const struct program *program)
{
	fprintf(stderr, "program %llu\n", (unsigned long long)program->seed);
	for (unsigned int t = 0; t < program->nr_threads; t++) {
		fprintf(stderr, "  %c:", 'A' + t);
		for (unsigned int i = 0; i < program->nr_ops[t]; i++) {
			const struct program_op *op = &program->op[t][i];

			fprintf(stderr, " %s(%u,%u)", names[op->what], op->a, op->b);
		}
		fprintf(stderr, "\n");
	}
}
