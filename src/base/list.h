#pragma once
/* SPDX-License-Identifier: MIT */
/* Intrusive doubly linked list. A node that is zero or initialised is in no list; the head is a node. */

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

/* True while @node is in a list; also right for a node that is all zero. */
static inline bool list_is_linked(const struct list *node)
{
	return node->next && node->next != node;
}

static inline void list_add_tail(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Leaves @node initialised. Does nothing where @node is in no list. */
static inline void list_remove(struct list *node)
{
	if (!node->next)
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

static inline struct list *list_first(struct list *head)
{
	return list_is_empty(head) ? NULL : head->next;
}

/* Removes the first node and returns it; NULL: the list is empty. */
static inline struct list *list_pop(struct list *head)
{
	struct list *n = list_first(head);

	if (n)
		list_remove(n);
	return n;
}

/* Moves all nodes of @from to the end of @to. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}
