/* SPDX-License-Identifier: MIT */
/*
 * Connections of the HTTP server.
 *
 *	READING a head -> SENDING the answer: what is held (its head, a short body), then a file -> READING, or
 *	CLOSING: our FIN is sent, and what still comes is thrown away, so that no reset overtakes the answer
 *
 * proceed() goes on until the connection would have to wait. A state has one deadline: a head has to be whole in time
 * from its first octet on, however slowly it drips in; while something is sent, each piece taken moves the deadline.
 */
#include "app/http_internal.h"

#include "net/stack.h"
#include "net/wire_ip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKLOG = 1024, PIECE = 64 << 10, STEPS_AT_ONCE = 256, LINE_SHOWN = 200 };

enum state { READING, SENDING, CLOSING };

/* What a step has come to. */
enum step { GO_ON, WAIT, END };

struct client {
	struct list node; /* in http->clients; those without a request in the order in which they became so */
	struct http *http;
	struct sock *sk;
	enum state state;
	struct timer timer;
	struct work again; /* many pipelined requests: the others' turn first */

	char in[HTTP_HEAD_MAX];
	size_t in_len;
	bool begun; /* READING: something of a request has come */
	bool ended; /* the peer's FIN has come */

	char *held; /* to be sent first */
	size_t held_len, held_at;
	uint64_t held_body;    /* octets of it that are body */
	int fd;		       /* then this file; -1: none */
	uint64_t at, left;     /* the octets of it to be sent */
	bool keep_alive, head; /* as for the request that is answered */
	struct http_entry entry;
	char line[LINE_SHOWN + 8];
};

struct http {
	struct loop *loop;
	struct stack *stack;
	struct sock *listener;
	int root;
	struct list clients;
	unsigned count;
	http_log_fn *log;
	void *ctx;
};

static void arm(struct client *cl, unsigned seconds)
{
	struct loop *l = cl->http->loop;

	timer_arm(&l->wheel, &cl->timer, l->now + seconds * NS_PER_SEC);
}

/* ---- the end of an answer, and of a connection ---- */

static void forget_answer(struct client *cl)
{
	free(cl->held);
	cl->held = NULL;
	cl->held_len = cl->held_at = 0;
	if (cl->fd >= 0)
		close(cl->fd);
	cl->fd = -1;
	cl->left = 0;
}

static void write_log(struct client *cl, bool cut_short)
{
	struct http *h = cl->http;

	cl->entry.cut_short = cut_short;
	if (h->log)
		h->log(&cl->entry, h->ctx);
}

static void client_free(struct client *cl)
{
	struct http *h = cl->http;

	if (cl->state == SENDING)
		write_log(cl, true);
	forget_answer(cl);
	timer_cancel(&h->loop->wheel, &cl->timer);
	work_cancel(&cl->again);
	sock_close(cl->sk);
	list_del(&cl->node);
	h->count--;
	free(cl);
}

/* ---- making answers ---- */

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {{200, "OK"}, {206, "Partial Content"}, {301, "Moved Permanently"},
		{304, "Not Modified"}, {400, "Bad Request"}, {403, "Forbidden"}, {404, "Not Found"},
		{405, "Method Not Allowed"}, {408, "Request Timeout"}, {414, "URI Too Long"},
		{416, "Range Not Satisfiable"}, {431, "Request Header Fields Too Large"},
		{501, "Not Implemented"}, {503, "Service Unavailable"}, {505, "HTTP Version Not Supported"}};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "";
}

/* Begins the head of an answer; the caller writes its fields, then end_answer(). NULL: no memory. */
static FILE *begin_answer(struct client *cl, int status)
{
	char date[HTTP_DATE_LEN];
	FILE *out = open_memstream(&cl->held, &cl->held_len);

	cl->entry.status = status;
	cl->state = SENDING;
	if (out)
		fprintf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: tapir\r\n", status, reason(status),
			http_date(date, (time_t)(clock_wall_ns(&cl->http->loop->clock) / NS_PER_SEC)));
	return out;
}

/* `body` of `len` octets is in memory, and left out for HEAD. */
static void end_answer(struct client *cl, FILE *out, const char *body, size_t len)
{
	if (out) {
		fprintf(out, "Connection: %s\r\n\r\n", cl->keep_alive ? "keep-alive" : "close");
		cl->held_body = cl->head ? 0 : len;
		fwrite(body, 1, cl->held_body, out);
		fclose(out);
	}
	if (!cl->held) {
		forget_answer(cl);
		cl->keep_alive = false;
	}
	arm(cl, HTTP_SEND_S);
}

