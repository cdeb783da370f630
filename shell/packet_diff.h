/* SPDX-License-Identifier: MIT */
/* Two packets, compared field by field, and how that is shown. */
#ifndef SHELL_PACKET_DIFF_H
#define SHELL_PACKET_DIFF_H

#include "lib/capture.h"
#include "shell/fields.h"

#include <stdio.h>

/* Fields that may differ, by their names or the beginnings of those (tcp.options). */
struct mask {
	char **names;
	size_t count;
};

/* "ipid,ts,tcp.window_size_value": names of fields, `time`, or words for several of them: ipid, ts, isn, ports, csum. A
 * checksum over a masked field is masked, too. False: `error` says which word means nothing. */
bool mask_add(struct mask *m, const char *words, struct buf *error);
void mask_exit(struct mask *m);

/* Is it one of the mask's words, `time` for one? */
bool mask_has(const struct mask *m, const char *word);

/* One line for each word that mask_add() knows besides names of fields. */
extern const char mask_help[];

/* A packet of one's own: a copy, and its fields. Zeroed, or used before. */
struct kept {
	bool there;
	unsigned linktype;
	uint64_t ts_ns;
	uint8_t *data;
	uint32_t len;
	struct fields fields;
};

void kept_set(struct kept *k, const struct capture_packet *p);
void kept_exit(struct kept *k);

/* Are all fields the same that are not masked? False where one is not there. */
bool packets_same(const struct mask *m, const struct kept *a, const struct kept *b);

/* "  at 1.000000000 s: who to whom and what, 60 octets"; times count from `zero_ns`. */
void packet_print(FILE *out, const struct kept *k, uint64_t zero_ns);

/* A row of the table of differences: what, and both values. */
void packets_print_row(FILE *out, const char *what, const char *a, const char *b);

/* Seconds from `zero_ns` on, for such a row. Returns `text`. */
const char *packet_time(uint64_t ts_ns, uint64_t zero_ns, char text[32]);

/* Rows for the fields that differ, and a window of octets of both, whose names are at most 8 letters. */
void packets_print(FILE *out, const struct mask *m, const struct kept *a, const struct kept *b,
	const char *a_name, const char *b_name);

#endif
