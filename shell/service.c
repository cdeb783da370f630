/* SPDX-License-Identifier: MIT */
/* Names of well-known ports. */
#include "shell/service.h"

#include "shell/address.h"

enum { TCP = 1, UDP = 2, BOTH = 3 };

static const struct service {
	const char *name;
	uint16_t port;
	uint8_t over;
} services[] = {
	{"echo", 7, BOTH},
	{"discard", 9, BOTH},
	{"daytime", 13, BOTH},
	{"chargen", 19, BOTH},
	{"ftp-data", 20, TCP},
	{"ftp", 21, TCP},
	{"ssh", 22, TCP},
	{"telnet", 23, TCP},
	{"smtp", 25, TCP},
	{"time", 37, BOTH},
	{"domain", 53, BOTH},
	{"bootps", 67, UDP},
	{"bootpc", 68, UDP},
	{"tftp", 69, UDP},
	{"http", 80, TCP},
	{"kerberos", 88, BOTH},
	{"pop3", 110, TCP},
	{"sunrpc", 111, BOTH},
	{"ntp", 123, UDP},
	{"imap2", 143, TCP},
	{"snmp", 161, BOTH},
	{"bgp", 179, TCP},
	{"ldap", 389, BOTH},
	{"https", 443, BOTH},
	{"submissions", 465, TCP},
	{"syslog", 514, UDP},
	{"submission", 587, TCP},
	{"ldaps", 636, BOTH},
	{"domain-s", 853, BOTH},
	{"imaps", 993, TCP},
	{"pop3s", 995, TCP},
	{"socks", 1080, TCP},
	{"openvpn", 1194, BOTH},
	{"mysql", 3306, TCP},
	{"postgresql", 5432, TCP},
	{"x11", 6000, TCP},
	{"http-alt", 8080, TCP},
};

const char *service_name(uint16_t port, bool udp)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (services[i].port == port && (services[i].over & (udp ? UDP : TCP)))
			return services[i].name;
	return NULL;
}

uint16_t service_port(const char *name, bool udp)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (strcmp(services[i].name, name) == 0 && (services[i].over & (udp ? UDP : TCP)))
			return services[i].port;
	return 0;
}

bool service_parse(const char *text, uint16_t *port)
{
	uint32_t number;

	if (address_parse_number(text, &number)) {
		*port = (uint16_t)number;
		return number <= UINT16_MAX;
	}
	*port = service_port(text, false);
	if (!*port)
		*port = service_port(text, true);
	return *port != 0;
}
