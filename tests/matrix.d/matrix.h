/* SPDX-License-Identifier: MIT */
/*
 * Measurements of Linux's devices, tried on ours: one world for each scenario, under the virtual clock.
 *
 * Two hosts: "inside" has the devices that are measured, "outside" the far ends of their cables. A frame has an
 * EtherType of its own, and its protocol notes who got it: of devices inside by the type of the frame ("A:host",
 * "lower:otherhost": also where the netif turns it down by its address, since on Linux a packet socket sees it),
 * of devices outside that they did ("wire").
 */
#ifndef TESTS_MATRIX_H
#define TESTS_MATRIX_H

#include "net/stack.h"
#include "tests/matrix.d/csv.h"

enum { MATRIX_TEXT = 2048 };

struct matrix {
	struct loop loop;
	struct world world;
	struct stack *inside, *outside;
	struct trace_listener listener;
	char seen[MATRIX_TEXT];	 /* "A:host+A:host+lower:bcast+wire" */
	char names[MATRIX_TEXT]; /* who accepted it: "A+lower+wire", each once, without type */
};

struct matrix *matrix_new(void);
void matrix_free(struct matrix *m);

/* A cable from `near` inside to `far` outside; both ends are up. The near one has this MAC address. */
struct dev *matrix_cable(struct matrix *m, const char *near, struct mac mac, const char *far);

/* Whatever is to happen at this time happens; `ns` later, what happens until then, too. */
void matrix_run(struct matrix *m, uint64_t ns);

/* Sends a frame of 60 octets from `d` (as a packet socket would) and lets all happen that it causes. What was seen
 * before is forgotten. */
void matrix_send(struct matrix *m, struct dev *d, struct mac dst, struct mac src);

/* Prints the row and what was seen instead. */
void matrix_differs(const struct csv *csv, const struct csv_row *row, const char *seen);

/* What a kind of table is: its columns, and what tries its rows. The function prints a line for each row that
 * differs, and returns their number, or -1 after having said which row cannot be used. */
extern const char matrix_bridge_header[];
int matrix_bridge(const struct csv *csv);
extern const char matrix_macvlan_header[];
int matrix_macvlan(const struct csv *csv);

#endif
