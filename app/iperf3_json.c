/* SPDX-License-Identifier: MIT */
/*
 * iperf3: parameters and results as JSON.
 *
 * The other end writes -1 as 18446744073709551615, so numbers are read as reals: exact up to 2^53, which is enough for
 * the bytes of any test.
 */
#include "app/iperf3_internal.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* ---- parameters ---- */

static void put_number(json_t *o, const char *key, uint64_t value)
{
	if (value)
		json_object_set_new(o, key, json_integer((json_int_t)value));
}

static void put_flag(json_t *o, const char *key, bool value)
{
	if (value)
		json_object_set_new(o, key, json_true());
}

static char *to_text(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	return text;
}

char *iperf_params_to_json(const struct iperf_params *p)
{
	json_t *o = json_object();

	json_object_set_new(o, p->udp ? "udp" : "tcp", json_true());
	json_object_set_new(o, "omit", json_integer(p->omit_s));
	json_object_set_new(o, "time", json_integer(p->time_s));
	json_object_set_new(o, "num", json_integer((json_int_t)p->bytes));
	json_object_set_new(o, "blockcount", json_integer((json_int_t)p->blocks));
	put_number(o, "MSS", p->mss);
	put_flag(o, "nodelay", p->nodelay);
	json_object_set_new(o, "parallel", json_integer(p->parallel));
	put_flag(o, "reverse", p->reverse);
	put_flag(o, "bidirectional", p->bidir);
	put_number(o, "window", p->window);
	put_number(o, "len", p->len);
	put_number(o, "bandwidth", p->rate);
	put_number(o, "burst", p->burst);
	put_number(o, "TOS", p->tos);
	if (p->congestion[0])
		json_object_set_new(o, "congestion", json_string(p->congestion));
	put_number(o, "udp_counters_64bit", p->counters_64bit);
	put_number(o, "zerocopy", p->zerocopy);
	put_number(o, "dont_fragment", p->dont_fragment);
	put_number(o, "skip_rx_copy", p->skip_rx_copy);
	json_object_set_new(o, "client_version", json_string("3.12"));
	return to_text(o);
}

/* A number from 0 to max; `none` where there is none, UINT64_MAX where it is out of range. */
static uint64_t get_number(const json_t *o, const char *key, uint64_t max, uint64_t none)
{
	const json_t *v = json_object_get(o, key);
	double d = json_number_value(v);

	if (!v)
		return none;
	return json_is_number(v) && d >= 0 && d <= (double)max ? (uint64_t)d : UINT64_MAX;
}

/* true, or a number that is not 0: both are said. */
static bool get_flag(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_true(v) || json_number_value(v) != 0; /* 0 for what is no number */
}

static json_t *parse(const char *text, size_t len)
{
	return json_loadb(text, len, JSON_DECODE_INT_AS_REAL, NULL);
}

static void get_flags(const json_t *o, struct iperf_params *p)
{
	p->udp = get_flag(o, "udp");
	p->nodelay = get_flag(o, "nodelay");
	p->reverse = get_flag(o, "reverse");
	p->bidir = get_flag(o, "bidirectional");
	p->counters_64bit = get_flag(o, "udp_counters_64bit");
	p->dont_fragment = get_flag(o, "dont_fragment");
	p->zerocopy = get_flag(o, "zerocopy");
	p->skip_rx_copy = get_flag(o, "skip_rx_copy");
}

static bool get_numbers(const json_t *o, struct iperf_params *p)
{
	const uint64_t huge = UINT64_C(1) << 53;
	uint64_t parallel = get_number(o, "parallel", IPERF_STREAMS_MAX, 1);
	uint64_t len = get_number(o, "len", p->udp ? IPERF_UDP_LEN_MAX : IPERF_TCP_LEN_MAX, IPERF_TCP_LEN);
	uint64_t omit = get_number(o, "omit", 600, 0), time = get_number(o, "time", 86400, 0);
	uint64_t window = get_number(o, "window", 512 << 20, 0), mss = get_number(o, "MSS", 9216, 0);
	uint64_t tos = get_number(o, "TOS", 255, 0), burst = get_number(o, "burst", 1000, 0);

	p->bytes = get_number(o, "num", huge, 0);
	p->blocks = get_number(o, "blockcount", huge, 0);
	p->rate = get_number(o, "bandwidth", huge, 0);
	p->parallel = (unsigned)parallel;
	p->len = (uint32_t)len;
	p->omit_s = (uint32_t)omit;
	p->time_s = (uint32_t)time;
	p->window = (uint32_t)window;
	p->mss = (uint32_t)mss;
	p->tos = (uint8_t)tos;
	p->burst = (uint32_t)burst;
	return parallel >= 1 && parallel <= IPERF_STREAMS_MAX && len >= (p->udp ? IPERF_UDP_LEN_MIN : 1) &&
		p->bytes <= huge && p->blocks <= huge && p->rate <= huge &&
		MAX(MAX(len, omit), MAX(time, window)) != UINT64_MAX &&
		MAX(MAX(mss, tos), burst) != UINT64_MAX;
}

