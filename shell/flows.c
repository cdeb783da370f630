/* SPDX-License-Identifier: MIT */
/* Streams and messages out of packets. */
#include "shell/flows.h"

#include "lib/siphash.h"
#include "net/wire_icmp.h"
#include "net/wire_tcp.h"

#include <stdlib.h>

/* A segment further ahead is no part of the stream, nor is what comes behind 4 GiB. */
enum { GAP_MAX = 1 << 20 };

void flows_init(struct flows *fs)
{
	*fs = (struct flows){0};
	list_init(&fs->flows);
	list_init(&fs->lone);
	hash_init(&fs->by_key);
}

static void flow_free(struct flow *f)
{
	buf_exit(&f->text);
	free(f->sends);
	free(f->holes);
	free(f);
}

void flows_exit(struct flows *fs)
{
	list_each_safe(f, &fs->flows, struct flow, node) {
		if (flows_find(fs, &f->key) == f)
			hash_del(&fs->by_key, &f->link);
		flow_free(f);
	}
	hash_exit(&fs->by_key);
}

/* ---- whose it is ---- */

/* An echo is named by its identifier; other messages of ICMP by nothing. */
static void read_echo(const struct fields *x, bool ours, struct flow_key *key)
{
	uint64_t type = fields_value(x, "icmp.type");
	uint16_t ident = (uint16_t)fields_value(x, "icmp.ident");

	if (type != ICMP_ECHO && type != ICMP_ECHO_REPLY)
		return;
	if (ours == (type == ICMP_ECHO))
		key->our_port = ident;
	else
		key->peer_port = ident;
}

static void read_ports(const struct fields *x, bool ours, struct flow_key *key)
{
	bool tcp = key->proto == IP_PROTO_TCP;
	uint16_t from = (uint16_t)fields_value(x, tcp ? "tcp.srcport" : "udp.srcport");
	uint16_t to = (uint16_t)fields_value(x, tcp ? "tcp.dstport" : "udp.dstport");

	key->our_port = ours ? from : to;
	key->peer_port = ours ? to : from;
}

/* False: it belongs to no flow. What an error quotes may well be cut off. */
static bool read_key(const struct fields *x, bool ours, struct flow_key *key)
{
	const struct field *src = fields_find(x, "ip.src"), *rest = fields_find(x, "data");

	if (!src || (rest && !rest->quoted))
		return false;
	*key = (struct flow_key){.proto = (uint32_t)fields_value(x, "ip.proto"),
		.ours = (uint32_t)fields_value(x, ours ? "ip.src" : "ip.dst"),
		.peer = (uint32_t)fields_value(x, ours ? "ip.dst" : "ip.src")};
	if (key->proto == IP_PROTO_ICMP)
		read_echo(x, ours, key);
	else
		read_ports(x, ours, key);
	return key->proto == IP_PROTO_ICMP || key->proto == IP_PROTO_TCP || key->proto == IP_PROTO_UDP;
}

static uint32_t hash_key(const struct flow_key *key)
{
	return hsiphash(&(struct siphash_key){0}, key, sizeof(*key));
}

struct flow *flows_find(const struct flows *fs, const struct flow_key *key)
{
	hash_each_match(f, &fs->by_key, hash_key(key), struct flow, link)
		if (memcmp(&f->key, key, sizeof(*key)) == 0)
			return f;
	return NULL;
}

struct flow *flows_of(const struct flows *fs, bool ours, const struct fields *x)
{
	struct flow_key key;

	return read_key(x, ours, &key) ? flows_find(fs, &key) : NULL;
}

/* From now on it is the one with this key. */
static struct flow *flow_new(struct flows *fs, const struct flow_key *key, bool by_us)
{
	struct flow *f, *before = flows_find(fs, key);

	fs->full |= fs->count == FLOWS_MAX;
	if (fs->full)
		return NULL;
	fs->count++;
	f = mem_new(sizeof(*f));
	f->key = *key;
	f->by_us = by_us;
	list_add_tail(&fs->flows, &f->node);
	list_add_tail(&fs->lone, &f->lone_node);
	if (before)
		hash_del(&fs->by_key, &before->link);
	hash_add(&fs->by_key, &f->link, hash_key(key));
	return f;
}

