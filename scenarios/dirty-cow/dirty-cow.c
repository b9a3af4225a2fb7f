// SPDX-License-Identifier: GPL-2.0-only
#include "../entry.h"
#include <errno.h>
#include <linux/pagemap.h>

/*
 * M01, Dirty COW: Debugger writes to a private mapping of a file that may only be read. That takes
 * a copy, which get_user_pages() makes by a fault and then looks for. Dropper takes the copy away
 * in between. If the second look asks for less than the first, it is content with the page of the
 * file, and the write goes to everybody.
 *
 * CVE-2016-5195; 19be0eaffa3a in Linux 4.9.
 *
 * M06: from then on the retry took a dirty entry for the sign of a copy. Userfaultfd's CONTINUE
 * maps a page of the file, of shared memory there, read-only and dirty. CVE-2022-2590; 5535be309971
 * in Linux 6.0 asks for an exclusive anonymous page instead.
 */

#define ORIGINAL 0x0f
#define WRITTEN 0xbad

struct dirty_cow {
	bool continued;
	int file;
};

static int setup(struct vmsim_world *world)
{
	struct dirty_cow *ctx = world->ctx;
	uint64_t page[512] = { ORIGINAL };
	uint64_t seen = 0;

	ctx->file = vmsim_file_create(world->machine, "passwd", PAGE_BYTES);
	if (ctx->file < 0)
		return ctx->file;
	if (vmsim_file_write(ctx->file, 0, page, PAGE_BYTES) != (ssize_t)PAGE_BYTES)
		return -1;
	if (corpus_map(AREA, 1, PROT_READ, MAP_PRIVATE | MAP_FIXED, ctx->file))
		return -1;
	return corpus_load(AREA, &seen) ? 0 : -1;
}

static int debugger(struct vmsim_world *world)
{
	uint64_t word = WRITTEN;

	(void)world;
	/* What stops it is only ever that there is no memory for the copy. */
	return vmsim_ptrace_write(1, AREA, &word, sizeof(word)) == sizeof(word) ? 0 : -ENOMEM;
}

/* The file's page at @at, where nothing is mapped; its reference is the mapping's. */
static void map_dirty(const struct entry *at, struct folio *folio)
{
	struct vm_area_struct *vma = at->vma;

	folio_get(folio);
	folio_add_file_rmap_pte(folio, &folio->page, vma);
	inc_mm_counter(vma->vm_mm, mm_counter_file(folio));
	set_pte_at(vma->vm_mm, AREA, at->ptep,
		   pte_mkdirty(mk_pte(&folio->page, vma->vm_page_prot)));
}

/* What UFFDIO_CONTINUE does in a private mapping. */
static void map_continued(void)
{
	struct vm_area_struct *vma = area_vma();
	struct folio *folio = filemap_get_folio(vma->vm_file->f_mapping, vma->vm_pgoff);
	struct entry at;

	mmap_read_lock(vma->vm_mm);
	folio_lock(folio);
	at = lock_entry(vma);
	if (pte_none(ptep_get(at.ptep)))
		map_dirty(&at, folio);
	unlock_entry(&at);
	folio_unlock(folio);
	folio_put(folio);
	mmap_read_unlock(vma->vm_mm);
}

static int dropper(struct vmsim_world *world)
{
	const struct dirty_cow *ctx = world->ctx;
	int err = vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);

	if (!err && ctx->continued)
		map_continued();
	return err;
}

static int check(struct vmsim_world *world)
{
	const struct dirty_cow *ctx = world->ctx;
	uint64_t page[512] = { 0 };

	if (vmsim_file_read(ctx->file, 0, page, PAGE_BYTES) != (ssize_t)PAGE_BYTES)
		return -1;
	if (page[0] != ORIGINAL)
		vmsim_fail("a file that may only be read holds %#llx",
			   (unsigned long long)page[0]);
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Debugger", .cpu = 0, .fn = debugger },
	{ .name = "Dropper", .cpu = 1, .fn = dropper },
};

/* Debugger has made the copy. */
static const char script[] =
	"Debugger until map-add;"
	"Debugger until ptl-released;"
	"Dropper;"
	"Debugger";

static const struct dirty_cow continued = { .continued = true };

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true,
	  .source = "mm/gup.c of Linux 6.12: an exclusive anonymous page, at each look" },
	{ .name = "linux-4.8", .source = "before 19be0eaffa3a: the retry is a read" },
	{ .name = "linux-4.9", .source = "19be0eaffa3a: FOLL_COW, and a dirty entry" },
	{ .name = "linux-5.19", .ctx_init = &continued,
	  .source = "before 5535be309971: the same, and userfaultfd maps dirty entries" },
	{ .name = "linux-6.12-continue", .builtin = true, .ctx_init = &continued,
	  .source = "mm/gup.c of Linux 6.12, and userfaultfd maps dirty entries" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Debugger makes another copy",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "linux-4.8", VMSIM_ALL_TLBS, "CHECK", "Debugger takes the page of the file",
	  .depth = 1 },
	{ "linux-4.9", VMSIM_ALL_TLBS, NULL, "the entry of the file's page is not dirty",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "linux-5.19", VMSIM_ALL_TLBS, "CHECK", "the entry of the file's page is dirty",
	  .depth = 1 },
	{ "linux-6.12-continue", VMSIM_ALL_TLBS, NULL, "the file's page is not anonymous",
	  .exhausts = VMSIM_ALL_TLBS },
};

extern const struct vmsim_scenario scenario_dirty_cow;

const struct vmsim_scenario scenario_dirty_cow = {
	.name = "dirty-cow",
	.summary = "a debugger's write reaches a file that may only be read",
	.seeds = "M01 M06",
	.tags = "gup cow zap file",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct dirty_cow),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
