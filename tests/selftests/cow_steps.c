// SPDX-License-Identifier: GPL-2.0-only
#include "cow_steps.h"
#include <signal.h>

int fork_child(struct stage *s)
{
	s->child = vmsim_fork("child");
	claim(s->child > 0);
	return 0;
}

int become_child(struct stage *s)
{
	claim(vmsim_become(s->child) == 0);
	return 0;
}

int reads(struct stage *s, unsigned long addr, uint64_t value)
{
	for (size_t i = 0; i < s->pages; i++) {
		uint64_t word = ~value;

		claim(vmsim_load(addr + i * PG, 8, &word) == 0);
		claim(word == value);
	}
	return 0;
}

int finds_the_same(struct stage *s)
{
	for (size_t i = 0; i < s->pages; i++) {
		uint64_t word;

		claim(vmsim_load(s->mem + i * PG, 8, &word) == 0);
		claim(word == s->seen[i]);
	}
	return 0;
}

int look_around(struct stage *s)
{
	for (size_t i = 0; i < s->pages; i++) {
		claim(vmsim_load(s->mem + i * PG, 8, &s->seen[i]) == 0);
		claim(s->seen[i] == s->old || (s->seen[i] == NEW && !s->in_order));
	}
	return finds_the_same(s);
}

int leave(struct stage *s)
{
	claim(vmsim_exit() == 0);
	return 0;
}

int write_new(struct stage *s)
{
	for (size_t i = 0; i < s->pages; i++)
		claim(vmsim_store(s->mem + i * PG, 8, NEW) == 0);
	return reads(s, s->mem, NEW);
}

int write_new_if_there(struct stage *s)
{
	int err = vmsim_store(s->mem, 8, NEW);

	if (err == SIGSEGV && !s->in_order)
		return 0;
	return write_new(s);
}

int unmap(struct stage *s)
{
	claim(vmsim_munmap(s->mem, s->pages * PG) == 0);
	return 0;
}

int make_readonly(struct stage *s)
{
	claim(vmsim_mprotect(s->mem, s->pages * PG, PROT_READ) == 0);
	return 0;
}

int make_writable(struct stage *s)
{
	claim(vmsim_mprotect(s->mem, s->pages * PG, RW) == 0);
	return 0;
}

int stop_upgrades(struct stage *s)
{
	claim(vmsim_clear_refs(VMSIM_CLEAR_SOFT_DIRTY) == 0);
	return 0;
}

static int hold(struct stage *s, unsigned int flags)
{
	s->nr_held = vmsim_pin(s->mem, s->pages, flags, &s->held);
	if (s->nr_held == -EFAULT && flags & VMSIM_PIN_WRITE && !s->in_order)
		return 0;
	claim(s->nr_held == (int)s->pages);
	return 0;
}

int vmsplice_pages(struct stage *s)
{
	return hold(s, VMSIM_PIN_REF);
}

int pin_write(struct stage *s)
{
	return hold(s, VMSIM_PIN_LONGTERM | VMSIM_PIN_WRITE);
}

int pin_read(struct stage *s)
{
	return hold(s, VMSIM_PIN_LONGTERM | VMSIM_PIN_LOCKED);
}

int pin_read_fast(struct stage *s)
{
	return hold(s, VMSIM_PIN_LONGTERM);
}

static int held_has(struct stage *s, size_t page, uint64_t value)
{
	uint64_t word = ~value;

	claim(vmsim_dma_read(s->held, page * PG, &word, 8) == 0);
	claim(word == value);
	return 0;
}

int pipe_has_old(struct stage *s)
{
	for (size_t i = 0; i < s->pages; i++)
		if (held_has(s, i, s->old))
			return -1;
	return 0;
}

int pipe_has_seen(struct stage *s)
{
	for (size_t i = 0; i < s->pages; i++)
		if (held_has(s, i, s->seen[i]))
			return -1;
	return 0;
}

int populate(struct stage *s)
{
	return reads(s, s->mem, s->old) || reads(s, s->smem, s->old);
}

int other_mapping_has_old(struct stage *s)
{
	return reads(s, s->smem, s->old) || reads(s, s->smem, s->old);
}

int held_is_mapped_and_new(struct stage *s)
{
	for (size_t i = 0; i < s->pages; i++)
		claim(s->held->page[i] == look_at(s, s->parent, s->mem + i * PG).page);
	for (size_t i = 0; i < s->pages; i++)
		if (held_has(s, i, NEW))
			return -1;
	return reads(s, s->mem, NEW);
}
