// SPDX-License-Identifier: GPL-2.0-only
#include "corpus.h"
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/rmap.h>
#include <linux/sched.h>

/*
 * Kernel code that walks page tables and reverse maps while they are taken down.
 */

struct walk {
	struct mm_struct *mm;
	struct address_space *mapping;
	struct folio *folio;
	int file, closed;
	uint64_t last_stored;
};

static pmd_t *find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(pgdp_get(pgd)))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(p4dp_get(p4d)))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(pudp_get(pud)))
		return NULL;
	return pmd_offset(pud, addr);
}

static int map_and_touch(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;

	ctx->mm = current->mm;
	return corpus_page(AREA, 1);
}

/*
 * table-walk: Walker goes down the tables as GUP-fast does: no lock, interrupts off. The table that
 * it stands in stays one.
 */
static int walker(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	pmd_t *pmd, pmdval;

	local_irq_disable();
	pmd = find_pmd(ctx->mm, AREA);
	pmdval = pmd ? pmdp_get_lockless(pmd) : __pmd(0);
	if (!pmd_none(pmdval)) {
		vmsim_point("in-table");
		if (READ_ONCE(pmd_page(pmdval)->page_type) != PG_TYPE(PGTY_table))
			vmsim_fail("the table was freed under a walker with interrupts off");
	}
	local_irq_enable();
	return 0;
}

static int unmapper(struct vmsim_world *world)
{
	(void)world;
	return vmsim_munmap(AREA, PAGE_BYTES);
}

static int poor_unmapper(struct vmsim_world *world)
{
	int err = vmsim_fail_pages(world->machine, 1, 1000);

	return err ? err : vmsim_munmap(AREA, PAGE_BYTES);
}

static const struct vmsim_thread_def table_walk_threads[] = {
	{ .name = "Walker", .cpu = 1, .fn = walker, .process = 1 },
	{ .name = "Unmapper", .cpu = 0, .fn = unmapper },
};

CORPUS_VERDICTS(table_walk, NULL, "no other CPU has an entry");

const struct vmsim_scenario scenario_table_walk = {
	CORPUS_WORLD(table_walk),
	.name = "table-walk",
	.summary = "tables are freed while a walker without locks is in them",
	.seeds = "E04",
	.tags = "corpus tables gup rcu",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct walk),
	.processes = 2,
	.setup = map_and_touch,
	.script = "Walker; Unmapper",
};

static const struct vmsim_thread_def table_walk_poor_threads[] = {
	{ .name = "Walker", .cpu = 1, .fn = walker, .process = 1 },
	{ .name = "Unmapper", .cpu = 0, .fn = poor_unmapper },
};

CORPUS_VERDICTS(table_walk_poor, NULL, "no other CPU has an entry");

const struct vmsim_scenario scenario_table_walk_poor = {
	CORPUS_WORLD(table_walk_poor),
	.name = "table-walk-poor",
	.summary = "the same without memory for a batch of tables",
	.seeds = "E04",
	.tags = "corpus tables gup ipi",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct walk),
	.processes = 2,
	.setup = map_and_touch,
	.script = "Walker; Unmapper",
};

/*
 * anon-walk: Asker asks whether an anonymous page was used, which leads over the reverse map, while
 * its last mapping goes, and the reverse map with it.
 */
static int keep_folio(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	int err = map_and_touch(world);
	spinlock_t *ptl;
	pte_t *pte;

	if (err)
		return err;
	pte = pte_offset_map_lock(ctx->mm, find_pmd(ctx->mm, AREA), AREA, &ptl);
	if (!pte)
		return -1;
	ctx->folio = page_folio(pte_page(ptep_get(pte)));
	folio_get(ctx->folio);
	pte_unmap_unlock(pte, ptl);
	return 0;
}

static int asker(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	unsigned long vm_flags;

	folio_referenced(ctx->folio, 0, NULL, &vm_flags);
	folio_referenced(ctx->folio, 0, NULL, &vm_flags);
	folio_put(ctx->folio);
	return 0;
}

/* What is freed may be used again at once. */
static int unmap_and_map(struct vmsim_world *world)
{
	(void)world;
	return vmsim_munmap(AREA, PAGE_BYTES) ?: corpus_page(AREA, 2);
}

static const struct vmsim_thread_def anon_walk_threads[] = {
	{ .name = "Asker", .cpu = 0, .fn = asker, .process = 1 },
	{ .name = "Unmapper", .cpu = 1, .fn = unmap_and_map },
};

