/* SPDX-License-Identifier: MIT */
/* The ping engine: mostly against a wire whose other end the test plays, so that every reply is its own. */
#include "app/ping.h"

#include "tests/unit/lab.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct seen {
	struct loop *loop;
	unsigned sent, replies, duplicates, icmp, local, unanswered, done;
	uint64_t sent_ns[64], done_ns;
	struct ping_event last_reply;
	struct sock_error last_error;
	uint32_t from;
	uint8_t ttl;
	bool stop_at_reply;
};

static void note(struct ping *pg, const struct ping_event *e, void *ctx)
{
	struct seen *seen = ctx;

	CU_ASSERT_EQUAL(seen->done, 0);
	switch (e->what) {
	case PING_SENT:
		seen->sent_ns[seen->sent++ % ARRAY_SIZE(seen->sent_ns)] = seen->loop->now;
		break;
	case PING_REPLY:
		seen->replies++;
		seen->duplicates += e->duplicate;
		seen->last_reply = *e;
		seen->from = e->msg->from.ip;
		seen->ttl = e->msg->ttl;
		if (seen->stop_at_reply)
			ping_stop(pg);
		break;
	case PING_ICMP:
		seen->icmp++;
		seen->last_error = *e->error;
		break;
	case PING_LOCAL:
		seen->local++;
		seen->last_error = *e->error;
		break;
	case PING_UNANSWERED:
		seen->unanswered++;
		break;
	case PING_DONE:
		seen->done++;
		seen->done_ns = seen->loop->now;
		break;
	}
}

/* One host at 10.0.0.1 whose neighbour 10.0.0.2 the test plays. */
struct scene {
	struct lab *lab;
	struct stack *s;
	struct dev *wire;
	struct lab_peer peer;
	struct seen seen;
	struct ping *pg;
	uint64_t start_ns;
};

static struct ping_config plain(void)
{
	return (struct ping_config){.dst = lab_ip("10.0.0.2"),
		.interval_ns = NS_PER_SEC,
		.linger_ns = 10 * NS_PER_SEC,
		.preload = 1,
		.size = 56,
		.ttl = -1,
		.pmtu = -1};
}

static struct scene *set_up(void)
{
	struct scene *sc = calloc(1, sizeof(*sc));

	sc->lab = lab_new();
	sc->s = lab_host(sc->lab, "h1");
	sc->wire = lab_wire(sc->s, "eth0", "10.0.0.1/24");
	sc->peer = LAB_PEER(2, "10.0.0.2");
	lab_meet(sc->wire, &sc->peer);
	sc->seen.loop = &sc->lab->loop;
	return sc;
}

static void begin(struct scene *sc, struct ping_config cfg)
{
	const char *step;

	sc->pg = ping_new(&sc->lab->loop, sc->s, &cfg, note, &sc->seen, &step);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sc->pg);
	sc->start_ns = sc->lab->loop.now;
	ping_start(sc->pg);
	lab_settle(sc->lab);
}

static struct scene *begin_new(struct ping_config cfg)
{
	struct scene *sc = set_up();

	begin(sc, cfg);
	return sc;
}

static void tear_down(struct scene *sc)
{
	if (sc->pg)
		ping_free(sc->pg);
	lab_free(sc->lab);
	free(sc);
}

/* The next request on the wire. */
struct request {
	struct icmp_hdr h;
	struct ip_hdr ip;
	uint8_t data[2048];
	size_t len;
};

static struct request take_request(struct scene *sc)
{
	struct lab_ip_seen frame = lab_sent_ip(sc->wire);
	struct request r = {0};

	CU_ASSERT_PTR_NOT_NULL_FATAL(frame.payload);
	CU_ASSERT_EQUAL_FATAL(icmp_parse(frame.payload, frame.len, false, &r.h), DROP_NONE);
	CU_ASSERT_EQUAL(r.h.type, ICMP_ECHO);
	r.ip = frame.ip;
	r.len = MIN(frame.len - ICMP_HDR_LEN, sizeof(r.data));
	memcpy(r.data, frame.payload + ICMP_HDR_LEN, r.len);
	return r;
}

static void reply(struct scene *sc, const struct request *r)
{
	static uint8_t frame[65600];
	struct icmp_hdr h = {.type = ICMP_ECHO_REPLY, .rest = r->h.rest};

	lab_inject(sc->wire, frame,
		lab_frame_icmp(
			frame, sc->wire->mac, sc->peer.mac, sc->peer.ip, r->ip.src, h, r->data, r->len));
}

