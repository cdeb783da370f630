/* SPDX-License-Identifier: MIT */
/* Captures may be larger than memory: what has been the same is forgotten. */
#include "shell/flows_same.h"

#include "net/wire_icmp.h"
#include "net/wire_ip.h"

#include <stdlib.h>

enum { KEPT = 64 << 10 /* octets of text that are not forgotten */ };

/* Octets of the kept text that are there; holes that the peer has acknowledged will not be filled any more. */
static size_t known(const struct flow *f)
{
	for (size_t i = 0; i < f->hole_count; i++)
		if (f->holes[i].to > f->peer_acked)
			return f->holes[i].from - 1 - f->same;
	return f->text.len;
}

void flow_patch(struct flow *f, const struct flow *twin, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->hole_count; i++) {
		struct flow_hole *h = &f->holes[i];
		size_t from = h->from - 1 - f->same, to = MIN((size_t)h->to - 1 - f->same, len);
		if (from < to) {
			memcpy(f->text.at + from, twin->text.at + from, to - from);
			f->missed += to - from;
			h->from += (uint32_t)(to - from);
		}
		if (h->from < h->to)
			f->holes[kept++] = *h;
	}
	f->hole_count = kept;
}

static void forget_sends(struct flow *f, uint32_t end)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->send_count; i++)
		if (f->sends[i].again || f->sends[i].to > end)
			f->sends[kept++] = f->sends[i];
	f->send_count = kept;
}

/* The first `len` octets of the text, which are so many octets of a stream, or messages. What may still be sent again was
 * sent before. */
static void forget(struct flow *f, size_t len, uint32_t count)
{
	buf_eat(&f->text, len);
	f->same += count;
	forget_sends(f, f->key.proto == IP_PROTO_TCP ? MIN(f->same, f->peer_acked) : f->same);
}

static void forget_text(struct flow *f, struct flow *twin)
{
	size_t len = MIN(known(f), known(twin));

	if (len < 2 * (size_t)KEPT)
		return;
	len -= KEPT;
	flow_patch(f, twin, len);
	flow_patch(twin, f, len);
	if (memcmp(f->text.at, twin->text.at, len) != 0) {
		f->differs = twin->differs = true;
		return;
	}
	forget(f, len, (uint32_t)len);
	forget(twin, len, (uint32_t)len);
}

bool flow_same_message(
	const struct flow *f, const uint8_t *x, uint32_t len_x, const uint8_t *y, uint32_t len_y)
{
	bool is_echo = f->key.proto == IP_PROTO_ICMP && len_x && x[0] == ICMP_ECHO;

	return len_x == len_y && memcmp(x, y, is_echo ? MIN(len_x, (uint32_t)FLOW_ICMP_HEAD) : len_x) == 0;
}

static void forget_messages(struct flow *f, struct flow *twin)
{
	size_t at = 0, len = MIN(f->text.len, twin->text.len);
	uint32_t len_f, len_twin, count = 0;

	if (len < 2 * (size_t)KEPT)
		return;
	while (at < len - KEPT) {
		size_t next = at, twin_next = at;
		const uint8_t *x = flow_message(f, &next, &len_f),
			      *y = flow_message(twin, &twin_next, &len_twin);
		if (!flow_same_message(f, x, len_f, y, len_twin)) {
			f->differs = twin->differs = true;
			return;
		}
		at = next;
		count++;
	}
	forget(f, at, count);
	forget(twin, at, count);
}

void flow_forget(struct flow *f)
{
	if (!f->twin || f->differs || f->twin->differs)
		return;
	if (f->key.proto == IP_PROTO_TCP)
		forget_text(f, f->twin);
	else
		forget_messages(f, f->twin);
}
