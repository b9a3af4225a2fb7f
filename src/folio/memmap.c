// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <asm/page.h>
#include <linux/memblock.h>
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
	const u8 *state;

	if (pfn >= m->nr_frames)
		return false;
	state = &m->section[pfn / VMSIM_SECTION_FRAMES];
	/* The first section has frames that are reserved, and stays: that is no news to anybody. */
	return (pfn < VMSIM_SECTION_FRAMES ? __READ_ONCE(*state) : READ_ONCE(*state)) <
	       VMSIM_SECTION_INVALID;
}

__vmsim_overridable unsigned long vmsim_zero_pfn(void)
{
	return vmsim_this_machine()->zero_pfn;
}

static unsigned long nr_sections(const struct vmsim_machine *m)
{
	return DIV_ROUND_UP(m->nr_frames, VMSIM_SECTION_FRAMES);
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

/* How many frames it takes away; -errno. Holes may overlap. */
static long hole_make_section(struct vmsim_machine *m, unsigned long section)
{
	int err;

	if (m->section[section] == VMSIM_SECTION_GONE)
		return 0;
	m->section[section] = VMSIM_SECTION_GONE;
	err = section_protect(m, section, PROT_NONE);
	return err ? err : (long)(section_end(m, section) - section * VMSIM_SECTION_FRAMES);
}

static int hole_make(struct vmsim_machine *m, const struct vmsim_range *hole)
{
	unsigned long first = hole->start / VMSIM_SECTION_FRAMES;
	unsigned long last = DIV_ROUND_UP(hole->end, VMSIM_SECTION_FRAMES);

	if (hole->start >= hole->end || hole->end > m->nr_frames ||
	    hole->start % VMSIM_SECTION_FRAMES)
		return -EINVAL;
	for (unsigned long section = first; section < last; section++) {
		long frames = hole_make_section(m, section);

		if (frames < 0)
			return (int)frames;
		m->zone.nr_free_pages -= (unsigned long)frames;
	}
	return 0;
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
 * Touches the cells of the reserved frames, and the states of sections that are holes: what a
 * machine costs does not depend on its size before its frames are used.
 *
 * Return: 0; -EINVAL: a hole is not made of sections, or there is no frame outside the holes;
 * -errno of mprotect().
 */
int vmsim_memmap_init(struct vmsim_machine *machine)
{
	vmsim_buddy_init(machine);
	machine->zone.nr_free_pages = machine->nr_frames;
	for (unsigned int i = 0; i < machine->config.holes; i++) {
		int err = hole_make(machine, &machine->config.hole[i]);

		if (err)
			return err;
	}
	machine->frames_used = 0;
	return frames_reserve(machine);
}

/**
 * vmsim_next_mem_range() - the next piece of memory without a hole
 * @at: where to look from; on return, behind it
 * @start, @end: its first address, and the one behind the last
 *
 * Return: whether there is one. For for_each_mem_range().
 */
bool vmsim_next_mem_range(u64 *at, phys_addr_t *start, phys_addr_t *end)
{
	const struct vmsim_machine *m = vmsim_this_machine();
	unsigned long section = DIV_ROUND_UP(*at >> PAGE_SHIFT, VMSIM_SECTION_FRAMES);
	unsigned long sections = DIV_ROUND_UP(m->nr_frames, VMSIM_SECTION_FRAMES), first;

	while (section < sections && !vmsim_section_is_valid(m, section * VMSIM_SECTION_FRAMES))
		section++;
	for (first = section; section < sections; section++)
		if (!vmsim_section_is_valid(m, section * VMSIM_SECTION_FRAMES))
			break;
	*start = (phys_addr_t)first * VMSIM_SECTION_FRAMES << PAGE_SHIFT;
	*end = (phys_addr_t)min(section * VMSIM_SECTION_FRAMES, m->nr_frames) << PAGE_SHIFT;
	*at = *end;
	return first < sections;
}

/* Nobody but who changes a section writes its state; everybody may look at it. */
static void section_set(struct vmsim_machine *m, unsigned long pfn, enum vmsim_section_state state)
{
	WRITE_ONCE(m->section[pfn / VMSIM_SECTION_FRAMES], (u8)state);
}

/*
 * In explore mode the host's memory stays: its protection is nothing that the explorer could bring
 * back. The cells are cleared, which each word is told of, and who accesses one later breaks O13.
 * What counts a frame's lives goes on.
 */
static void cell_clear(struct page *page)
{
	u32 *word = (u32 *)page;

	for (unsigned int i = 0; i < sizeof(*page) / sizeof(*word); i++)
		if (i != offsetof(struct page, vmsim_gen) / sizeof(*word))
			WRITE_ONCE(word[i], 0);
}

static void cells_clear(struct vmsim_machine *m, unsigned long start, unsigned long end)
{
	current->atomic_step++;
	for (unsigned long pfn = start; pfn < min(end, m->frames_used); pfn++)
		cell_clear(pfn_to_page(pfn));
	section_set(m, start, VMSIM_SECTION_GONE);
	current->atomic_step--;
}

/**
 * depopulate_section_memmap() - frees the cells of a section
 * @pfn: its first frame
 * @nr_pages: number of its frames
 * @altmap: NULL: cells lie in no device's memory
 *
 * Whoever still has the number of one of its frames must not look at the cell any more (R33).
 *
 * Source: mm/sparse.c, Linux 6.12.
 */
__vmsim_overridable void depopulate_section_memmap(unsigned long pfn, unsigned long nr_pages,
						   struct vmem_altmap *altmap)
{
	struct vmsim_machine *m = vmsim_this_machine();

	VM_BUG_ON(altmap);
	if (vmsim_exploring(m)) {
		cells_clear(m, pfn, pfn + nr_pages);
		return;
	}
	section_set(m, pfn, VMSIM_SECTION_GONE);
	WARN_ON(section_protect(m, pfn / VMSIM_SECTION_FRAMES, PROT_NONE));
}

/**
 * clear_subsection_map() - pfn_valid() is no longer true of a section's frames
 * @pfn: its first frame
 * @nr_pages: number of its frames
 *
 * Source: mm/sparse.c, Linux 6.12.
 * Return: 0; -EINVAL: it was not true before.
 */
__vmsim_overridable int clear_subsection_map(unsigned long pfn, unsigned long nr_pages)
{
	struct vmsim_machine *m = vmsim_this_machine();

	(void)nr_pages;
	if (WARN_ON(!vmsim_section_is_valid(m, pfn)))
		return -EINVAL;
	section_set(m, pfn, VMSIM_SECTION_INVALID);
	return 0;
}

/**
 * section_deactivate() - takes the memmap of a section away that nobody uses
 * @pfn: its first frame
 * @nr_pages: number of its frames
 * @altmap: NULL
 *
 * Waits twice (R33, E12). Before pfn_valid() says no: for those who found a number in an entry that
 * has gone since, and count on its being valid, as GUP-fast does. Before the cells go: for those
 * who had asked pfn_valid(). Linux 6.12 waits neither time.
 *
 * Context: may sleep.
 * Source: mm/sparse.c, Linux 6.12, but for the waiting.
 */
__vmsim_overridable void section_deactivate(unsigned long pfn, unsigned long nr_pages,
					    struct vmem_altmap *altmap)
{
	synchronize_rcu();
	if (clear_subsection_map(pfn, nr_pages))
		return;
	synchronize_rcu();
	depopulate_section_memmap(pfn, nr_pages, altmap);
}

/* Holes of the configuration have no memory of the host's. Natively they may get some. */
static bool is_fixed_hole(const struct vmsim_machine *m, unsigned long section)
{
	return vmsim_exploring(m) && vmsim_in_hole(m, section * VMSIM_SECTION_FRAMES);
}

static int section_check(struct vmsim_machine *m, u64 section)
{
	if (!m)
		return -EBADF;
	if (section >= nr_sections(m))
		return -EINVAL;
	return vmsim_this_machine() == m ? 0 : -ESRCH;
}

/* What comes of it depends on which frames are free, and the next allocation on what came of it. */
static void tell_of_frames(struct vmsim_machine *m)
{
	vmsim_event(ATOMIC, (uintptr_t)&m->zone.nr_free_pages, 0, 0);
	(void)m;
}

/* Under zone->lock: takes the frames of the section out of the allocator. */
static int section_isolate(struct vmsim_machine *m, unsigned long pfn, unsigned long end)
{
	int err;

	if (vmsim_section_state(m, pfn) == VMSIM_SECTION_GONE)
		return -EALREADY;
	if (vmsim_section_state(m, pfn) != VMSIM_SECTION_ONLINE)
		return -EBUSY;
	err = vmsim_buddy_take_section(m, pfn, end);
	if (!err)
		section_set(m, pfn, VMSIM_SECTION_UNUSED);
	return err;
}

static int section_remove(struct vmsim_machine *m, unsigned long section)
{
	unsigned long pfn = section * VMSIM_SECTION_FRAMES, end = section_end(m, section);
	int err;

	vmsim_pcp_drain_all(m);
	vmsim_zone_lock(m);
	tell_of_frames(m);
	err = section_isolate(m, pfn, end);
	vmsim_zone_unlock(m);
	if (!err)
		section_deactivate(pfn, end - pfn, NULL);
	return err;
}

static int section_add(struct vmsim_machine *m, unsigned long section)
{
	unsigned long pfn = section * VMSIM_SECTION_FRAMES;
	int err = 0;

	if (is_fixed_hole(m, section))
		return -EOPNOTSUPP;
	vmsim_zone_lock(m);
	tell_of_frames(m);
	if (vmsim_section_state(m, pfn) != VMSIM_SECTION_GONE)
		err = vmsim_section_is_valid(m, pfn) ? -EALREADY : -EBUSY;
	else if (!vmsim_exploring(m))
		err = section_protect(m, section, PROT_READ | PROT_WRITE);
	if (!err) {
		section_set(m, pfn, VMSIM_SECTION_ONLINE);
		vmsim_buddy_give_section(m, pfn, section_end(m, section));
	}
	vmsim_zone_unlock(m);
	return err;
}

/**
 * vmsim_section_remove() - takes the memory of a section out of the machine (F20)
 * @machine: the machine of the calling thread
 * @section: number of the section; its frames are all free
 *
 * Return: 0; -EBADF; -EINVAL: no such section; -EALREADY: it has no memory; -EBUSY: a frame is in
 * use, or the section is being removed; -ESRCH: the caller is not attached.
 */
VMSIM_API int vmsim_section_remove(struct vmsim_machine *machine, uint64_t section)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	int err = section_check(m, section);

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
 * Return: as vmsim_section_remove(); -EALREADY: it has memory; -EOPNOTSUPP: a hole that an explore
 * machine was made with.
 */
VMSIM_API int vmsim_section_add(struct vmsim_machine *machine, uint64_t section)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	int err = section_check(m, section);

	if (err)
		return err;
	vmsim_enter();
	err = section_add(m, section);
	vmsim_leave();
	return err;
}