CORPUS_VERDICTS(anon_walk, NULL, "no other CPU has an entry");

const struct vmsim_scenario scenario_anon_walk = {
	CORPUS_WORLD(anon_walk),
	.name = "anon-walk",
	.summary = "a reverse map is asked while its last mapping goes",
	.seeds = "E55",
	.tags = "corpus rmap anon rcu",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct walk),
	.processes = 2,
	.setup = keep_folio,
	.script = "Asker; Unmapper",
};

/*
 * reclaim-write: Reclaimer unmaps a page of a file with the flush put off, writes it back and frees
 * it. Where the memory is protected or unmapped meanwhile, Writer's stores fault after that.
 */
static int map_file(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	int err;

	ctx->mm = current->mm;
	ctx->file = vmsim_file_create(world->machine, "data", 2 * PAGE_BYTES);
	if (ctx->file < 0)
		return ctx->file;
	/* Two pages, so that the tables stay when the first one is unmapped. */
	err = corpus_map(AREA, 2, RW, SHARED, ctx->file);
	if (err)
		return err;
	mmap_read_lock(ctx->mm);
	ctx->mapping = find_vma(ctx->mm, AREA)->vm_file->f_mapping;
	mmap_read_unlock(ctx->mm);
	return 0;
}

static int writer(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;

	for (uint64_t value = 1; value <= 2; value++) {
		int closed = ask(&ctx->closed);

		if (!corpus_store(AREA, value))
			continue;
		tell(&ctx->last_stored, value);
		if (closed)
			vmsim_fail("a store into protected or unmapped memory does not fault");
	}
	return 0;
}

/* As shrink_folio_list(): what may still be written is flushed before the folio lock is dropped. */
static void unmap_and_write(struct address_space *mapping, struct folio *folio)
{
	folio_lock(folio);
	if (folio->mapping == mapping) {
		try_to_unmap(folio, TTU_BATCH_FLUSH);
		try_to_unmap_flush_dirty();
	}
	folio_unlock(folio);
	filemap_write_and_wait_range(mapping, 0, PAGE_BYTES - 1);
}

static void unmap_and_free(struct address_space *mapping, struct folio *folio)
{
	folio_lock(folio);
	if (folio->mapping == mapping) {
		try_to_unmap(folio, TTU_BATCH_FLUSH);
		try_to_unmap_flush_dirty();
		mapping_evict_folio(mapping, folio);
	}
	try_to_unmap_flush();
	folio_unlock(folio);
}

static int reclaimer(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	struct folio *folio = filemap_get_folio(ctx->mapping, 0);

	if (IS_ERR(folio))
		return 0;
	unmap_and_write(ctx->mapping, folio);
	unmap_and_free(ctx->mapping, folio);
	folio_put(folio);
	return 0;
}

static int protector(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	int err = vmsim_mprotect(AREA, PAGE_BYTES, PROT_READ);

	if (!err)
		tell(&ctx->closed, 1);
	return err;
}

static int closer(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	int err = vmsim_munmap(AREA, PAGE_BYTES);

	if (!err)
		tell(&ctx->closed, 1);
	return err;
}

static int last_is_stored(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	int err = vmsim_file_sync(ctx->file, 0, PAGE_BYTES);

	return err ? err : corpus_is_stored(ctx->file, 0, ctx->last_stored);
}

static const struct vmsim_thread_def reclaim_write_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Reclaimer", .cpu = 1, .fn = reclaimer, .process = 1 },
};

CORPUS_VERDICTS(reclaim_write, "O1|O2", "the frame is freed while Writer has it");

const struct vmsim_scenario scenario_reclaim_write = {
	CORPUS_WORLD(reclaim_write),
	.name = "reclaim-write",
	.summary = "a page is unmapped with its flush put off, and stored to",
	.seeds = "E39",
	.tags = "corpus reclaim file rmap tlb writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct walk),
	.processes = 2,
	.setup = map_file,
	.check = last_is_stored,
	.script = "Writer until store; Reclaimer; Writer",
};

/* reclaim: the same, and the memory is protected meanwhile. */
static const struct vmsim_thread_def reclaim_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Reclaimer", .cpu = 1, .fn = reclaimer, .process = 1 },
	{ .name = "Protector", .cpu = 2, .fn = protector },
};

CORPUS_VERDICTS(reclaim, "O1|O2", "the frame is freed while Writer has it");

