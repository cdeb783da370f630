/* SPDX-License-Identifier: MIT */
/*
 * tcp.sh's side of the wire for what no command of the shell does: `tcp_peer TAP ADDRESS/LEN PEER:PORT WHAT` makes one
 * connection there from a host of its own. WHAT is
 *
 *	urgent     "before", an urgent '!', "after"; then prints what comes, the urgent octet as (!), until the end
 *	keepalive  probes after 1 s, each second, twice; prints how the connection ended
 */
#include "tapir.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct peer {
	struct tapir *t;
	bool urgent, sent;
};

static void end(struct peer *p, struct tapir_sock *sk, const char *how)
{
	printf("%s\n", how);
	tapir_close(sk);
	tapir_stop(p->t);
}

static void speak(struct peer *p, struct tapir_sock *sk)
{
	p->sent = true;
	if (!p->urgent)
		return;
	tapir_send(sk, "before", 6, 0);
	tapir_send(sk, "!", 1, TAPIR_OOB);
	tapir_send(sk, "after", 5, 0);
	tapir_shutdown(sk, SHUT_WR);
}

static void event(struct tapir_sock *sk, unsigned events, void *ctx)
{
	struct peer *p = ctx;
	char text[100];
	ssize_t n;

	if (events & TAPIR_WRITABLE && !p->sent)
		speak(p, sk);
	if (events & TAPIR_URGENT && tapir_recv(sk, text, 1, TAPIR_OOB) == 1)
		printf("(%c)", text[0]);
	while ((n = tapir_recv(sk, text, sizeof(text), 0)) > 0)
		fwrite(text, 1, (size_t)n, stdout);
	if (n == 0)
		end(p, sk, "");
	else if (events & TAPIR_ERROR)
		end(p, sk, strerror((int)-n));
}

int main(int argc, char **argv)
{
	struct peer p = {.t = tapir_new()};
	struct tapir_host *h = tapir_host_new(p.t, "peer");
	struct tapir_addr to;

	if (argc != 5 || !tapir_addr_parse(argv[3], &to) || tapir_tap(h, "eth0", argv[1]) ||
		tapir_addr_add(h, "eth0", argv[2]))
		return 1;
	p.urgent = strcmp(argv[4], "urgent") == 0;
	setvbuf(stdout, NULL, _IONBF, 0);

	struct tapir_sock *sk = tapir_socket(h, TAPIR_TCP);
	if (!p.urgent) {
		tapir_set(sk, TAPIR_OPT_KEEPALIVE, 1);
		tapir_set(sk, TAPIR_OPT_KEEPIDLE, 1);
		tapir_set(sk, TAPIR_OPT_KEEPINTVL, 1);
		tapir_set(sk, TAPIR_OPT_KEEPCNT, 2);
	}
	tapir_on_event(sk, event, &p);
	tapir_connect(sk, to);
	tapir_run(p.t);
	tapir_free(p.t);
	return 0;
}
