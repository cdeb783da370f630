/* SPDX-License-Identifier: MIT */
/* The names of the MIB counters. */
#include "net/mib.h"

const char *const mib_names[MIB_COUNT] = {
#define X(name) [MIB_##name] = #name,
	MIB_COUNTERS(X)
#undef X
};
