// SPDX-License-Identifier: GPL-2.0-only
#include <linux/smp.h>
#include <linux/rcupdate.h>
#include "tlbgather/internal.h"

/*
 * Page tables on their way out. Two kinds of walker may still be in them: hardware, which a flush
 * stops, and GUP-fast, which holds no lock but has interrupts off. The latter makes it an RCU
 * reader, so tables are freed after a grace period; where there is no memory for a batch, an
 * interrupt that every CPU must answer does the same for one table (R2, R24, E04).
 */

/* No walker is left in any table of the batch. */
__vmsim_overridable void __tlb_remove_table_free(struct mmu_table_batch *batch)
{
	for (unsigned int i = 0; i < batch->nr; i++)
		__tlb_remove_table(batch->tables[i]);
	free_page((unsigned long)batch);
}

static void table_batch_expired(struct rcu_head *head)
{
	__tlb_remove_table_free(container_of(head, struct mmu_table_batch, rcu));
}

__vmsim_overridable void tlb_remove_table_free(struct mmu_table_batch *batch)
{
	call_rcu(&batch->rcu, table_batch_expired);
}

/* The acknowledgement is all that is wanted. */
static void interrupts_were_on(void *info)
{
	(void)info;
}

/**
 * tlb_remove_table_sync_one() - waits for every walker that has interrupts off
 *
 * No RCU grace period: readers with interrupts on are not waited for.
 * Source: Linux 6.12, mm/mmu_gather.c.
 */
__vmsim_overridable void tlb_remove_table_sync_one(void)
{
	smp_call_function(interrupts_were_on, NULL, 1);
}

__vmsim_overridable void tlb_remove_table_one(void *table)
{
	tlb_remove_table_sync_one();
	__tlb_remove_table(table);
}

/* Hardware must not find its way into a table that is about to be freed. */
__vmsim_overridable void tlb_table_invalidate(struct mmu_gather *tlb)
{
	if (tlb_needs_table_invalidate())
		tlb_flush_mmu_tlbonly(tlb);
}

__vmsim_overridable void tlb_table_flush(struct mmu_gather *tlb)
{
	struct mmu_table_batch *batch = tlb->batch;

	if (!batch)
		return;
	tlb_table_invalidate(tlb);
	tlb_remove_table_free(batch);
	tlb->batch = NULL;
}

static struct mmu_table_batch *table_batch_alloc(void)
{
	struct mmu_table_batch *batch;

	batch = (struct mmu_table_batch *)__get_free_page(GFP_NOWAIT | __GFP_NOWARN);
	if (batch)
		batch->nr = 0;
	return batch;
}

/**
 * tlb_remove_table() - queues a page table that was unhooked
 * @tlb: gather
 * @table: what __tlb_remove_table() takes
 *
 * Source: Linux 6.12, mm/mmu_gather.c.
 */
__vmsim_overridable void tlb_remove_table(struct mmu_gather *tlb, void *table)
{
	if (!tlb->batch)
		tlb->batch = table_batch_alloc();
	if (!tlb->batch) {
		tlb_table_invalidate(tlb);
		tlb_remove_table_one(table);
		return;
	}
	tlb->batch->tables[tlb->batch->nr++] = table;
	if (tlb->batch->nr == MAX_TABLE_BATCH)
		tlb_table_flush(tlb);
}
