// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries of two words (R34; Linux 6.12, arch/x86/include/asm/pgtable-3level.h and
 * include/linux/pgtable.h). The low word has the present bit and A and D, the high word the upper
 * bits of the frame number and NX. Plain loads and stores touch one word at a time, and others may
 * go on in between; exchanges, and the hardware's own updates, are one access of 64 bits
 * (cmpxchg8b).
 */
#include <linux/mm.h>

#if defined(VMSIM_ARCH_X86_PAE)

/* Third argument of PTE_READ in the middle of an access. */
#define AT_LOW 1
#define AT_HIGH 2

static u32 load_word(const u32 *word)
{
	u32 value = __atomic_load_n(word, __ATOMIC_ACQUIRE);

	return vmsim_ordered() ? (u32)vmsim_order_seen(word, value, sizeof(value)) : value;
}

static void store_word(u32 *word, u32 value)
{
	if (vmsim_ordered())
		vmsim_order_store(word, value, sizeof(value), false);
	else
		__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static pte_t whole(pte_t *ptep)
{
	return __pte(__atomic_load_n(&ptep->pte, __ATOMIC_ACQUIRE));
}

/**
 * ptep_get() - loads an entry, word by word
 *
 * Under the PTL only A and D change, which are in one word. Without it the two words may be of
 * different values.
 */
pte_t ptep_get(pte_t *ptep)
{
	pte_t pte = { .pte_low = load_word(&ptep->pte_low) };

	vmsim_event(PTE_READ, (uintptr_t)ptep, pte_val(pte), AT_LOW);
	pte.pte_high = load_word(&ptep->pte_high);
	vmsim_event(PTE_READ, (uintptr_t)ptep, pte_val(pte), 0);
	return pte;
}

/**
 * ptep_get_lockless() - loads an entry that may change
 *
 * The low word is read again after the high one. If it is the same, the two belong together unless
 * the entry has had several values meanwhile (E01).
 */
pte_t ptep_get_lockless(pte_t *ptep)
{
	pte_t pte;

	do {
		pte.pte_low = load_word(&ptep->pte_low);
		pte.pte_high = 0;
		vmsim_event(PTE_READ, (uintptr_t)ptep, pte_val(pte), AT_LOW);
		pte.pte_high = load_word(&ptep->pte_high);
		vmsim_event(PTE_READ, (uintptr_t)ptep, pte_val(pte), AT_HIGH);
	} while (load_word(&ptep->pte_low) != pte.pte_low);
	vmsim_event(PTE_READ, (uintptr_t)ptep, pte_val(pte), 0);
	return pte;
}

static void store_low_first(pte_t *ptep, pte_t pte)
{
	store_word(&ptep->pte_low, pte.pte_low);
	vmsim_event(PTE_READ, (uintptr_t)ptep, pte_val(whole(ptep)), AT_LOW);
	store_word(&ptep->pte_high, pte.pte_high);
}

static void store_high_first(pte_t *ptep, pte_t pte)
{
	store_word(&ptep->pte_high, pte.pte_high);
	vmsim_event(PTE_READ, (uintptr_t)ptep, pte_val(whole(ptep)), AT_HIGH);
	store_word(&ptep->pte_low, pte.pte_low);
}

/**
 * vmsim_pte_store() - stores an entry, word by word
 *
 * The present bit goes first and comes last: a present entry never has the high word of another.
 */
void vmsim_pte_store(pte_t *ptep, pte_t pte)
{
	bool goes = pte_present(whole(ptep)) && !pte_present(pte);

	if (goes || pte_none(pte))
		store_low_first(ptep, pte);
	else
		store_high_first(ptep, pte);
}

/**
 * pmdp_get_lockless() - loads a PMD entry that may change: as ptep_get_lockless()
 */
__vmsim_overridable pmd_t pmdp_get_lockless(pmd_t *pmdp)
{
	pmd_t pmd;

	do {
		pmd.pmd_low = load_word(&pmdp->pmd_low);
		vmsim_event(READ, (uintptr_t)pmdp, pmd.pmd_low, sizeof(pmd.pmd_low));
		pmd.pmd_high = load_word(&pmdp->pmd_high);
		vmsim_event(READ, (uintptr_t)pmdp, pmd.pmd_high, sizeof(pmd.pmd_high));
	} while (load_word(&pmdp->pmd_low) != pmd.pmd_low);
	return pmd;
}

static void store_whole(u64 *entry, u64 value)
{
	if (vmsim_ordered())
		vmsim_order_store(entry, value, sizeof(value), true);
	else
		__atomic_store_n(entry, value, __ATOMIC_SEQ_CST);
}

/**
 * set_pmd() - stores a PMD entry: values at once, emptiness low word first
 */
__vmsim_overridable void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	pmd_t old = __pmd(__READ_ONCE(pmdp->pmd));

	if (pmd_none(pmd)) {
		store_word(&pmdp->pmd_low, 0);
		vmsim_event(ATOMIC, (uintptr_t)pmdp, 0, 0);
		store_word(&pmdp->pmd_high, 0);
	} else {
		store_whole(&pmdp->pmd, pmd.pmd);
	}
	vmsim_event(TABLE_SET, (uintptr_t)pmdp, pmd_val(old), pmd_val(pmd));
	(void)old;
}

#endif
