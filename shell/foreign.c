/* SPDX-License-Identifier: MIT */
/* What our hosts are to send, and have sent; ARP; acknowledgments that wait. */
#include "shell/foreign.h"

#include "dev/replay.h"
#include "lib/text.h"
#include "net/stack.h"
#include "net/wire_arp.h"
#include "net/wire_ether.h"
#include "net/wire_ip.h"
#include "shell/flows_same.h"

#include <stdlib.h>

enum { ANSWER_LEN = ETHER_MIN_LEN, OWED_MAX = 1000, LOSSES_MAX = 1000 };

static uint64_t now_ns(const struct foreign *fo)
{
	return stack_now(fo->dev->stack);
}

/* ---- what peers are to say again ---- */

/* A packet that acknowledges more than we have sent so far: as often as we have sent more it comes again, with more of it. */
struct owed {
	struct list node;
	const struct flow *flow; /* of the capture */
	struct buf came;	 /* as it came last */
	struct capture_packet p;
	uint8_t data[];
};

static bool is_owed(const struct foreign *fo, const struct flow *f)
{
	list_each(o, &fo->owed, struct owed, node)
		if (o->flow == f)
			return true;
	return false;
}

static void owed_free(struct foreign *fo, struct owed *o)
{
	fo->owed_count--;
	list_del(&o->node);
	buf_exit(&o->came);
	free(o);
}

static struct owed *owe(struct foreign *fo, const struct flow *f, const struct capture_packet *p)
{
	struct owed *o = mem_new(sizeof(*o) + p->caplen);

	if (fo->owed_count == OWED_MAX)
		owed_free(fo, list_first(&fo->owed, struct owed, node));
	fo->owed_count++;
	o->flow = f;
	o->p = *p;
	o->p.data = o->data;
	memcpy(o->data, p->data, p->caplen);
	list_add_tail(&fo->owed, &o->node);
	return o;
}

/* What it says now, unless it has said so before. */
static void say(struct foreign *fo, struct owed *o)
{
	if (fo->len == o->came.len && memcmp(fo->packet, o->came.at, fo->len) == 0)
		return;
	buf_eat(&o->came, o->came.len);
	buf_add(&o->came, fo->packet, fo->len);
	replay_input(fo->dev, fo->packet, fo->len, fo->gso_size);
}

static void pay(struct foreign *fo)
{
	list_each_safe(o, &fo->owed, struct owed, node) {
		bool comes = foreign_translate(fo, &o->p, now_ns(fo)), again = comes && fo->debtor;

		if (comes)
			say(fo, o);
		if (!again)
			owed_free(fo, o);
	}
}

/* ---- what we are to send again ---- */

/* What was sent again then, and is not yet now: the peer has lost it, so he does not acknowledge it. Which octets those are
 * depends on how the text was cut; that some of them are sent again is enough. */
struct loss {
	struct list node;
	const struct flow *flow; /* of the capture */
	uint32_t from, to;
};

static void loss_free(struct foreign *fo, struct loss *l)
{
	fo->loss_count--;
	list_del(&l->node);
	free(l);
}

static void note_loss(struct foreign *fo, const struct flow *f, const struct flow_send *then)
{
	const struct flow *twin = f->twin;
	struct loss *l;

	if (!twin || then->to <= twin->peer_acked || flow_sent_again(twin, then->from + 1) ||
		flow_sent_again(twin, then->to))
		return;
	if (fo->loss_count == LOSSES_MAX)
		loss_free(fo, list_first(&fo->losses, struct loss, node));
	fo->loss_count++;
	l = mem_new(sizeof(*l));
	l->flow = f;
	l->from = then->from;
	l->to = then->to;
	list_add_tail(&fo->losses, &l->node);
}

static void mend_losses(struct foreign *fo, const struct flow *f, const struct flow_send *now)
{
	list_each_safe(l, &fo->losses, struct loss, node)
		if (l->flow == f && l->from < now->to && now->from < l->to)
			loss_free(fo, l);
}

uint32_t foreign_before_losses(const struct foreign *fo, const struct flow *f, uint32_t to)
{
	list_each(l, &fo->losses, struct loss, node)
		if (l->flow == f)
			to = MIN(to, l->from);
	return to;
}

uint32_t foreign_behind_losses(const struct foreign *fo, const struct flow *f, uint32_t from, uint32_t to)
{
	list_each(l, &fo->losses, struct loss, node)
		if (l->flow == f && l->from < to)
			from = MAX(from, MIN(l->to, to));
	return from;
}

/* ---- ARP ---- */

