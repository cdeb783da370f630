/* SPDX-License-Identifier: MIT */
/* Segments between us (10.0.0.1:80) and a peer (10.0.0.2:40000), to be written down in a line. */
#ifndef TESTS_UNIT_SHELL_SEGMENTS_H
#define TESTS_UNIT_SHELL_SEGMENTS_H

#include "lib/capture.h"
#include "shell/flows.h"
#include "tests/unit/lab.h"

enum { US = 0x0a000001, PEER = 0x0a000002, OUR_PORT = 80, PEER_PORT = 40000 };

static const struct mac our_mac = {{2, 0, 0, 0, 0, 1}}, peer_mac = {{2, 0, 0, 0, 0, 2}};

struct segment {
	bool ours;
	uint16_t flags;
	uint32_t seq, ack;
	const char *text;
	const uint8_t *options; /* a multiple of four octets, with */
	uint8_t options_len;
	uint16_t our_port;  /* 0: OUR_PORT */
	uint16_t peer_port; /* 0: PEER_PORT */
	uint16_t wnd;	    /* 0: 1000 */
};

/* What is not said is zero: OURS(TCP_ACK, 5001, 1001, .text = "x"). */
#define OURS(f, s, a, ...) \
	((struct segment){.ours = true, .flags = (f), .seq = (s), .ack = (a), ##__VA_ARGS__})
#define PEERS(f, s, a, ...) \
	((struct segment){.ours = false, .flags = (f), .seq = (s), .ack = (a), ##__VA_ARGS__})

/* Into `frame` of 2000 octets, with a right checksum; returns its length. */
static inline size_t segment_frame(uint8_t *frame, const struct segment *s)
{
	uint16_t us = s->our_port ? s->our_port : OUR_PORT, peer = s->peer_port ? s->peer_port : PEER_PORT;
	size_t text_len = s->text ? strlen(s->text) : 0, len = TCP_HDR_LEN + s->options_len + text_len;
	uint8_t tcp[1600];
	struct tcp_hdr h = {.sport = s->ours ? us : peer,
		.dport = s->ours ? peer : us,
		.seq = s->seq,
		.ack = s->ack,
		.wnd = s->wnd ? s->wnd : 1000,
		.flags = s->flags,
		.hdr_len = (uint8_t)(TCP_HDR_LEN + s->options_len)};
	struct ip_hdr ip = {
		.src = s->ours ? US : PEER, .dst = s->ours ? PEER : US, .proto = IP_PROTO_TCP, .ttl = 64};

	tcp_emit(tcp, &h);
	if (s->options_len)
		memcpy(tcp + TCP_HDR_LEN, s->options, s->options_len);
	if (text_len)
		memcpy(tcp + h.hdr_len, s->text, text_len);
	tcp_put_check(tcp, tcp_csum(tcp, len, ip.src, ip.dst));
	return lab_frame_ip(
		frame, s->ours ? peer_mac : our_mac, s->ours ? our_mac : peer_mac, ip, NULL, 0, tcp, len);
}

static inline struct capture_packet segment_packet(const uint8_t *frame, size_t len, uint64_t ts_ns)
{
	return (struct capture_packet){.ts_ns = ts_ns,
		.linktype = LINKTYPE_ETHERNET,
		.caplen = (uint32_t)len,
		.len = (uint32_t)len,
		.data = frame};
}

static inline struct flow *segments_see_frame(
	struct flows *fs, bool ours, const uint8_t *frame, size_t len, uint64_t now_ns)
{
	struct fields x = {0};
	struct flow *f;

	fields_read(&x, LINKTYPE_ETHERNET, frame, len);
	f = flows_see(fs, ours, &x, frame, now_ns);
	fields_exit(&x);
	return f;
}

static inline struct flow *segments_see(struct flows *fs, struct segment s, uint64_t now_ns)
{
	uint8_t frame[2000];

	return segments_see_frame(fs, s.ours, frame, segment_frame(frame, &s), now_ns);
}

/* A handshake that the peer begins: our ISN is `isn`, the peer's 1000. */
static inline void segments_handshake(struct flows *fs, uint32_t isn)
{
	segments_see(fs, PEERS(TCP_SYN, 1000, 0), 0);
	segments_see(fs, OURS(TCP_SYN | TCP_ACK, isn, 1001), 1);
	segments_see(fs, PEERS(TCP_ACK, 1001, isn + 1), 2);
}

#endif
