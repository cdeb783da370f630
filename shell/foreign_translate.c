/* SPDX-License-Identifier: MIT */
/* What peers said, in our present terms. */
#include "net/csum.h"
#include "net/wire_arp.h"
#include "net/wire_icmp.h"
#include "net/wire_tcp.h"
#include "net/wire_udp.h"
#include "shell/foreign.h"

enum { MSS_DEFAULT = 536 };

static void put(struct foreign *fo, const struct field *x, uint32_t value)
{
	field_put(fo->packet, x, value);
}

/* A timestamp of ours that was echoed: of what we sent then in its place, and none that is still to come. */
static uint32_t now_tsval(const struct flow *f, const struct flow *twin, uint32_t tsecr)
{
	uint32_t value = tsecr + f->ts_shift;

	return (int32_t)(value - twin->last_tsval) > 0 ? twin->last_tsval : value;
}

/* A number of ours, by its distance from the ISN: nothing is acknowledged, in order or not, that we have not sent. */
static uint32_t now_distance(struct foreign *fo, struct flow *f, uint32_t seq)
{
	uint32_t distance = seq - f->isn;

	if (distance > f->end || distance <= f->twin->end)
		return distance;
	fo->debtor = f;
	return f->twin->end;
}

/* The acknowledgment: of what was sent again then nothing that was not sent again now. */
static uint32_t now_ack(struct foreign *fo, struct flow *f, uint32_t seq)
{
	uint32_t distance = now_distance(fo, f, seq), before = foreign_before_losses(fo, f, distance);

	if (before < distance && distance <= f->end) {
		fo->debtor = f;
		distance = before;
	}
	return distance;
}

/* A SACK block, whose edges are two fields. Of half a segment of ours nothing could be concluded, so they move to the end of
 * the segment in which they lie now; where nothing is left the first one to its beginning. Not so D-SACKs. */
static void translate_block(struct foreign *fo, struct flow *f, const struct field *edges, uint32_t ack)
{
	uint32_t from = now_distance(fo, f, (uint32_t)edges[0].value);
	uint32_t to = now_distance(fo, f, (uint32_t)edges[1].value);
	const struct flow_send *first, *last;

	if (from > ack && from < to && to <= f->twin->end) {
		from = foreign_behind_losses(fo, f, from, to);
		first = flow_sent(f->twin, from);
		last = flow_sent(f->twin, to);
		if (first && last && (first != last || first->from > ack)) {
			from = first == last ? first->from : first->to;
			to = last->to;
		}
	}
	put(fo, &edges[0], f->twin->isn + from);
	put(fo, &edges[1], f->twin->isn + to);
}

static void translate_tcp(struct foreign *fo, struct flow *f, const struct flow *twin)
{
	bool acks = fields_value(&fo->fields, "tcp.flags") & TCP_ACK;
	uint32_t ack = (uint32_t)fields_value(&fo->fields, "tcp.ack") - f->isn;

	for (size_t i = 0; i < fo->fields.count; i++) {
		const struct field *x = &fo->fields.at[i];
		uint32_t value = (uint32_t)x->value;
		if (strcmp(x->name, "tcp.dstport") == 0)
			put(fo, x, twin->key.our_port);
		else if (strcmp(x->name, "tcp.ack") == 0 && acks)
			put(fo, x, twin->isn + now_ack(fo, f, value));
		else if (strcmp(x->name, "tcp.options.sack_le") == 0)
			translate_block(fo, f, x, ack);
		else if (strcmp(x->name, "tcp.options.timestamp.tsecr") == 0 && acks && f->has_ts &&
			twin->has_ts)
			put(fo, x, now_tsval(f, twin, value));
	}
}

/* Whose packet an error quotes: ours, to the peer. */
struct quote {
	struct flow_key key;
	const struct field *port, *seq; /* of ours; an echo has its identifier as port */
};

static void read_quoted(struct quote *q, const struct field *x)
{
	if (strcmp(x->name, "ip.proto") == 0)
		q->key.proto = (uint32_t)x->value;
	else if (strcmp(x->name, "ip.src") == 0)
		q->key.ours = (uint32_t)x->value;
	else if (strcmp(x->name, "ip.dst") == 0)
		q->key.peer = (uint32_t)x->value;
	else if (strcmp(x->name, "tcp.srcport") == 0 || strcmp(x->name, "udp.srcport") == 0 ||
		strcmp(x->name, "icmp.ident") == 0)
		q->port = x;
	else if (strcmp(x->name, "tcp.dstport") == 0 || strcmp(x->name, "udp.dstport") == 0)
		q->key.peer_port = (uint16_t)x->value;
	else if (strcmp(x->name, "tcp.seq") == 0)
		q->seq = x;
}