/* An answer that says no more than its status; `field` is one more line of the head, or NULL. */
static void answer_status(struct client *cl, int status, const char *field)
{
	char body[128];
	int len = snprintf(body, sizeof(body), "<!DOCTYPE html>\n<title>%d %s</title>\n<h1>%d %s</h1>\n",
		status, reason(status), status, reason(status));
	FILE *out = begin_answer(cl, status);

	if (out && field)
		fputs(field, out);
	if (out)
		fprintf(out, "Content-Type: text/html\r\nContent-Length: %d\r\n", len);
	end_answer(cl, out, body, (size_t)len);
}

static void answer_moved(struct client *cl, const char *path)
{
	char *field = NULL;
	size_t len;
	FILE *f = open_memstream(&field, &len);

	if (f) {
		fputs("Location: ", f);
		http_put_url(f, path);
		fputs("/\r\n", f);
		fclose(f);
	}
	answer_status(cl, 301, field);
	free(field);
}

static void answer_not_modified(struct client *cl)
{
	end_answer(cl, begin_answer(cl, 304), "", 0);
}

static void answer_listing(struct client *cl, const struct http_found *f)
{
	FILE *out = begin_answer(cl, 200);

	if (out)
		fprintf(out, "Content-Type: %s\r\nContent-Length: %llu\r\n", f->type,
			(unsigned long long)f->size);
	end_answer(cl, out, f->listing, f->size);
}

/* Cuts [at, at + left) out of the file as the request's range wants it. False: it has no such octets. */
static bool apply_range(
	const struct http_request *r, const struct http_found *f, uint64_t *at, uint64_t *left)
{
	*at = 0;
	*left = f->size;
	if (r->range == HTTP_RANGE_LAST) {
		*left = MIN(r->last, f->size);
		*at = f->size - *left;
	} else if (r->range == HTTP_RANGE_FROM) {
		*at = r->first;
		*left = r->first < f->size ? MIN(r->last, f->size - 1) - r->first + 1 : 0;
	}
	return r->range == HTTP_RANGE_NONE || *left > 0;
}

static void answer_file(struct client *cl, struct http_request *r, const struct http_found *f)
{
	char date[HTTP_DATE_LEN], field[64];
	uint64_t at, left;
	FILE *out;

	if (r->has_if_range && r->if_range != f->modified)
		r->range = HTTP_RANGE_NONE;
	if (!apply_range(r, f, &at, &left)) {
		close(f->fd);
		snprintf(
			field, sizeof(field), "Content-Range: bytes */%llu\r\n", (unsigned long long)f->size);
		answer_status(cl, 416, field);
		return;
	}
	out = begin_answer(cl, r->range ? 206 : 200);
	if (out && r->range)
		fprintf(out, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)at,
			(unsigned long long)(at + left - 1), (unsigned long long)f->size);
	if (out)
		fprintf(out,
			"Content-Type: %s\r\nContent-Length: %llu\r\nLast-Modified: %s\r\nAccept-Ranges: "
			"bytes\r\n",
			f->type, (unsigned long long)left, http_date(date, f->modified));
	cl->fd = f->fd;
	cl->at = at;
	cl->left = r->head ? 0 : left;
	end_answer(cl, out, "", 0);
}

static void answer_path(struct client *cl, struct http_request *r)
{
	struct http_found f = http_find(cl->http->root, r->path);

	if (f.status == 301) {
		answer_moved(cl, r->path);
	} else if (f.status != 200) {
		answer_status(cl, f.status, NULL);
	} else if (f.listing) {
		answer_listing(cl, &f);
		free(f.listing);
	} else if (r->has_since && f.modified <= r->since) {
		close(f.fd);
		answer_not_modified(cl);
	} else {
		answer_file(cl, r, &f);
	}
}

/* ---- READING ---- */

/* The request line for the log: what is not printable there becomes \xNN. */
static void note_line(struct client *cl)
{
	size_t n = 0, i = 0;

	for (; i < cl->in_len && cl->in[i] != '\r' && cl->in[i] != '\n' && n < LINE_SHOWN; i++) {
		char c = cl->in[i];

		if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
			cl->line[n++] = c;
		else
			n += (size_t)sprintf(cl->line + n, "\\x%02x", (unsigned char)c);
	}
	strcpy(cl->line + n, n >= LINE_SHOWN ? "..." : "");
	cl->entry.line = cl->line;
	cl->entry.sent = 0;
}

