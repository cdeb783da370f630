/* SPDX-License-Identifier: MIT */
/* The states of a neighbour, with the moment of each change. */
#include "arp/internal.h"
#include "tests/unit/arp/bench.h"

/* RFC826-6, RFC1122-L-06, RFC1812-3.3.2b, RFC1122-L-12 */
static void first_packet_waits_for_the_answer_and_is_sent(void)
{
	struct bench b = bench_new();

	bench_send(&b, "10.0.0.2", 1);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_INCOMPLETE);
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.0.2"));
	bench_send(&b, "10.0.0.2", 2);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_reply(&b, b.peer);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_REACHABLE);
	CU_ASSERT(sent_packet(&b, b.peer.mac, 1));
	CU_ASSERT(sent_packet(&b, b.peer.mac, 2));
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

/* RFC1122-L-04, RFC1122-L-15, RFC1812-3.3.2a */
static void three_requests_a_second_apart_then_failed(void)
{
	struct bench b = bench_new();

	bench_send(&b, "10.0.0.2", 1);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.0.2"));
		lab_run(b.l, SEC - 1);
		CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
		CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_INCOMPLETE);
		CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_UNREACHABLE), 0);
		lab_run(b.l, 1);
	}
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_FAILED);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_UNREACHABLE), 1);
	bench_free(&b);
}

/* The sender of a packet that finds no neighbour hears of it, and may at once send another. */
static void resend(struct netif *n, struct pkt *p)
{
	n->stack->unresolved = NULL;
	n->output(n, p, p->ip.dst);
}

static void packet_sent_from_unresolved_starts_again_within_the_limit(void)
{
	struct bench b = bench_new();

	b.s->unresolved = resend;
	bench_send(&b, "10.0.0.2", 1);
	lab_run(b.l, 3 * SEC);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_INCOMPLETE);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 4); /* at 0, 1, 2 and 3 s */
	lab_run(b.l, 3 * SEC);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 6);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_UNREACHABLE), 1);
	bench_free(&b);
}

static void arp_request_flood_out(void)
{
	struct bench b = bench_new();

	for (uint16_t i = 0; i < 1000; i++) {
		bench_send(&b, "10.0.0.2", i);
		lab_run(b.l, MS);
	}
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 2); /* at 0 and 1 s */
	bench_free(&b);
}

/* RFC1122-L-04 */
static void failed_entry_is_asked_for_again_but_not_within_a_second(void)
{
	struct bench b = bench_new();

	bench_send(&b, "10.0.0.2", 1);
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.0.2"));
	lab_run(b.l, 400 * MS);
	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, MAC_ZERO, NEIGH_FAILED, true), 0);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_UNREACHABLE), 1);
	bench_send(&b, "10.0.0.2", 2);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_INCOMPLETE);
	lab_run(b.l, 600 * MS - 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	lab_run(b.l, 1);
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.0.2"));
	bench_reply(&b, b.peer);
	CU_ASSERT(sent_packet(&b, b.peer.mac, 2));
	bench_free(&b);
}

static void request_from_the_neighbour_also_resolves_it(void)
{
	struct bench b = bench_new();

	bench_send(&b, "10.0.0.2", 1);
	lab_sent_clear(b.d);
	bench_request(&b, b.peer, "10.0.0.1");
	CU_ASSERT(sent_packet(&b, b.peer.mac, 1));
	CU_ASSERT(sent_reply(&b, b.peer, "10.0.0.1"));
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_DELAY); /* STALE, and then used */
	bench_free(&b);
}

