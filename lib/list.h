/* SPDX-License-Identifier: MIT */
/* Doubly linked ring lists, with the links inside the elements. A list_init()ed node that is in no list
 * points to itself, so list_del() may be called twice. */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "lib/bytes.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert(struct list *node, struct list *prev, struct list *next)
{
	node->prev = prev;
	node->next = next;
	prev->next = node;
	next->prev = node;
}

static inline void list_add_head(struct list *l, struct list *node)
{
	list_insert(node, l, l->next);
}

/* Also: insert `node` before the element `l`. */
static inline void list_add_tail(struct list *l, struct list *node)
{
	list_insert(node, l->prev, l);
}

static inline void list_del(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Moves everything in `from` to the end of `to`; `from` is empty afterwards. */
static inline void list_splice_tail(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(node, type, member) CONTAINER_OF(node, type, member)

/* The first element, or NULL. */
#define list_first(l, type, member)    (list_empty(l) ? NULL : list_entry((l)->next, type, member))
#define list_last(l, type, member)     (list_empty(l) ? NULL : list_entry((l)->prev, type, member))

#define list_each(it, l, type, member)                                           \
	for (type *it = list_entry((l)->next, type, member); &it->member != (l); \
		it = list_entry(it->member.next, type, member))

/* The same, where the body may remove (or free) `it`. */
#define list_each_safe(it, l, type, member)                               \
	for (type *it = list_entry((l)->next, type, member),              \
		  *it##_next = list_entry(it->member.next, type, member); \
		&it->member != (l); it = it##_next, it##_next = list_entry(it->member.next, type, member))

#endif
