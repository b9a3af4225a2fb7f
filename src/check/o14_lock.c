// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "check/census.h"

/*
 * O14: locks. Entries of a table that can be found change under its lock (R22); no thread waits
 * for a lock while it may not sleep; no two kinds of locks are taken in both orders; and nobody
 * leaves with a lock.
 */

#define MAX_HELD 24
#define MAX_EDGES 255
#define FIRST_EDGES 15

/* A lock that a thread holds. */
struct held {
	u64 lock;
	const struct vmsim_lock_class *class;
	const void *ip;
};

struct thread_locks {
	int actor;
	unsigned int nr;
	struct held held[MAX_HELD];
};

/* "@to was taken while @from was held", and the places where each was. */
struct edge {
	const struct vmsim_lock_class *from, *to;
	const void *from_ip, *to_ip;
};

/**
 * struct chk_locks - all about locks
 * @threads: struct thread_locks, by actor
 * @edge: the orders seen so far; an array that grows
 */
struct chk_locks {
	struct chk_map threads;
	unsigned int nr_edges, max_edges;
	struct edge *edge;
};

static struct chk_locks *locks_of(struct vmsim_checker *chk)
{
	if (!chk->locks) {
		chk->locks = chk_alloc(chk, sizeof(*chk->locks));
		if (chk->locks)
			chk_map_init(&chk->locks->threads, chk->machine);
	}
	return chk->locks;
}

static struct thread_locks *thread_of(struct vmsim_checker *chk, int actor)
{
	struct chk_locks *locks = locks_of(chk);
	struct thread_locks *thread = locks ? chk_map_get(&locks->threads, (u64)actor) : NULL;

	if (thread || !locks)
		return thread;
	thread = chk_alloc(chk, sizeof(*thread));
	if (thread) {
		thread->actor = actor;
		if (!chk_map_put(&locks->threads, (u64)actor, thread))
			chk_out_of_memory(chk);
	}
	return thread;
}

static const struct edge *edge_between(const struct chk_locks *locks,
				       const struct vmsim_lock_class *from,
				       const struct vmsim_lock_class *to)
{
	for (unsigned int i = 0; i < locks->nr_edges; i++)
		if (locks->edge[i].from == from && locks->edge[i].to == to)
			return &locks->edge[i];
	return NULL;
}

/*
 * The first step of a shortest way from @from to @to; NULL: there is none. Breadth first; @first is
 * the step with which the way to an edge began.
 */
static const struct edge *way_between(const struct chk_locks *locks,
				      const struct vmsim_lock_class *from,
				      const struct vmsim_lock_class *to)
{
	u16 queue[MAX_EDGES], first[MAX_EDGES];
	bool seen[MAX_EDGES] = { false };
	unsigned int head = 0, tail = 0;

	for (unsigned int i = 0; i < locks->nr_edges; i++) {
		if (locks->edge[i].from != from)
			continue;
		seen[i] = true;
		first[i] = (u16)i;
		queue[tail++] = (u16)i;
	}
	while (head < tail) {
		unsigned int at = queue[head++];

		if (locks->edge[at].to == to)
			return &locks->edge[first[at]];
		for (unsigned int i = 0; i < locks->nr_edges; i++) {
			if (seen[i] || locks->edge[i].from != locks->edge[at].to)
				continue;
			seen[i] = true;
			first[i] = first[at];
			queue[tail++] = (u16)i;
		}
	}
	return NULL;
}

static bool edges_grow(struct vmsim_checker *chk)
{
	struct chk_locks *locks = chk->locks;
	unsigned int max = locks->max_edges ? locks->max_edges * 2 + 1 : FIRST_EDGES;
	struct edge *edge;

	if (max > MAX_EDGES)
		return false;
	edge = chk_alloc(chk, max * sizeof(*edge));
	if (!edge)
		return false;
	if (locks->nr_edges)
		memcpy(edge, locks->edge, locks->nr_edges * sizeof(*edge));
	chk_free(chk, locks->edge);
	locks->edge = edge;
	locks->max_edges = max;
	return true;
}

static void edge_add(struct vmsim_checker *chk, const struct held *from, const struct held *to)
{
	struct chk_locks *locks = chk->locks;

	if (locks->nr_edges < locks->max_edges || edges_grow(chk))
		locks->edge[locks->nr_edges++] = (struct edge) {
			.from = from->class, .to = to->class,
			.from_ip = from->ip, .to_ip = to->ip,
		};
}

/* Locks of one kind nest in an order that only their users know (two PTLs, parent and child). */
static void check_order(struct vmsim_checker *chk, const struct held *from, const struct held *to)
{
	struct chk_locks *locks = chk->locks;
	struct chk_text at[4];
	const struct edge *back;

	if (from->class == to->class || edge_between(locks, from->class, to->class))
		return;
	back = way_between(locks, to->class, from->class);
	if (back)
		chk_report(chk, VMSIM_ORACLE_O14, "order",
			   "%s (at %s), then %s (at %s): expected the order seen before, "
			   "%s (at %s), then %s (at %s)%s",
			   from->class->name, chk_place(&at[0], from->ip),
			   to->class->name, chk_place(&at[1], to->ip),
			   back->from->name, chk_place(&at[2], back->from_ip),
			   back->to->name, chk_place(&at[3], back->to_ip),
			   back->to == from->class ? "" : " and on");
	edge_add(chk, from, to);
}

static bool may_wait(const struct vmsim_event *event)
{
	return !(event->arg[2] & VMSIM_LOCK_TRIED);
}

