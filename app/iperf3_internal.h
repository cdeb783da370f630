/* SPDX-License-Identifier: MIT */
/* What the files of iperf3 share. */
#ifndef APP_IPERF3_INTERNAL_H
#define APP_IPERF3_INTERNAL_H

#include "app/iperf3.h"

/* The bytes of the control connection. */
enum iperf_state {
	IPERF_STATE_NONE = 0,
	IPERF_TEST_START = 1,
	IPERF_TEST_RUNNING = 2,
	IPERF_TEST_END = 4,
	IPERF_PARAM_EXCHANGE = 9,
	IPERF_CREATE_STREAMS = 10,
	IPERF_SERVER_TERMINATE = 11,
	IPERF_CLIENT_TERMINATE = 12,
	IPERF_EXCHANGE_RESULTS = 13,
	IPERF_DISPLAY_RESULTS = 14,
	IPERF_IS_DONE = 16,
	IPERF_ACCESS_DENIED = 0xff,
	IPERF_SERVER_ERROR = 0xfe,
};

/* The control connection: what came and was not taken yet, what is to go. */
struct iperf_control {
	struct sock *sk;
	char *in, *out;
	size_t in_len, out_len;
};

/* What comes next on it. */
enum iperf_expect { IPERF_EXPECT_STATE, IPERF_EXPECT_JSON, IPERF_EXPECT_ERROR };

/* Somebody who connected and has not said the whole cookie yet (server). */
struct iperf_guest {
	struct list node;
	struct iperf *test;
	struct sock *sk;
	char cookie[IPERF_COOKIE_LEN];
	size_t len;
};

struct iperf {
	struct loop *loop;
	struct stack *stack;
	struct iperf_config cfg;
	iperf_fn *fn;
	void *ctx;

	/* of the server */
	struct sock *listener, *udp_listener;
	bool listener_has_options; /* of the present test */
	struct list guests;
	unsigned guest_count, tests;

	/* of the present test */
	struct iperf_params p;
	struct iperf_control control;
	enum iperf_state state;
	enum iperf_expect expect;
	char cookie[IPERF_COOKIE_LEN];
	int mss;
	char congestion[2][16];	      /* here, there */
	struct iperf_stream *streams; /* stream_count of them, `made` are connected */
	unsigned stream_count, made;
	uint8_t *block;	     /* p.len bytes for each datagram of a write, to send and to receive into */
	struct blob *shared; /* the same to send by TCP without copying, where that is wanted; or NULL */

	struct sock *connecting; /* client: the stream that is being made */
	struct timer hello_timer;

	bool began;   /* streams are read */
	bool running; /* bytes count */
	bool omitting;
	uint64_t start_ns;
	struct timer interval_timer, end_timer, idle_timer;
	uint64_t idle_mark; /* what idle_timer saw last */

	bool over; /* end_work will end the test */
	struct work end_work;
};

/* ---- iperf3.c ---- */

void iperf_tell(struct iperf *t, enum iperf_what what);

/* Tells why, and ends the test. */
void iperf_fail(struct iperf *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Ends the test from the loop: the client is done, a server waits for the next one. */
void iperf_end(struct iperf *t);

/* Room for the streams that the parameters ask for, in order: first those towards the server. 0, -ENOMEM. */
int iperf_make_streams(struct iperf *t);

/* A stream stands: its socket gets options and callback. `sk` is taken. */
void iperf_add_stream(struct iperf *t, struct sock *sk);

/* TEST_RUNNING and the end of it. */
void iperf_begin(struct iperf *t);
void iperf_finish(struct iperf *t);

/* As many bytes or blocks as were asked for have gone one way. */
bool iperf_is_enough(const struct iperf *t);

/* From now on the test must get on (idle_timer); `mark` is how far it is. */
void iperf_watch(struct iperf *t, uint64_t mark);

/* ---- iperf3_control.c ---- */

/* Reads what has come. 0, or -errno; -EPIPE: the other end closed. */
int iperf_control_read(struct iperf_control *c);

/* The first `len` bytes that came, or NULL: not that many yet. iperf_control_eat() when they are done with. */
const char *iperf_control_peek(const struct iperf_control *c, size_t len);
void iperf_control_eat(struct iperf_control *c, size_t len);

/* A whole JSON text (iperf_control_eat() takes 4 bytes more than its length); NULL: not yet. -EMSGSIZE in *len
 * when it is longer than anybody sends. */
const char *iperf_control_json(const struct iperf_control *c, ssize_t *len);

/* Sends, or keeps what does not go now until iperf_control_flush(). */
void iperf_control_send(struct iperf_control *c, const void *data, size_t len);
void iperf_control_state(struct iperf_control *c, enum iperf_state state);
void iperf_control_send_json(struct iperf_control *c, const char *text);
void iperf_control_flush(struct iperf_control *c);
void iperf_control_close(struct iperf_control *c);

/* ---- iperf3_json.c: texts are freed by the caller, NULL: no memory ---- */

char *iperf_params_to_json(const struct iperf_params *p);

/* False: no JSON, or something in it that no test can be made of. */
bool iperf_params_from_json(const char *text, size_t len, struct iperf_params *p);
char *iperf_results_to_json(const struct iperf *t);
bool iperf_results_from_json(struct iperf *t, const char *text, size_t len);

/* ---- iperf3_client.c, iperf3_server.c ---- */

void iperf_client_start(struct iperf *t);
void iperf_client_finish(struct iperf *t);
void iperf_client_hello(struct timer *timer);
int iperf_server_start(struct iperf *t, const char **step);
void iperf_server_listen(struct iperf *t); /* ready for the next test */
void iperf_server_finish(struct iperf *t);
void iperf_server_exit(struct iperf *t);

/* The same for both: options of a stream's socket before it connects; 0 or -errno, *step: what failed. */
int iperf_set_options(struct iperf *t, struct sock *sk, const char **step);

/* ---- iperf3_stream.c ---- */

void iperf_stream_init(struct iperf_stream *st);

/* Datagrams of one write at the most: 1, or more where they leave as super-frames (not where the test ends by an amount, which they would
 * overshoot). */
unsigned iperf_datagrams(const struct iperf_params *p);

/* Sends or reads as much as it may now. */
void iperf_stream_go(struct iperf_stream *st);

/* Reads what is there, and nothing else. */
void iperf_stream_read(struct iperf_stream *st);
void iperf_stream_close(struct iperf_stream *st);

/* Fills ->interval (since the last call) and ->total. */
void iperf_stream_measure(struct iperf_stream *st, uint64_t since_ns, uint64_t now_ns);

/* From here on it counts from zero. */
void iperf_stream_rebase(struct iperf_stream *st);

/* ---- iperf3_udp.c ---- */

#define IPERF_UDP_HELLO	 "9876"
#define IPERF_UDP_ANSWER "6789"
enum { IPERF_UDP_HELLO_LEN = 4 };

/* The head of a datagram: when it was sent, and which one it is (from 1). */
void iperf_udp_emit(uint8_t *data, bool wide, uint64_t now_ns, uint64_t number);

/* Counts a datagram that came at now_ns; ones that are too short are ignored. */
void iperf_udp_count(struct iperf_stream *st, const uint8_t *data, size_t len, bool wide, uint64_t now_ns);

#endif
