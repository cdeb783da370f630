/* SPDX-License-Identifier: MIT */
/* The server of files, by connections over lo; the clock passes only where a test says so. */
#include "app/http.h"

#include "tests/unit/alloc.h"
#include "tests/unit/udp/bench.h"

#include <sys/stat.h>
#include <unistd.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

/* A bench with a server of a directory that holds what the tests ask for. */
struct site {
	struct bench *b;
	struct http *http;
	char dir[32];
	char heard[1 << 16]; /* by the last hear() */
	char log[4096];	     /* "status sent line\n" of all requests */
};

static void put_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void on_entry(const struct http_entry *e, void *ctx)
{
	struct site *t = ctx;
	size_t n = strlen(t->log);

	snprintf(t->log + n, sizeof(t->log) - n, "%d %llu%s %s\n", e->status, (unsigned long long)e->sent,
		e->cut_short ? "!" : "", e->line);
}

static struct site *site_new(void)
{
	struct site *t = calloc(1, sizeof(*t));
	struct http_config cfg = {.root = "root"};
	const char *step;

	strcpy(t->dir, "http.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t->dir));
	CU_ASSERT_EQUAL_FATAL(chdir(t->dir), 0);
	put_file("secret", "secret");
	mkdir("root", 0755);
	put_file("root/hello.txt", "hello, world\n");
	mkdir("root/sub", 0755);
	put_file("root/sub/index.html", "<h1>index</h1>\n");
	mkdir("root/list", 0755);
	put_file("root/list/<script>&\"'", "");
	put_file("root/list/javascript:x", "");
	put_file("root/list/\x1b[2J", "");
	CU_ASSERT_EQUAL(symlink("../secret", "root/out") + symlink("/etc/passwd", "root/absolute") +
			symlink("hello.txt", "root/inside") + symlink("..", "root/list/up") +
			symlink("../..", "root/list/out") + symlink("loop", "root/loop"),
		0);
	CU_ASSERT_EQUAL(mkfifo("root/fifo", 0644), 0);
	t->b = bench_new();
	t->http = http_new(&t->b->l->loop, t->b->s, &cfg, on_entry, t, &step);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t->http);
	return t;
}

static void site_free(struct site *t)
{
	char command[64];

	http_free(t->http);
	bench_free(t->b);
	CU_ASSERT_EQUAL(chdir(".."), 0);
	snprintf(command, sizeof(command), "rm -r %s", t->dir);
	CU_ASSERT_EQUAL(system(command), 0);
	free(t);
}

static struct sock *dial(struct site *t)
{
	struct sock *sk = sock_open(t->b->s, SOCK_STREAM, IP_PROTO_TCP);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sk);
	CU_ASSERT_EQUAL(sock_connect(sk, &(struct sock_addr){.ip = ME, .port = HTTP_PORT}), -EINPROGRESS);
	lab_settle(t->b->l);
	return sk;
}

static void say(struct site *t, struct sock *sk, const void *text, size_t len)
{
	CU_ASSERT_EQUAL(sock_send(sk, text, len, 0, NULL), (ssize_t)len);
	lab_settle(t->b->l);
}

/* What has come since; returns what sock_recv() said last: -EAGAIN, 0 at the server's FIN, or an error. */
static ssize_t hear(struct site *t, struct sock *sk)
{
	size_t len = 0;
	ssize_t n;

	lab_settle(t->b->l);
	while ((n = sock_recv(sk, t->heard + len, sizeof(t->heard) - 1 - len, 0, NULL)) > 0)
		len += (size_t)n;
	t->heard[len] = '\0';
	return n;
}

static bool heard(const struct site *t, const char *text)
{
	return strstr(t->heard, text) != NULL;
}

/* The status of the answer to one request on a connection of its own. */
static int ask(struct site *t, const char *request)
{
	struct sock *sk = dial(t);
	int status = 0;

	say(t, sk, request, strlen(request));
	hear(t, sk);
	sock_close(sk);
	lab_settle(t->b->l);
	sscanf(t->heard, "HTTP/1.1 %d", &status);
	return status;
}

