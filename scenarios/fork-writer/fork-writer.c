// SPDX-License-Identifier: GPL-2.0-only
#include "../corpus/corpus.h"

/*
 * R13, A02: a process forks while another thread of it writes. What the thread writes after the
 * fork the child must not see, and the parent must not see what the child writes.
 *
 * Forker becomes the child and reads the page twice. Writer has it in its TLB, writable.
 */

#define BEFORE 1
#define DURING 2
#define AFTER 3
#define CHILDS 4

static int setup(struct vmsim_world *world)
{
	(void)world;
	return corpus_page(AREA, BEFORE);
}

static int writer(struct vmsim_world *world)
{
	int err = vmsim_store(AREA, 8, DURING);

	(void)world;
	vmsim_point("wrote");
	return err ? err : vmsim_store(AREA, 8, AFTER);
}

static int be_the_child(void)
{
	uint64_t first, second;
	int err = vmsim_load(AREA, 8, &first);

	if (!err)
		err = vmsim_load(AREA, 8, &second);
	if (err)
		return err;
	if (first != second)
		vmsim_fail("the child read %llu and then %llu, and wrote nothing",
			   (unsigned long long)first, (unsigned long long)second);
	return vmsim_store(AREA, 8, CHILDS);
}

static int forker(struct vmsim_world *world)
{
	int child = vmsim_fork("child");

	(void)world;
	if (child < 0)
		return child;
	vmsim_point("forked");
	if (vmsim_become(child))
		return -1;
	return be_the_child();
}

static int check(struct vmsim_world *world)
{
	uint64_t value;
	int err = vmsim_load(AREA, 8, &value);

	(void)world;
	if (!err && value != AFTER)
		vmsim_fail("the parent wrote %d last, and reads %llu", AFTER,
			   (unsigned long long)value);
	return err;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Forker", .cpu = 0, .fn = forker },
	{ .name = "Writer", .cpu = 1, .fn = writer },
};

/* Writer's TLB has the page; Writer writes again when there is a child, which reads it then. */
static const char script[] =
	"Writer until point=wrote;"
	"Forker until point=forked;"
	"Writer;"
	"Forker";

/* The child writes while the parent still has the page. */
static const char script_child[] =
	"Writer until point=wrote;"
	"Forker;"
	"Writer";

/* Writer writes when others may already change the parent's memory, before the flush. */
static const char script_late[] =
	"Writer until point=wrote;"
	"Forker until point=unlocked;"
	"Writer;"
	"Forker";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12",
	  .builtin = true,
	  .source = "kernel/fork.c and mm/memory.c of Linux 6.12" },
	{ .name = "no-flush",
	  .source = "a mutation: dup_mmap() without flush_tlb_mm() (R13)" },
	{ .name = "late-flush",
	  .source = "a mutation: dup_mmap() flushes after it has dropped mmap_lock (R13)",
	  .script = script_late },
	{ .name = "read-locked",
	  .source = "a mutation: dup_mmap() takes mmap_lock for reading only (R13)" },
	{ .name = "no-write-protect",
	  .source = "A02: the flag is cleared, and the parent's entry stays writable" },
	{ .name = "child-writable",
	  .source = "A02: the child's entry is writable",
	  .script = script_child },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS & ~T(FAULTY), NULL, "Writer faults, and copies",
	  .exhausts = VMSIM_ALL_TLBS & ~T(FAULTY) },
	{ "linux-6.12", T(FAULTY), "O6|O12", "the flush is lost: as no-flush" },

	{ "no-flush", VMSIM_ALL_TLBS & ~QUIET, "O6|O12", "Writer writes into what the child has" },
	{ "no-flush", QUIET, NULL, "no right to write outlives the entry's", .exhausts = QUIET },

	{ "late-flush", VMSIM_ALL_TLBS & ~QUIET, "O6|O12",
	  "Writer can still write when others may copy the page already" },
	{ "late-flush", QUIET, NULL, "no right to write outlives the entry's", .exhausts = QUIET },

	{ "read-locked", VMSIM_ALL_TLBS & ~QUIET, "O6",
	  "others can copy the page as soon as its page-table lock is dropped" },
	{ "read-locked", QUIET, NULL, "no right to write outlives the entry's", .exhausts = QUIET },

	{ "no-write-protect", VMSIM_ALL_TLBS, "O10|O12", "Writer writes, and needs no TLB for it" },

	{ "child-writable", VMSIM_ALL_TLBS, "O10|O12", "the child writes into the parent's page" },
};

extern const struct vmsim_scenario scenario_fork_writer;

const struct vmsim_scenario scenario_fork_writer = {
	.name = "fork-writer",
	.summary = "a process forks while another thread of it writes",
	.seeds = "A02 A03",
	.tags = "fork cow tlb anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
