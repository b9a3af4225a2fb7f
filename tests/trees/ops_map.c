// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"

/* Mappings: made, taken away, changed. */

static size_t length(const struct act *act)
{
	return act->nr * PAGE_SIZE;
}

/* What takes pages away takes fewer of them than others make. */
static void spare(struct act *act)
{
	act->nr = min(act->nr, tree.span / 8);
}

static int prot_of(u8 random)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE | PROT_EXEC,
	};

	return prots[random % ARRAY_SIZE(prots)];
}

/**
 * struct mapping - what is to be mapped
 * @index: first page of the file
 * @shmem: shared anonymous memory, to be made
 */
struct mapping {
	enum slot_kind kind;
	unsigned int index;
	bool shmem;
};

/* Half of all mappings of a file go on where the one before ends. */
static unsigned int index_of(const struct act *act, enum slot_kind kind)
{
	const struct slot *before = act_slot(act) - 1;

	if (act->op->x & 8 && act->first && before->kind == kind && before->object == &tree.file)
		return before->index + 1;
	return (act->op->x >> 4) + (act->op->y >> 6);
}

static struct mapping mapping_of(const struct act *act)
{
	switch (act->op->y % 8) {
	case 0:
	case 1:
		return (struct mapping) { PRIVATE, index_of(act, PRIVATE), false };
	case 2:
		return (struct mapping) { SHARED, index_of(act, SHARED), false };
	case 3:
		return (struct mapping) { SHARED, 0, true };
	default:
		return (struct mapping) { ANON, 0, false };
	}
}

static struct object *object_of(const struct act *act, const struct mapping *mapping)
{
	struct object *object;

	if (mapping->kind == ANON)
		return NULL;
	if (!mapping->shmem)
		return &tree.file;
	object = calloc(1, sizeof(*object));
	if (!object)
		tree_fail("the test has no memory");
	object->file = act_vma(act, act->first)->vm_file;
	object->pages = act->nr;
	return object;
}

static void mapped(const struct act *act, const struct mapping *mapping, int prot)
{
	struct object *object = object_of(act, mapping);

	for (unsigned int i = 0; i < act->nr; i++) {
		struct slot *slot = act_slot(act) + i;

		slot_clear(slot);
		*slot = (struct slot) {
			.kind = mapping->kind, .prot = prot, .object = object,
			.index = mapping->index + i,
		};
		if (object)
			object->users++;
	}
}

/* Without memory, what was there may be gone already. */
static void adopt_holes(const struct act *act)
{
	for (unsigned int i = 0; i < act->nr; i++)
		if (!act_vma(act, act->first + i))
			slot_clear(act_slot(act) + i);
}

static bool is_free(const struct act *act)
{
	for (unsigned int i = 0; i < act->nr; i++)
		if (act_slot(act)[i].kind != HOLE)
			return false;
	return true;
}

void op_mmap(struct act *act)
{
	const struct mapping mapping = mapping_of(act);
	bool anon = mapping.kind == ANON || mapping.shmem;
	bool replace = act->op->n & 0xc0;
	int prot = prot_of(act->op->x);
	int flags = (replace ? MAP_FIXED : MAP_FIXED_NOREPLACE) | (anon ? MAP_ANONYMOUS : 0) |
		    (mapping.kind == SHARED ? MAP_SHARED : MAP_PRIVATE);
	long expected = replace || is_free(act) ? (long)TREE_ADDR(act->first) : -EEXIST;
	long result;

	act_say("mmap %u+%u%s %s prot %d, page %u", act->first, act->nr,
		replace ? "" : " (noreplace)", anon ?
		mapping.shmem ? "shared anonymous" : "anonymous" :
		mapping.kind == SHARED ? "shared file" : "private file", prot, mapping.index);
	result = vmsim_mmap(TREE_ADDR(act->first), length(act), prot, flags,
			    anon ? VMSIM_NO_FILE : tree.file_id, mapping.index * PAGE_SIZE);
	if (!act_expect(act, result, expected))
		adopt_holes(act);
	else if (expected > 0)
		mapped(act, &mapping, prot);
}

void op_munmap(struct act *act)
{
	spare(act);
	act_say("munmap %u+%u", act->first, act->nr);
	if (!act_expect(act, vmsim_munmap(TREE_ADDR(act->first), length(act)), 0))
		return;
	for (unsigned int i = 0; i < act->nr; i++)
		slot_clear(act_slot(act) + i);
}

