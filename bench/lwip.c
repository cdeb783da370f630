/* SPDX-License-Identifier: MIT */
/*
 * lwIP as a peer of the benchmark: echo (7), discard (9) and chargen (19) on the library of Debian's liblwip-dev, by
 * lwIP's "raw" calls, its fastest ones.
 *
 *	lwip TAP ADDRESS
 *
 * The library is as it was built: segments of 1460 octets, a window of 64 KiB. Frames are given to it by the thread that
 * reads them, under the library's lock; its own thread has nothing left to do but the timers.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <lwip/etharp.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <lwip/udp.h>
#include <net/if.h>
#include <netif/ethernet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PORT_ECHO = 7, PORT_DISCARD = 9, PORT_CHARGEN = 19, BURST = 64, FRAME = 1514, BACKLOG = 255 };

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- services ---- */

/* The other side has closed: so do we. */
static err_t over(struct tcp_pcb *pcb)
{
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	return tcp_close(pcb);
}

static err_t echo(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	(void)arg;
	(void)err;
	if (!p)
		return over(pcb);
	for (struct pbuf *q = p; q; q = q->next)
		tcp_write(pcb, q->payload, q->len, TCP_WRITE_FLAG_COPY);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	tcp_output(pcb); /* if it fails, later; what is freed must not be refused */
	return ERR_OK;
}

static err_t discard(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	(void)arg;
	(void)err;
	if (!p)
		return over(pcb);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

static err_t talk(void *arg, struct tcp_pcb *pcb, u16_t acknowledged)
{
	static const char text[65535];

	(void)arg;
	(void)acknowledged;
	while (tcp_sndbuf(pcb) &&
		tcp_write(pcb, text, (u16_t)LWIP_MIN(tcp_sndbuf(pcb), sizeof(text)), 0) == ERR_OK)
		;
	return tcp_output(pcb);
}

static err_t accept_echo(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	tcp_nagle_disable(pcb);
	tcp_recv(pcb, echo);
	return err;
}

static err_t accept_discard(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	tcp_recv(pcb, discard);
	return err;
}

static err_t accept_chargen(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)err;
	tcp_recv(pcb, discard);
	tcp_sent(pcb, talk);
	return talk(arg, pcb, 0);
}

static void echo_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
	(void)arg;
	udp_sendto(pcb, p, from, port);
	pbuf_free(p);
}

static void serve(u16_t port, tcp_accept_fn accepted)
{
	struct tcp_pcb *pcb = tcp_new();

	if (!pcb || tcp_bind(pcb, IP_ADDR_ANY, port) != ERR_OK)
		fail("tcp_bind");
	tcp_accept(tcp_listen_with_backlog(pcb, BACKLOG), accepted);
}

static void serve_datagrams(void)
{
	struct udp_pcb *pcb = udp_new();

	if (!pcb || udp_bind(pcb, IP_ADDR_ANY, PORT_ECHO) != ERR_OK)
		fail("udp_bind");
	udp_recv(pcb, echo_datagram, NULL);
}

/* ---- the device ---- */

static int open_tap(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR);

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETOFFLOAD, 0) < 0)
		fail(name);
	return fd;
}

static err_t write_frame(struct netif *n, struct pbuf *p)
{
	char frame[FRAME];
	const void *data = p->next ? frame : p->payload;

	if (p->next)
		pbuf_copy_partial(p, frame, sizeof(frame), 0);
	return write(*(int *)n->state, data, p->tot_len) < 0 ? ERR_IF : ERR_OK;
}

static err_t set_up(struct netif *n)
{
	memcpy(n->hwaddr, "\2\0\0\0\0\1", 6);
	n->hwaddr_len = 6;
	n->mtu = 1500;
	n->name[0] = 't';
	n->output = etharp_output;
	n->linkoutput = write_frame;
	n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

/* Sleeps for the first frame, then takes what else there is. */
static void read_burst(struct netif *n, int fd)
{
	char frame[FRAME];
	struct iovec v = {frame, sizeof(frame)};
	ssize_t len = read(fd, frame, sizeof(frame));

	LOCK_TCPIP_CORE();
	for (int i = 0; i < BURST && len > 0; i++) {
		struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);
		if (p && pbuf_take(p, frame, (u16_t)len) == ERR_OK)
			n->input(p, n);
		len = preadv2(fd, &v, 1, -1, RWF_NOWAIT);
	}
	UNLOCK_TCPIP_CORE();
	if (len < 0 && errno != EAGAIN)
		fail("read");
}

int main(int argc, char **argv)
{
	static struct netif n;
	ip4_addr_t addr, mask, gateway = {0};

	if (argc != 3 || !ip4addr_aton(argv[2], &addr)) {
		fprintf(stderr, "Usage: lwip TAP ADDRESS\n");
		return 2;
	}
	int fd = open_tap(argv[1]);
	IP4_ADDR(&mask, 255, 255, 255, 0);
	tcpip_init(NULL, NULL);
	LOCK_TCPIP_CORE();
	netif_add(&n, &addr, &mask, &gateway, &fd, set_up, ethernet_input);
	netif_set_default(&n);
	netif_set_up(&n);
	serve(PORT_ECHO, accept_echo);
	serve(PORT_DISCARD, accept_discard);
	serve(PORT_CHARGEN, accept_chargen);
	serve_datagrams();
	UNLOCK_TCPIP_CORE();
	for (;;)
		read_burst(&n, fd);
}
