/* SPDX-License-Identifier: MIT */
/*
 * `ip`: what its objects (link, address, route ...) share. cmd_ip.c reads the options, finds the object and
 * calls it; each object has a table of commands and reads its own words with the readers below.
 *
 * Words, messages and exit statuses are iproute2's. Functions that read return 0, or the exit status after
 * having said what is wrong.
 */
#ifndef SHELL_IPCMD_H
#define SHELL_IPCMD_H

#include "ip/ip.h"
#include "shell/cmd.h"
#include "shell/show.h"

struct neigh;

/* Exit statuses of iproute2: what we saw ourselves, what the kernel answered, what cannot be parsed. */
enum { IPCMD_FAILED = 1, IPCMD_REFUSED = 2, IPCMD_SYNTAX = 255 };

enum ipcmd_time { IPCMD_TIME_NONE, IPCMD_TIME_LONG, IPCMD_TIME_SHORT };

struct ipcmd_program;

/* One run of `ip`, or of `bridge`, which has its options and manners. */
struct ipcmd {
	struct cmd *c;
	const struct ipcmd_program *program;
	struct stack *s; /* the host it speaks about */
	char **argv;	 /* the words not yet read; ends with NULL */
	struct show show;
	unsigned stats, details; /* how often -s, -d */
	bool brief, all, only_inet;
	enum ipcmd_time time;
};

struct ipcmd_verb {
	const char *name;
	int (*run)(struct ipcmd *ip);
	const char *usage; /* what follows "ip OBJECT NAME"; NULL: another name of a line with one */
};

/* Words are matched by prefix, in the order of the table. */
struct ipcmd_object {
	const char *name;		    /* as messages have it */
	int (*otherwise)(struct ipcmd *ip); /* `ip OBJECT` alone, or any word where there are no verbs */
	const struct ipcmd_verb *verbs;	    /* ends with {0} */
	const char *const *words;	    /* what may follow a verb, for completion; ends with NULL */
};

/* Objects are found by prefix, in the order of the table. */
struct ipcmd_entry {
	const char *word;
	const struct ipcmd_object *object;
};

struct ipcmd_program {
	const char *name, *version, *usage; /* the last with the ends of its lines */
	const struct ipcmd_entry *objects;  /* ends with {0} */
	const char *const (
		*lacking)[2]; /* objects that Linux has, and why not here; ends with {NULL}; may be NULL */
	int unknown_object_status, refused_status;
};

int ipcmd_run(struct cmd *c, const struct ipcmd_program *program);

extern const struct ipcmd_object ipcmd_link, ipcmd_addr, ipcmd_route, ipcmd_neigh, ipcmd_maddr, ipcmd_monitor,
	ipcmd_netns;

/* ---- reading words ---- */

/* True if `word` is `whole` or a beginning of it. */
bool ipcmd_matches(const char *word, const char *whole);

struct ipcmd_word {
	const char *name;
	int id; /* not 0 */
	bool has_value;
	uint8_t abbreviated; /* beginnings of at least this length will do; 0: none */
};

/* Of `ip`: its objects and options, both ending with {0}, and what Tab offers behind it. */
extern const struct ipcmd_entry ipcmd_objects[];
extern const struct ipcmd_word ipcmd_options[];
void ipcmd_complete(struct completion *w);

/* clang-format off */
#define WORD(name, id) {name, id, false, 0}
#define VALUE(name, id) {name, id, true, 0}
#define VALUE_ABBREVIATED(name, id, min) {name, id, true, min}
/* clang-format on */

/* Reads one word of the table (which ends with {0}) and its value. *id is 0 when the word is none of them (it
 * stays unread) or there is none. */
int ipcmd_read(struct ipcmd *ip, const struct ipcmd_word *table, int *id, const char **value);

/* Reads all that is left; `set` takes each word with its value, or id 0 and a word that is not in the table.
 */
int ipcmd_read_all(struct ipcmd *ip, const struct ipcmd_word *table,
	int (*set)(struct ipcmd *ip, void *to, int id, const char *value), void *to);

/* The next word is a name where one is due: steps over it. */
int ipcmd_read_any(struct ipcmd *ip, const char **value);

/* ---- saying what is wrong; each returns the exit status ---- */

