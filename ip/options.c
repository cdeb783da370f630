/* SPDX-License-Identifier: MIT */
/*
 * IPv4 options (RFC 791 3.1, RFC 1122 3.2.1.8, RFC 1812 5.3.13).
 *
 * Everybody who sends a packet, its source and each router, writes itself into record route and timestamp;
 * the last host only does so by sending the answer, into which it reflects them. Source routes do not get so
 * far: packets that have them are dropped (RFC 7126 4.3, 4.4). Unknown options pass unchanged.
 */
#include "ip/internal.h"

enum { MS_PER_DAY = 86400000 };

/* RFC 791 3.1: milliseconds since midnight UT. */
static uint32_t ms_since_midnight(const struct stack *s)
{
	return (uint32_t)(clock_wall_ns(&stack_loop(s)->clock) / NS_PER_MS % MS_PER_DAY);
}

void options_stamp(struct stack *s, struct pkt *p, const struct ip_options *o, uint32_t addr)
{
	uint8_t *h = p->data;

	if (!o->rr && !o->ts)
		return;
	if (o->rr)
		ipopt_record(h + o->rr, addr);
	if (o->ts) {
		uint32_t asked = ipopt_ts_asked(h + o->ts);
		if (!asked || netif_owning(s, asked))
			ipopt_stamp(h + o->ts, asked ? asked : addr, ms_since_midnight(s));
	}
	ip_checksum_again(h, p->ip.hdr_len);
	TRACE(s, LAYER_IP, p, "RFC 791 3.1", "wrote %s into its options", TEXT_IP(addr));
}

/* Options written one behind the other, then padded. */
struct writer {
	uint8_t *out;
	size_t len;
};

static void append(struct writer *w, const uint8_t *option, size_t len)
{
	memcpy(w->out + w->len, option, len);
	w->len += len;
}

static size_t pad(struct writer *w)
{
	while (w->len % 4)
		w->out[w->len++] = IPOPT_EOL;
	return w->len;
}

size_t options_copied(const uint8_t *header, size_t hdr_len, uint8_t *opts)
{
	struct writer w = {.out = opts};
	size_t len;

	for (size_t at = IP_HDR_LEN; at < hdr_len && header[at] != IPOPT_EOL; at += len) {
		len = ipopt_len(header, hdr_len, at);
		if (!len)
			break;
		if (header[at] & IPOPT_COPIED)
			append(&w, header + at, len);
	}
	return pad(&w);
}

size_t ip_options_reflect(const uint8_t *header, uint8_t *opts)
{
	struct writer w = {.out = opts};
	size_t hdr_len = (size_t)(header[0] & 15) * 4;
	struct ip_options o;
	uint8_t at;

	if (ip_options_parse(header, hdr_len, &o, &at))
		return 0;
	if (o.rr)
		append(&w, header + o.rr, header[o.rr + 1]);
	if (o.ts)
		append(&w, header + o.ts, header[o.ts + 1]);
	return pad(&w);
}
