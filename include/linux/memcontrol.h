/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MEMCONTROL_H
#define _VMSIM_LINUX_MEMCONTROL_H

#include <linux/mm.h>
#include <linux/vmstat.h>

/* As without CONFIG_MEMCG: every page and every process is of the one group that there is. */
struct mem_cgroup;

static inline bool mm_match_cgroup(struct mm_struct *mm, struct mem_cgroup *memcg)
{
	(void)mm, (void)memcg;
	return true;
}

__vmsim_export struct lruvec *vmsim_lruvec(void);

/* Locks the lruvec of a folio, if that is not @locked already; there is one. */
static inline struct lruvec *folio_lruvec_relock_irq(struct folio *folio, struct lruvec *locked)
{
	(void)folio;
	if (locked)
		return locked;
	spin_lock_irq(&vmsim_lruvec()->lru_lock);
	return vmsim_lruvec();
}

static inline void unlock_page_lruvec_irq(struct lruvec *lruvec)
{
	spin_unlock_irq(&lruvec->lru_lock);
}

/* Until Linux 6.10. */
static inline void lock_page_memcg(struct page *page)
{
	(void)page;
}

static inline void unlock_page_memcg(struct page *page)
{
	(void)page;
}

#endif
