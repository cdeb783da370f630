/* SPDX-License-Identifier: MIT */
/*
 * A packet goes out (RFC 791, RFC 1122 3.2.1, 3.3): a way is found, a header put on, and the packet handed to
 * the link in one piece or several. What is for ourselves goes by lo and is back in the next turn; so are the
 * copies that we get of our own broadcasts and multicasts.
 */
#include "ip/internal.h"

#include "net/gso.h"
#include "net/wire_ether.h"

#include <errno.h>

enum { LOOPED_MAX = 1000, ROUTER_ALERT_LEN = 4 };

/* ---- copies for ourselves ---- */

static struct pkt *pop_looped(struct ip *ip)
{
	struct pkt *p = list_first(&ip->looped, struct pkt, node);

	if (p) {
		list_del(&p->node);
		ip->looped_count--;
	}
	return p;
}

/* Only what was there at the beginning: what is sent meanwhile is for the next turn. */
static void deliver_looped(struct work *w)
{
	struct ip *ip = CONTAINER_OF(w, struct ip, loop_work);

	for (unsigned left = ip->looped_count; left && ip->looped_count; left--)
		ip_input(ip->stack, pop_looped(ip));
	if (ip->looped_count)
		loop_post(stack_loop(ip->stack), w);
}

/* RFC 1112 6.4, 7.2: as if it had come from the link. */
static void loop_back(struct stack *s, struct netif *n, const struct pkt *p, enum pkt_type type)
{
	struct pkt *copy = s->ip->looped_count < LOOPED_MAX ? pkt_copy(p, 0) : NULL;

	if (!copy) {
		stack_count_drop(s, s->ip->looped_count < LOOPED_MAX ? DROP_NO_MEMORY : DROP_DEV_QUEUE_FULL);
		return;
	}
	copy->dev = n->dev;
	copy->ifindex = n->dev->ifindex;
	copy->local = true;
	copy->type = (uint8_t)type;
	list_add_tail(&s->ip->looped, &copy->node);
	s->ip->looped_count++;
	loop_post(stack_loop(s), &s->ip->loop_work);
	TRACE(s, LAYER_IP, copy, "RFC 1112 6.4", "a copy for ourselves on %s", n->dev->name);
}

void output_init(struct stack *s)
{
	s->ip->stack = s;
	list_init(&s->ip->looped);
	work_init(&s->ip->loop_work, deliver_looped);
}

void output_exit(struct stack *s)
{
	work_cancel(&s->ip->loop_work);
}

void output_dev_event(struct netif *n, enum dev_event ev)
{
	struct ip *ip = n->stack->ip;

	if (ev != DEV_EVENT_UNREGISTER)
		return;
	list_each_safe(p, &ip->looped, struct pkt, node) {
		if (p->dev != n->dev)
			continue;
		list_del(&p->node);
		ip->looped_count--;
		stack_drop(n->stack, p, DROP_DEV_DOWN);
	}
}

/* ---- to the link ---- */

static int give_up(struct stack *s, struct pkt *p, enum drop_reason why, int err)
{
	stack_drop(s, p, why);
	return err;
}

/* A super-frame leaves as segments, and those count. */
bool output_fits(const struct pkt *p, uint32_t mtu)
{
	const struct pkt_offload *o = &p->offload;

	return p->len <= mtu || (o->gso_type && o->hdr_len - p->l2_len + o->gso_size <= (int64_t)mtu);
}

/* A packet of which all pieces fit: offsets of offloads count from the link header, and the next one may be of
 * another length: none at all where the packet was made here or came by a TUN device. */
static int send_whole(struct netif *n, struct pkt *p, uint32_t nexthop)
{
	pkt_move_offload(p, (n->dev->type == DEV_RAW ? 0 : ETHER_HDR_LEN) - p->l2_len);
	return n->output(n, p, nexthop);
}

/* A super-frame of which the pieces do not fit either: they are what the sender meant to be fragmented. */
static int send_segments(struct netif *n, struct pkt *p, uint32_t nexthop, uint32_t mtu)
{
	struct list segments;
	int err = 0;

	list_init(&segments);
	pkt_push(p, p->l2_len);
	enum drop_reason why = gso_segment(p, &segments);
	if (why)
		return give_up(n->stack, p, why, -ENOBUFS);
	list_each_safe(seg, &segments, struct pkt, node) {
		list_del(&seg->node);
		pkt_pull(seg, seg->l2_len);
		if (output_fits(seg, mtu))
			send_whole(n, seg, nexthop);
		else
			err = fragment_output(n, seg, nexthop, mtu);
	}
	pkt_done(p);
	return err;
}

/* What goes to many comes back to us by itself only on lo. */
static void to_many(struct stack *s, const struct pkt *p, const struct route_path *path, bool loop)
{
	bool multicast = path->type == ROUTE_MULTICAST;
	bool ours = !multicast || (loop && ip_group_joined(path->netif, p->ip.dst));

	mib_inc(s, multicast ? MIB_IpExtOutMcastPkts : MIB_IpExtOutBcastPkts);
	s->mib[multicast ? MIB_IpExtOutMcastOctets : MIB_IpExtOutBcastOctets] += p->len;
	if (ours && path->netif->dev->type != DEV_LOOPBACK)
		loop_back(s, path->netif, p, multicast ? PKT_MULTICAST : PKT_BROADCAST);
}

