/* SPDX-License-Identifier: MIT */
/* Readers of what is typed as address, prefix, mask and number. */
#include "shell/address.h"

#include "lib/text.h"
#include "net/wire_ip.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

bool address_parse_number(const char *text, uint32_t *number)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	v = strtoul(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
	if (*end || errno || v > UINT32_MAX)
		return false;
	*number = (uint32_t)v;
	return true;
}

bool address_parse(const char *text, uint32_t *addr)
{
	uint32_t got = 0;

	for (int part = 0; part < 4; part++) {
		unsigned long v;
		char *end;

		if (!isdigit((unsigned char)*text))
			return false;
		v = strtoul(text, &end, 10);
		if (v > 255)
			return false;
		got |= (uint32_t)v << (24 - 8 * part);
		if (*end == '\0') {
			*addr = got;
			return true;
		}
		if (*end != '.')
			return false;
		text = end + 1;
	}
	return false;
}

bool address_parse_mask(const char *text, uint8_t *plen)
{
	uint32_t mask;

	if (!text_parse_ip(text, &mask))
		return false;
	for (uint8_t n = 0; n <= 32; n++) {
		if (mask == ip_mask(n)) {
			*plen = n;
			return true;
		}
	}
	return false;
}

static bool parse_plen(const char *text, uint8_t *plen)
{
	uint32_t n;

	if (address_parse_number(text, &n) && n <= 32) {
		*plen = (uint8_t)n;
		return true;
	}
	return address_parse_mask(text, plen);
}

bool address_parse_prefix(const char *text, struct prefix *p)
{
	struct prefix got = {.plen = 32};
	const char *slash = strchr(text, '/');
	char addr[TEXT_IP_LEN];
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (!strcmp(text, "default") || !strcmp(text, "any") || !strcmp(text, "all")) {
		*p = (struct prefix){.has_plen = true};
		return true;
	}
	if (len >= sizeof(addr))
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (!address_parse(addr, &got.addr))
		return false;
	if (slash && !parse_plen(slash + 1, &got.plen))
		return false;
	got.has_plen = slash != NULL;
	*p = got;
	return true;
}
