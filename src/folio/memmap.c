// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <asm/page.h>
#include <linux/mm.h>
#include <errno.h>
#include <sys/mman.h>

/*
 * The memmap: one cell per frame, at consecutive addresses, with holes. A section that is not
 * valid has no cells: a touch of one ends in a fault of the host, as it would in a kernel.
 */

_Static_assert(sizeof(struct page) == 1 << VMSIM_CELL_SHIFT, "the cell's size");

#define SECTION_CELLS (VMSIM_SECTION_FRAMES * sizeof(struct page))

_Static_assert(SECTION_CELLS % 4096 == 0, "the cells of a section fill host pages");

/**
 * pfn_valid() - whether a frame has a cell in the memmap
 * @pfn: any number
 *
 * Context: RCU read section, or another reason why the section stays (R33).
 */
__vmsim_overridable bool pfn_valid(unsigned long pfn)
{
	const struct vmsim_machine *m = vmsim_this_machine();

	return pfn < m->nr_frames && vmsim_section_is_valid(m, pfn);
}

__vmsim_overridable unsigned long vmsim_zero_pfn(void)
{
	return vmsim_this_machine()->zero_pfn;
}

static unsigned long nr_sections(const struct vmsim_machine *m)
{
	return DIV_ROUND_UP(m->nr_frames, VMSIM_SECTION_FRAMES);
}

static void section_mark(struct vmsim_machine *m, unsigned long section, bool valid)
{
	unsigned long *word = &m->section_valid[section / BITS_PER_LONG];
	unsigned long bit = BIT(section % BITS_PER_LONG);

	__WRITE_ONCE(*word, valid ? *word | bit : *word & ~bit);
}

static int section_protect(struct vmsim_machine *m, unsigned long section, int prot)
{
	char *cells = (char *)m->memmap + section * SECTION_CELLS;

	return mprotect(cells, SECTION_CELLS, prot) ? -errno : 0;
}

static unsigned long section_end(const struct vmsim_machine *m, unsigned long section)
{
	return min((section + 1) * VMSIM_SECTION_FRAMES, m->nr_frames);
}

static void sections_init(struct vmsim_machine *m)
{
	unsigned long sections = nr_sections(m);

	memset(m->section_valid, 0xff, sections / BITS_PER_LONG * sizeof(long));
	for (unsigned long section = round_down(sections, BITS_PER_LONG); section < sections;
	     section++)
		section_mark(m, section, true);
}

static int hole_make(struct vmsim_machine *m, const struct vmsim_range *hole)
{
	unsigned long first = hole->start / VMSIM_SECTION_FRAMES;
	unsigned long last = DIV_ROUND_UP(hole->end, VMSIM_SECTION_FRAMES);
	int err = 0;

	if (hole->start >= hole->end || hole->end > m->nr_frames ||
	    hole->start % VMSIM_SECTION_FRAMES)
		return -EINVAL;
	for (unsigned long section = first; section < last && !err; section++) {
		section_mark(m, section, false);
		err = section_protect(m, section, PROT_NONE);
	}
	return err;
}

static unsigned long count_frames(const struct vmsim_machine *m)
{
	unsigned long sections = nr_sections(m);
	unsigned long frames = 0;

	for (unsigned long i = 0; i < DIV_ROUND_UP(sections, BITS_PER_LONG); i++)
		frames += (unsigned long)__builtin_popcountl(m->section_valid[i]);
	frames *= VMSIM_SECTION_FRAMES;
	if (vmsim_section_is_valid(m, m->nr_frames - 1))
		frames -= sections * VMSIM_SECTION_FRAMES - m->nr_frames;
	return frames;
}

/* A frame that is allocated from the beginning and never freed. */
static void frame_reserve(struct vmsim_machine *m, unsigned long pfn)
{
	struct page *page = m->memmap + pfn;

	page->flags = BIT(PG_reserved);
	page->_mapcount.counter = -1;
	page->_refcount.counter = 1;
	page->vmsim_gen = 1;
	m->zone.nr_free_pages--;
	m->frames_used = pfn + 1;
}

