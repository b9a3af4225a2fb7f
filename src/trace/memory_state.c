// SPDX-License-Identifier: GPL-2.0-only
#include "trace/memory_state.h"
#include "trace/record.h"
#include "trace/timeline.h"
#include <asm/pgtable.h>
#include <inttypes.h>
#include <stdlib.h>

/* Adds a zeroed element; the arrays are small and live as long as a timeline is drawn. */
static void *append(void **array, size_t *n, size_t size)
{
	*array = realloc(*array, (*n + 1) * size);
	if (!*array)
		abort();
	memset((char *)*array + *n * size, 0, size);
	return (char *)*array + (*n)++ * size;
}

const struct page_state *memory_state_page(const struct memory_state *state, int pid, uint64_t va)
{
	for (size_t i = 0; i < state->nr_pages; i++)
		if (state->pages[i].pid == pid && state->pages[i].va == va)
			return &state->pages[i];
	return NULL;
}

const struct frame_state *memory_state_frame(const struct memory_state *state, uint64_t pfn)
{
	for (size_t i = 0; i < state->nr_frames; i++)
		if (state->frames[i].pfn == pfn)
			return &state->frames[i];
	return NULL;
}

static struct page_state *page_at(struct memory_state *state, int pid, uint64_t va)
{
	struct page_state *page;

	va &= PAGE_MASK;
	page = (struct page_state *)memory_state_page(state, pid, va);
	if (!page) {
		page = append((void **)&state->pages, &state->nr_pages, sizeof(*page));
		page->pid = pid;
		page->va = va;
	}
	return page;
}

static struct frame_state *frame_at(struct memory_state *state, uint64_t pfn)
{
	struct frame_state *frame = (struct frame_state *)memory_state_frame(state, pfn);

	if (!frame) {
		frame = append((void **)&state->frames, &state->nr_frames, sizeof(*frame));
		frame->pfn = pfn;
	}
	return frame;
}

/* The hardware has set A, and D with a right to write, in the entry that it read. */
static void apply_fill(struct page_state *page, unsigned int cpu, uint64_t entry)
{
	pte_t pte = __pte(page->pte);

	page->tlb[cpu] = entry;
	if (!pte_present(pte) || pte_pfn(pte) != (entry & VMSIM_RECORD_PFN_MASK))
		return;
	page->pte |= _PAGE_ACCESSED;
	if (entry & VMSIM_RECORD_DIRTY)
		page->pte |= _PAGE_DIRTY;
}

static void apply_alloc(struct frame_state *frame)
{
	frame->free = false;
	frame->dirty = false;
	frame->refs = 1;
	frame->maps = 0;
	frame->epoch++;
}

void memory_state_apply(struct memory_state *state, const struct vmsim_event *event, int pid)
{
	const uint64_t *arg = event->arg;

	switch (event->kind) {
	case VMSIM_EV_PTE_SET:
		if (arg[0])
			page_at(state, pid, arg[0])->pte = arg[2];
		break;
	case VMSIM_EV_TLB_FILL:
		apply_fill(page_at(state, pid, arg[1]), arg[0] % VMSIM_MAX_CPUS, arg[2]);
		break;
	case VMSIM_EV_TLB_DROP:
		page_at(state, pid, arg[1])->tlb[arg[0] % VMSIM_MAX_CPUS] = 0;
		break;
	case VMSIM_EV_REF:
		frame_at(state, arg[0])->refs = (int64_t)arg[2];
		break;
	case VMSIM_EV_MAP_ADD:
	case VMSIM_EV_MAP_REMOVE:
		frame_at(state, arg[0])->maps = (int64_t)arg[2];
		break;
	case VMSIM_EV_FOLIO_DIRTY:
	case VMSIM_EV_FOLIO_CLEAN:
		frame_at(state, arg[0])->dirty = event->kind == VMSIM_EV_FOLIO_DIRTY;
		break;
	case VMSIM_EV_FRAME_ALLOC:
		apply_alloc(frame_at(state, arg[0]));
		break;
	case VMSIM_EV_FRAME_FREE:
		frame_at(state, arg[0])->free = true;
		break;
	default:
		break;
	}
}

static void *copy_of(const void *from, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	return size ? memcpy(copy, from, size) : copy;
}

void memory_state_copy(struct memory_state *to, const struct memory_state *from)
{
	memory_state_free(to);
	*to = *from;
	to->pages = copy_of(from->pages, from->nr_pages * sizeof(*from->pages));
	to->frames = copy_of(from->frames, from->nr_frames * sizeof(*from->frames));
}

void memory_state_free(struct memory_state *state)
{
	free(state->pages);
	free(state->frames);
	*state = (struct memory_state) { 0 };
}

bool tlb_is_stale(const struct page_state *page, unsigned int cpu)
{
	uint64_t entry = page->tlb[cpu];
	pte_t pte = __pte(page->pte);

	if (!entry)
		return false;
	return !pte_present(pte) || pte_pfn(pte) != (entry & VMSIM_RECORD_PFN_MASK) ||
	       (entry & VMSIM_RECORD_WRITE && !pte_write(pte));
}

void pte_words(const struct page_state *page, char *words, size_t size)
{
	char entry[64];

	entry_words(page->pte, entry, sizeof(entry));
	snprintf(words, size, "pte %s", entry);
}

void tlb_words(const struct page_state *page, unsigned int cpu, char *words, size_t size)
{
	uint64_t entry = page->tlb[cpu];

	if (!entry)
		snprintf(words, size, "CPU%u TLB empty", cpu);
	else
		snprintf(words, size, "CPU%u TLB pfn %" PRIu64 " %s%s%s", cpu,
			 entry & VMSIM_RECORD_PFN_MASK, entry & VMSIM_RECORD_WRITE ? "rw" : "r",
			 entry & VMSIM_RECORD_DIRTY ? " dirty" : "",
			 tlb_is_stale(page, cpu) ? ", stale" : "");
}

void frame_words(const struct frame_state *frame, char *words, size_t size)
{
	char epoch[32] = "";

	if (frame->epoch > 1)
		snprintf(epoch, sizeof(epoch), ", epoch %u", frame->epoch);
	if (frame->free)
		snprintf(words, size, "pfn %" PRIu64 ": free%s", frame->pfn, epoch);
	else
		snprintf(words, size, "pfn %" PRIu64 ": refs %" PRId64 ", maps %" PRId64 "%s%s",
			 frame->pfn, frame->refs, frame->maps, frame->dirty ? ", dirty" : "",
			 epoch);
}