/* RFC826-7, RFC1122-L-03, RFC1122-L-05 */
static void unused_entry_is_stale_after_the_reachable_time(void)
{
	struct bench b = bench_new();

	bench_sysctl(&b, CONF_BASE_REACHABLE_TIME_MS, 20000);
	struct neigh *ng = bench_reachable(&b);
	uint64_t reachable = b.n->arp->reachable_ns;
	CU_ASSERT(reachable >= 10 * SEC && reachable < 30 * SEC);
	lab_run(b.l, reachable - 1);
	CU_ASSERT_EQUAL(ng->state, NEIGH_REACHABLE);
	lab_run(b.l, 1);
	CU_ASSERT_EQUAL(ng->state, NEIGH_STALE);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

static void reachable_time_is_drawn_between_half_and_one_and_a_half(void)
{
	struct bench b = bench_new();
	uint64_t low = UINT64_MAX, high = 0;

	for (int i = 0; i < 200; i++) {
		bench_sysctl(&b, CONF_BASE_REACHABLE_TIME_MS, 30000 + (i & 1));
		neigh_set(b.n, b.peer.ip, b.peer.mac, NEIGH_STALE, true);
		neigh_set(b.n, b.peer.ip, b.peer.mac, NEIGH_REACHABLE, true);
		low = MIN(low, b.n->arp->reachable_ns);
		high = MAX(high, b.n->arp->reachable_ns);
	}
	CU_ASSERT(low >= 15 * SEC && low < 18 * SEC);
	CU_ASSERT(high > 42 * SEC && high <= 45 * SEC + 2 * MS);
	bench_free(&b);
}

/* RFC1122-L-03: the unicast poll. */
static void stale_entry_is_used_then_probed_then_failed(void)
{
	struct bench b = bench_new();

	lab_run(b.l, 100 * SEC);
	bench_request(&b, b.peer, "10.0.0.1");
	CU_ASSERT_EQUAL(
		stack_now(b.s) - neigh_find(b.n, b.peer.ip)->confirmed_ns, 60 * SEC); /* as in Linux */
	lab_sent_clear(b.d);
	bench_send(&b, "10.0.0.2", 1);
	CU_ASSERT(sent_packet(&b, b.peer.mac, 1));
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_DELAY);
	lab_run(b.l, 5 * SEC - 1);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_DELAY);
	lab_run(b.l, 1);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_PROBE);
		CU_ASSERT(sent_request(&b, b.peer.mac, "10.0.0.1", "10.0.0.2"));
		CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
		bench_send(&b, "10.0.0.2", 2); /* goes on in the meantime */
		CU_ASSERT(sent_packet(&b, b.peer.mac, 2));
		lab_run(b.l, SEC);
	}
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_FAILED);
	bench_send(&b, "10.0.0.2", 3);
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.0.2"));
	bench_free(&b);
}

static void answer_to_a_probe_makes_it_reachable(void)
{
	struct bench b = bench_new();

	bench_request(&b, b.peer, "10.0.0.1");
	bench_send(&b, "10.0.0.2", 1);
	lab_run(b.l, 5 * SEC + 10 * MS);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_PROBE);
	bench_reply(&b, b.peer);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_REACHABLE);
	bench_free(&b);
}

static void confirmation_from_above_saves_the_probe(void)
{
	struct bench b = bench_new();

	bench_request(&b, b.peer, "10.0.0.1");
	bench_send(&b, "10.0.0.2", 1);
	lab_sent_clear(b.d);
	lab_run(b.l, 2 * SEC);
	neigh_confirm(b.n, b.peer.ip);
	neigh_confirm(b.n, lab_ip("10.0.0.3")); /* unknown: nothing happens */
	lab_run(b.l, 3 * SEC);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_REACHABLE);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

static void confirmed_entry_stays_reachable_from_the_last_confirmation(void)
{
	struct bench b = bench_new();
	struct neigh *ng = bench_reachable(&b);
	uint64_t reachable = b.n->arp->reachable_ns;

	lab_run(b.l, 10 * SEC);
	neigh_confirm(b.n, b.peer.ip);
	lab_run(b.l, reachable - 1);
	CU_ASSERT_EQUAL(ng->state, NEIGH_REACHABLE);
	lab_run(b.l, 1);
	CU_ASSERT_EQUAL(ng->state, NEIGH_STALE);
	bench_free(&b);
}

static void entry_in_use_goes_from_reachable_to_delay(void)
{
	struct bench b = bench_new();
	struct neigh *ng = bench_reachable(&b);
	uint64_t reachable = b.n->arp->reachable_ns;

	lab_run(b.l, reachable - SEC);
	bench_send(&b, "10.0.0.2", 1);
	lab_run(b.l, SEC);
	CU_ASSERT_EQUAL(ng->state, NEIGH_DELAY);
	lab_sent_clear(b.d);
	lab_run(b.l, 5 * SEC);
	CU_ASSERT_EQUAL(ng->state, NEIGH_PROBE);
	CU_ASSERT(sent_request(&b, b.peer.mac, "10.0.0.1", "10.0.0.2"));
	bench_free(&b);
}

