/* SPDX-License-Identifier: MIT */
/* A network namespace of one's own, with a user namespace around it where the right to make one is missing.
 */
#ifndef SHELL_USERNS_H
#define SHELL_USERNS_H

#include <stdbool.h>

enum userns_step {
	USERNS_DONE,
	USERNS_UNSHARE, /* unshare(2) refused */
	USERNS_MAP,	/* the map of user and group ids could not be written */
};

struct userns {
	bool is_user_ns; /* a user namespace was needed too */
	bool one_uid;	 /* and it has one user only */
	/* when it failed */
	enum userns_step step;
	int err; /* errno */
};

/* Moves this process into a new network namespace: as root simply, else in a new user namespace where it is
 * root, with the ids of /etc/subuid mapped where there are some. There is no way back. Single-threaded
 * processes only. 0, or -1: *u says what failed. */
int userns_enter(struct userns *u);

/* The range that file (/etc/subuid) gives to user `name` or `id`: lines "USER:FIRST:COUNT". False: none. */
bool userns_find_range(
	const char *file, const char *name, unsigned id, unsigned long *first, unsigned long *count);

#endif
