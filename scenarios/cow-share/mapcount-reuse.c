// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>

/* Override: who is the only one to map a page is taken for the only one who has it (A09). */

bool wp_can_reuse_anon_folio(struct folio *folio, struct vm_area_struct *vma)
{
	bool alone;

	if (folio_test_large(folio) || folio_mapcount(folio) != 1 || !folio_trylock(folio))
		return false;
	alone = folio_mapcount(folio) == 1;
	if (alone)
		folio_move_anon_rmap(folio, vma);
	folio_unlock(folio);
	return alone;
}