static void files_come_with_their_length_type_and_date(void)
{
	struct site *t = site_new();

	CU_ASSERT_EQUAL(ask(t, GET("/hello.txt")), 200);
	CU_ASSERT(heard(t, "\r\nContent-Length: 13\r\n") && heard(t, "\r\nConnection: keep-alive\r\n"));
	CU_ASSERT(heard(t, "\r\nContent-Type: text/plain; charset=utf-8\r\n") &&
		heard(t, "\r\nAccept-Ranges: bytes\r\n"));
	CU_ASSERT(heard(t, "\r\nDate: Thu, 01 Jan 2026 00:00:0") && heard(t, "\r\nLast-Modified: "));
	CU_ASSERT(heard(t, "\r\n\r\nhello, world\n"));
	CU_ASSERT_EQUAL(ask(t, "HEAD /hello.txt HTTP/1.0\r\n\r\n"), 200);
	CU_ASSERT(heard(t, "Content-Length: 13\r\n") && heard(t, "Connection: close\r\n\r\n") &&
		!heard(t, "hello"));
	CU_ASSERT_EQUAL(ask(t, GET("/none")), 404);
	CU_ASSERT_EQUAL(ask(t, GET("/hello.txt/")), 404);
	CU_ASSERT_EQUAL(ask(t, GET("/fifo")), 403);
	CU_ASSERT_STRING_EQUAL(t->log,
		"200 13 GET /hello.txt HTTP/1.1\n200 0 HEAD /hello.txt HTTP/1.0\n404 68 GET /none HTTP/1.1\n"
		"404 68 GET /hello.txt/ HTTP/1.1\n403 68 GET /fifo HTTP/1.1\n");
	site_free(t);
}

