/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/typed.h"

#include "shell/complete.h"
#include "shell/internal.h"

/* What may follow: the offers with a space after each. */
static const char *offers(struct typed *t, const char *before, const char *word)
{
	char **list = complete_line(t->sh, before, strlen(before), word);
	size_t len = 0;

	t->text[0] = '\0';
	for (char **o = list; o && *o; o++)
		len += (size_t)snprintf(t->text + len, sizeof(t->text) - len, "%s ", *o);
	mem_words_free(list);
	return t->text;
}

#define OFFERS(before, word, expected) CU_ASSERT_STRING_EQUAL(offers(t, before, word), expected)

static void objects_verbs_devices_and_hosts_are_completed(void)
{
	struct typed *t = typed_new();

	type(t, "ip netns add h2; ip link add veth0 type veth peer name eth0 netns h2");
	OFFERS("ip ", "", "address link maddress monitor neighbor neighbour netns route ");
	OFFERS("ip ", "-j", "-json ");
	OFFERS("ip ", "ro", "route ");
	OFFERS("ip link ", "s", "set show ");
	OFFERS("ip l set ", "ve", "veth0 ");
	OFFERS("ip link show ", "l", "lo ");
	OFFERS("ip link add ", "li", "link ");
	OFFERS("ip link add a type ", "ve", "veth ");
	OFFERS("ip link add a type veth ", "p", "peer ");
	OFFERS("ip addr add 10.0.0.1/24 dev ", "", "lo veth0 ");
	OFFERS("ip -n ", "", "h1 h2 ");
	OFFERS("ip -n h2 addr show dev ", "", "eth0 lo ");
	OFFERS("ip link set veth0 netns ", "", "h1 h2 ");
	OFFERS("ip netns ", "e", "exec ");
	OFFERS("ip netns exec ", "", "h1 h2 ");
	OFFERS("ip netns exec h2 ifconf", "ifconf", "");
	OFFERS("ip netns exec h2 ", "ifconf", "ifconfig ");
	OFFERS("ip netns exec h2 ip addr show dev ", "", "eth0 lo ");
	OFFERS("ip monitor ", "n", "neigh nsid ");
	OFFERS("ifconfig ", "v", "veth0 ");
	typed_free(t);
}

static void beginnings_of_words_will_do(void)
{
	static const struct {
		const char *brief, *whole;
	} pairs[] = {
		{"ip a", "ip address show"},
		{"ip a s lo", "ip address show lo"},
		{"ip l", "ip link show"},
		{"ip l sh", "ip link show"},
		{"ip r", "ip route show"},
		{"ip ro s t", "ip route show t"},
		{"ip n", "ip neighbour show"},
		{"ip m", "ip maddress show"},
		{"ip net", "ip netns list"},
		{"ip -s -s l", "ip -statistics -stats link"},
		{"ip --br a", "ip -brief address"},
		{"ip -f inet a", "ip -4 address"},
	};
	struct typed *t = typed_new();

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		char *whole = strdup(type(t, pairs[i].whole));
		CU_ASSERT_STRING_EQUAL(type(t, pairs[i].brief), whole);
		free(whole);
	}
	typed_free(t);
}

static void help_names_every_command_of_an_object(void)
{
	struct typed *t = typed_new();

	type(t, "ip neigh help");
	CU_ASSERT_EQUAL(t->status, 255);
	CU_ASSERT_NSTRING_EQUAL(t->text, "Usage: ip neigh add { ADDRESS", 29);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->text, "\n       ip neigh flush "));
	type(t, "ip");
	CU_ASSERT_EQUAL(t->status, 255);
	CU_ASSERT_NSTRING_EQUAL(t->text, "Usage: ip [ OPTIONS ] OBJECT", 28);
	TYPE(t, "ip -V", "ip utility, of tapir, after iproute2-6.1.0\n");
	typed_free(t);
}

SUITE(shell_cmd_ip, T(objects_verbs_devices_and_hosts_are_completed), T(beginnings_of_words_will_do),
	T(help_names_every_command_of_an_object))
