/* SPDX-License-Identifier: MIT */
/* Names of well-known ports, as /etc/services has them; here, so that every machine prints the same. */
#ifndef SHELL_SERVICE_H
#define SHELL_SERVICE_H

#include "lib/bytes.h"

/* "http" for 80 and TCP; NULL: it has none. */
const char *service_name(uint16_t port, bool udp);

/* The port of a name, 0: there is none. */
uint16_t service_port(const char *name, bool udp);

/* A number from 0 to 65535, or a name of either protocol. False: neither. */
bool service_parse(const char *text, uint16_t *port);

#endif
