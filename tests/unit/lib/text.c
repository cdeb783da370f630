/* SPDX-License-Identifier: MIT */
/* Addresses as text. */
#include "lib/text.h"

#include "tests/unit/unit.h"

static void addresses_are_written_and_read_alike(void)
{
	uint32_t addr;
	struct mac m;

	CU_ASSERT(text_parse_ip("10.0.255.1", &addr));
	CU_ASSERT_STRING_EQUAL(TEXT_IP(addr), "10.0.255.1");
	CU_ASSERT(text_parse_mac("02:00:aB:00:00:0f", &m));
	CU_ASSERT_STRING_EQUAL(TEXT_MAC(m), "02:00:ab:00:00:0f");
}

static void what_is_not_wholly_an_address_is_refused(void)
{
	static const char *const ips[] = {
		"", "10.0.0", "10.0.0.256", "10.0.0.1 ", "10.0.0.1/24", "a.b.c.d", "1.2.3.4.5"};
	static const char *const macs[] = {"", "02:00:00:00:00", "02:00:00:00:00:0g", "02:00:00:00:00:00:00",
		"02:00:00:00:00:001", "-2:00:00:00:00:01", "02: 0:00:00:00:01"};
	uint32_t addr = 7;
	struct mac m = {{7}};

	for (size_t i = 0; i < ARRAY_SIZE(ips); i++)
		CU_ASSERT_FALSE(text_parse_ip(ips[i], &addr));
	for (size_t i = 0; i < ARRAY_SIZE(macs); i++)
		CU_ASSERT_FALSE(text_parse_mac(macs[i], &m));
	CU_ASSERT_EQUAL(addr, 7);
	CU_ASSERT_EQUAL(m.b[0], 7);
}

SUITE(lib_text, T(addresses_are_written_and_read_alike), T(what_is_not_wholly_an_address_is_refused))