bool iperf_params_from_json(const char *text, size_t len, struct iperf_params *p)
{
	json_t *o = parse(text, len);
	const char *congestion = json_string_value(json_object_get(o, "congestion"));
	bool good;

	*p = (struct iperf_params){0};
	get_flags(o, p);
	good = json_is_object(o) && get_numbers(o, p) && !json_object_get(o, "sctp");
	if (congestion)
		strncpy(p->congestion, congestion, sizeof(p->congestion) - 1);
	json_decref(o);
	return good;
}

/* ---- results ---- */

static json_t *stream_to_json(const struct iperf_stream *st)
{
	const struct iperf_counters *n = &st->total.n;
	json_t *o = json_object();

	json_object_set_new(o, "id", json_integer(st->id));
	json_object_set_new(o, "bytes", json_integer((json_int_t)n->bytes));
	json_object_set_new(o, "retransmits", json_integer(st->has_info ? (json_int_t)n->retransmits : -1));
	json_object_set_new(o, "jitter", json_real(st->total.jitter_s));
	json_object_set_new(o, "errors", json_integer(n->lost));
	json_object_set_new(o, "packets", json_integer((json_int_t)n->packets));
	json_object_set_new(o, "start_time", json_integer(0));
	json_object_set_new(o, "end_time", json_real((double)st->total.end_ns / 1e9));
	return o;
}

/* The machine's use of its processor is not asked for: a run is a function of its seed and its inputs. */
char *iperf_results_to_json(const struct iperf *t)
{
	json_t *o = json_object(), *list = json_array();
	const char *congestion = iperf_congestion(t, false);
	bool has_info = false;

	for (unsigned i = 0; i < t->made; i++) {
		json_array_append_new(list, stream_to_json(&t->streams[i]));
		has_info = has_info || t->streams[i].has_info;
	}
	json_object_set_new(o, "cpu_util_total", json_real(0));
	json_object_set_new(o, "cpu_util_user", json_real(0));
	json_object_set_new(o, "cpu_util_system", json_real(0));
	json_object_set_new(o, "sender_has_retransmits", json_integer(t->p.udp ? 0 : has_info ? 1 : -1));
	if (congestion)
		json_object_set_new(o, "congestion_used", json_string(congestion));
	json_object_set_new(o, "streams", list);
	return to_text(o);
}

static struct iperf_stream *find_stream(struct iperf *t, double id)
{
	for (unsigned i = 0; i < t->made; i++) {
		if (t->streams[i].id == (int)id)
			return &t->streams[i];
	}
	return NULL;
}

/* A count of the other end's; what cannot be one is 0. */
static uint64_t get_count(const json_t *o, const char *key)
{
	uint64_t n = get_number(o, key, UINT64_C(1) << 62, 0);

	return n == UINT64_MAX ? 0 : n;
}

static double get_real(const json_t *o, const char *key)
{
	double d = json_number_value(json_object_get(o, key));

	return isfinite(d) && fabs(d) < 1e9 ? d : 0;
}

static void stream_from_json(struct iperf_stream *st, const json_t *o)
{
	double retransmits = json_number_value(json_object_get(o, "retransmits"));
	double end_s = get_real(o, "end_time");

	st->remote = (struct iperf_row){.jitter_s = get_real(o, "jitter"),
		.end_ns = end_s > 0 ? (uint64_t)llround(end_s * 1e9) : st->total.end_ns};
	st->remote.n.bytes = get_count(o, "bytes");
	st->remote.n.packets = get_count(o, "packets");
	st->remote.n.lost = (int64_t)get_real(o, "errors");
	if (!st->sender && retransmits >= 0 && retransmits < 1e15) {
		st->remote.n.retransmits = (uint64_t)retransmits;
		st->has_info = !st->test->p.udp;
	}
}

bool iperf_results_from_json(struct iperf *t, const char *text, size_t len)
{
	json_t *o = parse(text, len), *list = json_object_get(o, "streams"), *item;
	const char *congestion = json_string_value(json_object_get(o, "congestion_used"));
	bool good = json_is_array(list);
	size_t i;

	json_array_foreach(list, i, item)
	{
		struct iperf_stream *st = find_stream(t, json_number_value(json_object_get(item, "id")));

		good = good && st;
		if (st)
			stream_from_json(st, item);
	}
	if (congestion)
		strncpy(t->congestion[1], congestion, sizeof(t->congestion[1]) - 1);
	json_decref(o);
	return good;
}