int output_transmit(struct stack *s, struct pkt *p, const struct route_path *path, uint32_t mtu, bool loop)
{
	struct netif *n = path->type == ROUTE_LOCAL ? s->lo->netif : path->netif;

	p->dev = n->dev;
	s->mib[MIB_IpExtOutOctets] += p->len;
	if (path->type == ROUTE_BROADCAST || path->type == ROUTE_MULTICAST)
		to_many(s, p, path, loop);
	TRACE(s, LAYER_IP, p, "RFC 1122 3.3.1", "%s > %s, %u bytes: by %s to %s", TEXT_IP(p->ip.src),
		TEXT_IP(p->ip.dst), p->len, n->dev->name, TEXT_IP(path->nexthop));
	if (output_fits(p, mtu))
		return send_whole(n, p, path->nexthop);
	pkt_linearize(p);
	return p->offload.gso_type ? send_segments(n, p, path->nexthop, mtu)
				   : fragment_output(n, p, path->nexthop, mtu);
}

/* ---- from the transports ---- */

static enum drop_reason reason_of(int err)
{
	switch (err) {
	case -EHOSTUNREACH:
		return DROP_IP_ROUTE_UNREACHABLE;
	case -EACCES:
		return DROP_IP_ROUTE_PROHIBIT;
	case -EINVAL:
		return DROP_IP_ROUTE_BLACKHOLE;
	default:
		return DROP_IP_NO_ROUTE;
	}
}

/* Finds the way and checks that the packet may go it. 0 or -errno, with the reason. */
static int find_way(struct stack *s, const struct route_key *key, bool broadcast_ok, struct route_path *path,
	enum drop_reason *why)
{
	int err = route_cached(s, key, path);

	if (!err && path->type == ROUTE_LOCAL && !s->lo)
		err = -ENETUNREACH;
	if (err) {
		mib_inc(s, MIB_IpOutNoRoutes);
		*why = reason_of(err);
		return err;
	}
	if (path->type == ROUTE_BROADCAST && !broadcast_ok) {
		*why = DROP_IP_BROADCAST_DENIED;
		return -EACCES;
	}
	/* RFC 1122 3.2.1.3 (g): never outside a host */
	if (ip_is_loopback(path->source) && path->type != ROUTE_LOCAL &&
		path->netif->dev->type != DEV_LOOPBACK) {
		*why = DROP_IP_BAD_SOURCE;
		return -EINVAL;
	}
	return 0;
}

/* Writes the options behind the place of the fixed header, and returns the length of both. */
static size_t put_options(struct pkt *p, const struct ip_send *how)
{
	static const uint8_t alert[ROUTER_ALERT_LEN] = {IPOPT_RA, ROUTER_ALERT_LEN};
	size_t opts_len = how->opts_len + (how->router_alert ? ROUTER_ALERT_LEN : 0);
	uint8_t *h = pkt_push(p, IP_HDR_LEN + opts_len);

	if (how->opts_len)
		memcpy(h + IP_HDR_LEN, how->opts, how->opts_len);
	if (how->router_alert)
		memcpy(h + IP_HDR_LEN + how->opts_len, alert, ROUTER_ALERT_LEN);
	p->l2_len = 0; /* also of a request that became its answer */
	pkt_move_offload(p, (int)(IP_HDR_LEN + opts_len));
	return IP_HDR_LEN + opts_len;
}

static uint8_t choose_ttl(const struct stack *s, const struct ip_send *how)
{
	if (how->ttl)
		return how->ttl;
	return ip_is_multicast(how->dst) ? 1 /* RFC 1112 6.1 */ : (uint8_t)s->sysctl[SYSCTL_IP_DEFAULT_TTL];
}

/* Data at the place of the header. RFC 6864 4.1: an ID only for what may be fragmented. */
static void put_header(struct stack *s, struct pkt *p, const struct ip_send *how,
	const struct route_path *path, size_t hdr_len)
{
	bool fits = output_fits(p, path->mtu) && !path->pmtu_locked;

	p->ip = (struct ip_hdr){
		.src = path->source,
		.dst = how->dst,
		.total_len = (uint16_t)p->len,
		.hdr_len = (uint8_t)hdr_len,
		.tos = how->tos,
		.ttl = choose_ttl(s, how),
		.proto = how->proto,
		.df = how->df || (how->df_if_fits && fits),
	};
	if (!p->ip.df)
		p->ip.id = id_next(s, p->ip.src, p->ip.dst, p->ip.proto);
	ip_emit(p->data, &p->ip);
	if (how->csum_offset)
		csum_begin(p, p->ip.hdr_len, how->csum_offset);
}

