/* SPDX-License-Identifier: MIT */
/* Times, rates and percentages in the manner of tc. */
#include "shell/units.h"

#include "lib/bytes.h"
#include "lib/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DAY_S = 86400 };

struct unit {
	const char *name;
	double factor;
};

/* The number and its unit; NULL-ended table, whose last row stands for no unit. False: neither. */
static bool parse(const char *text, const struct unit *units, double *value)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || !isfinite(number) || number < 0)
		return false;
	while (units->name && strcasecmp(end, units->name) != 0)
		units++;
	*value = number * units->factor;
	return units->name || !*end;
}

bool units_parse_time(const char *text, uint64_t *ns)
{
	static const struct unit units[] = {
		{"s", 1e9},
		{"sec", 1e9},
		{"secs", 1e9},
		{"ms", 1e6},
		{"msec", 1e6},
		{"msecs", 1e6},
		{"us", 1e3},
		{"usec", 1e3},
		{"usecs", 1e3},
		{"ns", 1},
		{"nsec", 1},
		{"nsecs", 1},
		{NULL, 1e3},
	};
	double value;

	if (!parse(text, units, &value) || value > DAY_S * 1e9)
		return false;
	*ns = (uint64_t)llround(value);
	return true;
}

bool units_parse_percent(const char *text, uint32_t *part)
{
	static const struct unit units[] = {{"%", 1}, {NULL, 1}};
	double value;

	if (!parse(text, units, &value) || value > 100)
		return false;
	*part = (uint32_t)llround(value / 100 * UINT32_MAX);
	return true;
}

bool units_parse_rate(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{"bit", 1. / 8},
		{"kbit", 1e3 / 8},
		{"mbit", 1e6 / 8},
		{"gbit", 1e9 / 8},
		{"tbit", 1e12 / 8},
		{"kibit", 1024. / 8},
		{"mibit", 1048576. / 8},
		{"gibit", 1073741824. / 8},
		{"tibit", 1099511627776. / 8},
		{"bps", 1},
		{"kbps", 1e3},
		{"mbps", 1e6},
		{"gbps", 1e9},
		{"tbps", 1e12},
		{"kibps", 1024},
		{"mibps", 1048576},
		{"gibps", 1073741824},
		{"tibps", 1099511627776.},
		{NULL, 1. / 8},
	};
	double value;

	if (!parse(text, units, &value) || value < 1 || value > 1e15)
		return false;
	*bytes = (uint64_t)value;
	return true;
}

const char *units_time(char *buf, uint64_t ns)
{
	if (ns >= NS_PER_SEC)
		snprintf(buf, UNITS_LEN, "%.3gs", (double)ns / 1e9);
	else if (ns >= NS_PER_MS)
		snprintf(buf, UNITS_LEN, "%.3gms", (double)ns / 1e6);
	else if (ns >= 1000)
		snprintf(buf, UNITS_LEN, "%.3gus", (double)ns / 1e3);
	else
		snprintf(buf, UNITS_LEN, "%" PRIu64 "ns", ns);
	return buf;
}

/* In the largest unit in which it is a whole number, or has four digits before the point. */
const char *units_rate(char *buf, uint64_t bytes)
{
	static const char *const names[] = {"", "K", "M", "G", "T"};
	uint64_t rate = bytes * 8;
	size_t unit = 0;

	while (unit + 1 < ARRAY_SIZE(names) && rate >= 1000 && (rate % 1000 == 0 || rate >= 1000000)) {
		rate /= 1000;
		unit++;
	}
	snprintf(buf, UNITS_LEN, "%" PRIu64 "%sbit", rate, names[unit]);
	return buf;
}

/* Kilobytes and megabytes where that is nearly exact. */
const char *units_size(char *buf, uint64_t bytes)
{
	double size = (double)bytes, kilo = rint(size / 1024), mega = rint(size / 1048576);

	if (size >= 1048576 && fabs(mega * 1048576 - size) < 1024)
		snprintf(buf, UNITS_LEN, "%gMb", mega);
	else if (size >= 1024 && fabs(kilo * 1024 - size) < 16)
		snprintf(buf, UNITS_LEN, "%gKb", kilo);
	else
		snprintf(buf, UNITS_LEN, "%" PRIu64 "b", bytes);
	return buf;
}

double units_percent(uint32_t part)
{
	return 100. * part / UINT32_MAX;
}
