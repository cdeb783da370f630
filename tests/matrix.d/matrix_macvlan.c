/* SPDX-License-Identifier: MIT */
/*
 * Rows of macvlan: up to three macvlans A, B and C on one end, "lower", of a cable whose other end is "wire". Somebody
 * sends a frame; who got it?
 */
#include "dev/macvlan.h"
#include "tests/matrix.d/matrix.h"

#include <assert.h>
#include <ctype.h>

enum { MODE_A, MODE_B, MODE_C, DOWN, SENDER, SRC, DST, DELIVERED, PKTTYPE };

const char matrix_macvlan_header[] = "mode_A,mode_B,mode_C,down,sender,src,dst,delivered,delivered_pkttype";

/* ---- words ---- */

/* clang-format off */
#define MAC(last) {{0x02, 0, 0, 0, 0, last}}
#define GROUP(last) {{0x01, 0, 0x5e, 1, 2, last}}
/* clang-format on */

static const struct address {
	const char *name;
	struct mac mac;
} addresses[] = {
	{"A", MAC(0xa)},
	{"B", MAC(0xb)},
	{"C", MAC(0xc)},
	{"lower", MAC(1)},
	{"foreign", MAC(2)},
	{"listed", MAC(3)},
	{"unknown", MAC(4)},
	{"bcast", {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}},
	{"mc_A", GROUP(1)},
	{"mc_AB", GROUP(2)},
	{"mc_lower", GROUP(3)},
	{"mc_none", GROUP(4)},
};

static const struct mode {
	const char *name;
	enum macvlan_mode mode;
	unsigned flags;
} modes[] = {
	{"vepa", MACVLAN_VEPA, 0},
	{"private", MACVLAN_PRIVATE, 0},
	{"bridge", MACVLAN_BRIDGE, 0},
	{"passthru", MACVLAN_PASSTHRU, 0},
	{"passthru_nopromisc", MACVLAN_PASSTHRU, MACVLAN_NOPROMISC},
	{"source", MACVLAN_SOURCE, 0},
	{"source_nodst", MACVLAN_SOURCE, MACVLAN_NODST},
};

static const struct mac *address_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		if (strcmp(addresses[i].name, name) == 0)
			return &addresses[i].mac;
	return NULL;
}

static const struct mode *mode_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

/* ---- one row ---- */

struct scene {
	const struct csv *csv;
	const struct csv_row *row;
	struct matrix *m;
	struct dev *lower;
	bool is_passthru; /* then "A" as an address is the lower device's */
};

static const char *const port_names[] = {"A", "B", "C"};

static bool fail(const struct scene *sc, const char *what, const char *word)
{
	csv_complain(sc->csv, sc->row, "%s `%s`", what, word);
	return false;
}

static struct mac mac_of(const struct scene *sc, const char *name)
{
	return *address_of(sc->is_passthru && strcmp(name, "A") == 0 ? "lower" : name);
}

static bool make_port(struct scene *sc, int i)
{
	const char *word = sc->row->field[MODE_A + i];
	const struct mode *mode = mode_of(word);
	struct macvlan_config details = MACVLAN_CONFIG_DEFAULT;
	struct dev_config config = {
		.mac = mac_of(sc, port_names[i]), .lower = sc->lower, .details = &details};

	if (strcmp(word, "-") == 0)
		return true;
	if (!mode)
		return fail(sc, "there is no macvlan mode", word);
	details.mode = mode->mode;
	details.flags = mode->flags;
	if (mode->mode == MACVLAN_SOURCE) {
		details.sources = address_of("listed");
		details.source_count = 1;
	}
	if (macvlan_create(sc->m->inside, port_names[i], &config))
		return fail(sc, "no such macvlan can stand beside the others:", word);
	struct dev *d = dev_by_name(sc->m->inside, port_names[i]);
	if (dev_set_up(d, true))
		return fail(sc, "it cannot be set up:", port_names[i]);
	return true;
}

static void join(const struct scene *sc, const char *dev, const char *group)
{
	struct dev *d = dev_by_name(sc->m->inside, dev);
	int err = d ? dev_group_add(d, *address_of(group)) : 0;

	assert(err == 0);
}

/* "A", "AB", "A+B" or "lower". */
static bool take_down(const struct scene *sc)
{
	const char *word = sc->row->field[DOWN];

	if (strcmp(word, "lower") == 0) {
		dev_set_up(sc->lower, false);
		return true;
	}
	for (; *word; word++) {
		const char name[] = {*word, '\0'};
		struct dev *d = isupper((unsigned char)*word) ? dev_by_name(sc->m->inside, name) : NULL;
		if (d)
			dev_set_up(d, false);
		else if (*word != '+')
			return fail(sc, "who should be down?", sc->row->field[DOWN]);
	}
	return true;
}

static bool send(const struct scene *sc)
{
	const char *sender = sc->row->field[SENDER], *src = sc->row->field[SRC], *dst = sc->row->field[DST];
	bool by_wire = strcmp(sender, "wire") == 0;
	struct dev *d = dev_by_name(by_wire ? sc->m->outside : sc->m->inside, sender);

	if (!d || strcmp(sender, "lo") == 0)
		return fail(sc, "nobody here is called", sender);
	if (strcmp(src, "own") == 0)
		src = by_wire ? "foreign" : sender;
	if (!address_of(src) || mac_is_group(*address_of(src)))
		return fail(sc, "no source address is called", src);
	if (!address_of(dst))
		return fail(sc, "no destination is called", dst);
	matrix_send(sc->m, d, mac_of(sc, dst), mac_of(sc, src));
	return true;
}

static bool play(struct scene *sc)
{
	sc->is_passthru = strncmp(sc->row->field[MODE_A], "passthru", 8) == 0;
	sc->lower = matrix_cable(sc->m, "lower", *address_of("lower"), "wire");
	for (int i = 0; i < 3; i++)
		if (!make_port(sc, i))
			return false;
	join(sc, "A", "mc_A");
	join(sc, "A", "mc_AB");
	join(sc, "B", "mc_AB");
	join(sc, "lower", "mc_lower");
	return take_down(sc) && send(sc);
}

/* 1: it differs; -1: the row cannot be used. */
static int try_row(const struct csv *csv, const struct csv_row *row)
{
	struct scene sc = {.csv = csv, .row = row, .m = matrix_new()};
	int differs = play(&sc) ? 0 : -1;

	if (!differs &&
		(!csv_same_words(row->field[DELIVERED], sc.m->names) ||
			!csv_same_words(row->field[PKTTYPE], sc.m->seen))) {
		matrix_differs(csv, row, sc.m->seen);
		differs = 1;
	}
	matrix_free(sc.m);
	return differs;
}

int matrix_macvlan(const struct csv *csv)
{
	int differ = 0;

	for (size_t i = 0; i < csv->count; i++) {
		int differs = try_row(csv, &csv->rows[i]);
		if (differs < 0)
			return -1;
		differ += differs;
	}
	return differ;
}
