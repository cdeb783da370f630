/* SPDX-License-Identifier: MIT */
/* A device whose wire is a program's. */
#include "dev/replay.h"

#include "net/gso.h"
#include "net/stack.h"
#include "net/wire_ether.h"

#include <errno.h>
#include <stdlib.h>

struct replay {
	struct dev dev;
	struct replay_wire *wire;
};

static struct replay *replay_of(struct dev *d)
{
	return CONTAINER_OF(d, struct replay, dev);
}

static void xmit(struct dev *d, struct pkt *p)
{
	struct replay_wire *w = replay_of(d)->wire;

	w->sent(w, p);
	pkt_done(p);
}

static void free_replay(struct dev *d)
{
	struct replay_wire *w = replay_of(d)->wire;

	w->gone(w);
	free(replay_of(d));
}

static const struct dev_ops replay_ops = {.kind = "replay", .xmit = xmit, .free = free_replay};

int replay_create(struct stack *s, const char *name, enum dev_type type, struct replay_wire *w)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	dev_init(&r->dev, &replay_ops, type);
	r->dev.min_frame = type == DEV_ETHER ? ETHER_MIN_LEN : 0;
	r->wire = w;
	int err = dev_register(s, &r->dev, name);
	if (err)
		free(r);
	return err;
}

void replay_input(struct dev *d, const uint8_t *frame, size_t len, uint16_t gso_size)
{
	struct pkt *p = stack_pkt(d->stack, len);

	if (!p)
		return;
	memcpy(pkt_put(p, len), frame, len);
	if (gso_size)
		p->offload = (struct pkt_offload){
			.csum = PKT_CSUM_OK, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = gso_size};
	dev_input(d, p);
}
