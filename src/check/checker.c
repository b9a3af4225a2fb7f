// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "check/census.h"
#include "explore/explorer.h"
#include <errno.h>
#include <stdarg.h>

static const struct chk_oracle *const oracle_table[VMSIM_ORACLE_COUNT] = {
	[VMSIM_ORACLE_O1] = &chk_o1,
	[VMSIM_ORACLE_O2] = &chk_o2,
	[VMSIM_ORACLE_O3] = &chk_o3,
	[VMSIM_ORACLE_O4] = &chk_o4,
	[VMSIM_ORACLE_O6] = &chk_o6,
	[VMSIM_ORACLE_O7] = &chk_o7,
	[VMSIM_ORACLE_O8] = &chk_o8,
	[VMSIM_ORACLE_O9] = &chk_o9,
	[VMSIM_ORACLE_O10] = &chk_o10,
	[VMSIM_ORACLE_O11] = &chk_o11,
	[VMSIM_ORACLE_O12] = &chk_o12,
	[VMSIM_ORACLE_O13] = &chk_o13,
	[VMSIM_ORACLE_O14] = &chk_o14,
	[VMSIM_ORACLE_O20] = &chk_o20,
	[VMSIM_ORACLE_O21] = &chk_o21,
	[VMSIM_ORACLE_O23] = &chk_o23,
};

void *chk_alloc(struct vmsim_checker *chk, size_t size)
{
	void *object = vmsim_watcher_alloc(chk->machine, size);

	if (!object)
		chk_out_of_memory(chk);
	return object;
}

void chk_free(struct vmsim_checker *chk, void *object)
{
	vmsim_machine_free(chk->machine, object);
}

void chk_out_of_memory(struct vmsim_checker *chk)
{
	chk->reports++;
	vmsim_violate(chk->machine, "CHECK", "", "no memory left for the oracles");
}

