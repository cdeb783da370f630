/* SPDX-License-Identifier: MIT */
/* How trace records look, wherever they are shown. */
#ifndef SHELL_SHOW_TRACE_H
#define SHELL_SHOW_TRACE_H

#include "lib/clock.h"
#include "net/trace.h"

#include <stdio.h>

/* The time as tcpdump shows it: local; a virtual clock knows no zone. */
void show_trace_time(FILE *out, const struct clock *clock, uint64_t time_ns);

/* "h1 eth0 arp who has ...: asked [RFC 826]", without the end of the line. */
void show_trace_record(FILE *out, const struct trace_record *r, bool colour);

#endif
