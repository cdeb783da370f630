/* SPDX-License-Identifier: MIT */
/* ss's filters: which sockets they let through. */
#include "shell/ss_filter.h"
#include "tests/unit/lab.h"

static const struct socket_row web = {.kind = SOCKET_TCP,
	.end = {.state = TCP_ESTABLISHED,
		.local = 0x0a000001,
		.local_port = 40000,
		.remote = 0x0a000002,
		.remote_port = 80}};
static const struct socket_row server = {.kind = SOCKET_TCP, .end = {.state = TCP_LISTEN, .local_port = 22}};

/* 1: it passes, 0: it does not, -1: the filter is wrong. */
static int ask(const char *text, const struct socket_row *row)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	char copy[256];
	char *words[] = {copy, NULL};
	struct ss_filter f;
	struct buf why = {0};
	int answer = -1;

	snprintf(copy, sizeof(copy), "%s", text);
	if (ss_filter_parse(&f, s, words, &why)) {
		answer = ss_filter_matches(&f, row);
		ss_filter_free(&f);
	}
	CU_ASSERT_EQUAL(answer<0, why.len> 0);
	buf_exit(&why);
	lab_free(l);
	return answer;
}

static void states_are_named_or_excluded(void)
{
	CU_ASSERT_EQUAL(ask("", &web), 1);
	CU_ASSERT_EQUAL(ask("state established", &web), 1);
	CU_ASSERT_EQUAL(ask("state time-wait", &web), 0);
	CU_ASSERT_EQUAL(ask("state time-wait state established", &web), 1);
	CU_ASSERT_EQUAL(ask("exclude established", &web), 0);
	CU_ASSERT_EQUAL(ask("state connected exclude syn-sent", &web), 1);
	CU_ASSERT_EQUAL(ask("state connected", &server), 0);
	CU_ASSERT_EQUAL(ask("state listening", &server), 1);
	CU_ASSERT_EQUAL(ask("state all", &server), 1);
	CU_ASSERT_EQUAL(ask("state bucket", &web), 0);
	CU_ASSERT_EQUAL(ask("state nonsense", &web), -1);
	CU_ASSERT_EQUAL(ask("state", &web), -1);
}

static void ports_are_compared(void)
{
	CU_ASSERT_EQUAL(ask("dport = :80", &web), 1);
	CU_ASSERT_EQUAL(ask("dport == 80", &web), 1);
	CU_ASSERT_EQUAL(ask("dport :http", &web), 1);
	CU_ASSERT_EQUAL(ask("dport=:81", &web), 0);
	CU_ASSERT_EQUAL(ask("sport = :80", &web), 0);
	CU_ASSERT_EQUAL(ask("sport >= :1024", &web), 1);
	CU_ASSERT_EQUAL(ask("sport gt :40000", &web), 0);
	CU_ASSERT_EQUAL(ask("sport le :40000", &web), 1);
	CU_ASSERT_EQUAL(ask("sport < :40000", &web), 0);
	CU_ASSERT_EQUAL(ask("dport != :80", &web), 0);
	CU_ASSERT_EQUAL(ask("dport neq :81", &web), 1);
	CU_ASSERT_EQUAL(ask("dport = 10.0.0.2:80", &web), 1);
	CU_ASSERT_EQUAL(ask("dport = :99999", &web), -1);
	CU_ASSERT_EQUAL(ask("dport = :gopher-mail", &web), -1);
	CU_ASSERT_EQUAL(ask("dport =", &web), -1);
}

static void addresses_are_prefixes(void)
{
	CU_ASSERT_EQUAL(ask("dst 10.0.0.2", &web), 1);
	CU_ASSERT_EQUAL(ask("dst 10.0.0.0/24", &web), 1);
	CU_ASSERT_EQUAL(ask("dst = 10/8", &web), 1);
	CU_ASSERT_EQUAL(ask("dst 10.0.1.0/24", &web), 0);
	CU_ASSERT_EQUAL(ask("src 10.0.0.1:40000", &web), 1);
	CU_ASSERT_EQUAL(ask("src 10.0.0.1:40001", &web), 0);
	CU_ASSERT_EQUAL(ask("dst :80", &web), 1);
	CU_ASSERT_EQUAL(ask("dst != 10.0.0.0/8", &web), 0);
	CU_ASSERT_EQUAL(ask("src *:*", &web), 1);
	CU_ASSERT_EQUAL(ask("dst 10.0.0.999", &web), -1);
}

static void conditions_are_joined(void)
{
	CU_ASSERT_EQUAL(ask("dport = :80 and sport = :40000", &web), 1);
	CU_ASSERT_EQUAL(ask("dport = :80 sport = :1", &web), 0);
	CU_ASSERT_EQUAL(ask("dport = :81 or sport = :40000", &web), 1);
	CU_ASSERT_EQUAL(ask("not dport = :80", &web), 0);
	CU_ASSERT_EQUAL(ask("! dport = :81 & ! dport = :82", &web), 1);
	CU_ASSERT_EQUAL(ask("( dport = :81 or dport = :80 ) and src 10/8", &web), 1);
	CU_ASSERT_EQUAL(ask("dport = :80 or ( dport = :81 and dport = :82 )", &web), 1);
	CU_ASSERT_EQUAL(ask("(dport=:80||dport=:443)&&not(src 11/8)", &web), 1);
	CU_ASSERT_EQUAL(ask("state established dport = :80 | sport = :80", &web), 1);
	/* "and" binds closer than "or" */
	CU_ASSERT_EQUAL(ask("dport = :80 or dport = :81 and dport = :82", &web), 1);
	CU_ASSERT_EQUAL(ask("( dport = :80", &web), -1);
	CU_ASSERT_EQUAL(ask("dport = :80 )", &web), -1);
	CU_ASSERT_EQUAL(ask("dport = :80 or", &web), -1);
	CU_ASSERT_EQUAL(ask("whatever", &web), -1);
	CU_ASSERT_EQUAL(ask("not", &web), -1);
}

static void depth_is_bounded(void)
{
	char text[256];

	memset(text, '(', 200);
	text[200] = '\0';
	CU_ASSERT_EQUAL(ask(text, &web), -1);
	memset(text, '!', 200);
	CU_ASSERT_EQUAL(ask(text, &web), -1);
}

static void a_device_is_the_one_a_socket_is_bound_to(void)
{
	CU_ASSERT_EQUAL(ask("dev lo", &web), 0);
	CU_ASSERT_EQUAL(ask("dev != lo", &web), 1);
	CU_ASSERT_EQUAL(ask("dev eth7", &web), -1);
}

SUITE(shell_ss_filter, T(states_are_named_or_excluded), T(ports_are_compared), T(addresses_are_prefixes),
	T(conditions_are_joined), T(depth_is_bounded), T(a_device_is_the_one_a_socket_is_bound_to))