/* Frame 0 is nobody's, so that a zero in a page table never names memory. */
static int frames_reserve(struct vmsim_machine *m)
{
	unsigned long pfn = 0;

	if (vmsim_section_is_valid(m, 0))
		frame_reserve(m, pfn++);
	while (pfn < m->nr_frames && !vmsim_section_is_valid(m, pfn))
		pfn += VMSIM_SECTION_FRAMES;
	if (pfn >= m->nr_frames)
		return -EINVAL;
	frame_reserve(m, pfn);
	m->zero_pfn = pfn;
	return 0;
}

/**
 * vmsim_memmap_init() - makes a machine's frames available
 * @machine: its memmap, section map and frames are mapped, and zero
 *
 * Touches one bit per section, and the cells of the reserved frames: what a machine costs does
 * not depend on its size before its frames are used.
 *
 * Return: 0; -EINVAL: a hole is not made of sections, or there is no frame outside the holes;
 * -errno of mprotect().
 */
int vmsim_memmap_init(struct vmsim_machine *machine)
{
	sections_init(machine);
	for (unsigned int i = 0; i < machine->config.holes; i++) {
		int err = hole_make(machine, &machine->config.hole[i]);

		if (err)
			return err;
	}
	vmsim_buddy_init(machine);
	machine->zone.nr_free_pages = count_frames(machine);
	machine->frames_used = 0;
	return frames_reserve(machine);
}

/*
 * Sections come and go natively only: the explorer's copies of a world do not know about the
 * protection of host memory. A hole that the configuration made is fine there.
 */
static int section_check(struct vmsim_machine *m, u64 section, bool valid)
{
	if (!m)
		return -EBADF;
	if (vmsim_exploring(m))
		return -EOPNOTSUPP;
	if (section >= nr_sections(m))
		return -EINVAL;
	if (vmsim_this_machine() != m)
		return -ESRCH;
	return vmsim_section_is_valid(m, section * VMSIM_SECTION_FRAMES) == valid ? 0 : -EALREADY;
}

static int section_remove(struct vmsim_machine *m, unsigned long section)
{
	int err;

	vmsim_pcp_drain_all(m);
	spin_lock(&m->zone.lock);
	err = vmsim_buddy_take_section(m, section * VMSIM_SECTION_FRAMES, section_end(m, section));
	if (!err)
		section_mark(m, section, false);
	spin_unlock(&m->zone.lock);
	if (err)
		return err;
	/*
	 * Whoever found a frame by its number in a read section may still look at the cell (R33).
	 */
	synchronize_rcu();
	return section_protect(m, section, PROT_NONE);
}

static int section_add(struct vmsim_machine *m, unsigned long section)
{
	int err = section_protect(m, section, PROT_READ | PROT_WRITE);

	if (err)
		return err;
	spin_lock(&m->zone.lock);
	section_mark(m, section, true);
	vmsim_buddy_give_section(m, section * VMSIM_SECTION_FRAMES, section_end(m, section));
	spin_unlock(&m->zone.lock);
	return 0;
}

/**
 * vmsim_section_remove() - takes the memory of a section out of the machine (F20)
 * @machine: the machine of the calling thread
 * @section: number of the section; its frames are all free
 *
 * Return: 0; -EBADF; -EINVAL: no such section; -EALREADY: it has no memory; -EBUSY: a frame is in
 * use; -ESRCH: the caller is not attached; -EOPNOTSUPP: an explore machine.
 */
VMSIM_API int vmsim_section_remove(struct vmsim_machine *machine, uint64_t section)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	int err = section_check(m, section, true);

	if (err)
		return err;
	vmsim_enter();
	err = section_remove(m, section);
	vmsim_leave();
	return err;
}

/**
 * vmsim_section_add() - brings the memory of a section back, or fills a hole
 * @machine: the machine of the calling thread
 * @section: number of the section
 *
 * Return: as vmsim_section_remove(); -EALREADY: it has memory.
 */
VMSIM_API int vmsim_section_add(struct vmsim_machine *machine, uint64_t section)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	int err = section_check(m, section, false);

	if (err)
		return err;
	vmsim_enter();
	err = section_add(m, section);
	vmsim_leave();
	return err;
}
