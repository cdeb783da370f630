/* SPDX-License-Identifier: MIT */
/*
 * The floor: the least program that can answer on a TAP device at all. It reads a frame, looks at the headers, turns
 * the frame round where it lies, and writes it back. It verifies nothing and repeats nothing. What a stack on the same
 * device takes longer than this is its own.
 *
 *	floor TAP [--plain] [--copy] [--poll]
 *
 *	--plain	without virtio headers: no super-frames, checksums in full
 *	--copy	what comes in is copied once, and what goes out by chargen, as between a stack and its program
 *	--poll	it sleeps in poll(), as whoever has more than one descriptor must
 *
 * It answers for every address: ARP, ICMP echo, UDP echo on every port, and TCP on three. Its system calls are the
 * fewest there are: read() sleeps until there is a frame, and only while an acknowledgment is owed it asks for the next
 * one without sleeping, so that a burst gets one acknowledgment.
 *
 *	echo (7)	seq and ack change places, the text goes back; nothing is remembered
 *	discard (9)	the next sequence number is remembered: an ACK tells it
 *	chargen (19)	one connection, the last that was opened: a frame prepared once goes out again and again, with
 *			another sequence number, as long as the window lasts
 */
#include "net/wire_arp.h"
#include "net/wire_icmp.h"
#include "net/wire_tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	PORT_ECHO = 7,
	PORT_DISCARD = 9,
	PORT_CHARGEN = 19,
	VNET = sizeof(struct virtio_net_hdr),
	IP_AT = ETHER_HDR_LEN,
	TCP_AT = IP_AT + IP_HDR_LEN,
	TEXT_AT = TCP_AT + TCP_HDR_LEN,
	SYN_OPTIONS = 8, /* MSS, NOP, window scale */
	WSCALE = 7,
	WINDOW_MAX = 4 << 20,
	QUEUE = 700, /* frames in flight: fewer than the device's queue holds */
	ROOM = 70000,
};

/* What is remembered of a connection, by the port of the other side. */
struct peer {
	uint32_t rcv_nxt, snd_una, snd_nxt, snd_wnd;
	uint8_t wscale;
};

/* A frame that goes out again and again, with another number in its TCP header. */
struct prepared {
	uint8_t buf[ROOM];
	uint64_t sum; /* of the segment without that number; plain devices */
};

struct floor {
	int fd;
	size_t vnet; /* before each frame: VNET, or 0 */
	bool copy, poll;
	size_t mss, text_max; /* of a segment; of a frame */
	uint32_t window;      /* what we offer */
	struct peer peers[65536];
	uint16_t owed, talks; /* the port to which an ACK is owed, and that chargen writes to; 0: none */
	uint32_t owed_bytes;
	uint8_t in[ROOM];	   /* the frame that came, behind its virtio header */
	struct prepared ack, talk; /* for `owed` and `talks` */
	uint8_t text[ROOM];	   /* a program's buffer */
};

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- the device ---- */

static void open_tap(struct floor *f, const char *name)
{
	struct ifreq ifr = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (f->vnet ? IFF_VNET_HDR : 0))};
	int sock = socket(AF_INET, SOCK_DGRAM, 0);

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	f->fd = open("/dev/net/tun", O_RDWR);
	if (f->fd < 0 || ioctl(f->fd, TUNSETIFF, &ifr) < 0 ||
		ioctl(f->fd, TUNSETOFFLOAD, f->vnet ? TUN_F_CSUM | TUN_F_TSO4 : 0) < 0 ||
		ioctl(sock, SIOCGIFMTU, &ifr) < 0)
		fail(name);
	close(sock);
	f->mss = (size_t)ifr.ifr_mtu - IP_HDR_LEN - TCP_HDR_LEN;
	f->text_max = f->vnet ? (IP_MAX_LEN - IP_HDR_LEN - TCP_HDR_LEN - 1000) / f->mss * f->mss : f->mss;
	if (f->text_max == 0)
		f->text_max = f->mss;
	f->window = (uint32_t)MIN((size_t)WINDOW_MAX, QUEUE * f->text_max);
}

