/* SPDX-License-Identifier: MIT */
/*
 * Rows of bridges: br0 with ports p1, p2 and p3, at whose other ends are e1, e2 and e3. The rows of a scenario are
 * tried in order on one bridge. A row is a frame ("e1": who sends it), a command of tapir's own shell
 * ("#ip:link set p2 down"), or time that passes ("#sleep:3.2"); behind it stands what the bridge has learned.
 */
#include "dev/bridge.h"
#include "lib/text.h"
#include "net/wire_ether.h"
#include "shell/shell.h"
#include "tests/matrix.d/matrix.h"

#include <assert.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum { SCENARIO, OPTIONS, STEP, SENDER, SRC, DST, DELIVERED, FDB_AFTER };

enum { PORTS = 3 };

const char matrix_bridge_header[] = "scenario,bridge_opts,step,sender,src,dst,delivered,dynamic_fdb_after";

/* ---- words ---- */

/* clang-format off */
#define MAC(a, b) {{0x02, 0, 0, 0, a, b}}
#define RESERVED(last) {{0x01, 0x80, 0xc2, 0, 0, last}}
/* clang-format on */

static const struct address {
	const char *name;
	struct mac mac;
} addresses[] = {
	{"h1", MAC(1, 1)},
	{"h2", MAC(1, 2)},
	{"h3", MAC(1, 3)},
	{"p1", MAC(0, 0x11)},
	{"p2", MAC(0, 0x12)},
	{"p3", MAC(0, 0x13)},
	{"br", MAC(0, 0x10)},
	{"unk", MAC(9, 9)},
	{"bcast", {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}},
	{"mc", {{0x01, 0, 0x5e, 1, 2, 3}}},
	{"mcsrc", {{0x03, 0, 0, 0, 0, 1}}},
	{"zero", {{0}}},
	{"stp", RESERVED(0)},
	{"pause", RESERVED(1)},
	{"lldp", RESERVED(0xe)},
};

/* Besides the names: "rsv2" is 01:80:c2:00:00:02, "mc_224.0.0.1" the address of that group. */
static bool address_of(const char *name, struct mac *m)
{
	uint32_t group;
	char *end;

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		if (strcmp(addresses[i].name, name) == 0) {
			*m = addresses[i].mac;
			return true;
		}
	}
	if (strncmp(name, "mc_", 3) == 0 && text_parse_ip(name + 3, &group)) {
		*m = ether_multicast(group);
		return true;
	}
	unsigned long last = strncmp(name, "rsv", 3) == 0 && name[3] ? strtoul(name + 3, &end, 16) : 16;
	*m = (struct mac)RESERVED((uint8_t)last);
	return last < 16 && *end == '\0';
}

/* What a scenario of this name begins with, where its rows do not say it. */
static const struct setting {
	const char *scenario, *commands;
} settings[] = {
	{"hairpin", "bridge link set dev p1 hairpin on"},
	{"noflood", "bridge link set dev p3 flood off"},
	{"nomcastflood", "bridge link set dev p3 mcast_flood off"},
	{"nobcastflood", "bridge link set dev p3 bcast_flood off"},
	{"nolearning", "bridge link set dev p2 learning off"},
	{"isolated", "bridge link set dev p1 isolated on; bridge link set dev p2 isolated on"},
	{"locked", "bridge link set dev p1 locked on"},
	{"locked_nolearning", "bridge link set dev p1 locked on learning off"},
	{"static_fdb", "bridge fdb add 02:00:00:00:01:02 dev p2 master static"},
	{"sticky_fdb", "bridge fdb add 02:00:00:00:01:02 dev p2 master static sticky"},
	{"local_fdb", "bridge fdb add 02:00:00:00:01:02 dev p2 master local"},
	{"state_disabled", "bridge link set dev p2 state 0"},
	{"state_listening", "bridge link set dev p2 state 1"},
	{"state_learning", "bridge link set dev p2 state 2"},
	{"state_blocking", "bridge link set dev p2 state 4"},
	{"br_promisc", "ip link set br0 promisc on"},
};

/* ---- a scenario ---- */

struct scene {
	struct matrix *m;
	struct shell *sh;
	int null; /* what the shell reads */
	const char *name, *options;
};

static bool run(struct scene *sc, const char *commands)
{
	return shell_run_text(sc->sh, "matrix", commands) == 0;
}

static void plug(struct scene *sc, unsigned i)
{
	const char near[] = {'p', (char)('0' + i), 0}, far[] = {'e', (char)('0' + i), 0},
		   host[] = {'h', far[1], 0};
	struct mac here, there;

	bool known = address_of(near, &here) && address_of(host, &there);
	assert(known);
	matrix_cable(sc->m, near, here, far);
	dev_set_mac(dev_by_name(sc->m->outside, far), there);
	dev_set_master(dev_by_name(sc->m->inside, near), dev_by_name(sc->m->inside, "br0"));
}