/* What is wrong with the wishes of the sender, whatever the way. */
static int check_wishes(
	const struct stack *s, const struct pkt *p, const struct ip_send *how, enum drop_reason *why)
{
	size_t opts_len = how->opts_len + (how->router_alert ? ROUTER_ALERT_LEN : 0);

	*why = DROP_IP_BAD_OPTION;
	if (opts_len > IP_OPT_MAX || opts_len % 4)
		return -EINVAL;
	*why = DROP_IP_TOO_BIG;
	if (p->len + IP_HDR_LEN + opts_len > IP_MAX_LEN)
		return -EMSGSIZE;
	*why = DROP_IP_BAD_SOURCE; /* RFC 1122 3.2.1.3: one of our own, or nobody's yet */
	return how->src && !netif_owning(s, how->src) ? -EINVAL : 0;
}

int ip_output(struct stack *s, struct pkt *p, const struct ip_send *how)
{
	struct route_key key = {.dst = how->dst, .src = how->src, .tos = how->tos, .oif = how->oif};
	struct route_path path;
	struct ip_options o;
	enum drop_reason why;
	uint8_t at;

	int err = check_wishes(s, p, how, &why);
	if (!err)
		err = find_way(s, &key, how->broadcast_ok, &path, &why);
	if (err)
		return give_up(s, p, why, err);
	route_trace(s, p, &key, &path);
	size_t hdr_len = put_options(p, how);
	why = ip_options_parse(p->data, hdr_len, &o, &at);
	if (why)
		return give_up(s, p, why, -EINVAL);
	uint32_t mtu = how->ignore_pmtu && path.type != ROUTE_LOCAL ? path.netif->dev->mtu : path.mtu;
	if ((how->df || how->whole) && !output_fits(p, mtu))
		return give_up(s, p, DROP_IP_FRAG_NEEDED, -EMSGSIZE);
	put_header(s, p, how, &path, hdr_len);
	options_stamp(s, p, &o, path.source);
	mib_inc(s, MIB_IpOutRequests);
	route_note_sent(s, how->dst);
	return output_transmit(s, p, &path, mtu, !how->no_loop);
}

/* As Linux does, what is given with its header is sent in one piece or not at all, and may lie about its
 * source. */
int ip_output_raw(struct stack *s, struct pkt *p, int oif, bool broadcast_ok)
{
	struct route_path path;
	enum drop_reason why;

	if (p->len > IP_MAX_LEN)
		return give_up(s, p, DROP_IP_TOO_BIG, -EMSGSIZE);
	if (!ip_complete(p->data, p->len))
		return give_up(s, p, DROP_IP_BAD_IHL, -EINVAL);
	why = ip_parse(p->data, p->len, &p->ip);
	if (why)
		return give_up(s, p, why, -EINVAL);
	struct route_key key = {.dst = p->ip.dst, .src = p->ip.src, .tos = p->ip.tos, .oif = oif};
	int err = find_way(s, &key, broadcast_ok, &path, &why);
	if (err)
		return give_up(s, p, why, err);
	route_trace(s, p, &key, &path);
	if (!output_fits(p, path.type == ROUTE_LOCAL ? path.mtu : path.netif->dev->mtu))
		return give_up(s, p, DROP_IP_FRAG_NEEDED, -EMSGSIZE);
	p->ip.src = path.source;
	if (!p->ip.id)
		p->ip.id = id_next(s, p->ip.src, p->ip.dst, p->ip.proto);
	ip_emit(p->data, &p->ip);
	raw_count_sent(s, p->ip.proto, p->data + p->ip.hdr_len, p->len - p->ip.hdr_len);
	mib_inc(s, MIB_IpOutRequests);
	route_note_sent(s, p->ip.dst);
	return output_transmit(s, p, &path, p->len, true);
}

/* The way of a packet that is carried for a host on `n`: only to one receiver, and in pieces only where that is allowed. */
static enum drop_reason find_carried(struct netif *n, const struct pkt *p, struct route_path *path)
{
	struct route_key key = {.dst = p->ip.dst, .src = p->ip.src, .tos = p->ip.tos, .oif = n->dev->ifindex};
	enum drop_reason why;

	if (find_way(n->stack, &key, false, path, &why))
		return why;
	if (path->type == ROUTE_MULTICAST)
		return DROP_IPVLAN_TO_MANY;
	return p->ip.df && !output_fits(p, path->mtu) ? DROP_IP_FRAG_NEEDED : DROP_NONE;
}

/* As for what is made here, but for the source, which is that of a host on a device of ours: it is not asked for, and
 * nothing counts as our own. */
void output_carry(struct netif *n, struct pkt *p)
{
	struct route_path path;
	enum drop_reason why = ip_parse(p->data, p->len, &p->ip);

	p->dev = n->dev;
	if (!why)
		why = find_carried(n, p, &path);
	if (why) {
		stack_drop(n->stack, p, why);
		return;
	}
	pkt_trim(p, p->ip.total_len);
	mib_inc(n->stack, MIB_IpOutRequests);
	output_transmit(n->stack, p, &path, path.mtu, false);
}

uint32_t ip_path_mtu(struct stack *s, uint32_t dst)
{
	struct route_path path;

	return route_lookup(s, &(struct route_key){.dst = dst}, &path) ? 0 : path.mtu;
}