static void directories_are_their_index_or_a_listing(void)
{
	struct site *t = site_new();

	CU_ASSERT_EQUAL(ask(t, GET("/sub/")), 200);
	CU_ASSERT(heard(t, "<h1>index</h1>") && heard(t, "Content-Type: text/html"));
	CU_ASSERT_EQUAL(ask(t, GET("/sub?q")), 301);
	CU_ASSERT(heard(t, "\r\nLocation: /sub/\r\n"));
	CU_ASSERT_EQUAL(ask(t, GET("//sub")), 301); /* and not to a host of that name */
	CU_ASSERT(heard(t, "\r\nLocation: /sub/\r\n"));
	CU_ASSERT_EQUAL(ask(t, GET("/")), 200);
	CU_ASSERT(heard(t, "<a href=\"./hello.txt\">hello.txt</a><td align=\"right\">13\n"));
	CU_ASSERT(heard(t, "<a href=\"./sub/\">sub/</a>") && !heard(t, "\"./../\""));
	CU_ASSERT_EQUAL(ask(t, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
	CU_ASSERT(!heard(t, "<a"));
	site_free(t);
}

static void http_listing_script_injection(void)
{
	struct site *t = site_new();

	CU_ASSERT_EQUAL(ask(t, GET("/list/")), 200);
	CU_ASSERT(heard(t, "<a href=\"./%3Cscript%3E%26%22%27\">&#60;script&#62;&#38;&#34;&#39;</a>"));
	CU_ASSERT(heard(t, "<a href=\"./javascript%3Ax\">"));
	CU_ASSERT(heard(t, "<a href=\"./%1B%5B2J\">&#xfffd;[2J</a>"));
	CU_ASSERT(!heard(t, "<script") && !heard(t, "\x1b"));
	site_free(t);
}

static void http_path_traversal(void)
{
	static const char *const requests[] = {GET("/../secret"), GET("/%2e%2e/secret"),
		GET("/sub/../../secret"), GET("/..%2fsecret"), GET("/out"), GET("/absolute"),
		GET("/list/out/secret"), GET("/loop"), GET("http://h/../secret")};
	struct site *t = site_new();

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		CU_ASSERT_EQUAL(ask(t, requests[i]), 403);
		CU_ASSERT(!strstr(strstr(t->heard, "\r\n\r\n"), "secret"));
	}
	CU_ASSERT_EQUAL(ask(t, GET("/secret")), 404);
	CU_ASSERT_EQUAL(ask(t, GET("/sub/%2fetc/passwd")), 404);
	CU_ASSERT_EQUAL(ask(t, GET("/inside")), 200);
	CU_ASSERT_EQUAL(ask(t, GET("/list/up/hello.txt")), 200);
	site_free(t);
}

static void ranges_and_conditions_are_kept(void)
{
	struct site *t = site_new();
	static const struct {
		const char *fields;
		int status;
		const char *says;
	} cases[] = {
		{"Range: bytes=7-11\r\n", 206, "\r\n\r\nworld"},
		{"Range: bytes=7-11\r\n", 206, "Content-Range: bytes 7-11/13\r\n"},
		{"Range: bytes=7-\r\n", 206, "Content-Range: bytes 7-12/13\r\n"},
		{"Range: bytes=0-999\r\n", 206, "Content-Range: bytes 0-12/13\r\n"},
		{"Range: bytes=-6\r\n", 206, "\r\n\r\nworld\n"},
		{"Range: bytes=-99\r\n", 206, "Content-Range: bytes 0-12/13\r\n"},
		{"Range: bytes=13-\r\n", 416, "Content-Range: bytes */13\r\n"},
		{"Range: bytes=-0\r\n", 416, "Content-Range: bytes */13\r\n"},
		{"Range: bytes=0-1,3-4\r\n", 200, "Content-Length: 13\r\n"},
		{"Range: bytes=0-1\r\nIf-Range: \"other\"\r\n", 200, "Content-Length: 13\r\n"},
		{"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n", 304, "keep-alive\r\n\r\n"},
		{"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200, "Content-Length: 13\r\n"},
	};
	char request[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(request, sizeof(request), "GET /hello.txt HTTP/1.1\r\nHost: h\r\n%s\r\n",
			cases[i].fields);
		CU_ASSERT_EQUAL(ask(t, request), cases[i].status);
		CU_ASSERT(heard(t, cases[i].says));
	}
	site_free(t);
}

static void pipelined_requests_are_answered_in_their_order(void)
{
	struct site *t = site_new();
	struct sock *sk = dial(t);
	const char *second;

	say(t, sk, GET("/hello.txt") "\r\n" GET("/none") "GET /sub/ HTTP/1.0\r\n\r\nmore",
		strlen(GET("/hello.txt") "\r\n" GET("/none") "GET /sub/ HTTP/1.0\r\n\r\nmore"));
	CU_ASSERT_EQUAL(hear(t, sk), 0); /* HTTP/1.0: closed after the third */
	second = strstr(t->heard, "HTTP/1.1 404");
	CU_ASSERT(heard(t, "hello, world\nHTTP/1.1 404") && second && strstr(second, "HTTP/1.1 200"));
	sock_close(sk);
	lab_settle(t->b->l);
	CU_ASSERT_EQUAL(http_connections(t->http), 0);
	sk = dial(t);
	for (int i = 0; i < 1000; i++) /* many turns' worth */
		sock_send(sk, GET("/none"), strlen(GET("/none")), 0, NULL);
	lab_settle(t->b->l);
	for (int i = 0; i < 100; i++) {
		hear(t, sk);
		lab_run(t->b->l, NS_PER_SEC);
	}
	CU_ASSERT_EQUAL(http_connections(t->http), 0); /* all answered, then idle for too long */
	sock_close(sk);
	site_free(t);
}

static void a_request_may_come_octet_by_octet_and_its_sender_half_close(void)
{
	static const char request[] = "\r\n" GET("/hello.txt");
	struct site *t = site_new();
	struct sock *sk = dial(t);

	for (size_t i = 0; i + 1 < sizeof(request); i++)
		say(t, sk, request + i, 1);
	sock_shutdown(sk, SHUT_WR);
	CU_ASSERT_EQUAL(hear(t, sk), 0);
	CU_ASSERT(heard(t, "HTTP/1.1 200") && heard(t, "hello, world\n"));
	sock_close(sk);
	site_free(t);
}

/* A head that drips in has ten seconds in all; so have empty lines. */
static void http_slow_loris(void)
{
	struct site *t = site_new();
	struct sock *head = dial(t), *lines = dial(t), *nothing = dial(t);

	say(t, head, "GET / HTTP/1.1\r\n", 16);
	for (unsigned s = 1; s < HTTP_HEAD_S; s++) {
		say(t, head, "X: y\r\n", 6);
		say(t, lines, "\r\n", 2);
		lab_run(t->b->l, NS_PER_SEC);
	}
	CU_ASSERT_EQUAL(hear(t, head), -EAGAIN);
	lab_run(t->b->l, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(hear(t, head), 0);
	CU_ASSERT(heard(t, "HTTP/1.1 408 Request Timeout\r\n"));
	CU_ASSERT_EQUAL(hear(t, lines), 0);
	CU_ASSERT_EQUAL(hear(t, nothing), -EAGAIN);
	lab_run(t->b->l, HTTP_IDLE_S * NS_PER_SEC);
	CU_ASSERT_EQUAL(hear(t, nothing), 0);
	CU_ASSERT_STRING_EQUAL(t->heard, "");
	CU_ASSERT_EQUAL(http_connections(t->http), 0);
	sock_close(head);
	sock_close(lines);
	sock_close(nothing);
	site_free(t);
}

static void http_endless_head(void)
{
	static char much[HTTP_HEAD_MAX + 100];
	struct site *t = site_new();
	struct sock *sk = dial(t);

	memset(much, 'a', sizeof(much));
	say(t, sk, much, sizeof(much));
	CU_ASSERT_EQUAL(hear(t, sk), 0);
	CU_ASSERT(heard(t, "HTTP/1.1 414 URI Too Long\r\n") && heard(t, "Connection: close\r\n"));
	sock_close(sk);
	sk = dial(t);
	memcpy(much, "GET / HTTP/1.1\r\n", 16);
	say(t, sk, much, sizeof(much));
	CU_ASSERT_EQUAL(hear(t, sk), 0);
	CU_ASSERT(heard(t, "HTTP/1.1 431 Request Header Fields Too Large\r\n"));
	sock_close(sk);
	site_free(t);
}

static void a_body_is_thrown_away_and_its_sender_hears_the_answer(void)
{
	static const char request[] = "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 30000\r\n\r\n";
	static char body[30000];
	struct site *t = site_new();
	struct sock *sk = dial(t);

	say(t, sk, request, sizeof(request) - 1);
	say(t, sk, body, sizeof(body));
	CU_ASSERT_EQUAL(hear(t, sk), 0);
	CU_ASSERT(heard(t, "HTTP/1.1 405 Method Not Allowed\r\n") && heard(t, "\r\nAllow: GET, HEAD\r\n"));
	CU_ASSERT(!strstr(strstr(t->heard, "\r\n\r\n"), "HTTP/1.1"));
	sock_close(sk);
	CU_ASSERT_STRING_EQUAL(t->log, "405 86 PUT /x HTTP/1.1\n");
	site_free(t);
}

/* Who asks for much and reads nothing is left after a minute; the server holds no more than the socket does. */
static void http_peer_that_does_not_read(void)
{
	struct site *t = site_new();
	struct sock *sk = dial(t);

	CU_ASSERT_EQUAL(truncate("root/hello.txt", 1 << 30), 0);
	say(t, sk, GET("/hello.txt"), strlen(GET("/hello.txt")));
	lab_run(t->b->l, NS_PER_SEC);
	CU_ASSERT_EQUAL(http_connections(t->http), 1);
	CU_ASSERT_EQUAL(strcmp(t->log, ""), 0);
	lab_run(t->b->l, HTTP_SEND_S * NS_PER_SEC);
	CU_ASSERT_EQUAL(http_connections(t->http), 0);
	CU_ASSERT(strstr(t->log, "! GET /hello.txt HTTP/1.1\n") != NULL);
	sock_close(sk);
	site_free(t);
}

static void a_file_that_becomes_shorter_ends_its_connection(void)
{
	struct site *t = site_new();
	struct sock *sk = dial(t);

	CU_ASSERT_EQUAL(truncate("root/hello.txt", 1 << 30), 0);
	say(t, sk, GET("/hello.txt"), strlen(GET("/hello.txt")));
	CU_ASSERT_EQUAL(truncate("root/hello.txt", 5), 0);
	for (int i = 0; i < 1000 && http_connections(t->http); i++) {
		while (sock_recv(sk, NULL, 1 << 20, MSG_TRUNC, NULL) > 0)
			lab_settle(t->b->l);
		lab_run(t->b->l, NS_PER_SEC / 100);
	}
	CU_ASSERT_EQUAL(http_connections(t->http), 0);
	sock_close(sk);
	site_free(t);
}

static void what_is_logged_is_safe_for_a_terminal(void)
{
	struct site *t = site_new();
	char request[600], a[401];

	memset(a, 'a', 400);
	a[400] = '\0';
	ask(t, "\x1b]0;title\x07\"\\\r\n\r\n");
	CU_ASSERT_STRING_EQUAL(t->log, "400 72 \\x1b]0;title\\x07\\x22\\x5c\n");
	t->log[0] = '\0';
	snprintf(request, sizeof(request), "GET /%s HTTP/1.1\r\nHost: h\r\n\r\n", a);
	ask(t, request);
	CU_ASSERT_EQUAL(strlen(t->log), strlen("404 68 ") + 200 + strlen("...\n"));
	site_free(t);
}

static void connections_are_bounded_and_the_idlest_one_goes_first(void)
{
	struct site *t = site_new();
	struct sock *sk[4];
	int n = 0;

	/* As many as fit, and one more. */
	for (int i = 0; i < 4; i++)
		sk[i] = dial(t);
	say(t, sk[0], GET("/none"), strlen(GET("/none")));
	struct sock **more = calloc(HTTP_CONNECTIONS, sizeof(*more));
	for (; n < HTTP_CONNECTIONS - 3; n++)
		more[n] = dial(t);
	CU_ASSERT_EQUAL(http_connections(t->http), HTTP_CONNECTIONS);
	CU_ASSERT_EQUAL(hear(t, sk[1]), 0); /* it was idle for longer than sk[0] */
	CU_ASSERT_EQUAL(hear(t, sk[0]), -EAGAIN);
	CU_ASSERT_EQUAL(hear(t, sk[2]), -EAGAIN);
	for (int i = 0; i < 4; i++)
		sock_close(sk[i]);
	while (n)
		sock_close(more[--n]);
	free(more);
	site_free(t);
}

/* Each allocation of a visit fails once: the visit may fail, the server does not. */
static void memory_that_runs_out_costs_no_more_than_a_connection(void)
{
	struct site *t = site_new();
	unsigned long used, nth = 0;

	do {
		alloc_arm(++nth, false);
		struct sock *sk = sock_open(t->b->s, SOCK_STREAM, IP_PROTO_TCP);
		if (sk &&
			sock_connect(sk, &(struct sock_addr){.ip = ME, .port = HTTP_PORT}) == -EINPROGRESS) {
			lab_settle(t->b->l);
			sock_send(sk, GET("/list/") GET("/sub"), strlen(GET("/list/") GET("/sub")), 0, NULL);
			hear(t, sk);
		}
		if (sk)
			sock_close(sk);
		lab_settle(t->b->l);
		used = alloc_disarm();
		t->log[0] = '\0';
		lab_run(t->b->l, 100 * NS_PER_SEC);
		CU_ASSERT_EQUAL(ask(t, GET("/hello.txt")), 200);
	} while (used >= nth);
	CU_ASSERT(nth > 5);
	lab_run(t->b->l, 100 * NS_PER_SEC);
	CU_ASSERT_EQUAL(http_connections(t->http), 0);
	site_free(t);
}

static void what_cannot_be_served_is_said_at_once(void)
{
	struct bench *b = bench_new();
	struct http_config cfg = {.root = "/nowhere"};
	const char *step;

	CU_ASSERT_PTR_NULL(http_new(&b->l->loop, b->s, &cfg, NULL, NULL, &step));
	CU_ASSERT(errno == ENOENT && strcmp(step, "/nowhere") == 0);
	cfg.root = "/etc/passwd";
	CU_ASSERT_PTR_NULL(http_new(&b->l->loop, b->s, &cfg, NULL, NULL, &step));
	CU_ASSERT_EQUAL(errno, ENOTDIR);
	cfg.root = "/";
	cfg.addr = PEER;
	CU_ASSERT_PTR_NULL(http_new(&b->l->loop, b->s, &cfg, NULL, NULL, &step));
	CU_ASSERT(errno == EADDRNOTAVAIL && strcmp(step, "bind") == 0);
	bench_free(b);
}

SUITE(app_http, T(files_come_with_their_length_type_and_date), T(directories_are_their_index_or_a_listing),
	T(http_listing_script_injection), T(http_path_traversal), T(ranges_and_conditions_are_kept),
	T(pipelined_requests_are_answered_in_their_order),
	T(a_request_may_come_octet_by_octet_and_its_sender_half_close), T(http_slow_loris),
	T(http_endless_head), T(a_body_is_thrown_away_and_its_sender_hears_the_answer),
	T(http_peer_that_does_not_read), T(a_file_that_becomes_shorter_ends_its_connection),
	T(what_is_logged_is_safe_for_a_terminal), T(connections_are_bounded_and_the_idlest_one_goes_first),
	T(memory_that_runs_out_costs_no_more_than_a_connection), T(what_cannot_be_served_is_said_at_once))