static void translate_quote(struct foreign *fo)
{
	struct quote q = {0};
	struct flow *f, *twin;

	for (size_t i = 0; i < fo->fields.count; i++)
		if (fo->fields.at[i].quoted)
			read_quoted(&q, &fo->fields.at[i]);
	if (!q.port)
		return;
	q.key.our_port = (uint16_t)q.port->value;
	f = flows_find(&fo->expected, &q.key);
	twin = f ? foreign_twin(fo, f) : NULL;
	if (!twin)
		return;
	put(fo, q.port, twin->key.our_port);
	if (q.seq)
		put(fo, q.seq, (uint32_t)q.seq->value + twin->isn - f->isn);
}

/* An echo comes back with what is in ours now, so that the program that asks finds its time in it. */
static void return_echo(struct foreign *fo, const struct flow *twin)
{
	const struct field *data = fields_find(&fo->fields, "icmp.data");
	uint64_t seq = fields_value(&fo->fields, "icmp.seq");
	const uint8_t *message;
	size_t at = 0;
	uint32_t len;

	while (data && (message = flow_message(twin, &at, &len)))
		if (message[0] == ICMP_ECHO && len == data->len + FLOW_ICMP_HEAD &&
			(message[2] << 8 | message[3]) == (int)seq)
			memcpy(fo->packet + data->at, message + FLOW_ICMP_HEAD, data->len);
}

static void translate_others(struct foreign *fo, const struct flow *f, const struct flow *twin)
{
	const struct field *port = fields_find(&fo->fields, "udp.dstport");

	if (f->key.proto == IP_PROTO_ICMP)
		port = f->by_us && f->key.our_port ? fields_find(&fo->fields, "icmp.ident") : NULL;
	if (!port || !twin)
		return;
	put(fo, port, twin->key.our_port);
	if (f->key.proto == IP_PROTO_ICMP)
		return_echo(fo, twin);
}

/* ---- checksums ---- */

struct sum {
	uint64_t pseudo; /* of its header, or 0 */
	size_t from, len, at;
};

static const struct {
	const char *name;
	size_t offset;
	bool has_pseudo;
} sums[] = {{"tcp.checksum", TCP_CHECK_OFFSET, true}, {"udp.checksum", UDP_CHECK_OFFSET, true},
	{"icmp.checksum", 2, false}};

/* Where the checksum over the transport stands; false: there is none that could be mended. */
static bool find_sum(const struct foreign *fo, struct sum *s)
{
	const struct field *ip = fields_find(&fo->fields, "ip.version"), *x;
	size_t end = ip ? ip->at + fields_value(&fo->fields, "ip.len") : 0;

	for (size_t i = 0; ip && i < ARRAY_SIZE(sums); i++) {
		x = fields_find(&fo->fields, sums[i].name);
		if (!x || x->quoted || end > fo->len || end < x->at + 2)
			continue;
		*s = (struct sum){.from = x->at - sums[i].offset, .at = x->at};
		s->len = end - s->from;
		if (sums[i].has_pseudo)
			s->pseudo = csum_pseudo((uint32_t)fields_value(&fo->fields, "ip.src"),
				(uint32_t)fields_value(&fo->fields, "ip.dst"),
				(uint8_t)fields_value(&fo->fields, "ip.proto"), (uint16_t)s->len);
		return x->value != 0 || strcmp(x->name, "udp.checksum") != 0;
	}
	return false;
}

/* Right, or left to a device that never had to fill it in: the bare sum of the pseudo-header stands there. */
static bool is_right(const struct foreign *fo, const struct sum *s)
{
	uint16_t found = get16(*(const be16 *)(fo->packet + s->at)), bare = csum_finish(s->pseudo) ^ 0xffff;

	if (csum_finish(csum_add(s->pseudo, fo->packet + s->from, s->len)) == 0)
		return true;
	return s->pseudo && found == bare;
}

static void mend(struct foreign *fo, const struct sum *s)
{
	be16 *check = (be16 *)(fo->packet + s->at);
	uint16_t sum;

	*check = put16(0);
	sum = csum_finish(csum_add(s->pseudo, fo->packet + s->from, s->len));
	*check = put16(sum ? sum : 0xffff); /* of UDP 0 would say that there is none */
}

/* ---- a packet ---- */

static void copy(struct foreign *fo, const struct capture_packet *p)
{
	fo->packet = mem_resize(fo->packet, MAX(p->caplen, 1u));
	memcpy(fo->packet, p->data, p->caplen);
	fo->len = p->caplen;
	fo->gso_size = 0;
	fields_read(&fo->fields, p->linktype, fo->packet, fo->len);
}

