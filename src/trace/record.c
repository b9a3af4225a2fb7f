// SPDX-License-Identifier: GPL-2.0-only
#include "trace/record.h"
#include "trace/stack.h"
#include "explore/session.h"
#include <linux/mm.h>
#include <linux/fs.h>
#include <errno.h>
#include <stdlib.h>

struct record {
	struct vmsim_event event;
	struct vmsim_origin origin;
};

/* A ring that grows up to @max and then forgets the oldest. */
struct vmsim_recorder {
	struct record *record;
	size_t capacity, max;
	size_t first, n;
	struct stack_table stacks;
};

struct vmsim_recorder *vmsim_recorder_new(size_t max)
{
	struct vmsim_recorder *recorder = calloc(1, sizeof(*recorder));

	if (recorder)
		recorder->max = max ? max : 1;
	return recorder;
}

void vmsim_recorder_free(struct vmsim_recorder *recorder)
{
	if (!recorder)
		return;
	free(recorder->record);
	stack_table_free(&recorder->stacks);
	free(recorder);
}

static uint64_t mm_number(uint64_t mm)
{
	return mm ? (uint64_t)((const struct mm_struct *)(uintptr_t)mm)->pid : 0;
}

static uint64_t frame_number(uint64_t page)
{
	return page ? page_to_pfn((const struct page *)(uintptr_t)page) : 0;
}

static uint64_t inode_number(uint64_t mapping)
{
	const struct address_space *space = (const void *)(uintptr_t)mapping;

	return space && space->host ? space->host->i_ino : 0;
}

/* The table that an entry lies in; NULL: entries on somebody's stack translate nothing. */
static const struct ptdesc *table_of(uint64_t ptep)
{
	const struct vmsim_machine *m = vmsim_this_machine();
	const char *at = (const char *)(uintptr_t)ptep;

	if (at < m->frames || at >= m->frames + (m->nr_frames << PAGE_SHIFT))
		return NULL;
	return page_ptdesc(virt_to_page(at));
}

/* The address that an entry of a PTE table translates. */
static uint64_t entry_address(uint64_t ptep)
{
	const struct ptdesc *table = table_of(ptep);

	return table ? table->pt_base + (offset_in_page(ptep) / sizeof(pte_t) << PAGE_SHIFT) : 0;
}

static int pid_of_context(u64 context)
{
	struct mm_struct *mm;

	list_for_each_entry(mm, &vmsim_this_machine()->mms, mm_list)
		if (mm->context.ctx_id == context)
			return mm->pid;
	return 0;
}

static uint64_t tlb_entry(uint64_t address)
{
	const struct vmsim_tlb_entry *entry = (const void *)(uintptr_t)address;
	uint64_t value;

	if (!entry)
		return 0;
	value = entry->pfn & VMSIM_RECORD_PFN_MASK;
	if (entry->write)
		value |= VMSIM_RECORD_WRITE;
	if (entry->exec)
		value |= VMSIM_RECORD_EXEC;
	if (entry->dirty)
		value |= VMSIM_RECORD_DIRTY;
	if (vmsim_has_cell(entry->pfn) && __READ_ONCE(pfn_to_page(entry->pfn)->vmsim_gen) != entry->gen)
		value |= VMSIM_RECORD_STALE;
	return value;
}

static bool is_tlb_event(enum vmsim_event_kind kind)
{
	return kind == VMSIM_EV_TLB_FILL || kind == VMSIM_EV_TLB_USE || kind == VMSIM_EV_TLB_DROP;
}

static const char *const argument_name[VMSIM_EV_COUNT][3] = {
#define X(id, name, a, b, c) { a, b, c },
	VMSIM_EVENTS(X)
#undef X
};

