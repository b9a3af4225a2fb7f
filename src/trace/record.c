// SPDX-License-Identifier: GPL-2.0-only
#include "trace/record.h"
#include "explore/session.h"
#include <linux/mm.h>
#include <linux/fs.h>
#include <stdlib.h>

/* A ring that grows up to @max and then forgets the oldest. */
struct vmsim_recorder {
	struct vmsim_event *event;
	size_t capacity, max;
	size_t first, n;
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
	free(recorder->event);
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

/* The address that an entry of a PTE table translates. */
static uint64_t entry_address(uint64_t ptep)
{
	const struct vmsim_machine *m = vmsim_this_machine();
	const char *at = (const char *)(uintptr_t)ptep;
	const struct ptdesc *table;

	/* Entries on somebody's stack translate nothing. */
	if (at < m->frames || at >= m->frames + (m->nr_frames << PAGE_SHIFT))
		return 0;
	table = page_ptdesc(virt_to_page(at));
	return table->pt_base + (offset_in_page(ptep) / sizeof(pte_t) << PAGE_SHIFT);
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
	if (pfn_valid(entry->pfn) && __READ_ONCE(pfn_to_page(entry->pfn)->vmsim_gen) != entry->gen)
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

/* Room for one more; NULL when there is no memory: the event is lost then. */
static struct vmsim_event *next_slot(struct vmsim_recorder *recorder)
{
	if (recorder->n == recorder->capacity && recorder->capacity < recorder->max) {
		size_t capacity = recorder->capacity ? 2 * recorder->capacity : 1024;
		void *event;

		if (capacity > recorder->max)
			capacity = recorder->max;
		event = realloc(recorder->event, capacity * sizeof(*recorder->event));
		if (!event)
			return NULL;
		recorder->event = event;
		recorder->capacity = capacity;
	}
	if (recorder->n < recorder->capacity)
		return &recorder->event[recorder->n++];
	recorder->first = (recorder->first + 1) % recorder->capacity;
	return &recorder->event[(recorder->first + recorder->n - 1) % recorder->capacity];
}

void vmsim_recorder_add(void *recorder, const struct vmsim_event *event)
{
	struct vmsim_event *slot = next_slot(recorder);

	if (!slot)
		return;
	*slot = *event;
	slot->tid = thread_number(vmsim_self);
	for (unsigned int i = 0; i < 3; i++)
		slot->arg[i] = lasting(event->kind, i, event->arg[i]);
}

static void rotate(struct vmsim_recorder *recorder, struct vmsim_event *out)
{
	size_t head = recorder->capacity - recorder->first;

	memcpy(out, recorder->event + recorder->first, head * sizeof(*out));
	memcpy(out + head, recorder->event, recorder->first * sizeof(*out));
}

void vmsim_recorder_take(struct vmsim_recorder *recorder, struct vmsim_event **events, size_t *n)
{
	*events = recorder->event;
	*n = recorder->n;
	if (recorder->first) {
		*events = malloc(recorder->n * sizeof(**events));
		if (*events)
			rotate(recorder, *events);
		else
			*n = 0;
		free(recorder->event);
	}
	*recorder = (struct vmsim_recorder) { .max = recorder->max };
}
