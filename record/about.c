/* SPDX-License-Identifier: MIT */
/* DIR/about. */
#include "record/about.h"

#include <errno.h>
#include <stdlib.h>
#include <jansson.h>

/* What libraries read of the environment; what tapir itself asks for is in the log. */
static const char *const variables[] = {"TERM", "TERMINFO", "TERMINFO_DIRS", "LINES", "COLUMNS", "INPUTRC",
	"HOME", "LANG", "LC_ALL", "LC_CTYPE"};

static json_t *environment(void)
{
	json_t *all = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *value = getenv(variables[i]);
		if (value)
			json_object_set_new(all, variables[i], json_string(value));
	}
	return all;
}

/* The seed is text, since JSON's numbers end at 2^53. */
int about_write(const char *path, const struct record_about *a)
{
	json_t *root = json_object(), *argv = json_array();
	char seed[24];
	FILE *f = fopen(path, "we");

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)a->seed);
	for (int i = 0; i < a->argc; i++)
		json_array_append_new(argv, json_string(a->argv[i]));
	json_object_set_new(root, "tapir", json_string(a->version));
	json_object_set_new(root, "seed", json_string(seed));
	json_object_set_new(root, "arguments", argv);
	json_object_set_new(root, "environment", environment());
	errno = EILSEQ; /* an argument that is no UTF-8 */
	bool ok =
		f && json_dumpf(root, f, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0 && fputc('\n', f) != EOF;
	int err = ok ? 0 : -errno;
	json_decref(root);
	if (f && fclose(f) != 0 && ok)
		err = -errno;
	return err;
}

static bool read_arguments(const json_t *list, struct record_about *a)
{
	size_t n = json_array_size(list);

	a->argv = calloc(n + 1, sizeof(*a->argv));
	for (size_t i = 0; a->argv && i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		a->argv[i] = text ? strdup(text) : NULL;
		if (!a->argv[i])
			return false;
	}
	a->argc = (int)n;
	return a->argv && n > 0;
}

static void set_environment(const json_t *all)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *value = json_string_value(json_object_get(all, variables[i]));
		if (value)
			setenv(variables[i], value, 1);
		else
			unsetenv(variables[i]);
	}
}

int about_read(const char *path, struct record_about *a, char *why, size_t room)
{
	FILE *f = fopen(path, "re");
	json_error_t mistake;
	json_t *root = f ? json_loadf(f, 0, &mistake) : NULL;

	if (!f)
		snprintf(why, room, "%s: %s", path, strerror(errno));
	else if (!root)
		snprintf(why, room, "%s, line %d: %s", path, mistake.line, mistake.text);
	if (f)
		fclose(f);
	if (!root)
		return -1;
	const char *seed = json_string_value(json_object_get(root, "seed"));
	const char *version = json_string_value(json_object_get(root, "tapir"));
	char *end = NULL;
	a->seed = seed ? strtoull(seed, &end, 10) : 0;
	a->version = version ? strdup(version) : NULL;
	bool ok = end && !*end && a->version && read_arguments(json_object_get(root, "arguments"), a);
	if (ok)
		set_environment(json_object_get(root, "environment"));
	else
		snprintf(why, room, "%s: version, seed or arguments are missing", path);
	json_decref(root);
	return ok ? 0 : -1;
}
