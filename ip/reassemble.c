/* SPDX-License-Identifier: MIT */
/*
 * Fragments are put together (RFC 791 3.2, RFC 815, RFC 1122 3.3.2).
 *
 * Fragments belong together by source, destination, protocol and ID (RFC 791 3.2), and here by the device
 * they came by as well. Those of a datagram hang in an AA tree (Andersson, 1993) by their offset, so each
 * costs O(log n) in whatever order they come; their buffers are kept as they are, and copied once, when all
 * are there. As none overlap, all are there when their lengths add up to the whole.
 *
 * What senders may do is limited:
 *   - a fragment that overlaps another, or disagrees with others about the end, ends its datagram
 *     (RFC 5722 4): what is there is dropped, and so is what still comes, until the time is up. An exact
 *     copy of a fragment is dropped alone: retransmitted and duplicated frames do no harm, and the data
 *     that came first stays.
 *   - a first fragment without the whole TCP header, or one at octet 8, could change what a filter has seen
 *     (RFC 1858, RFC 3128), and is dropped.
 *   - memory is counted by what buffers really take. Above ipfrag_high_thresh the datagrams that waited
 *     longest for a fragment go, down to ipfrag_low_thresh. So whoever sends fragments without end only
 *     pushes out datagrams that make no progress.
 *   - more than ipfrag_max_dist other fragments of the same sender in between: the ID has been used again.
 *     The old fragments go, the new one begins anew.
 *   - ipfrag_time after its first fragment a datagram is given up, and its sender is told (time exceeded,
 *     code 1) if the fragment that says who it is has come.
 *
 * DF and MF together are legal, if odd (path MTU discovery by those who fragment themselves): DF does not
 * matter here.
 */
#include "ip/internal.h"

#include "lib/text.h"
#include "net/wire_icmp.h"

#include <errno.h>
#include <stdlib.h>

enum { TCP_HDR_LEN = 20 };

/* A fragment: data at its IP header, p->ip parsed. */
struct frag {
	struct frag *left, *right;
	struct pkt *p;
	uint32_t start, end; /* octets of the payload, end excluded */
	uint8_t level;	     /* of the AA tree */
};

/* A sender, while it has datagrams here. */
struct peer {
	struct hash_link link;
	uint32_t addr;
	uint32_t datagrams;
	uint32_t fragments; /* how many came, in all */
};

struct frag_key {
	uint32_t src, dst;
	int32_t ifindex;
	uint16_t id;
	uint8_t proto, zero;
};

struct datagram {
	struct hash_link link;
	struct list node; /* in reassembly.all */
	struct timer timer;
	struct reassembly *owner;
	struct peer *peer;
	struct frag_key key;
	struct frag *root;
	size_t bytes;	       /* of memory */
	uint32_t got;	       /* octets of payload that are here */
	uint32_t reach;	       /* the end of the furthest fragment */
	uint32_t peer_mark;    /* peer->fragments when the last one came */
	bool has_last;	       /* `reach` is the end of the datagram */
	enum drop_reason dead; /* why it was given up: so will be what still comes */
};

struct reassembly {
	struct stack *stack;
	struct hash datagrams, peers;
	struct list all; /* datagrams; the one whose last fragment is the oldest first */
	size_t bytes;
	struct siphash_key hash_key;
};

/* A datagram without fragments, with its sender. */
#define DATAGRAM_COST (sizeof(struct datagram) + sizeof(struct peer))

/* ---- the fragments of a datagram: an AA tree */

static struct frag *skew(struct frag *f)
{
	struct frag *l = f->left;

	if (!l || l->level != f->level)
		return f;
	f->left = l->right;
	l->right = f;
	return l;
}

static struct frag *split(struct frag *f)
{
	struct frag *r = f->right;

	if (!r || !r->right || r->right->level != f->level)
		return f;
	f->right = r->left;
	r->left = f;
	r->level++;
	return r;
}

static struct frag *tree_add(struct frag *root, struct frag *f)
{
	if (!root)
		return f;
	if (f->start < root->start)
		root->left = tree_add(root->left, f);
	else
		root->right = tree_add(root->right, f);
	return split(skew(root));
}

/* A fragment that shares octets with [start, end), or NULL. */
static const struct frag *tree_find(const struct frag *root, uint32_t start, uint32_t end)
{
	while (root && (end <= root->start || start >= root->end))
		root = end <= root->start ? root->left : root->right;
	return root;
}

static const struct frag *tree_first(const struct frag *root)
{
	while (root && root->left)
		root = root->left;
	return root;
}

/* ---- memory */

static size_t size_of(const struct pkt *p)
{
	return sizeof(*p) + p->room + sizeof(struct frag);
}

static void account(struct datagram *d, size_t bytes)
{
	d->bytes += bytes;
	d->owner->bytes += bytes;
}

