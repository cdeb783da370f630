/* SPDX-License-Identifier: MIT */
/* What both drawings of the network have in common. */
#include "shell/topo.h"

#include "net/netif.h"
#include "shell/linkkind.h"

const struct dev *topo_above(const struct dev *d)
{
	const struct dev *above = d->master ? d->master : d->lower;

	return above && above->stack == d->stack ? above : NULL;
}

bool topo_is_hidden(const struct dev *d)
{
	unsigned addresses = 0;

	netif_each_addr(a, d->netif)
		addresses++;
	return d->type == DEV_LOOPBACK && addresses <= 1;
}

/* Of "mode source macaddr set ..." the first two say most. */
static size_t two_words(const char *text)
{
	size_t first = strcspn(text, " ");

	return text[first] ? first + 1 + strcspn(text + first + 1, " ") : first;
}

void topo_add_kind(struct buf *b, const struct dev *d)
{
	const struct link_kind *k = link_kind_by_name(d->ops->kind);
	struct buf words = {0};

	buf_puts(b, d->ops->kind);
	if (k && k->save)
		k->save(&words, d);
	if (words.len)
		buf_printf(b, " %.*s", (int)two_words(words.at), words.at);
	buf_exit(&words);
}

const char *topo_state(const struct dev *d)
{
	if (!(d->flags & DEV_UP))
		return "down";
	return d->carrier ? NULL : "no carrier";
}
