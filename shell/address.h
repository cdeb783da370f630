/* SPDX-License-Identifier: MIT */
/* Readers of what is typed as address, prefix, mask and number, as iproute2 and net-tools read them. */
#ifndef SHELL_ADDRESS_H
#define SHELL_ADDRESS_H

#include "lib/bytes.h"

struct prefix {
	uint32_t addr;
	uint8_t plen;
	bool has_plen; /* a length was given (or it is "default") */
};

/* All return false, and leave the result alone, where the whole text is not what it should be. */

/* "10.0.0.1"; missing parts are 0, as iproute2 has it: "10.1" is 10.1.0.0. */
bool address_parse(const char *text, uint32_t *addr);

/* "10.0.0.0/8", "10/8", "10.0.0.0/255.0.0.0", "10.0.0.1" (/32), "default", "any", "all" (0.0.0.0/0). */
bool address_parse_prefix(const char *text, struct prefix *p);

/* "255.255.255.0"; the ones must stand together. */
bool address_parse_mask(const char *text, uint8_t *plen);

/* Decimal, or hexadecimal after 0x. */
bool address_parse_number(const char *text, uint32_t *number);

#endif
