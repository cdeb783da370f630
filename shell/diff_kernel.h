/* SPDX-License-Identifier: MIT */
/*
 * The kernel as a host: in a network namespace of its own, into which this process goes. A TAP (or TUN) interface stands for
 * the wire, and the machine's sh runs a script that sets the host up.
 */
#ifndef SHELL_DIFF_KERNEL_H
#define SHELL_DIFF_KERNEL_H

#include "net/dev.h"
#include "net/sysctl.h"
#include "shell/sandbox.h"

#include <sys/types.h>

enum { DIFF_SETTINGS = 3 };

/* Settings of hosts that are the same on both sides: "net.ipv4.tcp_rmem" and others. */
extern const char *const diff_settings[DIFF_SETTINGS];

struct diff_kernel {
	/* the caller's */
	const char *ifname, *setup;
	bool is_tun;
	struct mac mac;				       /* of the TAP; its script may give it another one */
	char settings[DIFF_SETTINGS][SYSCTL_TEXT_LEN]; /* of diff_settings; "": the machine's */

	/* the rest is diff_kernel.c's */
	int fd; /* -1: none */
	struct sandbox sandbox;
	int report[2];	    /* the script's status, from `init` */
	uint64_t set_up_ns; /* monotonic: when the script ended */
	pid_t init;	    /* the first of all processes of that host; with it they end */
	char why[600];
};

/* A port where programs of the host are to wait. */
struct diff_port {
	bool is_tcp;
	uint16_t number;
};

/* Makes the host and runs the script. False: ->why. There is no way back out of the namespace. */
bool diff_kernel_open(struct diff_kernel *k);

/* Waits until somebody waits at each of these ports: programs take their time to begin. False: ->why. */
bool diff_kernel_await(struct diff_kernel *k, const struct diff_port *ports, size_t count);

/* Have the programs of this namespace read and accepted all that there is? */
bool diff_kernel_is_idle(void);

/* A frame to the kernel; one that it does not even look at (too short) is no error. 0 or -errno. */
int diff_kernel_send(struct diff_kernel *k, const uint8_t *frame, size_t len);

/* The next frame of the kernel; waits up to `ns` for one. Its length, or 0: there is none. */
size_t diff_kernel_receive(struct diff_kernel *k, uint8_t *frame, size_t room, uint64_t ns);

/* Ends all that runs there. */
void diff_kernel_close(struct diff_kernel *k);

#endif