/* The length of the next frame; 0: none, where nobody waits for one. */
static size_t read_frame(struct floor *f, bool wait)
{
	struct pollfd readable = {f->fd, POLLIN, 0};
	struct iovec v = {f->in, sizeof(f->in)};

	if (wait && f->poll && poll(&readable, 1, -1) < 0)
		fail("poll");
	ssize_t n = wait ? read(f->fd, f->in, sizeof(f->in)) : preadv2(f->fd, &v, 1, -1, RWF_NOWAIT);

	if (n < 0 && errno != EAGAIN)
		fail("read");
	return n < (ssize_t)f->vnet ? 0 : (size_t)n - f->vnet;
}

static void write_frame(struct floor *f, const uint8_t *buf, size_t len)
{
	if (write(f->fd, buf, f->vnet + len) < 0)
		fail("write");
}

/* ---- frames turned round ---- */

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t was[6];

	memcpy(was, a, len);
	memcpy(a, b, len);
	memcpy(b, was, len);
}

/* Link and network header; where there are ports, those too. No checksum changes by that. */
static void turn_round(uint8_t *frame, bool has_ports)
{
	swap(frame, frame + 6, 6);
	swap(frame + IP_AT + 12, frame + IP_AT + 16, 4);
	if (has_ports)
		swap(frame + TCP_AT, frame + TCP_AT + 2, 2);
}

static void answer_arp(struct floor *f, uint8_t *frame, size_t len)
{
	static const struct mac own = {{2, 0, 0, 0, 0, 1}};
	struct arp_msg m;

	if (arp_parse(frame + ETHER_HDR_LEN, len - ETHER_HDR_LEN, &m) || m.op != ARP_OP_REQUEST)
		return;
	struct arp_msg reply = {.op = ARP_OP_REPLY, .sha = own, .spa = m.tpa, .tha = m.sha, .tpa = m.spa};
	arp_emit(frame + ETHER_HDR_LEN, &reply);
	ether_emit(frame, &(struct ether_hdr){m.sha, own, ETHERTYPE_ARP});
	write_frame(f, f->in, len);
}

static void answer_ping(struct floor *f, uint8_t *frame, size_t len)
{
	uint8_t *icmp = frame + TCP_AT;

	if (icmp[0] != ICMP_ECHO)
		return;
	turn_round(frame, false);
	icmp[0] = ICMP_ECHO_REPLY;
	*(be16 *)(icmp + 2) = put16(csum_update(get16(*(be16 *)(icmp + 2)), ICMP_ECHO << 8, 0));
	write_frame(f, f->in, len);
}

static void answer_udp(struct floor *f, uint8_t *frame, size_t len)
{
	turn_round(frame, true);
	write_frame(f, f->in, len);
}

/* ---- TCP ---- */

/* A frame with headers like those of the frame that came, turned round: `h` and `text_len` bytes of text, which stand
 * behind the header already. The sum of all of it, or of the pseudo-header where the device does the rest. */
static uint64_t put_headers(const struct floor *f, uint8_t *buf, struct tcp_hdr h, size_t text_len)
{
	uint8_t *frame = buf + f->vnet, *tcp = frame + TCP_AT;
	size_t tcp_len = h.hdr_len + text_len;
	struct ip_hdr ip;

	if (buf != f->in)
		memcpy(frame, f->in + f->vnet, TCP_AT);
	turn_round(frame, false);
	ip_read(frame + IP_AT, &ip);
	ip.hdr_len = IP_HDR_LEN;
	ip.total_len = (uint16_t)(IP_HDR_LEN + tcp_len);
	ip_emit(frame + IP_AT, &ip);
	tcp_emit(tcp, &h);
	uint64_t sum = csum_pseudo(ip.src, ip.dst, IP_PROTO_TCP, (uint16_t)tcp_len);
	if (!f->vnet)
		return csum_add(sum, tcp, tcp_len);
	*(struct virtio_net_hdr *)(void *)buf = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = TCP_AT, .csum_offset = TCP_CHECK_OFFSET};
	tcp_put_check(tcp, (uint16_t)~csum_finish(sum));
	return sum;
}

static void put_segment(const struct floor *f, uint8_t *buf, struct tcp_hdr h, size_t text_len)
{
	uint64_t sum = put_headers(f, buf, h, text_len);

	if (!f->vnet)
		tcp_put_check(buf + TCP_AT, csum_finish(sum));
}

enum { SEQ = 4, ACK = 8 }; /* where they stand */