/* Ends every fragment: `why` is DROP_NONE for those that did what they were for. */
static void end_frags(struct stack *s, struct frag *f, enum drop_reason why)
{
	if (!f)
		return;
	end_frags(s, f->left, why);
	end_frags(s, f->right, why);
	if (why)
		stack_drop(s, f->p, why);
	else
		pkt_done(f->p);
	free(f);
}

/* The datagram is without fragments again. */
static void empty(struct datagram *d, enum drop_reason why)
{
	size_t frags = d->bytes - DATAGRAM_COST;

	end_frags(d->owner->stack, d->root, why);
	d->owner->bytes -= frags;
	d->bytes -= frags;
	d->root = NULL;
	d->got = d->reach = 0;
	d->has_last = false;
}

static struct peer *peer_get(struct reassembly *r, uint32_t addr)
{
	uint32_t hash = hsiphash_u64(&r->hash_key, addr);
	struct peer *peer;

	hash_each_match(old, &r->peers, hash, struct peer, link)
		if (old->addr == addr)
			return old;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	peer->addr = addr;
	if (hash_add(&r->peers, &peer->link, hash)) {
		free(peer);
		return NULL;
	}
	return peer;
}

/* Frees a peer that has no datagrams. */
static void peer_put(struct reassembly *r, struct peer *peer)
{
	if (peer->datagrams)
		return;
	hash_del(&r->peers, &peer->link);
	free(peer);
}

static void datagram_free(struct datagram *d, enum drop_reason why)
{
	struct reassembly *r = d->owner;

	empty(d, why);
	d->owner->bytes -= DATAGRAM_COST;
	timer_cancel(&stack_loop(r->stack)->wheel, &d->timer);
	hash_del(&r->datagrams, &d->link);
	list_del(&d->node);
	d->peer->datagrams--;
	peer_put(r, d->peer);
	free(d);
}

/* Nothing will come of this datagram: what is there goes, and its place is kept for what still comes. */
static void give_up(struct datagram *d, enum drop_reason why)
{
	struct stack *s = d->owner->stack;

	mib_inc(s, MIB_IpReasmFails);
	empty(d, why);
	d->dead = why;
}

/* ---- time */

static void arm(struct datagram *d)
{
	struct stack *s = d->owner->stack;

	timer_arm(&stack_loop(s)->wheel, &d->timer,
		stack_now(s) + (uint64_t)s->sysctl[SYSCTL_IPFRAG_TIME] * NS_PER_SEC);
}

/* RFC 1122 3.3.2: the sender hears of it if the first fragment is here. */
static void time_is_up(struct timer *t)
{
	struct datagram *d = CONTAINER_OF(t, struct datagram, timer);
	struct stack *s = d->owner->stack;
	const struct frag *first = tree_first(d->root);

	if (!d->dead) {
		mib_inc(s, MIB_IpReasmTimeout);
		mib_inc(s, MIB_IpReasmFails);
		TRACE(s, LAYER_FRAG, first ? first->p : NULL, "RFC 1122 3.3.2",
			"id %u from %s: %u octets came, others did not", d->key.id, TEXT_IP(d->key.src),
			d->got);
		if (s->ip->reject && first && first->start == 0)
			s->ip->reject(s, first->p,
				(struct ip_reject){ICMP_TIME_EXCEEDED, ICMP_REASSEMBLY_TIMEOUT, 0});
	}
	datagram_free(d, DROP_FRAG_TIMEOUT);
}

/* ---- which datagram */

static struct datagram *datagram_new(struct reassembly *r, const struct frag_key *key, uint32_t hash)
{
	struct peer *peer = peer_get(r, key->src);
	struct datagram *d = peer ? calloc(1, sizeof(*d)) : NULL;

	if (!d || hash_add(&r->datagrams, &d->link, hash)) {
		free(d);
		if (peer)
			peer_put(r, peer);
		return NULL;
	}
	d->owner = r;
	d->peer = peer;
	d->peer_mark = peer->fragments;
	d->key = *key;
	peer->datagrams++;
	account(d, DATAGRAM_COST);
	timer_init(&d->timer, time_is_up);
	arm(d);
	list_init(&d->node);
	return d;
}

/* The datagram that `p` belongs to, now the one touched last; NULL: no memory. */
static struct datagram *datagram_of(struct reassembly *r, const struct pkt *p)
{
	struct frag_key key = {.src = p->ip.src,
		.dst = p->ip.dst,
		.ifindex = p->dev ? p->dev->ifindex : 0,
		.id = p->ip.id,
		.proto = p->ip.proto};
	uint32_t hash = hsiphash(&r->hash_key, &key, sizeof(key));
	struct datagram *d = NULL;