/* An ICMP message about the request. */
static void complain(struct scene *sc, const struct request *r, const char *from, uint8_t type, uint8_t code,
	uint32_t rest)
{
	static uint8_t frame[65600];
	uint8_t quote[IP_HDR_LEN + ICMP_HDR_LEN];
	struct ip_hdr ip = r->ip;

	ip.hdr_len = IP_HDR_LEN;
	ip_emit(quote, &ip);
	icmp_emit(quote + IP_HDR_LEN, ICMP_HDR_LEN, &r->h);
	lab_inject(sc->wire, frame,
		lab_frame_icmp(frame, sc->wire->mac, sc->peer.mac, lab_ip(from), r->ip.src,
			(struct icmp_hdr){.type = type, .code = code, .rest = rest}, quote, sizeof(quote)));
}

/* ---- the pace ---- */

static void requests_keep_to_the_grid_to_the_nanosecond(void)
{
	struct ping_config cfg = plain();
	struct scene *sc;

	cfg.interval_ns = 123456789;
	sc = begin_new(cfg);
	lab_run(sc->lab, 9 * cfg.interval_ns);
	CU_ASSERT_EQUAL_FATAL(sc->seen.sent, 10);
	for (unsigned i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(sc->seen.sent_ns[i], sc->start_ns + i * cfg.interval_ns);
	tear_down(sc);
}

static void preload_goes_out_at_once(void)
{
	struct ping_config cfg = plain();
	struct scene *sc;

	cfg.preload = 3;
	sc = begin_new(cfg);
	CU_ASSERT_EQUAL(sc->seen.sent, 3);
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->seen.sent, 4);
	tear_down(sc);
}

static void flood_follows_the_replies_and_else_a_hundred_a_second(void)
{
	struct ping_config cfg = plain();
	struct request r;
	struct scene *sc;

	cfg.interval_ns = 0;
	sc = begin_new(cfg);
	CU_ASSERT_EQUAL(sc->seen.sent, 1);
	lab_run(sc->lab, 100 * NS_PER_MS);
	CU_ASSERT_EQUAL(sc->seen.sent, 11);
	while (lab_sent_count(sc->wire) > 1)
		take_request(sc);
	r = take_request(sc);
	reply(sc, &r);
	lab_run(sc->lab, NS_PER_MS);
	CU_ASSERT_EQUAL(sc->seen.sent, 12);
	tear_down(sc);
}

/* Under a virtual clock an answer takes no time: two requests still never share an instant. */
static void flood_lets_time_pass(void)
{
	struct ping_config cfg = plain();
	struct scene *sc = set_up();

	cfg.dst = lab_ip("127.0.0.1");
	cfg.interval_ns = 0;
	cfg.deadline_ns = NS_PER_MS;
	begin(sc, cfg);
	lab_run(sc->lab, 2 * NS_PER_MS);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	CU_ASSERT_EQUAL(sc->seen.done_ns, sc->start_ns + NS_PER_MS);
	CU_ASSERT_EQUAL(sc->seen.replies, sc->seen.sent);
	CU_ASSERT(sc->seen.sent <= 1001);
	tear_down(sc);
}

static void adaptive_pace_follows_the_round_trip(void)
{
	struct ping_config cfg = plain();
	struct request r;
	struct scene *sc;

	cfg.adaptive = true;
	sc = begin_new(cfg);
	r = take_request(sc);
	lab_run(sc->lab, 20 * NS_PER_MS);
	reply(sc, &r);
	CU_ASSERT_EQUAL(sc->seen.sent, 2);
	lab_run(sc->lab, 19 * NS_PER_MS);
	CU_ASSERT_EQUAL(sc->seen.sent, 2);
	lab_run(sc->lab, NS_PER_MS);
	CU_ASSERT_EQUAL(sc->seen.sent, 3);
	tear_down(sc);
}

/* ---- replies ---- */