const struct vmsim_scenario scenario_reclaim = {
	CORPUS_WORLD(reclaim),
	.name = "reclaim",
	.summary = "a page is unmapped with its flush put off, and written back",
	.seeds = "E39",
	.tags = "corpus reclaim file rmap tlb writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct walk),
	.processes = 2,
	.setup = map_file,
	.check = last_is_stored,
	.script = "Writer until store; Reclaimer; Writer; Protector",
};

/* reclaim-unmap: the same, and the memory is unmapped meanwhile. */
static const struct vmsim_thread_def reclaim_unmap_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Reclaimer", .cpu = 1, .fn = reclaimer, .process = 1 },
	{ .name = "Unmapper", .cpu = 2, .fn = closer },
};

CORPUS_VERDICTS(reclaim_unmap, "O1|O2", "the frame is freed while Writer has it");

const struct vmsim_scenario scenario_reclaim_unmap = {
	CORPUS_WORLD(reclaim_unmap),
	.name = "reclaim-unmap",
	.summary = "a page is unmapped by reclaim and by munmap()",
	.seeds = "E39",
	.tags = "corpus reclaim file rmap tlb zap",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct walk),
	.processes = 2,
	.setup = map_file,
	.check = last_is_stored,
	.script = "Writer until store; Reclaimer; Writer; Unmapper",
};

/*
 * truncate: the file shrinks to nothing while Writer faults on its page, stores to it and writes it
 * back. When that is done, accesses fault.
 */
static void unmap_and_remove(struct address_space *mapping, struct folio *folio)
{
	folio_lock(folio);
	if (folio->mapping == mapping) {
		folio_wait_writeback(folio);
		try_to_unmap(folio, TTU_SYNC);
		folio_detach_private(folio);
		filemap_remove_folio(folio);
	}
	folio_unlock(folio);
}

static int truncater(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	struct folio *folio;

	smp_store_release(&ctx->mapping->host->i_size, 0);
	vmsim_point("shrunk");
	folio = filemap_get_folio(ctx->mapping, 0);
	if (!IS_ERR(folio)) {
		unmap_and_remove(ctx->mapping, folio);
		folio_put(folio);
	}
	tell(&ctx->closed, 1);
	return 0;
}

static int sync_writer(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	int err = writer(world);

	return err ? err : vmsim_file_sync(ctx->file, 0, PAGE_BYTES);
}

static int truncate_reader(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	int closed = ask(&ctx->closed);
	uint64_t seen;

	if (corpus_load(AREA, &seen) && closed)
		vmsim_fail("a load beyond the end of the file does not fault");
	return 0;
}

static const struct vmsim_thread_def truncate_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = sync_writer },
	{ .name = "Truncater", .cpu = 1, .fn = truncater, .process = 1 },
	{ .name = "Reader", .cpu = 2, .fn = truncate_reader },
};

CORPUS_VERDICTS(truncate, "O6", "Writer keeps the page that left the file");

const struct vmsim_scenario scenario_truncate = {
	CORPUS_WORLD(truncate),
	.name = "truncate",
	.summary = "a file shrinks while its page is faulted in and written back",
	.seeds = "",
	.tags = "corpus fault file pagecache truncate",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct walk),
	.processes = 2,
	.setup = map_file,
	.script = "Writer until store; Truncater; Writer; Reader",
};

/* punch: the page leaves the file, which keeps its size; the next access finds another one. */
static int puncher(struct vmsim_world *world)
{
	struct walk *ctx = world->ctx;
	struct folio *folio = filemap_get_folio(ctx->mapping, 0);

	if (IS_ERR(folio))
		return 0;
	unmap_and_remove(ctx->mapping, folio);
	folio_put(folio);
	return 0;
}

static const struct vmsim_thread_def punch_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = sync_writer },
	{ .name = "Puncher", .cpu = 1, .fn = puncher, .process = 1 },
	{ .name = "Reader", .cpu = 2, .fn = truncate_reader },
};

CORPUS_VERDICTS(punch, "O6", "Writer keeps the page that left the file");

const struct vmsim_scenario scenario_punch = {
	CORPUS_WORLD(punch),
	.name = "punch",
	.summary = "a page leaves its file while it is faulted in and written back",
	.seeds = "",
	.tags = "corpus fault file pagecache truncate",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct walk),
	.processes = 2,
	.setup = map_file,
	.script = "Writer until store; Puncher; Writer; Reader",
};
