/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/typed.h"

static struct typed *with_pair(void)
{
	struct typed *t = typed_new();

	TYPE(t,
		"ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up;"
		"ip addr add 10.0.0.1/24 dev v0",
		"");
	return t;
}

static void entries_are_shown_as_iproute2_shows_them(void)
{
	struct typed *t = with_pair();

	TYPE(t, "ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:55 dev v0", "");
	TYPE(t, "ip n a 10.0.0.51 lladdr 02:00:00:00:00:56 dev v0 nud reachable", "");
	TYPE(t, "ip neigh add 10.0.0.52 lladdr 02:00:00:00:00:57 nud stale dev v0", "");
	TYPE(t, "ip neigh add 10.0.0.53 dev v0 nud failed", "");
	TYPE(t, "ip neigh add 10.0.0.54 lladdr 02:00:00:00:00:58 dev v0 nud noarp", "");
	TYPE(t, "ip neigh",
		"10.0.0.50 dev v0 lladdr 02:00:00:00:00:55 PERMANENT \n"
		"10.0.0.51 dev v0 lladdr 02:00:00:00:00:56 REACHABLE \n"
		"10.0.0.52 dev v0 lladdr 02:00:00:00:00:57 STALE \n"
		"10.0.0.53 dev v0 FAILED \n");
	TYPE(t, "ip neigh show dev v0 nud permanent nud noarp",
		"10.0.0.50 lladdr 02:00:00:00:00:55 PERMANENT \n10.0.0.54 lladdr 02:00:00:00:00:58 NOARP \n");
	TYPE(t, "ip -j neigh show to 10.0.0.52/31",
		"[{\"dst\":\"10.0.0.52\",\"dev\":\"v0\",\"lladdr\":\"02:00:00:00:00:57\",\"state\":["
		"\"STALE\"]},"
		"{\"dst\":\"10.0.0.53\",\"dev\":\"v0\",\"state\":[\"FAILED\"]}]\n");
	TYPE(t, "ip neigh get 10.0.0.50 dev v0", "10.0.0.50 dev v0 lladdr 02:00:00:00:00:55 PERMANENT \n");
	typed_free(t);
}

static void proxies_are_a_list_of_their_own(void)
{
	struct typed *t = with_pair();

	TYPE(t, "ip neigh add proxy 10.0.0.88 dev v0; ip neigh", "");
	TYPE(t, "ip neigh show proxy", "10.0.0.88 dev v0 proxy \n");
	TYPE(t, "ip -j neigh show proxy", "[{\"dst\":\"10.0.0.88\",\"dev\":\"v0\",\"proxy\":null}]\n");
	TYPE(t, "ip neigh del proxy 10.0.0.88 dev v0; ip neigh show proxy", "");
	typed_free(t);
}

static void flush_spares_what_is_permanent(void)
{
	struct typed *t = with_pair();

	type(t, "ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:55 dev v0");
	type(t, "ip neigh add 10.0.0.51 lladdr 02:00:00:00:00:56 dev v0 nud stale");
	TYPE(t, "ip -s neigh flush dev v0",
		"\n*** Round 1, deleting 1 entries ***\n*** Flush is complete after 1 round ***\n");
	TYPE(t, "ip neigh", "10.0.0.50 dev v0 lladdr 02:00:00:00:00:55 PERMANENT \n");
	TYPE(t, "ip -s neigh flush all", "Nothing to flush.\n");
	TYPE(t, "ip neigh flush all nud permanent; ip neigh", "");
	typed_free(t);
}

static void replace_and_change_touch_what_is_there(void)
{
	struct typed *t = with_pair();

	TYPE_STATUS(t, "ip neigh change 10.0.0.50 lladdr 02:00:00:00:00:55 dev v0",
		"RTNETLINK answers: No such file or directory\n", 2);
	TYPE(t, "ip neigh replace 10.0.0.50 lladdr 02:00:00:00:00:55 dev v0", "");
	TYPE_STATUS(t, "ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:56 dev v0",
		"RTNETLINK answers: File exists\n", 2);
	TYPE(t, "ip neigh change 10.0.0.50 lladdr 02:00:00:00:00:56 dev v0; ip neigh",
		"10.0.0.50 dev v0 lladdr 02:00:00:00:00:56 PERMANENT \n");
	TYPE(t, "ip neigh del 10.0.0.50 dev v0; ip neigh", "");
	TYPE_STATUS(t, "ip neigh del 10.0.0.50 dev v0", "RTNETLINK answers: No such file or directory\n", 2);
	typed_free(t);
}

static void bad_requests_are_refused_as_iproute2_does(void)
{
	static const struct {
		const char *line, *says;
		int status;
	} cases[] = {
		{"ip neigh add 10.0.0.1", "Device and destination are required arguments.\n", 255},
		{"ip neigh add dev v0 lladdr 02:00:00:00:00:09",
			"Device and destination are required arguments.\n", 255},
		{"ip neigh add 10.0.0.9 lladdr zz dev v0", "\"zz\" is invalid lladdr.\n", 1},
		{"ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev nodev", "Cannot find device \"nodev\"\n",
			1},
		{"ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0 nud foo",
			"Error: argument \"foo\" is wrong: nud state is bad\n", 255},
		{"ip neigh add foo dev v0", "Error: any valid address is expected rather than \"foo\".\n", 1},
		{"ip neigh add 10.0.0.77 dev v0", "Error: No link layer address given.\n", 2},
		{"ip neigh show nud foo", "Error: argument \"foo\" is wrong: nud state is bad\n", 255},
		{"ip neigh show dev nodev", "Cannot find device \"nodev\"\n", 1},
		{"ip neigh flush", "Flush requires arguments.\n", 1},
		{"ip neigh foo", "Command \"foo\" is unknown, try \"ip neigh help\".\n", 255},
	};
	struct typed *t = with_pair();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		TYPE_STATUS(t, cases[i].line, cases[i].says, cases[i].status);
	typed_free(t);
}

SUITE(shell_ip_neigh, T(entries_are_shown_as_iproute2_shows_them), T(proxies_are_a_list_of_their_own),
	T(flush_spares_what_is_permanent), T(replace_and_change_touch_what_is_there),
	T(bad_requests_are_refused_as_iproute2_does))
