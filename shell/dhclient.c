/* SPDX-License-Identifier: MIT */
/* The DHCP clients of all hosts. */
#include "shell/dhclient.h"

#include "net/netif.h"
#include "shell/buf.h"
#include "shell/dhcp_lease.h"

#include <errno.h>
#include <stdlib.h>

enum { REMEMBERED_MAX = 256, MESSAGE_MAX = 1500 };

/* What the shell keeps. */
struct dhclients {
	struct list running;	/* of struct dhclient */
	struct list remembered; /* of struct remembered, the newest first */
	unsigned remembered_count;
};

struct dhclient {
	struct list node;
	struct dhclients *all;
	struct stack *host;
	char host_name[sizeof(((struct stack *)0)->name)];
	char dev[DEV_NAME_LEN];
	int ifindex;
	struct mac mac;
	struct dhcp_client *client;
	struct cmd *c; /* that waits for it; NULL: it runs in the background */
	FILE *log;     /* where it says what happens, or NULL */
	struct dhclient_manner how;
};

/* An address that a client had, and asks for again (what dhclient.leases is for). */
struct remembered {
	struct list node;
	char host_name[sizeof(((struct stack *)0)->name)];
	struct mac mac;
	uint32_t addr;
};

/* ---- what the shell keeps ---- */

static void end_all(void *mem)
{
	struct dhclients *all = mem;

	list_each_safe(d, &all->running, struct dhclient, node) {
		dhcp_client_free(d->client);
		free(d);
	}
	list_each_safe(r, &all->remembered, struct remembered, node)
		free(r);
}

static struct dhclients *clients_of(struct shell *sh)
{
	static const char key;
	struct dhclients *all = shell_keep(sh, &key, sizeof(*all), end_all);

	if (all && !all->running.next) {
		list_init(&all->running);
		list_init(&all->remembered);
	}
	return all;
}

/* ---- addresses of before ---- */

static void forget(struct dhclients *all, struct remembered *r)
{
	list_del(&r->node);
	free(r);
	all->remembered_count--;
}

static struct remembered *recall(struct dhclients *all, const char *host_name, struct mac mac)
{
	list_each(r, &all->remembered, struct remembered, node)
		if (strcmp(r->host_name, host_name) == 0 && mac_equal(r->mac, mac))
			return r;
	return NULL;
}

static void remember(struct dhclient *d, uint32_t addr)
{
	struct dhclients *all = d->all;
	struct remembered *r = recall(all, d->host_name, d->mac);

	if (r)
		forget(all, r);
	if (all->remembered_count == REMEMBERED_MAX)
		forget(all, list_last(&all->remembered, struct remembered, node));
	r = mem_new(sizeof(*r));
	memcpy(r->host_name, d->host_name, sizeof(r->host_name));
	r->mac = d->mac;
	r->addr = addr;
	list_add_head(&all->remembered, &r->node);
	all->remembered_count++;
}

/* ---- the command that waits ---- */

static void detach(struct dhclient *d)
{
	d->c = NULL;
	d->log = NULL;
}

/* Its command is done, and all that the command began goes on in the background. */
static void leave(struct dhclient *d, int status)
{
	struct cmd *c = d->c;

	if (!c)
		return;
	list_each(other, &d->all->running, struct dhclient, node)
		if (other->c == c)
			detach(other);
	cmd_done(c, status);
}

/* This one has no address. Its command is done when it was the last one. */
static void fail(struct dhclient *d, int status)
{
	struct cmd *c = d->c;

	detach(d);
	if (!c)
		return;
	list_each(other, &d->all->running, struct dhclient, node)
		if (other->c == c)
			return;
	cmd_done(c, status);
}

static void free_state(struct cmd *c)
{
	struct dhclients *all = c->state;

	list_each(d, &all->running, struct dhclient, node)
		if (d->c == c)
			detach(d);
}

static void on_stop(struct cmd *c, int sig)
{
	struct dhclients *all = c->state;

	list_each_safe(d, &all->running, struct dhclient, node) {
		if (d->c != c)
			continue;
		d->how.failed = 128 + sig;
		dhcp_client_stop(d->client, d->how.releases);
	}
}

/* ---- what happens ---- */

static void set_lease(struct dhclient *d, const struct dhcp_lease *l)
{
	struct dev *dev = dev_by_index(d->host, d->ifindex);
	int err = dev ? dhcp_lease_set(dev, l) : -ENODEV;

	if (err && d->c)
		cmd_error(d->c, "%s: cannot set all of it: %s", d->dev, strerror(-err));
	remember(d, l->addr);
}

