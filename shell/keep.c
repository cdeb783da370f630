/* SPDX-License-Identifier: MIT */
/* What outlives a command: memory that its family keeps, and lines that nobody in the foreground prints. */
#include "shell/keep.h"

#include "shell/internal.h"

#include <stdlib.h>

struct kept {
	struct list node; /* in shell->kept */
	const void *key;
	void (*end)(void *mem);
	_Alignas(max_align_t) unsigned char mem[];
};

static struct shell *first_of(struct shell *sh)
{
	shell_each(each, sh) if (!each->session) return each;
	return sh;
}

void *shell_keep(struct shell *sh, const void *key, size_t size, void (*end)(void *mem))
{
	return shell_keep_here(first_of(sh), key, size, end);
}

void *shell_keep_here(struct shell *sh, const void *key, size_t size, void (*end)(void *mem))
{
	struct kept *k;

	list_each(old, &sh->kept, struct kept, node) {
		if (old->key == key)
			return old->mem;
	}
	k = calloc(1, sizeof(*k) + size);
	if (!k)
		return NULL;
	k->key = key;
	k->end = end;
	list_add_tail(&sh->kept, &k->node);
	return k->mem;
}

void keep_end_all(struct shell *sh)
{
	list_each_safe(k, &sh->kept, struct kept, node) {
		list_del(&k->node);
		if (k->end)
			k->end(k->mem);
		free(k);
	}
}

void shell_notice(struct shell *sh, const char *text)
{
	sink_write(sh->err, text, strlen(text));
}

bool shell_notice_is_tty(const struct shell *sh)
{
	return sh->err->is_tty;
}
