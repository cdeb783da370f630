/* SPDX-License-Identifier: MIT */
/* What the files of `ping` share. */
#ifndef SHELL_CMD_PING_H
#define SHELL_CMD_PING_H

#include "app/ping.h"
#include "net/wire_ip.h"
#include "shell/cmd.h"

struct ping_run {
	struct cmd *c;
	struct ping *pg;
	struct ping_config cfg;
	const char *name; /* as typed */
	const char *from; /* -I */
	bool quiet, flood, verbose, audible, time_stamps, given_interval;
	uint8_t last_route[IP_OPT_MAX];
};

/* ---- ping_print.c ---- */

void ping_print_header(const struct ping_run *run);
void ping_print_event(struct ping_run *run, const struct ping_event *e);
void ping_print_statistics(const struct ping_run *run);
void ping_print_status(const struct ping_run *run); /* ^\: how it stands */

/* Milliseconds with as many digits as are significant: 0.045, 1.23, 12.3, 123. */
void ping_print_ms(FILE *out, uint64_t us);

/* ---- ping_options.c ---- */

/* -R: record route, with room for nine. */
void ping_record_route_option(struct ping_config *cfg);

/* -T: "tsonly", "tsandaddr" or "tsprespec"; false: none of these. */
bool ping_timestamp_option(struct ping_config *cfg, const char *how);

/* A hop for -T tsprespec; false when that was not asked for or there are four already. */
bool ping_add_hop(struct ping_config *cfg, uint32_t addr);

/* What the options of a reply recorded, as ping prints it. `last` (40 octets) is the route seen last, to be
 * kept by the caller, zeros at first. */
void ping_print_options(FILE *out, const uint8_t *opts, size_t len, uint8_t *last);

#endif
