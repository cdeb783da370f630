/* SPDX-License-Identifier: MIT */
#include "net/packet.h"

#include "dev/netem.h"
#include "net/sock.h"
#include "net/wire_ether.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <string.h>

static const struct mac peer_mac = {{2, 0, 0, 0, 1, 9}};
static const struct proto *const protos[] = {&packet_proto, NULL};

static struct lab *new_lab(struct stack **s, struct dev **d)
{
	struct lab *l = lab_new();

	l->world.protos = protos;
	*s = lab_host(l, "h1");
	*d = lab_wire(*s, "eth0", NULL);
	return l;
}

/* A frame of `len` octets of this type from the peer. */
static size_t frame(uint8_t *b, struct mac dst, uint16_t type, size_t len)
{
	memset(b, 'x', len);
	ether_emit(b, &(struct ether_hdr){dst, peer_mac, type});
	return len;
}

static void hear(struct dev *d, struct mac dst, uint16_t type)
{
	uint8_t b[60];

	lab_inject(d, b, frame(b, dst, type, sizeof(b)));
}

static int count(struct sock *sk)
{
	int n = 0;

	while (sock_recv(sk, NULL, 0, 0, NULL) >= 0)
		n++;
	return n;
}

/* Who looks, and a link that cannot sum, get the checksum that a device would have filled in. */
static void checksums_left_to_the_device_are_filled_in(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	uint8_t b[60], read[60];
	size_t len = 0;

	frame(b, peer_mac, ETHERTYPE_IP, sizeof(b));
	for (int can_csum = 0; can_csum < 2; can_csum++) {
		struct pkt *p = stack_pkt(s, sizeof(b));

		d->features = can_csum ? DEV_CAN_CSUM : 0;
		memcpy(pkt_put(p, sizeof(b)), b, sizeof(b));
		*(be16 *)(p->data + 40) = put16(0);
		p->l2_len = ETHER_HDR_LEN;
		p->offload =
			(struct pkt_offload){.csum = PKT_CSUM_PARTIAL, .csum_start = 34, .csum_offset = 6};
		dev_output(d, p);
		CU_ASSERT_EQUAL(sock_recv(sk, read, sizeof(read), 0, NULL), 60);
		CU_ASSERT_EQUAL(csum(read + 34, 26), 0);
		const uint8_t *f = lab_sent(d, &len);
		CU_ASSERT_EQUAL_FATAL(len, 60);
		CU_ASSERT_EQUAL(csum(f + 34, 26) == 0, !can_csum);
	}
	sock_close(sk);
	lab_free(l);
}

static void frames_of_the_type_are_read_from_the_link_header(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ARP);
	struct sock_msg msg;
	uint8_t b[100];

	hear(d, d->mac, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(sock_recv(sk, b, sizeof(b), 0, &msg), -EAGAIN);
	hear(d, d->mac, ETHERTYPE_ARP);
	CU_ASSERT_EQUAL(sock_recv(sk, b, sizeof(b), 0, &msg), 60);
	CU_ASSERT_EQUAL(memcmp(b, d->mac.b, 6), 0);
	CU_ASSERT_EQUAL(b[59], 'x');
	CU_ASSERT_EQUAL(msg.from.ifindex, d->ifindex);
	CU_ASSERT_EQUAL(msg.from.ethertype, ETHERTYPE_ARP);
	CU_ASSERT_EQUAL(msg.from.pkt_type, PKT_HOST);
	CU_ASSERT(mac_equal(msg.from.mac, peer_mac));
	CU_ASSERT_EQUAL(msg.from.ip, 0);
	sock_close(sk);
	lab_free(l);
}

static void frames_for_other_hosts_are_shown_by_their_packet_type(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	static const struct {
		struct mac dst;
		enum pkt_type type;
	} rows[] = {
		{{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, PKT_BROADCAST},
		{{{1, 0, 0x5e, 0, 0, 1}}, PKT_MULTICAST},
		{{{2, 7, 7, 7, 7, 7}}, PKT_OTHERHOST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sock_msg msg = {0};

		hear(d, rows[i].dst, ETHERTYPE_IP);
		CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, &msg), 60);
		CU_ASSERT_EQUAL(msg.from.pkt_type, rows[i].type);
	}
	sock_close(sk);
	lab_free(l);
}