/* RFC1122-L-05 */
static void number_and_interval_of_requests_are_settings(void)
{
	struct bench b = bench_new();

	bench_sysctl(&b, CONF_MCAST_SOLICIT, 5);
	bench_sysctl(&b, CONF_RETRANS_TIME_MS, 200);
	bench_send(&b, "10.0.0.2", 1);
	lab_run(b.l, SEC);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 5);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_FAILED);
	bench_sysctl(&b, CONF_MCAST_SOLICIT, 0);
	bench_send(&b, "10.0.0.3", 1);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.3"), NEIGH_FAILED);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 5);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_UNREACHABLE), 2);

	bench_sysctl(&b, CONF_UCAST_SOLICIT, 0);
	bench_sysctl(&b, CONF_DELAY_FIRST_PROBE_TIME, 1);
	bench_request(&b, LAB_PEER(4, "10.0.0.4"), "10.0.0.1");
	bench_send(&b, "10.0.0.4", 1);
	lab_run(b.l, SEC);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.4"), NEIGH_FAILED);
	bench_free(&b);
}

static void arp_announce_chooses_the_source_of_requests(void)
{
	struct bench b = bench_new();
	struct dev *other = lab_wire(b.s, "eth1", "192.0.2.1/24");
	struct ip_hdr foreign = {.src = lab_ip("192.0.2.1"), .dst = lab_ip("10.0.0.9")};
	static const char *const sources[] = {"192.0.2.1", "10.0.0.1", "10.0.0.1"};

	for (int32_t announce = 0; announce <= 2; announce++) {
		bench_sysctl(&b, CONF_ARP_ANNOUNCE, announce);
		bench_output(&b, foreign, 10, foreign.dst + (uint32_t)announce);
		char target[32];
		snprintf(target, sizeof(target), "10.0.0.%d", 9 + announce);
		CU_ASSERT(sent_request(&b, MAC_BROADCAST, sources[announce], target));
	}
	/* Another address of the same link, which a packet already has as source, is fine for 1. */
	lab_addr(b.d, "10.0.0.5/24");
	bench_sysctl(&b, CONF_ARP_ANNOUNCE, 1);
	bench_output(&b, (struct ip_hdr){.src = lab_ip("10.0.0.5"), .dst = lab_ip("10.0.0.20")}, 10,
		lab_ip("10.0.0.20"));
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.5", "10.0.0.20"));
	bench_sysctl(&b, CONF_ARP_ANNOUNCE, 2); /* which does not look at the packet */
	bench_output(&b, (struct ip_hdr){.src = lab_ip("10.0.0.5"), .dst = lab_ip("10.0.0.21")}, 10,
		lab_ip("10.0.0.21"));
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.0.21"));
	/* A link without addresses borrows one; a forwarded packet's source is never named. */
	netif_addr_del(list_last(&b.n->addrs, struct netif_addr, node));
	netif_addr_del(list_first(&b.n->addrs, struct netif_addr, node));
	bench_sysctl(&b, CONF_ARP_ANNOUNCE, 0);
	bench_output(&b, (struct ip_hdr){.src = lab_ip("203.0.113.1"), .dst = lab_ip("10.0.0.30")}, 10,
		lab_ip("10.0.0.30"));
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "192.0.2.1", "10.0.0.30"));
	CU_ASSERT_EQUAL(lab_sent_count(other), 0);
	bench_free(&b);
}

/* RFC 4861 6.3.4, as Linux does: hosts do not fall into step. */
static void how_long_an_answer_is_believed_is_drawn_anew_every_five_minutes(void)
{
	struct bench b = bench_new();
	uint64_t drawn, shortest = 15 * SEC, longest = 45 * SEC;

	bench_reachable(&b);
	drawn = b.n->arp->reachable_ns;
	CU_ASSERT(drawn >= shortest && drawn < longest);
	for (int again = 0; again < 20; again++) {
		lab_run(b.l, 100 * SEC);
		bench_reachable(&b);
		CU_ASSERT_EQUAL(b.n->arp->reachable_ns, drawn);
		lab_run(b.l, 201 * SEC);
		bench_reachable(&b);
		CU_ASSERT_NOT_EQUAL(b.n->arp->reachable_ns, drawn);
		drawn = b.n->arp->reachable_ns;
		CU_ASSERT(drawn >= shortest && drawn < longest);
	}
	bench_free(&b);
}

/* ---- the user's hand ---- */

