// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"
#include <linux/pagewalk.h>
#include <linux/pagemap.h>

/* Walks over page tables: soft-dirty bits are cleared; and what walks show to anybody who asks. */

static bool is_pinned(const struct slot *slot)
{
	return slot->own && slot->own->pins;
}

/* From now on each write of the program faults; what devices may write keeps its rights. */
static void check_cleared(const struct act *act, unsigned int page)
{
	const struct slot *slot = &act->space->slot[page];
	const struct vm_area_struct *vma = act_vma(act, page);
	u64 pte = tree_entry(act->space, page);

	if (vma && vma->vm_flags & VM_SOFTDIRTY)
		tree_fail("page %u counts as written with its whole mapping", page);
	if (pte & (_PAGE_SOFT_DIRTY | _PAGE_RW) && !is_pinned(slot))
		tree_fail("page %u was passed over: %lx", page, pte);
}

void op_clear_refs(struct act *act)
{
	act_say("clear soft-dirty bits");
	if (!act_expect(act, vmsim_clear_refs(VMSIM_CLEAR_SOFT_DIRTY), 0))
		return;
	for (unsigned int i = 0; i < TREE_PAGES; i++) {
		check_cleared(act, i);
		act->space->slot[i].written = false;
	}
}

/* What a walker does besides looking. */
#define ENDS 1u		/* after some steps */
#define SKIPS 2u	/* what hangs from every second PMD entry */
#define CHOOSES 4u	/* among mappings */

/**
 * struct walker - what a walk has shown so far
 * @ways: ENDS and so on
 * @left: steps to its end, where it is one that ENDS
 * @entries: entries that are not empty
 * @ordered: addresses only grow
 * @at: end of what was shown last
 * @digest: of all steps, in their order
 */
struct walker {
	unsigned int ways, left, entries;
	bool ordered;
	unsigned long at;
	u64 digest;
};

#define END_RESULT 17

static int step(struct mm_walk *walk, u64 kind, unsigned long addr, unsigned long next, u64 what)
{
	const u64 facts[] = { kind, addr, next, what, walk->vma ? walk->vma->vm_start : 0,
			      (u64)walk->mm->pid };
	struct walker *walker = walk->private;

	for (unsigned int i = 0; i < ARRAY_SIZE(facts); i++)
		walker->digest = (walker->digest ^ facts[i]) * 0x100000001b3UL;
	return walker->ways & ENDS && !--walker->left ? END_RESULT : 0;
}

static int on_pgd(pgd_t *pgd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return step(walk, 0, addr, next, pgd_none(*pgd));
}

static int on_p4d(p4d_t *p4d, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return step(walk, 1, addr, next, p4d_none(*p4d));
}

static int on_pud(pud_t *pud, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return step(walk, 2, addr, next, pud_none(*pud));
}

static int on_pmd(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	const struct walker *walker = walk->private;

	if (walker->ways & SKIPS && addr & PMD_SIZE)
		walk->action = ACTION_CONTINUE;
	return step(walk, 3, addr, next, pmd_none(*pmd));
}

static int on_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct walker *walker = walk->private;

	if ((walker->ordered && addr < walker->at) || next != addr + PAGE_SIZE)
		tree_fail("a walk comes to %lx after %lx", addr, walker->at);
	if (!walk->vma || addr < walk->vma->vm_start || next > walk->vma->vm_end)
		tree_fail("a walk finds the entry at %lx in the wrong mapping", addr);
	walker->at = next;
	walker->entries += !pte_none(ptep_get(pte));
	return step(walk, 4, addr, next, pte_val(ptep_get(pte)) & PTE_FLAGS_MASK);
}

static int on_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	return step(walk, 5, addr, next, (u64)depth);
}

static int on_test(unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	unsigned long number = walk->vma->vm_start >> PAGE_SHIFT;
	int end = step(walk, 6, addr, next, 0);

	return end ? -EPERM : number % 4 == 1;
}

static int on_begin(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	return step(walk, 7, start, end, 0);
}

static void on_end(struct mm_walk *walk)
{
	struct walker *walker = walk->private;

	walker->digest = (walker->digest ^ 8) * 0x100000001b3UL;
}

