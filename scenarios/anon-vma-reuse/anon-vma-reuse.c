// SPDX-License-Identifier: GPL-2.0-only
#include "../corpus/corpus.h"

/*
 * R8, R20: two mappings of a child take over one anon_vma of their ancestors, although they are in
 * different others. When they become one, the pages of one of them are in none of the anon_vmas that
 * the other one is in; when the parent is gone, their own is freed.
 *
 * Found by Jann Horn in 2022; CVE-2022-42703, fixed in Linux 6.0 by 2555283eb40d.
 */

#define LOW AREA
#define HIGH (AREA + PAGE_BYTES)
#define FIRST 1

struct anon_vma_reuse {
	int parent;
};

/* The caller goes on as its own child. */
static int fork_and_become(const char *name)
{
	int pid = vmsim_fork(name), err = pid < 0 ? pid : vmsim_become(pid);

	return err ? err : pid;
}

static int split(void)
{
	return vmsim_mprotect(HIGH, PAGE_BYTES, PROT_READ);
}

/* Each mapping gets a page of its own. */
static int write_both(void)
{
	int err = vmsim_mprotect(HIGH, PAGE_BYTES, RW);

	if (!err)
		err = vmsim_store(LOW, 8, 10);
	if (!err)
		err = vmsim_store(HIGH, 8, 11);
	return err ? err : split();
}

/* The anon_vma that both will take over is one of heir and parent, and nobody's own. */
static int make_family(struct vmsim_machine *machine, int child)
{
	int grandchild = fork_and_become("grandchild"), heir, parent, err;

	if (grandchild < 0)
		return grandchild;
	err = vmsim_process_destroy(machine, child);
	heir = err ? err : vmsim_fork("heir");
	if (heir < 0)
		return heir;
	/* As long as its mappings are two they count twice. */
	err = split();
	if (!err)
		err = vmsim_become(heir);
	if (!err)
		err = split();
	parent = err ? err : fork_and_become("parent");
	if (parent < 0)
		return parent;
	err = write_both();
	if (!err)
		err = vmsim_process_destroy(machine, grandchild);
	return err ? err : parent;
}

/* Of no use but for its flush, which may be lost: nobody has anything to flush. */
static int fork_for_nothing(struct vmsim_machine *machine)
{
	int pid = vmsim_fork("nothing");

	return pid < 0 ? pid : vmsim_process_destroy(machine, pid);
}

static int setup(struct vmsim_world *world)
{
	struct anon_vma_reuse *ctx = world->ctx;
	int err = fork_for_nothing(world->machine), child;

	if (!err)
		err = corpus_map(LOW, 2, RW, ANON, VMSIM_NO_FILE);
	if (!err)
		err = vmsim_store(LOW, 8, 1);
	if (!err)
		err = vmsim_store(HIGH, 8, 2);
	child = err ? err : fork_and_become("child");
	ctx->parent = child < 0 ? child : make_family(world->machine, child);
	return ctx->parent < 0 ? ctx->parent : vmsim_become(FIRST);
}

/* Becomes a child of the parent, whose mappings may become one; the parent goes. */
static int orphan(struct vmsim_world *world)
{
	struct anon_vma_reuse *ctx = world->ctx;
	int err = vmsim_become(ctx->parent), pid;
	uint64_t low, high;

	pid = err ? err : fork_and_become("orphan");
	if (pid < 0)
		return pid;
	err = vmsim_mprotect(HIGH, PAGE_BYTES, RW);
	if (!err)
		err = vmsim_process_destroy(world->machine, ctx->parent);
	if (!err)
		err = vmsim_load(LOW, 8, &low);
	if (!err)
		err = vmsim_load(HIGH, 8, &high);
	if (!err && (low != 10 || high != 11))
		vmsim_fail("expected 10 and 11, found %llu and %llu", (unsigned long long)low,
			   (unsigned long long)high);
	return err;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Orphan", .cpu = 0, .fn = orphan },
};

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12",
	  .builtin = true,
	  .source = "mm/rmap.c of Linux 6.12: children and users are counted apart" },
	{ .name = "linux-5.19", .part_of = "anon_vma_clone",
	  .source = "before 2555283eb40d: they are counted together" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "only one takes it over, and they stay two",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "linux-5.19", VMSIM_ALL_TLBS, "O8|O9", "a page names an anon_vma that has been freed" },
};

extern const struct vmsim_scenario scenario_anon_vma_reuse;

const struct vmsim_scenario scenario_anon_vma_reuse = {
	.name = "anon-vma-reuse",
	.summary = "mappings of a child take over anon_vmas of their ancestors",
	.seeds = "M16",
	.tags = "fork anon rmap merge",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 1, .frames = 128 },
	.ctx_size = sizeof(struct anon_vma_reuse),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = "Orphan",
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
