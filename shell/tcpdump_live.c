/* SPDX-License-Identifier: MIT */
/*
 * tcpdump on devices: taps, and what they see made into what a file or a line needs. Super-frames are cut and
 * checksums completed, as the wire would have them.
 */
#include "shell/cmd_tcpdump.h"

#include "net/gso.h"
#include "net/wire_sll2.h"

#include <stdlib.h>

struct tap {
	struct dev_tap tap;
	struct list node; /* in tcpdump->taps */
	struct dev *dev;
	struct tcpdump *t;
};

enum { FRAME_ROOM = SLL2_HDR_LEN + PKT_BIG_ROOM };

/* ---- frames ---- */

static unsigned linktype_of(const struct dev *d)
{
	return d->type == DEV_RAW ? LINKTYPE_RAW : LINKTYPE_ETHERNET;
}

/* In files for several interfaces each has its own link type. */
static bool is_cooked(const struct tcpdump *t)
{
	return t->any && !tcpdump_is_pcapng(t);
}

/* Another link header instead of the frame's own. */
static void cook(
	struct tcpdump *t, const struct dev *d, const struct pkt *p, bool outgoing, struct capture_packet *c)
{
	struct sll2_hdr h = {.ifindex = (uint32_t)d->ifindex, .type = outgoing ? PKT_OUTGOING : p->type};
	struct ether_hdr eth;
	size_t link_len = 0;

	if (d->type == DEV_RAW) {
		h.device = SLL2_NONE;
		h.protocol = p->len && p->data[0] >> 4 == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP;
	} else if (ether_parse(p->data, p->len, &eth) == DROP_NONE) {
		h.device = d->type == DEV_LOOPBACK ? SLL2_LOOPBACK : SLL2_ETHER;
		h.protocol = eth.type < ETHER_TYPE_MIN ? SLL2_PROTOCOL_802_2 : eth.type;
		h.addr_len = sizeof(eth.src.b);
		h.mac = eth.src;
		link_len = ETHER_HDR_LEN;
	}
	sll2_emit(t->frame, &h);
	memcpy(t->frame + SLL2_HDR_LEN, p->data + link_len, p->len - link_len);
	c->data = t->frame;
	c->len = (uint32_t)(SLL2_HDR_LEN + p->len - link_len);
	c->linktype = LINKTYPE_LINUX_SLL2;
}

static void take(struct tcpdump *t, const struct dev *d, const struct pkt *p, bool outgoing)
{
	struct capture_packet c = {
		.ts_ns = t->c->world->loop->clock.epoch_ns + stack_now(d->stack),
		.linktype = linktype_of(d),
		.len = p->len,
		.data = p->data,
		.direction = outgoing ? CAPTURE_OUT : CAPTURE_IN,
	};

	if (is_cooked(t))
		cook(t, d, p, outgoing, &c);
	c.caplen = MIN(c.len, t->snaplen);
	tcpdump_packet(t, &c, d->name);
}

/* A packet whose checksum somebody else is to fill in. */
static void take_completed(struct tcpdump *t, const struct dev *d, const struct pkt *p, bool outgoing)
{
	struct pkt *copy = pkt_copy(p, 0);

	if (!copy) {
		t->received++;
		t->dropped++;
		return;
	}
	csum_complete(copy);
	take(t, d, copy, outgoing);
	pkt_free(copy);
}

static void take_segments(struct tcpdump *t, const struct dev *d, const struct pkt *p, bool outgoing)
{
	struct list segments;

	list_init(&segments);
	if (gso_segment(p, &segments)) {
		take_completed(t, d, p, outgoing);
		return;
	}
	list_each_safe(seg, &segments, struct pkt, node) {
		list_del(&seg->node);
		seg->type = p->type;
		take(t, d, seg, outgoing);
		pkt_free(seg);
	}
}

/* What loops back is seen when it comes in. */
static bool is_wanted(const struct tcpdump *t, const struct dev *d, bool outgoing)
{
	if (t->over || (outgoing && d->type == DEV_LOOPBACK))
		return false;
	return t->way != (outgoing ? TCPDUMP_IN : TCPDUMP_OUT);
}

static void see(struct dev_tap *tap, const struct pkt *p, struct dev *d, bool outgoing)
{
	struct tcpdump *t = CONTAINER_OF(tap, struct tap, tap)->t;

	if (!is_wanted(t, d, outgoing))
		return;
	if (t->stories)
		tcpdump_stories_look(t->stories, p, outgoing);
	if (p->offload.gso_type)
		take_segments(t, d, p, outgoing);
	else if (p->offload.csum == PKT_CSUM_PARTIAL)
		take_completed(t, d, p, outgoing);
	else
		take(t, d, p, outgoing);
}

/* ---- taps ---- */

static void watch(struct tcpdump *t, struct dev *d)
{
	struct tap *tap = mem_new(sizeof(*tap));

	tap->tap.fn = see;
	tap->dev = d;
	tap->t = t;
	list_add_tail(&t->taps, &tap->node);
	dev_add_tap(d, &tap->tap);
	if (!t->any && !t->unpromiscuous)
		dev_promisc(d, true);
}

static void unwatch(struct tap *tap)
{
	dev_del_tap(&tap->tap);
	if (!tap->t->any && !tap->t->unpromiscuous)
		dev_promisc(tap->dev, false);
	list_del(&tap->node);
	free(tap);
}