/* RFC1122-I-65, RFC1122-I-70 */
static void a_reply_is_counted_and_timed(void)
{
	struct scene *sc = begin_new(plain());
	struct request r = take_request(sc);

	CU_ASSERT_EQUAL(r.len, 56);
	CU_ASSERT_EQUAL(icmp_seq(&r.h), 1);
	CU_ASSERT_EQUAL(icmp_id(&r.h), ping_id(sc->pg));
	CU_ASSERT_EQUAL(r.data[16], 16);
	CU_ASSERT_EQUAL(r.data[55], 55);
	lab_run(sc->lab, 1500 * NS_PER_US);
	reply(sc, &r);
	CU_ASSERT_EQUAL_FATAL(sc->seen.replies, 1);
	CU_ASSERT_EQUAL(sc->seen.last_reply.seq, 1);
	CU_ASSERT_EQUAL(sc->seen.last_reply.len, 64);
	CU_ASSERT(sc->seen.last_reply.timed);
	CU_ASSERT_EQUAL(sc->seen.last_reply.rtt_us, 1500);
	CU_ASSERT_EQUAL(sc->seen.last_reply.damaged, SIZE_MAX);
	CU_ASSERT_EQUAL(sc->seen.from, sc->peer.ip);
	CU_ASSERT_EQUAL(sc->seen.ttl, 64);
	CU_ASSERT_EQUAL(ping_source(sc->pg), lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->received, 1);
	tear_down(sc);
}

static void the_second_reply_is_a_duplicate(void)
{
	struct scene *sc = begin_new(plain());
	struct request r = take_request(sc);

	reply(sc, &r);
	reply(sc, &r);
	CU_ASSERT_EQUAL(sc->seen.duplicates, 1);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->received, 1);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->duplicates, 1);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->timed, 2);
	tear_down(sc);
}

static void a_late_reply_shows_how_many_were_on_their_way(void)
{
	struct scene *sc = begin_new(plain());
	struct request r = take_request(sc);

	lab_run(sc->lab, 2500 * NS_PER_MS);
	CU_ASSERT_EQUAL(sc->seen.sent, 3);
	reply(sc, &r);
	CU_ASSERT_EQUAL(sc->seen.replies, 1);
	CU_ASSERT_EQUAL(sc->seen.last_reply.rtt_us, 2500000);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->pipe, 3);
	tear_down(sc);
}

static void a_reply_to_a_number_never_sent_is_ignored(void)
{
	struct scene *sc = begin_new(plain());
	struct request r = take_request(sc);

	r.h.rest = (uint32_t)icmp_id(&r.h) << 16 | 2;
	reply(sc, &r);
	r.h.rest = (uint32_t)icmp_id(&r.h) << 16;
	reply(sc, &r);
	CU_ASSERT_EQUAL(sc->seen.replies, 0);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->received, 0);
	tear_down(sc);
}

static void an_impossible_time_in_a_reply_is_not_believed(void)
{
	struct scene *sc = begin_new(plain());
	struct request r = take_request(sc);
	uint64_t microseconds = UINT64_MAX;

	memset(r.data, 0, 8);
	reply(sc, &r);
	CU_ASSERT_EQUAL(sc->seen.replies, 1);
	CU_ASSERT_FALSE(sc->seen.last_reply.timed);
	memset(r.data, 0xff, 8);
	reply(sc, &r);
	CU_ASSERT_FALSE(sc->seen.last_reply.timed);
	memcpy(r.data + 8, &microseconds, 8);
	reply(sc, &r);
	CU_ASSERT_FALSE(sc->seen.last_reply.timed);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->timed, 0);
	CU_ASSERT_EQUAL(ping_mdev_us(ping_stats(sc->pg)), 0);
	tear_down(sc);
}

static void damaged_and_truncated_data_is_noticed(void)
{
	struct scene *sc = begin_new(plain());
	struct request r = take_request(sc);

	r.data[20] ^= 0x55;
	reply(sc, &r);
	CU_ASSERT_EQUAL(sc->seen.last_reply.damaged, 20);
	CU_ASSERT_EQUAL(sc->seen.last_reply.wanted[20], 20);
	CU_ASSERT_FALSE(sc->seen.last_reply.truncated);
	r.len = 32;
	reply(sc, &r);
	CU_ASSERT(sc->seen.last_reply.truncated);
	CU_ASSERT_EQUAL(sc->seen.last_reply.len, 40);
	CU_ASSERT_EQUAL(sc->seen.last_reply.damaged, SIZE_MAX);
	tear_down(sc);
}

static void little_data_carries_no_time(void)
{
	struct ping_config cfg = plain();
	struct request r;
	struct scene *sc;

	cfg.size = 15;
	sc = begin_new(cfg);
	r = take_request(sc);
	CU_ASSERT_EQUAL(r.len, 15);
	CU_ASSERT_EQUAL(r.data[0], 0);
	CU_ASSERT_EQUAL(r.data[14], 14);
	reply(sc, &r);
	CU_ASSERT_EQUAL(sc->seen.replies, 1);
	CU_ASSERT_FALSE(sc->seen.last_reply.timed);
	tear_down(sc);
}

