// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/seqlock.h>

/* Override, a mutation: forks that begin after GUP-fast did are not noticed (R13). */

unsigned long gup_fast(unsigned long start, unsigned long end, unsigned int gup_flags,
		       struct page **pages)
{
	unsigned long irqs;
	int nr = 0;

	if (gup_flags & FOLL_PIN && raw_read_seqcount(&current->mm->write_protect_seq) & 1)
		return 0;
	local_irq_save(irqs);
	gup_fast_pgd_range(start, end, gup_flags, pages, &nr);
	local_irq_restore(irqs);
	return (unsigned long)nr;
}
