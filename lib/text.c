/* SPDX-License-Identifier: MIT */
/* Text for people. */
#include "lib/text.h"

#include <arpa/inet.h>
#include <stdio.h>

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
