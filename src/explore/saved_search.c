// SPDX-License-Identifier: GPL-2.0-only
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "explore/saved_search.h"
#include "explore/search_file.h"
#include <errno.h>
#include <inttypes.h>
#include <link.h>

/* What two legs of a search have in common, each with its name. */
enum { SCENARIO, VARIANT, STRATEGY, OPTIONS, PREEMPTIONS, SHARD, CODE, ITEMS };

static const char *const item_name[ITEMS] = {
	"scenario", "variant", "strategy", "options", "preemptions", "shard", "code",
};

struct identity {
	char item[ITEMS][96];
};

/* What is on stacks are addresses in code: where it is, and that it is the same. */
static int add_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	XXH3_state_t *sum = arg;

	(void)size;
	/* Nothing of the kernel's own is on the stack of a thread that waits for its turn. */
	if (strstr(info->dlpi_name, "linux-vdso"))
		return 0;
	XXH3_64bits_update(sum, &info->dlpi_addr, sizeof(info->dlpi_addr));
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && part->p_flags & PF_X)
			XXH3_64bits_update(sum, (const char *)info->dlpi_addr + part->p_vaddr,
					   part->p_memsz);
	}
	return 0;
}

static uint64_t sum_of_code(void)
{
	XXH3_state_t *sum = XXH3_createState();
	uint64_t result;

	if (!sum)
		return 0;
	XXH3_64bits_reset(sum);
	dl_iterate_phdr(add_object, sum);
	result = XXH3_64bits_digest(sum);
	XXH3_freeState(sum);
	return result;
}

#define SAY(identity, which, ...)						\
	snprintf((identity)->item[which], sizeof((identity)->item[which]), __VA_ARGS__)

static void identify(const struct vmsim_explorer *x, struct identity *identity)
{
	const struct vmsim_explore_options *options = x->options;

	*identity = (struct identity) { 0 };
	SAY(identity, SCENARIO, "%s", x->scenario->name);
	SAY(identity, VARIANT, "%s", options->variant ? options->variant : "");
	SAY(identity, STRATEGY, "%s", vmsim_strategy_name(options->strategy));
	SAY(identity, OPTIONS,
	    "tlb %s %u, memory model %s, granularity %d, ask %u, oracles %" PRIx64
	    ", %" PRIu64 " steps, %" PRIu64 " bytes",
	    vmsim_tlb_name(options->tlb), x->machine->config.faulty_nth,
	    vmsim_memory_model_name(options->memory_model), (int)options->granularity,
	    options->ask, options->oracles, options->step_limit, options->memory_limit);
	if (options->preemptions == VMSIM_UNBOUNDED)
		SAY(identity, PREEMPTIONS, "any number");
	else
		SAY(identity, PREEMPTIONS, "%u", options->preemptions);
	SAY(identity, SHARD, "%u of %u", options->shard + 1, options->shards);
	SAY(identity, CODE, "%016" PRIx64, sum_of_code());
}

int saved_search_write(struct vmsim_explorer *x)
{
	const char *path = x->options->save_search;
	struct search_file *file = search_file_create(path, x->misfit, sizeof(x->misfit));
	struct identity identity;

	if (!file)
		return -EIO;
	identify(x, &identity);
	search_put(file, &identity, sizeof(identity));
	search_put_u64(file, x->executions + x->executions_before);
	x->strategy->save(x, file);
	return search_file_commit(file, x->misfit, sizeof(x->misfit));
}

/* What differs is said; of the code, that it does. */
static bool is_same_search(struct vmsim_explorer *x, const struct identity *saved,
			   const struct identity *now)
{
	for (unsigned int i = 0; i < ITEMS; i++) {
		if (!strcmp(saved->item[i], now->item[i]))
			continue;
		if (i == CODE)
			snprintf(x->misfit, sizeof(x->misfit), "%s: saved by another build, or "
				 "with addresses that are others now", x->options->resume);
		else
			snprintf(x->misfit, sizeof(x->misfit),
				 "%.50s: of another search: %s '%.35s', not '%.35s'",
				 x->options->resume, item_name[i], saved->item[i], now->item[i]);
		return false;
	}
	return true;
}

static int read_from(struct vmsim_explorer *x, struct search_file *file)
{
	struct identity saved, now;
	int err;

	identify(x, &now);
	if (search_get(file, &saved, sizeof(saved)) && !is_same_search(x, &saved, &now))
		return -EINVAL;
	x->executions_before = search_get_u64(file);
	err = x->strategy->load(x, file);
	if (!err && !search_file_ended(file))
		err = -EINVAL;
	if (err && !x->misfit[0])
		snprintf(x->misfit, sizeof(x->misfit), "%s: does not fit", x->options->resume);
	return err;
}

int saved_search_read(struct vmsim_explorer *x)
{
	struct search_file *file =
		search_file_open(x->options->resume, x->misfit, sizeof(x->misfit));
	int err;

	if (!file)
		return -EINVAL;
	err = read_from(x, file);
	search_file_close(file);
	return err;
}
