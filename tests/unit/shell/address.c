/* SPDX-License-Identifier: MIT */
#include "shell/address.h"

#include "net/wire_ip.h"
#include "tests/unit/unit.h"

static void missing_parts_of_an_address_are_zero(void)
{
	uint32_t addr;

	CU_ASSERT(address_parse("10.0.0.1", &addr));
	CU_ASSERT_EQUAL(addr, 0x0a000001);
	CU_ASSERT(address_parse("10.1", &addr));
	CU_ASSERT_EQUAL(addr, 0x0a010000);
	CU_ASSERT(address_parse("10", &addr));
	CU_ASSERT_EQUAL(addr, 0x0a000000);
}

static void what_is_no_address_is_refused_and_changes_nothing(void)
{
	static const char *const bad[] = {
		"", ".", "10.", "256.1.1.1", "1.2.3.4.5", "1.2.3.x", "-1.2.3.4", "1..2", " 1"};
	uint32_t addr = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CU_ASSERT_FALSE(address_parse(bad[i], &addr));
	CU_ASSERT_EQUAL(addr, 7);
}

static void a_prefix_has_a_length_a_mask_or_a_name(void)
{
	struct prefix p;

	CU_ASSERT(address_parse_prefix("10.0.0.0/8", &p));
	CU_ASSERT(p.addr == 0x0a000000 && p.plen == 8 && p.has_plen);
	CU_ASSERT(address_parse_prefix("10/255.128.0.0", &p));
	CU_ASSERT(p.addr == 0x0a000000 && p.plen == 9 && p.has_plen);
	CU_ASSERT(address_parse_prefix("10.0.0.1", &p));
	CU_ASSERT(p.plen == 32 && !p.has_plen);
	CU_ASSERT(address_parse_prefix("default", &p));
	CU_ASSERT(p.addr == 0 && p.plen == 0 && p.has_plen);
}

static void what_is_no_prefix_is_refused(void)
{
	static const char *const bad[] = {"10.0.0.0/33", "10.0.0.0/", "/8", "foo", "10.0.0.0/8x",
		"10/255.0.255.0", "111.222.333.444.555/8", ""};
	struct prefix p = {.addr = 7};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CU_ASSERT_FALSE(address_parse_prefix(bad[i], &p));
	CU_ASSERT_EQUAL(p.addr, 7);
}

static void the_ones_of_a_mask_stand_together(void)
{
	uint8_t plen;

	CU_ASSERT(address_parse_mask("255.255.255.0", &plen));
	CU_ASSERT_EQUAL(plen, 24);
	CU_ASSERT(address_parse_mask("0.0.0.0", &plen));
	CU_ASSERT_EQUAL(plen, 0);
	CU_ASSERT_FALSE(address_parse_mask("255.0.255.0", &plen));
}

static void numbers_are_decimal_or_hexadecimal_and_fit(void)
{
	uint32_t n = 7;

	CU_ASSERT(address_parse_number("1500", &n));
	CU_ASSERT_EQUAL(n, 1500);
	CU_ASSERT(address_parse_number("0x10", &n));
	CU_ASSERT_EQUAL(n, 16);
	CU_ASSERT(address_parse_number("010", &n));
	CU_ASSERT_EQUAL(n, 10);
	CU_ASSERT_FALSE(address_parse_number("4294967296", &n));
	CU_ASSERT_FALSE(address_parse_number("-1", &n));
	CU_ASSERT_FALSE(address_parse_number("12a", &n));
	CU_ASSERT_EQUAL(n, 10);
}

SUITE(shell_address, T(missing_parts_of_an_address_are_zero),
	T(what_is_no_address_is_refused_and_changes_nothing), T(a_prefix_has_a_length_a_mask_or_a_name),
	T(what_is_no_prefix_is_refused), T(the_ones_of_a_mask_stand_together),
	T(numbers_are_decimal_or_hexadecimal_and_fit))