static void a_pattern_fills_the_data(void)
{
	struct ping_config cfg = plain();
	struct request r;
	struct scene *sc;

	memcpy(cfg.pattern, "\xab\xcd\xef", 3);
	cfg.pattern_len = 3;
	sc = begin_new(cfg);
	r = take_request(sc);
	CU_ASSERT_EQUAL(r.data[18], 0xab);
	CU_ASSERT_EQUAL(r.data[19], 0xcd);
	CU_ASSERT_EQUAL(r.data[20], 0xef);
	tear_down(sc);
}

static void two_pings_do_not_get_each_others_replies(void)
{
	struct scene *sc = begin_new(plain());
	struct seen other = {.loop = &sc->lab->loop};
	struct ping_config cfg = plain();
	const char *step;
	struct ping *pg = ping_new(&sc->lab->loop, sc->s, &cfg, note, &other, &step);
	struct request r = take_request(sc);

	ping_start(pg);
	lab_settle(sc->lab);
	reply(sc, &r);
	CU_ASSERT_EQUAL(sc->seen.replies, 1);
	CU_ASSERT_EQUAL(other.replies, 0);
	ping_free(pg);
	tear_down(sc);
}

static void sequence_numbers_wrap(void)
{
	struct ping_config cfg = plain();
	struct scene *sc = set_up();

	cfg.dst = lab_ip("127.0.0.1");
	cfg.interval_ns = 0;
	cfg.count = 65540;
	cfg.size = 16;
	begin(sc, cfg);
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->received, 65540);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->duplicates, 0);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->pipe, 1);
	tear_down(sc);
}

/* ---- errors ---- */

static void an_icmp_error_counts_and_names_its_sender(void)
{
	struct ping_config cfg = plain();
	struct request r;
	struct scene *sc;

	cfg.count = 1;
	sc = begin_new(cfg);
	r = take_request(sc);
	complain(sc, &r, "10.0.0.254", ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED, 0);
	CU_ASSERT_EQUAL(sc->seen.icmp, 1);
	CU_ASSERT_EQUAL(sc->seen.last_error.type, ICMP_TIME_EXCEEDED);
	CU_ASSERT_EQUAL(sc->seen.last_error.from, lab_ip("10.0.0.254"));
	CU_ASSERT_EQUAL(sc->seen.last_error.seq, 1);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->errors, 1);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	tear_down(sc);
}

static void no_route_is_known_before_the_start(void)
{
	struct scene *sc = set_up();
	struct ping_config cfg = plain();
	const char *step;

	cfg.dst = lab_ip("10.9.9.9");
	CU_ASSERT_PTR_NULL(ping_new(&sc->lab->loop, sc->s, &cfg, note, &sc->seen, &step));
	CU_ASSERT_EQUAL(errno, ENETUNREACH);
	CU_ASSERT_STRING_EQUAL(step, "connect");
	tear_down(sc);
}

static void a_foreign_source_is_refused(void)
{
	struct scene *sc = set_up();
	struct ping_config cfg = plain();
	const char *step;

	cfg.src = lab_ip("1.2.3.4");
	CU_ASSERT_PTR_NULL(ping_new(&sc->lab->loop, sc->s, &cfg, note, &sc->seen, &step));
	CU_ASSERT_EQUAL(errno, EADDRNOTAVAIL);
	CU_ASSERT_STRING_EQUAL(step, "bind");
	tear_down(sc);
}

static void broadcast_must_be_meant(void)
{
	struct scene *sc = set_up();
	struct ping_config cfg = plain();
	const char *step;

	cfg.dst = lab_ip("10.0.0.255");
	CU_ASSERT_PTR_NULL(ping_new(&sc->lab->loop, sc->s, &cfg, note, &sc->seen, &step));
	CU_ASSERT_EQUAL(errno, EACCES);
	cfg.broadcast = true;
	begin(sc, cfg);
	CU_ASSERT_EQUAL(sc->seen.sent, 1);
	tear_down(sc);
}

static void a_route_that_goes_makes_requests_fail_but_not_stop(void)
{
	struct scene *sc = begin_new(plain());

	netif_addr_del(netif_addr_find(sc->wire->netif, lab_ip("10.0.0.1")));
	lab_run(sc->lab, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->seen.local, 2);
	CU_ASSERT_EQUAL(sc->seen.last_error.error, ENETUNREACH);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->sent, 3);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->errors, 0);
	CU_ASSERT_EQUAL(sc->seen.done, 0);
	tear_down(sc);
}