/* What cannot be a request, or never becomes one. */
static void refuse(struct client *cl, int status)
{
	note_line(cl);
	cl->keep_alive = cl->head = false;
	cl->in_len = 0;
	answer_status(cl, status, NULL);
}

static void take_request(struct client *cl, size_t len)
{
	struct http_request r;
	int status = http_parse(cl->in, len, &r);

	note_line(cl);
	memmove(cl->in, cl->in + len, cl->in_len - len);
	cl->in_len -= len;
	cl->keep_alive = r.keep_alive;
	cl->head = r.head;
	if (status)
		answer_status(cl, status, status == 405 ? "Allow: GET, HEAD\r\n" : NULL);
	else
		answer_path(cl, &r);
}

/* Empty lines before a request do no harm (RFC 9112 2.2). */
static void skip_empty_lines(struct client *cl)
{
	size_t n = 0;

	while (n < cl->in_len && (cl->in[n] == '\r' || cl->in[n] == '\n'))
		n++;
	memmove(cl->in, cl->in + n, cl->in_len - n);
	cl->in_len -= n;
}

static enum step read_some(struct client *cl)
{
	ssize_t n = sock_recv(cl->sk, cl->in + cl->in_len, sizeof(cl->in) - cl->in_len, 0, NULL);

	if (n <= 0) {
		cl->ended |= n == 0;
		return n == -EAGAIN ? WAIT : n < 0 ? END : GO_ON;
	}
	if (!cl->begun)
		arm(cl, HTTP_HEAD_S);
	cl->begun = true;
	cl->in_len += (size_t)n;
	return GO_ON;
}

static enum step step_reading(struct client *cl)
{
	size_t len;

	skip_empty_lines(cl);
	len = http_head_len(cl->in, cl->in_len);
	if (len)
		take_request(cl, len);
	else if (cl->in_len == sizeof(cl->in))
		refuse(cl, memchr(cl->in, '\n', cl->in_len) ? 431 : 414);
	else
		return cl->ended ? END : read_some(cl);
	return GO_ON;
}

/* ---- SENDING ---- */

static enum step moved(struct client *cl, ssize_t n)
{
	if (n > 0)
		arm(cl, HTTP_SEND_S);
	return n == -EAGAIN ? WAIT : n < 0 ? END : GO_ON;
}

static enum step send_held(struct client *cl)
{
	ssize_t n = sock_send(
		cl->sk, cl->held + cl->held_at, cl->held_len - cl->held_at, cl->left ? MSG_MORE : 0, NULL);

	if (n > 0)
		cl->held_at += (size_t)n;
	if (cl->held_at == cl->held_len) {
		cl->entry.sent = cl->held_body;
		free(cl->held);
		cl->held = NULL;
	}
	return moved(cl, n);
}

/* What the connection does not take is read again next time: the file is its own buffer. One that has become shorter
 * cannot be sent as promised. */
static enum step send_file(struct client *cl)
{
	char data[PIECE];
	ssize_t n = pread(cl->fd, data, MIN(sizeof(data), cl->left), (off_t)cl->at);

	if (n <= 0)
		return END;
	n = sock_send(cl->sk, data, (size_t)n, (uint64_t)n < cl->left ? MSG_MORE : 0, NULL);
	if (n > 0) {
		cl->at += (uint64_t)n;
		cl->left -= (uint64_t)n;
		cl->entry.sent += (uint64_t)n;
	}
	return moved(cl, n);
}

/* The next request, or the end. */
static enum step end_sending(struct client *cl)
{
	write_log(cl, false);
	forget_answer(cl);
	if (!cl->keep_alive) {
		cl->state = CLOSING;
		sock_shutdown(cl->sk, SHUT_WR);
		arm(cl, HTTP_LINGER_S);
		return GO_ON;
	}
	cl->state = READING;
	cl->begun = cl->in_len > 0;
	arm(cl, cl->begun ? HTTP_HEAD_S : HTTP_IDLE_S);
	list_del(&cl->node);
	list_add_tail(&cl->http->clients, &cl->node);
	return GO_ON;
}

