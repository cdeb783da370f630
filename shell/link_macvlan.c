/* SPDX-License-Identifier: MIT */
/* `type macvlan [mode MODE] ...`, for making and for changing; macvtap has the same words. */
#include "shell/linkkind.h"

#include "dev/macvlan.h"
#include "lib/text.h"
#include "shell/address.h"
#include "shell/buf.h"
#include "shell/rundir.h"

#include <errno.h>
#include <stdlib.h>

enum { WORD_MODE = 1, WORD_FLAG, WORD_NOPROMISC, WORD_NODST, WORD_BCQUEUELEN, WORD_MACADDR };

enum mac_action { MACS_NONE, MACS_ADD, MACS_DEL, MACS_SET, MACS_FLUSH };

/* What was said. As with iproute2 6.1, a flag can be set and not taken away. */
struct words {
	bool has_mode, has_bcqueuelen;
	enum macvlan_mode mode;
	unsigned flags;
	uint32_t bcqueuelen;
	enum mac_action action;
	struct mac *macs; /* owned */
	size_t mac_count;
};

/* ---- reading ---- */

static int usage(struct ipcmd *ip)
{
	return link_kind_usage(ip, "macvlan");
}

static int read_mode(struct ipcmd *ip, struct words *w, const char *value)
{
	for (int mode = 0; mode < MACVLAN_MODES; mode++) {
		if (strcmp(value, macvlan_mode_names[mode]) != 0)
			continue;
		w->mode = (enum macvlan_mode)mode;
		w->has_mode = true;
		return 0;
	}
	return ipcmd_fail(ip, IPCMD_FAILED,
		"Error: argument of \"mode\" must be \"private\", \"vepa\", \"bridge\", \"passthru\" or "
		"\"source\", not \"%s\"",
		value);
}

static int read_flag(struct ipcmd *ip, struct words *w, const char *value)
{
	if (strcmp(value, "nopromisc") == 0)
		w->flags |= MACVLAN_NOPROMISC;
	else if (strcmp(value, "nodst") == 0)
		w->flags |= MACVLAN_NODST;
	else if (strcmp(value, "null") != 0)
		return ipcmd_fail(ip, IPCMD_FAILED,
			"Error: argument of \"flag\" must be \"nopromisc\", \"nodst\" or \"null\", not "
			"\"%s\"",
			value);
	return 0;
}

static int read_bcqueuelen(struct ipcmd *ip, struct words *w, const char *value)
{
	w->has_bcqueuelen = true;
	if (address_parse_number(value, &w->bcqueuelen))
		return 0;
	return ipcmd_fail(ip, IPCMD_FAILED,
		"Error: argument of \"bcqueuelen\" must be a positive integer [0-4294967295], not \"%s\"",
		value);
}

static void keep_mac(struct words *w, struct mac m)
{
	w->macs = mem_resize(w->macs, (w->mac_count + 1) * sizeof(*w->macs));
	w->macs[w->mac_count++] = m;
}

static int read_one_mac(struct ipcmd *ip, struct words *w)
{
	const char *value;
	struct mac m;
	int status = ipcmd_read_any(ip, &value);

	if (!status)
		status = ipcmd_mac(ip, value, &m);
	if (!status)
		keep_mac(w, m);
	return status;
}

/* add MAC | del MAC | set [MAC ...] | flush */
static int read_macaddr(struct ipcmd *ip, struct words *w, const char *verb)
{
	static const char *const verbs[] = {
		[MACS_ADD] = "add", [MACS_DEL] = "del", [MACS_SET] = "set", [MACS_FLUSH] = "flush"};
	struct mac m;

	for (w->action = MACS_FLUSH; w->action && strcmp(verb, verbs[w->action]) != 0;)
		if (--w->action == MACS_NONE)
			return usage(ip);
	if (w->action == MACS_ADD || w->action == MACS_DEL)
		return read_one_mac(ip, w);
	while (w->action == MACS_SET && *ip->argv && text_parse_mac(*ip->argv, &m)) {
		keep_mac(w, m);
		ip->argv++;
	}
	return 0;
}

