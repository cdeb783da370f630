/* SPDX-License-Identifier: MIT */
/*
 *	matrix KIND FILE.csv
 *
 * Tries each row of a table of measurements on tapir's own device, and says which differ. The last line is "N agree,
 * M differ". Exit status: 0, 1 where rows differ, 2 where the input cannot be used.
 */
#include "tests/matrix.d/matrix.h"

static const struct kind {
	const char *name, *header;
	int (*try)(const struct csv *csv);
} kinds[] = {
	{"bridge", matrix_bridge_header, matrix_bridge},
	{"macvlan", matrix_macvlan_header, matrix_macvlan},
	{0},
};

static const struct kind *find(const char *name)
{
	for (const struct kind *k = kinds; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static int usage(void)
{
	fputs("usage: tests/matrix KIND FILE.csv   (tests/data/KIND-matrix.csv is such a file)\nKIND:",
		stderr);
	for (const struct kind *k = kinds; k->name; k++)
		fprintf(stderr, " %s", k->name);
	fputc('\n', stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const struct kind *kind = argc == 3 ? find(argv[1]) : NULL;
	struct csv csv;

	if (!kind)
		return usage();
	if (!csv_read(&csv, argv[2], kind->header, stderr))
		return 2;
	int differ = kind->try(&csv);
	size_t count = csv.count;
	csv_free(&csv);
	if (differ < 0)
		return 2;
	printf("%zu agree, %d differ\n", count - (size_t)differ, differ);
	return differ > 0;
}
