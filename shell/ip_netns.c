/* SPDX-License-Identifier: MIT */
/*
 * `ip netns`: the hosts of this tapir. A namespace is a host of its own, so `exec` runs a command of tapir
 * there; a program of the machine cannot be, and is told why.
 */
#include "shell/internal.h"
#include "shell/ipcmd.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

unsigned ipcmd_netns_id(const struct stack *s)
{
	unsigned id = 0;

	list_each(other, &s->world->stacks, struct stack, node) {
		if (other == s)
			break;
		id++;
	}
	return id;
}

static int needs_name(struct ipcmd *ip)
{
	return ipcmd_fail(ip, IPCMD_FAILED, "No netns name specified");
}

/* ---- list, identify, add, del ---- */

static int list(struct ipcmd *ip)
{
	show_begin(&ip->show);
	list_each(s, &ip->s->world->stacks, struct stack, node) {
		show_object(&ip->show);
		show_str(&ip->show, "name", "%s\n", s->name);
		show_close(&ip->show);
	}
	show_end(&ip->show);
	return CMD_OK;
}

static int identify(struct ipcmd *ip)
{
	fprintf(ip->c->out, "%s\n", ip->s->name);
	return CMD_OK;
}

static int add(struct ipcmd *ip)
{
	const char *name = *ip->argv;

	if (!name)
		return needs_name(ip);
	if (shell_add_host(ip->c->shell, name))
		return CMD_OK;
	if (errno == EINVAL)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Invalid netns name \"%s\"", name);
	return ipcmd_fail(ip, IPCMD_FAILED, "Cannot create namespace file \"/run/netns/%s\": %s", name,
		strerror(errno));
}

static int del_one(struct ipcmd *ip, const char *name)
{
	struct stack *s = stack_by_name(ip->c->world, name);
	int err = s ? shell_del_host(ip->c->shell, s) : -ENOENT;

	return err ? ipcmd_fail(ip, IPCMD_FAILED, "Cannot remove namespace file \"/run/netns/%s\": %s", name,
			     strerror(-err))
		   : CMD_OK;
}

/* All but the one we are on. */
static int del_all(struct ipcmd *ip)
{
	int status = CMD_OK;

	list_each_safe(s, &ip->c->world->stacks, struct stack, node)
		if (s != ip->c->host)
			status |= del_one(ip, s->name);
	return status;
}

static int del(struct ipcmd *ip)
{
	if (ip->all)
		return del_all(ip);
	return *ip->argv ? del_one(ip, *ip->argv) : needs_name(ip);
}

/* ---- exec ---- */

static bool among(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static bool is_shell(const char *name)
{
	static const char *const shells[] = {"sh", "bash", "dash", "zsh", "fish", "ksh", NULL};
	const char *slash = strrchr(name, '/');

	return among(slash ? slash + 1 : name, shells);
}

static bool is_program(const char *name)
{
	const char *path = getenv("PATH");
	char file[4096];

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	while (path && *path) {
		size_t len = strcspn(path, ":");
		snprintf(file, sizeof(file), "%.*s/%s", (int)len, path, name);
		if (access(file, X_OK) == 0)
			return true;
		path += len + (path[len] == ':');
	}
	return false;
}

static int not_ours(struct ipcmd *ip, const struct stack *s, const char *name)
{
	if (!is_program(name))
		return ipcmd_fail(ip, IPCMD_FAILED, "exec of \"%s\" failed: %s", name, strerror(ENOENT));
	return ipcmd_fail(ip, IPCMD_FAILED,
		"exec of \"%s\" failed: it is a program of this machine and uses the kernel's network;\n"
		"host %s lives inside tapir, where only tapir's own commands run (see `help`).",
		name, s->name);
}

/* `bash` alone goes to the host, as `on HOST` does; `bash -c LINE` is a line of this shell. */
static int run_shell(struct ipcmd *ip, struct stack *s)
{
	char **argv = ip->argv + 1;

	if (!*argv)
		return cmd_become(ip->c, ip->c->host, 2, (char *[]){"on", s->name, NULL});
	if (strcmp(*argv, "-c") == 0 && argv[1])
		return cmd_become(ip->c, s, 3, (char *[]){"sh", "-c", argv[1], NULL});
	return not_ours(ip, s, *ip->argv);
}

/* ---- exec on every host, one after the other ---- */

struct everywhere {
	unsigned next; /* how many hosts were done */
	char *line;
	int status;
};

static void free_everywhere(struct cmd *c)
{
	struct everywhere *e = c->state;

	free(e->line);
	free(e);
}

/* The words as a line of shell that gives the same words. */
static char *quote(char **argv)
{
	char *line = NULL;
	size_t len;
	FILE *f = open_memstream(&line, &len);

	for (; f && *argv; argv++) {
		fputc('\'', f);
		for (const char *c = *argv; *c; c++)
			fputs(*c == '\'' ? "'\\''" : (char[]){*c, '\0'}, f);
		fputs("' ", f);
	}
	if (f)
		fclose(f);
	return line;
}

static void next_host(struct cmd *c, int status)
{
	struct everywhere *e = c->state;
	unsigned i = 0;

	e->status = status ? status : e->status;
	list_each(s, &c->world->stacks, struct stack, node) {
		if (i++ < e->next)
			continue;
		e->next = i;
		fprintf(c->out, "\nnetns: %s\n", s->name);
		int err = cmd_spawn(c, s, e->line, next_host);
		if (err)
			break;
		return;
	}
	cmd_done(c, e->status);
}

static int exec_all(struct ipcmd *ip)
{
	struct everywhere *e = calloc(1, sizeof(*e));
	struct stack *first = list_first(&ip->c->world->stacks, struct stack, node);

	if (!e)
		return ipcmd_refused(ip, ENOMEM);
	e->line = quote(ip->argv);
	e->next = 1;
	ip->c->state = e;
	ip->c->free_state = free_everywhere;
	fprintf(ip->c->out, "\nnetns: %s\n", first->name);
	int err = e->line ? cmd_spawn(ip->c, first, e->line, next_host) : -ENOMEM;
	return err ? ipcmd_refused(ip, err) : CMD_RUNNING;
}

static int exec(struct ipcmd *ip)
{
	struct stack *s;
	int argc = 0;

	if (!ip->all && !*ip->argv)
		return needs_name(ip);
	const char *name = ip->all ? NULL : *ip->argv++;
	if (!*ip->argv)
		return ipcmd_fail(ip, IPCMD_FAILED, "No command specified");
	if (ip->all)
		return exec_all(ip);
	s = stack_by_name(ip->c->world, name);
	if (!s)
		return ipcmd_fail(
			ip, IPCMD_SYNTAX, "Cannot open network namespace \"%s\": %s", name, strerror(ENOENT));
	if (is_shell(*ip->argv))
		return run_shell(ip, s);
	if (!command_find(*ip->argv))
		return not_ours(ip, s, *ip->argv);
	while (ip->argv[argc])
		argc++;
	return cmd_become(ip->c, s, argc, ip->argv);
}

static const struct ipcmd_verb verbs[] = {
	{"list", list, ""},
	{"show", list, NULL},
	{"lst", list, NULL},
	{"add", add, "NAME"},
	{"delete", del, "NAME"},
	{"exec", exec, "NAME COMMAND ...     (on every host: ip -all netns exec COMMAND ...)"},
	{"identify", identify, ""},
	{0},
};

static const char *const words[] = {NULL};

const struct ipcmd_object ipcmd_netns = {"netns", list, verbs, words};
