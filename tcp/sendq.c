/* SPDX-License-Identifier: MIT */
/*
 * The send queue: bytes that the program wrote and the peer has not acknowledged, [snd.una, snd.end).
 *
 * They stand in chunks, each with its sequence number. A long write becomes a chunk that refers to a blob: the program's,
 * which is not copied, or one made for it; segments on their way refer to it, too (pkt_put_part). Short ones fill small
 * chunks, which come from a pool, as one comes and goes with every request. What counts against the send buffer and against
 * the memory of all connections is what the chunks take, and what they refer to.
 */
#include "tcp/internal.h"

#include <errno.h>
#include <stdlib.h>

struct tcp_chunk {
	struct list node;
	uint32_t seq, len, room;
	uint32_t size;	     /* what it counts for */
	struct blob *blob;   /* whose bytes these are; NULL: its own, of a small one */
	const uint8_t *data; /* the bytes */
	uint8_t own[];
};

enum {
	SMALL = 2048, /* bytes of a small chunk, with the header */
	SMALL_ROOM = SMALL - sizeof(struct tcp_chunk),
	CHUNK_MAX = 65536, /* most bytes of a blob in one chunk */
	MANY = 2048,	   /* so many are worth a reference */
};

void tcp_sendq_init(struct tcp *tcp)
{
	pool_init(&tcp->sendqs, "tcp send queues", sizeof(struct tcp_sendq), 0, TCP_CACHED);
	pool_init(&tcp->small_chunks, "tcp small chunks", SMALL, 0, TCP_CACHED);
}

void tcp_sendq_exit(struct tcp *tcp)
{
	pool_exit(&tcp->sendqs);
	pool_exit(&tcp->small_chunks);
}

static uint32_t chunk_end(const struct tcp_chunk *k)
{
	return k->seq + k->len;
}

static struct tcp_chunk *last_chunk(const struct tcp_sendq *q)
{
	return list_empty(&q->chunks) ? NULL : list_entry(q->chunks.prev, struct tcp_chunk, node);
}

/* ---- how much ---- */

/* As Linux's sk_wmem_queued: memory, not bytes. */
size_t tcp_sendq_size(const struct tcp_conn *c)
{
	return c->sendq ? c->sendq->size : 0;
}

static uint32_t not_sent(const struct tcp_conn *c)
{
	return seq_lt(c->snd.nxt, c->snd.end) ? c->snd.end - c->snd.nxt : 0;
}

static uint32_t lowat(const struct tcp_conn *c)
{
	return tcp_rare(c)->notsent_lowat ? tcp_rare(c)->notsent_lowat
					  : (uint32_t)c->stack->sysctl[SYSCTL_TCP_NOTSENT_LOWAT];
}

/* The buffer grows with the window: two windows' worth, so that the program can refill one while the other is in
 * flight (tcp_wmem). Never less than for ten segments: what is in flight tells of losses. */
static void tune_buffer(struct tcp_conn *c)
{
	uint64_t most = (uint64_t)c->stack->sysctl[SYSCTL_TCP_WMEM_MAX];
	uint64_t wanted = 2 * (MAX((uint64_t)c->cwnd, UINT64_C(10) * c->mss) + SMALL);

	if (!c->wishes.sndbuf_locked && wanted > c->sndbuf && !tcp_mem_pressure(c->stack))
		c->sndbuf = (uint32_t)MIN(wanted, MAX(most, c->sndbuf));
}

size_t tcp_sendq_room(const struct tcp_conn *c)
{
	const struct tcp_chunk *last = c->sendq ? last_chunk(c->sendq) : NULL;

	if (not_sent(c) >= lowat(c))
		return 0;
	if (tcp_sendq_size(c) >= c->sndbuf)
		return last ? last->room - last->len : 0;
	return c->sndbuf - tcp_sendq_size(c);
}

bool tcp_sendq_is_writable(const struct tcp_conn *c)
{
	return tcp_sendq_size(c) * 3 <= (size_t)c->sndbuf * 2 && not_sent(c) < lowat(c);
}

/* ---- writing ---- */

/* When memory is full, the least of tcp_wmem is still everybody's. */
static bool take_memory(struct tcp_conn *c, size_t size)
{
	if (tcp_mem_take(c->stack, size))
		return true;
	if (c->sendq->size + size > (size_t)c->stack->sysctl[SYSCTL_TCP_WMEM_MIN])
		return false;
	tcp_mem_force(c->stack, size);
	return true;
}

/* One that refers to `len` bytes of the blob, or without a blob an empty one with room for as many. NULL: no memory. */
static struct tcp_chunk *add_chunk(struct tcp_conn *c, struct blob *blob, const uint8_t *data, size_t len)
{
	struct tcp_sendq *q = c->sendq;
	struct tcp_chunk *k = NULL;
	size_t size = sizeof(*k) + len;
	bool taken = take_memory(c, size);
	if (taken)
		k = blob ? malloc(sizeof(*k)) : pool_get(&tcp_of(c->stack)->small_chunks);
	if (!k) {
		if (taken)
			tcp_mem_give(c->stack, size);
		return NULL;
	}
	*k = (struct tcp_chunk){.seq = c->snd.end, .room = (uint32_t)len, .size = (uint32_t)size};
	k->data = k->own;
	if (blob) {
		k->blob = blob_ref(blob);
		k->data = data;
		k->len = k->room;
	}
	q->size += size;
	list_add_tail(&q->chunks, &k->node);
	return k;
}

