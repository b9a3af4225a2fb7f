// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include "order/order.h"
#include <linux/mm.h>

/*
 * Free frames that a CPU keeps for itself, last in, first out. Taking and giving is a few plain
 * instructions between which nothing can happen: no event, no safepoint, and a CPU inside the
 * library is served by nobody else. So the pair preempt_disable() and preempt_enable(), which
 * costs more than the work itself, is left to the slow paths, where zone->lock brings it along. The
 * explorer, for which plain accesses can be decisions, is told that they are one step.
 *
 * A thread that calls the allocator from outside of the library (a test that calls kernel-named
 * functions directly) enters first; the idle thread that stands for a CPU is inside already.
 */

static bool enter(struct task_struct *self)
{
	if (likely(self->kernel_depth || self == &self->cpu->idle))
		return false;
	vmsim_enter();
	return true;
}

static struct page *pop(struct vmsim_pcp *pcp)
{
	unsigned int count = pcp->count - 1;

	__WRITE_ONCE(pcp->count, count);
	/* The next one's cell is long out of the cache. */
	if (likely(count))
		__builtin_prefetch(pcp->page[count - 1], 1);
	return pcp->page[count];
}

static void push(struct vmsim_pcp *pcp, struct page *page)
{
	unsigned int count = pcp->count;

	pcp->page[count] = page;
	__WRITE_ONCE(pcp->count, count + 1);
}

/* Gives the coldest frames back until @keep are left. Under zone->lock. */
static void trim(struct vmsim_machine *m, struct vmsim_pcp *pcp, unsigned int keep)
{
	unsigned int count = pcp->count;
	unsigned int excess = count > keep ? count - keep : 0;

	for (unsigned int i = 0; i < excess; i++)
		vmsim_buddy_give(m, pcp->page[i], 0);
	memmove(pcp->page, pcp->page + excess, (count - excess) * sizeof(pcp->page[0]));
	__WRITE_ONCE(pcp->count, count - excess);
}

/*
 * One step for the explorer: in which order threads pass the allocator's lock shows nowhere but in
 * the choice of frames. So the lock is free again when the step is over, also where stores are
 * buffered: nobody could wait for it in the middle of a step.
 */
void vmsim_zone_lock(struct vmsim_machine *m)
{
	current->atomic_step++;
	spin_lock(&m->zone.lock);
}

void vmsim_zone_unlock(struct vmsim_machine *m)
{
	spin_unlock(&m->zone.lock);
	vmsim_order_drain(vmsim_this_cpu());
	current->atomic_step--;
}

/* A frame, and half of what the CPU may keep besides. Lowest frames are handed out first. */
static noinline struct page *take_slowly(struct vmsim_machine *m, struct vmsim_pcp *pcp)
{
	struct page *frame[1 + VMSIM_PCP_MAX / 2];
	unsigned int n;

	vmsim_zone_lock(m);
	n = vmsim_buddy_take_frames(m, frame, 1 + m->zone.pcp_high / 2);
	for (unsigned int i = n; i > 1; i--)
		push(pcp, frame[i - 1]);
	vmsim_zone_unlock(m);
	return n ? frame[0] : NULL;
}

static noinline void give_slowly(struct vmsim_machine *m, struct vmsim_pcp *pcp, struct page *page)
{
	vmsim_zone_lock(m);
	trim(m, pcp, m->zone.pcp_high / 2);
	if (m->zone.pcp_high)
		push(pcp, page);
	else
		vmsim_buddy_give(m, page, 0);
	vmsim_zone_unlock(m);
}

struct page *vmsim_pcp_take(struct vmsim_machine *m)
{
	struct task_struct *self = current;
	struct vmsim_pcp *pcp = &self->cpu->pcp;
	bool entered = enter(self);
	struct page *page;

	self->atomic_step++;
	if (likely(pcp->count))
		page = pop(pcp);
	else
		page = take_slowly(m, pcp);
	self->atomic_step--;
	if (unlikely(entered))
		vmsim_leave();
	return page;
}

void vmsim_pcp_give(struct vmsim_machine *m, struct page *page)
{
	struct task_struct *self = current;
	struct vmsim_pcp *pcp = &self->cpu->pcp;
	bool entered = enter(self);

	self->atomic_step++;
	if (likely(pcp->count < m->zone.pcp_high))
		push(pcp, page);
	else
		give_slowly(m, pcp, page);
	self->atomic_step--;
	if (unlikely(entered))
		vmsim_leave();
}

/* Runs on every CPU, at a safepoint of its thread or on its behalf. */
static void drain_local(void *info)
{
	struct vmsim_machine *m = info;
	struct vmsim_pcp *pcp = &vmsim_this_cpu()->pcp;

	if (!pcp->count)
		return;
	vmsim_zone_lock(m);
	trim(m, pcp, 0);
	vmsim_zone_unlock(m);
}

void vmsim_pcp_drain_all(struct vmsim_machine *m)
{
	struct cpumask everybody = { { ~0UL } };
	bool entered = enter(current);

	if (m->zone.pcp_high) {
		drain_local(m);
		vmsim_ipi_send(&everybody, drain_local, m, true);
	}
	if (entered)
		vmsim_leave();
}

u64 vmsim_free_frames(struct vmsim_machine *m)
{
	u64 frames = __READ_ONCE(m->zone.nr_free_pages);

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		frames += __READ_ONCE(m->cpu[cpu].pcp.count);
	return frames;
}
