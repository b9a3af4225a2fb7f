/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_FOOTPRINT_H
#define VMSIM_FOOTPRINT_H

#include <vmsim/event.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What one step touched: the objects behind the events that were raised since the last decision,
 * those of indivisible parts included. Two steps depend on each other when they touch the same
 * object, unless both only read it.
 *
 * Acquire and release are for what is held and waited for: a lock, preemption or interrupts off. A
 * release cannot be swapped with the acquire that it lets in; acquires of the same object can.
 * Shared holders leave each other alone, those who come as those who go.
 *
 * Parts: of an object that has some, each part is an object, too. Who accesses a part leaves those
 * alone who access other parts; the accesses to the whole are what they meet.
 *
 * Counts: additions whose result nobody sees leave each other alone, and so do those that leave
 * something and only say so.
 */
enum access_mode {
	ACCESS_READ,
	ACCESS_PART_READ,
	ACCESS_PART_WRITE,
	ACCESS_ADD,
	ACCESS_DROP,
	ACCESS_WRITE,
	ACCESS_ACQUIRE,
	ACCESS_ACQUIRE_SHARED,
	ACCESS_RELEASE,
	ACCESS_RELEASE_SHARED,
	ACCESS_MODES,
};

/* What an access has found in its word, of four or eight bytes, as far as the event tells. */
enum access_found {
	FOUND_ANYTHING,
	FOUND_ZERO_4,
	FOUND_VALUE_4,
	FOUND_ZERO_8,
	FOUND_VALUE_8,
};

struct access {
	uint64_t object;		/* an address, or a name made by object_name() */
	uint8_t mode;			/* an enum access_mode */
	uint8_t found;			/* an enum access_found */
	bool attempt; /* at a lock: if it were held, the step would do something else */
	int16_t change;			/* of a count: by how much; 0: not known */
	int32_t left;			/* of a count: what comes out */
};

static inline bool access_only_reads(const struct access *access)
{
	return access->mode == ACCESS_READ || access->mode == ACCESS_PART_READ;
}

struct footprint {
	struct access *at;
	size_t n, capacity;
	struct vmsim_machine *machine;
	bool known;			/* nobody asks: the strategy knows what this step touches */
	uint64_t frame;			/* used by the access under way: its number */
	const void *ptep;		/* the entry that led to it */
	unsigned int calls;		/* taken from the mailbox by the interrupt under way */
};

/* Things without an address that is theirs alone. */
enum object_kind {
	OBJECT_LOCK = 1,	/* who holds it; its address may be that of the data, too */
	OBJECT_IRQ,		/* of a CPU: on or off */
	OBJECT_MAILBOX,		/* of a CPU: interrupts that it has to take */
	OBJECT_ACKS,		/* of a call to other CPUs */
	OBJECT_CPU,		/* of a CPU: whose turn it is there */
	OBJECT_HV,		/* of a CPU: whether the hypervisor lets it run */
	OBJECT_READER,		/* of a CPU: in an RCU read section */
	OBJECT_CALLBACKS,	/* what waits for a grace period */
	OBJECT_RIGHTS,		/* to a frame: what TLBs have */
	OBJECT_MM_RIGHTS,	/* to an address space: what TLBs have */
	OBJECT_FRAMES,		/* which frames are free */
	OBJECT_CONTENTS,	/* of a frame: what is in it, and whose it is */
	OBJECT_WORD,		/* of a frame: eight bytes of what is in it */
	OBJECT_BIT,		/* of the flags of a frame */
	OBJECT_STORE,		/* of a file: what is stored */
	OBJECT_DIRTINESS,	/* of a page of a file: what says that it is newer than its store */
	OBJECT_VALUE,		/* at an address: what was stored last */
	OBJECT_POINTERS,	/* to a page table: what CPUs have in their caches of pointers */
	OBJECT_SHARERS,		/* of a frame: whether it is mapped more than once */
	OBJECT_FORK,		/* of an address space: whether a fork of it is under way */
	OBJECT_CELL,		/* eight bytes that instrumented code accesses */
};

static inline uint64_t object_name(enum object_kind kind, uint64_t id)
{
	return (uint64_t)kind << 56 | (id & ((UINT64_C(1) << 56) - 1));
}

/* 0: an address. */
static inline unsigned int object_kind(uint64_t name)
{
	return (unsigned int)(name >> 56);
}

static inline uint64_t object_id(uint64_t name)
{
	return name & ((UINT64_C(1) << 56) - 1);
}

static inline void footprint_reset(struct footprint *footprint)
{
	footprint->n = 0;
	footprint->frame = 0;
	footprint->calls = 0;
}

/* The kinds of event that tell of accesses. */
uint64_t footprint_kinds(void);
void footprint_event(struct footprint *footprint, const struct vmsim_event *event);
/* True if somebody may go on who could not before: something held was let go. */
bool footprint_releases(const struct footprint *footprint);
void footprint_add(struct footprint *footprint, uint64_t object, enum access_mode mode);
struct vmsim_tlb_entry;
void footprint_drop_rights(struct footprint *footprint, const struct vmsim_tlb_entry *entry);
/* What the oracles look at when there is an event. */
void footprint_oracles(struct footprint *footprint, const struct vmsim_event *event);
/* True unless the order of two accesses to the same object shows nowhere. */
static inline bool modes_conflict(unsigned int a, unsigned int b)
{
	static const unsigned short peace[ACCESS_MODES] = {
		[ACCESS_READ] = 1 << ACCESS_READ | 1 << ACCESS_PART_READ,
		[ACCESS_PART_READ] = 1 << ACCESS_READ | 1 << ACCESS_PART_READ |
				     1 << ACCESS_PART_WRITE,
		[ACCESS_PART_WRITE] = 1 << ACCESS_PART_READ | 1 << ACCESS_PART_WRITE,
		[ACCESS_ADD] = 1 << ACCESS_ADD,
		[ACCESS_DROP] = 1 << ACCESS_DROP,
		[ACCESS_ACQUIRE_SHARED] = 1 << ACCESS_ACQUIRE_SHARED | 1 << ACCESS_RELEASE_SHARED,
		[ACCESS_RELEASE_SHARED] = 1 << ACCESS_ACQUIRE_SHARED | 1 << ACCESS_RELEASE_SHARED,
	};

	return !(peace[a] >> b & 1);
}

/* Whether the order of two accesses can show, whatever comes before them. */
bool accesses_conflict(const struct access *a, const struct access *b);

#endif