static void remove_chunk(struct tcp_conn *c, struct tcp_chunk *k)
{
	if (c->sendq->read == k)
		c->sendq->read = NULL;
	list_del(&k->node);
	c->sendq->size -= k->size;
	tcp_mem_give(c->stack, k->size);
	if (!k->blob) {
		pool_put(&tcp_of(c->stack)->small_chunks, k);
		return;
	}
	blob_unref(k->blob);
	free(k);
}

static bool make_queue(struct tcp_conn *c)
{
	if (c->sendq)
		return true;
	struct tcp_sendq *q = pool_get(&tcp_of(c->stack)->sendqs);
	if (!q)
		return false;
	*q = (struct tcp_sendq){.sml = c->snd.una};
	list_init(&q->chunks);
	c->sendq = q;
	return true;
}

/* A chunk goes as a whole, once all of it is acknowledged: in a small buffer there have to be several. */
static size_t chunk_max(const struct tcp_conn *c)
{
	return MAX(MIN(c->sndbuf / 4, (uint32_t)CHUNK_MAX), (uint32_t)MANY);
}

/* These write some of `len` bytes, and return how many; 0: there is no memory. */

static size_t refer_to_bytes(struct tcp_conn *c, struct blob *blob, const uint8_t *data, size_t len)
{
	len = MIN(len, chunk_max(c));
	return add_chunk(c, blob, data, len) ? len : 0;
}

static size_t copy_to_blob(struct tcp_conn *c, const uint8_t *data, size_t len)
{
	struct blob *b = blob_new(MIN(len, chunk_max(c)));

	if (!b)
		return 0;
	memcpy(b->bytes, data, b->len);
	size_t n = refer_to_bytes(c, b, b->bytes, b->len);
	blob_unref(b);
	return n;
}

static size_t copy_bytes(struct tcp_conn *c, const uint8_t *data, size_t len)
{
	struct tcp_chunk *k = last_chunk(c->sendq);

	if (!k || k->len == k->room) {
		if (len > SMALL_ROOM)
			return copy_to_blob(c, data, len);
		k = add_chunk(c, NULL, NULL, SMALL_ROOM);
	}
	if (!k)
		return 0;
	len = MIN(len, k->room - k->len);
	memcpy(k->own + k->len, data, len);
	k->len += (uint32_t)len;
	return len;
}

ssize_t tcp_sendq_write(struct tcp_conn *c, const void *data, size_t len, struct blob *blob)
{
	const uint8_t *from = data;
	size_t left;

	tune_buffer(c);
	left = len = MIN(len, tcp_sendq_room(c));
	if (len == 0)
		return -EAGAIN;
	if (!make_queue(c))
		return -ENOMEM;
	while (left > 0) {
		size_t n = blob && left >= MANY ? refer_to_bytes(c, blob, from, left)
						: copy_bytes(c, from, left);
		if (n == 0)
			break;
		c->snd.end += (uint32_t)n;
		from += n;
		left -= n;
	}
	return left < len ? (ssize_t)(len - left) : -ENOMEM;
}

/* ---- reading and forgetting ---- */

/* Where they are a blob's, and not few, it is left to the device to copy them. */
static void put_bytes(struct pkt *p, struct blob *blob, const uint8_t *data, uint32_t len)
{
	if (blob && (len >= MANY || p->part_count) && pkt_put_part(p, blob, data, len))
		return;
	pkt_linearize(p);
	memcpy(pkt_put(p, len), data, len);
}

void tcp_sendq_put(const struct tcp_conn *c, uint32_t seq, struct pkt *p, uint32_t len)
{
	struct tcp_sendq *q = c->sendq;
	struct tcp_chunk *k = q->read;

	if (!k || seq_lt(seq, k->seq))
		k = list_first(&q->chunks, struct tcp_chunk, node);
	while (len > 0) {
		while (seq_ge(seq, chunk_end(k)))
			k = list_entry(k->node.next, struct tcp_chunk, node);
		uint32_t n = MIN(len, chunk_end(k) - seq);
		put_bytes(p, k->blob, k->data + (seq - k->seq), n);
		seq += n;
		len -= n;
	}
	q->read = k;
}

void tcp_sendq_acked(struct tcp_conn *c, uint32_t to)
{
	struct tcp_chunk *k;

	if (!c->sendq)
		return;
	while ((k = list_first(&c->sendq->chunks, struct tcp_chunk, node)) && seq_le(chunk_end(k), to))
		remove_chunk(c, k);
	if (list_empty(&c->sendq->chunks))
		tcp_sendq_free(c);
}

void tcp_sendq_free(struct tcp_conn *c)
{
	if (!c->sendq)
		return;
	list_each_safe(k, &c->sendq->chunks, struct tcp_chunk, node)
		remove_chunk(c, k);
	pool_put(&tcp_of(c->stack)->sendqs, c->sendq);
	c->sendq = NULL;
	c->urg_to_send = false;
}
