/* SPDX-License-Identifier: MIT */
/* Connections that stand twice. */
#include "shell/diff_terms.h"

#include "net/csum.h"
#include "net/wire_ip.h"
#include "net/wire_tcp.h"

#include <stdlib.h>

/* What one side says in a connection. */
struct end {
	bool there; /* its SYN was seen */
	uint16_t port;
	uint32_t isn, next;	    /* next: behind all that was sent so far */
	uint32_t tsval, last_tsval; /* of its SYN; of its last segment */
};

struct connection {
	struct list node;
	uint32_t ours, peer;
	uint16_t peer_port;
	struct end ends[DIFF_SIDES];
};

void terms_init(struct terms *t)
{
	list_init(&t->connections);
}

void terms_exit(struct terms *t)
{
	list_each_safe(c, &t->connections, struct connection, node) {
		list_del(&c->node);
		free(c);
	}
}

/* ---- which connection ---- */

struct key {
	uint32_t ours, peer;
	uint16_t our_port, peer_port;
};

/* Of a packet of ours or of the peer's. False: it is no segment. */
static bool read_key(const struct kept *k, bool by_us, struct key *key)
{
	const struct field *sport = fields_find(&k->fields, "tcp.srcport");
	uint32_t src = (uint32_t)fields_value(&k->fields, "ip.src"),
		 dst = (uint32_t)fields_value(&k->fields, "ip.dst");
	uint16_t dport = (uint16_t)fields_value(&k->fields, "tcp.dstport");

	if (!sport || sport->quoted)
		return false;
	*key = by_us ? (struct key){src, dst, (uint16_t)sport->value, dport}
		     : (struct key){dst, src, dport, (uint16_t)sport->value};
	return true;
}

static bool is_between(const struct connection *c, const struct key *key)
{
	return c->ours == key->ours && c->peer == key->peer && c->peer_port == key->peer_port;
}

static struct connection *find(const struct terms *t, enum diff_side side, const struct key *key)
{
	list_each(c, &t->connections, struct connection, node)
		if (is_between(c, key) && c->ends[side].there && c->ends[side].port == key->our_port)
			return c;
	return NULL;
}

/* One that only the other side has so far; where we began it, the port may be another one. */
static struct connection *find_half(
	const struct terms *t, enum diff_side side, const struct key *key, bool by_us)
{
	list_each(c, &t->connections, struct connection, node) {
		const struct end *other = &c->ends[DIFF_SIDES - 1 - side];
		if (is_between(c, key) && !c->ends[side].there && (by_us || other->port == key->our_port))
			return c;
	}
	return NULL;
}

/* ---- what each side says ---- */

/* A SYN again is no news. */
static void note_syn(struct terms *t, enum diff_side side, const struct kept *sent, const struct key *key)
{
	bool by_us = !(fields_value(&sent->fields, "tcp.flags") & TCP_ACK);
	uint32_t isn = (uint32_t)fields_value(&sent->fields, "tcp.seq");
	struct connection *c = find(t, side, key);

	if (c && c->ends[side].isn == isn)
		return;
	if (!c)
		c = find_half(t, side, key, by_us);
	if (!c) {
		c = mem_new(sizeof(*c));
		*c = (struct connection){.ours = key->ours, .peer = key->peer, .peer_port = key->peer_port};
		list_add_tail(&t->connections, &c->node);
	}
	c->ends[side] = (struct end){.there = true,
		.port = key->our_port,
		.isn = isn,
		.next = isn,
		.tsval = (uint32_t)fields_value(&sent->fields, "tcp.options.timestamp.tsval")};
}

/* What it takes of the space of sequence numbers. */
static uint32_t seq_len(const struct kept *k)
{
	const struct field *text = fields_find(&k->fields, "tcp.payload");
	uint64_t flags = fields_value(&k->fields, "tcp.flags");

	return (text ? text->len : 0) + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
}

bool terms_note(struct terms *t, enum diff_side side, const struct kept *sent)
{
	const struct field *tsval = fields_find(&sent->fields, "tcp.options.timestamp.tsval");
	uint32_t end, len = seq_len(sent);
	struct connection *c;
	bool again;
	struct key key;

	if (!read_key(sent, true, &key))
		return false;
	if (fields_value(&sent->fields, "tcp.flags") & TCP_SYN)
		note_syn(t, side, sent, &key);
	c = find(t, side, &key);
	if (!c)
		return false;
	if (tsval)
		c->ends[side].last_tsval = (uint32_t)tsval->value;
	end = (uint32_t)fields_value(&sent->fields, "tcp.seq") + len;
	again = (int32_t)(end - c->ends[side].next) <= 0;
	if (!again)
		c->ends[side].next = end;
	return again && len > 0;
}

/* ---- packets in other terms ---- */

static void put(struct kept *k, const struct field *x, uint32_t value)
{
	field_put(k->data, x, value);
}

/* The sum of all that ICMP's or TCP's checksum is over, but the pseudo-header. */
static uint16_t sum(const struct kept *k, size_t from)
{
	return (uint16_t)~csum(k->data + from, k->len - from);
}

/* A checksum `offset` octets into what begins at `from` follows what has changed since the sum was `before`. */
static void mend(struct kept *k, size_t from, size_t offset, uint16_t before)
{
	be16 *check = (be16 *)(k->data + from + offset);

	*check = put16(csum_update(get16(*check), before, sum(k, from)));
}

