/* SPDX-License-Identifier: MIT */
/* What the files of `iperf3` share. */
#ifndef SHELL_CMD_IPERF3_H
#define SHELL_CMD_IPERF3_H

#include "app/iperf3.h"
#include "shell/cmd.h"

struct json_t;

struct iperf3_run {
	struct cmd *c;
	struct iperf *t;
	struct iperf_config cfg;
	const char *name; /* of the server, as typed */
	char format;	  /* -f: one of kmgtKMGT; 0: what fits */
	bool json, given_rate, given_time;
	int status;

	bool head_printed;
	unsigned intervals;
	struct json_t *report; /* -J: of the present test */
};

/* ---- iperf3_print.c: what iperf3 prints, to the column ---- */

void iperf3_print(struct iperf3_run *run, const struct iperf_event *e);

/* "1.05 MBytes", "10.5 Mbits": three digits or more, in units of 1024 or 1000. `format` as for -f. */
void iperf3_format(char *text, size_t room, double bytes, char format);

/* The sums over the streams that send from here (or do not): `which` selects what was counted. */
enum iperf3_count { IPERF3_INTERVAL, IPERF3_TOTAL, IPERF3_REMOTE };
struct iperf_row iperf3_sum(const struct iperf *t, bool sender, enum iperf3_count which, unsigned *streams);

/* What the sending or the receiving end of a stream has counted. */
const struct iperf_row *iperf3_row_of(const struct iperf_stream *st, bool at_sender);
double iperf3_seconds(const struct iperf_row *r);
double iperf3_bits_per_second(const struct iperf_row *r);

/* ---- iperf3_report.c: -J ---- */

void iperf3_report(struct iperf3_run *run, const struct iperf_event *e);

#endif