static void user_sets_replaces_and_deletes(void)
{
	struct bench b = bench_new();

	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, b.peer.mac, NEIGH_PERMANENT, false), 0);
	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, b.rogue.mac, NEIGH_STALE, false), -EEXIST);
	bench_send(&b, "10.0.0.2", 1);
	CU_ASSERT(sent_packet(&b, b.peer.mac, 1));
	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, b.rogue.mac, NEIGH_NOARP, true), 0);
	bench_send(&b, "10.0.0.2", 2);
	CU_ASSERT(sent_packet(&b, b.rogue.mac, 2));
	CU_ASSERT_EQUAL(neigh_del(b.n, b.peer.ip), 0);
	CU_ASSERT_EQUAL(neigh_del(b.n, b.peer.ip), -ENOENT);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_NONE);
	bench_free(&b);
}

static void user_may_not_set_what_makes_no_sense(void)
{
	struct bench b = bench_new();
	struct mac m = b.peer.mac;

	CU_ASSERT_EQUAL(neigh_set(b.s->lo->netif, b.peer.ip, m, NEIGH_PERMANENT, false), -EINVAL);
	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, m, NEIGH_NONE, false), -EINVAL);
	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, m, NEIGH_INCOMPLETE, false), -EINVAL);
	CU_ASSERT_EQUAL(neigh_set(b.n, lab_ip("10.0.0.1"), m, NEIGH_PERMANENT, false), -EINVAL);
	CU_ASSERT_EQUAL(neigh_set(b.n, lab_ip("10.0.0.255"), m, NEIGH_PERMANENT, false), -EINVAL);
	CU_ASSERT_EQUAL(neigh_set(b.n, lab_ip("224.0.0.1"), m, NEIGH_PERMANENT, false), -EINVAL);
	CU_ASSERT_EQUAL(neigh_del(b.s->lo->netif, b.peer.ip), -ENOENT);
	bench_free(&b);
}

static void setting_a_mac_sends_what_waits(void)
{
	struct bench b = bench_new();

	bench_send(&b, "10.0.0.2", 1);
	lab_sent_clear(b.d);
	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, b.peer.mac, NEIGH_REACHABLE, true), 0);
	CU_ASSERT(sent_packet(&b, b.peer.mac, 1));
	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, b.peer.mac, NEIGH_PROBE, true), 0);
	lab_run(b.l, SEC);
	CU_ASSERT(sent_request(&b, b.peer.mac, "10.0.0.1", "10.0.0.2"));
	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, b.peer.mac, NEIGH_DELAY, true), 0);
	lab_sent_clear(b.d);
	lab_run(b.l, 5 * SEC);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_PROBE);
	bench_free(&b);
}

static void deleting_drops_what_waits(void)
{
	struct bench b = bench_new();
	size_t entries, waiting;

	bench_send(&b, "10.0.0.2", 1);
	bench_send(&b, "10.0.0.2", 2);
	arp_stat(b.s, &entries, &waiting);
	CU_ASSERT_EQUAL(entries, 1);
	CU_ASSERT_EQUAL(waiting, 2);
	CU_ASSERT_EQUAL(neigh_del(b.n, b.peer.ip), 0);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_FLUSHED), 2);
	arp_stat(b.s, &entries, &waiting);
	CU_ASSERT_EQUAL(entries, 0);
	CU_ASSERT_EQUAL(waiting, 0);
	bench_free(&b);
}

struct seen {
	char text[200];
};

static void see(void *ctx, struct neigh *ng)
{
	struct seen *seen = ctx;
	size_t len = strlen(seen->text);

	snprintf(seen->text + len, sizeof(seen->text) - len, "%u %s%s;", ng->addr & 255,
		neigh_state_name(ng->state), ng->proxy ? " proxy" : "");
}

static void forget(void *ctx, struct neigh *ng)
{
	(void)ctx;
	neigh_del(ng->netif, ng->addr);
}