/* Who is asked for has an address of our making; where frames come from is another matter. */
static void answer_arp(struct foreign *fo, const uint8_t *data, size_t len)
{
	uint8_t frame[ANSWER_LEN] = {0};
	struct ether_hdr eth;
	struct arp_msg m;

	if (ether_parse(data, len, &eth) || eth.type != ETHERTYPE_ARP ||
		arp_parse(data + ETHER_HDR_LEN, len - ETHER_HDR_LEN, &m) || m.op != ARP_OP_REQUEST ||
		!m.spa || m.spa == m.tpa)
		return;
	struct mac mac = {{2, 0, (uint8_t)(m.tpa >> 24), (uint8_t)(m.tpa >> 16), (uint8_t)(m.tpa >> 8),
		(uint8_t)m.tpa}};
	struct arp_msg reply = {.op = ARP_OP_REPLY, .sha = mac, .spa = m.tpa, .tha = m.sha, .tpa = m.spa};
	ether_emit(frame, &(struct ether_hdr){.dst = eth.src, .src = mac, .type = ETHERTYPE_ARP});
	arp_emit(frame + ETHER_HDR_LEN, &reply);
	buf_add(&fo->answers, frame, sizeof(frame));
	loop_post(stack_loop(fo->dev->stack), &fo->work);
}

static void come(struct work *w)
{
	struct foreign *fo = CONTAINER_OF(w, struct foreign, work);

	for (; fo->answers.len; buf_eat(&fo->answers, ANSWER_LEN))
		replay_input(fo->dev, (const uint8_t *)fo->answers.at, ANSWER_LEN, 0);
	pay(fo);
}

/* ---- what comes in ---- */

/* How much of a packet's text we have room for now; UINT32_MAX: it comes whole. What we had no room for then is let in as it was: the peer did not keep to
 * the window, or asked whether it is open. */
static uint32_t fitting(struct foreign *fo, const struct capture_packet *p)
{
	const struct field *text;
	struct flow *f;
	uint32_t at;

	fields_read(&fo->fields, p->linktype, p->data, p->caplen);
	text = fields_find(&fo->fields, "tcp.payload");
	f = text ? flows_of(&fo->expected, false, &fo->fields) : NULL;
	if (!f || !f->twin || !f->has_peer_isn)
		return UINT32_MAX;
	at = (uint32_t)fields_value(&fo->fields, "tcp.seq") - f->peer_isn;
	if (at + text->len > f->room || at + text->len <= f->twin->room)
		return UINT32_MAX;
	fo->wanted = f;
	fo->wanted_end = f->twin->room + 1;
	fo->wanted_room = true;
	return f->twin->room > at ? f->twin->room - at : 0;
}

bool foreign_input(struct foreign *fo, const struct capture_packet *p, uint32_t *done, bool rest)
{
	uint32_t to;

	fo->wanted = NULL;
	to = rest ? UINT32_MAX : fitting(fo, p);
	if (to <= *done && to < UINT32_MAX)
		return false;
	fo->text_from = *done;
	fo->text_to = to;
	*done = to;
	if (foreign_translate(fo, p, now_ns(fo))) {
		if (fo->debtor)
			say(fo, owe(fo, fo->debtor, p));
		else
			replay_input(fo->dev, fo->packet, fo->len, fo->gso_size);
	}
	fo->text_from = 0;
	fo->text_to = UINT32_MAX;
	return to == UINT32_MAX;
}

/* ---- making ---- */

void foreign_init(struct foreign *fo)
{
	flows_init(&fo->expected);
	flows_init(&fo->got);
	list_init(&fo->owed);
	list_init(&fo->losses);
	work_init(&fo->work, come);
	fo->text_to = UINT32_MAX;
}

void foreign_start(struct foreign *fo, struct dev *d, unsigned linktype)
{
	fo->dev = d;
	fo->linktype = linktype;
}

void foreign_stop(struct foreign *fo)
{
	work_cancel(&fo->work);
}

void foreign_exit(struct foreign *fo)
{
	list_each_safe(o, &fo->owed, struct owed, node)
		owed_free(fo, o);
	list_each_safe(l, &fo->losses, struct loss, node)
		loss_free(fo, l);
	flows_exit(&fo->expected);
	flows_exit(&fo->got);
	fields_exit(&fo->fields);
	buf_exit(&fo->answers);
	free(fo->packet);
}

bool foreign_parse_ours(struct foreign *fo, const char *text)
{
	for (const char *at = text; *at; at += strcspn(at, ","), at += *at == ',') {
		char word[TEXT_IP_LEN];

		snprintf(word, sizeof(word), "%.*s", (int)strcspn(at, ","), at);
		if (fo->ours_count == FOREIGN_OURS_MAX || strcspn(at, ",") >= sizeof(word) ||
			!text_parse_ip(word, &fo->ours[fo->ours_count]))
			return false;
		fo->ours_count++;
	}
	return fo->ours_count > 0;
}

