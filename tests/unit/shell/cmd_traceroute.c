/* SPDX-License-Identifier: MIT */
/* traceroute and tracepath print what traceroute 2.1.2 and iputils 20221126 print. */
#include "tests/unit/shell/bench.h"

static void datagrams_are_the_default(void)
{
	BENCH_PRINTS("traceroute -n 10.0.2.1", 0,
		"traceroute to 10.0.2.1 (10.0.2.1), 30 hops max, 60 byte packets\n"
		" 1  10.0.1.254  0.000 ms  0.000 ms  0.000 ms\n"
		" 2  10.0.2.1  0.000 ms  0.000 ms  0.000 ms\n");
	BENCH_PRINTS("traceroute -U -q 1 -p 5000 h2 40", 0,
		"traceroute to h2 (10.0.2.1), 30 hops max, 40 byte packets\n"
		" 1  10.0.1.254 (10.0.1.254)  0.000 ms\n"
		" 2  10.0.2.1 (10.0.2.1)  0.000 ms\n");
	BENCH_PRINTS("traceroute -n -q 1 -w 0.1 10.0.3.1", 0,
		"traceroute to 10.0.3.1 (10.0.3.1), 30 hops max, 60 byte packets\n"
		" 1  10.0.1.254  0.000 ms !N\n");
}

static void each_hop_is_a_line(void)
{
	BENCH_PRINTS("traceroute -I 10.0.2.1", 0,
		"traceroute to 10.0.2.1 (10.0.2.1), 30 hops max, 60 byte packets\n"
		" 1  10.0.1.254 (10.0.1.254)  0.000 ms  0.000 ms  0.000 ms\n"
		" 2  10.0.2.1 (10.0.2.1)  0.000 ms  0.000 ms  0.000 ms\n");
	BENCH_PRINTS("traceroute -I -n -q 1 -f 2 h2 1400", 0,
		"traceroute to h2 (10.0.2.1), 30 hops max, 1400 byte packets\n"
		" 2  10.0.2.1  0.000 ms\n");
}

static void silence_is_a_star_and_errors_have_marks(void)
{
	BENCH_PRINTS("traceroute -I -n 10.0.3.1", 0,
		"traceroute to 10.0.3.1 (10.0.3.1), 30 hops max, 60 byte packets\n"
		" 1  10.0.1.254  0.000 ms !N  0.000 ms !N  0.000 ms !N\n");
	BENCH_PRINTS("on h2 sysctl -qw net.ipv4.icmp_echo_ignore_all=1; traceroute -I -n -w 1 -m 3 10.0.2.1",
		0,
		"traceroute to 10.0.2.1 (10.0.2.1), 3 hops max, 60 byte packets\n"
		" 1  10.0.1.254  0.000 ms  0.000 ms  0.000 ms\n"
		" 2  * * *\n"
		" 3  * * *\n");
}

static void too_large_for_the_next_link_names_its_mtu(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(dev_set_mtu(dev_by_name(b->r, "eth1"), 1400), 0);
	CU_ASSERT_EQUAL(bench_run(b, "traceroute -I -n -F -N 1 -t 16 -i eth0 10.0.2.1 1500"), 0);
	CU_ASSERT_STRING_EQUAL(b->text,
		"traceroute to 10.0.2.1 (10.0.2.1), 30 hops max, 1500 byte packets\n"
		" 1  10.0.1.254  0.000 ms  0.000 ms  0.000 ms\n"
		" 2  10.0.1.254  0.000 ms !F-1400  0.000 ms !F-1400  0.000 ms !F-1400\n");
	bench_free(b);
}

static void what_cannot_be_done_is_said_at_once(void)
{
	struct bench *b = bench_new();
	static const struct {
		const char *script, *says;
		int status;
	} cases[] = {
		{"traceroute -p 65536 h2", "port must be from 1 to 65535\n", 2},
		{"traceroute 10.0.1.255", "connect: Permission denied\n", 1},
		{"traceroute -I", "Specify \"host\" missing argument.\n", 2},
		{"traceroute -I -q 11 h2", "no more than 10 probes per hop\n", 2},
		{"traceroute -I -m 256 h2", "max hops cannot be more than 255\n", 2},
		{"traceroute -I -f 40 h2", "first hop out of range\n", 2},
		{"traceroute -I -w x h2", "bad wait specifications\n", 2},
		{"traceroute -I -s 10.9.1.1 h2", "bind: Cannot assign requested address\n", 1},
		{"traceroute -I nohost", "traceroute: nohost: Name or service not known\n", 2},
		{"tracepath nohost", "tracepath: nohost: Name or service not known\n", 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CU_ASSERT_EQUAL(bench_run(b, cases[i].script), cases[i].status);
		CU_ASSERT_STRING_EQUAL(b->text, cases[i].says);
	}
	bench_free(b);
}

static void tracepath_prints_mtu_and_hops(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(dev_set_mtu(dev_by_name(b->r, "eth1"), 1400), 0);
	CU_ASSERT_EQUAL(dev_set_mtu(dev_by_name(b->h2, "eth0"), 1400), 0);
	CU_ASSERT_EQUAL(bench_run(b, "tracepath -n 10.0.2.1"), 0);
	CU_ASSERT_STRING_EQUAL(b->text,
		" 1?: [LOCALHOST]                      pmtu 1500\n"
		" 1:  10.0.1.254                                            0.000ms \n"
		" 2:  10.0.1.254                                            0.000ms pmtu 1400\n"
		" 2:  10.0.2.1                                              0.000ms reached\n"
		"     Resume: pmtu 1400 hops 2 back 2 \n");
	CU_ASSERT_EQUAL(bench_run(b, "tracepath -n -m 1 10.0.2.1"), 0);
	CU_ASSERT_STRING_EQUAL(b->text,
		" 1?: [LOCALHOST]                      pmtu 1400\n"
		" 1:  10.0.1.254                                            0.000ms \n"
		"     Too many hops: pmtu 1400\n"
		"     Resume: pmtu 1400 \n");
	CU_ASSERT_EQUAL(bench_run(b, "tracepath 10.0.1.1"), 0);
	CU_ASSERT_STRING_EQUAL(b->text,
		" 1:  10.0.1.1                                              0.000ms reached\n"
		"     Resume: pmtu 65535 hops 1 back 1 \n");
	CU_ASSERT_EQUAL(bench_run(b, "tracepath 10.0.1.77"), 0);
	CU_ASSERT_STRING_EQUAL(b->text,
		" 1?: [LOCALHOST]                      pmtu 1500\n"
		" 1:  10.0.1.1                                            3000.000ms !H\n"
		"     Resume: pmtu 1500 \n");
	bench_free(b);
}

SUITE(shell_cmd_traceroute, T(datagrams_are_the_default), T(each_hop_is_a_line),
	T(silence_is_a_star_and_errors_have_marks), T(too_large_for_the_next_link_names_its_mtu),
	T(what_cannot_be_done_is_said_at_once), T(tracepath_prints_mtu_and_hops))