/* Also when a qdisc holds several of them, and not when they come back by a cable. */
static void own_frames_are_not_shown_however_late_they_leave(void)
{
	struct netem_config c = {.limit = 10, .delay_ns = NS_PER_MS};
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	struct sock *other = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	struct sock_addr to = {.ifindex = d->ifindex};
	uint8_t b[60];

	CU_ASSERT_EQUAL(netem_create(d, QDISC_ROOT, 1, &c), 0);
	frame(b, peer_mac, ETHERTYPE_IP, sizeof(b));
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(sock_send(sk, b, sizeof(b), 0, &to), 60);
	lab_run(l, NS_PER_MS);
	CU_ASSERT_EQUAL(lab_sent_count(d), 3);
	CU_ASSERT_EQUAL(count(sk), 0);
	CU_ASSERT_EQUAL(count(other), 3);
	sock_close(sk);
	sock_close(other);
	lab_free(l);
}

static void frame_that_leaves_is_shown_to_all_but_its_sender_and_only_to_sockets_for_every_type(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sender = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	struct sock *all = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	struct sock *arp = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ARP);
	struct sock_addr to = {.ifindex = d->ifindex};
	struct sock_msg msg;
	uint8_t b[60];
	size_t len;

	frame(b, peer_mac, ETHERTYPE_ARP, sizeof(b));
	CU_ASSERT_EQUAL(sock_send(sender, b, sizeof(b), 0, &to), 60);
	CU_ASSERT_EQUAL(sock_recv(sender, NULL, 0, 0, NULL), -EAGAIN);
	CU_ASSERT_EQUAL(sock_recv(arp, NULL, 0, 0, NULL), -EAGAIN);
	CU_ASSERT_EQUAL(sock_recv(all, NULL, 0, 0, &msg), 60);
	CU_ASSERT_EQUAL(msg.from.pkt_type, PKT_OUTGOING);
	CU_ASSERT_EQUAL(msg.from.ethertype, ETHERTYPE_ARP);
	CU_ASSERT_EQUAL(msg.time_ns, l->loop.now);
	const uint8_t *sent = lab_sent(d, &len);
	CU_ASSERT_EQUAL_FATAL(len, 60);
	CU_ASSERT_EQUAL(memcmp(sent, b, 60), 0);
	sock_close(sender);
	sock_close(all);
	sock_close(arp);
	lab_free(l);
}

static void bound_socket_hears_its_device_only(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct dev *other = lab_wire(s, "eth1", NULL);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_IP);
	struct sock_addr a = {.ifindex = other->ifindex}, name;

	CU_ASSERT_EQUAL(sock_bind(sk, &(struct sock_addr){.ifindex = 99}), -ENODEV);
	CU_ASSERT_EQUAL(sock_bind(sk, &a), 0);
	CU_ASSERT_EQUAL(sock_name(sk, &name), 0);
	CU_ASSERT_EQUAL(name.ifindex, other->ifindex);
	CU_ASSERT_EQUAL(name.ethertype, ETHERTYPE_IP);
	hear(d, d->mac, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(count(sk), 0);
	hear(other, other->mac, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(count(sk), 1);
	a.ethertype = ETHERTYPE_ARP;
	CU_ASSERT_EQUAL(sock_bind(sk, &a), 0);
	hear(other, other->mac, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(count(sk), 0);
	sock_close(sk);
	lab_free(l);
}

static void protocol_zero_hears_nothing_until_it_is_bound(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, 0);

	CU_ASSERT(list_empty(&d->taps));
	hear(d, d->mac, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(count(sk), 0);
	CU_ASSERT_EQUAL(sock_bind(sk, &(struct sock_addr){.ethertype = ETHERTYPE_ALL}), 0);
	hear(d, d->mac, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(count(sk), 1);
	sock_close(sk);
	CU_ASSERT(list_empty(&d->taps));
	lab_free(l);
}

static void unbound_socket_hears_devices_that_come_later(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	struct dev *late = lab_wire(s, "eth1", NULL);

	hear(late, late->mac, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(count(sk), 1);
	hear(late, late->mac, ETHERTYPE_IP);
	dev_unregister(late);
	struct sock_msg msg;
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, &msg), 60);
	CU_ASSERT(msg.from.ifindex > d->ifindex);
	hear(d, d->mac, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(count(sk), 1);
	sock_close(sk);
	lab_free(l);
}

static void socket_of_a_device_that_goes_hears_of_it(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	struct sock_addr name;
	uint8_t b[60];

	frame(b, peer_mac, ETHERTYPE_IP, sizeof(b));
	CU_ASSERT_EQUAL(sock_bind(sk, &(struct sock_addr){.ifindex = d->ifindex}), 0);
	dev_set_up(d, false);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -ENETDOWN);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EAGAIN);
	CU_ASSERT_EQUAL(sock_send(sk, b, sizeof(b), 0, NULL), -ENETDOWN);
	dev_unregister(d);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -ENETDOWN);
	CU_ASSERT_EQUAL(sock_send(sk, b, sizeof(b), 0, NULL), -ENXIO);
	CU_ASSERT_EQUAL(sock_name(sk, &name), 0);
	CU_ASSERT_EQUAL(name.ifindex, -1);
	sock_close(sk);
	lab_free(l);
}

