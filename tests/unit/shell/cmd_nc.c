/* SPDX-License-Identifier: MIT */
/* nc prints and ends as OpenBSD's netcat of Debian 12 (1.219) does. */
#include "shell/service.h"
#include "tests/unit/shell/bench.h"

static void mistakes_are_named_as_openbsds_nc_names_them(void)
{
	struct bench *b = bench_new();
	static const struct {
		const char *script, *says;
	} cases[] = {
		{"nc h2", "nc: missing port number\n"},
		{"nc -l", "nc: missing port number\n"},
		{"nc h2 0", "nc: port number too small: 0\n"},
		{"nc h2 70000", "nc: port number too large: 70000\n"},
		{"nc h2 abc", "nc: port number invalid: abc\n"},
		{"nc h2 80-x", "nc: port number invalid: x\n"},
		{"nc -w x h2 80", "nc: timeout invalid: x\n"},
		{"nc -w -1 h2 80", "nc: timeout too small: -1\n"},
		{"nc -q x h2 80", "nc: quit timer invalid: x\n"},
		{"nc -i x h2 80", "nc: interval invalid: x\n"},
		{"nc -M 300 h2 80", "nc: ttl too large: 300\n"},
		{"nc -I 0 h2 80", "nc: TCP receive window too small: 0\n"},
		{"nc -W 0 h2 80", "nc: receive limit too small: 0\n"},
		{"nc -T xx h2 80", "nc: illegal tos value xx\n"},
		{"nc -k h2 80", "nc: must use -l with -k\n"},
		{"nc -l -z 80", "nc: cannot use -z and -l\n"},
		{"nc nohost 80", "nc: getaddrinfo for host \"nohost\" port 80: Name or service not known\n"},
		{"nc -u -s 10.9.9.9 h2 80", "nc: bind failed: Cannot assign requested address\n"},
		{"nc -ul 10.9.9.9 80", "nc: Cannot assign requested address\n"},
		{"nc -6 h2 80", "nc: -6: tapir has no IPv6 yet (!nc is the machine's own)\n"},
		{"nc -U h2 80", "nc: -U: tapir has no Unix sockets (!nc is the machine's own)\n"},
		{"snc -c 10.0.0.1:", "nc: missing port number\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CU_ASSERT_EQUAL(bench_run(b, cases[i].script), 1);
		CU_ASSERT_STRING_EQUAL(b->text, cases[i].says);
		if (strcmp(b->text, cases[i].says) != 0)
			printf("%s printed:\n%s", cases[i].script, b->text);
	}
	bench_free(b);
}

static void ports_have_names(void)
{
	CU_ASSERT_STRING_EQUAL(service_name(80, false), "http");
	CU_ASSERT_PTR_NULL(service_name(80, true));
	CU_ASSERT_STRING_EQUAL(service_name(53, true), "domain");
	CU_ASSERT_EQUAL(service_port("chargen", true), 19);
	CU_ASSERT_EQUAL(service_port("nothing", false), 0);
	CU_ASSERT_EQUAL(service_port("ssh", true), 0);
}

static void a_datagram_listener_takes_the_first_sender_for_its_peer(void)
{
	BENCH_PRINTS("on h2 nc -luv 5000 & sleep 1; echo hello | nc -u -p 4000 -q 1 h2 5000; echo $?\n"
		     "echo other | nc -u -p 4001 -q 1 h2 5000; kill $!; wait",
		0, "Bound on 0.0.0.0 5000\nConnection received on 10.0.1.1 4000\nhello\n0\n");
	BENCH_PRINTS("on h2 nc -lukv 5000 & sleep 1; echo hello | nc -u -p 4000 -q 1 h2 5000\n"
		     "echo other | nc -u -p 4001 -q 1 h2 5000; kill $!; wait",
		0, "Bound on 0.0.0.0 5000\nhello\nother\n");
}

static void answers_come_back(void)
{
	BENCH_PRINTS("echo answer | on h2 nc -lu 5000 & sleep 1; echo hello | nc -u -w 1 h2 5000; kill $!", 0,
		"hello\nanswer\n");
}

static void a_closed_udp_port_is_found_by_probing_it(void)
{
	BENCH_PRINTS("on h2 nc -luk 5000 > /dev/null & sleep 1; nc -uzv h2 5000-5001; echo $?; kill $!", 0,
		"Connection to h2 (10.0.2.1) 5000 port [udp/*] succeeded!\n0\n");
	BENCH_PRINTS("nc -uzv 10.0.2.1 echo", 1, "");
	BENCH_PRINTS("nc -uz 10.0.2.1 53", 0, "");
	BENCH_PRINTS("echo hi | nc -u 10.0.2.1 53", 0, "");
	BENCH_PRINTS("ip route del default; nc -uv 10.0.9.1 53", 1,
		"nc: connect to 10.0.9.1 port 53 (udp) failed: Network is unreachable\n");
}

/* Lines a second apart; the last one is followed by two seconds of silence. */
static void lines_may_go_one_at_a_time(void)
{
	BENCH_PRINTS(
		"on h2 nc -lu -W 3 5000 & sleep 1; seq 3 > lines; time nc -u -i 1 -C -w 2 h2 5000 < lines\n"
		"!rm lines",
		0, "1\r\n2\r\n3\r\n\nreal\t0m4.000s\n");
}

static void tapips_options_are_understood_by_snc(void)
{
	BENCH_PRINTS(
		"on h2 snc -d -u -b 10.0.2.1:5000 & sleep 1; echo hi | snc -u -p 4000 -q 1 h2 5000; kill $!",
		0, "Bound on 10.0.2.1 5000\nConnection received on 10.0.1.1 4000\nhi\n");
	BENCH_PRINTS("snc -du -c 10.0.2.1:53", 1, "");
}

/* ---- TCP ---- */

static void a_connection_carries_bytes_both_ways_and_half_closes(void)
{
	BENCH_PRINTS("echo answer | on h2 nc -lv 5000 & sleep 1; echo hello | nc -v -p 4000 -N h2 5000; echo "
		     "$?; wait",
		0,
		"Listening on 0.0.0.0 5000\nConnection to h2 (10.0.2.1) 5000 port [tcp/*] succeeded!\n"
		"Connection received on 10.0.1.1 4000\nhello\nanswer\n0\n");
}

static void why_a_connection_fails_is_said_where_v_asks_for_it(void)
{
	BENCH_PRINTS("nc h2 80", 1, "");
	BENCH_PRINTS(
		"nc -v 10.0.2.1 80", 1, "nc: connect to 10.0.2.1 port 80 (tcp) failed: Connection refused\n");
	BENCH_PRINTS("ip route del default; nc -v 10.0.2.1 80", 1,
		"nc: connect to 10.0.2.1 port 80 (tcp) failed: Network is unreachable\n");
	BENCH_PRINTS(
		"nc -v 10.0.2.77 80", 1, "nc: connect to 10.0.2.77 port 80 (tcp) failed: No route to host\n");
	BENCH_PRINTS("nc -v -w 1 10.0.2.77 80", 1,
		"nc: connect to 10.0.2.77 port 80 (tcp) timed out: Operation now in progress\n");
}

static void ports_are_tried_one_after_the_other(void)
{
	BENCH_PRINTS("on h2 nc -lk 80 & sleep 1; nc -zv 10.0.2.1 79-81; echo $?\n"
		     "nc -zvr h2 81 http 2>&1 | !sort",
		0,
		"nc: connect to 10.0.2.1 port 79 (tcp) failed: Connection refused\n"
		"Connection to 10.0.2.1 80 port [tcp/http] succeeded!\n"
		"nc: connect to 10.0.2.1 port 81 (tcp) failed: Connection refused\n0\n"
		"Connection to h2 (10.0.2.1) 80 port [tcp/http] succeeded!\n"
		"nc: connect to h2 (10.0.2.1) port 81 (tcp) failed: Connection refused\n");
	BENCH_PRINTS("on h2 nc -lk 80 & sleep 1; nc -znv 10.0.2.1 80; time nc -zv -i 2 10.0.2.1 78-79", 1,
		"Connection to 10.0.2.1 80 port [tcp/*] succeeded!\n"
		"nc: connect to 10.0.2.1 port 78 (tcp) failed: Connection refused\n"
		"nc: connect to 10.0.2.1 port 79 (tcp) failed: Connection refused\n"
		"\nreal\t0m2.000s\n");
}

static void a_listener_with_k_takes_one_after_the_other(void)
{
	BENCH_PRINTS("on h2 nc -lkv 5000 & sleep 1; for i in 1 2 3; do echo $i | nc -N -p 400$i h2 5000; "
		     "done; kill $!",
		0,
		"Listening on 0.0.0.0 5000\nConnection received on 10.0.1.1 4001\n1\n"
		"Connection received on 10.0.1.1 4002\n2\nConnection received on 10.0.1.1 4003\n3\n");
}

static void silence_ends_it_after_w_seconds(void)
{
	BENCH_PRINTS(
		"on h2 nc -lk 5000 & sleep 1; time nc -w 3 h2 5000; echo $?", 0, "\nreal\t0m3.000s\n0\n");
	BENCH_PRINTS("on h2 nc -l -w 3 5000 & sleep 1; time nc h2 5000; echo $?", 0, "\nreal\t0m3.000s\n0\n");
}

static void q_leaves_some_time_after_the_end_of_input(void)
{
	BENCH_PRINTS("on h2 nc -luk 5000 & sleep 1; echo x > f; time nc -u -q 2 h2 5000 < f; echo $?; !rm f",
		0, "x\n\nreal\t0m2.000s\n0\n");
}

static void much_goes_through_with_pipes_at_both_ends(void)
{
	BENCH_PRINTS("on h2 nc -l 5000 | cat > numbers & sleep 1\n"
		     "for i in 1; do !seq 1000000; done | nc -N h2 5000; wait\n!cksum < numbers; !rm numbers",
		0, "3634730569 6888896\n");
}

SUITE(shell_cmd_nc, T(mistakes_are_named_as_openbsds_nc_names_them), T(ports_have_names),
	T(a_datagram_listener_takes_the_first_sender_for_its_peer), T(answers_come_back),
	T(a_closed_udp_port_is_found_by_probing_it), T(lines_may_go_one_at_a_time),
	T(tapips_options_are_understood_by_snc), T(a_connection_carries_bytes_both_ways_and_half_closes),
	T(why_a_connection_fails_is_said_where_v_asks_for_it), T(ports_are_tried_one_after_the_other),
	T(a_listener_with_k_takes_one_after_the_other), T(silence_ends_it_after_w_seconds),
	T(q_leaves_some_time_after_the_end_of_input), T(much_goes_through_with_pipes_at_both_ends))
