/* SPDX-License-Identifier: MIT */
/* ping prints what iputils 20221126 prints; the expected texts were compared with it in the same situations.
 */
#include "shell/cmd_ping.h"
#include "tests/unit/shell/bench.h"

static void replies_and_statistics(void)
{
	BENCH_PRINTS("ping -c 3 10.0.1.254", 0,
		"PING 10.0.1.254 (10.0.1.254) 56(84) bytes of data.\n"
		"64 bytes from 10.0.1.254: icmp_seq=1 ttl=64 time=0.000 ms\n"
		"64 bytes from 10.0.1.254: icmp_seq=2 ttl=64 time=0.000 ms\n"
		"64 bytes from 10.0.1.254: icmp_seq=3 ttl=64 time=0.000 ms\n"
		"\n"
		"--- 10.0.1.254 ping statistics ---\n"
		"3 packets transmitted, 3 received, 0% packet loss, time 2000ms\n"
		"rtt min/avg/max/mdev = 0.000/0.000/0.000/0.000 ms\n");
}

static void hosts_have_names(void)
{
	BENCH_PRINTS("ping -q -c 1 h2", 0,
		"PING h2 (10.0.2.1) 56(84) bytes of data.\n"
		"\n"
		"--- h2 ping statistics ---\n"
		"1 packets transmitted, 1 received, 0% packet loss, time 0ms\n"
		"rtt min/avg/max/mdev = 0.000/0.000/0.000/0.000 ms\n");
	BENCH_PRINTS("ip link set lo up; ping -q -c 1 localhost", 0,
		"PING localhost (127.0.0.1) 56(84) bytes of data.\n"
		"\n"
		"--- localhost ping statistics ---\n"
		"1 packets transmitted, 1 received, 0% packet loss, time 0ms\n"
		"rtt min/avg/max/mdev = 0.000/0.000/0.000/0.000 ms\n");
}

static void no_answer_is_waited_for_as_long_as_linger_says(void)
{
	struct bench *b = bench_new();
	uint64_t start = b->lab->loop.now;

	CU_ASSERT_EQUAL(sysctl_set(b->h2, "net.ipv4.icmp_echo_ignore_all", 1), 0);
	CU_ASSERT_EQUAL(bench_run(b, "ping -c 2 -i 0.2 -W 0.5 10.0.2.1"), 1);
	CU_ASSERT_STRING_EQUAL(b->text,
		"PING 10.0.2.1 (10.0.2.1) 56(84) bytes of data.\n"
		"\n"
		"--- 10.0.2.1 ping statistics ---\n"
		"2 packets transmitted, 0 received, 100% packet loss, time 200ms\n"
		"\n");
	CU_ASSERT_EQUAL(b->lab->loop.now - start, 700 * NS_PER_MS);
	bench_free(b);
}

static void icmp_errors_name_their_sender(void)
{
	BENCH_PRINTS("ping -c 2 -i 0.2 -t 1 10.0.2.1", 1,
		"PING 10.0.2.1 (10.0.2.1) 56(84) bytes of data.\n"
		"From 10.0.1.254 icmp_seq=1 Time to live exceeded\n"
		"From 10.0.1.254 icmp_seq=2 Time to live exceeded\n"
		"\n"
		"--- 10.0.2.1 ping statistics ---\n"
		"2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 200ms\n"
		"\n");
	BENCH_PRINTS("ping -c 3 -i 0.2 10.0.1.77", 1,
		"PING 10.0.1.77 (10.0.1.77) 56(84) bytes of data.\n"
		"From 10.0.1.1 icmp_seq=1 Destination Host Unreachable\n"
		"From 10.0.1.1 icmp_seq=2 Destination Host Unreachable\n"
		"From 10.0.1.1 icmp_seq=3 Destination Host Unreachable\n"
		"\n"
		"--- 10.0.1.77 ping statistics ---\n"
		"3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 400ms\n"
		"pipe 3\n");
	BENCH_PRINTS("ping -c 1 10.0.3.1", 1,
		"PING 10.0.3.1 (10.0.3.1) 56(84) bytes of data.\n"
		"From 10.0.1.254 icmp_seq=1 Destination Net Unreachable\n"
		"\n"
		"--- 10.0.3.1 ping statistics ---\n"
		"1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n"
		"\n");
}

