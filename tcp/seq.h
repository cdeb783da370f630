/* SPDX-License-Identifier: MIT */
/*
 * Sequence numbers (RFC 9293 3.4): a circle of 2^32. Which of two comes first is only defined while they are
 * less than 2^31 apart, and only these functions say it. Timestamps (RFC 7323 5.2) are compared the same way.
 */
#ifndef TCP_SEQ_H
#define TCP_SEQ_H

#include "lib/bytes.h"

static inline bool seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_le(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

static inline bool seq_gt(uint32_t a, uint32_t b)
{
	return seq_lt(b, a);
}

static inline bool seq_ge(uint32_t a, uint32_t b)
{
	return seq_le(b, a);
}

/* low <= a < high */
static inline bool seq_in(uint32_t a, uint32_t low, uint32_t high)
{
	return a - low < high - low;
}

static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_lt(a, b) ? b : a;
}

static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_lt(a, b) ? a : b;
}

#endif
