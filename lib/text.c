/* SPDX-License-Identifier: MIT */
/* Text for people. */
#include "lib/text.h"

#include <arpa/inet.h>
#include <stdio.h>

char *text_escape(char *out, size_t room, const void *data, size_t len)
{
	const uint8_t *b = data;
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		char piece[5];
		bool plain = b[i] >= 0x20 && b[i] < 0x7f && b[i] != '\\';
		int n = snprintf(piece, sizeof(piece),
			plain		       ? "%c"
				: b[i] == '\\' ? "\\\\"
					       : "\\x%02x",
			b[i]);

		if (used + (size_t)n >= room)
			break;
		memcpy(out + used, piece, (size_t)n);
		used += (size_t)n;
	}
	if (room)
		out[used] = '\0';
	return out;
}

char *text_ip(char *out, uint32_t addr)
{
	snprintf(out, TEXT_IP_LEN, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255);
	return out;
}

char *text_mac(char *out, struct mac m)
{
	snprintf(out, TEXT_MAC_LEN, "%02x:%02x:%02x:%02x:%02x:%02x", m.b[0], m.b[1], m.b[2], m.b[3], m.b[4],
		m.b[5]);
	return out;
}

bool text_parse_ip(const char *text, uint32_t *out)
{
	be32 wire;

	if (inet_pton(AF_INET, text, &wire) != 1)
		return false;
	*out = get32(wire);
	return true;
}

bool text_parse_mac(const char *text, struct mac *out)
{
	struct mac m;
	int end = 0;
	int n = sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &m.b[0], &m.b[1], &m.b[2], &m.b[3],
		&m.b[4], &m.b[5], &end);

	if (n != 6 || text[end] != '\0' || strspn(text, "0123456789abcdefABCDEF:") != strlen(text))
		return false;
	*out = m;
	return true;
}
