/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_EXPLORER_H
#define VMSIM_EXPLORER_H

#include <vmsim/event.h>
#include <vmsim/explore.h>
#include <stdbool.h>
#include <stddef.h>

struct vmsim_machine;
struct task_struct;
struct vmsim_explorer;
struct vmsim_violation;

/*
 * What the machine tells the explorer, and asks of it. The explorer itself: src/explore/session.h.
 */

void vmsim_set_explorer(struct vmsim_machine *machine, struct vmsim_explorer *explorer);

/* The index of a thread in its scenario; -1: of none. */
struct task_struct;
int vmsim_explorer_thread(const struct task_struct *task);

/* The kinds of event that are decisions. */
uint64_t vmsim_explorer_kinds(const struct vmsim_explorer *explorer);
/* The kinds whose arguments matter to the explorer; of the others, that they happened is enough. */
uint64_t vmsim_explorer_details(const struct vmsim_explorer *explorer);

/* An event was delivered to the watchers. True: vmsim_explorer_decide() is to be called. */
bool vmsim_explorer_event(struct vmsim_explorer *explorer, const struct vmsim_event *event);
/* Who goes on? Returns when the caller does. */
void vmsim_explorer_decide(struct vmsim_explorer *explorer);
/* Both in one, for an event whose arguments nobody wants. */
void vmsim_explorer_step(struct vmsim_explorer *explorer, enum vmsim_event_kind kind);

/* Instrumented code accesses memory, plainly or not: part of what the step under way touches. */
void vmsim_explorer_touch(struct vmsim_explorer *explorer, uint64_t addr, size_t size, bool write);

/* The calling thread has made plain accesses since its last decision: another one, if it may. */
void vmsim_explorer_settle(struct vmsim_explorer *explorer);

/* The scenario's name of a thread; NULL: it is none of the explorer's. */
const char *vmsim_explorer_thread_name(const struct task_struct *task);

/* Plain accesses are decisions. */
bool vmsim_explorer_is_full(const struct vmsim_explorer *explorer);

/*
 * Threads run: it is neither the set-up nor the check, nor the explorer that looks for who can go
 * on.
 */
bool vmsim_explorer_executing(const struct vmsim_explorer *explorer);

/* A rule broke. Ends the execution: at once, or when the watcher that calls this has returned. */
void vmsim_explorer_fail(struct vmsim_explorer *explorer, const struct vmsim_violation *violation);
__attribute__((noreturn)) void vmsim_explorer_abandon(struct vmsim_explorer *explorer);

/* The calling thread waits for a condition; lets others go first; asks for a yes or no. */
void vmsim_explorer_wait(bool (*ready)(const void *arg), const void *arg);
void vmsim_explorer_yield(void);
bool vmsim_explorer_choice(enum vmsim_question question);
/* Whether it is asked at all. */
bool vmsim_explorer_asks(const struct vmsim_explorer *explorer, enum vmsim_question question);

#endif
