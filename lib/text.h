/* SPDX-License-Identifier: MIT */
/* Text for people: addresses. */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include "lib/bytes.h"

#define TEXT_IP_LEN   16 /* "255.255.255.255" and the end */
#define TEXT_MAC_LEN  18
#define TEXT_CIDR_LEN 19

/* Dotted decimal of a host-order address. `out` has TEXT_IP_LEN bytes. Returns `out`. */
char *text_ip(char *out, uint32_t addr);
char *text_mac(char *out, struct mac m);

/* For use inside one expression: TEXT_IP(addr) is a string that lives to the end of the enclosing block. */
#define TEXT_IP(addr) text_ip((char[TEXT_IP_LEN]){0}, addr)
#define TEXT_MAC(m)   text_mac((char[TEXT_MAC_LEN]){0}, m)

/* Strict readers of text: the whole string must be the address. Return false and leave *out alone otherwise.
 */
bool text_parse_ip(const char *text, uint32_t *out);
bool text_parse_mac(const char *text, struct mac *out);

#endif
