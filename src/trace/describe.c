// SPDX-License-Identifier: GPL-2.0-only
#include "trace/timeline.h"
#include "trace/record.h"
#include <asm/pgtable.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <inttypes.h>

/*
 * The words for events. Calls stand as calls, states of the world in brackets, interrupts in angle
 * brackets, as in commit messages of the kernel.
 */

#define HEX "0x%" PRIx64
#define DEC "%" PRIu64

#define TEXT(weight, ...) (snprintf(text, size, __VA_ARGS__), VMSIM_WEIGHT_##weight)

static const char *string(uint64_t arg)
{
	return arg ? (const char *)(uintptr_t)arg : "?";
}

/* "pfn 5 rw dirty" */
const char *entry_words(uint64_t value, char *words, size_t size)
{
	pte_t pte = __pte(value);

	if (pte_none(pte))
		snprintf(words, size, "none");
	else if (!pte_present(pte))
		snprintf(words, size, "not present (" HEX ")", value);
	else
		snprintf(words, size, "pfn %lu %s%s%s", pte_pfn(pte), pte_write(pte) ? "rw" : "r",
			 pte_young(pte) ? " young" : "", pte_dirty(pte) ? " dirty" : "");
	return words;
}

static enum vmsim_weight describe_entry(const struct vmsim_event *event, char *text, size_t size)
{
	uint64_t address = event->arg[0];
	pte_t old = __pte(event->arg[1]), new = __pte(event->arg[2]);
	char was[64], is[64];

	entry_words(event->arg[1], was, sizeof(was));
	entry_words(event->arg[2], is, sizeof(is));
	if (pte_none(new))
		return TEXT(SHOWN, "ptep_get_and_clear(" HEX ") [ was %s ]", address, was);
	if (pte_none(old))
		return TEXT(SHOWN, "set_pte(" HEX ", %s)", address, is);
	if (pte_present(old) && pte_present(new) && pte_pfn(old) == pte_pfn(new) &&
	    pte_write(old) && !pte_write(new))
		return TEXT(SHOWN, "ptep_set_wrprotect(" HEX ") [ %s -> %s ]", address, was, is);
	return TEXT(SHOWN, "[ pte " HEX ": %s -> %s ]", address, was, is);
}

static const char *const fault_words[] = {
	[VMSIM_FAULT_NONE] = "no page",
	[VMSIM_FAULT_SPURIOUS] = "spurious: the entry allows it",
	[VMSIM_FAULT_ANON_NEW] = "new anonymous page",
	[VMSIM_FAULT_ZERO] = "zero page",
	[VMSIM_FAULT_FILE_READ] = "page of the page cache, read-only",
	[VMSIM_FAULT_FILE_COW] = "private copy of a page of the page cache",
	[VMSIM_FAULT_FILE_SHARED] = "page of the page cache, writable",
	[VMSIM_FAULT_COPY] = "copied",
	[VMSIM_FAULT_REUSE] = "reused",
	[VMSIM_FAULT_MKWRITE] = "page of the page cache made writable",
	[VMSIM_FAULT_SEGV] = "SIGSEGV",
	[VMSIM_FAULT_BUS] = "SIGBUS",
};

static enum vmsim_weight describe_fault(const struct vmsim_event *event, char *text, size_t size)
{
	uint64_t kind = event->arg[1];
	const char *words = kind < ARRAY_SIZE(fault_words) ? fault_words[kind] : "?";

	if (event->arg[2])
		return TEXT(SHOWN, "[ page fault at " HEX ": %s, pfn " DEC " ]", event->arg[0],
			    words, event->arg[2]);
	return TEXT(SHOWN, "[ page fault at " HEX ": %s ]", event->arg[0], words);
}

static enum vmsim_weight describe_tlb(const struct vmsim_event *event, char *text, size_t size)
{
	uint64_t entry = event->arg[2];
	unsigned int cpu = (unsigned int)event->arg[0];
	const char *rights = entry & VMSIM_RECORD_WRITE ? "rw" : "r";
	const char *dirty = entry & VMSIM_RECORD_DIRTY ? " dirty" : "";
	const char *stale = entry & VMSIM_RECORD_STALE ? ", frame of before" : "";
	uint64_t pfn = entry & VMSIM_RECORD_PFN_MASK;

	switch (event->kind) {
	case VMSIM_EV_TLB_FILL:
		return TEXT(SHOWN, "[ CPU%u TLB: " HEX " -> pfn " DEC " %s%s%s ]", cpu,
			    event->arg[1], pfn, rights, dirty, stale);
	case VMSIM_EV_TLB_DROP:
		return TEXT(SHOWN, "[ CPU%u TLB: " HEX " dropped ]", cpu, event->arg[1]);
	default:
		return TEXT(DETAIL, "[ CPU%u TLB: " HEX " used: pfn " DEC " %s%s%s ]", cpu,
			    event->arg[1], pfn, rights, dirty, stale);
	}
}