static void too_large_with_df_is_refused_with_the_mtu(void)
{
	struct ping_config cfg = plain();
	struct scene *sc;

	cfg.size = 1473;
	cfg.pmtu = SOCK_PMTU_DO;
	cfg.count = 2;
	sc = begin_new(cfg);
	CU_ASSERT_EQUAL(sc->seen.local, 1);
	CU_ASSERT_EQUAL(sc->seen.last_error.error, EMSGSIZE);
	CU_ASSERT_EQUAL(sc->seen.last_error.info, 1500);
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->errors, 2);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	tear_down(sc);
}

static void a_silent_neighbour_is_reported_for_every_request(void)
{
	struct ping_config cfg = plain();
	struct scene *sc;

	cfg.dst = lab_ip("10.0.0.77");
	cfg.count = 3;
	sc = begin_new(cfg);
	lab_run(sc->lab, 7 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->seen.icmp, 3);
	CU_ASSERT_EQUAL(sc->seen.last_error.type, ICMP_DEST_UNREACH);
	CU_ASSERT_EQUAL(sc->seen.last_error.code, ICMP_HOST_UNREACH);
	CU_ASSERT_EQUAL(sc->seen.last_error.from, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	tear_down(sc);
}

static void a_redirect_is_told_and_does_not_count_as_an_error(void)
{
	struct scene *sc = set_up();
	struct ping_config cfg = plain();
	struct request r;

	lab_route(sc->s, "default", "10.0.0.2", sc->wire);
	cfg.dst = lab_ip("10.5.0.1");
	begin(sc, cfg);
	r = take_request(sc);
	complain(sc, &r, "10.0.0.2", ICMP_REDIRECT, ICMP_REDIRECT_HOST, lab_ip("10.0.0.3"));
	CU_ASSERT_EQUAL(sc->seen.icmp, 1);
	CU_ASSERT_EQUAL(sc->seen.last_error.type, ICMP_REDIRECT);
	CU_ASSERT_EQUAL(sc->seen.last_error.info, lab_ip("10.0.0.3"));
	CU_ASSERT_EQUAL(ping_stats(sc->pg)->errors, 0);
	tear_down(sc);
}

/* ---- the end ---- */

static void after_the_last_request_it_lingers_for_the_first_reply(void)
{
	struct ping_config cfg = plain();
	struct scene *sc;

	cfg.count = 2;
	cfg.linger_ns = 3 * NS_PER_SEC;
	sc = begin_new(cfg);
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	CU_ASSERT_EQUAL(sc->seen.done_ns, sc->start_ns + 4 * NS_PER_SEC);
	tear_down(sc);
}

static void once_something_was_received_two_round_trips_are_enough(void)
{
	struct ping_config cfg = plain();
	struct request r;
	struct scene *sc;

	cfg.count = 2;
	sc = begin_new(cfg);
	r = take_request(sc);
	lab_run(sc->lab, 700 * NS_PER_MS);
	reply(sc, &r);
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	CU_ASSERT_EQUAL(sc->seen.done_ns, sc->start_ns + 2400 * NS_PER_MS);
	tear_down(sc);
}

static void all_answered_ends_at_once(void)
{
	struct ping_config cfg = plain();
	struct request r;
	struct scene *sc;

	cfg.count = 1;
	sc = begin_new(cfg);
	r = take_request(sc);
	reply(sc, &r);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	CU_ASSERT_EQUAL(sc->seen.done_ns, sc->start_ns);
	tear_down(sc);
}

static void the_deadline_ends_it_whatever_came(void)
{
	struct ping_config cfg = plain();
	struct scene *sc;

	cfg.count = 2;
	cfg.deadline_ns = 3500 * NS_PER_MS;
	sc = begin_new(cfg);
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->seen.sent, 4);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	CU_ASSERT_EQUAL(sc->seen.done_ns, sc->start_ns + 3500 * NS_PER_MS);
	tear_down(sc);
}

