/* SPDX-License-Identifier: MIT */
/* lo: what is sent comes back in the next turn. */
#include "dev/kinds.h"
#include "dev/queue.h"
#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

struct loopback {
	struct dev dev;
	struct dev_queue queue;
};

/* Linux gives lo its address when it first comes up. */
static int start(struct dev *d)
{
	struct netif_addr a = {
		.local = IP_LOOPBACK_NET + 1, .peer = IP_LOOPBACK_NET + 1, .plen = 8, .scope = SCOPE_HOST};

	return list_empty(&d->netif->addrs) ? netif_addr_add(d->netif, &a, NULL) : 0;
}

static void stop(struct dev *d)
{
	dev_queue_flush(&CONTAINER_OF(d, struct loopback, dev)->queue);
}

static void xmit(struct dev *d, struct pkt *p)
{
	dev_queue_push(&CONTAINER_OF(d, struct loopback, dev)->queue, p);
}

static void free_loopback(struct dev *d)
{
	d->stack->lo = NULL;
	free(CONTAINER_OF(d, struct loopback, dev));
}

static const struct dev_ops loopback_ops = {
	.kind = "loopback", .start = start, .stop = stop, .xmit = xmit, .free = free_loopback};

int loopback_create(struct stack *s)
{
	struct loopback *lo = calloc(1, sizeof(*lo));

	if (!lo)
		return -ENOMEM;
	dev_init(&lo->dev, &loopback_ops, DEV_LOOPBACK);
	lo->dev.mtu = lo->dev.max_mtu = 65536;
	lo->dev.features = DEV_CAN_ALL;
	dev_queue_init(&lo->queue, &lo->dev);
	s->lo = &lo->dev;
	int err = dev_register(s, &lo->dev, "lo");
	if (err)
		free_loopback(&lo->dev);
	return err;
}