static void path_mtu_is_learned_from_errors(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(dev_set_mtu(dev_by_name(b->r, "eth1"), 1400), 0);
	CU_ASSERT_EQUAL(dev_set_mtu(dev_by_name(b->h2, "eth0"), 1400), 0);
	CU_ASSERT_EQUAL(bench_run(b, "ping -c 2 -i 0.2 -M do -s 1472 10.0.2.1"), 1);
	CU_ASSERT_STRING_EQUAL(b->text,
		"PING 10.0.2.1 (10.0.2.1) 1472(1500) bytes of data.\n"
		"From 10.0.1.254 icmp_seq=1 Frag needed and DF set (mtu = 1400)\n"
		"ping: local error: message too long, mtu=1400\n"
		"\n"
		"--- 10.0.2.1 ping statistics ---\n"
		"2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 200ms\n"
		"\n");
	CU_ASSERT_EQUAL(bench_run(b, "ping -c 1 -q -M dont -s 1472 10.0.2.1"), 0);
	bench_free(b);
}

static void what_cannot_be_done_is_said_at_once(void)
{
	struct bench *b = bench_new();
	static const struct {
		const char *script, *says;
		int status;
	} cases[] = {
		{"ping", "ping: usage error: Destination address required\n", 1},
		{"ping nohost", "ping: nohost: Name or service not known\n", 2},
		{"ping -c 0 10.0.1.254",
			"ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n", 1},
		{"ping -c x 10.0.1.254", "ping: invalid argument: 'x'\n", 1},
		{"ping -c 0x10 10.0.1.254", "ping: invalid argument: '0x10'\n", 1},
		{"ping -6 h2", "ping: there is no IPv6 here yet\n", 2},
		{"ping -t 256 10.0.1.254", "ping: invalid argument: '256': out of range: 0 <= value <= 255\n",
			1},
		{"ping -t 0 10.0.1.254", "ping: cannot set unicast time-to-live: Invalid argument\n", 2},
		{"ping -i x 10.0.1.254", "ping: bad timing interval: x\n", 2},
		{"ping -W -1 10.0.1.254", "ping: bad linger time: -1\n", 2},
		{"ping -M foo 10.0.1.254", "ping: invalid -M argument: foo\n", 2},
		{"ping -p xyz 10.0.1.254", "ping: patterns must be specified as hex digits: xyz\n", 2},
		{"ping -Q x 10.0.1.254", "ping: bad TOS value: x\n", 2},
		{"ping -T x 10.0.1.254", "ping: invalid timestamp type: x\n", 2},
		{"ping -R -T tsonly 10.0.1.254", "ping: only one of -T or -R may be used\n", 2},
		{"ping -I nodev 10.0.1.254", "ping: SO_BINDTODEVICE nodev: No such device\n", 2},
		{"ping -I 1.2.3.4 10.0.1.254", "ping: bind: Cannot assign requested address\n", 2},
		{"ping 10.0.1.255",
			"ping: Do you want to ping broadcast? Then -b. If not, check your local firewall "
			"rules\n",
			2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CU_ASSERT_EQUAL(bench_run(b, cases[i].script), cases[i].status);
		CU_ASSERT_STRING_EQUAL(b->text, cases[i].says);
	}
	lab_route(b->h1, "10.9.0.0/16", NULL, dev_by_name(b->h1, "eth0"));
	CU_ASSERT_EQUAL(dev_set_up(dev_by_name(b->h1, "eth0"), false), 0);
	CU_ASSERT_EQUAL(bench_run(b, "ping -c 1 10.0.2.1"), 2);
	CU_ASSERT_STRING_EQUAL(b->text, "ping: connect: Network is unreachable\n");
	bench_free(b);
}

/* Replies that no honest host sends; the texts are what iputils printed of them. */
static void odd_replies_are_marked(void)
{
	uint8_t wanted[56], data[56];
	char text[1024] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");
	struct cmd c = {.out = out};
	struct ping_run run = {.c = &c, .cfg = {.size = 56}};
	struct sock_msg msg = {.from = {.ip = lab_ip("10.0.2.1")}, .ttl = 63};
	struct ping_event e = {.what = PING_REPLY,
		.seq = 1,
		.msg = &msg,
		.len = 64,
		.timed = true,
		.rtt_us = 257,
		.duplicate = true,
		.damaged = SIZE_MAX,
		.data = data,
		.wanted = wanted};

	for (uint8_t i = 0; i < 56; i++)
		data[i] = wanted[i] = i;
	ping_print_event(&run, &e);
	e.duplicate = false;
	data[20] ^= 0x55;
	e.damaged = 20;
	ping_print_event(&run, &e);
	e.truncated = true;
	e.len = 40;
	ping_print_event(&run, &e);
	struct sock_error redirect = {.type = ICMP_REDIRECT,
		.code = ICMP_REDIRECT_HOST,
		.info = lab_ip("10.0.1.77"),
		.from = lab_ip("10.0.1.254"),
		.seq = 1};
	ping_print_event(&run, &(struct ping_event){.what = PING_ICMP, .error = &redirect});
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text,
		"64 bytes from 10.0.2.1: icmp_seq=1 ttl=63 time=0.257 ms (DUP!)\n"
		"64 bytes from 10.0.2.1: icmp_seq=1 ttl=63 time=0.257 ms\n"
		"wrong data byte #20 should be 0x14 but was 0x41\n"
		"#16\t10 11 12 13 41 15 16 17 18 19 1a 1b 1c 1d 1e 1f "
		"20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f \n"
		"#48\t30 31 32 33 34 35 36 37 \n"
		"40 bytes from 10.0.2.1: icmp_seq=1 ttl=63 (truncated)\n"
		"From 10.0.1.254: icmp_seq=1 Redirect Host(New nexthop: 10.0.1.77)\n");
}