static void send_prepared(struct floor *f, struct prepared *p, int which, uint32_t number, size_t text_len)
{
	uint8_t *tcp = p->buf + f->vnet + TCP_AT;

	*(be32 *)(tcp + which) = put32(number);
	if (!f->vnet)
		tcp_put_check(tcp, csum_finish(csum_add(p->sum, tcp + which, 4)));
	write_frame(f, p->buf, TEXT_AT + text_len);
}

static struct tcp_hdr header(const struct floor *f, const struct tcp_hdr *to, uint16_t flags)
{
	return (struct tcp_hdr){.sport = to->dport,
		.dport = to->sport,
		.hdr_len = TCP_HDR_LEN,
		.flags = flags,
		.wnd = (uint16_t)(f->window >> WSCALE)};
}

/* An answer without text to the segment that came, in its place. */
static void answer_short(struct floor *f, struct tcp_hdr h)
{
	put_segment(f, f->in, h, 0);
	write_frame(f, f->in, TCP_AT + h.hdr_len);
}

/* The shift count among the options of a SYN, or 0. */
static uint8_t find_wscale(const uint8_t *opt, size_t len)
{
	for (size_t i = 0; i + 2 < len && opt[i];) {
		if (opt[i] == 3)
			return opt[i + 2];
		i += opt[i] == 1 ? 1 : MAX((size_t)opt[i + 1], (size_t)2);
	}
	return 0;
}

static void answer_syn(struct floor *f, const struct tcp_hdr *seg)
{
	uint8_t *opt = f->in + f->vnet + TEXT_AT;
	struct peer *p = &f->peers[seg->sport];
	struct tcp_hdr h = header(f, seg, TCP_SYN | TCP_ACK);

	*p = (struct peer){.rcv_nxt = seg->seq + 1,
		.snd_una = 1,
		.snd_nxt = 1,
		.wscale = find_wscale(opt, seg->hdr_len - (size_t)TCP_HDR_LEN)};
	h.ack = p->rcv_nxt;
	h.wnd = (uint16_t)MIN(f->window, (uint32_t)UINT16_MAX);
	h.hdr_len += SYN_OPTIONS;
	memcpy(opt, (uint8_t[]){2, 4, (uint8_t)(f->mss >> 8), (uint8_t)f->mss, 1, 3, 3, WSCALE}, SYN_OPTIONS);
	answer_short(f, h);
}

static void answer_fin(struct floor *f, const struct tcp_hdr *seg, size_t text_len)
{
	struct tcp_hdr h = header(f, seg, TCP_FIN | TCP_ACK);

	h.seq = seg->ack;
	h.ack = seg->seq + (uint32_t)text_len + 1;
	answer_short(f, h);
}

static void echo(struct floor *f, const struct tcp_hdr *seg, size_t text_len)
{
	struct tcp_hdr h = header(f, seg, TCP_PSH | TCP_ACK);

	h.seq = seg->ack;
	h.ack = seg->seq + (uint32_t)text_len;
	if (seg->hdr_len != TCP_HDR_LEN)
		return; /* we agreed on no options */
	put_segment(f, f->in, h, text_len);
	write_frame(f, f->in, TEXT_AT + text_len);
}

static void send_owed(struct floor *f)
{
	send_prepared(f, &f->ack, ACK, f->peers[f->owed].rcv_nxt, 0);
	f->owed = 0;
	f->owed_bytes = 0;
}

/* The ACK is written when the burst is over, or a quarter of the window has come. */
static void discard(struct floor *f, const struct tcp_hdr *seg, size_t text_len)
{
	struct peer *p = &f->peers[seg->sport];
	struct tcp_hdr h = header(f, seg, TCP_ACK);

	if (f->owed && f->owed != seg->sport)
		send_owed(f);
	h.seq = seg->ack;
	if (!f->owed)
		f->ack.sum = put_headers(f, f->ack.buf, h, 0);
	p->rcv_nxt += seg->seq == p->rcv_nxt ? (uint32_t)text_len : 0;
	f->owed = seg->sport;
	f->owed_bytes += (uint32_t)text_len;
	if (f->owed_bytes >= f->window / 4)
		send_owed(f);
}

/* ---- chargen ---- */

