// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <mm/internal.h>

/*
 * Functions of mm/gup.c as other parts of a kernel call them, for comparisons: what they return is
 * not predicted, what they leave behind is. Nothing is held afterwards.
 */

#define MAX_PAGES 16u

/* Flags that callers may give; @random decides. */
static unsigned int foll_flags(u8 random, bool pins)
{
	static const unsigned int flags[] = {
		FOLL_FORCE, FOLL_NOFAULT, FOLL_NOWAIT, FOLL_ANON, FOLL_DUMP,
		FOLL_HONOR_NUMA_FAULT,
	};
	unsigned int chosen = random & 1 ? FOLL_WRITE : 0;

	if (random & 0x40)
		chosen |= flags[(random >> 1) % ARRAY_SIZE(flags)];
	if (random & 0x80 && random & 0x08)
		chosen |= FOLL_FORCE;
	return chosen | (pins && random & 0x10 ? FOLL_LONGTERM : 0);
}

/* What Linux 6.1 warns of: what is for long, where the lock may be dropped. */
static unsigned int without_long_pins(unsigned int flags)
{
	return tree.as_6_1 ? flags & ~FOLL_LONGTERM : flags;
}

/* All at once, or one by one; one that is held twice in between. */
static void unpin(struct page **pages, unsigned long nr, u8 random)
{
	struct folio *first = page_folio(pages[0]);

	if (random & 0x40) {
		folio_add_pin(first);
		unpin_folio(first);
	}
	if (random & 2 && !(random & 0x30))
		unpin_user_pages(pages, nr);
	else if (!(random & 0x30))
		unpin_user_pages_dirty_lock(pages, nr, random & 4);
	for (unsigned long i = 0; i < nr && random & 0x30; i++) {
		if (random & 2)
			unpin_user_page(pages[i]);
		else
			unpin_user_page_range_dirty_lock(pages[i], 1, random & 4);
	}
}

static void give_back(struct page **pages, long nr, bool pins, u8 random)
{
	if (nr > 0 && pins)
		unpin(pages, (unsigned long)nr, random);
	for (long i = 0; i < nr && !pins; i++)
		put_page(pages[i]);
}

static long hold_locked(struct mm_struct *mm, unsigned long addr, unsigned int nr,
			struct page **pages, unsigned int flags, u8 random)
{
	bool pins = random & 1, may_drop = random & 0x40;
	long result;
	int locked = 1;

	mmap_read_lock(mm);
	if (mm == current->mm && random & 0x20)
		result = (pins ? pin_user_pages : get_user_pages)(addr, nr, flags, pages);
	else
		result = (pins ? pin_user_pages_remote : get_user_pages_remote)(
			mm, addr, nr, may_drop ? without_long_pins(flags) : flags, pages,
			may_drop ? &locked : NULL);
	if (locked)
		mmap_read_unlock(mm);
	tree_result("locked ", locked);
	return result;
}

/* FOLL_NOWAIT and FOLL_DUMP are nothing that GUP-fast knows; that of 6.1 no hints either. */
static long hold_unlocked(unsigned long addr, unsigned int nr, struct page **pages,
			  unsigned int flags, u8 random)
{
	const unsigned int fast = FOLL_WRITE | FOLL_FORCE | FOLL_NOFAULT | FOLL_LONGTERM |
				  (tree.as_6_1 ? 0 : FOLL_HONOR_NUMA_FAULT);
	bool pins = random & 1;

	if (random & 0x20)
		return (pins ? pin_user_pages_unlocked : get_user_pages_unlocked)(
			addr, nr, pages, without_long_pins(flags));
	if (!pins && random & 0x40)
		return get_user_pages_fast_only(addr, (int)nr, flags & fast, pages);
	return (pins ? pin_user_pages_fast : get_user_pages_fast)(addr, (int)nr, flags & fast,
								   pages);
}

