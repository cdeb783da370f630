/* SPDX-License-Identifier: MIT */
/* Filters: libpcap's language on our packets. */
#include "shell/filter.h"

#include "tests/unit/lab.h"

#include <string.h>

static struct pkt *echo_request(struct lab *l)
{
	static const struct mac to = {{2, 0, 0, 0, 0, 1}}, from = {{2, 0, 0, 0, 0, 2}};
	struct icmp_hdr h = {.type = ICMP_ECHO, .rest = 1};
	uint8_t frame[65600];
	size_t len = lab_frame_icmp(frame, to, from, lab_ip("10.0.0.2"), lab_ip("10.0.0.1"), h, "data", 4);
	struct pkt *p = pkt_new(&l->world.pkts, len);

	memcpy(pkt_put(p, len), frame, len);
	return p;
}

static bool passes(const char *text, const struct dev *d, const struct pkt *p)
{
	struct filter *f = filter_new(text, NULL);
	bool ok = filter_matches(f, d, p);

	filter_free(f);
	return ok;
}

static void frames_are_looked_at_as_their_link_has_them(void)
{
	struct lab *l = lab_new();
	struct pkt *p = echo_request(l);
	struct dev ether = {.type = DEV_ETHER}, raw = {.type = DEV_RAW};

	CU_ASSERT(passes("", &ether, p));
	CU_ASSERT(passes("icmp and src host 10.0.0.2", &ether, p));
	CU_ASSERT(passes("ether dst 02:00:00:00:00:01", &ether, p));
	CU_ASSERT_FALSE(passes("tcp port 80", &ether, p));
	CU_ASSERT_FALSE(passes("arp", &ether, p));
	pkt_pull(p, 14);
	CU_ASSERT(passes("icmp and src host 10.0.0.2", &raw, p));
	CU_ASSERT_FALSE(passes("udp", &raw, p));
	CU_ASSERT_FALSE(passes("ether dst 02:00:00:00:00:01", &raw, p)); /* there is none */
	pkt_done(p);
	lab_free(l);
}

static void a_filter_that_is_wrong_is_told_in_libpcaps_words(void)
{
	struct buf error = {0};

	CU_ASSERT_PTR_NULL(filter_new("host and", &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_text(&error), "syntax error"));
	buf_exit(&error);
	filter_free(NULL);
}

/* A cooked frame of an ARP request: the EtherType stands at its beginning. */
static void packets_of_files_are_looked_at_by_their_link_type(void)
{
	static const uint8_t cooked[] = {
		0x08, 0x06, 0, 0, 0, 0, 0, 2, 0, 1, 1, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 6, 4, 0, 1};
	struct filter *f = filter_new_for(LINKTYPE_LINUX_SLL2, "arp", NULL);
	struct capture_packet p = {.linktype = LINKTYPE_LINUX_SLL2,
		.caplen = sizeof(cooked),
		.len = sizeof(cooked),
		.data = cooked};

	CU_ASSERT(filter_matches_captured(f, &p));
	p.linktype = LINKTYPE_ETHERNET;
	CU_ASSERT_FALSE(filter_matches_captured(f, &p));
	p.linktype = 147; /* somebody's own */
	CU_ASSERT_FALSE(filter_matches_captured(f, &p));
	filter_free(f);
	CU_ASSERT_PTR_NULL(filter_new_for(LINKTYPE_RAW, "ether host 02:00:00:00:00:01", NULL));
}

SUITE(shell_filter, T(frames_are_looked_at_as_their_link_has_them),
	T(a_filter_that_is_wrong_is_told_in_libpcaps_words),
	T(packets_of_files_are_looked_at_by_their_link_type))
