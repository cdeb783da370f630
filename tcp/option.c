/* SPDX-License-Identifier: MIT */
/*
 * The options of a segment (RFC 9293 3.1, 3.2; RFC 7323 2.2, 3.2; RFC 2018 2, 3), and its flags as text.
 *
 * An option whose length is not what its kind demands is passed over: for one bad option nobody loses a connection.
 */
#include "tcp/internal.h"

enum { MSS_LEN = 4, WSCALE_LEN = 3, SACK_OK_LEN = 2, SACK_LEN = 2, SACK_BLOCK_LEN = 8, TS_LEN = 10 };

/* ---- reading ---- */

static uint32_t number(const uint8_t *b)
{
	return get32(*(const be32 *)b);
}

static void read_sacks(const uint8_t *b, size_t len, struct tcp_options *o)
{
	size_t count = (len - SACK_LEN) / SACK_BLOCK_LEN;

	if ((len - SACK_LEN) % SACK_BLOCK_LEN || !count || count > TCP_SACKS_MAX)
		return;
	o->sack_count = (uint8_t)count;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *block = b + SACK_LEN + i * SACK_BLOCK_LEN;
		o->sacks[i] = (struct tcp_sack){number(block), number(block + 4)};
	}
}

/* `b` is at the kind; all `len` octets are there, at least two. */
static void read_one(const uint8_t *b, size_t len, struct tcp_options *o)
{
	switch (b[0]) {
	case TCP_OPT_MSS:
		if (len != MSS_LEN)
			return;
		o->has_mss = true;
		o->mss = get16(*(const be16 *)(b + 2));
		return;
	case TCP_OPT_WSCALE:
		if (len != WSCALE_LEN)
			return;
		o->has_wscale = true;
		o->wscale_cut = b[2] > TCP_WSCALE_MAX;
		o->wscale = (uint8_t)MIN(b[2], TCP_WSCALE_MAX);
		return;
	case TCP_OPT_SACK_OK:
		o->has_sack_ok |= len == SACK_OK_LEN;
		return;
	case TCP_OPT_SACK:
		read_sacks(b, len, o);
		return;
	case TCP_OPT_TS:
		if (len != TS_LEN)
			return;
		o->has_ts = true;
		o->tsval = number(b + 2);
		o->tsecr = number(b + 6);
		return;
	default:
		return;
	}
}

void tcp_options_parse(const uint8_t *b, size_t len, struct tcp_options *o)
{
	uint8_t size;

	*o = (struct tcp_options){0};
	for (; len && b[0] != TCP_OPT_EOL; b += size, len -= size) {
		size = tcp_opt_len(b, len);
		if (!size)
			return;
		if (b[0] != TCP_OPT_NOP)
			read_one(b, size, o);
	}
}

/* ---- writing ---- */

static size_t put_number(uint8_t *b, uint32_t v)
{
	*(be32 *)b = put32(v);
	return 4;
}

/* A word of two NOPs, or NOPs and a short option, in front of what follows. */
static size_t put_word(uint8_t *b, uint8_t b0, uint8_t b1, uint8_t b2, uint8_t b3)
{
	memcpy(b, (uint8_t[]){b0, b1, b2, b3}, 4);
	return 4;
}

static size_t put_sacks(uint8_t *b, size_t room, const struct tcp_options *o)
{
	size_t count = room < 4 ? 0 : MIN((size_t)o->sack_count, (room - 4) / SACK_BLOCK_LEN), n;

	if (!count)
		return 0;
	n = put_word(b, TCP_OPT_NOP, TCP_OPT_NOP, TCP_OPT_SACK, (uint8_t)(SACK_LEN + count * SACK_BLOCK_LEN));
	for (size_t i = 0; i < count; i++) {
		n += put_number(b + n, o->sacks[i].start);
		n += put_number(b + n, o->sacks[i].end);
	}
	return n;
}

size_t tcp_options_emit(uint8_t *b, size_t room, const struct tcp_options *o)
{
	size_t n = 0;

	if (o->has_mss && room - n >= 4)
		n += put_word(b + n, TCP_OPT_MSS, MSS_LEN, (uint8_t)(o->mss >> 8), (uint8_t)o->mss);
	if (o->has_ts && room - n >= TCP_TS_WORDS_LEN) {
		if (o->has_sack_ok)
			n += put_word(b + n, TCP_OPT_SACK_OK, SACK_OK_LEN, TCP_OPT_TS, TS_LEN);
		else
			n += put_word(b + n, TCP_OPT_NOP, TCP_OPT_NOP, TCP_OPT_TS, TS_LEN);
		n += put_number(b + n, o->tsval);
		n += put_number(b + n, o->tsecr);
	} else if (o->has_sack_ok && room - n >= 4) {
		n += put_word(b + n, TCP_OPT_NOP, TCP_OPT_NOP, TCP_OPT_SACK_OK, SACK_OK_LEN);
	}
	if (o->has_wscale && room - n >= 4)
		n += put_word(b + n, TCP_OPT_NOP, TCP_OPT_WSCALE, WSCALE_LEN, o->wscale);
	return n + put_sacks(b + n, room - n, o);
}

/* ---- for people ---- */

char *tcp_flags_text(char *out, uint16_t flags)
{
	static const char letters[] = "FSRPAUEWN"; /* in order of the bits */
	char *at = out;

	for (unsigned i = 0; i < sizeof(letters) - 1; i++)
		if (flags & 1u << i)
			*at++ = letters[i];
	if (at == out)
		*at++ = '-';
	*at = '\0';
	return out;
}