void chk_report(struct vmsim_checker *chk, enum vmsim_oracle id, const char *rule,
		const char *format, ...)
{
	char text[sizeof(((struct vmsim_violation *)0)->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	__atomic_fetch_add(&chk->reports, 1, __ATOMIC_RELAXED);
	vmsim_violate(chk->machine, vmsim_oracle_name(id), rule, "%s", text);
}

struct chk_mm *chk_mm_find(struct vmsim_checker *chk, u64 ctx_id)
{
	return chk_map_get(&chk->mms, ctx_id);
}

static void mm_appeared(struct vmsim_checker *chk, struct mm_struct *mm)
{
	struct chk_mm *record = chk_alloc(chk, sizeof(*record));

	if (!record)
		return;
	record->mm = mm;
	chk_lock(chk);
	if (!chk_map_put(&chk->mms, mm->context.ctx_id, record))
		chk_out_of_memory(chk);
	chk_unlock(chk);
}

static void mm_went(struct vmsim_checker *chk, struct mm_struct *mm)
{
	void *record;

	chk_lock(chk);
	record = chk_map_remove(&chk->mms, mm->context.ctx_id);
	chk_unlock(chk);
	chk_free(chk, record);
}

/* Idle tasks have number 0: they stand for a CPU, and the caller stands for them. */
static void note_thread(struct vmsim_checker *chk, int tid)
{
	int nobody = 0;

	if (__READ_ONCE(chk->several) || tid == __READ_ONCE(chk->first_tid) || !tid)
		return;
	if (!__atomic_compare_exchange_n(&chk->first_tid, &nobody, tid, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		__WRITE_ONCE(chk->several, true);
}

static const u64 needs_accesses = VMSIM_ORACLE_BIT(O3) | VMSIM_ORACLE_BIT(O4) |
				  VMSIM_ORACLE_BIT(O12);

/* An entry that lies in no frame, and so in no page table, translates nothing. */
static bool in_no_table(const struct vmsim_machine *m, const struct vmsim_event *event)
{
	return event->kind == VMSIM_EV_PTE_SET &&
	       event->arg[0] - (uintptr_t)m->frames >= m->nr_frames * PAGE_SIZE;
}

static void on_event(void *arg, const struct vmsim_event *event)
{
	struct vmsim_checker *chk = arg;

	if (in_no_table(chk->machine, event))
		return;
	if (!chk->alone)
		note_thread(chk, event->tid);
	if (event->kind == VMSIM_EV_MM_ADD)
		mm_appeared(chk, (void *)event->arg[0]);
	if (event->kind == VMSIM_EV_TLB_USE && chk->oracles & needs_accesses)
		chk_access_note(chk, event);
	for (u32 left = chk->by_kind[event->kind]; left; left &= left - 1)
		oracle_table[__builtin_ctz(left)]->event(chk, event);
	if (event->kind == VMSIM_EV_MM_REMOVE)
		mm_went(chk, (void *)event->arg[0]);
}

_Static_assert(VMSIM_ORACLE_COUNT <= 32, "oracles are bits of by_kind and of recounting");

/* Natively the host notices who accesses a cell that is gone. The first section stays. */
static u64 kinds_of(const struct vmsim_checker *chk, const struct chk_oracle *oracle)
{
	bool may_go = chk->alone && chk->machine->nr_frames > VMSIM_SECTION_FRAMES;

	return oracle->kinds | (may_go ? oracle->kinds_of_cells : 0);
}

/* Which oracles want which kinds of event, and which recount. Returns all that anybody wants. */
static u64 arm_oracles(struct vmsim_checker *chk)
{
	u64 kinds = VMSIM_EV_BIT(MM_ADD) | VMSIM_EV_BIT(MM_REMOVE);

	for (unsigned int i = 0; i < VMSIM_ORACLE_COUNT; i++) {
		if (!chk_armed(chk, i))
			continue;
		kinds |= kinds_of(chk, oracle_table[i]);
		chk->recounting |= oracle_table[i]->quiescent ? 1u << i : 0;
		for (u64 left = kinds_of(chk, oracle_table[i]); left; left &= left - 1)
			chk->by_kind[__builtin_ctzll(left)] |= 1u << i;
	}
	return kinds;
}

/* For tests of the tests: oracles that are not there. As vmsim_muted_kinds(). */
__attribute__((weak)) u64 vmsim_muted_oracles(void)
{
	return 0;
}

int vmsim_checker_create(struct vmsim_machine *machine, u64 oracles)
{
	struct vmsim_checker *chk;
	struct mm_struct *mm;
	int err;

	if (machine->checker)
		return -EBUSY;
	chk = vmsim_watcher_alloc(machine, sizeof(*chk));
	if (!chk)
		return -ENOMEM;
	chk->machine = machine;
	chk->alone = vmsim_exploring(machine);
	oracles &= ~vmsim_muted_oracles();
	/* Plain accesses are told at full granularity only. */
	if (!machine->explorer || !vmsim_explorer_is_full(machine->explorer))
		oracles &= ~VMSIM_ORACLE_BIT(O23);
	chk->oracles = oracles;
	chk_map_init(&chk->mms, machine);
	chk_map_init(&chk->frames, machine);
	chk_map_init(&chk->values, machine);
	chk_map_init(&chk->tables_left, machine);
	chk_map_init(&chk->accesses, machine);
	chk_map_init(&chk->reduced, machine);
	chk_map_init(&chk->folio_owners, machine);
	chk_map_init(&chk->ptls, machine);
	chk_map_init(&chk->demotions, machine);
	chk_map_init(&chk->unmappers, machine);
	chk_map_init(&chk->holds, machine);
	list_for_each_entry(mm, &machine->mms, mm_list)
		mm_appeared(chk, mm);
	err = vmsim_watch(machine, arm_oracles(chk), on_event, chk);
	if (err) {
		vmsim_machine_free(machine, chk);
		return err;
	}
	machine->checker = chk;
	return 0;
}

/* Acts as an idle CPU, and unwatched: the recount uses the kernel's own functions. */
int vmsim_checker_quiescent(struct vmsim_machine *machine)
{
	struct vmsim_checker *chk = machine->checker;
	struct task_struct *before = vmsim_self, *self = &machine->cpu[0].idle;
	struct chk_census census;
	const u64 *armed;
	u64 reports;
	int err;

	if (!chk)
		return 0;
	reports = chk->reports;
	vmsim_self = self;
	armed = vmsim_watcher_begin(self);
	err = chk_census_take(&census, chk);
	for (u32 left = err ? 0 : chk->recounting; left; left &= left - 1)
		oracle_table[__builtin_ctz(left)]->quiescent(chk, &census);
	if (err)
		chk_out_of_memory(chk);
	else
		chk_census_drop(&census);
	vmsim_watcher_end(self, armed);
	vmsim_self = before;
	return (int)(chk->reports - reports);
}

void vmsim_checker_forget(struct vmsim_machine *machine)
{
	if (machine->checker)
		chk_o3_renumber(machine->checker);
}
