/* SPDX-License-Identifier: MIT */
/*
 * tcpdump --comments: frames with what this host says of them.
 *
 * Trace records gather by the packet they are about. What is recorded before a device sends it says why it is sent;
 * what is recorded after a device has received it says what becomes of it. So a frame waits until its story is over:
 * one that was sent until the device has dealt with it, one that came until its packet has ended or leaves the host. All
 * frames wait in one queue, which keeps the file in order, and none longer than a second.
 */
#include "shell/cmd_tcpdump.h"

#include "shell/hint.h"

#include <stdlib.h>

#define PATIENCE_NS NS_PER_SEC

enum { FRAMES_MAX = 4096, OCTETS_MAX = 16 << 20, TALES_MAX = 4096, TEXT_MAX = 32 << 10 };

/* What is known of a packet on this host. */
struct tale {
	struct hash_link link; /* by packet */
	struct list node;      /* in stories->tales, the one that was heard of last at the end */
	uint64_t pkt, parent;
	uint64_t number; /* of its last frame in the file; 0: none */
	bool came;	 /* a device received it; else it was made here */
	bool ended;
	struct buf text;  /* since then */
	size_t last;	  /* where the last record in it begins */
	struct list open; /* of struct frame: what comes now belongs to them, too */
};

struct frame {
	struct list node;  /* in stories->frames */
	struct list open;  /* in tale->open, until its story is over */
	struct tale *tale; /* NULL: it is over */
	bool leaves;	   /* it was sent: over when the device's xmit has returned */
	uint64_t due_ns;
	struct capture_packet p;
	char device[DEV_NAME_LEN];
	struct buf comment;
	size_t last; /* where the last record in it begins */
	uint8_t data[];
};

struct tcpdump_stories {
	struct tcpdump *t;
	struct trace_listener listener;
	struct hash by_packet;
	struct list tales, frames;
	unsigned tale_count, frame_count;
	size_t octets;
	struct tale *present; /* of the packet that a tap looks at */
	struct buf why;	      /* what is known of it by now, if it leaves */
	struct work settle_work;
	struct timer timer;
};

/* ---- tales ---- */

static uint32_t hash_of(uint64_t pkt)
{
	return (uint32_t)pkt ^ (uint32_t)(pkt >> 32);
}

static struct tale *find(struct tcpdump_stories *ss, uint64_t pkt)
{
	hash_each_match(tale, &ss->by_packet, hash_of(pkt), struct tale, link)
		if (tale->pkt == pkt)
			return tale;
	return NULL;
}

static void settle_later(struct tcpdump_stories *ss)
{
	loop_defer(ss->t->c->world->loop, &ss->settle_work);
}

static void close_frame(struct frame *f)
{
	list_del(&f->open);
	f->tale = NULL;
}

static void close_frames(struct tale *tale)
{
	list_each_safe(f, &tale->open, struct frame, open)
		close_frame(f);
}

static void forget(struct tcpdump_stories *ss, struct tale *tale)
{
	close_frames(tale);
	if (ss->present == tale)
		ss->present = NULL;
	hash_del(&ss->by_packet, &tale->link);
	list_del(&tale->node);
	buf_exit(&tale->text);
	free(tale);
	ss->tale_count--;
}

/* Packets that have ended stay for a while: others come of them. */
static struct tale *tale_of(struct tcpdump_stories *ss, uint64_t pkt, uint64_t parent)
{
	struct tale *tale = find(ss, pkt);

	if (tale) {
		list_del(&tale->node);
		list_add_tail(&ss->tales, &tale->node);
		return tale;
	}
	if (ss->tale_count >= TALES_MAX)
		forget(ss, list_first(&ss->tales, struct tale, node));
	tale = mem_new(sizeof(*tale));
	tale->pkt = pkt;
	tale->parent = parent;
	list_init(&tale->open);
	if (hash_add(&ss->by_packet, &tale->link, hash_of(pkt)))
		abort();
	list_add_tail(&ss->tales, &tale->node);
	ss->tale_count++;
	return tale;
}

/* ---- what is heard ---- */

static void cut_text(struct buf *b, size_t len)
{
	b->len = len;
	if (b->at)
		b->at[len] = '\0';
}

static void add_text(struct buf *to, const char *text)
{
	if (*text && to->len + strlen(text) < TEXT_MAX)
		buf_printf(to, "%s%s", to->len ? "\n" : "", text);
}

/* "ip: up to icmp [RFC 1122 3.2.1]", and what helps against a drop. */
static void make_line(struct buf *line, const struct world *w, const struct trace_record *r)
{
	struct buf hint = {0};

	buf_printf(line, "%s: %s", trace_layer_names[r->layer], r->text);
	if (r->clause[0])
		buf_printf(line, " [%s]", r->clause);
	if (r->layer == LAYER_DROP)
		hint_add(&hint, w, r);
	if (hint.len)
		buf_printf(line, "\nhint: %s", hint.at);
	buf_exit(&hint);
}

static void on_record(
	struct trace_listener *l, struct stack *s, const struct trace_record *r, const struct pkt *p)
{
	struct tcpdump_stories *ss = CONTAINER_OF(l, struct tcpdump_stories, listener);
	struct buf line = {0};
	struct tale *tale;

	(void)p;
	if (s != ss->t->c->host || !r->pkt)
		return;
	tale = tale_of(ss, r->pkt, r->parent);
	make_line(&line, ss->t->c->world, r);
	tale->last = tale->text.len;
	add_text(&tale->text, line.at);
	list_each(f, &tale->open, struct frame, open) {
		f->last = f->comment.len;
		add_text(&f->comment, line.at);
	}
	buf_exit(&line);
}