static void entries_are_listed_in_the_order_they_were_made(void)
{
	struct bench b = bench_new();
	struct dev *other = lab_wire(b.s, "eth1", "192.0.2.1/24");
	struct seen all = {""}, some = {""}, here = {""}, after = {""};

	neigh_set(b.n, lab_ip("10.0.0.9"), b.peer.mac, NEIGH_PERMANENT, false);
	neigh_set(other->netif, lab_ip("192.0.2.8"), b.peer.mac, NEIGH_STALE, false);
	neigh_set(b.n, lab_ip("10.0.0.7"), b.peer.mac, NEIGH_FAILED, false);
	neigh_set_proxy(b.n, lab_ip("10.0.0.6"), true);
	neigh_each(b.s, NULL, 0, see, &all);
	CU_ASSERT_STRING_EQUAL(all.text, "9 PERMANENT;8 STALE;7 FAILED;6 NONE proxy;");
	neigh_each(b.s, NULL, NEIGH_STALE | NEIGH_FAILED, see, &some);
	CU_ASSERT_STRING_EQUAL(some.text, "8 STALE;7 FAILED;");
	neigh_each(b.s, b.n, 0xff, see, &here);
	CU_ASSERT_STRING_EQUAL(here.text, "9 PERMANENT;7 FAILED;");
	neigh_each(b.s, b.n, 0xff, forget, NULL);
	neigh_each(b.s, NULL, 0, see, &after);
	CU_ASSERT_STRING_EQUAL(after.text, "8 STALE;6 NONE proxy;");
	bench_free(&b);
}

static void states_have_linux_names(void)
{
	CU_ASSERT_STRING_EQUAL(neigh_state_name(NEIGH_INCOMPLETE), "INCOMPLETE");
	CU_ASSERT_STRING_EQUAL(neigh_state_name(NEIGH_REACHABLE), "REACHABLE");
	CU_ASSERT_STRING_EQUAL(neigh_state_name(NEIGH_DELAY), "DELAY");
	CU_ASSERT_STRING_EQUAL(neigh_state_name(NEIGH_PROBE), "PROBE");
	CU_ASSERT_STRING_EQUAL(neigh_state_name(NEIGH_NOARP), "NOARP");
}

/* ---- ip monitor ---- */

struct watcher {
	struct monitor monitor;
	struct seen seen;
};

static void watch(struct monitor *m, struct stack *s, enum monitor_kind kind, const void *object, bool gone)
{
	struct watcher *w = CONTAINER_OF(m, struct watcher, monitor);
	const struct neigh *ng = object;
	size_t len = strlen(w->seen.text);

	CU_ASSERT_PTR_NOT_NULL(s);
	if (kind == MONITOR_NEIGH)
		snprintf(w->seen.text + len, sizeof(w->seen.text) - len, "%s%s;", gone ? "Deleted " : "",
			neigh_state_name(ng->state));
}

static void monitors_hear_what_ip_monitor_shows(void)
{
	struct bench b = bench_new();
	struct watcher w = {.monitor = {.fn = watch}};

	monitor_add(&b.l->world, &w.monitor);
	bench_reachable(&b);
	lab_run(b.l, 46 * SEC); /* unused: STALE */
	bench_send(&b, "10.0.0.2", 2);
	lab_run(b.l, 8 * SEC);
	neigh_del(b.n, b.peer.ip);
	CU_ASSERT_STRING_EQUAL(w.seen.text, "REACHABLE;STALE;PROBE;FAILED;Deleted FAILED;");
	monitor_del(&w.monitor);
	bench_free(&b);
}

SUITE(arp_neigh, T(first_packet_waits_for_the_answer_and_is_sent),
	T(three_requests_a_second_apart_then_failed),
	T(packet_sent_from_unresolved_starts_again_within_the_limit), T(arp_request_flood_out),
	T(failed_entry_is_asked_for_again_but_not_within_a_second),
	T(request_from_the_neighbour_also_resolves_it), T(unused_entry_is_stale_after_the_reachable_time),
	T(reachable_time_is_drawn_between_half_and_one_and_a_half),
	T(stale_entry_is_used_then_probed_then_failed), T(answer_to_a_probe_makes_it_reachable),
	T(confirmation_from_above_saves_the_probe),
	T(confirmed_entry_stays_reachable_from_the_last_confirmation),
	T(entry_in_use_goes_from_reachable_to_delay), T(number_and_interval_of_requests_are_settings),
	T(arp_announce_chooses_the_source_of_requests),
	T(how_long_an_answer_is_believed_is_drawn_anew_every_five_minutes), T(user_sets_replaces_and_deletes),
	T(user_may_not_set_what_makes_no_sense), T(setting_a_mac_sends_what_waits),
	T(deleting_drops_what_waits), T(entries_are_listed_in_the_order_they_were_made),
	T(states_have_linux_names), T(monitors_hear_what_ip_monitor_shows))
