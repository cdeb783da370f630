/* SPDX-License-Identifier: MIT */
/* Any octets as packets: printed with everything that tcpdump's options show, within bounds. The first octet chooses the
 * options and the link type, the second how much of the packet was captured. */
#include "shell/dump.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const unsigned linktypes[] = {LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_LINUX_SLL2, 147};
	struct buf out = {0};
	struct dump d;

	if (len < 2)
		return 0;
	struct dump_options o = {.verbose = data[0] & 3,
		.link = data[0] & 4,
		.quick = data[0] & 8,
		.absolute = data[0] & 16,
		.hex_ascii = data[0] >> 5 & 1,
		.utc = true};
	struct capture_packet p = {.linktype = linktypes[data[0] >> 6],
		.data = data + 2,
		.caplen = (uint32_t)(len - 2),
		.len = (uint32_t)(len - 2 + data[1])};

	dump_init(&d, &o, &out);
	dump_packet(&d, &p);
	dump_packet(&d, &p); /* of a connection that is known now */
	if (out.len < 2 || out.at[out.len - 1] != '\n')
		abort();
	dump_exit(&d);
	buf_exit(&out);
	return 0;
}