static void check_sleep(struct vmsim_checker *chk, const struct vmsim_event *event,
			const struct vmsim_lock_class *class)
{
	struct chk_text at;
	bool sleeping = event->arg[2] & (VMSIM_LOCK_EXCLUSIVE | VMSIM_LOCK_SHARED);

	if (sleeping && may_wait(event) && current->preempt_count > 0)
		chk_report(chk, VMSIM_ORACLE_O14, "sleep",
			   "%s at %s may sleep: expected no spinlock held and preemption on, "
			   "found preempt_count %d", class->name, chk_place(&at, event->ip),
			   current->preempt_count);
}

static void took(struct vmsim_checker *chk, const struct vmsim_event *event,
		 const struct vmsim_lock_class *class)
{
	struct held now = {
		.lock = event->arg[0], .class = class, .ip = event->ip,
	};
	struct thread_locks *thread;

	chk_lock(chk);
	thread = thread_of(chk, chk_actor(event));
	if (thread && may_wait(event))
		for (unsigned int i = 0; i < thread->nr; i++)
			check_order(chk, &thread->held[i], &now);
	if (thread && thread->nr < MAX_HELD)
		thread->held[thread->nr++] = now;
	chk_unlock(chk);
}

static void drop_from(struct thread_locks *thread, u64 lock)
{
	for (unsigned int i = thread->nr; i-- > 0;) {
		if (thread->held[i].lock != lock)
			continue;
		thread->nr--;
		if (i < thread->nr)
			memmove(&thread->held[i], &thread->held[i + 1],
				(thread->nr - i) * sizeof(thread->held[0]));
		return;
	}
}

static void drop_from_other(void *arg, u64 key, void *value)
{
	(void)key;
	drop_from(value, *(const u64 *)arg);
}

/* A folio lock may be dropped by another thread than the one that took it. */
static void dropped(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct thread_locks *thread;
	unsigned int before;

	chk_lock(chk);
	thread = thread_of(chk, chk_actor(event));
	before = thread ? thread->nr : 0;
	if (thread)
		drop_from(thread, event->arg[0]);
	if (thread && thread->nr == before && event->kind == VMSIM_EV_UNLOCK &&
	    chk_is_folio_lock(event)) {
		u64 lock = event->arg[0];

		chk_map_each(&chk->locks->threads, drop_from_other, &lock);
	}
	chk_unlock(chk);
}

/* Tables are changed without their lock only before anybody can find them. */
static bool is_hooked(const struct page *table)
{
	const struct ptdesc *pt = page_ptdesc(table);
	pte_t *ptep = pt->pt_mm ? chk_find_pte(pt->pt_mm, pt->pt_base) : NULL;

	return ptep && virt_to_page(ptep) == table;
}

static void pte_set(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct page *table = virt_to_page((void *)event->arg[0]);
	const struct ptdesc *pt = page_ptdesc(table);
	unsigned long index = offset_in_page(event->arg[0]) / sizeof(u64);
	struct chk_text old, now, at;

	if (!chk_is_table(table) || !pt->ptl || vmsim_spin_owned(pt->ptl) || !is_hooked(table))
		return;
	chk_report(chk, VMSIM_ORACLE_O14, "R22",
		   "entry for %lx changed at %s: expected its PTL held by the caller, found it %s; "
		   "%s became %s", pt->pt_base + index * PAGE_SIZE,
		   chk_place(&at, event->ip), spin_is_locked(pt->ptl) ? "held by another" : "free",
		   chk_pte(&old, event->arg[1]), chk_pte(&now, event->arg[2]));
}

static void report_held(struct vmsim_checker *chk, const struct thread_locks *thread,
			const char *when)
{
	const struct held *held = &thread->held[thread->nr - 1];
	struct chk_text at;

	chk_report(chk, VMSIM_ORACLE_O14, "leave",
		   "%s of thread %d: expected no lock held, found %u, the last %s, at %s", when,
		   thread->actor, thread->nr, held->class->name, chk_place(&at, held->ip));
}

static void syscall_ret(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct thread_locks *thread;

	chk_lock(chk);
	thread = thread_of(chk, chk_actor(event));
	if (thread && thread->nr)
		report_held(chk, thread, "end of a system call");
	chk_unlock(chk);
}

static void o14_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct vmsim_lock_class *class = (void *)event->arg[1];

	switch (event->kind) {
	case VMSIM_EV_PTE_SET:
		pte_set(chk, event);
		break;
	case VMSIM_EV_PTL_LOCK:
		took(chk, event, ((const spinlock_t *)event->arg[0])->class);
		break;
	case VMSIM_EV_LOCK:
		check_sleep(chk, event, class);
		took(chk, event, class);
		break;
	case VMSIM_EV_SYSCALL_RET:
		syscall_ret(chk, event);
		break;
	default:
		dropped(chk, event);
	}
}

static void check_thread(void *arg, u64 key, void *value)
{
	const struct thread_locks *thread = value;

	(void)key;
	if (thread->nr)
		report_held(arg, thread, "at rest, the locks");
}

static void o14_quiescent(struct vmsim_checker *chk, struct chk_census *census)
{
	(void)census;
	if (chk->locks)
		chk_map_each(&chk->locks->threads, check_thread, chk);
}

const struct chk_oracle chk_o14 = {
	.id = VMSIM_ORACLE_O14,
	.kinds = VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(PTL_LOCK) | VMSIM_EV_BIT(PTL_UNLOCK) |
		 VMSIM_EV_BIT(LOCK) | VMSIM_EV_BIT(UNLOCK) | VMSIM_EV_BIT(SYSCALL_RET),
	.event = o14_event,
	.quiescent = o14_quiescent,
};
