/* SPDX-License-Identifier: MIT */
/* Tables of measurements, read whole. */
#include "tests/matrix.d/csv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

enum { WORDS_MAX = 64 };

/* The whole file, with an end; NULL: errno says why. */
static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (!f)
		return NULL;
	ssize_t len = getdelim(&text, &room, '\0', f);
	if (len < 0 && !ferror(f))
		*(text = realloc(text, 1)) = '\0';
	fclose(f);
	return text;
}

/* The line at *text without its end, and *text at the next one; NULL: no more. */
static char *next_line(char **text)
{
	char *line = *text, *end = line + strcspn(line, "\n");

	if (!*line)
		return NULL;
	*text = *end ? end + 1 : end;
	*end = '\0';
	if (end > line && end[-1] == '\r')
		end[-1] = '\0';
	return line;
}

/* How many fields there are; those that fit are stored. */
static size_t split(char *line, char *field[CSV_COLUMNS_MAX])
{
	size_t n = 0;

	for (char *part; (part = strsep(&line, ",")); n++)
		if (n < CSV_COLUMNS_MAX)
			field[n] = part;
	return n;
}

static size_t count_of(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

void csv_complain(const struct csv *csv, const struct csv_row *row, const char *fmt, ...)
{
	va_list args;

	fprintf(csv->err, "%s:%u: ", csv->path, row->line);
	va_start(args, fmt);
	vfprintf(csv->err, fmt, args);
	va_end(args);
	fputc('\n', csv->err);
}

/* False: a line that is no row. Empty lines mean nothing. */
static bool read_rows(struct csv *csv, char *text)
{
	unsigned number = 1;

	for (char *line; (line = next_line(&text));) {
		struct csv_row *row = &csv->rows[csv->count];

		*row = (struct csv_row){.line = ++number};
		if (!*line)
			continue;
		if (strchr(line, '"')) {
			csv_complain(csv, row, "no field needs quotes here");
			return false;
		}
		size_t n = split(line, row->field);
		if (n != csv->columns) {
			csv_complain(csv, row, "%zu fields, and not %zu", n, csv->columns);
			return false;
		}
		csv->count++;
	}
	return true;
}

bool csv_read(struct csv *csv, const char *path, const char *header, FILE *err)
{
	*csv = (struct csv){
		.path = path, .err = err, .text = read_file(path), .columns = count_of(header, ',') + 1};
	if (!csv->text) {
		fprintf(csv->err, "%s: %s\n", path, strerror(errno));
		return false;
	}
	csv->rows = calloc(count_of(csv->text, '\n') + 2, sizeof(*csv->rows));
	char *rest = csv->text, *names = next_line(&rest);
	bool ok = names && strcmp(names, header) == 0;
	if (!ok)
		fprintf(csv->err, "%s:1: the columns must be: %s\n", path, header);
	if (ok && read_rows(csv, rest))
		return true;
	csv_free(csv);
	return false;
}

void csv_free(struct csv *csv)
{
	free(csv->rows);
	free(csv->text);
}

/* ---- lists of words ---- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In order; how many. */
static size_t words_of(char *list, char *words[WORDS_MAX])
{
	size_t n = 0;

	for (char *word; (word = strsep(&list, "+"));)
		if (*word && n < WORDS_MAX)
			words[n++] = word;
	qsort(words, n, sizeof(*words), compare);
	return n;
}

bool csv_same_words(const char *a, const char *b)
{
	char *copy_a = strdup(a), *copy_b = strdup(b);
	char *words_a[WORDS_MAX], *words_b[WORDS_MAX];
	size_t n = words_of(copy_a, words_a);
	bool same = words_of(copy_b, words_b) == n;

	for (size_t i = 0; same && i < n; i++)
		same = strcmp(words_a[i], words_b[i]) == 0;
	free(copy_a);
	free(copy_b);
	return same;
}