struct keys {
	struct timer timer;
	struct shell *sh;
	unsigned pressed;
};

/* ^\\ after 2.5 s, ^C a second later. */
static void press(struct timer *t)
{
	struct keys *k = CONTAINER_OF(t, struct keys, timer);

	if (k->pressed++ > 0) {
		machine_signal(k->sh->foreground, SIGINT);
		return;
	}
	machine_report(k->sh->foreground);
	timer_arm(&k->sh->loop->wheel, t, k->sh->loop->now + NS_PER_SEC);
}

static void keys_ask_for_the_state_and_for_the_end(void)
{
	struct bench *b = bench_new();
	struct keys keys = {.sh = b->sh};

	timer_init(&keys.timer, press);
	timer_arm(&b->lab->loop.wheel, &keys.timer, b->lab->loop.now + 2500 * NS_PER_MS);
	bench_run(b, "ping 10.0.1.254");
	CU_ASSERT_STRING_EQUAL(b->text,
		"PING 10.0.1.254 (10.0.1.254) 56(84) bytes of data.\n"
		"64 bytes from 10.0.1.254: icmp_seq=1 ttl=64 time=0.000 ms\n"
		"64 bytes from 10.0.1.254: icmp_seq=2 ttl=64 time=0.000 ms\n"
		"64 bytes from 10.0.1.254: icmp_seq=3 ttl=64 time=0.000 ms\n"
		"\r3/3 packets, 0% loss, min/avg/ewma/max = 0.000/0.000/0.000/0.000 ms\n"
		"64 bytes from 10.0.1.254: icmp_seq=4 ttl=64 time=0.000 ms\n"
		"\n"
		"--- 10.0.1.254 ping statistics ---\n"
		"4 packets transmitted, 4 received, 0% packet loss, time 3000ms\n"
		"rtt min/avg/max/mdev = 0.000/0.000/0.000/0.000 ms\n");
	bench_free(b);
}