int ipcmd_fail(struct ipcmd *ip, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int ipcmd_refused(struct ipcmd *ip, int error); /* "RTNETLINK answers: File exists"; 0 for error 0 */
int ipcmd_bad_value(struct ipcmd *ip, const char *value, const char *what); /* `argument "x" is wrong: ` */
int ipcmd_garbage(struct ipcmd *ip, const char *word);
int ipcmd_usage(struct ipcmd *ip, const struct ipcmd_object *o);
int ipcmd_no_device(struct ipcmd *ip, const char *name); /* Cannot find device "x" */
int ipcmd_needs_device(struct ipcmd *ip);

/* The end of `flush`: with -s it says how many "addresses" (or what it is) are gone. Returns CMD_OK. */
int ipcmd_flushed(struct ipcmd *ip, size_t count, const char *what);

/* ---- reading values ---- */

int ipcmd_device(struct ipcmd *ip, const char *name, struct dev **d);
int ipcmd_device_name(struct ipcmd *ip, const char *value, const char *what); /* may a device be called so? */
int ipcmd_host(struct ipcmd *ip, const char *value, struct stack **s);
int ipcmd_number(struct ipcmd *ip, const char *value, const char *what, uint32_t *number);
int ipcmd_mac(struct ipcmd *ip, const char *value, struct mac *m);
int ipcmd_on_off(struct ipcmd *ip, const char *what, const char *value, bool *on);
int ipcmd_address(struct ipcmd *ip, const char *value, uint32_t *addr);
/* An address; a prefix length is allowed, and means nothing. */
int ipcmd_prefix_address(struct ipcmd *ip, const char *value, uint32_t *addr);
int ipcmd_bad_prefix(struct ipcmd *ip, const char *value);
bool ipcmd_scope_parse(const char *value, uint8_t *scope); /* says nothing */
const char *ipcmd_scope_name(uint8_t scope, char buf[4]);

/* The state of a device as RFC 2863 names it: "UP", "DOWN" ... */
const char *ipcmd_operstate(const struct dev *d);

/* Which devices to show; the words that `ip link show` and `ip addr show` have in common. */
struct ipcmd_link_filter {
	const struct dev *dev, *master;
	const char *kind;
	bool up, no_master;
};
bool ipcmd_link_wanted(const struct ipcmd_link_filter *f, const struct dev *d);

/* Reads one of these words. *known is false where the next word is none of them (it stays unread). */
int ipcmd_link_filter_read(struct ipcmd *ip, struct ipcmd_link_filter *f, bool *known);

/* The name of the device alone. */
int ipcmd_link_filter_name(struct ipcmd *ip, struct ipcmd_link_filter *f);

/* All that is left: these words, or the name. */
int ipcmd_link_filter_read_all(struct ipcmd *ip, struct ipcmd_link_filter *f);

/* The object `link` has three files. */
int ipcmd_link_show(struct ipcmd *ip);
int ipcmd_link_add(struct ipcmd *ip);

/* ---- printing one thing, for show and monitor ---- */

/* `ip link`, `ip addr`, `ip monitor`: a little less each time. */
enum ipcmd_form { IPCMD_LINK, IPCMD_ADDR, IPCMD_NEWS };

void ipcmd_print_link(struct ipcmd *ip, const struct dev *d, enum ipcmd_form form);
void ipcmd_print_link_head(struct ipcmd *ip, const struct dev *d);  /* "2: eth0: <...> mtu 1500 " */
void ipcmd_print_link_stats(struct ipcmd *ip, const struct dev *d); /* whole lines */
void ipcmd_print_addr(struct ipcmd *ip, const struct netif_addr *a, bool with_device); /* whole lines */
void ipcmd_print_neigh(struct ipcmd *ip, const struct neigh *ng);

/* The number that stands for a host where iproute2 prints one. */
unsigned ipcmd_netns_id(const struct stack *s);

/* What the filter of `ip route show` fixes is not printed again. */
struct ipcmd_route_hide {
	bool dev, via, src, proto, scope;
	bool main_table; /* both are shown: of the local table's it is said */
};
void ipcmd_print_route(struct ipcmd *ip, const struct route *r, const struct ipcmd_route_hide *hide);

#endif
