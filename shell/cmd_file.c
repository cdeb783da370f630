/* SPDX-License-Identifier: MIT */
/* Commands for files of the machine and settings: cat, tee. */
#include "shell/internal.h"
#include "shell/redirect.h"

#include <errno.h>
#include <stdlib.h>

/* ---- cat ---- */

struct cat {
	struct cmd *c;
	struct reader reader;
	struct source *source;
	int next; /* argument */
	int status;
};

static int cat_next(struct cat *k);

/* What is read waits while the output is full. */
static void cat_hold(struct cat *k, bool hold)
{
	if (!k->source)
		cmd_hold_input(k->c, hold);
	else if (hold)
		source_detach(&k->reader);
	else
		source_attach(k->source, &k->reader);
}

static void cat_write(struct cat *k, const char *data, size_t len)
{
	fwrite(data, 1, len, k->c->out);
	if (cmd_out_is_full(k->c))
		cat_hold(k, true);
}

static void cat_drained(struct cmd *c)
{
	cat_hold(c->state, false);
}

static void cat_file(struct reader *r, const char *data, size_t len)
{
	struct cat *k = CONTAINER_OF(r, struct cat, reader);
	int status;

	if (len) {
		cat_write(k, data, len);
		return;
	}
	source_put(k->source);
	k->source = NULL;
	status = cat_next(k);
	if (status != CMD_RUNNING)
		cmd_done(k->c, status);
}

static void cat_input(struct cmd *c, const char *data, size_t len)
{
	struct cat *k = c->state;
	int status;

	if (len) {
		cat_write(k, data, len);
		return;
	}
	c->input = NULL;
	status = cat_next(k);
	if (status != CMD_RUNNING)
		cmd_done(c, status);
}

/* Files where the machine's kernel tells of its own network: never of the host that is asked about here. */
static bool is_of_the_kernel(const char *path)
{
	static const char *const roots[] = {"/proc/net/", "/sys/class/net/"};

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		if (strncmp(path, roots[i], strlen(roots[i])) == 0)
			return true;
	return false;
}

/* Begins with the next file; its status when there is none. */
static int cat_next(struct cat *k)
{
	struct cmd *c = k->c;

	while (k->next < c->argc) {
		const char *path = c->argv[k->next++];

		if (strcmp(path, "-") == 0) {
			c->input = cat_input;
			run_attach_input(run_of(c));
			return CMD_RUNNING;
		}
		if (is_of_the_kernel(path)) {
			k->status = cmd_error(c,
				"%s: tells of the kernel's network, not of %s: !cat shows it, and ip, arp, "
				"route and nstat show %s's",
				path, c->host->name, c->host->name);
			continue;
		}
		k->source = redirect_source(c->host, path);
		if (k->source) {
			source_attach(k->source, &k->reader);
			return CMD_RUNNING;
		}
		k->status = cmd_error(c, "%s: %s", path, strerror(errno));
	}
	return k->status;
}

static void cat_free(struct cmd *c)
{
	struct cat *k = c->state;

	source_detach(&k->reader);
	source_put(k->source);
	free(k);
}

static int cat_run(struct cmd *c)
{
	struct cat *k = mem_new(sizeof(*k));

	k->c = c;
	k->reader.input = cat_file;
	k->next = 1;
	c->state = k;
	c->free_state = cat_free;
	c->drained = cat_drained;
	if (c->argc > 1)
		return cat_next(k);
	c->input = cat_input;
	return CMD_RUNNING;
}

const struct command cmd_cat = {
	.name = "cat",
	.run = cat_run,
	.usage = "cat [FILE...]",
	.about = "print files of the machine, or settings under /proc/sys/net",
	.example = "cat /proc/sys/net/ipv4/ip_forward\n",
	.man = "cat(1)",
	.complete = complete_files,
};

/* ---- tee ---- */

struct tee {
	struct sink **files;
	int count;
};

static void tee_free(struct cmd *c)
{
	struct tee *t = c->state;

	for (int i = 0; i < t->count; i++)
		sink_put(t->files[i]);
	free(t->files);
	free(t);
}

static int tee_status(struct cmd *c)
{
	const struct tee *t = c->state;
	int status = CMD_OK;

	for (int i = 0; i < t->count; i++) {
		sink_flush(t->files[i]);
		if (t->files[i]->error)
			status = cmd_error(c, "write error: %s", strerror(t->files[i]->error));
	}
	return status;
}

static void tee_input(struct cmd *c, const char *data, size_t len)
{
	const struct tee *t = c->state;

	if (len == 0) {
		cmd_done(c, tee_status(c));
		return;
	}
	fwrite(data, 1, len, c->out);
	for (int i = 0; i < t->count; i++)
		sink_write(t->files[i], data, len);
	if (cmd_out_is_full(c))
		cmd_hold_input(c, true);
}

static void tee_drained(struct cmd *c)
{
	cmd_hold_input(c, false);
}

static int tee_run(struct cmd *c)
{
	struct tee *t = mem_new(sizeof(*t));
	bool append = c->argc > 1 && strcmp(c->argv[1], "-a") == 0;

	t->files = mem_new((size_t)c->argc * sizeof(*t->files));
	c->state = t;
	c->free_state = tee_free;
	for (int i = append ? 2 : 1; i < c->argc; i++) {
		struct sink *k = redirect_sink(c->host, c->argv[i], append);

		if (!k)
			return cmd_error(c, "%s: %s", c->argv[i], strerror(errno));
		t->files[t->count++] = k;
	}
	c->input = tee_input;
	c->drained = tee_drained;
	return CMD_RUNNING;
}

const struct command cmd_tee = {
	.name = "tee",
	.run = tee_run,
	.usage = "tee [-a] [FILE...]",
	.about = "copy the input to the output and to files or settings",
	.options = "  -a   add to the files\n",
	.example = "echo 1 | sudo tee /proc/sys/net/ipv4/ip_forward\n",
	.man = "tee(1)",
	.complete = complete_files,
};