/* Without memory, a part may be as it was: but only that. */
static void adopt_prot(const struct act *act, int prot)
{
	for (unsigned int i = 0; i < act->nr; i++) {
		const struct vm_area_struct *vma = act_vma(act, act->first + i);

		if (vma && (int)(vma->vm_flags & VM_ACCESS_FLAGS) == prot)
			act_slot(act)[i].prot = prot;
	}
}

void op_mprotect(struct act *act)
{
	int prot = prot_of(act->op->x);
	unsigned int good = 0;

	if (act->op->y & 1)
		act_take_all(act);
	act_say("mprotect %u+%u prot %d", act->first, act->nr, prot);
	while (good < act->nr && act_slot(act)[good].kind != HOLE)
		good++;
	if (!act_expect(act, vmsim_mprotect(TREE_ADDR(act->first), length(act), prot),
			good == act->nr ? 0 : -ENOMEM) || act->failing) {
		adopt_prot(act, prot);
		act_adopt_own(act);
		return;
	}
	for (unsigned int i = 0; i < good; i++) {
		bool was_writable = act_slot(act)[i].prot & PROT_WRITE;

		act_slot(act)[i].prot = prot;
		if (!was_writable)
			act_populated(act_slot(act) + i, 1);
	}
}

static bool has_hole(const struct act *act)
{
	for (unsigned int i = 0; i < act->nr; i++)
		if (act_slot(act)[i].kind == HOLE)
			return true;
	return false;
}

/* What is locked in memory is not dropped, nor what comes after it. */
void op_dontneed(struct act *act)
{
	unsigned int good = 0;

	spare(act);
	act_say("dontneed %u+%u", act->first, act->nr);
	while (good < act->nr && !act_slot(act)[good].locked)
		good++;
	act_expect(act, vmsim_madvise(TREE_ADDR(act->first), length(act), MADV_DONTNEED),
		   good < act->nr ? -EINVAL : has_hole(act) ? -ENOMEM : 0);
	for (unsigned int i = 0; i < good; i++)
		slot_drop_own(act_slot(act) + i);
}

static void advise(struct slot *slot, int advice)
{
	switch (advice) {
	case MADV_DONTFORK:
		slot->dontfork = true;
		break;
	case MADV_DOFORK:
		slot->dontfork = false;
		break;
	case MADV_WIPEONFORK:
		slot->wipe = true;
		break;
	default:
		slot->wipe = false;
	}
}

/* Without memory, a part may not have heard of it. */
static void adopt_advice(const struct act *act)
{
	for (unsigned int i = 0; i < act->nr; i++) {
		const struct vm_area_struct *vma = act_vma(act, act->first + i);

		if (!vma)
			continue;
		act_slot(act)[i].dontfork = vma->vm_flags & VM_DONTCOPY;
		act_slot(act)[i].wipe = vma->vm_flags & VM_WIPEONFORK;
	}
}

void op_fork_advice(struct act *act)
{
	static const struct {
		int advice;
		const char *name;
	} all[] = {
		{ MADV_DONTFORK, "dontfork" }, { MADV_DOFORK, "dofork" },
		{ MADV_WIPEONFORK, "wipeonfork" }, { MADV_KEEPONFORK, "keeponfork" },
	};
	int advice = all[act->op->x % 4].advice;
	unsigned int good = 0;
	int expected;

	if (act->op->y & 1)
		act_take_all(act);
	expected = has_hole(act) ? -ENOMEM : 0;
	act_say("%s %u+%u", all[act->op->x % 4].name, act->first, act->nr);
	/* Only private anonymous memory is wiped. */
	for (; good < act->nr; good++) {
		if (advice == MADV_WIPEONFORK && act_slot(act)[good].kind > ANON) {
			expected = -EINVAL;
			break;
		}
	}
	if (!act_expect(act, vmsim_madvise(TREE_ADDR(act->first), length(act), advice),
			expected)) {
		adopt_advice(act);
		return;
	}
	for (unsigned int i = 0; i < good; i++)
		if (act_slot(act)[i].kind != HOLE)
			advise(act_slot(act) + i, advice);
}