static int set_word(struct ipcmd *ip, void *to, int id, const char *value)
{
	switch (id) {
	case WORD_MODE:
		return read_mode(ip, to, value);
	case WORD_FLAG:
		return read_flag(ip, to, value);
	case WORD_NOPROMISC:
	case WORD_NODST:
		return read_flag(ip, to, id == WORD_NODST ? "nodst" : "nopromisc");
	case WORD_BCQUEUELEN:
		return read_bcqueuelen(ip, to, value);
	case WORD_MACADDR:
		return read_macaddr(ip, to, value);
	default:
		ipcmd_fail(ip, IPCMD_FAILED, "macvlan: unknown option \"%s\"?", value);
		return usage(ip);
	}
}

/* The caller frees w->macs, whatever this returns. */
static int read_words(struct ipcmd *ip, struct words *w)
{
	static const struct ipcmd_word table[] = {
		VALUE("mode", WORD_MODE),
		VALUE("flag", WORD_FLAG),
		WORD("nopromisc", WORD_NOPROMISC),
		WORD("nodst", WORD_NODST),
		VALUE("bcqueuelen", WORD_BCQUEUELEN),
		VALUE("macaddr", WORD_MACADDR),
		{0},
	};
	int status = ipcmd_read_all(ip, table, set_word, w);

	if (status || !(w->flags & MACVLAN_NOPROMISC) || (w->has_mode && w->mode == MACVLAN_PASSTHRU))
		return status;
	ipcmd_fail(ip, IPCMD_FAILED, "macvlan: nopromisc flag only valid in passthru mode");
	return usage(ip);
}

/* ---- doing ---- */

/* What comes from another process comes when it pleases. */
static int make_macvtap(struct ipcmd *ip, struct link_recipe *r, struct macvlan_config *details)
{
	char directory[80] = "";

	if (stack_loop(ip->s)->clock.is_virtual)
		return ipcmd_fail(ip, IPCMD_REFUSED,
			"macvtap: not under a virtual clock (--virtual), which other processes do not live "
			"by");
	int err = rundir_open(directory, sizeof(directory));
	if (err)
		return ipcmd_fail(ip, IPCMD_REFUSED, "macvtap: no private folder for its socket: %s: %s",
			directory,
			err == -EPERM ? "it must be a folder of yours that nobody else may enter"
				      : strerror(-err));
	details->socket_directory = directory;
	return link_make(ip, r);
}

static int make(struct ipcmd *ip, struct link_recipe *r, const struct words *w)
{
	struct macvlan_config details = MACVLAN_CONFIG_DEFAULT;

	if (w->action && w->mode != MACVLAN_SOURCE)
		return ipcmd_refused(ip, EINVAL);
	details.mode = w->mode;
	details.flags = w->flags;
	if (w->has_bcqueuelen)
		details.bcqueuelen = w->bcqueuelen;
	if (w->action == MACS_ADD || w->action == MACS_SET) {
		details.sources = w->macs;
		details.source_count = w->mac_count;
	}
	r->config.details = &details;
	return strcmp(r->type, "macvtap") == 0 ? make_macvtap(ip, r, &details) : link_make(ip, r);
}

static int add(struct ipcmd *ip, struct link_recipe *r)
{
	struct words w = {0};
	int status = read_words(ip, &w);

	if (!status)
		status = make(ip, r, &w);
	free(w.macs);
	return status;
}

static int change_sources(struct dev *d, const struct words *w)
{
	switch (w->action) {
	case MACS_ADD:
		return macvlan_source_add(d, w->macs[0]);
	case MACS_DEL:
		return macvlan_source_del(d, w->macs[0]);
	case MACS_SET:
	case MACS_FLUSH:
		return macvlan_source_set(d, w->macs, w->mac_count);
	case MACS_NONE:
		break;
	}
	return 0;
}

