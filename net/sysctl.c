/* SPDX-License-Identifier: MIT */
/* Settings by name. */
#include "net/sysctl.h"

#include "net/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const struct sysctl_info sysctl_hosts[SYSCTL_COUNT] = {
#define X(NAME, text, d, lo, hi, about) \
	[SYSCTL_##NAME] = {.name = text, .def = d, .min = lo, .max = hi, .help = about},
	HOST_SYSCTLS(X)
#undef X
};

const struct sysctl_info sysctl_netifs[CONF_COUNT] = {
#define X(NAME, fam, text, d, lo, hi, how, about) \
	[CONF_##NAME] = {.name = text,            \
		.family = fam,                    \
		.def = d,                         \
		.min = lo,                        \
		.max = hi,                        \
		.combine = COMBINE_##how,         \
		.help = about},
	NETIF_SYSCTLS(X)
#undef X
};

/* Those whose values are names, which are all that people see; in the order of the algorithms in tcp/cc.c. */
static const char *const congestion_names[] = {"reno", "cubic"};
static const char *const available_names[] = {"reno cubic"};

static const char *const *names_of(const struct sysctl_info *info)
{
	if (info == &sysctl_hosts[SYSCTL_TCP_CONGESTION_CONTROL])
		return congestion_names;
	return info == &sysctl_hosts[SYSCTL_TCP_AVAILABLE_CONGESTION_CONTROL] ? available_names : NULL;
}

/* Slashes and dots are the same, except that a device name may hold dots when the name is written with
 * slashes. */
static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !((*a == '/' || *a == '.') && (*b == '/' || *b == '.')))
			return false;
	return *a == *b;
}

/* Where the value of "net.ipv4.conf.WHO.SETTING" lies; NULL: no such setting. "all" only exists for conf. */
static const int32_t *find_netif(const struct stack *s, const char *name, const struct sysctl_info **info)
{
	for (int i = 0; i < CONF_COUNT; i++) {
		char full[128];
		const struct sysctl_info *in = &sysctl_netifs[i];

		*info = in;
		snprintf(full, sizeof(full), "net.ipv4.%s.default.%s", in->family, in->name);
		if (same_name(full, name))
			return &s->conf_default[i];
		snprintf(full, sizeof(full), "net.ipv4.%s.all.%s", in->family, in->name);
		if (strcmp(in->family, "conf") == 0 && same_name(full, name))
			return &s->conf_all[i];
		stack_each_dev(d, s) {
			snprintf(full, sizeof(full), "net.ipv4.%s.%s.%s", in->family, d->name, in->name);
			if (same_name(full, name))
				return &d->netif->conf[i];
		}
	}
	return NULL;
}

static const int32_t *find(const struct stack *s, const char *name, const struct sysctl_info **info)
{
	for (int i = 0; i < SYSCTL_COUNT; i++) {
		*info = &sysctl_hosts[i];
		if (same_name(sysctl_hosts[i].name, name))
			return &s->sysctl[i];
	}
	return find_netif(s, name, info);
}

/* How many values the setting of this row has. */
static int width(const struct sysctl_info *info)
{
	int n = 1;

	if (info->family)
		return 1;
	while (info + n < sysctl_hosts + SYSCTL_COUNT && strcmp(info[n].name, info->name) == 0)
		n++;
	return n;
}

int sysctl_get(const struct stack *s, const char *name, int32_t *value)
{
	const struct sysctl_info *info;
	const int32_t *at = find(s, name, &info);

	if (!at)
		return -ENOENT;
	*value = *at;
	return 0;
}

static void print_values(
	char text[SYSCTL_TEXT_LEN], const struct sysctl_info *info, const int32_t *values, int count)
{
	const char *const *names = names_of(info);
	int len = names ? snprintf(text, SYSCTL_TEXT_LEN, "%s", names[*values]) : 0;

	for (int i = 0; i < count && !names; i++)
		len += snprintf(
			text + len, (size_t)(SYSCTL_TEXT_LEN - len), "%s%d", i ? "\t" : "", values[i]);
}

int sysctl_read(const struct stack *s, const char *name, char text[SYSCTL_TEXT_LEN])
{
	const struct sysctl_info *info;
	const int32_t *at = find(s, name, &info);

	if (!at)
		return -ENOENT;
	print_values(text, info, at, width(info));
	return 0;
}

