// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/pagemap.h>

/*
 * The folio lock is bit PG_locked, and writeback is bit PG_writeback: two sleeping waits. A folio
 * that is locked by one thread may be unlocked by another. The lock raises LOCK and UNLOCK like
 * any other.
 */
static const struct vmsim_lock_class folio_class __maybe_unused = {
	.name = "folio", .is_folio = true,
};

static bool not_locked(const void *arg)
{
	const struct folio *folio = arg;

	return !(__READ_ONCE(folio->flags) & BIT(PG_locked));
}

static bool not_under_writeback(const void *arg)
{
	const struct folio *folio = arg;

	return !(__READ_ONCE(folio->flags) & BIT(PG_writeback));
}

static bool take(struct folio *folio)
{
	return !vmsim_set_bit_unseen(PG_locked, &folio->flags, VMSIM_RMW_FULL);
}

static void took(struct folio *folio, int mode)
{
	vmsim_event(LOCK, (uintptr_t)folio, (uintptr_t)&folio_class, mode);
	(void)folio, (void)mode;
}

__vmsim_overridable bool folio_trylock(struct folio *folio)
{
	if (!take(folio)) {
		vmsim_event(READ, (uintptr_t)&folio->flags, BIT(PG_locked), sizeof(folio->flags));
		return false;
	}
	took(folio, VMSIM_LOCK_EXCLUSIVE | VMSIM_LOCK_TRIED);
	return true;
}

/**
 * folio_lock() - locks a folio (6.12, include/linux/pagemap.h)
 * @folio: the folio; the caller has a reference
 */
__vmsim_overridable void folio_lock(struct folio *folio)
{
	while (!take(folio))
		vmsim_wait_until(not_locked, folio);
	took(folio, VMSIM_LOCK_EXCLUSIVE);
}

__vmsim_overridable void folio_unlock(struct folio *folio)
{
	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	(void)vmsim_clear_bit_unseen(PG_locked, &folio->flags, VMSIM_RMW_FULL);
	vmsim_event(UNLOCK, (uintptr_t)folio, (uintptr_t)&folio_class, VMSIM_LOCK_EXCLUSIVE);
}

/**
 * folio_wait_writeback() - waits until a folio is not being written
 * @folio: the folio; stays so only if the caller holds its lock
 */
__vmsim_overridable void folio_wait_writeback(struct folio *folio)
{
	while (folio_test_writeback(folio))
		vmsim_wait_until(not_under_writeback, folio);
}

/* Context: folio locked, its contents are about to be written. */
__vmsim_overridable void folio_start_writeback(struct folio *folio)
{
	VM_BUG_ON_FOLIO(folio_test_writeback(folio), folio);
	folio_set_writeback(folio);
}

__vmsim_overridable void folio_end_writeback(struct folio *folio)
{
	VM_BUG_ON_FOLIO(!folio_test_writeback(folio), folio);
	(void)vmsim_clear_bit_unseen(PG_writeback, &folio->flags, VMSIM_RMW_FULL);
	vmsim_event(FLAG, (uintptr_t)folio, PG_writeback, 0);
}
