// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include "check/checker.h"
#include <vmsim/debug.h>
#include <stdlib.h>

/* For a debugger: places to stop, and the state of memory in words. */

#define MAX_PAGES 64
#define MAX_FRAMES 8

noinline void vmsim_debug_decision(uint64_t number, const char *what, const char *state)
{
	__asm__ volatile("" : : "r"(number), "r"(what), "r"(state) : "memory");
}

noinline void vmsim_debug_violation(uint64_t number, const char *rule, const char *text,
				    const char *state)
{
	__asm__ volatile("" : : "r"(number), "r"(rule), "r"(text), "r"(state) : "memory");
}

/* A page of an address space. */
struct place {
	struct mm_struct *mm;
	unsigned long va;
};

struct places {
	struct place at[MAX_PAGES];
	unsigned int n;
};

static void add_place(struct places *places, struct mm_struct *mm, unsigned long va)
{
	unsigned int i = 0;

	while (i < places->n && (places->at[i].mm != mm || places->at[i].va != va))
		i++;
	if (i == places->n && i < MAX_PAGES)
		places->at[places->n++] = (struct place) { mm, va };
}

static void see_pte(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long va)
{
	(void)ptep;
	add_place(arg, mm, va);
}

static void see_table(void *arg, struct mm_struct *mm, struct page *table, unsigned int level)
{
	(void)arg, (void)mm, (void)table, (void)level;
}

struct tlb_search {
	struct places *places;
	struct mm_struct *mm;
};

static void see_cached(void *arg, struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	struct tlb_search *search = arg;

	(void)cpu;
	if (entry->mm == search->mm->context.ctx_id)
		add_place(search->places, search->mm, entry->vpn << PAGE_SHIFT);
}

static int by_address(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->mm->pid != y->mm->pid)
		return x->mm->pid < y->mm->pid ? -1 : 1;
	return x->va < y->va ? -1 : x->va > y->va;
}

/* The pages that are mapped, or cached by a CPU. */
static void find_places(struct vmsim_machine *m, struct places *places)
{
	struct mm_struct *mm;

	list_for_each_entry(mm, &m->mms, mm_list) {
		struct chk_walk walk = { .pte = see_pte, .table = see_table, .arg = places };
		struct tlb_search search = { .places = places, .mm = mm };

		chk_walk_mm(mm, &walk);
		vmsim_tlb_for_each(m, see_cached, &search);
	}
	if (places->n)
		qsort(places->at, places->n, sizeof(places->at[0]), by_address);
}

struct frames {
	unsigned long pfn[MAX_FRAMES];
	unsigned int n;
};

static void add_frame(struct frames *frames, unsigned long pfn)
{
	for (unsigned int i = 0; i < frames->n; i++)
		if (frames->pfn[i] == pfn)
			return;
	if (frames->n < MAX_FRAMES && vmsim_has_cell(pfn))
		frames->pfn[frames->n++] = pfn;
}

struct tlb_print {
	FILE *out;
	const struct place *place;
	struct frames *frames;
};

static void print_cached(void *arg, struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	struct tlb_print *print = arg;
	struct chk_text text;
	bool stale;

	if (entry->mm != print->place->mm->context.ctx_id ||
	    entry->vpn << PAGE_SHIFT != print->place->va)
		return;
	stale = vmsim_has_cell(entry->pfn) && pfn_to_page(entry->pfn)->vmsim_gen != entry->gen;
	fprintf(print->out, "  %s%s\n", chk_entry(&text, cpu->id, entry),
		stale ? " (the frame is another one's by now)" : "");
	add_frame(print->frames, entry->pfn);
}

static void print_place(FILE *out, struct vmsim_machine *m, const struct place *place)
{
	struct frames frames = { .n = 0 };
	struct tlb_print print = { .out = out, .place = place, .frames = &frames };
	const pte_t *ptep = chk_find_pte(place->mm, place->va);
	u64 value = ptep ? chk_read_pte(ptep) : 0;
	struct chk_text text;

	fprintf(out, "process %d, 0x%lx\n  %s\n", place->mm->pid, place->va,
		ptep ? chk_pte(&text, value) : "no table");
	if (chk_hw_present(value))
		add_frame(&frames, chk_pfn(value));
	vmsim_tlb_for_each(m, print_cached, &print);
	for (unsigned int i = 0; i < frames.n; i++)
		fprintf(out, "  %s\n", chk_page(&text, pfn_to_page(frames.pfn[i])));
}

/* The entry, each CPU's TLB entry, and the frames that these name, of each page. From malloc(). */
static char *state_in_words(struct vmsim_explorer *x)
{
	struct task_struct *self = vmsim_self;
	struct places places = { .n = 0 };
	char *words = NULL;
	size_t size;
	FILE *out = open_memstream(&words, &size);

	if (!out)
		return NULL;
	vmsim_self = &x->machine->cpu[0].idle;
	find_places(x->machine, &places);
	for (unsigned int i = 0; i < places.n; i++)
		print_place(out, x->machine, &places.at[i]);
	if (!places.n)
		fprintf(out, "no page is mapped, and none is cached\n");
	fclose(out);
	vmsim_self = self;
	return words;
}

void debug_decision(struct vmsim_explorer *x, const struct candidate *pick)
{
	char *state = x->options->debugger ? state_in_words(x) : NULL;
	char what[16];

	snprintf(what, sizeof(what), "%c%u", pick->kind, pick->id);
	vmsim_debug_decision(x->steps, pick->kind == 't' ? x->actor[pick->id].name : what, state);
	free(state);
}

void debug_violation(struct vmsim_explorer *x)
{
	const struct vmsim_violation *violation = &x->violation;
	char rule[sizeof(violation->oracle) + sizeof(violation->rule)];
	char *state = x->options->debugger ? state_in_words(x) : NULL;

	snprintf(rule, sizeof(rule), "%s%s%s", violation->oracle, violation->rule[0] ? " " : "",
		 violation->rule);
	vmsim_debug_violation(x->steps, rule, violation->text, state);
	free(state);
}