void op_hold(struct act *act)
{
	struct proc *proc = act->op->to & 1 ? act_other(act->op->y) : act->proc;
	unsigned int nr = min(act->nr, MAX_PAGES), flags;
	unsigned long addr = TREE_ADDR(act->first);
	struct page *pages[MAX_PAGES] = { NULL };
	u8 how = act->op->x;
	bool locked = proc != act->proc || act->op->size & 1;
	long held;

	act->space = proc->space;
	act->nr = nr;
	flags = foll_flags(act->op->move, how & 1);
	act_say("hold %u+%u of %d, flags %x, in way %x%s", act->first, nr, proc->pid, flags, how,
		locked ? ", locked" : "");
	vmsim_enter();
	held = locked ? hold_locked(proc->space->mm, addr, nr, pages, flags, how) :
			hold_unlocked(addr, nr, pages, flags, how);
	tree_result("", held);
	if (held > 0)
		tree_result_held(pages, (unsigned int)held);
	give_back(pages, held, how & 1, act->op->size);
	vmsim_leave();
	act_adopt_own(act);
}

static long fault_in(struct act *act, unsigned int what)
{
	struct mm_struct *mm = act->space->mm;
	unsigned long start = TREE_ADDR(act->first), end = start + act->nr * PAGE_SIZE;
	struct vm_area_struct *vma = find_vma(mm, start);
	bool unlocked = false;
	int locked = 1;

	switch (what) {
	case 0:
		return faultin_page_range(mm, start, end, act->op->x & 1, &locked);
	case 1:
		if (!vma || vma->vm_start > start)
			return 0;
		return populate_vma_page_range(vma, start, min(end, vma->vm_end),
					       act->op->x & 1 ? &locked : NULL);
	case 2:
		return fixup_user_fault(mm, start, act->op->x & 1 ? FAULT_FLAG_WRITE : 0,
					act->op->x & 2 ? &unlocked : NULL);
	default:
		/* Nothing is to be held. */
		return get_user_pages(start, act->nr, foll_flags(act->op->x, false), NULL);
	}
}

static long fault_in_unlocked(struct act *act, unsigned int what)
{
	unsigned long offset = act->op->x % 8, start = TREE_ADDR(act->first) + offset;
	size_t size = act->nr * PAGE_SIZE - offset - act->op->to;

	switch (what) {
	case 4:
		return __mm_populate(start & PAGE_MASK, act->nr * PAGE_SIZE, act->op->x & 1);
	case 5:
		return (long)fault_in_safe_writeable((const char *)start, size);
	default:
		return (long)fault_in_readable((const char *)start, size);
	}
}

void op_fault_in(struct act *act)
{
	unsigned int what = act->op->y % 7;
	struct mm_struct *mm = act->space->mm;
	long result;

	act_say("fault in %u+%u, way %u/%x", act->first, act->nr, what, act->op->x);
	vmsim_enter();
	if (what < 4) {
		mmap_read_lock(mm);
		result = fault_in(act, what);
		mmap_read_unlock(mm);
	} else {
		result = fault_in_unlocked(act, what);
	}
	vmsim_leave();
	tree_result("", result);
	act_adopt_own(act);
}

/* Memory that a mapping shows, held without the mapping. */
void op_hold_memfd(struct act *act)
{
	const struct slot *slot = act_slot(act);
	struct folio *folios[MAX_PAGES];
	struct page *pages[MAX_PAGES];
	pgoff_t offset = 0;
	long held;

	act_say("hold memory of %u+%u", act->first, act->nr);
	if (slot->kind != SHARED)
		return;
	vmsim_enter();
	held = memfd_pin_folios(slot->object->file, (loff_t)slot->index * (loff_t)PAGE_SIZE + 8,
				(loff_t)(slot->index + act->nr) * (loff_t)PAGE_SIZE - 1, folios,
				min(MAX_PAGES, 1u + act->op->x % 16), &offset);
	tree_result("", held);
	tree_result("at ", (long)offset);
	for (long i = 0; i < held; i++)
		pages[i] = &folios[i]->page;
	if (held > 0)
		tree_result_held(pages, (unsigned int)held);
	if (held > 0)
		unpin_folios(folios, (unsigned long)held);
	vmsim_leave();
}
