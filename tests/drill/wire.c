/* SPDX-License-Identifier: MIT */
/* The device under a script: bare IP packets; what is sent waits to be looked at. */
#include "dev/queue.h"
#include "net/csum.h"
#include "net/gso.h"
#include "net/qdisc.h"
#include "net/wire_tcp.h"
#include "tests/drill/drill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct wire {
	struct dev dev;
	struct dev_queue queue; /* what comes */
	struct list sent;	/* of struct wire_packet */
	uint16_t mss;
	struct qdisc full;
};

static void xmit(struct dev *d, struct pkt *p)
{
	struct wire *w = CONTAINER_OF(d, struct wire, dev);
	struct wire_packet *sent = malloc(sizeof(*sent) + p->len);

	if (!sent) {
		dev_drop_tx(d, p, DROP_NO_MEMORY);
		return;
	}
	csum_complete(p);
	sent->time_ns = stack_now(d->stack);
	sent->len = p->len;
	memcpy(sent->data, p->data, p->len);
	list_add_tail(&w->sent, &sent->node);
	pkt_done(p);
}

static void stop(struct dev *d)
{
	dev_queue_flush(&CONTAINER_OF(d, struct wire, dev)->queue);
}

static void free_wire(struct dev *d)
{
	struct wire *w = CONTAINER_OF(d, struct wire, dev);
	struct wire_packet *sent;

	while ((sent = wire_next(w)))
		free(sent);
	free(w);
}

static const struct dev_ops wire_ops = {.kind = "wire", .stop = stop, .xmit = xmit, .free = free_wire};

/* ---- a queue without room ---- */

static int refuse(struct qdisc *q, struct pkt *p)
{
	qdisc_drop(q, p, DROP_DEV_QUEUE_FULL);
	return -ENOBUFS;
}

static void do_nothing(struct qdisc *q)
{
	(void)q;
}

static const struct qdisc_ops full_ops = {
	.kind = "pfifo", .enqueue = refuse, .reset = do_nothing, .free = do_nothing};

void wire_refuse(struct wire *w, bool all)
{
	w->full = (struct qdisc){.ops = &full_ops, .dev = &w->dev, .way = QDISC_ROOT};
	dev_set_qdisc(&w->dev, QDISC_ROOT, all ? &w->full : NULL);
}

/* ---- its life ---- */

int wire_create(struct stack *s, const char *name, struct wire **made)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	dev_init(&w->dev, &wire_ops, DEV_RAW);
	w->dev.features = DEV_CAN_CSUM | DEV_CAN_GSO;
	list_init(&w->sent);
	dev_queue_init(&w->queue, &w->dev);
	int err = dev_register(s, &w->dev, name);
	if (err)
		free(w);
	else
		*made = w;
	return err;
}

struct dev *wire_dev(struct wire *w)
{
	return &w->dev;
}

void wire_set_mss(struct wire *w, uint16_t mss)
{
	w->mss = mss;
}

/* ---- what comes ---- */

/* TCP over IPv4 with more than a segment of payload comes as from a device that put segments together. */
static void join(const struct wire *w, struct pkt *p)
{
	struct ip_hdr ip;
	struct tcp_hdr tcp;

	if (!w->mss || ip_parse(p->data, p->len, &ip) || ip.proto != IP_PROTO_TCP ||
		tcp_parse(
			p->data + ip.hdr_len, (size_t)ip.total_len - ip.hdr_len, ip.src, ip.dst, false, &tcp))
		return;
	uint32_t headers = ip.hdr_len + tcp.hdr_len;
	if (ip.total_len <= headers + w->mss)
		return;
	p->ip = ip;
	csum_begin(p, ip.hdr_len, TCP_CHECK_OFFSET);
	p->offload.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	p->offload.gso_size = w->mss;
	p->offload.hdr_len = (uint16_t)headers;
}

int wire_input(struct wire *w, const void *buf, size_t len)
{
	struct pkt *p = stack_pkt(w->dev.stack, len);

	if (!p)
		return -ENOMEM;
	memcpy(pkt_put(p, len), buf, len);
	join(w, p);
	dev_queue_push(&w->queue, p);
	return 0;
}

struct wire_packet *wire_next(struct wire *w)
{
	struct wire_packet *sent = list_first(&w->sent, struct wire_packet, node);

	if (sent)
		list_del(&sent->node);
	return sent;
}
