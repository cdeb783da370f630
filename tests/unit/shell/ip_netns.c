/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/typed.h"

static void hosts_are_made_listed_and_deleted(void)
{
	struct typed *t = typed_new();

	TYPE(t, "ip netns add h2; ip netns add h3; ip netns", "h1\nh2\nh3\n");
	TYPE(t, "ip -j netns list", "[{\"name\":\"h1\"},{\"name\":\"h2\"},{\"name\":\"h3\"}]\n");
	TYPE(t, "ip netns del h2; ip netns list", "h1\nh3\n");
	TYPE_STATUS(t, "ip netns add h3", "Cannot create namespace file \"/run/netns/h3\": File exists\n", 1);
	TYPE_STATUS(t, "ip netns add a/b", "Invalid netns name \"a/b\"\n", 255);
	TYPE_STATUS(t, "ip netns add", "No netns name specified\n", 1);
	TYPE_STATUS(t, "ip netns del h9",
		"Cannot remove namespace file \"/run/netns/h9\": No such file or directory\n", 1);
	typed_free(t);
}

static void exec_runs_a_command_on_the_host(void)
{
	struct typed *t = typed_new();

	TYPE(t, "ip netns add h2; ip netns exec h2 ip link set lo up; ip netns exec h2 hostname", "h2\n");
	TYPE(t, "ip netns exec h2 ip -br addr", "lo               UNKNOWN        127.0.0.1/8 \n");
	TYPE(t, "ip -n h2 netns identify", "h2\n");
	TYPE(t, "ip -n h2 link set lo down; ip -n h2 -br addr",
		"lo               DOWN           127.0.0.1/8 \n");
	TYPE_STATUS(t, "ip netns exec h2 false", "", 1);
	TYPE_STATUS(t, "ip netns exec h9 true",
		"Cannot open network namespace \"h9\": No such file or directory\n", 255);
	TYPE_STATUS(t, "ip netns exec h2", "No command specified\n", 1);
	TYPE_STATUS(t, "ip netns exec", "No netns name specified\n", 1);
	typed_free(t);
}

static void a_line_for_sh_is_a_line_of_this_shell(void)
{
	struct typed *t = typed_new();

	TYPE(t, "ip netns add h2; ip netns exec h2 sh -c 'hostname; echo a b'", "h2\na b\n");
	TYPE_STATUS(t, "ip netns exec h2 bash -c 'hostname; false'", "h2\n", 1);
	typed_free(t);
}

static void all_hosts_in_turn(void)
{
	struct typed *t = typed_new();

	TYPE(t, "ip netns add h2; ip -all netns exec echo \"it's  me\"",
		"\nnetns: h1\nit's  me\n\nnetns: h2\nit's  me\n");
	typed_free(t);
}

static void a_program_of_the_machine_is_told_why(void)
{
	struct typed *t = typed_new();

	type(t, "ip netns add h2");
	type(t, "ip netns exec h2 tar x");
	CU_ASSERT_EQUAL(t->status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->text, "it is a program of this machine"));
	TYPE_STATUS(t, "ip netns exec h2 nosuchthing",
		"exec of \"nosuchthing\" failed: No such file or directory\n", 1);
	typed_free(t);
}

SUITE(shell_ip_netns, T(hosts_are_made_listed_and_deleted), T(exec_runs_a_command_on_the_host),
	T(a_line_for_sh_is_a_line_of_this_shell), T(all_hosts_in_turn),
	T(a_program_of_the_machine_is_told_why))