void flow_pair(struct flow *a, struct flow *b)
{
	a->twin = b;
	b->twin = a;
	list_del(&a->lone_node);
	list_del(&b->lone_node);
}

/* ---- what was sent ---- */

static void note(struct flow *f, struct flow_send s)
{
	if (s.from == s.to)
		return;
	if (f->send_count == f->send_room) {
		f->send_room = MAX(2 * f->send_room, (size_t)16);
		f->sends = mem_resize(f->sends, f->send_room * sizeof(*f->sends));
	}
	f->sends[f->send_count++] = s;
}

/* What went before, and what is new. */
static void note_range(struct flow *f, uint32_t from, uint32_t to, uint64_t now_ns)
{
	uint32_t middle = MIN(MAX(f->end, from), to);
	bool probe = to == f->end;

	note(f, (struct flow_send){from, middle, true, probe, f->last_tsval, now_ns});
	note(f, (struct flow_send){middle, to, false, false, f->last_tsval, now_ns});
	f->end = MAX(f->end, to);
	f->repeated |= from < middle && !probe;
}

static bool holds(const struct flow_send *s, uint32_t end)
{
	return s->from < end && end <= s->to;
}

/* Mostly it is asked for what was sent just now. */
const struct flow_send *flow_sent(const struct flow *f, uint32_t end)
{
	for (size_t i = end <= f->end ? f->send_count : 0; i > 0; i--)
		if (holds(&f->sends[i - 1], end) && !f->sends[i - 1].again)
			return &f->sends[i - 1];
	return NULL;
}

bool flow_sent_again(const struct flow *f, uint32_t end)
{
	for (size_t i = end <= f->end ? f->send_count : 0; i > 0; i--)
		if (holds(&f->sends[i - 1], end))
			return f->sends[i - 1].again;
	return false;
}

/* ---- TCP ---- */

static void add_hole(struct flow *f, uint32_t from, uint32_t to)
{
	if (from >= to)
		return;
	f->holes = mem_resize(f->holes, (f->hole_count + 1) * sizeof(*f->holes));
	f->holes[f->hole_count++] = (struct flow_hole){from, to};
}

/* What of the text was a hole is there now; of each hole may be left what is before and behind. */
static void fill_holes(struct flow *f, uint32_t from, uint32_t to, const uint8_t *text)
{
	size_t count = f->hole_count;
	struct flow_hole *old = f->holes;

	if (!count || from >= old[count - 1].to)
		return;
	f->holes = NULL;
	f->hole_count = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t a = MAX(old[i].from, from), b = MIN(old[i].to, to);
		if (a < b)
			memcpy(f->text.at + a - 1 - f->same, text + (a - from), b - a);
		add_hole(f, old[i].from, MIN(old[i].to, from));
		add_hole(f, MAX(old[i].from, to), old[i].to);
	}
	free(old);
}

static void grow(struct buf *b, size_t len)
{
	static const char zeros[4096];

	while (b->len < len)
		buf_add(b, zeros, MIN(len - b->len, sizeof(zeros)));
}

/* Text that is so far behind the other run's is not waited for. */
static void keep(struct flow *f, const void *text, size_t len)
{
	f->differs |= f->text.len + len > FLOW_TEXT_MAX;
	if (!f->differs)
		buf_add(&f->text, text, len);
}

/* Text at this distance from the ISN. What should have gone before and was not seen has been lost: it was sent now. */
static void add_text(struct flow *f, uint32_t at, const uint8_t *text, uint32_t len, uint64_t now_ns)
{
	uint32_t end = f->text_len + 1;

	if (at > end) {
		note_range(f, end, at, now_ns);
		if (!f->differs) {
			add_hole(f, end, at);
			grow(&f->text, at - 1 - f->same);
		}
		end = at;
	}
	if (!f->differs)
		fill_holes(f, at, at + len, text);
	if (at + len > end)
		keep(f, text + (end - at), at + len - end);
	f->text_len = MAX(f->text_len, at + len - 1);
}