/* Of the text from fo->text_from to text_to, as if it had been cut so. */
static void cut(struct foreign *fo)
{
	const struct field *text = fields_find(&fo->fields, "tcp.payload"), *len, *check;
	uint32_t to = text ? MIN(fo->text_to, text->len) : 0, ip_len;

	if (!text || (fo->text_from == 0 && to == text->len))
		return;
	put(fo, fields_find(&fo->fields, "tcp.seq"),
		(uint32_t)fields_value(&fo->fields, "tcp.seq") + fo->text_from);
	if (to < text->len)
		fo->packet[fields_find(&fo->fields, "tcp.flags")->at + 1] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	memmove(fo->packet + text->at, fo->packet + text->at + fo->text_from, to - fo->text_from);
	fo->len = text->at + to - fo->text_from;
	ip_len = (uint32_t)fo->len - fields_find(&fo->fields, "ip.version")->at;
	len = fields_find(&fo->fields, "ip.len");
	check = fields_find(&fo->fields, "ip.checksum");
	put(fo, check, csum_update((uint16_t)check->value, (uint16_t)len->value, (uint16_t)ip_len));
	put(fo, len, ip_len);
	fields_read(&fo->fields, fo->linktype, fo->packet, fo->len);
}

/* With --ours the capture's MAC address may be another one than our device has. */
static void readdress(struct foreign *fo)
{
	const struct field *dst = fields_find(&fo->fields, "eth.dst"),
			   *ip = fields_find(&fo->fields, "ip.dst");

	if (fo->ours_count && dst && ip && foreign_has_addr(fo, ip->value) && !(fo->packet[0] & 1))
		memcpy(fo->packet + dst->at, fo->dev->mac.b, sizeof(fo->dev->mac.b));
}

/* A super-frame of the peer's: cut as our MSS allows. */
static void find_gso(struct foreign *fo, const struct flow *f)
{
	const struct field *len = fields_find(&fo->fields, "ip.len"),
			   *hdr = fields_find(&fo->fields, "tcp.hdr_len");

	if (!hdr || hdr->quoted || len->value <= fo->dev->mtu)
		return;
	uint32_t mss = f && f->mss ? f->mss : MSS_DEFAULT, options = (uint32_t)hdr->value - TCP_HDR_LEN;
	fo->gso_size = (uint16_t)(mss > options ? mss - options : mss);
}

/* Does it come in at all? ARP replies were for questions of then, and what began before the capture means nothing to us. */
static bool may_come(struct foreign *fo, const struct flow *f, struct flow *twin)
{
	if (!f)
		return fields_value(&fo->fields, "arp.opcode") != ARP_OP_REPLY;
	fo->left_out += f->key.proto == IP_PROTO_TCP && !f->whole;
	return (f->key.proto != IP_PROTO_TCP || f->whole) && (!f->by_us || twin);
}

/* What of it are our numbers. */
static void translate(struct foreign *fo, struct flow *f, struct flow *twin)
{
	fo->debtor = NULL;
	if (f && twin && f->key.proto == IP_PROTO_TCP)
		translate_tcp(fo, f, twin);
	else if (f)
		translate_others(fo, f, twin);
	if (fields_find(&fo->fields, "icmp.type"))
		translate_quote(fo);
}

/* A flow that begins with what comes has its twin at once. */
static void note_input(struct foreign *fo, struct flow *f, uint64_t now_ns)
{
	struct flow *g;

	fields_read(&fo->fields, fo->linktype, fo->packet, fo->len);
	g = flows_see(&fo->got, false, &fo->fields, fo->packet, now_ns);
	if (f && g && !f->twin && !g->twin)
		flow_pair(f, g);
}

bool foreign_translate(struct foreign *fo, const struct capture_packet *p, uint64_t now_ns)
{
	struct flow *f, *twin;
	struct sum sum;
	bool mendable;

	copy(fo, p);
	f = flows_see(&fo->expected, false, &fo->fields, fo->packet, p->ts_ns);
	twin = f ? foreign_twin(fo, f) : NULL;
	if (!may_come(fo, f, twin))
		return false;
	mendable = find_sum(fo, &sum) && is_right(fo, &sum);
	cut(fo);
	translate(fo, f, twin);
	if (mendable && find_sum(fo, &sum))
		mend(fo, &sum);
	readdress(fo);
	find_gso(fo, f);
	note_input(fo, f, now_ns);
	return true;
}
