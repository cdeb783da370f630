/* SPDX-License-Identifier: MIT */
/* The kernel's end of things: interfaces, addresses and routes of the network namespace this process is in.
 */
#ifndef SHELL_KERNEL_H
#define SHELL_KERNEL_H

#include "lib/bytes.h"

bool kernel_has(const char *ifname);

/* 0: no such interface. */
uint32_t kernel_mtu(const char *ifname);

/* Gives interface `ifname` an IPv4 address and sets it up. 0 or -errno. */
int kernel_configure(const char *ifname, uint32_t ip, uint8_t plen);

/* Sets an interface up. 0 or -errno. */
int kernel_set_up(const char *ifname);
bool kernel_is_up(const char *ifname);

/* Gives an interface that is down a MAC address. 0 or -errno. */
int kernel_set_mac(const char *ifname, struct mac mac);

/* Turns IPv6 off on `ifname` ("default": on those that will come). Where /proc is read-only it stays on,
 * which costs no more than a few frames that h1 drops: so there is nothing to report. */
void kernel_disable_ipv6(const char *ifname);

/* True when a route other than the default one leads to or into ip/plen; `where` gets "10.0.0.0/8 dev eth1".
 */
bool kernel_routes(uint32_t ip, uint8_t plen, char *where, size_t room);

/* The number in a file of /proc/sys ("kernel.x" as "kernel/x"), or -1 where there is no such file. */
long kernel_sysctl(const char *path);

#endif
