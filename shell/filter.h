/* SPDX-License-Identifier: MIT */
/* Filters in the language of pcap-filter(7), compiled and run by libpcap on frames as taps and files have them. */
#ifndef SHELL_FILTER_H
#define SHELL_FILTER_H

#include "lib/capture.h"
#include "net/dev.h"
#include "shell/buf.h"

struct filter;

/* Compiles the text ("" lets everything pass). NULL: it is wrong, and `error` says how, in libpcap's words. */
struct filter *filter_new(const char *text, struct buf *error);

/* The same, where the text must make sense for links of this type. */
struct filter *filter_new_for(unsigned linktype, const char *text, struct buf *error);
void filter_free(struct filter *f); /* NULL is fine */

/* `p` as a tap of device `d` sees it. */
bool filter_matches(const struct filter *f, const struct dev *d, const struct pkt *p);

/* A packet that begins with its IP header. */
bool filter_matches_ip(const struct filter *f, const struct pkt *p);

/* By p->linktype; nothing matches on links for which the text makes no sense. */
bool filter_matches_captured(const struct filter *f, const struct capture_packet *p);

#endif