static void see_options(struct flow *f, const struct fields *x, uint64_t flags)
{
	const struct field *ts = fields_find(x, "tcp.options.timestamp.tsval");

	if (ts) {
		f->has_ts = true;
		f->last_tsval = (uint32_t)ts->value;
	}
	if (!(flags & TCP_SYN))
		return;
	f->mss = (uint16_t)fields_value(x, "tcp.options.mss_val");
	f->sack_ok = fields_find(x, "tcp.options.sack_perm");
	f->wscale = fields_find(x, "tcp.options.wscale.shift");
	f->shift = (uint8_t)MIN(fields_value(x, "tcp.options.wscale.shift"), 14u);
}

/* What we acknowledge, and what we have room for. */
static void see_ack(struct flow *f, const struct fields *x, uint64_t flags)
{
	uint32_t acked = (uint32_t)fields_value(x, "tcp.ack") - f->peer_isn;
	uint32_t window = (uint32_t)fields_value(x, "tcp.window_size_value");

	if (!(flags & TCP_ACK) || !f->has_peer_isn)
		return;
	if (!(flags & TCP_SYN) && f->wscale && f->peer_wscale)
		window <<= f->shift;
	f->acked = MAX(f->acked, acked);
	f->room = MAX(f->room, acked + window);
}

static uint32_t text_len(const struct fields *x)
{
	const struct field *text = fields_find(x, "tcp.payload");

	return text ? text->len : 0;
}

static void see_ours(struct flow *f, const struct fields *x, const uint8_t *data, uint64_t now_ns)
{
	const struct field *text = fields_find(x, "tcp.payload");
	uint64_t flags = fields_value(x, "tcp.flags");
	uint32_t seq = (uint32_t)fields_value(x, "tcp.seq"), at, end, len = text_len(x);

	if (flags & TCP_RST) {
		f->rst = true;
		return;
	}
	if (flags & TCP_SYN && !f->has_isn) {
		f->has_isn = true;
		f->isn = seq;
	}
	see_options(f, x, flags);
	see_ack(f, x, flags);
	at = seq - f->isn + !!(flags & TCP_SYN);
	if (!f->has_isn || at > (uint64_t)f->text_len + 1 + GAP_MAX || at > UINT32_MAX - 1 - len)
		return;
	if (text)
		add_text(f, at, data + text->at, len, now_ns);
	if (flags & TCP_FIN && !f->fin) {
		f->fin = true;
		f->fin_at = at + len;
		f->fin_first = !f->peer_fin;
	}
	end = at + len + !!(flags & TCP_FIN);
	if (end > f->peer_acked) /* else it crossed with that */
		note_range(f, seq - f->isn, end, now_ns);
}

static void see_peers(struct flow *f, const struct fields *x)
{
	uint64_t flags = fields_value(x, "tcp.flags");
	uint32_t seq = (uint32_t)fields_value(x, "tcp.seq"),
		 ack = (uint32_t)fields_value(x, "tcp.ack") - f->isn;

	f->peer_rst |= !!(flags & TCP_RST);
	if (flags & TCP_SYN && !f->has_peer_isn) {
		f->has_peer_isn = true;
		f->peer_isn = seq;
		f->peer_wscale = fields_find(x, "tcp.options.wscale.shift");
	}
	if (flags & TCP_ACK && f->has_isn && ack <= f->end)
		f->peer_acked = MAX(f->peer_acked, ack);
	if (flags & TCP_FIN && !f->peer_fin) {
		f->peer_fin = true;
		f->peer_fin_at = seq - f->peer_isn + text_len(x);
	}
}

/* A segment behind the handshake, and we know no SYN of ours: the capture misses it. */
static bool misses_syn(const struct flow *f, uint64_t flags)
{
	return !f->has_isn && !(flags & (TCP_SYN | TCP_RST));
}

