/* SPDX-License-Identifier: MIT */
/* Capture files put together by hand, in memory. */
#ifndef TESTS_UNIT_LIB_CAPTURE_H
#define TESTS_UNIT_LIB_CAPTURE_H

#include "lib/pcapng.h"
#include "tests/unit/unit.h"

#include <byteswap.h>
#include <stdlib.h>
#include <string.h>

struct image {
	uint8_t bytes[16384];
	size_t len;
	bool swapped; /* numbers in the order that this machine does not use */
};

static inline void add(struct image *m, const void *data, size_t len)
{
	memcpy(m->bytes + m->len, data, len);
	m->len += len;
}

static inline void add16(struct image *m, uint16_t v)
{
	v = m->swapped ? bswap_16(v) : v;
	add(m, &v, sizeof(v));
}

static inline void add32(struct image *m, uint32_t v)
{
	v = m->swapped ? bswap_32(v) : v;
	add(m, &v, sizeof(v));
}

static inline void add64(struct image *m, uint64_t v)
{
	v = m->swapped ? bswap_64(v) : v;
	add(m, &v, sizeof(v));
}

static inline struct capture_reader *image_open(const struct image *m)
{
	char error[CAPTURE_ERROR_LEN];

	return capture_fopen(fmemopen((void *)(uintptr_t)m->bytes, m->len, "r"), "x", error);
}

/* Reads to the end. How many packets there were; *end: how it ended, `error` (if not NULL) in which words. */
static inline unsigned image_read(const struct image *m, enum capture_result *end, char *error)
{
	char refused[CAPTURE_ERROR_LEN];
	struct capture_reader *r =
		capture_fopen(fmemopen((void *)(uintptr_t)m->bytes, m->len, "r"), "x", refused);
	struct capture_packet p;
	uint32_t sum = 0;
	unsigned n = 0;

	*end = CAPTURE_BAD;
	for (; r && (*end = capture_read(r, &p)) == CAPTURE_PACKET; n++)
		for (uint32_t i = 0; i < p.caplen; i++)
			sum += p.data[i]; /* so that the sanitizer sees each byte */
	if (error)
		strcpy(error, r ? capture_reader_error(r) : refused);
	CU_ASSERT(sum <= UINT32_MAX);
	capture_reader_free(r);
	return n;
}

#endif
