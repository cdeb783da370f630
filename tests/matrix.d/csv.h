/* SPDX-License-Identifier: MIT */
/* Tables of measurements: comma-separated values without quotes, a line of column names first. */
#ifndef TESTS_MATRIX_CSV_H
#define TESTS_MATRIX_CSV_H

#include "lib/bytes.h"

#include <stdio.h>

enum { CSV_COLUMNS_MAX = 16 };

struct csv_row {
	unsigned line; /* in the file, from 1 */
	char *field[CSV_COLUMNS_MAX];
};

struct csv {
	const char *path;
	FILE *err;  /* where complaints go */
	char *text; /* what the fields point into */
	size_t columns, count;
	struct csv_row *rows; /* without the names */
};

/* Reads a file whose first line must be `header`. False, after having said what is wrong, and in which line: no
 * such file, no such table. Nothing is to be freed then. */
bool csv_read(struct csv *csv, const char *path, const char *header, FILE *err);
void csv_free(struct csv *csv);

/* Says what is wrong with a row: "FILE:12: no mode is called `brigde`". */
void csv_complain(const struct csv *csv, const struct csv_row *row, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Lists of words with '+' between them hold the same words, in whatever order, each as often. */
bool csv_same_words(const char *a, const char *b);

#endif
