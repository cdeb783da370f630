/* SPDX-License-Identifier: MIT */
/* Devices: the way of a frame up and down. */
#include "lib/text.h"
#include "net/gso.h"
#include "net/qdisc.h"
#include "net/stack.h"
#include "net/wire_ether.h"

void dev_drop_rx(struct dev *d, struct pkt *p, enum drop_reason why)
{
	d->stats.rx_dropped++;
	stack_drop(d->stack, p, why);
}

void dev_drop_tx(struct dev *d, struct pkt *p, enum drop_reason why)
{
	d->stats.tx_dropped++;
	stack_drop(d->stack, p, why);
}

static void show_taps(struct dev *d, const struct pkt *p, bool outgoing)
{
	if (d->stack->trace_mask & 1u << LAYER_DEV)
		trace_frame(d, p, outgoing);
	if (!list_empty(&d->taps))
		TRACE(d->stack, LAYER_DEV, p, "", "%s: shown to packet sockets", d->name);
	list_each_safe(t, &d->taps, struct dev_tap, node)
		t->fn(t, p, d, outgoing);
}

/* It is the device's now. False: it ended here. */
static bool arrive(struct dev *d, struct pkt *p)
{
	p->dev = d;
	p->ifindex = d->ifindex;
	if (d->flags & DEV_UP)
		return true;
	dev_drop_rx(d, p, DROP_DEV_DOWN);
	return false;
}

static void count(struct dev *d, const struct pkt *p)
{
	d->stats.rx_packets++;
	d->stats.rx_bytes += p->len;
}

/* Of a known type: shown to those that look, and on to those that handle it. */
static void admit(struct dev *d, struct pkt *p)
{
	static const char *const types[] = {"for us", "broadcast", "multicast", "for another MAC address"};
	struct qdisc *q = d->qdisc[QDISC_INGRESS];

	show_taps(d, p, false);
	TRACE(d->stack, LAYER_DEV, p, "", "%s: %u bytes in, %s", d->name, p->len, types[p->type]);
	if (q) {
		TRACE(d->stack, LAYER_DEV, p, "", "%s: by ingress qdisc %s", d->name, q->ops->kind);
		q->ops->enqueue(q, p);
	} else {
		dev_receive(d, p);
	}
}

/* Whatever it was before: it begins here. */
static void begin(struct dev *d, struct pkt *p)
{
	p->time_ns = stack_now(d->stack);
	p->local = d->type == DEV_LOOPBACK;
	p->ip.hdr_len = 0;
	p->sender = 0;
}

/* Known by its link header, its offload fields believed. False: it is no frame, and ended here. */
static bool classify(struct dev *d, struct pkt *p)
{
	enum drop_reason why = netif_classify(d, p);
	if (!why)
		why = gso_check(p);
	if (why)
		dev_drop_rx(d, p, why);
	return !why;
}

void dev_input(struct dev *d, struct pkt *p)
{
	begin(d, p);
	if (!arrive(d, p))
		return;
	count(d, p);
	if (!classify(d, p))
		return;
	d->stats.rx_multicast += p->type == PKT_MULTICAST;
	admit(d, p);
}

void dev_input_looped(struct dev *d, struct pkt *p)
{
	begin(d, p);
	if (arrive(d, p) && classify(d, p))
		admit(d, p);
}

void dev_input_typed(struct dev *d, struct pkt *p)
{
	if (!arrive(d, p))
		return;
	count(d, p);
	if (memcmp(p->data, d->mac.b, sizeof(d->mac.b)) == 0)
		p->type = PKT_HOST;
	d->stats.rx_multicast += p->type == PKT_MULTICAST;
	admit(d, p);
}

/* What stands on the device is asked before its own netif. */
static enum rx_verdict ask_uppers(struct dev *d, struct pkt *p)
{
	enum rx_verdict v = RX_PASS;

	if (d->vlan_handler && ether_is_tagged(p->ethertype))
		v = d->vlan_handler(d, p);
	if (v == RX_PASS && d->rx_handler)
		v = d->rx_handler(d, p);
	return v;
}

/* As deep as devices are stacked. */
void dev_receive(struct dev *d, struct pkt *p)
{
	switch (ask_uppers(d, p)) {
	case RX_PASS:
		netif_input(d->netif, p);
		break;
	case RX_ANOTHER:
		dev_input_typed(p->dev, p);
		break;
	case RX_CONSUMED:
		break;
	}
}

/* Zeros, never what the buffer held before (CVE-2003-0001). Every buffer has room for them, if only in front.
 */
static void pad(struct dev *d, struct pkt *p)
{
	if (p->len >= d->min_frame)
		return;
	size_t missing = d->min_frame - p->len;
	if (missing > pkt_tailroom(p)) {
		memmove(p->buf + PKT_HEADROOM, p->data, p->len);
		p->data = p->buf + PKT_HEADROOM;
	}
	memset(pkt_put(p, missing), 0, missing);
}

static bool takes_whole(const struct dev *d, const struct pkt *p)
{
	switch (p->offload.gso_type) {
	case 0:
		return true;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return d->features & DEV_CAN_USO;
	default:
		return d->features & DEV_CAN_GSO;
	}
}

/* As they are: nobody else wants to see, to cut or to keep the bytes. */
static bool takes_parts(const struct dev *d, const struct pkt *p)
{
	return (d->features & DEV_CAN_SG) && takes_whole(d, p) && !d->qdisc[QDISC_ROOT] &&
		list_empty(&d->taps) && !(d->stack->trace_mask & 1u << LAYER_DEV);
}

int dev_output(struct dev *d, struct pkt *p)
{
	struct qdisc *q = d->qdisc[QDISC_ROOT];

	p->dev = d;
	p->type = PKT_OUTGOING;
	if (!(d->flags & DEV_UP)) {
		dev_drop_tx(d, p, DROP_DEV_DOWN);
		return 0;
	}
	if (p->part_count && !takes_parts(d, p))
		pkt_linearize(p);
	if (q) {
		TRACE(d->stack, LAYER_DEV, p, "", "%s: by qdisc %s", d->name, q->ops->kind);
		return q->ops->enqueue(q, p);
	}
	dev_xmit(d, p);
	return 0;
}

static void xmit_one(struct dev *d, struct pkt *p)
{
	if (!(d->features & DEV_CAN_CSUM))
		csum_complete(p);
	show_taps(d, p, true);
	pad(d, p);
	d->stats.tx_packets++;
	d->stats.tx_bytes += p->len;
	TRACE(d->stack, LAYER_DEV, p, "", "%s: %u bytes out", d->name, p->len);
	d->ops->xmit(d, p);
}

static void xmit_segments(struct dev *d, struct pkt *p)
{
	struct list segments;

	list_init(&segments);
	enum drop_reason why = gso_segment(p, &segments);
	if (why) {
		dev_drop_tx(d, p, why);
		return;
	}
	pkt_done(p);
	list_each_safe(seg, &segments, struct pkt, node) {
		list_del(&seg->node);
		xmit_one(d, seg);
	}
}

void dev_xmit(struct dev *d, struct pkt *p)
{
	if (!d->carrier) {
		dev_drop_tx(d, p, DROP_DEV_NO_CARRIER);
		return;
	}
	if (takes_whole(d, p))
		xmit_one(d, p);
	else
		xmit_segments(d, p);
	if (d->ops->flush)
		loop_defer(stack_loop(d->stack), &d->flush_work);
}