	hash_each_match(old, &r->datagrams, hash, struct datagram, link)
		if (memcmp(&old->key, &key, sizeof(key)) == 0)
			d = old;
	if (!d)
		d = datagram_new(r, &key, hash);
	if (!d)
		return NULL;
	list_del(&d->node);
	list_add_tail(&r->all, &d->node);
	return d;
}

/* Makes room for `need` bytes in `d`. False: not even without all the others. */
static bool make_room(struct datagram *d, size_t need)
{
	struct reassembly *r = d->owner;
	struct stack *s = r->stack;
	size_t high = (size_t)s->sysctl[SYSCTL_IPFRAG_HIGH_THRESH];
	size_t low = MIN((size_t)s->sysctl[SYSCTL_IPFRAG_LOW_THRESH], high);
	struct datagram *oldest;

	if (r->bytes + need <= high)
		return true;
	while ((oldest = list_first(&r->all, struct datagram, node)) != d && r->bytes + need > low) {
		TRACE(s, LAYER_FRAG, NULL, "RFC 815 7", "id %u from %s goes: no more memory", oldest->key.id,
			TEXT_IP(oldest->key.src));
		if (!oldest->dead)
			mib_inc(s, MIB_IpReasmFails);
		datagram_free(oldest, DROP_FRAG_MEMORY);
	}
	return r->bytes + need <= high;
}

/* More fragments of this sender in between than ipfrag_max_dist allows: the ID came round again. */
static void check_distance(struct datagram *d)
{
	uint32_t between = d->peer->fragments++ - d->peer_mark;
	uint32_t most = (uint32_t)d->owner->stack->sysctl[SYSCTL_IPFRAG_MAX_DIST];

	d->peer_mark = d->peer->fragments;
	if (!most || between <= most || !d->root)
		return;
	mib_inc(d->owner->stack, MIB_IpReasmFails);
	empty(d, DROP_FRAG_TOO_MANY);
	arm(d);
}

/* ---- a fragment */

/* What can be said of a fragment alone. */
static enum drop_reason check_alone(const struct ip_hdr *h)
{
	uint32_t len = (uint32_t)(h->total_len - h->hdr_len);

	if (len == 0)
		return DROP_FRAG_ZERO_LENGTH;
	if (h->mf && len % 8)
		return DROP_FRAG_NOT_MULTIPLE_8;
	if (h->hdr_len + h->frag_off + len > IP_MAX_LEN)
		return DROP_FRAG_PAST_64K;
	if (h->proto == IP_PROTO_TCP && ((h->frag_off == 0 && len < TCP_HDR_LEN) || h->frag_off == 8))
		return DROP_FRAG_TINY_FIRST;
	return DROP_NONE;
}

/* And of one beside those that are here. */
static enum drop_reason check_fit(const struct datagram *d, uint32_t start, uint32_t end, bool mf)
{
	const struct frag *met = tree_find(d->root, start, end);

	if (d->dead)
		return d->dead;
	if (mf ? d->has_last && end >= d->reach : end < d->reach || (d->has_last && end > d->reach))
		return DROP_FRAG_CONFLICTING_END;
	if (!met)
		return DROP_NONE;
	return met->start == start && met->end == end && met->p->ip.mf == mf ? DROP_FRAG_DUPLICATE
									     : DROP_FRAG_OVERLAP;
}

static void refuse(struct datagram *d, struct pkt *p, enum drop_reason why)
{
	struct stack *s = d->owner->stack;

	TRACE(s, LAYER_FRAG, p, drop_infos[why].clause, "octets %u to %u of id %u: %s", p->ip.frag_off,
		p->ip.frag_off + p->ip.total_len - p->ip.hdr_len, p->ip.id, drop_infos[why].text);
	stack_drop(s, p, why);
	if (d->dead || why == DROP_FRAG_DUPLICATE)
		return;
	if (why == DROP_FRAG_OVERLAP)
		mib_inc(s, MIB_IpExtReasmOverlaps);
	give_up(d, why);
}

/* Takes the fragment into the datagram. */
static void keep(struct datagram *d, struct pkt *p, uint32_t start, uint32_t end)
{
	struct frag *f = make_room(d, size_of(p)) ? calloc(1, sizeof(*f)) : NULL;

	if (!f) {
		refuse(d, p, DROP_FRAG_MEMORY);
		return;
	}
	*f = (struct frag){.p = p, .start = start, .end = end, .level = 1};
	d->root = tree_add(d->root, f);
	account(d, size_of(p));
	d->got += end - start;
	d->reach = MAX(d->reach, end);
	d->has_last = d->has_last || !p->ip.mf;
	TRACE(d->owner->stack, LAYER_FRAG, p, "RFC 791 3.2", "octets %u to %u of id %u wait for the rest",
		start, end, p->ip.id);
}

/* ---- the whole */

