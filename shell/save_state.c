/* SPDX-License-Identifier: MIT */
/* What devices and hosts are set to, as commands. */
#include "shell/save.h"

#include "lib/text.h"
#include "net/netif.h"
#include "net/sysctl.h"
#include "shell/ipcmd.h"
#include "shell/linkkind.h"

/* The host of the prompt, which no command has to name. */
static bool is_first(const struct save *v, const struct stack *s)
{
	return s == list_first(&v->world->stacks, struct stack, node);
}

/* For commands that have no option for it. */
static void put_host(const struct save *v, const struct stack *s)
{
	if (is_first(v, s))
		return;
	fputs("on", v->out);
	save_word(v, s->name);
	fputc(' ', v->out);
}

/* ---- devices ---- */

static void put_set(const struct save *v, const struct dev *d, const char *what, const char *value)
{
	save_begin(v, "ip", d->stack);
	fputs(" link set", v->out);
	save_word(v, d->name);
	fprintf(v->out, " %s", what);
	if (value)
		save_word(v, value);
	fputc('\n', v->out);
}

static void put_flags(const struct save *v, const struct dev *d)
{
	if (d->flags & DEV_PROMISC)
		put_set(v, d, "promisc", "on");
	if (d->flags & DEV_ALLMULTI)
		put_set(v, d, "allmulticast", "on");
	if (d->type == DEV_ETHER && d->flags & DEV_NOARP)
		put_set(v, d, "arp", "off");
	if (d->type == DEV_ETHER && !(d->flags & DEV_MULTICAST))
		put_set(v, d, "multicast", "off");
}

static void put_master(const struct save *v, const struct dev *d)
{
	const struct link_kind *k = link_kind_by_name(d->master->ops->kind);
	struct buf words = {0}, what = {0};

	put_set(v, d, "master", d->master->name);
	if (k && k->save_port)
		k->save_port(&words, d);
	buf_printf(&what, "type %s_slave%s", d->master->ops->kind, buf_text(&words));
	if (words.len)
		put_set(v, d, what.at, NULL);
	buf_exit(&words);
	buf_exit(&what);
}

/* lo gets its own address when it comes up. */
static bool comes_by_itself(const struct netif_addr *a)
{
	return a->netif->dev->type == DEV_LOOPBACK && a->local == 0x7f000001 && a->plen == 8;
}

static void put_address(const struct save *v, const struct netif_addr *a)
{
	const struct dev *d = a->netif->dev;
	char number[4];

	save_begin(v, "ip", d->stack);
	fprintf(v->out, " addr add %s", TEXT_IP(a->local));
	if (a->peer != a->local)
		fprintf(v->out, " peer %s", TEXT_IP(a->peer));
	fprintf(v->out, "/%u", a->plen);
	if (a->broadcast)
		fprintf(v->out, " brd %s", TEXT_IP(a->broadcast));
	if (a->scope != SCOPE_GLOBAL)
		fprintf(v->out, " scope %s", ipcmd_scope_name(a->scope, number));
	if (strcmp(a->label, d->name) != 0) {
		fputs(" label", v->out);
		save_word(v, a->label);
	}
	fputs(" dev", v->out);
	save_word(v, d->name);
	fputc('\n', v->out);
}

/* On its host. */
static void put_lines(const struct save *v, const struct dev *d)
{
	const struct link_kind *k = link_kind_by_name(d->ops->kind);
	struct buf lines = {0};

	if (k && k->save_lines)
		k->save_lines(&lines, d);
	for (char *at = lines.at; at && *at; at = strchr(at, '\n') + 1) {
		put_host(v, d->stack);
		fwrite(at, 1, strcspn(at, "\n") + 1, v->out);
	}
	buf_exit(&lines);
}

void save_device_state(const struct save *v, struct stack *s)
{
	stack_each_dev(d, s) {
		put_flags(v, d);
		if (d->master)
			put_master(v, d);
	}
	stack_each_dev(d, s)
		put_lines(v, d);
	save_settings(v, s);
	stack_each_dev(d, s) {
		netif_each_addr(a, d->netif)
			if (!comes_by_itself(a))
				put_address(v, a);
		if (d->flags & DEV_UP)
			put_set(v, d, "up", NULL);
		else if (d->type == DEV_LOOPBACK && is_first(v, s)) /* where tapir has set it up */
			put_set(v, d, "down", NULL);
	}
}

/* ---- settings ---- */

static void put_setting(const struct save *v, struct stack *s, const char *name)
{
	char text[SYSCTL_TEXT_LEN];

	if (sysctl_read(s, name, text))
		return;
	put_host(v, s);
	fprintf(v->out, "sysctl -qw '%s=%s'\n", name, text);
}

/* Rows of one name that follow each other are one setting. */
static void put_host_settings(const struct save *v, struct stack *s)
{
	const char *last = "";

	for (int i = 0; i < SYSCTL_COUNT; i++) {
		const struct sysctl_info *in = &sysctl_hosts[i];

		if (s->sysctl[i] == in->def || in->min == in->max || strcmp(in->name, last) == 0)
			continue;
		last = in->name;
		put_setting(v, s, in->name);
	}
}

/* `who`: "all", "default" or a device. Forwarding goes with ip_forward unless it was set apart. */
static void put_netif_settings(const struct save *v, struct stack *s, const char *who, const int32_t *values)
{
	char name[128];

	for (int i = 0; i < CONF_COUNT; i++) {
		const struct sysctl_info *in = &sysctl_netifs[i];
		int32_t normal = i == CONF_FORWARDING ? s->sysctl[SYSCTL_IP_FORWARD] : in->def;

		snprintf(name, sizeof(name), "net.ipv4.%s.%s.%s", in->family, who, in->name);
		if (values[i] != normal)
			put_setting(v, s, name);
	}
}

void save_settings(const struct save *v, struct stack *s)
{
	put_host_settings(v, s);
	put_netif_settings(v, s, "all", s->conf_all);
	put_netif_settings(v, s, "default", s->conf_default);
	stack_each_dev(d, s)
		put_netif_settings(v, s, d->name, d->netif->conf);
}