static void with_a_deadline_an_error_ends_it(void)
{
	struct ping_config cfg = plain();
	struct request r;
	struct scene *sc;

	cfg.deadline_ns = 10 * NS_PER_SEC;
	sc = begin_new(cfg);
	r = take_request(sc);
	complain(sc, &r, "10.0.0.254", ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	tear_down(sc);
}

static void unanswered_requests_are_reported_before_the_next(void)
{
	struct ping_config cfg = plain();
	struct request r;
	struct scene *sc;

	cfg.report_unanswered = true;
	sc = begin_new(cfg);
	r = take_request(sc);
	reply(sc, &r);
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->seen.unanswered, 0);
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->seen.unanswered, 1);
	tear_down(sc);
}

static void stopping_ends_it_once_also_from_an_event(void)
{
	struct scene *sc = begin_new(plain());
	struct request r = take_request(sc);

	sc->seen.stop_at_reply = true;
	reply(sc, &r);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	ping_free(sc->pg);
	memset(&sc->seen, 0, sizeof(sc->seen));
	sc->seen.loop = &sc->lab->loop;
	begin(sc, plain());
	ping_stop(sc->pg);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	tear_down(sc);
}

static void deleting_its_host_ends_it(void)
{
	struct scene *sc = begin_new(plain());

	stack_delete(sc->s);
	lab_settle(sc->lab);
	CU_ASSERT_EQUAL(sc->seen.done, 1);
	tear_down(sc);
}

/* ---- arithmetic ---- */

/* Beside the textbook's two passes in floating point. */
static void statistics_are_mean_and_standard_deviation(void)
{
	static const unsigned rtts_us[] = {1000, 45, 12345, 700000, 3};
	double mean = 0, variance = 0;
	struct scene *sc = begin_new(plain());
	const struct ping_stats *st = ping_stats(sc->pg);

	for (size_t i = 0; i < ARRAY_SIZE(rtts_us); i++) {
		struct request r = take_request(sc);
		lab_run(sc->lab, rtts_us[i] * NS_PER_US);
		reply(sc, &r);
		lab_run(sc->lab, sc->start_ns + (i + 1) * NS_PER_SEC - sc->lab->loop.now);
		mean += rtts_us[i] / (double)ARRAY_SIZE(rtts_us);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rtts_us); i++)
		variance += (rtts_us[i] - mean) * (rtts_us[i] - mean) / (double)ARRAY_SIZE(rtts_us);
	CU_ASSERT_EQUAL(st->timed, 5);
	CU_ASSERT_EQUAL(st->min_us, 3);
	CU_ASSERT_EQUAL(st->max_us, 700000);
	CU_ASSERT_EQUAL(ping_avg_us(st), (uint64_t)mean);
	CU_ASSERT(fabs((double)ping_mdev_us(st) - sqrt(variance)) < 2);
	CU_ASSERT_EQUAL(st->sent, 6);
	CU_ASSERT_EQUAL(st->last_sent_ns - st->start_ns, 5 * NS_PER_SEC);
	tear_down(sc);
}

SUITE(app_ping, T(requests_keep_to_the_grid_to_the_nanosecond), T(preload_goes_out_at_once),
	T(flood_follows_the_replies_and_else_a_hundred_a_second), T(flood_lets_time_pass),
	T(adaptive_pace_follows_the_round_trip), T(a_reply_is_counted_and_timed),
	T(the_second_reply_is_a_duplicate), T(a_late_reply_shows_how_many_were_on_their_way),
	T(a_reply_to_a_number_never_sent_is_ignored), T(an_impossible_time_in_a_reply_is_not_believed),
	T(damaged_and_truncated_data_is_noticed), T(little_data_carries_no_time), T(a_pattern_fills_the_data),
	T(two_pings_do_not_get_each_others_replies), T(sequence_numbers_wrap),
	T(an_icmp_error_counts_and_names_its_sender), T(no_route_is_known_before_the_start),
	T(a_foreign_source_is_refused), T(broadcast_must_be_meant),
	T(a_route_that_goes_makes_requests_fail_but_not_stop), T(too_large_with_df_is_refused_with_the_mtu),
	T(a_silent_neighbour_is_reported_for_every_request),
	T(a_redirect_is_told_and_does_not_count_as_an_error),
	T(after_the_last_request_it_lingers_for_the_first_reply),
	T(once_something_was_received_two_round_trips_are_enough), T(all_answered_ends_at_once),
	T(the_deadline_ends_it_whatever_came), T(with_a_deadline_an_error_ends_it),
	T(unanswered_requests_are_reported_before_the_next), T(stopping_ends_it_once_also_from_an_event),
	T(deleting_its_host_ends_it), T(statistics_are_mean_and_standard_deviation))