/* Who looks at what: any of it. */
static struct mm_walk_ops ops_of(u8 random, unsigned int ways)
{
	return (struct mm_walk_ops) {
		.pgd_entry = random & 1 ? on_pgd : NULL,
		.p4d_entry = random & 2 ? on_p4d : NULL,
		.pud_entry = random & 4 ? on_pud : NULL,
		.pmd_entry = random & 8 || ways & SKIPS ? on_pmd : NULL,
		.pte_entry = random & 0x30 ? on_pte : NULL,
		.pte_hole = random & 0x40 ? on_hole : NULL,
		.pre_vma = random & 0x80 ? on_begin : NULL,
		.post_vma = random & 0x80 ? on_end : NULL,
		.test_walk = ways & CHOOSES ? on_test : NULL,
		.walk_lock = PGWALK_RDLOCK,
	};
}

static unsigned int entries_in(const struct space *space, unsigned long start, unsigned long end)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < TREE_PAGES; i++)
		n += TREE_ADDR(i) >= start && TREE_ADDR(i) < end && tree_entry(space, i);
	return n;
}

/* Who looks at every entry of a range has seen all that are not empty. */
static void walked(const struct act *act, const struct mm_walk_ops *ops,
		   const struct walker *walker, unsigned long start, unsigned long end)
{
	unsigned int expected = entries_in(act->space, start, end);

	if (ops->pte_entry && !walker->ways && walker->entries != expected)
		tree_fail("a walk of [%lx, %lx) finds %u entries, not %u", start, end,
			  walker->entries, expected);
}

static int walk_range(struct act *act, const struct mm_walk_ops *ops, struct walker *walker)
{
	unsigned long a = TREE_ADDR(act->first), b = TREE_ADDR(act_page(act->op->to));
	unsigned long start = min(a, b), end = max(a, b) + PAGE_SIZE;
	int result = walk_page_range(act->space->mm, start, end, ops, walker);

	walked(act, ops, walker, start, end);
	return result;
}

/* All of the mapping at the first page, or the part from there on. */
static int walk_mapping(struct act *act, struct mm_walk_ops *ops, struct walker *walker)
{
	struct vm_area_struct *vma = act_vma(act, act->first);
	bool all = act->op->to & 1;
	unsigned long start, end;
	int result;

	if (!vma)
		return 0;
	start = all ? vma->vm_start : TREE_ADDR(act->first);
	end = all ? vma->vm_end : min(vma->vm_end, start + act->nr * PAGE_SIZE);
	/* Linux 6.1 asks before it visits all of a mapping; 6.12 takes the caller's word. */
	if (all)
		ops->test_walk = NULL;
	result = all ? walk_page_vma(vma, ops, walker) :
		       walk_page_range_vma(vma, start, end, ops, walker);
	walked(act, ops, walker, start, end);
	return result;
}

/* Mappings of a file come in any order. */
static int walk_file(struct act *act, const struct mm_walk_ops *ops, struct walker *walker)
{
	struct address_space *mapping = tree.file.file->f_mapping;
	unsigned int first = act->op->at % TREE_FILE_PAGES;
	int result;

	walker->ordered = false;
	i_mmap_lock_read(mapping);
	result = walk_page_mapping(mapping, first, min(act->nr, TREE_FILE_PAGES - first), ops,
				   walker);
	i_mmap_unlock_read(mapping);
	return result;
}

void op_walk(struct act *act)
{
	struct walker walker = {
		.left = 1u + act->op->size % 64, .ways = act->op->move & 7, .ordered = true,
	};
	struct mm_walk_ops ops;
	unsigned int way = act->op->y % 4;
	int result;

	/* Half of them see all. */
	if (act->op->move & 0x80)
		walker.ways = 0;
	ops = ops_of(act->op->x, walker.ways);
	act_say("walk, way %u/%x, from %u+%u to %u, %x", way, act->op->x, act->first, act->nr,
		act->op->to, walker.ways);
	vmsim_enter();
	mmap_read_lock(act->space->mm);
	if (way < 2)
		result = walk_range(act, &ops, &walker);
	else if (way == 2)
		result = walk_mapping(act, &ops, &walker);
	else
		result = walk_file(act, &ops, &walker);
	mmap_read_unlock(act->space->mm);
	vmsim_leave();
	tree_result("", result);
	tree_result("seen ", (long)walker.digest);
}