static struct tap *find(const struct tcpdump *t, const struct dev *d)
{
	list_each(tap, &t->taps, struct tap, node)
		if (tap->dev == d)
			return tap;
	return NULL;
}

/* A device came, or went: to another host, too. */
static void on_news(struct monitor *m, struct stack *s, enum monitor_kind kind, const void *object, bool gone)
{
	struct tcpdump *t = CONTAINER_OF(m, struct tcpdump, monitor);
	struct dev *d = (struct dev *)(uintptr_t)object;
	struct tap *tap = kind == MONITOR_LINK ? find(t, d) : NULL;

	if (kind != MONITOR_LINK || s != t->c->host)
		return;
	if (!gone && !tap && t->any)
		watch(t, d);
	if (!gone || !tap)
		return;
	unwatch(tap);
	if (!t->any) {
		fprintf(t->c->err, "tcpdump: pcap_loop: The interface disappeared\n");
		tcpdump_end(t, CMD_FAILED);
	}
}

void tcpdump_unlisten(struct tcpdump *t)
{
	list_each_safe(tap, &t->taps, struct tap, node)
		unwatch(tap);
	monitor_del(&t->monitor);
	free(t->frame);
}

/* ---- which device ---- */

/* Those that run first, loopback after the others, "any" (NULL) between the two. */
static int rank(const struct dev *d)
{
	if (!d)
		return 1;
	if (!dev_is_running(d))
		return 3;
	return d->type == DEV_LOOPBACK ? 2 : 0;
}

/* The device of this number in the list, from 1 on; `*any`: it is the one for any. NULL: none. */
static struct dev *numbered(const struct stack *s, unsigned number, bool *any)
{
	for (int r = 0; r <= 3; r++) {
		*any = r == rank(NULL);
		if (*any && number-- == 1)
			return NULL;
		stack_each_dev(d, s)
			if (!*any && rank(d) == r && number-- == 1)
				return d;
	}
	*any = false;
	return NULL;
}

static void list_one(FILE *out, unsigned number, const struct dev *d)
{
	fprintf(out, "%u.%s [", number, d->name);
	if (!(d->flags & DEV_UP))
		fprintf(out, "%s", d->type == DEV_LOOPBACK ? "Loopback" : "none");
	else
		fprintf(out, "Up%s%s", dev_is_running(d) ? ", Running" : "",
			d->type == DEV_LOOPBACK ? ", Loopback"
				: d->carrier	? ", Connected"
						: ", Disconnected");
	fputs("]\n", out);
}

int tcpdump_list(struct cmd *c)
{
	struct dev *d;
	bool any;

	for (unsigned number = 1;; number++) {
		d = numbered(c->host, number, &any);
		if (!d && !any)
			return CMD_OK;
		if (any)
			fprintf(c->out,
				"%u.any (Pseudo-device that captures on all interfaces) [Up, Running]\n",
				number);
		else
			list_one(c->out, number, d);
	}
}

/* The device, or NULL with t->any, or NULL. */
static struct dev *choose(struct tcpdump *t)
{
	const char *name = t->device;
	unsigned number = 1;
	struct dev *d = NULL;

	t->any = name && strcmp(name, "any") == 0;
	if (t->any)
		return NULL;
	if (name) {
		d = dev_by_name(t->c->host, name);
		number = strspn(name, "0123456789") == strlen(name) ? (unsigned)strtoul(name, NULL, 10) : 0;
	}
	return d || !number ? d : numbered(t->c->host, number, &t->any);
}

/* ---- starting ---- */

static void announce(struct tcpdump *t, const char *name, unsigned linktype)
{
	if (t->shown.verbose || t->write_to)
		fputs("tcpdump: ", t->c->err);
	else
		fputs("tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n",
			t->c->err);
	fprintf(t->c->err, "listening on %s, ", name);
	tcpdump_print_linktype(t, linktype);
	fprintf(t->c->err, ", snapshot length %u bytes\n", t->snaplen);
}

static int refuse(struct tcpdump *t, const struct dev *d)
{
	if (d)
		return cmd_error(t->c, "%s: That device is not up", d->name);
	if (!t->device)
		return cmd_error(t->c, "no suitable device found");
	cmd_error(t->c, "%s: No such device exists", t->device);
	fputs("(No such device exists)\n", t->c->err);
	return CMD_FAILED;
}

int tcpdump_listen(struct tcpdump *t)
{
	struct dev *d = choose(t);
	unsigned linktype;
	int status;

	if (!t->any && (!d || !(d->flags & DEV_UP)))
		return refuse(t, d);
	linktype = d ? linktype_of(d) : is_cooked(t) ? LINKTYPE_LINUX_SLL2 : LINKTYPE_ETHERNET;
	status = tcpdump_compile(t, linktype);
	if (!status && t->write_to)
		status = tcpdump_open(t, d || is_cooked(t) ? linktype : 0);
	if (status)
		return status;
	if (is_cooked(t))
		t->frame = mem_new(FRAME_ROOM);
	if (t->comments)
		t->stories = tcpdump_stories_new(t);
	t->monitor.fn = on_news;
	monitor_add(t->c->world, &t->monitor);
	if (d)
		watch(t, d);
	stack_each_dev(each, t->c->host)
		if (t->any)
			watch(t, each);
	announce(t, d ? d->name : "any", linktype);
	return CMD_RUNNING;
}
