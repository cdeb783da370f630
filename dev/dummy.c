/* SPDX-License-Identifier: MIT */
/* dummy: a device to hang addresses on; what is sent to it is gone. */
#include "dev/kinds.h"
#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

static void xmit(struct dev *d, struct pkt *p)
{
	(void)d;
	pkt_done(p);
}

static void free_dummy(struct dev *d)
{
	free(d);
}

static const struct dev_ops dummy_ops = {.kind = "dummy", .xmit = xmit, .free = free_dummy};

int dummy_create(struct stack *s, const char *name, const struct dev_config *config)
{
	struct dev *d = malloc(sizeof(*d));

	if (!d)
		return -ENOMEM;
	dev_init(d, &dummy_ops, DEV_ETHER);
	d->mac = config->mac;
	d->mtu = config->mtu ? config->mtu : d->mtu;
	d->features = DEV_CAN_ALL;
	d->flags = DEV_BROADCAST | DEV_NOARP; /* as Linux: not multicast */
	int err = dev_register(s, d, name);
	if (err)
		free(d);
	return err;
}
