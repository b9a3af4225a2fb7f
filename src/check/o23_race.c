// SPDX-License-Identifier: GPL-2.0-only
#include "check/race.h"
#include "explore/explorer.h"

/*
 * O23: data races. Two accesses to the same bytes, at least one of them a write and at least one
 * plain, that nothing orders: no lock, no release and acquire, no grace period, no interrupt that
 * was waited for. Judged is what instrumented code does while threads of the explorer run.
 */

/* Who does what happens now; NULL: nobody who is judged. */
static struct race_actor *actor_now(struct vmsim_checker *chk)
{
	const struct task_struct *self = vmsim_self;
	struct race_actor *actor;

	if (!vmsim_explorer_executing(chk->machine->explorer))
		return NULL;
	actor = race_actor_of(chk, self->tid, self->cpu->id);
	if (actor)
		race_section_note(chk, actor, self);
	return actor;
}

static void on_lock(struct vmsim_checker *chk, struct race_actor *actor, u64 lock, bool shared)
{
	race_acquire(chk, actor, RACE_EDGE_LOCK, RACE_LOCK, lock);
	if (!shared)
		race_acquire(chk, actor, RACE_EDGE_SHARED, RACE_SHARED, lock);
}

static void on_unlock(struct vmsim_checker *chk, struct race_actor *actor, u64 lock, bool shared)
{
	if (shared)
		race_release(chk, actor, RACE_EDGE_SHARED, RACE_SHARED, lock);
	else
		race_release(chk, actor, RACE_EDGE_LOCK, RACE_LOCK, lock);
}

static void on_ipi_done(struct vmsim_checker *chk, struct race_actor *actor, u64 call, bool seen)
{
	if (!seen) {
		race_release(chk, actor, RACE_EDGE_IPI_DONE, RACE_REPLY, call);
		return;
	}
	race_acquire(chk, actor, RACE_EDGE_IPI_DONE, RACE_REPLY, call);
	race_drop(chk, RACE_REPLY, call);
	race_drop(chk, RACE_CALL, call);
}

static void on_rcu_done(struct vmsim_checker *chk, struct race_actor *actor, u64 head)
{
	race_acquire(chk, actor, RACE_EDGE_RCU_CALLBACK, RACE_CALL, head);
	race_drop(chk, RACE_CALL, head);
	race_grace_period(chk, actor);
}

static void on_plain(struct vmsim_checker *chk, struct race_actor *actor,
		     const struct vmsim_event *event)
{
	bool write = event->kind == VMSIM_EV_PLAIN_WRITE;
	struct race_access access = {
		.actor = actor,
		.addr = event->arg[0],
		.size = event->arg[1],
		.ip = event->ip,
		.write = write,
		.freed = write && event->arg[2] == VMSIM_PLAIN_FREE,
	};

	if (write && event->arg[2] == VMSIM_PLAIN_ALLOC)
		race_forget(chk, access.addr, access.size);
	else if (!vmsim_self->data_race)
		race_access(chk, &access);
}

/* Code that is not instrumented has references, too. To set a count up orders nothing. */
static void on_ref(struct vmsim_checker *chk, struct race_actor *actor,
		   const struct vmsim_event *event)
{
	const struct folio *folio = (const void *)(uintptr_t)event->arg[0];

	if ((int)event->arg[1] >= 0)
		race_atomic(chk, actor, VMSIM_ATOMIC_CHANGE, &folio->_refcount,
			    sizeof(folio->_refcount), __ATOMIC_SEQ_CST);
}

static void o23_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct race_actor *actor = actor_now(chk);
	const u64 *arg = event->arg;

	if (!actor)
		return;
	switch (event->kind) {
	case VMSIM_EV_LOCK:
		on_lock(chk, actor, arg[0], arg[2] & VMSIM_LOCK_SHARED);
		break;
	case VMSIM_EV_UNLOCK:
		on_unlock(chk, actor, arg[0], arg[2] & VMSIM_LOCK_SHARED);
		break;
	case VMSIM_EV_PTL_LOCK:
		on_lock(chk, actor, arg[0], false);
		break;
	case VMSIM_EV_PTL_RELEASED:
		on_unlock(chk, actor, arg[0], false);
		break;
	case VMSIM_EV_IPI_SEND:
		race_release(chk, actor, RACE_EDGE_IPI, RACE_CALL, arg[1]);
		break;
	case VMSIM_EV_IPI_RUN:
		race_acquire(chk, actor, RACE_EDGE_IPI, RACE_CALL, arg[1]);
		break;
	case VMSIM_EV_IPI_DONE:
		on_ipi_done(chk, actor, arg[1], arg[2]);
		break;
	case VMSIM_EV_RCU_CALL:
		race_release(chk, actor, RACE_EDGE_RCU_CALLBACK, RACE_CALL, arg[0]);
		break;
	case VMSIM_EV_RCU_DONE:
		on_rcu_done(chk, actor, arg[0]);
		break;
	case VMSIM_EV_BARRIER:
		race_fence(chk, actor, arg[0] != VMSIM_BARRIER_WRITE, arg[0] != VMSIM_BARRIER_READ);
		break;
	case VMSIM_EV_REF:
		on_ref(chk, actor, event);
		break;
	case VMSIM_EV_RCU_SYNC:
		race_grace_period(chk, actor);
		break;
	case VMSIM_EV_PLAIN_READ:
	case VMSIM_EV_PLAIN_WRITE:
		on_plain(chk, actor, event);
		break;
	default:
		break;
	}
}

const struct chk_oracle chk_o23 = {
	.id = VMSIM_ORACLE_O23,
	.kinds = VMSIM_EV_BIT(LOCK) | VMSIM_EV_BIT(UNLOCK) | VMSIM_EV_BIT(PTL_LOCK) |
		 VMSIM_EV_BIT(PTL_RELEASED) | VMSIM_EV_BIT(IPI_SEND) | VMSIM_EV_BIT(IPI_RUN) |
		 VMSIM_EV_BIT(IPI_DONE) | VMSIM_EV_BIT(RCU_CALL) | VMSIM_EV_BIT(RCU_DONE) |
		 VMSIM_EV_BIT(RCU_SYNC) | VMSIM_EV_BIT(REF) | VMSIM_EV_BIT(BARRIER) |
		 VMSIM_EV_BIT(PLAIN_READ) | VMSIM_EV_BIT(PLAIN_WRITE),
	.event = o23_event,
};

/* The checker, if it judges races and threads run. */
static struct race_actor *judged(struct vmsim_machine *machine)
{
	struct vmsim_checker *chk = machine->checker;

	return chk && chk_armed(chk, VMSIM_ORACLE_O23) ? actor_now(chk) : NULL;
}

void vmsim_checker_atomic(struct vmsim_machine *machine, enum vmsim_atomic_op op, const void *addr,
			  size_t size, int order, const void *ip)
{
	struct vmsim_checker *chk = machine->checker;
	struct race_actor *actor = judged(machine);
	struct race_access access = {
		.actor = actor,
		.addr = (uintptr_t)addr,
		.size = size,
		.ip = ip,
		.write = op != VMSIM_ATOMIC_LOAD,
		.marked = true,
	};

	if (!actor)
		return;
	if (!vmsim_self->data_race)
		race_access(chk, &access);
	race_atomic(chk, actor, op, addr, size, order);
}

void vmsim_checker_fence(struct vmsim_machine *machine, int order)
{
	struct race_actor *actor = judged(machine);

	if (actor)
		race_fence(machine->checker, actor, order != __ATOMIC_RELEASE,
			   order != __ATOMIC_ACQUIRE && order != __ATOMIC_CONSUME);
}