/* Records that name no packet may still be about this one, until the turn is over. */
static void on_end(struct trace_listener *l, const struct pkt *p)
{
	struct tcpdump_stories *ss = CONTAINER_OF(l, struct tcpdump_stories, listener);
	struct tale *tale = find(ss, p->id);

	if (!tale)
		return;
	tale->ended = true;
	settle_later(ss);
}

/* ---- what a tap sees ---- */

/* Pieces of a packet that was made here say of it what it said; what came of another one says of which. */
static void add_origin(struct tcpdump_stories *ss, const struct tale *tale)
{
	const struct tale *parent = tale->parent ? find(ss, tale->parent) : NULL;
	char text[64];

	if (!parent)
		return;
	if (!parent->came)
		add_text(&ss->why, buf_text(&parent->text));
	if (!parent->number)
		return;
	snprintf(text, sizeof(text), parent->came ? "came of frame %llu" : "part of frame %llu",
		(unsigned long long)parent->number);
	add_text(&ss->why, text);
}

/* The last record before this says that we see it. */
static void forget_last(struct tale *tale)
{
	cut_text(&tale->text, tale->last);
	list_each(f, &tale->open, struct frame, open)
		cut_text(&f->comment, f->last);
}

void tcpdump_stories_look(struct tcpdump_stories *ss, const struct pkt *p, bool outgoing)
{
	struct tale *tale = tale_of(ss, p->id, p->parent);

	ss->present = tale;
	cut_text(&ss->why, 0);
	forget_last(tale);
	close_frames(tale);
	if (outgoing) {
		add_origin(ss, tale);
		add_text(&ss->why, buf_text(&tale->text));
	} else {
		tale->came = true;
		tale->last = 0;
		cut_text(&tale->text, 0);
	}
}

/* ---- the queue ---- */

static void write_frame(struct tcpdump_stories *ss, struct frame *f)
{
	if (f->tale)
		add_text(&f->comment, "it is still on its way");
	f->p.comment = f->comment.len ? f->comment.at : NULL;
	if (ss->t->writer)
		tcpdump_write(ss->t, &f->p, f->device);
	ss->frame_count--;
	ss->octets -= f->p.caplen;
	close_frame(f);
	list_del(&f->node);
	buf_exit(&f->comment);
	free(f);
}

/* In order, as far as stories are over or patience is. */
static void write_frames(struct tcpdump_stories *ss)
{
	struct loop *loop = ss->t->c->world->loop;
	struct frame *f;

	while ((f = list_first(&ss->frames, struct frame, node))) {
		bool many = ss->frame_count > FRAMES_MAX || ss->octets > OCTETS_MAX;

		if (f->tale && !many && f->due_ns > loop->now)
			break;
		write_frame(ss, f);
	}
	timer_cancel(&loop->wheel, &ss->timer);
	if (f)
		timer_arm(&loop->wheel, &ss->timer, f->due_ns);
}

static void settle(struct work *w)
{
	struct tcpdump_stories *ss = CONTAINER_OF(w, struct tcpdump_stories, settle_work);

	list_each(f, &ss->frames, struct frame, node)
		if (f->tale && (f->leaves || f->tale->ended))
			close_frame(f);
	write_frames(ss);
}

static void be_impatient(struct timer *timer)
{
	write_frames(CONTAINER_OF(timer, struct tcpdump_stories, timer));
}

void tcpdump_stories_add(struct tcpdump_stories *ss, const struct capture_packet *p, const char *device)
{
	struct frame *f = mem_new(sizeof(*f) + p->caplen);

	f->p = *p;
	f->p.data = memcpy(f->data, p->data, p->caplen);
	snprintf(f->device, sizeof(f->device), "%s", device);
	f->due_ns = ss->t->c->world->loop->now + PATIENCE_NS;
	f->leaves = p->direction == CAPTURE_OUT;
	list_init(&f->open);
	list_add_tail(&ss->frames, &f->node);
	ss->frame_count++;
	ss->octets += p->caplen;
	add_text(&f->comment, buf_text(&ss->why));
	f->tale = ss->present;
	if (f->tale) {
		f->tale->number = ss->t->captured;
		list_add_tail(&f->tale->open, &f->open);
	}
	settle_later(ss);
}

/* ---- its life ---- */

struct tcpdump_stories *tcpdump_stories_new(struct tcpdump *t)
{
	struct tcpdump_stories *ss = mem_new(sizeof(*ss));

	ss->t = t;
	hash_init(&ss->by_packet);
	list_init(&ss->tales);
	list_init(&ss->frames);
	work_init(&ss->settle_work, settle);
	timer_init(&ss->timer, be_impatient);
	ss->listener.fn = on_record;
	ss->listener.ended = on_end;
	list_add_tail(&t->c->world->trace.listeners, &ss->listener.node);
	trace_everything(t->c->world, true);
	return ss;
}

void tcpdump_stories_free(struct tcpdump_stories *ss)
{
	struct frame *f;

	if (!ss)
		return;
	list_del(&ss->listener.node);
	trace_everything(ss->t->c->world, false);
	work_cancel(&ss->settle_work);
	while ((f = list_first(&ss->frames, struct frame, node)))
		write_frame(ss, f);
	timer_cancel(&ss->t->c->world->loop->wheel, &ss->timer);
	list_each_safe(tale, &ss->tales, struct tale, node)
		forget(ss, tale);
	hash_exit(&ss->by_packet);
	buf_exit(&ss->why);
	free(ss);
}