static enum vmsim_weight describe_flush(const struct vmsim_event *event, char *text, size_t size)
{
	bool all = event->arg[1] == 0 && event->arg[2] == UINT64_MAX;
	bool done = event->kind == VMSIM_EV_FLUSH_END;

	if (all)
		return TEXT(SHOWN, done ? "[ TLB flushed: mm of process " DEC " ]" :
					  "flush_tlb_mm() of process " DEC, event->arg[0]);
	return TEXT(SHOWN, done ? "[ TLB flushed: " HEX "-" HEX " ]" :
				  "flush_tlb_range(" HEX ", " HEX ")",
		    event->arg[1], event->arg[2]);
}

static enum vmsim_weight describe_lock(const struct vmsim_event *event, char *text, size_t size)
{
	const struct vmsim_lock_class *class = (const void *)(uintptr_t)event->arg[1];
	const char *verb = event->kind == VMSIM_EV_LOCK ? "lock" : "unlock";

	return TEXT(DETAIL, "%s(%s)", verb, class ? class->name : "?");
}

static enum vmsim_weight describe_counts(const struct vmsim_event *event, char *text, size_t size)
{
	const uint64_t *arg = event->arg;

	switch (event->kind) {
	case VMSIM_EV_REF:
		return TEXT(DETAIL, "[ pfn " DEC ": refcount %" PRId64 " -> %" PRId64 " ]", arg[0],
			    (int64_t)arg[1], (int64_t)arg[2]);
	case VMSIM_EV_MAP_ADD:
	case VMSIM_EV_MAP_REMOVE:
		return TEXT(DETAIL, "[ pfn " DEC ": mapcount %" PRId64 " -> %" PRId64 " ]", arg[0],
			    (int64_t)arg[1], (int64_t)arg[2]);
	case VMSIM_EV_MAP_ZERO:
		return TEXT(SHOWN, "[ pfn " DEC ": mapped by nobody ]", arg[0]);
	case VMSIM_EV_FLAG:
		return TEXT(DETAIL, "[ pfn " DEC ": flag " DEC " %s ]", arg[0], arg[1],
			    arg[2] ? "set" : "cleared");
	case VMSIM_EV_FRAME_READ:
		return TEXT(DETAIL, "[ pfn " DEC ": read ]", arg[0]);
	case VMSIM_EV_FRAME_WRITE:
		return TEXT(DETAIL, "[ pfn " DEC ": written ]", arg[0]);
	case VMSIM_EV_FRAME_ALLOC:
		return TEXT(DETAIL, "[ pfn " DEC " allocated, order " DEC " ]", arg[0], arg[1]);
	default:
		return TEXT(SHOWN, "[ pfn " DEC " freed ]", arg[0]);
	}
}

static enum vmsim_weight describe_cache(const struct vmsim_event *event, char *text, size_t size)
{
	const uint64_t *arg = event->arg;

	switch (event->kind) {
	case VMSIM_EV_FOLIO_DIRTY:
		return TEXT(SHOWN, "[ pfn " DEC "%s dirty ]", arg[0], arg[1] ? " stays" : "");
	case VMSIM_EV_FOLIO_CLEAN:
		return TEXT(SHOWN, "[ pfn " DEC "%s clean ]", arg[0], arg[1] ? "" : " stays");
	case VMSIM_EV_CACHE_ADD:
		return TEXT(DETAIL, "[ pfn " DEC " is page " DEC " of file " DEC " ]", arg[0],
			    arg[2], arg[1]);
	case VMSIM_EV_CACHE_REMOVE:
		return TEXT(SHOWN, "[ pfn " DEC " leaves the page cache ]", arg[0]);
	case VMSIM_EV_STORE_READ:
		return TEXT(DETAIL, "read page " DEC " of file " DEC, arg[2], arg[1]);
	default:
		return TEXT(SHOWN, "write back page " DEC " of file " DEC " [ pfn " DEC " ]",
			    arg[2], arg[1], arg[0]);
	}
}

static enum vmsim_weight describe_program(const struct vmsim_event *event, char *text, size_t size)
{
	const uint64_t *arg = event->arg;