/* A SYN begins a connection, unless it is that of the present one again. */
static bool begins(const struct flow *f, bool ours, const struct fields *x)
{
	uint64_t flags = fields_value(x, "tcp.flags");
	uint32_t seq = (uint32_t)fields_value(x, "tcp.seq");

	if ((flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	if (!f)
		return true;
	return ours ? f->has_isn && f->isn != seq : f->has_peer_isn && f->peer_isn != seq;
}

static struct flow *see_tcp(struct flows *fs, bool ours, const struct flow_key *key, const struct fields *x,
	const uint8_t *data, uint64_t now_ns)
{
	struct flow *f = flows_find(fs, key);
	bool new = begins(f, ours, x);

	if (new || !f) {
		f = flow_new(fs, key, ours);
		if (!f)
			return NULL;
		f->whole = new;
	}
	f->whole &= !misses_syn(f, fields_value(x, "tcp.flags"));
	if (ours)
		see_ours(f, x, data, now_ns);
	else
		see_peers(f, x);
	return f;
}

const char *flow_state(const struct flow *f)
{
	bool fin_acked = f->fin && f->peer_acked > f->fin_at;
	bool peer_fin = f->peer_fin && f->acked > f->peer_fin_at;

	if (f->rst || f->peer_rst)
		return "CLOSED";
	if (!f->has_isn)
		return "LISTEN";
	if (!f->has_peer_isn)
		return "SYN-SENT";
	if (!f->peer_acked)
		return "SYN-RECEIVED";
	if (!f->fin)
		return peer_fin ? "CLOSE-WAIT" : "ESTABLISHED";
	if (!peer_fin)
		return fin_acked ? "FIN-WAIT-2" : "FIN-WAIT-1";
	if (fin_acked)
		return f->fin_first ? "TIME-WAIT" : "CLOSED";
	return f->fin_first ? "CLOSING" : "LAST-ACK";
}

/* ---- messages ---- */

static void add_message(struct flow *f, const uint8_t *head, size_t head_len, const uint8_t *data, size_t len,
	uint64_t now_ns)
{
	uint32_t total = (uint32_t)(head_len + len);

	f->differs |= f->text.len > FLOW_TEXT_MAX;
	if (!f->differs) {
		buf_add(&f->text, &total, sizeof(total));
		buf_add(&f->text, head, head_len);
		buf_add(&f->text, data, len);
	}
	note_range(f, f->end, f->end + 1, now_ns);
}

/* Of an error only its type and code: what it quotes is the peer's, and has been translated. */
static void see_message(struct flow *f, const struct fields *x, const uint8_t *data, uint64_t now_ns)
{
	bool icmp = f->key.proto == IP_PROTO_ICMP;
	const struct field *text = fields_find(x, icmp ? "icmp.data" : "udp.payload");
	uint32_t seq = (uint32_t)fields_value(x, "icmp.seq");
	uint8_t head[FLOW_ICMP_HEAD] = {(uint8_t)fields_value(x, "icmp.type"),
		(uint8_t)fields_value(x, "icmp.code"), (uint8_t)(seq >> 8), (uint8_t)seq};

	add_message(f, head, icmp ? sizeof(head) : 0, text ? data + text->at : head, text ? text->len : 0,
		now_ns);
}

const uint8_t *flow_message(const struct flow *f, size_t *at, uint32_t *len)
{
	const uint8_t *message;

	if (*at >= f->text.len)
		return NULL;
	memcpy(len, f->text.at + *at, sizeof(*len));
	message = (const uint8_t *)f->text.at + *at + sizeof(*len);
	*at += sizeof(*len) + *len;
	return message;
}

struct flow *flows_see(
	struct flows *fs, bool ours, const struct fields *x, const uint8_t *data, uint64_t now_ns)
{
	struct flow_key key;
	struct flow *f;

	if (!read_key(x, ours, &key))
		return NULL;
	if (key.proto == IP_PROTO_TCP)
		return see_tcp(fs, ours, &key, x, data, now_ns);
	f = flows_find(fs, &key);
	if (!f)
		f = flow_new(fs, &key, ours);
	if (f && ours)
		see_message(f, x, data, now_ns);
	return f;
}