static void prepare_talk(struct floor *f, const struct tcp_hdr *seg)
{
	struct tcp_hdr h = header(f, seg, TCP_ACK);

	h.ack = seg->seq;
	f->talk.sum = put_headers(f, f->talk.buf, h, f->text_max);
	if (f->text_max > f->mss) {
		struct virtio_net_hdr *v = (struct virtio_net_hdr *)(void *)f->talk.buf;
		v->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		v->gso_size = (uint16_t)f->mss;
		v->hdr_len = TEXT_AT;
	}
	f->talks = seg->sport;
}

static void hear_ack(struct floor *f, const struct tcp_hdr *seg)
{
	struct peer *p = &f->peers[seg->sport];

	if (p->snd_wnd == 0 && f->talks != seg->sport)
		prepare_talk(f, seg);
	p->snd_una = seg->ack;
	p->snd_wnd = (uint32_t)seg->wnd << p->wscale;
}

static bool may_talk(const struct floor *f)
{
	const struct peer *p = &f->peers[f->talks];

	return f->talks && p->snd_una + p->snd_wnd - p->snd_nxt >= f->text_max &&
		p->snd_una + p->snd_wnd - p->snd_nxt <= p->snd_wnd;
}

static void talk(struct floor *f)
{
	struct peer *p = &f->peers[f->talks];

	if (f->copy)
		memcpy(f->talk.buf + f->vnet + TEXT_AT, f->text, f->text_max);
	send_prepared(f, &f->talk, SEQ, p->snd_nxt, f->text_max);
	p->snd_nxt += (uint32_t)f->text_max;
}

/* ---- whose is it? ---- */

static void answer_text(struct floor *f, const struct tcp_hdr *seg, size_t text_len)
{
	if (f->copy)
		memcpy(f->text, f->in + f->vnet + TCP_AT + seg->hdr_len, text_len);
	if (seg->dport == PORT_ECHO)
		echo(f, seg, text_len);
	else if (seg->dport == PORT_DISCARD)
		discard(f, seg, text_len);
}

static void answer_tcp(struct floor *f, uint8_t *frame)
{
	size_t len = get16(*(be16 *)(frame + IP_AT + 2)) - (size_t)IP_HDR_LEN;
	struct tcp_hdr seg;

	if (tcp_peek(frame + TCP_AT, len, &seg))
		return;
	size_t text_len = len - seg.hdr_len;
	if ((seg.flags & (TCP_RST | TCP_FIN)) && f->talks == seg.sport)
		f->talks = 0;
	if (seg.flags & TCP_RST)
		return;
	if (seg.flags & TCP_SYN)
		answer_syn(f, &seg);
	else if (text_len)
		answer_text(f, &seg, text_len);
	else if (seg.dport == PORT_CHARGEN && !(seg.flags & TCP_FIN))
		hear_ack(f, &seg);
	if ((seg.flags & TCP_FIN) && f->owed == seg.sport)
		f->owed = 0;
	if (seg.flags & TCP_FIN)
		answer_fin(f, &seg, text_len);
}

static void answer(struct floor *f, uint8_t *frame, size_t len)
{
	uint16_t type = len < ETHER_HDR_LEN ? 0 : get16(*(be16 *)(frame + 12));

	if (type == ETHERTYPE_ARP)
		answer_arp(f, frame, len);
	if (type != ETHERTYPE_IP)
		return;
	switch (frame[IP_AT + 9]) {
	case IP_PROTO_ICMP:
		answer_ping(f, frame, len);
		break;
	case IP_PROTO_UDP:
		answer_udp(f, frame, len);
		break;
	case IP_PROTO_TCP:
		answer_tcp(f, frame);
	}
}

int main(int argc, char **argv)
{
	static struct floor f = {.vnet = VNET};

	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], "--plain") == 0)
			f.vnet = 0;
		else if (strcmp(argv[i], "--copy") == 0)
			f.copy = true;
		else if (strcmp(argv[i], "--poll") == 0)
			f.poll = true;
		else
			argc = 0;
	if (argc < 2) {
		fprintf(stderr, "Usage: floor TAP [--plain] [--copy] [--poll]\n");
		return 2;
	}
	open_tap(&f, argv[1]);
	for (;;) {
		if (may_talk(&f)) {
			talk(&f);
			continue;
		}
		size_t len = read_frame(&f, !f.owed);
		if (len)
			answer(&f, f.in + f.vnet, len);
		else if (f.owed)
			send_owed(&f);
	}
}
