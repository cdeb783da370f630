/* SPDX-License-Identifier: MIT */
/* Any bytes as a capture file: read to the end, within bounds, and what is delivered keeps the reader's promises. */
#include "lib/capture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The sum keeps the compiler from leaving the reads out. */
static uint32_t look_at(const struct capture_reader *r, const struct capture_packet *p)
{
	uint32_t sum = 0;

	if (p->caplen > p->len || p->caplen > CAPTURE_SNAPLEN || p->iface >= capture_iface_count(r) ||
		capture_iface(r, p->iface)->linktype != p->linktype)
		abort();
	for (uint32_t i = 0; i < p->caplen; i++)
		sum += p->data[i];
	return sum + (p->comment ? (uint32_t)strlen(p->comment) : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	FILE *f = fmemopen((void *)(uintptr_t)data, len, "r");
	char error[CAPTURE_ERROR_LEN];
	struct capture_reader *r = f ? capture_fopen(f, "fuzz", error) : NULL;
	struct capture_packet p;
	enum capture_result result = CAPTURE_PACKET;
	volatile uint32_t sum = 0;

	while (r && (result = capture_read(r, &p)) == CAPTURE_PACKET)
		sum += look_at(r, &p);
	if (r && (result == CAPTURE_BAD) != (capture_reader_error(r)[0] != '\0'))
		abort();
	capture_reader_free(r);
	return 0;
}
