/* SPDX-License-Identifier: MIT */
/* iperf3: the control connection. Single bytes say where the test is; JSON texts go behind their length. */
#include "app/iperf3_internal.h"

#include <errno.h>
#include <stdlib.h>

enum { CHUNK = 4096, TEXT_MAX = 1 << 20 };

int iperf_control_read(struct iperf_control *c)
{
	for (;;) {
		char *room = realloc(c->in, c->in_len + CHUNK);
		ssize_t n;

		if (!room)
			return -ENOMEM;
		c->in = room;
		if (c->in_len > TEXT_MAX + CHUNK)
			return 0;
		n = sock_recv(c->sk, room + c->in_len, CHUNK, 0, NULL);
		if (n <= 0)
			return n == -EAGAIN ? 0 : n ? (int)n : -EPIPE;
		c->in_len += (size_t)n;
	}
}

const char *iperf_control_peek(const struct iperf_control *c, size_t len)
{
	return c->in_len >= len ? c->in : NULL;
}

void iperf_control_eat(struct iperf_control *c, size_t len)
{
	c->in_len -= len;
	memmove(c->in, c->in + len, c->in_len);
}

const char *iperf_control_json(const struct iperf_control *c, ssize_t *len)
{
	uint32_t said;

	if (c->in_len < sizeof(be32))
		return NULL;
	said = get32(*(const be32 *)(const void *)c->in);
	*len = said <= TEXT_MAX ? (ssize_t)said : -EMSGSIZE;
	return *len < 0 || c->in_len >= sizeof(be32) + said ? c->in + sizeof(be32) : NULL;
}

void iperf_control_flush(struct iperf_control *c)
{
	while (c->out_len) {
		ssize_t n = sock_send(c->sk, c->out, c->out_len, 0, NULL);

		if (n <= 0)
			return; /* later, or never: then reading says why */
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
}

void iperf_control_send(struct iperf_control *c, const void *data, size_t len)
{
	char *room = realloc(c->out, c->out_len + len);

	if (!room)
		return;
	c->out = room;
	memcpy(room + c->out_len, data, len);
	c->out_len += len;
	iperf_control_flush(c);
}

void iperf_control_state(struct iperf_control *c, enum iperf_state state)
{
	uint8_t byte = (uint8_t)state;

	iperf_control_send(c, &byte, 1);
}

void iperf_control_send_json(struct iperf_control *c, const char *text)
{
	size_t len = strlen(text);
	be32 head = put32((uint32_t)len);

	iperf_control_send(c, &head, sizeof(head));
	iperf_control_send(c, text, len);
}

void iperf_control_close(struct iperf_control *c)
{
	if (c->sk)
		sock_close(c->sk);
	free(c->in);
	free(c->out);
	*c = (struct iperf_control){0};
}
