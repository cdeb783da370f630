/* SPDX-License-Identifier: MIT */
/*
 * The DHCP clients that run on the hosts of a shell: what `dhclient` and `udhcpc` start, and what goes on in the
 * background when they have ended. A client is one device's; what it is told is set at once (shell/dhcp_lease.h).
 */
#ifndef SHELL_DHCLIENT_H
#define SHELL_DHCLIENT_H

#include "app/dhcp_client.h"
#include "shell/cmd.h"

struct dhclient;
struct dev;

/* How a command has it. */
struct dhclient_manner {
	/* Prints what happened, in the command's words. */
	void (*say)(FILE *out, const char *dev, const struct dhcp_client_event *e);
	bool quiet;	 /* says nothing */
	bool probes;	 /* looks for another host with the address first */
	bool background; /* does not wait for an address at all */
	bool foreground; /* goes on until it is stopped */
	bool once;	 /* ends when nobody offers an address in time, */
	int failed;	 /* with this status */
	bool patient;	 /* waits on when nobody offers an address; else goes on in the background */
	bool releases;	 /* when it is stopped */
};

/* A client for the device begins, in the place of one that ran there. Unless it is in the background from the start the
 * command returns CMD_RUNNING: it is done when the first of its clients has an address, or all of them have none. False
 * after a message. */
bool dhclient_start(struct cmd *c, struct dev *d, const struct dhclient_manner *how);

/* Ends the client of the device `name` (NULL: all of the host). `how->releases`: the server learns of it, and the
 * address is not asked for the next time. `how->say`: the user has asked for it, and is told. */
void dhclient_end(struct cmd *c, const char *name, const struct dhclient_manner *how);

#endif
