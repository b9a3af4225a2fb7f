/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_COW_STEPS_H
#define TEST_COW_STEPS_H

#include "stage.h"

#define NEW 0xffffffffUL

/* What threads of cow.c do. Each returns 0, or -1 where a claim does not hold. */
int fork_child(struct stage *s);
int become_child(struct stage *s);
/* The child reads its memory, and must find the same ever after. */
int look_around(struct stage *s);
int finds_the_same(struct stage *s);
int leave(struct stage *s);
int write_new(struct stage *s);
/* As write_new(), where the memory may be gone. */
int write_new_if_there(struct stage *s);
int unmap(struct stage *s);
int make_readonly(struct stage *s);
int make_writable(struct stage *s);
int stop_upgrades(struct stage *s);
int vmsplice_pages(struct stage *s);
/* What is held still has the contents of the beginning, or what the child has seen. */
int pipe_has_old(struct stage *s);
int pipe_has_seen(struct stage *s);
/* For long; PIN_WRITE may be refused while others make the memory read-only. */
int pin_write(struct stage *s);
int pin_read(struct stage *s);
int pin_read_fast(struct stage *s);
int populate(struct stage *s);
int other_mapping_has_old(struct stage *s);

/* What is behind the handle is what the program has there. */
int held_is_mapped_and_new(struct stage *s);
/* The memory reads as @value everywhere. */
int reads(struct stage *s, unsigned long addr, uint64_t value);

#endif
