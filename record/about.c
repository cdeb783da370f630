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

static bool find_arguments(const json_t *list, struct record_about *a)
{
	size_t n = json_array_size(list);

	a->argc = (int)n;
	a->argv = calloc(n + 1, sizeof(*a->argv));
	for (size_t i = 0; a->argv && i < n; i++) {
		a->argv[i] = (char *)(uintptr_t)json_string_value(json_array_get(list, i));
		if (!a->argv[i])
			return false;
	}
	return a->argv && n > 0;
}

static bool find_all(json_t *root, struct record_about *a)
{
	const char *seed = json_string_value(json_object_get(root, "seed"));
	char *end = NULL;

	a->kept = root;
	a->seed = seed ? strtoull(seed, &end, 10) : 0;
	a->version = json_string_value(json_object_get(root, "tapir"));
	return end && !*end && a->version && find_arguments(json_object_get(root, "arguments"), a);
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

static json_t *load(const char *path, char *why, size_t room)
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
	return root;
}

int about_read(const char *path, struct record_about *a, char *why, size_t room)
{
	json_t *root = load(path, why, room);

	*a = (struct record_about){0};
	if (!root)
		return -1;
	if (!find_all(root, a)) {
		about_free(a);
		snprintf(why, room, "%s: version, seed or arguments are missing", path);
		return -1;
	}
	set_environment(json_object_get(root, "environment"));
	return 0;
}

void about_free(struct record_about *a)
{
	json_decref(a->kept);
	free(a->argv);
}
