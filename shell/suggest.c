/* SPDX-License-Identifier: MIT */
/* Suggestions for mistyped commands: the nearest name (optimal string alignment distance), or the machine's
 * program of that name. */
#include "shell/suggest.h"

#include <stdlib.h>
#include <unistd.h>

enum { NAME_MAX_LEN = 24, NOT_FOUND = 127 };

unsigned suggest_distance(const char *a, const char *b, unsigned limit)
{
	unsigned d[NAME_MAX_LEN + 1][NAME_MAX_LEN + 1];
	size_t na = strlen(a), nb = strlen(b);

	if (na > NAME_MAX_LEN || nb > NAME_MAX_LEN)
		return limit + 1;
	for (size_t i = 0; i <= na; i++) {
		for (size_t j = 0; j <= nb; j++) {
			unsigned best;

			if (i == 0 || j == 0) {
				d[i][j] = (unsigned)(i + j);
				continue;
			}
			best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			best = MIN(best, MIN(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return MIN(d[na][nb], limit + 1);
}

/* The name that is nearest to what was typed, when it is near: not all of it may be wrong. */
static const char *nearest(const char *typed)
{
	size_t len = strlen(typed);
	unsigned limit = len > 3 ? 2 : len > 1, best = limit + 1;
	const char *name = NULL;

	for (const struct command *const *c = shell_commands; *c; c++) {
		unsigned d = (*c)->run ? suggest_distance(typed, (*c)->name, limit) : limit + 1;

		if (d < best) {
			best = d;
			name = (*c)->name;
		}
	}
	return name;
}

bool suggest_is_program(const char *name)
{
	const char *path = getenv("PATH");
	char file[512];

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
		snprintf(file, sizeof(file), "%.*s/%s", (int)strcspn(path, ":"), path, name);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

static bool has_word(const char *words, const char *word)
{
	for (size_t len; *words; words += len, words += strspn(words, " ")) {
		len = strcspn(words, " ");
		if (len == strlen(word) && memcmp(words, word, len) == 0)
			return true;
	}
	return false;
}

/* What people know from Linux and tapir does not have, and why or what to do instead. The machine's programs of these
 * names would show and change the kernel's end of the wire, so these words come before that advice. */
static const char *why_lacking(const char *name)
{
	static const struct {
		const char *names, *words;
	} rows[] = {
		{"iptables iptables-save iptables-restore nft ebtables arptables ufw firewall-cmd conntrack",
			"tapir has no packet filter and no NAT yet"},
		{"ping6 ip6tables tracepath6 traceroute6 rdisc6", "tapir speaks IPv4 only"},
		{"tshark wireshark", "tapir has tcpdump, which writes files for it"},
		{"tunctl openvpn", "a TAP device is attached when tapir starts: tapir --tap NAME"},
		{"ethtool", "tapir's devices have no such settings"},
		{"nmcli netplan networkctl ifup ifdown systemctl service",
			"no daemon manages tapir's network: ip does"},
		{"apt apt-get aptitude dnf yum pacman apk",
			"nothing has to be installed for tapir's commands"},
		{"lsmod rmmod insmod", "tapir needs no modules"},
		{"dhcpcd pump", "tapir's DHCP clients are dhclient and udhcpc"},
		{"unshare nsenter lxc docker podman",
			"hosts are made by `ip netns add NAME`, and entered by `on NAME`"},
		{"ovs-vsctl ovs-ofctl", "tapir's switch is `ip link add br0 type bridge`"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (has_word(rows[i].names, name))
			return rows[i].words;
	return NULL;
}

int suggest_unknown(struct cmd *c)
{
	const char *name = c->argv[0], *near = nearest(name), *why = why_lacking(name);

	fprintf(c->err, "%s: command not found", name);
	if (why)
		fprintf(c->err, ": %s (!%s is the machine's own, at the kernel's end)", why, name);
	else if (name[0] == '!')
		fprintf(c->err, ": a program of the machine can only begin a line: %s", name);
	else if (suggest_is_program(name))
		fprintf(c->err, ": !%s runs the machine's program", name);
	else if (near)
		fprintf(c->err, ": did you mean %s?", near);
	fputc('\n', c->err);
	return NOT_FOUND;
}