static void options_change_the_header(void)
{
	BENCH_PRINTS("ping -c 1 -q -I eth0 -p ff -s 100 10.0.1.254", 0,
		"PING 10.0.1.254 (10.0.1.254) from 10.0.1.1 eth0: 100(128) bytes of data.\n"
		"\n"
		"--- 10.0.1.254 ping statistics ---\n"
		"1 packets transmitted, 1 received, 0% packet loss, time 0ms\n"
		"rtt min/avg/max/mdev = 0.000/0.000/0.000/0.000 ms\n");
	BENCH_PRINTS("ping -c 1 -s 4 -p 0fF -I 10.0.1.1 10.0.1.254", 0,
		"PATTERN: 0x0f0f\n"
		"PING 10.0.1.254 (10.0.1.254) from 10.0.1.1 : 4(32) bytes of data.\n"
		"12 bytes from 10.0.1.254: icmp_seq=1 ttl=64\n"
		"\n"
		"--- 10.0.1.254 ping statistics ---\n"
		"1 packets transmitted, 1 received, 0% packet loss, time 0ms\n"
		"\n");
}

static void flags_change_the_lines(void)
{
	BENCH_PRINTS("ping -4 -n -a -A -v -e 7 -Q 0x10 -S 4000 -w 5 -c 1 10.0.1.254", 0,
		"PING 10.0.1.254 (10.0.1.254) 56(84) bytes of data.\n"
		"64 bytes from 10.0.1.254: icmp_seq=1 ident=7 ttl=64 time=0.000 ms\a\n"
		"\n"
		"--- 10.0.1.254 ping statistics ---\n"
		"1 packets transmitted, 1 received, 0% packet loss, time 0ms\n"
		"rtt min/avg/max/mdev = 0.000/0.000/0.000/0.000 ms\n");
	BENCH_PRINTS("ping -D -c 2 -i 0.25 -T tsprespec 10.0.2.254 10.0.2.1 10.0.2.1", 0,
		"PING 10.0.2.1 (10.0.2.1) 56(124) bytes of data.\n"
		"[1767225600.000000] 64 bytes from 10.0.2.1: icmp_seq=1 ttl=63 time=0.000 ms\n"
		"TS: \t10.0.2.254\t0 absolute\n"
		"\t10.0.2.1\t0\n"
		"\n"
		"[1767225600.250000] 64 bytes from 10.0.2.1: icmp_seq=2 ttl=63 time=0.000 ms\n"
		"TS: \t10.0.2.254\t250 absolute\n"
		"\t10.0.2.1\t0\n"
		"\n"
		"\n"
		"--- 10.0.2.1 ping statistics ---\n"
		"2 packets transmitted, 2 received, 0% packet loss, time 250ms\n"
		"rtt min/avg/max/mdev = 0.000/0.000/0.000/0.000 ms\n");
	BENCH_PRINTS("ping -b -W 1 -c 1 10.0.1.255", 1,
		"WARNING: pinging broadcast address\n"
		"PING 10.0.1.255 (10.0.1.255) 56(84) bytes of data.\n"
		"\n"
		"--- 10.0.1.255 ping statistics ---\n"
		"1 packets transmitted, 0 received, 100% packet loss, time 0ms\n"
		"\n");
}

static void flood_draws_dots_and_takes_them_back(void)
{
	BENCH_PRINTS("ping -f -c 3 10.0.1.254", 0,
		"PING 10.0.1.254 (10.0.1.254) 56(84) bytes of data.\n"
		".\b \b.\b \b.\b \b\n"
		"--- 10.0.1.254 ping statistics ---\n"
		"3 packets transmitted, 3 received, 0% packet loss, time 0ms\n"
		"rtt min/avg/max/mdev = 0.000/0.000/0.000/0.000 ms, ipg/ewma 0.001/0.000 ms\n");
	BENCH_PRINTS("ping -f -c 2 10.0.1.77", 1,
		"PING 10.0.1.77 (10.0.1.77) 56(84) bytes of data.\n"
		"..\bE\bE\n"
		"--- 10.0.1.77 ping statistics ---\n"
		"2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 10ms\n"
		"pipe 2\n");
}