static enum step step_sending(struct client *cl)
{
	return cl->held ? send_held(cl) : cl->left ? send_file(cl) : end_sending(cl);
}

/* ---- CLOSING ---- */

static enum step step_closing(struct client *cl)
{
	ssize_t n = sock_recv(cl->sk, NULL, PIECE, MSG_TRUNC, NULL);

	return n > 0 ? GO_ON : n == -EAGAIN ? WAIT : END;
}

/* ---- what happens to a connection ---- */

static void proceed(struct client *cl)
{
	static enum step (*const steps[])(struct client *) = {
		[READING] = step_reading, [SENDING] = step_sending, [CLOSING] = step_closing};

	for (int i = 0; i < STEPS_AT_ONCE; i++) {
		enum step result = steps[cl->state](cl);

		if (result == END)
			client_free(cl);
		if (result != GO_ON)
			return;
	}
	loop_post(cl->http->loop, &cl->again);
}

static void on_event(struct sock *sk, unsigned events, void *ctx)
{
	(void)sk;
	(void)events;
	proceed(ctx);
}

static void on_again(struct work *w)
{
	proceed(CONTAINER_OF(w, struct client, again));
}

static void on_timer(struct timer *t)
{
	struct client *cl = CONTAINER_OF(t, struct client, timer);

	if (cl->state == READING && cl->begun) {
		refuse(cl, 408);
		proceed(cl);
	} else {
		client_free(cl);
	}
}

/* ---- new ones ---- */

/* Room for one more: who has been without a request for the longest time goes. */
static bool make_room(struct http *h)
{
	if (h->count < HTTP_CONNECTIONS)
		return true;
	list_each(cl, &h->clients, struct client, node) {
		if (cl->state == READING && !cl->begun) {
			client_free(cl);
			return true;
		}
	}
	return false;
}

static void accept_all(struct sock *listener, unsigned events, void *ctx)
{
	struct http *h = ctx;
	struct sock_addr from;
	struct sock *sk;

	(void)events;
	while ((sk = sock_accept(listener, &from))) {
		struct client *cl = make_room(h) ? calloc(1, sizeof(*cl)) : NULL;

		if (!cl) {
			sock_set(sk, SO_OPT_LINGER, 0); /* a reset */
			sock_close(sk);
			continue;
		}
		cl->http = h;
		cl->sk = sk;
		cl->fd = -1;
		cl->entry.from = from;
		timer_init(&cl->timer, on_timer);
		work_init(&cl->again, on_again);
		list_add_tail(&h->clients, &cl->node);
		h->count++;
		arm(cl, HTTP_IDLE_S);
		sock_on_event(sk, on_event, cl);
		proceed(cl);
	}
}

/* ---- making and ending ---- */

static int set_up(struct http *h, const struct http_config *cfg, const char **step)
{
	struct sock_addr at = {.ip = cfg->addr, .port = cfg->port ? cfg->port : HTTP_PORT};
	int err;

	*step = cfg->root;
	h->root = open(cfg->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->root < 0)
		return -errno;
	*step = "socket";
	h->listener = sock_open(h->stack, SOCK_STREAM, IP_PROTO_TCP);
	if (!h->listener)
		return -errno;
	*step = "bind";
	sock_set(h->listener, SO_OPT_REUSEADDR, 1);
	err = sock_bind(h->listener, &at);
	if (err)
		return err;
	*step = "listen";
	sock_on_event(h->listener, accept_all, h);
	return sock_listen(h->listener, BACKLOG);
}

struct http *http_new(struct loop *l, struct stack *s, const struct http_config *cfg, http_log_fn *log,
	void *ctx, const char **step)
{
	struct http *h = calloc(1, sizeof(*h));
	int err;

	*step = "memory";
	if (!h)
		return NULL;
	h->loop = l;
	h->stack = s;
	h->root = -1;
	h->log = log;
	h->ctx = ctx;
	list_init(&h->clients);
	err = set_up(h, cfg, step);
	if (!err)
		return h;
	http_free(h);
	errno = -err;
	return NULL;
}

void http_free(struct http *h)
{
	list_each_safe(cl, &h->clients, struct client, node)
		client_free(cl);
	if (h->listener)
		sock_close(h->listener);
	if (h->root >= 0)
		close(h->root);
	free(h);
}

unsigned http_connections(const struct http *h)
{
	return h->count;
}
