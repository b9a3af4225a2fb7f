/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_BARRIERS_H
#define SCENARIO_BARRIERS_H

#include <vmsim/vmsim.h>
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/mm.h>
#include <linux/spinlock.h>

/*
 * Lockless protocols of the kernel, both sides, on its primitives. Each variant takes one ordering
 * away, or puts another in its place; its verdicts say under which memory models that shows. From
 * these definitions come docs/barriers.md and tests/unit/order/test_barriers.c.
 */

#define MAPPED (0x1000 | _PAGE_PRESENT)
#define PINS 1024		/* as GUP_PIN_COUNTING_BIAS */

/* A bit for each ordering that is taken away. */
#define WITHOUT(order) (1u << (order))
#define HAS(w, order) (!((w)->without & WITHOUT(order)))

#define BARRIER(w, order, barrier) do { if (HAS(w, order)) barrier; } while (0)

/* A variant is nothing but what the world begins as. @how: a script that fails it, or NULL. */
#define PROTOCOL_VARIANT(its_name, its_world, missing, what, how)			\
	{ .name = its_name, .builtin = true, .source = what, .script = how,		\
	  .ctx_init = &(const struct its_world) { BEGINNING, .without = (missing) } }

#define SC VMSIM_MEMORY_BIT(SC)
#define TSO VMSIM_MEMORY_BIT(TSO)
#define PSO VMSIM_MEMORY_BIT(PSO)
#define ALL_MODELS (SC | TSO | PSO)
#define ANY_TLB (1u << VMSIM_TLB_IPI)

#define FAILS(its_variant, its_models, its_depth, its_why)				\
	{ its_variant, ANY_TLB, "CHECK", its_why, .depth = its_depth, .models = (its_models) }
/* In no state does anything go wrong. */
#define HOLDS(its_variant, its_models, its_why)						\
	{ its_variant, ANY_TLB, NULL, its_why, .exhausts = ANY_TLB, .models = (its_models) }

#define LIST(member, list) .member = list, .nr_##member = sizeof(list) / sizeof(list[0])

/* What the scenarios have in common. @world: the name of the structure that is shared. */
#define PROTOCOL(world, its_cpus)							\
	LIST(threads, world##_threads),							\
	LIST(variants, world##_variants),						\
	LIST(verdicts, world##_verdicts),						\
	.tags = "barriers gup",								\
	.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = its_cpus, .frames = 128 },	\
	.bare = true,									\
	.ctx_size = sizeof(struct world)

#endif