/* What stands for an argument when the machine is gone. */
static uint64_t lasting(enum vmsim_event_kind kind, unsigned int i, uint64_t value)
{
	const char *name = argument_name[kind][i];

	if (!strcmp(name, "folio*") || !strcmp(name, "page*") || !strcmp(name, "table*"))
		return frame_number(value);
	if (!strcmp(name, "ptep*"))
		return entry_address(value);
	if (!strcmp(name, "mm*") || !strcmp(name, "prev*") || !strcmp(name, "next*"))
		return mm_number(value);
	if (!strcmp(name, "mapping*"))
		return inode_number(value);
	if (!strcmp(name, "entry*") && is_tlb_event(kind))
		return tlb_entry(value);
	return value;
}

static int thread_number(const struct task_struct *task)
{
	if (task->actor)
		return (int)task->actor->index;
	return task->cpu && task == &task->cpu->idle ? VMSIM_RECORD_IRQ : VMSIM_RECORD_OTHER;
}

/* The process whose memory an event is about. */
static int process_of(const struct vmsim_event *event)
{
	const struct vmsim_tlb_entry *entry = (const void *)(uintptr_t)event->arg[2];
	const struct ptdesc *table;

	switch (event->kind) {
	case VMSIM_EV_PTE_READ:
	case VMSIM_EV_PTE_SET:
		table = table_of(event->arg[0]);
		return table && table->pt_mm ? table->pt_mm->pid : 0;
	case VMSIM_EV_TLB_FILL:
	case VMSIM_EV_TLB_USE:
	case VMSIM_EV_TLB_DROP:
		return entry ? pid_of_context(entry->mm) : 0;
	case VMSIM_EV_FLUSH_BEGIN:
	case VMSIM_EV_FLUSH_END:
	case VMSIM_EV_FLUSH_PENDING:
		return (int)mm_number(event->arg[0]);
	default:
		return vmsim_self->mm ? vmsim_self->mm->pid : 0;
	}
}

/* Room for one more; NULL when there is no memory: the event is lost then. */
static struct record *next_slot(struct vmsim_recorder *recorder)
{
	if (recorder->n == recorder->capacity && recorder->capacity < recorder->max) {
		size_t capacity = recorder->capacity ? 2 * recorder->capacity : 1024;
		void *record;

		if (capacity > recorder->max)
			capacity = recorder->max;
		record = realloc(recorder->record, capacity * sizeof(*recorder->record));
		if (!record)
			return NULL;
		recorder->record = record;
		recorder->capacity = capacity;
	}
	if (recorder->n < recorder->capacity)
		return &recorder->record[recorder->n++];
	recorder->first = (recorder->first + 1) % recorder->capacity;
	return &recorder->record[(recorder->first + recorder->n - 1) % recorder->capacity];
}

void vmsim_recorder_add(void *recorder, const struct vmsim_event *event)
{
	const struct vmsim_machine *m = vmsim_this_machine();
	struct record *slot = next_slot(recorder);

	if (!slot)
		return;
	slot->event = *event;
	slot->event.tid = thread_number(vmsim_self);
	for (unsigned int i = 0; i < 3; i++)
		slot->event.arg[i] = lasting(event->kind, i, event->arg[i]);
	slot->origin = (struct vmsim_origin) {
		.step = m && m->explorer ? m->explorer->steps : 0,
		.pid = process_of(event),
		.stack = stack_here(&((struct vmsim_recorder *)recorder)->stacks),
	};
}

int vmsim_recorder_take(struct vmsim_recorder *recorder, struct vmsim_result *result)
{
	size_t n = recorder->n;
	struct vmsim_event *events = malloc(n * sizeof(*events) + 1);
	struct vmsim_origin *origins = malloc(n * sizeof(*origins) + 1);

	if (!events || !origins) {
		free(events);
		free(origins);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		const struct record *record =
			&recorder->record[(recorder->first + i) % recorder->capacity];

		events[i] = record->event;
		origins[i] = record->origin;
	}
	result->events = events;
	result->origins = origins;
	result->nr_events = n;
	result->stacks = recorder->stacks.stacks;
	result->nr_stacks = recorder->stacks.n;
	recorder->stacks.stacks = NULL;
	stack_table_free(&recorder->stacks);
	recorder->n = recorder->first = 0;
	return 0;
}
