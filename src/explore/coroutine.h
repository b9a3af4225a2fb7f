/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_COROUTINE_H
#define VMSIM_COROUTINE_H

#include "explore/fiber.h"
#include "explore/sanitize.h"
#include <vmsim/explore.h>
#include <linux/compiler.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct coroutine - something that runs only when it is switched to
 *
 * Two makes with one meaning: a fiber on a stack of its own, or a pthread that waits for a
 * semaphore. Each has an errno of its own. Exactly one coroutine of an execution runs at a time.
 */
struct coroutine {
	enum vmsim_backend backend;
	void (*fn)(void *arg);
	void *arg;
	/* Fiber. */
	void *context;
	void *stack;
	size_t stack_size;
	void *fake_stack;
	void *tsan;		/* ThreadSanitizer's view of the fiber */
	int *errno_at;
	int saved_errno;	/* 0 while it runs */
	/* Pthread. */
	pthread_t thread;
	sem_t turn;
	bool started, cancelled;
};

/*
 * Whether a fiber can go back to where it stood earlier. Not under ThreadSanitizer, which keeps a
 * stack of its own beside each.
 */
bool coroutine_can_go_back(void);
/* Whether one can be switched to itself, and it takes next to nothing. */
bool coroutine_can_stay(enum vmsim_backend backend);
/* The context that calls this becomes @co. */
void coroutine_adopt(struct coroutine *co, enum vmsim_backend backend);
/*
 * ThreadSanitizer looks away from what the context that calls this does, until the end: nobody else
 * runs meanwhile, and switches order all of that before or after all that others do.
 */
void coroutine_alone_begin(void);
void coroutine_alone_end(void);
/* A new one, which runs @fn(@arg) when it is switched to first. @fn must not return. */
int coroutine_create(struct coroutine *co, enum vmsim_backend backend, void *stack,
		     size_t stack_size, void (*fn)(void *arg), void *arg);
/* Its name in a debugger. */
void coroutine_name(struct coroutine *co, const char *name);
/* The same as coroutine_switch(), for both makes, and with word to sanitizers. */
void coroutine_switch_told(struct coroutine *from, struct coroutine *to);

/* Each fiber has the errno that it left; most often, none of them has one. */
static inline void coroutine_swap_errno(struct coroutine *from, struct coroutine *to)
{
	if (likely(!(*from->errno_at | to->saved_errno)))
		return;
	from->saved_errno = *from->errno_at;
	*from->errno_at = to->saved_errno;
	to->saved_errno = 0;
}

/* Goes on in @to; returns when somebody switches back to @from. */
static inline void coroutine_switch(struct coroutine *from, struct coroutine *to)
{
	if (SANITIZED || from->backend != VMSIM_BACKEND_FIBER) {
		coroutine_switch_told(from, to);
		return;
	}
	coroutine_swap_errno(from, to);
	fiber_jump(&from->context, &to->context);
}

/*
 * Of a fiber that was left: what of its stack is in use, from here to the top; and its return to
 * that state, once those bytes are what they were.
 */
void *coroutine_position(const struct coroutine *co);
void coroutine_set_position(struct coroutine *co, void *position);
/* Ends one that will never be switched to again, wherever it stands. */
void coroutine_destroy(struct coroutine *co);

#endif
