/* SPDX-License-Identifier: MIT */
/* What the benchmarks inside one process stand on: hosts, cables, addresses, time. Whatever fails ends the program. */
#ifndef BENCH_SCENE_H
#define BENCH_SCENE_H

#include "dev/kinds.h"
#include "net/netif.h"
#include "net/stack.h"

struct scene {
	struct loop loop;
	struct world world;
};

void must(bool worked, const char *what);

/* Under the virtual clock, or the machine's. Zeros are no scene; both clocks are freed by scene_exit(). */
void scene_init(struct scene *sc, bool is_virtual);
void scene_exit(struct scene *sc);

struct stack *add_host(struct scene *sc, const char *name);

/* Up on both ends. Returns the end on `a`. */
struct dev *add_cable(struct stack *a, const char *name_a, struct stack *b, const char *name_b);
void add_addr(struct dev *d, uint32_t ip, uint8_t plen);

/* Turns until nothing is left to do at the present moment. */
void settle(struct scene *sc);

/* Virtual time passes. */
void pass(struct scene *sc, uint64_t ns);

double cpu_seconds(void); /* of this process */

#endif
