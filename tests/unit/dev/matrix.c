/* SPDX-License-Identifier: MIT */
/* What was measured of Linux's devices, row by row, and the reader of such tables. */
#include "tests/matrix.d/matrix.h"
#include "tests/unit/unit.h"

static char complaint[256];

/* Of this text as a file with two columns. */
static bool reads(struct csv *csv, const char *text)
{
	FILE *f = fopen("matrix.tmp", "w"), *err = fmemopen(complaint, sizeof(complaint), "w");

	fputs(text, f);
	fclose(f);
	bool ok = csv_read(csv, "matrix.tmp", "a,b", err);
	fclose(err);
	remove("matrix.tmp");
	return ok;
}

static void tables_are_read_whatever_ends_their_lines(void)
{
	struct csv csv;

	CU_ASSERT_FATAL(reads(&csv, "a,b\r\n1,\r\n\n,two"));
	CU_ASSERT_EQUAL_FATAL(csv.count, 2);
	CU_ASSERT_STRING_EQUAL(csv.rows[0].field[0], "1");
	CU_ASSERT_STRING_EQUAL(csv.rows[0].field[1], "");
	CU_ASSERT_STRING_EQUAL(csv.rows[1].field[1], "two");
	CU_ASSERT_EQUAL(csv.rows[1].line, 4);
	csv_free(&csv);
}

static void what_is_no_table_is_refused_with_its_line(void)
{
	static const struct {
		const char *text, *complaint;
	} bad[] = {
		{"", "matrix.tmp:1: the columns must be: a,b\n"},
		{"a,c\n1,2\n", "matrix.tmp:1: the columns must be: a,b\n"},
		{"a,b\n1,2\n1,2,3\n", "matrix.tmp:3: 3 fields, and not 2\n"},
		{"a,b\n1\n", "matrix.tmp:2: 1 fields, and not 2\n"},
		{"a,b\n\"1\",2\n", "matrix.tmp:2: no field needs quotes here\n"},
	};
	struct csv csv;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CU_ASSERT_FALSE(reads(&csv, bad[i].text));
		CU_ASSERT_STRING_EQUAL(complaint, bad[i].complaint);
	}
	FILE *err = fmemopen(complaint, sizeof(complaint), "w");
	CU_ASSERT_FALSE(csv_read(&csv, "no/such/file", "a,b", err));
	fclose(err);
	CU_ASSERT_STRING_EQUAL(complaint, "no/such/file: No such file or directory\n");
}

static void lists_are_compared_without_order_but_with_number(void)
{
	CU_ASSERT(csv_same_words("", ""));
	CU_ASSERT(csv_same_words("A:host+wire", "wire+A:host"));
	CU_ASSERT_FALSE(csv_same_words("A:host", "A:host+A:host"));
	CU_ASSERT_FALSE(csv_same_words("A:host+B:host", "A:host+C:host"));
	CU_ASSERT_FALSE(csv_same_words("", "wire"));
}

static void macvlans_do_what_linux_did(void)
{
	struct csv csv;

	CU_ASSERT_FATAL(csv_read(&csv, "tests/data/macvlan-matrix.csv", matrix_macvlan_header, stderr));
	CU_ASSERT_EQUAL(csv.count, 2360);
	CU_ASSERT_EQUAL(matrix_macvlan(&csv), 0);
	csv_free(&csv);
}

SUITE(dev_matrix, T(macvlans_do_what_linux_did), T(tables_are_read_whatever_ends_their_lines),
	T(what_is_no_table_is_refused_with_its_line), T(lists_are_compared_without_order_but_with_number))
