// SPDX-License-Identifier: GPL-2.0-only
#include "explore/fiber.h"
#include <stdint.h>
#include <stdlib.h>

#if defined(__x86_64__) && !defined(FIBER_BOOST)

/*
 * What a function must keep for its caller goes onto the stack that is left. Control words of the
 * floating-point units are the same in all fibers. It is left by a return, because processors keep
 * a stack of their own of where calls come back to: fibers are left from the same places, so what
 * it has from the one fits the other, as long as there is a return for each call.
 */
__asm__(
	".pushsection .text\n"
	".p2align 4\n"
	".globl fiber_jump\n"
	".hidden fiber_jump\n"
	".type fiber_jump, @function\n"
	"fiber_jump:\n"
	"	endbr64\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq (%rsi), %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size fiber_jump, . - fiber_jump\n"
	/* Where a fiber begins: nobody is above it. */
	".p2align 4\n"
	".globl fiber_begin\n"
	".hidden fiber_begin\n"
	".type fiber_begin, @function\n"
	"fiber_begin:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined %rip\n"
	"	movq %r12, %rdi\n"
	"	callq *%rbx\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".size fiber_begin, . - fiber_begin\n"
	".popsection\n");

void fiber_begin(void);

/* What fiber_jump() takes from a stack, in this order. */
struct frame {
	void *r15, *r14, *r13, *r12, *rbx, *rbp, *rip;
};

void *fiber_make(void *stack, size_t size, void (*fn)(void *arg), void *arg)
{
	uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)15;
	struct frame *frame = (struct frame *)top - 1;

	*frame = (struct frame) {
		.r12 = arg,
		.rbx = (void *)(uintptr_t)fn,
		.rip = (void *)(uintptr_t)fiber_begin,
	};
	return frame;
}

bool fiber_can_stay(void)
{
	return true;
}

#else

/* The C entry points of boost.context. */
typedef struct {
	void *context;
	void *data;
} transfer_t;
transfer_t jump_fcontext(void *to, void *data);
void *make_fcontext(void *stack_top, size_t size, void (*fn)(transfer_t));

struct beginning {
	void (*fn)(void *arg);
	void *arg;
};

static void arrive(transfer_t left)
{
	*(void **)left.data = left.context;
}

/* Runs twice: to learn what the fiber is, and when somebody goes on in it first. */
static void begin(transfer_t maker)
{
	struct beginning beginning = *(struct beginning *)maker.data;

	arrive(jump_fcontext(maker.context, NULL));
	beginning.fn(beginning.arg);
	abort();
}

void *fiber_make(void *stack, size_t size, void (*fn)(void *arg), void *arg)
{
	struct beginning beginning = { fn, arg };

	return jump_fcontext(make_fcontext((char *)stack + size, size, begin), &beginning).context;
}

void fiber_jump(void **from, void *const *to)
{
	arrive(jump_fcontext(*to, from));
}

bool fiber_can_stay(void)
{
	return false;
}

#endif