/* An echoed timestamp: as long after that of the SYN, but none that is still to come. */
static uint32_t kernel_tsval(const struct connection *c, uint32_t tsecr)
{
	const struct end *kernel = &c->ends[DIFF_KERNEL];
	uint32_t value = tsecr - c->ends[DIFF_TAPIR].tsval + kernel->tsval;

	return (int32_t)(value - kernel->last_tsval) > 0 ? kernel->last_tsval : value;
}

static bool is_any_of(const struct field *x, const char *const names[])
{
	for (; *names; names++)
		if (strcmp(x->name, *names) == 0)
			return true;
	return false;
}

/* What a peer's segment says of our octets. */
static void change_segment(struct kept *k, const struct connection *c)
{
	static const char *const seqs[] = {"tcp.ack", "tcp.options.sack_le", "tcp.options.sack_re", NULL};
	const struct end *tapir = &c->ends[DIFF_TAPIR], *kernel = &c->ends[DIFF_KERNEL];
	bool acks = fields_value(&k->fields, "tcp.flags") & TCP_ACK;

	for (size_t i = 0; i < k->fields.count; i++) {
		const struct field *x = &k->fields.at[i];
		if (strcmp(x->name, "tcp.dstport") == 0)
			put(k, x, kernel->port);
		else if (acks && is_any_of(x, seqs))
			put(k, x, (uint32_t)x->value - tapir->isn + kernel->isn);
		else if (acks && strcmp(x->name, "tcp.options.timestamp.tsecr") == 0)
			put(k, x, kernel_tsval(c, (uint32_t)x->value));
	}
}

static const struct field *find_quoted(const struct kept *k, const char *name)
{
	for (size_t i = 0; i < k->fields.count; i++)
		if (k->fields.at[i].quoted && strcmp(k->fields.at[i].name, name) == 0)
			return &k->fields.at[i];
	return NULL;
}

/* What an error quotes of a segment of ours. */
static void change_quote(struct terms *t, struct kept *k)
{
	const struct field *port = find_quoted(k, "tcp.srcport"), *peer_port = find_quoted(k, "tcp.dstport"),
			   *seq = find_quoted(k, "tcp.seq"), *ours = find_quoted(k, "ip.src"),
			   *peer = find_quoted(k, "ip.dst");
	struct connection *c;
	struct key key;

	if (!port || !peer_port || !seq || !ours || !peer)
		return;
	key = (struct key){(uint32_t)ours->value, (uint32_t)peer->value, (uint16_t)port->value,
		(uint16_t)peer_port->value};
	c = find(t, DIFF_TAPIR, &key);
	if (!c || !c->ends[DIFF_KERNEL].there)
		return;
	put(k, port, c->ends[DIFF_KERNEL].port);
	put(k, seq, (uint32_t)seq->value - c->ends[DIFF_TAPIR].isn + c->ends[DIFF_KERNEL].isn);
}

static void read_again(struct kept *k)
{
	fields_read(&k->fields, k->linktype, k->data, k->len);
}

void terms_to_kernel(struct terms *t, struct kept *k)
{
	const struct field *icmp = fields_find(&k->fields, "icmp.type");
	size_t from = icmp ? icmp->at : 0, offset = 2; /* of ICMP */
	struct connection *c = NULL;
	uint16_t before;
	struct key key;

	if (read_key(k, false, &key)) {
		c = find(t, DIFF_TAPIR, &key);
		from = fields_find(&k->fields, "tcp.srcport")->at;
		offset = TCP_CHECK_OFFSET;
	}
	if (!icmp && (!c || !c->ends[DIFF_KERNEL].there))
		return;
	before = sum(k, from);
	if (icmp)
		change_quote(t, k);
	else
		change_segment(k, c);
	mend(k, from, offset, before);
	read_again(k);
}

void terms_to_tapir(struct terms *t, struct kept *k)
{
	struct connection *c = NULL;
	uint16_t before;
	struct key key;

	if (read_key(k, true, &key))
		c = find(t, DIFF_KERNEL, &key);
	if (!c || !c->ends[DIFF_TAPIR].there)
		return;
	const struct field *port = fields_find(&k->fields, "tcp.srcport"),
			   *seq = fields_find(&k->fields, "tcp.seq");
	size_t from = port->at;
	before = sum(k, from);
	put(k, port, c->ends[DIFF_TAPIR].port);
	put(k, seq, (uint32_t)seq->value - c->ends[DIFF_KERNEL].isn + c->ends[DIFF_TAPIR].isn);
	mend(k, from, TCP_CHECK_OFFSET, before);
	read_again(k);
}

static void split(struct kept *k, const struct field *text, const struct field *flags, struct kept *fin)
{
	struct capture_packet cp = {
		.ts_ns = k->ts_ns, .linktype = k->linktype, .data = k->data, .caplen = text->at};
	const struct field *len = fields_find(&k->fields, "ip.len"),
			   *seq = fields_find(&k->fields, "tcp.seq");

	kept_set(fin, &cp);
	put(fin, len, (uint32_t)(len->value - text->len));
	put(fin, seq, (uint32_t)seq->value + text->len);
	k->data[flags->at + 1] &= (uint8_t)~TCP_FIN;
	read_again(fin);
}

void terms_simplify(struct kept *k, struct kept *fin)
{
	const struct field *text = fields_find(&k->fields, "tcp.payload"),
			   *flags = fields_find(&k->fields, "tcp.flags");

	if (!flags || flags->quoted)
		return;
	k->data[flags->at + 1] &= (uint8_t)~TCP_PSH;
	if (text && flags->value & TCP_FIN)
		split(k, text, flags, fin);
	read_again(k);
}
