// SPDX-License-Identifier: GPL-2.0-only
#include "explore/coroutine.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
static inline void __asan_unpoison_memory_region(const volatile void *address, size_t size)
{
	(void)address, (void)size;
}
static inline void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size)
{
	(void)save, (void)bottom, (void)size;
}
static inline void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *size)
{
	(void)save, (void)bottom, (void)size;
}
#endif

#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
/* In the runtime, but in none of its headers. */
void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_end(void);
#else
static inline void __tsan_ignore_thread_begin(void)
{
}
static inline void __tsan_ignore_thread_end(void)
{
}
static inline void *__tsan_get_current_fiber(void)
{
	return NULL;
}
static inline void *__tsan_create_fiber(unsigned int flags)
{
	(void)flags;
	return NULL;
}
static inline void __tsan_destroy_fiber(void *fiber)
{
	(void)fiber;
}
static inline void __tsan_switch_to_fiber(void *fiber, unsigned int flags)
{
	(void)fiber, (void)flags;
}
#endif

/* Just arrived in @self. */
static void arrived(struct coroutine *self)
{
	__sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
}

static void fiber_main(void *arg)
{
	struct coroutine *self = arg;

	arrived(self);
	self->fn(self->arg);
	abort();
}

static void *pthread_main(void *arg)
{
	struct coroutine *self = arg;

	while (sem_wait(&self->turn))
		;
	if (!self->cancelled)
		self->fn(self->arg);
	return NULL;
}

bool coroutine_can_go_back(void)
{
#ifdef WITH_TSAN
	return false;
#else
	return true;
#endif
}

bool coroutine_can_stay(enum vmsim_backend backend)
{
	return !SANITIZED && backend == VMSIM_BACKEND_FIBER && fiber_can_stay();
}

/* Where the caller's stack is, which AddressSanitizer wants to know. */
static void own_stack(struct coroutine *co)
{
#ifdef WITH_ASAN
	pthread_attr_t attr;

	if (pthread_getattr_np(pthread_self(), &attr))
		return;
	pthread_attr_getstack(&attr, &co->stack, &co->stack_size);
	pthread_attr_destroy(&attr);
#else
	(void)co;
#endif
}

void coroutine_alone_begin(void)
{
	__tsan_ignore_thread_begin();
}

void coroutine_alone_end(void)
{
	__tsan_ignore_thread_end();
}

void coroutine_adopt(struct coroutine *co, enum vmsim_backend backend)
{
	*co = (struct coroutine) {
		.backend = backend, .errno_at = &errno, .tsan = __tsan_get_current_fiber(),
	};
	own_stack(co);
	if (backend == VMSIM_BACKEND_PTHREAD)
		sem_init(&co->turn, 0, 0);
}

int coroutine_create(struct coroutine *co, enum vmsim_backend backend, void *stack,
		     size_t stack_size, void (*fn)(void *arg), void *arg)
{
	*co = (struct coroutine) {
		.backend = backend,
		.fn = fn,
		.arg = arg,
		.stack = stack,
		.stack_size = stack_size,
		.errno_at = &errno,
	};
	if (backend == VMSIM_BACKEND_FIBER) {
		co->tsan = __tsan_create_fiber(0);
		co->context = fiber_make(stack, stack_size, fiber_main, co);
		return 0;
	}
	sem_init(&co->turn, 0, 0);
	co->started = true;
	return -pthread_create(&co->thread, NULL, pthread_main, co);
}

void coroutine_name(struct coroutine *co, const char *name)
{
	char text[16];		/* as much as the host keeps */

	snprintf(text, sizeof(text), "%s", name);
	if (co->backend == VMSIM_BACKEND_PTHREAD && co->started)
		pthread_setname_np(co->thread, text);
}

/*
 * ThreadSanitizer is told last, and by a function that it does not watch: it keeps a stack of calls
 * for each fiber. A switch orders what comes after it after what came before, as the semaphores of
 * the other back-end do: explorer and oracles are one thread to it.
 */
static __attribute__((no_sanitize("thread"))) void fiber_switch(struct coroutine *from,
								 struct coroutine *to)
{
	coroutine_swap_errno(from, to);
	__sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->stack_size);
	__tsan_switch_to_fiber(to->tsan, 0);
	fiber_jump(&from->context, &to->context);
	arrived(from);
}

static void pthread_switch(struct coroutine *from, struct coroutine *to)
{
	sem_post(&to->turn);
	while (sem_wait(&from->turn))
		;
	if (from->cancelled)
		pthread_exit(NULL);
}

void coroutine_switch_told(struct coroutine *from, struct coroutine *to)
{
	if (from->backend == VMSIM_BACKEND_FIBER)
		fiber_switch(from, to);
	else
		pthread_switch(from, to);
}

void *coroutine_position(const struct coroutine *co)
{
	return co->context;
}

/*
 * Functions are left in another way than by returning: those that stand between where the fiber was
 * left and the top of its stack. What has returned has cleared the bytes around its variables.
 */
static void leave_frames(const struct coroutine *co)
{
	const char *top = (const char *)co->stack + co->stack_size;

	__asan_unpoison_memory_region(co->context, (size_t)(top - (const char *)co->context));
}

void coroutine_set_position(struct coroutine *co, void *position)
{
	leave_frames(co);
	co->context = position;
}

void coroutine_destroy(struct coroutine *co)
{
	if (co->backend == VMSIM_BACKEND_PTHREAD && co->started) {
		co->cancelled = true;
		sem_post(&co->turn);
		pthread_join(co->thread, NULL);
	}
	if (co->backend == VMSIM_BACKEND_PTHREAD)
		sem_destroy(&co->turn);
	if (co->backend == VMSIM_BACKEND_FIBER && co->fn)
		leave_frames(co);
	if (co->backend == VMSIM_BACKEND_FIBER && co->fn && co->tsan)
		__tsan_destroy_fiber(co->tsan);
	*co = (struct coroutine) { 0 };
}
