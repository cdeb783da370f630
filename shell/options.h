/* SPDX-License-Identifier: MIT */
/* What the command line of tapir says. */
#ifndef SHELL_OPTIONS_H
#define SHELL_OPTIONS_H

#include "lib/bytes.h"

#define TAPIR_VERSION "0.1"

enum { OPTIONS_DEVICES = 32, OPTIONS_ADDRS = 8 };

/* What stands around host h1. */
enum options_topology {
	TOPOLOGY_SANDBOX, /* no option: tap0 in a namespace of its own */
	TOPOLOGY_HOST,	  /* --host: tap0 here */
	TOPOLOGY_DEVICES, /* --tap, --tun, --macvtap, --socket */
	TOPOLOGY_EMPTY,	  /* --empty, --virtual: lo */
};

enum options_kind { DEVICE_TAP, DEVICE_TUN, DEVICE_MACVTAP, DEVICE_SOCKET };

struct options_addr {
	uint32_t ip; /* host order */
	uint8_t plen;
};

/* One --tap, --tun, --macvtap or --socket with what belongs to it. */
struct options_device {
	enum options_kind kind;
	const char *ifname; /* the machine's name for it, or a path */
	struct options_addr addrs[OPTIONS_ADDRS];
	unsigned addr_count;
	struct mac mac;	  /* zero: not said */
	uint32_t gateway; /* 0: not said */
	bool is_plain;	  /* TAP, TUN: frames without virtio headers */
};

/* What is to be run: the texts of -c, the files of -f and SCRIPT... */
struct options_script {
	bool is_text;
	const char *text; /* or the path */
};

struct options {
	enum options_topology topology;
	struct options_device devices[OPTIONS_DEVICES];
	unsigned device_count;
	struct options_script *scripts; /* -c and -f in their order, then SCRIPT... */
	unsigned script_count;
	bool stop_at_failure;
	bool is_virtual;
	bool seed_given;
	uint64_t seed;		    /* options_draw_seed() */
	uint64_t busy_us;	    /* for loop_use_ring() */
	const char *record, *again; /* directories, or NULL */
};

/* Reads the command line. Mistakes are explained on stderr. Returns -1: go on; else the exit status to end
 * with. Strings point into argv. */
int options_parse(struct options *o, int argc, char **argv);
void options_free(struct options *o);

/* Where none was given: 1 under the virtual clock, else a random one. Returns as options_parse() does. */
int options_draw_seed(struct options *o);

/* "10.0.0.1/24", or without a length "10.0.0.1" as /32. */
bool options_parse_cidr(const char *text, struct options_addr *out);

#endif