static void recorded_routes_are_listed_once(void)
{
	BENCH_PRINTS("ping -c 2 -i 0.2 -R 10.0.2.1", 0,
		"PING 10.0.2.1 (10.0.2.1) 56(124) bytes of data.\n"
		"64 bytes from 10.0.2.1: icmp_seq=1 ttl=63 time=0.000 ms\n"
		"RR: \t10.0.1.1\n"
		"\t10.0.2.254\n"
		"\t10.0.2.1\n"
		"\t10.0.1.254\n"
		"\n"
		"64 bytes from 10.0.2.1: icmp_seq=2 ttl=63 time=0.000 ms\t(same route)\n"
		"\n"
		"--- 10.0.2.1 ping statistics ---\n"
		"2 packets transmitted, 2 received, 0% packet loss, time 200ms\n"
		"rtt min/avg/max/mdev = 0.000/0.000/0.000/0.000 ms\n");
}

/* What iputils printed of the same octets. */
static void recorded_times_are_listed(void)
{
	static const uint8_t opts[] = {68, 36, 37, 0x21, 10, 0, 1, 1, 0x02, 0x82, 0xd1, 0x57, 10, 0, 1, 254,
		0x02, 0x82, 0xd1, 0x59, 10, 0, 2, 1, 0x82, 0x82, 0xd1, 0x59, 10, 0, 2, 1, 0x02, 0x82, 0xd1,
		0x58, 0, 0, 0, 0};
	uint8_t last[IP_OPT_MAX] = {0};
	char text[256];
	FILE *f = fmemopen(text, sizeof(text), "w");

	ping_print_options(f, opts, sizeof(opts), last);
	fclose(f);
	CU_ASSERT_STRING_EQUAL(text,
		"\nTS: \t10.0.1.1\t42127703 absolute\n"
		"\t10.0.1.254\t2\n"
		"\t10.0.2.1\t42127705 not-standard\n"
		"\t10.0.2.1\t-1\n"
		"Unrecorded hops: 2\n");
}

/* Whatever a stranger puts into options, it is not read past its end (ASan looks on). */
static void broken_options_are_left_alone(void)
{
	static const uint8_t cases[][8] = {{7, 39, 40}, {7, 3, 4}, {7, 8, 0}, {7, 8, 255}, {68, 8, 2, 0},
		{68, 8, 255, 0}, {68, 4, 5, 1}, {7}, {1, 1, 1, 1, 1, 1, 1, 7}, {7, 0}, {200, 1}};
	uint8_t last[IP_OPT_MAX] = {0};
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t *opts = malloc(8);
		FILE *f = fmemopen(text, sizeof(text), "w");
		memcpy(opts, cases[i], 8);
		ping_print_options(f, opts, 8, last);
		fclose(f);
		free(opts);
	}
}

static void times_have_as_many_digits_as_iputils_gives_them(void)
{
	static const struct {
		uint64_t us;
		const char *text;
	} cases[] = {{0, "0.000"}, {45, "0.045"}, {999, "0.999"}, {1000, "1.00"}, {1234, "1.23"},
		{1235, "1.24"}, {9994, "9.99"}, {9995, "10.0"}, {12345, "12.3"}, {12350, "12.4"},
		{99949, "99.9"}, {99950, "100"}, {123456, "123"}, {123500, "124"}, {2500000, "2500"}};
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		FILE *f = fmemopen(text, sizeof(text), "w");
		ping_print_ms(f, cases[i].us);
		fclose(f);
		CU_ASSERT_STRING_EQUAL(text, cases[i].text);
	}
}

SUITE(shell_cmd_ping, T(replies_and_statistics), T(hosts_have_names), T(icmp_errors_name_their_sender),
	T(no_answer_is_waited_for_as_long_as_linger_says), T(path_mtu_is_learned_from_errors),
	T(what_cannot_be_done_is_said_at_once), T(keys_ask_for_the_state_and_for_the_end),
	T(options_change_the_header), T(flags_change_the_lines), T(odd_replies_are_marked),
	T(flood_draws_dots_and_takes_them_back), T(recorded_routes_are_listed_once),
	T(recorded_times_are_listed), T(broken_options_are_left_alone),
	T(times_have_as_many_digits_as_iputils_gives_them))
