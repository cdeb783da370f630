/* SPDX-License-Identifier: MIT */
/* Times, rates and percentages as tc reads and writes them. */
#include "shell/units.h"

#include "tests/unit/unit.h"

#include <string.h>

static void times_are_read_with_their_unit(void)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {{"20ms", 20000000}, {"1.5s", 1500000000}, {"2secs", 2000000000}, {"100us", 100000},
		{"100", 100000}, {"7ns", 7}, {"0", 0}, {".5MS", 500000}, {"86400s", 86400000000000}};
	static const char *const bad[] = {
		"", "ms", "1parsec", "-1ms", "1ms2", "nan", "inf", "86401s", "1 ms"};
	uint64_t ns;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT(units_parse_time(rows[i].text, &ns) && ns == rows[i].ns);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(units_parse_time(bad[i], &ns));
}

static void percentages_are_parts_of_the_whole(void)
{
	uint32_t part;

	CU_ASSERT(units_parse_percent("100%", &part) && part == UINT32_MAX);
	CU_ASSERT(units_parse_percent("0", &part) && part == 0);
	CU_ASSERT(units_parse_percent("25", &part) && part == 1073741824);
	CU_ASSERT(units_parse_percent("0.0000000233%", &part) && part == 1);
	CU_ASSERT_FALSE(units_parse_percent("101%", &part));
	CU_ASSERT_FALSE(units_parse_percent("-1%", &part));
	CU_ASSERT_FALSE(units_parse_percent("1%%", &part));
}

static void rates_are_bits_unless_they_are_bytes(void)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {{"10mbit", 1250000}, {"10Mbit", 1250000}, {"512kibit", 65536}, {"8", 1},
		{"100kbps", 100000}, {"1gibps", 1073741824}, {"1.5gbit", 187500000}, {"2tbit", 250000000000}};
	static const char *const bad[] = {"", "0", "7bit", "10mb", "-1mbit", "10%", "1e30"};
	uint64_t bytes;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT(units_parse_rate(rows[i].text, &bytes) && bytes == rows[i].bytes);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(units_parse_rate(bad[i], &bytes));
}

static void what_is_printed_is_short_and_can_be_read_again(void)
{
	char buf[UNITS_LEN];

	CU_ASSERT_STRING_EQUAL(units_time(buf, 20000000), "20ms");
	CU_ASSERT_STRING_EQUAL(units_time(buf, 1500000000), "1.5s");
	CU_ASSERT_STRING_EQUAL(units_time(buf, 1500), "1.5us");
	CU_ASSERT_STRING_EQUAL(units_time(buf, 999), "999ns");
	CU_ASSERT_STRING_EQUAL(units_rate(buf, 1250000), "10Mbit");
	CU_ASSERT_STRING_EQUAL(units_rate(buf, 192000), "1536Kbit");
	CU_ASSERT_STRING_EQUAL(units_rate(buf, 1), "8bit");
	CU_ASSERT_STRING_EQUAL(units_rate(buf, 125000000000), "1Tbit");
	CU_ASSERT_STRING_EQUAL(units_size(buf, 0), "0b");
	CU_ASSERT_STRING_EQUAL(units_size(buf, 1500), "1500b");
	CU_ASSERT_STRING_EQUAL(units_size(buf, 12300), "12Kb");
	CU_ASSERT_STRING_EQUAL(units_size(buf, 3 << 20), "3Mb");
}

SUITE(shell_units, T(times_are_read_with_their_unit), T(percentages_are_parts_of_the_whole),
	T(rates_are_bits_unless_they_are_bytes), T(what_is_printed_is_short_and_can_be_read_again))
