// SPDX-License-Identifier: GPL-2.0-only
#include "trees.h"
#include <linux/rmap.h>

/*
 * anon_vmas: found through the mappings of all address spaces, and counted again. The links of a
 * mapping and the tree of each anon_vma must tell the same.
 */

#define BUCKETS 4096

/**
 * struct family_member - an anon_vma
 * @links: mappings that say that they are in it
 * @active: of these, those whose new pages it takes
 * @children: anon_vmas that say that it is their parent
 * @members: as a root, anon_vmas of its family but itself
 */
struct family_member {
	struct anon_vma *anon_vma;
	unsigned long links, active, children, members;
};

static struct family_member member[BUCKETS];

static struct family_member *member_of(struct anon_vma *anon_vma)
{
	unsigned long at = ((uintptr_t)anon_vma >> 6) * 0x9e3779b97f4a7c15UL >> 52;

	while (member[at].anon_vma && member[at].anon_vma != anon_vma)
		at = (at + 1) % BUCKETS;
	member[at].anon_vma = anon_vma;
	return &member[at];
}

static void check(const char *what, const struct anon_vma *anon_vma, unsigned long expected,
		  unsigned long found)
{
	if (expected != found)
		tree_fail("%s of anon_vma %p: expected %lu, found %lu", what, (void *)anon_vma,
			  expected, found);
}

static void count_link(const struct vm_area_struct *vma, const struct anon_vma_chain *avc)
{
	struct family_member *of = member_of(avc->anon_vma);

	if (avc->vma != vma)
		tree_fail("a link of the mapping at %lx names another", vma->vm_start);
	if (avc->anon_vma->root != vma->anon_vma->root)
		tree_fail("the mapping at %lx is in two families", vma->vm_start);
	of->links++;
	of->active += vma->anon_vma == avc->anon_vma;
}

static bool links_to(const struct vm_area_struct *vma, const struct anon_vma *anon_vma)
{
	const struct anon_vma_chain *avc;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		if (avc->anon_vma == anon_vma)
			return true;
	return false;
}

static void count_vma(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;

	if (!vma->anon_vma) {
		if (!list_empty(&vma->anon_vma_chain))
			tree_fail("the mapping at %lx has links and no anon_vma", vma->vm_start);
		return;
	}
	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		count_link(vma, avc);
	if (!links_to(vma, vma->anon_vma) || !links_to(vma, vma->anon_vma->root))
		tree_fail("the mapping at %lx is not in its own anon_vma, or not in the root's",
			  vma->vm_start);
}

/* The tree read node by node, without its order: every link is there, and leads to its mapping. */
static unsigned long check_nodes(struct anon_vma *anon_vma, struct anon_vma_chain *avc,
				 unsigned long *highest)
{
	unsigned long nodes = 1, below = 0;
	struct anon_vma_chain *side[] = {
		rb_entry_safe(avc->rb.rb_left, struct anon_vma_chain, rb),
		rb_entry_safe(avc->rb.rb_right, struct anon_vma_chain, rb),
	};

	*highest = avc->vma->vm_pgoff + vma_pages(avc->vma) - 1;
	if (avc->anon_vma != anon_vma || !links_to(avc->vma, anon_vma))
		tree_fail("in the tree of anon_vma %p is a link that is not its own",
			  (void *)anon_vma);
	for (unsigned int i = 0; i < 2; i++) {
		if (!side[i])
			continue;
		if (i == 0 ? side[i]->vma->vm_pgoff > avc->vma->vm_pgoff :
			     side[i]->vma->vm_pgoff < avc->vma->vm_pgoff)
			tree_fail("the tree of anon_vma %p is out of order", (void *)anon_vma);
		nodes += check_nodes(anon_vma, side[i], &below);
		*highest = max(*highest, below);
	}
	check("the highest page below a node", anon_vma, *highest, avc->rb_subtree_last);
	return nodes;
}

static void count_relatives(const struct family_member *of)
{
	struct anon_vma *anon_vma = of->anon_vma;

	member_of(anon_vma->parent)->children++;
	if (anon_vma != anon_vma->root)
		member_of(anon_vma->root)->members++;
}

static void check_member(const struct family_member *of)
{
	struct anon_vma *anon_vma = of->anon_vma;
	struct rb_node *root = anon_vma->rb_root.rb_root.rb_node;
	unsigned long nodes = 0, highest;

	if (!of->links)
		tree_fail("anon_vma %p is a relative, and no mapping is in it", (void *)anon_vma);
	if (root)
		nodes = check_nodes(anon_vma, rb_entry(root, struct anon_vma_chain, rb), &highest);
	check("mappings in the tree", anon_vma, of->links, nodes);
	if (anon_vma->rb_root.rb_leftmost != rb_first(&anon_vma->rb_root.rb_root))
		tree_fail("the tree of anon_vma %p does not know its first node", (void *)anon_vma);
	check("num_active_vmas", anon_vma, of->active, anon_vma->num_active_vmas);
	check("num_children", anon_vma, of->children, anon_vma->num_children);
	check("references", anon_vma, 1 + of->members,
	      (unsigned long)atomic_read(&anon_vma->refcount));
	check("being alive", anon_vma, 1, vmsim_slab_generation(anon_vma) & 1);
	if (rwsem_is_locked(&anon_vma->rwsem))
		tree_fail("anon_vma %p is locked", (void *)anon_vma);
}

/* What an anonymous folio says of itself is the truth as long as something maps it. */
static void check_folios(void)
{
	for (unsigned int i = 0; i < scan.nr; i++) {
		struct folio *folio = pfn_folio(chk_pfn(scan.at[i].pte));
		struct anon_vma *anon_vma = folio_anon_vma(folio);

		if (anon_vma && !member_of(anon_vma)->links)
			tree_fail("frame %lx names an anon_vma that no mapping is in",
				  folio_pfn(folio));
	}
}

void tree_recount_anon(void)
{
	struct mm_struct *mm;

	memset(member, 0, sizeof(member));
	list_for_each_entry(mm, &tree.m->mms, mm_list)
		for (struct vm_area_struct *vma = vmsim_vma_first(&mm->mm_mt); vma;
		     vma = vmsim_vma_next(vma))
			count_vma(vma);
	check_folios();
	for (unsigned int i = 0; i < BUCKETS; i++)
		if (member[i].links)
			count_relatives(&member[i]);
	for (unsigned int i = 0; i < BUCKETS; i++)
		if (member[i].anon_vma)
			check_member(&member[i]);
}