/* In the order of the kernel; what was done before a refusal stays done. */
static int apply(struct dev *d, const struct words *w)
{
	if (!macvlan_is(d))
		return -EOPNOTSUPP;
	int err = w->has_mode ? macvlan_set_mode(d, w->mode) : 0;
	if (err)
		return err;
	if (w->flags)
		macvlan_set_flags(d, w->flags);
	if (w->has_bcqueuelen)
		macvlan_set_bcqueuelen(d, w->bcqueuelen);
	return change_sources(d, w);
}

static int change(struct ipcmd *ip, struct dev *d)
{
	struct words w = {0};
	int status = read_words(ip, &w);

	if (!status)
		status = ipcmd_refused(ip, apply(d, &w));
	free(w.macs);
	return status;
}

/* ---- showing ---- */

static void print_source(void *ctx, struct mac m)
{
	show_str(ctx, NULL, "%s ", TEXT_MAC(m));
}

static void print_sources(struct show *sh, const struct dev *d)
{
	show_num(sh, "macaddr_count", "remotes (%u) ", (unsigned)macvlan_source_count(d));
	show_list(sh, "macaddr_data");
	macvlan_source_each(d, print_source, sh);
	show_close(sh);
}

static void print(struct ipcmd *ip, const struct dev *d)
{
	struct show *sh = &ip->show;

	if (!macvlan_is(d)) /* the machine's own macvtap has the same name */
		return;
	unsigned flags = macvlan_flags(d);
	show_str(sh, "mode", "mode %s ", macvlan_mode_names[macvlan_mode(d)]);
	if (flags & MACVLAN_NOPROMISC)
		show_true(sh, "nopromisc", "nopromisc ");
	if (flags & MACVLAN_NODST)
		show_true(sh, "nodst", "nodst ");
	show_num(sh, "bcqueuelen", "bcqueuelen %u ", macvlan_bcqueuelen(d));
	show_num(sh, "usedbcqueuelen", "usedbcqueuelen %u ", macvlan_bcqueuelen_used(d));
	if (macvlan_mode(d) == MACVLAN_SOURCE)
		print_sources(sh, d);
	if (macvtap_port_path(d))
		show_str(sh, "socket", "socket %s ", macvtap_port_path(d));
}

static void save_source(void *ctx, struct mac m)
{
	buf_printf(ctx, " %s", TEXT_MAC(m));
}

static void save(struct buf *b, const struct dev *d)
{
	if (!macvlan_is(d)) /* as above */
		return;
	unsigned flags = macvlan_flags(d);
	buf_printf(b, "mode %s", macvlan_mode_names[macvlan_mode(d)]);
	if (flags & MACVLAN_NOPROMISC)
		buf_puts(b, " nopromisc");
	if (flags & MACVLAN_NODST)
		buf_puts(b, " nodst");
	if (macvlan_bcqueuelen(d) != MACVLAN_BCQUEUELEN_DEFAULT)
		buf_printf(b, " bcqueuelen %u", macvlan_bcqueuelen(d));
	if (!macvlan_source_count(d))
		return;
	buf_puts(b, " macaddr set");
	macvlan_source_each(d, save_source, b);
}

static const char *const words[] = {"mode", "private", "vepa", "bridge", "passthru", "source", "nopromisc",
	"nodst", "bcqueuelen", "macaddr", NULL};

#define USAGE                                                                          \
	"[mode { private | vepa | bridge | passthru [nopromisc] | source [nodst] }]\n" \
	"                    [bcqueuelen LENGTH] [macaddr { add MAC | del MAC | set [MAC ...] | flush }]"

const struct link_kind link_macvlan = {
	.name = "macvlan",
	.add = add,
	.change = change,
	.print = print,
	.save = save,
	.usage = USAGE,
	.words = words,
};

const struct link_kind link_macvtap = {
	.name = "macvtap",
	.add = add,
	.change = change,
	.print = print,
	.save = save,
	.usage = USAGE,
	.words = words,
};