static void frames_are_checked_before_they_are_sent(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, 0);
	struct sock_addr to = {.ifindex = d->ifindex};
	uint8_t b[2000];
	size_t len;

	frame(b, peer_mac, ETHERTYPE_IP, sizeof(b));
	CU_ASSERT_EQUAL(sock_send(sk, b, 60, 0, NULL), -ENXIO);
	CU_ASSERT_EQUAL(sock_send(sk, b, 0, 0, &to), -EINVAL);
	CU_ASSERT_EQUAL(sock_send(sk, b, 13, 0, &to), -EINVAL);
	CU_ASSERT_EQUAL(sock_send(sk, b, 1515, 0, &to), -EMSGSIZE);
	CU_ASSERT_EQUAL(sock_send(sk, b, 1514, 0, &to), 1514);
	frame(b, peer_mac, ETHERTYPE_VLAN, sizeof(b));
	CU_ASSERT_EQUAL(sock_send(sk, b, 1519, 0, &to), -EMSGSIZE);
	CU_ASSERT_EQUAL(sock_send(sk, b, 1518, 0, &to), 1518);
	CU_ASSERT_EQUAL(sock_send(sk, b, 14, 0, &to), 14);
	lab_sent(d, &len);
	CU_ASSERT_EQUAL(len, 1514);
	lab_sent(d, &len);
	CU_ASSERT_EQUAL(len, 1518);
	const uint8_t *f = lab_sent(d, &len);
	CU_ASSERT_EQUAL_FATAL(len, 60);
	for (size_t i = 14; i < 60; i++)
		CU_ASSERT_EQUAL(f[i], 0);
	sock_close(sk);
	lab_free(l);
}

static bool only_broadcast(const struct pkt *p, void *ctx)
{
	++*(int *)ctx;
	return p->type == PKT_BROADCAST;
}

static void filter_looks_before_anything_is_copied(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	int asked = 0;

	sock_set_filter(sk, only_broadcast, &asked);
	uint64_t made = l->world.pkts.small.made;
	hear(d, d->mac, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(l->world.pkts.small.made, made + 1);
	CU_ASSERT_EQUAL(asked, 1);
	CU_ASSERT_EQUAL(count(sk), 0);
	hear(d, MAC_BROADCAST, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(count(sk), 1);
	CU_ASSERT_EQUAL(stack_drops(s, DROP_SOCK_FILTER), 0);
	sock_close(sk);
	lab_free(l);
}

static void copy_that_cannot_be_made_is_counted(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	uint8_t b[60];

	l->world.pkts.small.limit = 1;
	hear(d, d->mac, ETHERTYPE_IP);
	CU_ASSERT_EQUAL(sock_rx_dropped(sk), 1);
	CU_ASSERT_EQUAL(stack_drops(s, DROP_NO_MEMORY), 1);
	CU_ASSERT_EQUAL(count(sk), 0);
	struct pkt *last = pkt_new(&l->world.pkts, 1);
	frame(b, peer_mac, ETHERTYPE_IP, sizeof(b));
	CU_ASSERT_EQUAL(sock_send(sk, b, 60, 0, &(struct sock_addr){.ifindex = d->ifindex}), -ENOBUFS);
	pkt_free(last);
	sock_close(sk);
	lab_free(l);
}

static void deleted_host_takes_its_taps_along(void)
{
	struct stack *s;
	struct dev *d;
	struct lab *l = new_lab(&s, &d);
	struct sock *sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ALL);

	hear(d, d->mac, ETHERTYPE_IP);
	stack_delete(s);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -ENODEV);
	sock_close(sk);
	lab_free(l);
}

SUITE(net_packet, T(own_frames_are_not_shown_however_late_they_leave),
	T(checksums_left_to_the_device_are_filled_in), T(frames_of_the_type_are_read_from_the_link_header),
	T(frames_for_other_hosts_are_shown_by_their_packet_type),
	T(frame_that_leaves_is_shown_to_all_but_its_sender_and_only_to_sockets_for_every_type),
	T(bound_socket_hears_its_device_only), T(protocol_zero_hears_nothing_until_it_is_bound),
	T(unbound_socket_hears_devices_that_come_later), T(socket_of_a_device_that_goes_hears_of_it),
	T(frames_are_checked_before_they_are_sent), T(filter_looks_before_anything_is_copied),
	T(copy_that_cannot_be_made_is_counted), T(deleted_host_takes_its_taps_along))
