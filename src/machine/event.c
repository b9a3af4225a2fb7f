// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "explore/explorer.h"
#include <vmsim/explore.h>
#include <errno.h>

static const u64 nothing_armed;
static const u32 nothing_pending;

/* What a pthread is before it attaches: it has no machine, and watches and polls nothing. */
struct task_struct vmsim_no_task = {
	.armed = &nothing_armed,
	.armed_looking = &nothing_armed,
	.attention = &nothing_pending,
	.comm = "unattached",
};

/* The model again, or each use in this file would be made for a call of the dynamic linker. */
__attribute__((tls_model("initial-exec")))
__thread struct task_struct *vmsim_self = &vmsim_no_task;

/* Exploring threads run one at a time, and a locked operation is a tenth of a decision. */
static u64 next_seq(struct vmsim_machine *m)
{
	if (m->explorer)
		return ++m->seq;
	return __atomic_add_fetch(&m->seq, 1, __ATOMIC_RELAXED);
}

const u64 *vmsim_watcher_begin(struct task_struct *self)
{
	const u64 *armed = self->armed;

	self->in_watcher++;
	self->armed = &nothing_armed;
	return armed;
}

void vmsim_watcher_end(struct task_struct *self, const u64 *armed)
{
	self->armed = armed;
	self->in_watcher--;
}

static void deliver(struct vmsim_machine *m, struct task_struct *self,
		    const struct vmsim_event *event)
{
	unsigned int n = __atomic_load_n(&m->nr_watchers, __ATOMIC_ACQUIRE);
	const u64 *armed = vmsim_watcher_begin(self);

	for (unsigned int i = 0; i < n; i++) {
		const struct vmsim_watcher *watcher = &m->watcher[i];

		if (watcher->kinds & BIT_ULL(event->kind))
			watcher->fn(watcher->arg, event);
	}
	vmsim_watcher_end(self, armed);
}

/*
 * Tells the watchers, and asks the explorer whether somebody else may go on. The event is gone from
 * the stack when somebody does, and with it its number, of which no state may depend.
 */
static noinline bool tell(enum vmsim_event_kind kind, uint64_t a, uint64_t b, uint64_t c,
			  const void *ip)
{
	struct task_struct *self = vmsim_self;
	struct vmsim_machine *m = self->machine;
	struct vmsim_event event = {
		.kind = kind,
		.cpu = (int)self->cpu->id,
		.tid = self->tid,
		.arg = { a, b, c },
		.ip = ip,
	};

	event.seq = next_seq(m);
	deliver(m, self, &event);
	return m->explorer && vmsim_explorer_event(m->explorer, &event);
}

/*
 * What watchers leave behind on the stack would become a part of frames that are not written in
 * full, and so of the state of an execution.
 */
static noinline void clear_stack(void)
{
	char used_by_watchers[1024];

	memset(used_by_watchers, 0, sizeof(used_by_watchers));
	__asm__ volatile("" : : "r"(used_by_watchers) : "memory");
}

static noinline void raise_detailed(enum vmsim_event_kind kind, uint64_t a, uint64_t b, uint64_t c,
				    const void *ip)
{
	struct vmsim_machine *m = vmsim_self->machine;
	bool decide = tell(kind, a, b, c, ip);

	if (m->clean_stacks)
		clear_stack();
	if (decide)
		vmsim_explorer_decide(m->explorer);
}

/* The machine that was explored last: a guess at the one that is explored next. */
static struct vmsim_machine *explored;

/*
 * The machine of a thread. Which thread runs was decided a moment ago, and to ask it would make all
 * of the next decision wait for that; a guess that is checked does not.
 */
static inline struct vmsim_machine *machine_of(const struct task_struct *self)
{
	struct vmsim_machine *guess = __READ_ONCE(explored), *same = guess;

	/* Or the compiler takes what was asked for in place of the guess. */
	__asm__("" : "+r"(same));
	if (likely(same == self->machine))
		return guess;
	if (self->machine->explorer)
		__WRITE_ONCE(explored, self->machine);
	return self->machine;
}

/*
 * The slow path of every event. What a watcher or a condition raises is not delivered. Of many,
 * nobody wants to know more than that they happened.
 */
void vmsim_event_raise(enum vmsim_event_kind kind, uint64_t a, uint64_t b, uint64_t c,
		       const void *ip)
{
	struct task_struct *self = vmsim_self;
	struct vmsim_machine *m = machine_of(self);

	if (self->in_watcher | self->looking)
		return;
	if (m->detailed & BIT_ULL(kind)) {
		raise_detailed(kind, a, b, c, ip);
		return;
	}
	m->seq++;
	vmsim_explorer_step(m->explorer, kind);
}

