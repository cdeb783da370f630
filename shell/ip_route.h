/* SPDX-License-Identifier: MIT */
/* What the files of `ip route` (and net-tools' `route`) share. */
#ifndef SHELL_IP_ROUTE_H
#define SHELL_IP_ROUTE_H

#include "shell/address.h"
#include "shell/ipcmd.h"

struct ipcmd_route_name {
	const char *name;
	uint8_t value;
};

/* Readers of names; false: no such name. */
bool ipcmd_route_type(const char *name, uint8_t *type);
bool ipcmd_route_origin(const char *name, uint8_t *origin); /* or a number */

enum ipcmd_table { TABLE_UNKNOWN, TABLE_MAIN, TABLE_LOCAL, TABLE_ALL, TABLE_CACHE, TABLE_EMPTY };
enum ipcmd_table ipcmd_route_table(const char *name);

/* A route with a gateway and no device gets the one that the gateway is a neighbour on. 0, -ENETUNREACH;
 * -ENODEV without a gateway. */
int ipcmd_route_find_device(struct stack *s, struct route *r);

int ipcmd_route_add(struct ipcmd *ip);
int ipcmd_route_replace(struct ipcmd *ip);
int ipcmd_route_change(struct ipcmd *ip);
int ipcmd_route_del(struct ipcmd *ip);

#endif