	switch (event->kind) {
	case VMSIM_EV_POINT:
		return TEXT(SHOWN, "-- %s --", string(arg[0]));
	case VMSIM_EV_SYSCALL:
		return TEXT(SHOWN, "%s(" HEX ", " HEX ")", string(arg[0]), arg[1], arg[2]);
	case VMSIM_EV_SYSCALL_RET:
		return TEXT(SHOWN, "%s() = %" PRId64, string(arg[0]), (int64_t)arg[1]);
	case VMSIM_EV_LOAD:
		return TEXT(SHOWN, "load " HEX " = " HEX, arg[0], arg[2]);
	case VMSIM_EV_STORE:
		return TEXT(SHOWN, "store " HEX " = " HEX, arg[0], arg[2]);
	default:
		return TEXT(DETAIL, "page fault at " HEX ", %s, served", arg[0],
			    arg[1] & FAULT_FLAG_WRITE ? "write" : "read");
	}
}

/* Events that have no words of their own: their name and arguments. */
static enum vmsim_weight describe_plainly(const struct vmsim_event *event, char *text, size_t size)
{
	static const char *const name[VMSIM_EV_COUNT] = {
#define X(id, words, a, b, c) words,
		VMSIM_EVENTS(X)
#undef X
	};

	return TEXT(DETAIL, "%s " HEX " " HEX " " HEX, name[event->kind], event->arg[0],
		    event->arg[1], event->arg[2]);
}

static enum vmsim_weight describe_cpu(const struct vmsim_event *event, char *text, size_t size)
{
	const uint64_t *arg = event->arg;

	switch (event->kind) {
	case VMSIM_EV_IPI_SEND:
		return TEXT(DETAIL, "<IPI to CPU" DEC ">", arg[0]);
	case VMSIM_EV_IPI_RUN:
		return TEXT(SHOWN, "<IPI on CPU" DEC ">", arg[0]);
	case VMSIM_EV_IRQ:
		return TEXT(DETAIL, arg[1] ? "local_irq_enable()" : "local_irq_disable()");
	case VMSIM_EV_VCPU:
		return TEXT(SHOWN, "[ CPU" DEC " %s the hypervisor ]", arg[0],
			    arg[1] ? "taken away by" : "given back by");
	case VMSIM_EV_PTL_LOCK:
		return TEXT(DETAIL, "spin_lock(PTL of table " DEC ")", arg[1]);
	default:
		return TEXT(DETAIL, "spin_unlock(PTL of table " DEC ")", arg[1]);
	}
}

enum vmsim_weight vmsim_event_describe(const struct vmsim_event *event, char *text, size_t size)
{
	switch (event->kind) {
	case VMSIM_EV_PTE_SET:
		return describe_entry(event, text, size);
	case VMSIM_EV_FAULT_KIND:
		return describe_fault(event, text, size);
	case VMSIM_EV_TLB_FILL:
	case VMSIM_EV_TLB_USE:
	case VMSIM_EV_TLB_DROP:
		return describe_tlb(event, text, size);
	case VMSIM_EV_FLUSH_BEGIN:
	case VMSIM_EV_FLUSH_END:
		return describe_flush(event, text, size);
	case VMSIM_EV_LOCK:
	case VMSIM_EV_UNLOCK:
		return describe_lock(event, text, size);
	case VMSIM_EV_REF:
	case VMSIM_EV_MAP_ADD:
	case VMSIM_EV_MAP_REMOVE:
	case VMSIM_EV_MAP_ZERO:
	case VMSIM_EV_FLAG:
	case VMSIM_EV_FRAME_ALLOC:
	case VMSIM_EV_FRAME_FREE:
	case VMSIM_EV_FRAME_READ:
	case VMSIM_EV_FRAME_WRITE:
		return describe_counts(event, text, size);
	case VMSIM_EV_FOLIO_DIRTY:
	case VMSIM_EV_FOLIO_CLEAN:
	case VMSIM_EV_CACHE_ADD:
	case VMSIM_EV_CACHE_REMOVE:
	case VMSIM_EV_STORE_READ:
	case VMSIM_EV_STORE_WRITE:
		return describe_cache(event, text, size);
	case VMSIM_EV_POINT:
	case VMSIM_EV_SYSCALL:
	case VMSIM_EV_SYSCALL_RET:
	case VMSIM_EV_LOAD:
	case VMSIM_EV_STORE:
	case VMSIM_EV_FAULT:
		return describe_program(event, text, size);
	case VMSIM_EV_IPI_SEND:
	case VMSIM_EV_IPI_RUN:
	case VMSIM_EV_IRQ:
	case VMSIM_EV_VCPU:
	case VMSIM_EV_PTL_LOCK:
	case VMSIM_EV_PTL_UNLOCK:
		return describe_cpu(event, text, size);
	default:
		return describe_plainly(event, text, size);
	}
}
