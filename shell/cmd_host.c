/* SPDX-License-Identifier: MIT */
/* Commands that run other commands: on, sudo, sh, bash; and su and modprobe, which have nothing to do. */
#include "shell/internal.h"

#include <errno.h>

/* ---- on ---- */

static bool is_shell(const char *name)
{
	return strcmp(name, "bash") == 0 || strcmp(name, "sh") == 0;
}

static int enter(struct cmd *c, struct stack *host)
{
	if (machine_root(run_of(c)->machine) != c->shell->main)
		return cmd_error(c, "a job has no prompt to go to another host");
	shell_enter_host(c->shell, host);
	return CMD_OK;
}

static void line_done(struct cmd *c, int status)
{
	cmd_done(c, status);
}

/* One word with spaces is a line of its own: on h2 'ping x; ping y'. */
static int run_line(struct cmd *c, struct stack *host, const char *line)
{
	int err = cmd_spawn(c, host, line, line_done);

	return err ? cmd_error(c, "%s", strerror(-err)) : CMD_RUNNING;
}

static int on_run(struct cmd *c)
{
	struct stack *host;

	if (c->argc < 2)
		return cmd_usage(c, "which host?");
	host = stack_by_name(c->world, c->argv[1]);
	if (!host)
		return cmd_error(
			c, "no host is called %s (ip netns add %s makes one)", c->argv[1], c->argv[1]);
	if (c->argc == 2 || (c->argc == 3 && is_shell(c->argv[2])))
		return enter(c, host);
	if (c->argv[2][0] == '!')
		return cmd_error(c,
			"a program of the machine cannot run on %s, which is inside tapir: the "
			"machine does not know it",
			host->name);
	if (c->argc == 3 && strchr(c->argv[2], ' '))
		return run_line(c, host, c->argv[2]);
	return cmd_become(c, host, c->argc - 2, c->argv + 2);
}

static void on_complete(struct completion *w)
{
	struct stack *host = w->argc > 1 ? stack_by_name(w->shell->world, w->argv[1]) : NULL;

	if (w->argc == 1)
		complete_hosts(w);
	else if (host) {
		w->host = host;
		complete_rest(w, 2);
	}
}

const struct command cmd_on = {
	.name = "on",
	.run = on_run,
	.usage = "on HOST [COMMAND...]",
	.about = "run a command on another host, or go there (exit comes back)",
	.example = "on h2 ping -c 1 10.0.0.1\non h2\n",
	.man = "ip-netns(8)",
	.complete = on_complete,
};

/* ---- sudo ---- */

static int sudo_run(struct cmd *c)
{
	int i = 1;

	while (i < c->argc && c->argv[i][0] == '-')
		i += strcmp(c->argv[i], "-u") == 0 ? 2 : 1;
	if (i >= c->argc)
		return CMD_OK;
	if (c->argv[i][0] == '!')
		return cmd_error(c, "a program of the machine begins the line: !sudo ...");
	return cmd_become(c, c->host, c->argc - i, c->argv + i);
}

static void sudo_complete(struct completion *w)
{
	complete_rest(w, 1);
}

const struct command cmd_sudo = {
	.name = "sudo",
	.run = sudo_run,
	.usage = "sudo COMMAND...",
	.about = "run the command: here everybody may do everything",
	.example = "sudo ip link set eth0 up\n",
	.man = "sudo(8)",
	.complete = sudo_complete,
};

/* ---- sh ---- */

static int sh_run(struct cmd *c)
{
	if (c->argc == 1)
		return enter(c, c->host);
	if (c->argc == 3 && strcmp(c->argv[1], "-c") == 0)
		return run_line(c, c->host, c->argv[2]);
	if (c->argv[1][0] == '-')
		return cmd_error(
			c, "of options only -c LINE is understood; !%s is the machine's", c->argv[0]);
	c->argv[0] = (char[]){"source"};
	return cmd_become(c, c->host, c->argc, c->argv);
}

const struct command cmd_sh = {
	.name = "sh",
	.run = sh_run,
	.usage = "sh [-c LINE | FILE [WORD...]]",
	.about = "run a line or the commands of a file; or a prompt until exit",
	.example = "sudo sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'\n",
	.man = "sh(1)",
	.complete = complete_files,
};

const struct command cmd_bash = {
	.name = "bash",
	.run = sh_run,
	.usage = "bash [-c LINE | FILE [WORD...]]",
	.about = "the same",
	.example = "bash lab.tapir\n",
	.man = "bash(1)",
	.complete = complete_files,
};

/* ---- su, modprobe ---- */

static int succeed(struct cmd *c)
{
	(void)c;
	return CMD_OK;
}

const struct command cmd_su = {
	.name = "su",
	.run = succeed,
	.usage = "su [-]",
	.about = "succeed: here everybody may do everything",
	.example = "sudo su\n",
	.man = "su(1)",
};

const struct command cmd_modprobe = {
	.name = "modprobe",
	.run = succeed,
	.usage = "modprobe MODULE...",
	.about = "succeed: everything is there already",
	.example = "modprobe veth\n",
	.man = "modprobe(8)",
};