void vmsim_event_slow(enum vmsim_event_kind kind, uint64_t a, uint64_t b, uint64_t c)
{
	vmsim_event_raise(kind, a, b, c, __builtin_return_address(0));
}

void vmsim_settle_slow(void)
{
	struct task_struct *self = vmsim_self;

	if (self->actor && !self->atomic_step && !self->in_watcher)
		vmsim_explorer_settle(self->machine->explorer);
}

/*
 * For tests of the watchers: what happens when events of a kind are never raised? A test that is
 * linked with the static library says which, by a definition of its own.
 */
__attribute__((weak)) u64 vmsim_muted_kinds(void)
{
	return 0;
}

/*
 * By these, primitives know of store buffers, and instrumented code that its accesses are watched.
 */
#define MORE_THAN_EVENTS \
	(VMSIM_EV_BIT(DRAIN) | VMSIM_EV_BIT(PLAIN_READ) | VMSIM_EV_BIT(PLAIN_WRITE))

/* Who only looks raises no events; where stores are buffered, what he sees is not what is there. */
static u64 armed_looking(u64 armed)
{
	return armed & VMSIM_EV_BIT(BARRIER) ? armed : armed & MORE_THAN_EVENTS;
}

static void rearm(struct vmsim_machine *m)
{
	u64 armed = m->explorer ? vmsim_explorer_kinds(m->explorer) : 0;

	m->detailed = m->explorer ? vmsim_explorer_details(m->explorer) : ~0ULL;
	for (unsigned int i = 0; i < m->nr_watchers; i++) {
		armed |= m->watcher[i].kinds;
		m->detailed |= m->watcher[i].kinds;
	}
	armed &= ~vmsim_muted_kinds();
	m->armed_looking = armed_looking(armed);
	__WRITE_ONCE(m->armed, armed);
}

void vmsim_set_explorer(struct vmsim_machine *machine, struct vmsim_explorer *explorer)
{
	machine->explorer = explorer;
	rearm(machine);
}

int vmsim_watch(struct vmsim_machine *machine, uint64_t kinds,
		void (*fn)(void *arg, const struct vmsim_event *event), void *arg)
{
	struct vmsim_watcher *watcher = &machine->watcher[machine->nr_watchers];

	if (machine->nr_watchers == VMSIM_MAX_WATCHERS)
		return -ENOSPC;
	*watcher = (struct vmsim_watcher) { .kinds = kinds, .fn = fn, .arg = arg };
	__atomic_store_n(&machine->nr_watchers, machine->nr_watchers + 1, __ATOMIC_RELEASE);
	rearm(machine);
	return 0;
}

/**
 * vmsim_subscribe() - watches events
 * @machine: whose events
 * @kinds: which: a mask of VMSIM_EV_BIT()
 * @fn: called in the thread that raised the event, inside the event; must not call the machine
 * @arg: passed to @fn
 *
 * Context: no thread of the machine runs.
 * Return: 0; -EBADF; -EINVAL: no kinds or no function; -ENOSPC: too many watchers; -EOPNOTSUPP:
 * the library was built with -Dchecks=false.
 */
VMSIM_API int vmsim_subscribe(struct vmsim_machine *machine, uint64_t kinds,
			      void (*fn)(void *arg, const struct vmsim_event *event), void *arg)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);

	if (!m)
		return -EBADF;
	if (!kinds || kinds & ~VMSIM_EV_ALL || !fn)
		return -EINVAL;
#ifdef VMSIM_NO_CHECKS
	return -EOPNOTSUPP;
#endif
	return vmsim_watch(m, kinds, fn, arg);
}

/**
 * vmsim_unsubscribe() - ends vmsim_subscribe(@machine, ..., @fn, @arg)
 * @machine: whose events
 * @fn: the function
 * @arg: its argument
 *
 * Context: no thread of the machine runs.
 * Return: 0; -EBADF; -ENOENT: there is no such watcher.
 */
VMSIM_API int vmsim_unsubscribe(struct vmsim_machine *machine,
				void (*fn)(void *arg, const struct vmsim_event *event), void *arg)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);

	if (!m)
		return -EBADF;
	for (unsigned int i = 0; i < m->nr_watchers; i++) {
		if (m->watcher[i].fn != fn || m->watcher[i].arg != arg)
			continue;
		m->nr_watchers--;
		memmove(&m->watcher[i], &m->watcher[i + 1],
			(m->nr_watchers - i) * sizeof(m->watcher[0]));
		rearm(m);
		return 0;
	}
	return -ENOENT;
}