/* The device may be another host's now; then it has lost the address already. */
static void unset_lease(struct dhclient *d, const struct dhcp_lease *l)
{
	struct dev *dev = dev_by_index(d->host, d->ifindex);

	if (dev)
		dhcp_lease_unset(dev, l);
}

/* The client ends: of itself, or because it was told to. */
static void done(struct dhclient *d, const struct dhcp_client_event *e)
{
	if (e->error == ENODEV && d->c)
		cmd_error(d->c, "%s: %s", d->dev, strerror(ENODEV));
	fail(d, d->how.failed);
	list_del(&d->node);
	dhcp_client_free(d->client);
	free(d);
}

static void on_event(struct dhcp_client *client, const struct dhcp_client_event *e, void *ctx)
{
	struct dhclient *d = ctx;

	(void)client;
	if (d->log)
		d->how.say(d->log, d->dev, e);
	if (e->what == DHCP_CLIENT_BOUND)
		set_lease(d, e->lease);
	if (e->what == DHCP_CLIENT_BOUND && !d->how.foreground)
		leave(d, CMD_OK);
	if (e->what == DHCP_CLIENT_LOST)
		unset_lease(d, e->lease);
	if (e->what == DHCP_CLIENT_SILENT && !d->how.once && !d->how.patient && !d->how.foreground)
		fail(d, CMD_OK);
	if (e->what == DHCP_CLIENT_DONE)
		done(d, e);
}

/* ---- beginning and ending ---- */

void dhclient_end(struct cmd *c, const char *name, const struct dhclient_manner *how)
{
	struct dhclients *all = clients_of(c->shell);
	unsigned count = 0;

	list_each_safe(d, &all->running, struct dhclient, node) {
		struct remembered *r;

		if (d->host != c->host || (name && strcmp(name, d->dev) != 0))
			continue;
		if (count++ == 0 && how->say)
			fputs("Killed old client process\n", c->err);
		r = how->releases ? recall(all, d->host_name, d->mac) : NULL;
		if (r)
			forget(all, r);
		fail(d, CMD_OK);
		d->log = how->quiet ? NULL : c->err;
		if (how->say)
			d->how.say = how->say;
		dhcp_client_stop(d->client, how->releases);
	}
}

/* Of a device that can have one. */
static struct dhclient *new_client(struct cmd *c, struct dev *dev, const struct dhclient_manner *how)
{
	struct dhclients *all = clients_of(c->shell);
	struct dhclient *d = mem_new(sizeof(*d));
	struct remembered *r = recall(all, c->host->name, dev->mac);
	struct dhcp_client_config cfg = {.ifindex = dev->ifindex,
		.mac = dev->mac,
		.mtu = (uint16_t)MIN(dev->mtu, (uint32_t)MESSAGE_MAX),
		.hostname = c->host->name,
		.remembered = r ? r->addr : 0,
		.timeout_s = DHCP_TIMEOUT_S,
		.once = how->once,
		.no_probe = !how->probes};
	const char *step;

	*d = (struct dhclient){
		.all = all, .host = c->host, .ifindex = dev->ifindex, .mac = dev->mac, .how = *how};
	snprintf(d->host_name, sizeof(d->host_name), "%s", c->host->name);
	snprintf(d->dev, sizeof(d->dev), "%s", dev->name);
	d->client = dhcp_client_new(c->world->loop, c->host, &cfg, on_event, d, &step);
	if (d->client)
		return d;
	cmd_error(c, "%s: %s: %s", dev->name, step, strerror(errno));
	free(d);
	return NULL;
}

/* As dhclient-script does, it brings the device up. */
bool dhclient_start(struct cmd *c, struct dev *dev, const struct dhclient_manner *how)
{
	struct dhclient *d;
	int err;

	if (dev->type != DEV_ETHER) {
		cmd_error(c, "%s is no Ethernet device", dev->name);
		return false;
	}
	err = dev_set_up(dev, true);
	if (err) {
		cmd_error(c, "%s: %s", dev->name, strerror(-err));
		return false;
	}
	dhclient_end(c, dev->name, &(struct dhclient_manner){.quiet = true});
	d = new_client(c, dev, how);
	if (!d)
		return false;
	list_add_tail(&d->all->running, &d->node);
	if (!how->background) {
		d->c = c;
		d->log = how->quiet ? NULL : c->err;
		c->state = d->all;
		c->stop = on_stop;
		c->free_state = free_state;
	}
	dhcp_client_start(d->client);
	return true;
}