static void copy_payloads(const struct frag *f, uint8_t *payload)
{
	if (!f)
		return;
	copy_payloads(f->left, payload);
	memcpy(payload + f->start, f->p->data + f->p->ip.hdr_len, f->end - f->start);
	copy_payloads(f->right, payload);
}

/* One packet of what the fragments hold, with the header of the first. NULL: no memory. */
static struct pkt *join(const struct datagram *d)
{
	const struct pkt *first = tree_first(d->root)->p;
	size_t hdr_len = first->ip.hdr_len, len = hdr_len + d->reach;
	struct pkt *p = stack_pkt(d->owner->stack, len);

	if (!p)
		return NULL;
	p->dev = first->dev;
	p->ifindex = first->ifindex;
	p->parent = first->id;
	p->time_ns = first->time_ns;
	p->type = first->type;
	p->local = first->local;
	p->ethertype = first->ethertype;
	p->src_mac = first->src_mac;
	pkt_put(p, len);
	memcpy(p->data, first->data, hdr_len);
	copy_payloads(d->root, p->data + hdr_len);
	p->ip = first->ip;
	p->ip.total_len = (uint16_t)len;
	p->ip.mf = false;
	ip_emit(p->data, &p->ip);
	p->ip.check = get16(*(const be16 *)(p->data + 10));
	return p;
}

static bool is_whole(const struct datagram *d)
{
	return d->has_last && d->got == d->reach;
}

/* Takes the datagram; returns its packet, or NULL: its first fragment has more options than there is room
 * for, or there is no memory. */
static struct pkt *finish(struct datagram *d)
{
	struct stack *s = d->owner->stack;
	enum drop_reason why = DROP_NONE;
	struct pkt *p = NULL;

	if (tree_first(d->root)->p->ip.hdr_len + d->reach > IP_MAX_LEN)
		why = DROP_FRAG_PAST_64K;
	else
		p = join(d);
	if (!p && !why)
		why = DROP_NO_MEMORY;
	mib_inc(s, why ? MIB_IpReasmFails : MIB_IpReasmOKs);
	if (p)
		TRACE(s, LAYER_FRAG, p, "RFC 791 3.2", "id %u from %s is whole: %u octets", d->key.id,
			TEXT_IP(d->key.src), d->reach);
	datagram_free(d, why);
	return p;
}

struct pkt *reass_input(struct stack *s, struct pkt *p)
{
	uint32_t start = p->ip.frag_off, end = start + p->ip.total_len - p->ip.hdr_len;
	enum drop_reason why = check_alone(&p->ip);
	struct datagram *d;

	mib_inc(s, MIB_IpReasmReqds);
	d = why ? NULL : datagram_of(s->ip->reass, p);
	if (!d) {
		why = why ? why : DROP_NO_MEMORY;
		TRACE(s, LAYER_FRAG, p, drop_infos[why].clause, "fragment of id %u: %s", p->ip.id,
			drop_infos[why].text);
		mib_inc(s, MIB_IpReasmFails);
		stack_drop(s, p, why);
		return NULL;
	}
	check_distance(d);
	why = check_fit(d, start, end, p->ip.mf);
	if (why) {
		refuse(d, p, why);
		return NULL;
	}
	keep(d, p, start, end);
	return is_whole(d) ? finish(d) : NULL;
}

/* ---- coming and going */

int reass_init(struct stack *s)
{
	struct reassembly *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->stack = s;
	hash_init(&r->datagrams);
	hash_init(&r->peers);
	list_init(&r->all);
	r->hash_key = rng_key(&s->rng);
	s->ip->reass = r;
	return 0;
}

/* What came by `ifindex` (0: by any device) goes. */
static void flush(struct reassembly *r, int ifindex)
{
	list_each_safe(d, &r->all, struct datagram, node)
		if (!ifindex || d->key.ifindex == ifindex)
			datagram_free(d, DROP_FRAG_FLUSHED);
}

void reass_exit(struct stack *s)
{
	struct reassembly *r = s->ip->reass;

	if (!r)
		return;
	flush(r, 0);
	hash_exit(&r->datagrams);
	hash_exit(&r->peers);
	free(r);
	s->ip->reass = NULL;
}

void reass_dev_event(struct netif *n, enum dev_event ev)
{
	if (ev == DEV_EVENT_UNREGISTER)
		flush(n->stack->ip->reass, n->dev->ifindex);
}

void reass_stat(const struct stack *s, struct ip_stat *st)
{
	st->reassembling = s->ip->reass->datagrams.count;
	st->reassembly_bytes = s->ip->reass->bytes;
}

static unsigned depth_of(const struct frag *f)
{
	return f ? 1 + MAX(depth_of(f->left), depth_of(f->right)) : 0;
}

unsigned reass_depth(const struct stack *s)
{
	unsigned most = 0;

	list_each(d, &s->ip->reass->all, struct datagram, node)
		most = MAX(most, depth_of(d->root));
	return most;
}
