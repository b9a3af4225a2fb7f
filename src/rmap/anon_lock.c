// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"

/*
 * From a folio to its anon_vma without a lock that would pin either. What can be trusted: a folio
 * that is mapped has a live anon_vma, and RCU keeps the memory of a dead one an anon_vma, though
 * perhaps another family's. So: read the pointer in a read section, do something to the anon_vma that
 * is harmless to a dead one and to another's (try to lock it, raise a count that is not zero), then
 * look again whether the folio is mapped, and by it (R8).
 */

/* The folio's anon_vma, or NULL where it has none or nothing maps it. In a read section. */
static struct anon_vma *mapped_anon_vma(struct folio *folio)
{
	struct anon_vma *anon_vma = folio_anon_vma(folio);

	return anon_vma && folio_mapped(folio) ? anon_vma : NULL;
}

/**
 * folio_get_anon_vma() - takes a reference to the anon_vma of a mapped folio
 * @folio: anonymous folio
 *
 * Return: the anon_vma, or NULL where nothing maps the folio. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable struct anon_vma *folio_get_anon_vma(struct folio *folio)
{
	struct anon_vma *anon_vma;

	rcu_read_lock();
	anon_vma = mapped_anon_vma(folio);
	if (anon_vma && !atomic_inc_not_zero(&anon_vma->refcount))
		anon_vma = NULL;
	rcu_read_unlock();
	if (anon_vma && !folio_mapped(folio)) {
		put_anon_vma(anon_vma);
		anon_vma = NULL;
	}
	return anon_vma;
}

enum lock_result {
	LOCK_DONE,
	LOCK_NOTHING,	/* not mapped */
	LOCK_MOVED,	/* to another anon_vma meanwhile: try again */
	LOCK_BUSY,	/* somebody else has the lock */
};

/* Is what we locked still what we looked for? */
static enum lock_result lock_verify(struct folio *folio, struct anon_vma *anon_vma)
{
	if (folio_anon_vma(folio) != anon_vma)
		return LOCK_MOVED;
	return folio_mapped(folio) ? LOCK_DONE : LOCK_NOTHING;
}

/* Without sleeping, and so within one read section. */
static enum lock_result lock_fast(struct folio *folio, struct anon_vma **locked)
{
	enum lock_result result = LOCK_NOTHING;
	struct anon_vma *anon_vma, *root;

	rcu_read_lock();
	anon_vma = mapped_anon_vma(folio);
	if (anon_vma) {
		root = READ_ONCE(anon_vma->root);
		result = LOCK_BUSY;
		if (down_read_trylock(&root->rwsem)) {
			result = lock_verify(folio, anon_vma);
			if (result != LOCK_DONE)
				up_read(&root->rwsem);
		}
	}
	rcu_read_unlock();
	*locked = anon_vma;
	return result;
}

/* Sleeps; a reference stands in for the read section. */
static enum lock_result lock_slow(struct folio *folio, struct anon_vma **locked)
{
	struct anon_vma *anon_vma = folio_get_anon_vma(folio);

	if (!anon_vma)
		return LOCK_NOTHING;
	anon_vma_lock_read(anon_vma);
	if (folio_anon_vma(folio) != anon_vma) {
		anon_vma_unlock_read(anon_vma);
		put_anon_vma(anon_vma);
		return LOCK_MOVED;
	}
	if (atomic_dec_and_test(&anon_vma->refcount)) {
		/* The VMAs are gone. Freeing locks, so unlock first. */
		anon_vma_unlock_read(anon_vma);
		__put_anon_vma(anon_vma);
		return LOCK_NOTHING;
	}
	*locked = anon_vma;
	return LOCK_DONE;
}

/**
 * folio_lock_anon_vma_read() - finds and locks the anon_vma of a mapped folio
 * @folio: anonymous folio, locked or not
 * @rwc: with try_lock: does not sleep, but sets contended; may be NULL
 *
 * Return: the anon_vma, locked for reading, or NULL. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable struct anon_vma *folio_lock_anon_vma_read(struct folio *folio,
							      struct rmap_walk_control *rwc)
{
	struct anon_vma *anon_vma = NULL;
	enum lock_result result;

	do {
		result = lock_fast(folio, &anon_vma);
		if (result == LOCK_BUSY && rwc && rwc->try_lock) {
			rwc->contended = true;
			return NULL;
		}
		if (result == LOCK_BUSY)
			result = lock_slow(folio, &anon_vma);
	} while (result == LOCK_MOVED);
	return result == LOCK_DONE ? anon_vma : NULL;
}
