/* SPDX-License-Identifier: MIT */
/* Times, rates and percentages as tc(8) writes and reads them. */
#ifndef SHELL_UNITS_H
#define SHELL_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNITS_LEN = 32 };

/* "10ms", "1.5s", "100us", "7ns"; without a unit microseconds. False: none of these, below 0, or over a day. */
bool units_parse_time(const char *text, uint64_t *ns);

/* "1%" or "1", 0 to 100, as a part of UINT32_MAX. */
bool units_parse_percent(const char *text, uint32_t *part);

/* "10mbit", "512kibit", "1gbps" (bytes); without a unit bits per second. To bytes per second, not 0. */
bool units_parse_rate(const char *text, uint64_t *bytes);

/* Into `buf` of UNITS_LEN; return it. "20ms", "1.5s"; "10Mbit"; "1500b", "12Kb". */
const char *units_time(char *buf, uint64_t ns);
const char *units_rate(char *buf, uint64_t bytes);
const char *units_size(char *buf, uint64_t bytes);

/* 0 to 100. */
double units_percent(uint32_t part);

#endif
