/* SPDX-License-Identifier: MIT */
#include "shell/complete.h"
#include "tests/unit/shell/fixture.h"

#include <sys/stat.h>

/* What is offered for the word behind the last blank, separated by spaces. */
static char *offers(const char *line)
{
	const char *word = strrchr(line, ' ');
	struct fixture *f = fixture_new();
	struct buf b = {0};
	char **list;

	shell_add_host(f->sh, "h2");
	word = word ? word + 1 : line;
	list = complete_line(f->sh, line, (size_t)(word - line), word);
	for (char **o = list; *o; o++)
		buf_printf(&b, "%s%s", b.len ? " " : "", *o);
	mem_words_free(list);
	fixture_free(f);
	return buf_take(&b);
}

#define OFFERS(line, expected)                          \
	do {                                            \
		char *o_ = offers(line);                \
		CU_ASSERT_STRING_EQUAL(o_, expected);   \
		if (strcmp(o_, expected) != 0)          \
			printf("%s -> %s\n", line, o_); \
		free(o_);                               \
	} while (0)

static void commands_stand_where_commands_may(void)
{
	OFFERS("modp", "modprobe");
	OFFERS("true; modp", "modprobe");
	OFFERS("true && modp", "modprobe");
	OFFERS("true | modp", "modprobe");
	OFFERS("for x in 1; do modp", "modprobe");
	OFFERS("X=1 modp", "modprobe");
	OFFERS("echo modp", "");
}

static void hosts_and_the_commands_behind_them(void)
{
	OFFERS("on h", "h1 h2");
	OFFERS("on h2 modp", "modprobe");
	OFFERS("on h2 sudo on h", "h1 h2");
	OFFERS("sudo time modp", "modprobe");
	OFFERS("help modp", "modprobe");
}

static void options_are_those_of_the_help(void)
{
	OFFERS("watch -", "-n -t");
	OFFERS("clock s", "show speed step");
	OFFERS("clock until p", "packet ping ping2");
	OFFERS("clock while on h", "h1 h2");
	OFFERS("clock speed ", "100x 10x");
	OFFERS("sudo set -", "-e");
	OFFERS("echo -", "-e -n");
	OFFERS("true -", "");
	OFFERS("ping -M d", "do dont");
	OFFERS("ping -T tsp", "tsprespec");
	OFFERS("ping h", "h1 h2");
	OFFERS("ip link add v0 type ", "bridge dummy hub ipvlan macvlan macvtap veth vlan");
	OFFERS("ip link set eth0 type ", "bridge bridge_slave dummy hub ipvlan macvlan macvtap veth vlan");
	OFFERS("tc qdisc ", "add change del replace show");
	OFFERS("tc qdisc add dev lo root n", "netem noqueue");
	OFFERS("tc qdisc add dev lo root netem d", "delay distribution duplicate");
}

static void programs_of_the_machine_stand_behind_an_exclamation_mark(void)
{
	char *path = mem_text(getenv("PATH"));

	CU_ASSERT_EQUAL_FATAL(mkdir("complete.tmp", 0700), 0);
	close(open("complete.tmp/tool", O_CREAT | O_WRONLY | O_CLOEXEC, 0700));
	setenv("PATH", "complete.tmp", 1);
	OFFERS("!t", "!tool");
	OFFERS("echo | !to", "!tool");
	OFFERS("!", "");
	OFFERS("echo !t", "");
	setenv("PATH", path, 1);
	free(path);
	unlink("complete.tmp/tool");
	rmdir("complete.tmp");
}

static void files_stand_behind_redirections_and_programs(void)
{
	CU_ASSERT_EQUAL_FATAL(mkdir("complete.tmp", 0700), 0);
	close(open("complete.tmp/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	OFFERS("echo > compl", "complete.tmp/");
	OFFERS("cat < complete.tmp/", "complete.tmp/file");
	OFFERS("!ls complete.tmp/f", "complete.tmp/file");
	OFFERS("source complete.tmp/f", "complete.tmp/file");
	OFFERS("cat complete.tmp/.", "");
	unlink("complete.tmp/file");
	rmdir("complete.tmp");
}

static void jobs_are_offered_to_those_who_take_them(void)
{
	struct fixture *f = fixture_new();
	char **list;

	fixture_run(f, "sleep 10 & sleep 10 &");
	list = complete_line(f->sh, "kill ", 5, "%");
	CU_ASSERT_STRING_EQUAL(list[0], "%1");
	CU_ASSERT_STRING_EQUAL(list[1], "%2");
	CU_ASSERT_PTR_NULL(list[2]);
	mem_words_free(list);
	fixture_free(f);
}

SUITE(shell_complete, T(commands_stand_where_commands_may), T(hosts_and_the_commands_behind_them),
	T(options_are_those_of_the_help), T(programs_of_the_machine_stand_behind_an_exclamation_mark),
	T(files_stand_behind_redirections_and_programs), T(jobs_are_offered_to_those_who_take_them))