bool foreign_has_addr(const struct foreign *fo, uint64_t addr)
{
	for (unsigned i = 0; i < fo->ours_count; i++)
		if (fo->ours[i] == addr)
			return true;
	return false;
}

bool foreign_is_ours(struct foreign *fo, const struct capture_packet *p)
{
	const struct field *src;

	fields_read(&fo->fields, p->linktype, p->data, p->caplen);
	src = fields_find(&fo->fields, "ip.src");
	if (!src)
		src = fields_find(&fo->fields, "arp.src.proto_ipv4");
	return src && foreign_has_addr(fo, src->value);
}

/* ---- what we are to send ---- */

/* A flow that we began has perhaps another port now: the first one to that peer that is not taken. */
static bool may_be_twin(const struct flow *f, const struct flow *g)
{
	const struct flow_key *a = &f->key, *b = &g->key;

	return f->by_us == g->by_us && a->proto == b->proto && a->ours == b->ours && a->peer == b->peer &&
		a->peer_port == b->peer_port && (f->by_us || a->our_port == b->our_port);
}

struct flow *foreign_twin(struct foreign *fo, struct flow *f)
{
	if (f->twin)
		return f->twin;
	list_each(g, &fo->got.lone, struct flow, lone_node) {
		if (!may_be_twin(f, g))
			continue;
		flow_pair(f, g);
		break;
	}
	return f->twin;
}

static const struct flow_send *last_send(const struct flow *f)
{
	return f->send_count ? &f->sends[f->send_count - 1] : NULL;
}

/* What we wait for did not come, and it waits itself. Where nothing was lost no timeout is to come of that; where something was
 * they come anyway, and need time. */
static bool is_stuck(const struct flow *f)
{
	return f->stuck && f->twin->end == f->stuck && !f->repeated && !f->twin->repeated;
}

void foreign_expect(struct foreign *fo, const struct capture_packet *p)
{
	const struct flow_send *last;
	struct flow *f;

	fo->wanted = NULL;
	fields_read(&fo->fields, p->linktype, p->data, p->caplen);
	f = flows_see(&fo->expected, true, &fo->fields, p->data, p->ts_ns);
	if (!f)
		return;
	fo->left_out += f->key.proto == IP_PROTO_TCP && !f->whole;
	flow_forget(f);
	last = last_send(f);
	if (!last || last->at_ns != p->ts_ns || f->rst)
		return;
	if (last->again) {
		note_loss(fo, f, last);
		return;
	}
	fo->wanted = is_stuck(f) ? NULL : f;
	fo->wanted_end = last->to;
	fo->wanted_room = false;
}

void foreign_give_up(struct foreign *fo)
{
	struct flow *f = fo->wanted;

	if (f && f->twin && !fo->wanted_room)
		f->stuck = f->twin->end;
}

bool foreign_must_repeat(const struct foreign *fo)
{
	const struct flow *f = fo->wanted, *twin = f ? f->twin : NULL;

	return twin && !twin->rst && twin->peer_acked < twin->end &&
		foreign_before_losses(fo, f, twin->end) <= twin->peer_acked;
}

/* Echoes of what was sent then are echoes of what was sent now. */
static void set_clocks(struct flow *f, const struct flow_send *now)
{
	f->ts_shift = now->tsval - f->last_tsval;
}

bool foreign_is_reached(struct foreign *fo, uint64_t *at_ns)
{
	struct flow *f = fo->wanted, *twin = f ? foreign_twin(fo, f) : NULL;
	const struct flow_send *sent;

	*at_ns = 0;
	if (fo->at_end && (!list_empty(&fo->owed) || !list_empty(&fo->losses)))
		return false;
	if (!f || !twin)
		return !f;
	if (fo->wanted_room)
		return twin->room >= fo->wanted_end;
	sent = flow_sent(twin, fo->wanted_end);
	if (!sent)
		return false;
	set_clocks(f, sent);
	*at_ns = sent->at_ns;
	return true;
}

/* Of a flow that has a twin: has it sent something just now, so that what is owed can come? */
static void note_progress(struct foreign *fo, struct flow *f)
{
	const struct flow_send *last = last_send(f);

	if (!last || last->at_ns != now_ns(fo))
		return;
	if (last->again)
		mend_losses(fo, f->twin, last);
	if (is_owed(fo, f->twin))
		loop_post(stack_loop(fo->dev->stack), &fo->work);
}

void foreign_sent(struct foreign *fo, const uint8_t *data, size_t len)
{
	struct flow *f;

	fields_read(&fo->fields, fo->linktype, data, len);
	f = flows_see(&fo->got, true, &fo->fields, data, now_ns(fo));
	if (fo->linktype == LINKTYPE_ETHERNET)
		answer_arp(fo, data, len);
	if (!f)
		return;
	flow_forget(f);
	if (f->twin)
		note_progress(fo, f);
}