/* ip_forward, conf.all.forwarding and the forwarding of each device move together, as in Linux. */
static void spread_forwarding(struct stack *s, const int32_t *at)
{
	if (at != &s->sysctl[SYSCTL_IP_FORWARD] && at != &s->conf_all[CONF_FORWARDING])
		return;
	s->sysctl[SYSCTL_IP_FORWARD] = s->conf_all[CONF_FORWARDING] = s->conf_default[CONF_FORWARDING] = *at;
	stack_each_dev(d, s)
		d->netif->conf[CONF_FORWARDING] = *at;
}

/* `at`: where find() found it, which only reads; `s` is ours to write. */
static int change(
	struct stack *s, const int32_t *at, const struct sysctl_info *info, const int32_t *values, int count)
{
	for (int i = 0; i < count; i++)
		if (values[i] < info[i].min || values[i] > info[i].max)
			return -EINVAL;
	memcpy((int32_t *)at, values, (size_t)count * sizeof(*values));
	spread_forwarding(s, at);
	s->generation++;
	stack_loop(s)->budget = s->sysctl[SYSCTL_NETDEV_BUDGET];
	return 0;
}

int sysctl_set(struct stack *s, const char *name, int32_t value)
{
	const struct sysctl_info *info;
	const int32_t *at = find(s, name, &info);

	return at ? change(s, at, info, &value, 1) : -ENOENT;
}

/* Numbers with blanks between them and nothing else; how many, or -EINVAL: none, or more than `room`. */
static int read_values(const char *text, int32_t *values, int room)
{
	static const char blanks[] = " \t\n";
	int n = 0;

	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		char *end;
		long long v = strtoll(text, &end, 0);
		if (end == text || !strchr(blanks, *end) || v < INT32_MIN || v > INT32_MAX || n == room)
			return -EINVAL;
		values[n++] = (int32_t)v;
		text = end;
	}
	return n ? n : -EINVAL;
}

/* The number of the value of that name; 1, or -EINVAL. */
static int read_name(const struct sysctl_info *info, const char *text, int32_t *value)
{
	size_t len = strcspn(text, "\n");

	for (*value = info->min; *value <= info->max; ++*value) {
		const char *name = names_of(info)[*value];
		if (strlen(name) == len && memcmp(name, text, len) == 0)
			return 1;
	}
	return -EINVAL;
}

int sysctl_write(struct stack *s, const char *name, const char *text)
{
	const struct sysctl_info *info;
	const int32_t *at = find(s, name, &info);
	int32_t values[SYSCTL_TEXT_LEN / 2];

	if (!at)
		return -ENOENT;
	int count = names_of(info) ? read_name(info, text, values) : read_values(text, values, width(info));
	return count < 0 ? count : change(s, at, info, values, count);
}

typedef void each_fn(void *ctx, const char *name, const char *text, const char *help);

static void each_of_one(const char *who, const int32_t *values, bool with_neigh, each_fn *fn, void *ctx)
{
	for (int i = 0; i < CONF_COUNT; i++) {
		char full[128], text[SYSCTL_TEXT_LEN];
		const struct sysctl_info *in = &sysctl_netifs[i];

		if (strcmp(in->family, "neigh") == 0 && !with_neigh)
			continue;
		snprintf(full, sizeof(full), "net.ipv4.%s.%s.%s", in->family, who, in->name);
		print_values(text, in, &values[i], 1);
		fn(ctx, full, text, in->help);
	}
}

void sysctl_each(const struct stack *s, each_fn *fn, void *ctx)
{
	for (int i = 0; i < SYSCTL_COUNT; i += width(&sysctl_hosts[i])) {
		char text[SYSCTL_TEXT_LEN];
		print_values(text, &sysctl_hosts[i], &s->sysctl[i], width(&sysctl_hosts[i]));
		fn(ctx, sysctl_hosts[i].name, text, sysctl_hosts[i].help);
	}
	each_of_one("all", s->conf_all, false, fn, ctx);
	each_of_one("default", s->conf_default, true, fn, ctx);
	stack_each_dev(d, s)
		each_of_one(d->name, d->netif->conf, true, fn, ctx);
}
