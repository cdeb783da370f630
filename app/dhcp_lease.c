/* SPDX-License-Identifier: MIT */
/* A lease from the message that grants it (RFC 2131 4.4.5). */
#include "app/dhcp_lease.h"

#include "lib/clock.h"
#include "lib/rng.h"
#include "lib/timer.h"
#include "net/wire_ip.h"

bool dhcp_is_host(uint32_t addr)
{
	return !ip_is_zeronet(addr) && !ip_is_loopback(addr) && !ip_is_multicast(addr) &&
		!ip_is_reserved(addr);
}

/* Where no mask is told: that of the address's class. */
static uint8_t natural_plen(uint32_t addr)
{
	return addr >> 31 == 0 ? 8 : addr >> 30 == 2 ? 16 : 24;
}

/* Half and seven eighths of the lease where the server says nothing, or nothing that makes sense. */
static void choose_times(const struct dhcp_msg *m, uint32_t *t1_s, uint32_t *t2_s)
{
	uint32_t half = m->lease_s / 2, most = (uint32_t)((uint64_t)m->lease_s * 7 / 8);

	*t2_s = m->t2_s && m->t2_s < m->lease_s ? m->t2_s : most;
	*t1_s = m->t1_s && m->t1_s < *t2_s ? m->t1_s : half;
	if (*t1_s >= *t2_s) {
		*t1_s = half;
		*t2_s = most;
	}
}

/* Up to an eighth earlier, so that hosts that began together do not stay together. */
static uint64_t fuzzed(struct rng *r, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t eighth = (to_ns - from_ns) / 8;

	return to_ns - (eighth ? rng_u64(r) % eighth : 0);
}

enum dhcp_verdict dhcp_lease_from(
	struct dhcp_lease *l, const struct dhcp_msg *m, struct mac from, uint64_t asked_ns, struct rng *r)
{
	uint32_t t1_s, t2_s;

	if (!m->server)
		return DHCP_OTHER_SERVER;
	if (!dhcp_is_host(m->yiaddr))
		return DHCP_BAD_ADDRESS;
	if (m->lease_s < DHCP_LEASE_MIN_S)
		return DHCP_BAD_LEASE;
	*l = (struct dhcp_lease){.addr = m->yiaddr,
		.server = m->server,
		.server_mac = from,
		.lease_s = m->lease_s,
		.t1_ns = TIMER_NEVER,
		.t2_ns = TIMER_NEVER,
		.end_ns = TIMER_NEVER};
	l->params = m->params;
	if (!l->params.plen)
		l->params.plen = natural_plen(l->addr);
	if (m->lease_s == DHCP_INFINITE)
		return DHCP_FINE;
	choose_times(m, &t1_s, &t2_s);
	l->t1_ns = fuzzed(r, asked_ns, asked_ns + t1_s * NS_PER_SEC);
	l->t2_ns = fuzzed(r, asked_ns + t1_s * NS_PER_SEC, asked_ns + t2_s * NS_PER_SEC);
	l->end_ns = asked_ns + m->lease_s * NS_PER_SEC;
	return DHCP_FINE;
}
