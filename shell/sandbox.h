/* SPDX-License-Identifier: MIT */
/* The kernel's end of the wire that h1 stands on when tapir is started without options: in a network
 * namespace of its own, or (--host) in the present one. */
#ifndef SHELL_SANDBOX_H
#define SHELL_SANDBOX_H

#include "lib/bytes.h"
#include "shell/one_user.h"
#include "shell/userns.h"

#define SANDBOX_IFNAME "tap0"

enum {
	SANDBOX_KERNEL_IP = 0x0a000002, /* 10.0.0.2 */
	SANDBOX_HOST_IP = 0x0a000001,	/* 10.0.0.1 */
	SANDBOX_PLEN = 24,
};

struct sandbox {
	bool inside; /* this process is in a namespace of its own */
	struct userns ns;
	char wrappers[ONE_USER_PATH]; /* a directory for PATH, "" when there is none */
	char why[512];		      /* what is in the way, and what would help: one line */
};

/* Enters a namespace of its own with lo up, after a child has proved that everything up to tap0 can be done
 * there (there is no way back). 0, or -1 with b->why set and nothing changed. */
int sandbox_enter(struct sandbox *b);

/* For --host: 0, or -1 with b->why when 10.0.0.0/24 or tap0 are taken here. */
int sandbox_check_host(struct sandbox *b);

/* With tap0 there: gives the kernel its address, IPv6 off. 0, or -1 with b->why. */
int sandbox_configure(struct sandbox *b);

/* What tap_create() for tap0 answered, explained in b->why. */
void sandbox_explain_tap(struct sandbox *b, int err);

/* shell_options.program_prepare; `sandbox` is a struct sandbox. */
void sandbox_prepare_program(void *sandbox);

/* Removes what it left on disk. */
void sandbox_leave(struct sandbox *b);

#endif
