/* SPDX-License-Identifier: MIT */
/* Settings as files. */
#include "shell/setting.h"

#include "lib/text.h"
#include "net/resolver.h"
#include "net/sysctl.h"

#include <errno.h>
#include <stdlib.h>

static const char root[] = "/proc/sys/";

struct setting {
	struct stack *host;
	char name[128];
};

bool setting_is(const char *path)
{
	return strncmp(path, "/proc/sys/net/", 14) == 0;
}

static bool find(struct setting *s, struct stack *host, const char *path, char value[SYSCTL_TEXT_LEN])
{
	const char *name = path + sizeof(root) - 1;
	int err = -ENOENT;

	if (strlen(name) < sizeof(s->name)) {
		s->host = host;
		strcpy(s->name, name);
		err = sysctl_read(host, s->name, value);
	}
	errno = -err;
	return err == 0;
}

static size_t emit_setting(struct sink *k, const char *data, size_t len)
{
	const struct setting *s = k->arg;
	int err = sysctl_write(s->host, s->name, data);

	if (err)
		sink_break(k, -err);
	return len;
}

static void end_setting(struct sink *k)
{
	free(k->arg);
}

struct sink *setting_sink(struct stack *host, const char *path)
{
	struct setting s;
	struct sink *k;
	char value[SYSCTL_TEXT_LEN];

	if (!find(&s, host, path, value))
		return NULL;
	k = sink_new(host->world->loop);
	k->emit = emit_setting;
	k->end = end_setting;
	k->arg = mem_new(sizeof(s));
	memcpy(k->arg, &s, sizeof(s));
	return k;
}

struct source *setting_source(struct stack *host, const char *path)
{
	struct setting s;
	struct source *c;
	char value[SYSCTL_TEXT_LEN];

	if (!find(&s, host, path, value))
		return NULL;
	c = source_new(host->world->loop, SOURCE_PIPE, -1);
	buf_printf(&c->data, "%s\n", value);
	c->ended = true;
	return c;
}

struct source *setting_resolver(struct stack *host, const char *path)
{
	const struct resolver *r = host->resolver;
	struct source *c;

	if (!r || strcmp(path, "/etc/resolv.conf") != 0)
		return NULL;
	c = source_new(host->world->loop, SOURCE_PIPE, -1);
	if (r->search[0])
		buf_printf(&c->data, "search %s\n", r->search);
	for (unsigned i = 0; i < r->count; i++)
		buf_printf(&c->data, "nameserver %s\n", TEXT_IP(r->servers[i]));
	c->ended = true;
	return c;
}