static bool begin(struct scene *sc, const struct csv_row *row)
{
	char command[256];
	bool ok = true;

	*sc = (struct scene){.m = matrix_new(), .name = row->field[SCENARIO], .options = row->field[OPTIONS]};
	sc->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sc->sh = shell_new(&sc->m->world,
		&(struct shell_options){.host = sc->m->inside, .in = sc->null, .out = 2, .err = 2});
	snprintf(command, sizeof(command),
		"ip link add br0 address 02:00:00:00:00:10 type bridge forward_delay 0 mcast_snooping 0 %s",
		sc->options);
	if (!run(sc, command) || !run(sc, "ip link set br0 up"))
		return false;
	for (unsigned i = 1; i <= PORTS; i++)
		plug(sc, i);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strcmp(settings[i].scenario, sc->name) == 0)
			ok = run(sc, settings[i].commands);
	return ok;
}

static void end(struct scene *sc)
{
	if (!sc->m)
		return;
	shell_free(sc->sh);
	close(sc->null);
	matrix_free(sc->m);
	sc->m = NULL;
}

/* "e1@p1+e2@p2": what is not the bridge's own. */
static void list_fdb(struct scene *sc, char text[MATRIX_TEXT])
{
	const struct dev *d = dev_by_name(sc->m->inside, "br0");
	size_t len = 0;

	text[0] = '\0';
	if (!d)
		return;
	bridge_each_entry(e, bridge_of(d))
	{
		const char *name = TEXT_MAC(e->mac);
		if (e->local)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
			if (mac_equal(addresses[i].mac, e->mac))
				name = addresses[i].name;
		len += (size_t)snprintf(text + len, MATRIX_TEXT - len, "%s%c%s@%s", len ? "+" : "",
			*name == 'h' ? 'e' : *name, name + 1, e->port->dev->name);
		assert(len < MATRIX_TEXT);
	}
}

/* ---- a row ---- */

static struct dev *find(struct scene *sc, const char *name)
{
	struct dev *d = dev_by_name(sc->m->inside, name);

	return d ? d : dev_by_name(sc->m->outside, name);
}

/* "#sleep:SECONDS", "#COMMAND:ARGUMENTS". */
static bool do_command(struct scene *sc, const char *text)
{
	char command[256], *colon, *rest;

	sc->m->seen[0] = '\0';
	snprintf(command, sizeof(command), "%s", text + 1);
	colon = strchr(command, ':');
	if (!colon)
		return false;
	*colon = ' ';
	if (strncmp(command, "sleep ", 6) != 0) {
		bool ok = run(sc, command);
		matrix_run(sc->m, 0);
		return ok;
	}
	double seconds = strtod(colon + 1, &rest);
	if (rest == colon + 1 || *rest || !(seconds >= 0 && seconds < 1e6))
		return false;
	matrix_run(sc->m, (uint64_t)llround(seconds * (double)NS_PER_SEC));
	return true;
}

/* False: what the row says cannot be done. */
static bool do_row(struct scene *sc, const struct csv *csv, const struct csv_row *row)
{
	const char *sender = row->field[SENDER];
	struct mac src, dst;

	if (*sender == '#') {
		if (do_command(sc, sender))
			return true;
		csv_complain(csv, row, "`%s` cannot be done", sender);
		return false;
	}
	struct dev *d = find(sc, sender);
	bool has_src = address_of(row->field[SRC], &src);
	if (!d || !has_src || !address_of(row->field[DST], &dst)) {
		csv_complain(csv, row, "`%s` is no %s", !d ? sender : row->field[has_src ? DST : SRC],
			d ? "address" : "device");
		return false;
	}
	matrix_send(sc->m, d, dst, src);
	return true;
}

static bool same_scenario(const struct scene *sc, const struct csv_row *row)
{
	return sc->m && strcmp(sc->name, row->field[SCENARIO]) == 0 &&
		strcmp(sc->options, row->field[OPTIONS]) == 0;
}

static bool agrees(struct scene *sc, const struct csv *csv, const struct csv_row *row)
{
	char fdb[MATRIX_TEXT], both[2 * MATRIX_TEXT + 16];

	list_fdb(sc, fdb);
	if (csv_same_words(sc->m->seen, row->field[DELIVERED]) && csv_same_words(fdb, row->field[FDB_AFTER]))
		return true;
	snprintf(both, sizeof(both), "%s, FDB %s", *sc->m->seen ? sc->m->seen : "nobody",
		*fdb ? fdb : "empty");
	matrix_differs(csv, row, both);
	return false;
}

int matrix_bridge(const struct csv *csv)
{
	struct scene sc = {0};
	int differ = 0;

	for (size_t i = 0; i < csv->count && differ >= 0; i++) {
		const struct csv_row *row = &csv->rows[i];
		bool ok = true;

		if (!same_scenario(&sc, row)) {
			end(&sc);
			ok = begin(&sc, row);
			if (!ok)
				csv_complain(csv, row, "the bridge cannot be made so");
		}
		if (!ok || !do_row(&sc, csv, row))
			differ = -1;
		else
			differ += !agrees(&sc, csv, row);
	}
	end(&sc);
	return differ;
}
