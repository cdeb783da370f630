/* SPDX-License-Identifier: MIT */
#include "icmp/icmp.h"
#include "tests/unit/unit.h"

#include <string.h>

static void messages_read_as_ping_prints_them(void)
{
	static const struct {
		uint8_t type, code;
		uint32_t info;
		const char *text;
	} rows[] = {
		{0, 0, 0, "Echo Reply"},
		{3, 0, 0, "Destination Net Unreachable"},
		{3, 1, 0, "Destination Host Unreachable"},
		{3, 3, 0, "Destination Port Unreachable"},
		{3, 4, 1400, "Frag needed and DF set (mtu = 1400)"},
		{3, 13, 0, "Packet filtered"},
		{3, 15, 0, "Precedence Cutoff"},
		{3, 16, 0, "Dest Unreachable, Bad Code: 16"},
		{4, 0, 0, "Source Quench"},
		{5, 0, 0x0a000003, "Redirect Network(New nexthop: 10.0.0.3)"},
		{5, 1, 0x0a000003, "Redirect Host(New nexthop: 10.0.0.3)"},
		{5, 9, 0x0a000003, "Redirect, Bad Code: 9(New nexthop: 10.0.0.3)"},
		{8, 0, 0, "Echo Request"},
		{11, 0, 0, "Time to live exceeded"},
		{11, 1, 0, "Frag reassembly time exceeded"},
		{11, 2, 0, "Time exceeded, Bad Code: 2"},
		{12, 0, 20, "Parameter problem: pointer = 20"},
		{13, 0, 0, "Timestamp"},
		{18, 0, 0, "Address Mask Reply"},
		{1, 0, 0, "Bad ICMP type: 1"},
		{255, 0, 0, "Bad ICMP type: 255"},
	};
	char buf[80];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_STRING_EQUAL(
			icmp_describe(buf, sizeof(buf), rows[i].type, rows[i].code, rows[i].info),
			rows[i].text);
}

static void every_message_has_a_text_and_stays_in_its_buffer(void)
{
	char buf[24];

	for (unsigned type = 0; type < 256; type++) {
		for (unsigned code = 0; code < 256; code++) {
			memset(buf, '#', sizeof(buf));
			icmp_describe(buf, 20, (uint8_t)type, (uint8_t)code, UINT32_MAX);
			size_t len = strnlen(buf, 20);
			CU_ASSERT(len > 0 && len < 20);
			CU_ASSERT_EQUAL(memcmp(buf + 20, "####", 4), 0);
		}
	}
}

SUITE(icmp_describe, T(messages_read_as_ping_prints_them),
	T(every_message_has_a_text_and_stays_in_its_buffer))
