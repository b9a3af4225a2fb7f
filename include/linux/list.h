/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_LIST_H
#define _VMSIM_LINUX_LIST_H

#include <linux/kernel.h>

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline void vmsim_list_link(struct list_head *left, struct list_head *node,
				   struct list_head *right)
{
	node->prev = left;
	node->next = right;
	left->next = node;
	right->prev = node;
}

static inline void list_add(struct list_head *node, struct list_head *head)
{
	vmsim_list_link(head, node, head->next);
}

static inline void list_add_tail(struct list_head *node, struct list_head *head)
{
	vmsim_list_link(head->prev, node, head);
}

/* list_del() leaves NULLs behind: a second delete or a walk through a deleted node faults. */
static inline void list_del(struct list_head *node)
{
	node->next->prev = node->prev;
	node->prev->next = node->next;
	node->next = node->prev = NULL;
}

static inline void list_del_init(struct list_head *node)
{
	node->next->prev = node->prev;
	node->prev->next = node->next;
	INIT_LIST_HEAD(node);
}

static inline int list_empty(const struct list_head *head)
{
	return __READ_ONCE(head->next) == head;
}

static inline void list_splice_init(struct list_head *from, struct list_head *to)
{
	if (list_empty(from))
		return;
	from->prev->next = to->next;
	to->next->prev = from->prev;
	to->next = from->next;
	from->next->prev = to;
	INIT_LIST_HEAD(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
/* At the end of a walk @pos stands for the head: no such object is there, only its list_head. */
#define list_member_of(pos, member)						\
	((struct list_head *)((uintptr_t)(pos) + offsetof(typeof(*(pos)), member)))
#define list_next_entry(pos, member)						\
	list_entry(list_member_of(pos, member)->next, typeof(*(pos)), member)
#define list_entry_is_head(pos, head, member) (list_member_of(pos, member) == (head))
#define list_for_each_entry(pos, head, member)					\
	for (pos = list_entry((head)->next, typeof(*pos), member);		\
	     !list_entry_is_head(pos, head, member);				\
	     pos = list_next_entry(pos, member))
#define list_for_each_entry_reverse(pos, head, member)				\
	for (pos = list_entry((head)->prev, typeof(*pos), member);		\
	     !list_entry_is_head(pos, head, member);				\
	     pos = list_entry(list_member_of(pos, member)->prev, typeof(*pos), member))
#define list_for_each_entry_safe(pos, n, head, member)				\
	for (pos = list_entry((head)->next, typeof(*pos), member),		\
	     n = list_next_entry(pos, member);					\
	     !list_entry_is_head(pos, head, member);				\
	     pos = n, n = list_next_entry(n, member))

#endif
