/* SPDX-License-Identifier: MIT */
/* The event log: what is written is read again, and what is no log is told from one. */
#include "record/log.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRY_LEN = sizeof(struct log_entry), HEAD_LEN = 16, BIG = 3 << 20 };

struct fixture {
	char path[32];
	struct log_writer writer;
	struct log_reader reader;
};

static void begin(struct fixture *f)
{
	strcpy(f->path, "/tmp/tapir-log-XXXXXX");
	CU_ASSERT_EQUAL_FATAL(log_begin(&f->writer, mkstemp(f->path)), 0);
}

static int put(struct fixture *f, enum call c, int64_t result, const void *bytes, size_t len)
{
	struct log_entry e = {.call = (int32_t)c, .key = 7, .result = result, .len = (uint32_t)len};

	return log_write(&f->writer, &e, bytes);
}

static void read_back(struct fixture *f)
{
	CU_ASSERT_EQUAL_FATAL(log_open(&f->reader, f->path), 0);
}

static void take(struct fixture *f, enum call c, int64_t result, const void *bytes, size_t len)
{
	const struct log_entry *e;
	void *there;

	CU_ASSERT_EQUAL_FATAL(log_look(&f->reader, &e, &there), LOG_ENTRY);
	CU_ASSERT_EQUAL(e->call, c);
	CU_ASSERT_EQUAL(e->key, 7);
	CU_ASSERT_EQUAL(e->result, result);
	CU_ASSERT_EQUAL_FATAL(e->len, len);
	CU_ASSERT_EQUAL(memcmp(there, bytes, len), 0);
	log_skip(&f->reader, e);
}

static enum log_next look(struct fixture *f)
{
	const struct log_entry *e;
	void *bytes;

	return log_look(&f->reader, &e, &bytes);
}

static void end(struct fixture *f)
{
	log_close(&f->reader);
	unlink(f->path);
}

/* ---- */

static void entries_come_back_in_order(void)
{
	struct fixture f;

	begin(&f);
	put(&f, CALL_read, 5, "hello", 5);
	put(&f, CALL_close, 0, NULL, 0);
	put(&f, CALL_END, 3, NULL, 0);
	log_end(&f.writer);
	read_back(&f);
	take(&f, CALL_read, 5, "hello", 5);
	take(&f, CALL_close, 0, "", 0);
	take(&f, CALL_END, 3, "", 0);
	CU_ASSERT_EQUAL(look(&f), LOG_CUT);
	end(&f);
}

/* Entries larger than the part that is mapped, and many small ones across its border. */
static void the_file_grows_as_it_must(void)
{
	struct fixture f;
	char *big = malloc(BIG);
	int many = 100000;

	for (int i = 0; i < BIG; i++)
		big[i] = (char)(i * 7);
	begin(&f);
	put(&f, CALL_read, 1, big, BIG);
	for (int i = 0; i < many; i++)
		put(&f, CALL_read, i, big, 9);
	put(&f, CALL_read, 2, big, BIG);
	log_end(&f.writer);
	read_back(&f);
	take(&f, CALL_read, 1, big, BIG);
	for (int i = 0; i < many; i++)
		take(&f, CALL_read, i, big, 9);
	take(&f, CALL_read, 2, big, BIG);
	end(&f);
	free(big);
}

/* As after kill -9: nobody called log_end(). */
static void without_its_end_a_log_is_open(void)
{
	struct fixture f;

	begin(&f);
	read_back(&f);
	CU_ASSERT_EQUAL(look(&f), LOG_OPEN);
	log_close(&f.reader);
	put(&f, CALL_read, 5, "hello", 5);
	read_back(&f);
	take(&f, CALL_read, 5, "hello", 5);
	CU_ASSERT_EQUAL(look(&f), LOG_OPEN);
	end(&f);
	log_end(&f.writer);
}

/* Three entries, the last of them the end. */
static void three_entries(struct fixture *f)
{
	begin(f);
	put(f, CALL_read, 16, "sixteen octets..", 16);
	put(f, CALL_write, 3, NULL, 0);
	put(f, CALL_END, 0, NULL, 0);
	log_end(&f->writer);
}

/* How many entries are whole, and what comes behind them. */
static enum log_next count(struct fixture *f, int *entries)
{
	const struct log_entry *e;
	enum log_next next;
	void *bytes;

	for (*entries = 0; (next = log_look(&f->reader, &e, &bytes)) == LOG_ENTRY; ++*entries)
		log_skip(&f->reader, e);
	return next;
}

static void a_log_that_is_cut_anywhere_says_so(void)
{
	static const int ends[] = {
		HEAD_LEN + ENTRY_LEN + 16, HEAD_LEN + 2 * ENTRY_LEN + 16, HEAD_LEN + 3 * ENTRY_LEN + 16};
	struct fixture f;

	three_entries(&f);
	for (int len = ends[2] - 1; len >= HEAD_LEN; len--) {
		int entries;

		CU_ASSERT_EQUAL(truncate(f.path, len), 0);
		read_back(&f);
		CU_ASSERT_EQUAL(count(&f, &entries), LOG_CUT);
		CU_ASSERT_EQUAL(entries, (len >= ends[0]) + (len >= ends[1]));
		log_close(&f.reader);
	}
	unlink(f.path);
}

static void one_bit_that_differs_is_seen(void)
{
	struct fixture f;
	int entries, len = HEAD_LEN + 3 * ENTRY_LEN + 16;

	three_entries(&f);
	for (int bit = 8 * HEAD_LEN; bit < 8 * len; bit++) {
		read_back(&f);
		f.reader.file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_NOT_EQUAL(count(&f, &entries), LOG_OPEN);
		CU_ASSERT(entries < 3);
		log_close(&f.reader);
	}
	unlink(f.path);
}

static void what_is_no_log_is_refused(void)
{
	struct log_reader r;
	struct fixture f;
	int fd;

	CU_ASSERT_EQUAL(log_open(&r, "/nowhere/log"), -ENOENT);
	CU_ASSERT_EQUAL(log_open(&r, "/tmp"), -EPROTO);
	CU_ASSERT_EQUAL(log_open(&r, "/dev/null"), -EPROTO);
	begin(&f);
	log_end(&f.writer);
	CU_ASSERT_EQUAL(truncate(f.path, HEAD_LEN - 1), 0);
	CU_ASSERT_EQUAL(log_open(&r, f.path), -EPROTO);
	fd = open(f.path, O_WRONLY | O_TRUNC);
	CU_ASSERT_EQUAL(write(fd, "a text of more than one line\n", 29), 29);
	close(fd);
	CU_ASSERT_EQUAL(log_open(&r, f.path), -EPROTO);
	unlink(f.path);
}

/* Whatever was written before stays. */
static void a_full_disk_is_an_error(void)
{
	struct rlimit old, low = {2 << 20, 2 << 20};
	struct fixture f;
	char *bytes = calloc(1, 1 << 16);
	int entries, written = 0, err = 0;

	begin(&f);
	getrlimit(RLIMIT_FSIZE, &old);
	low.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &low);
	while (!err && written < 100) {
		err = put(&f, CALL_read, written, bytes, 1 << 16);
		written += !err;
	}
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_DFL);
	CU_ASSERT_EQUAL(err, -EFBIG);
	CU_ASSERT(written >= 10 && written <= 32);
	log_end(&f.writer);
	read_back(&f);
	CU_ASSERT_EQUAL(count(&f, &entries), LOG_CUT);
	CU_ASSERT_EQUAL(entries, written);
	end(&f);
	free(bytes);
}

static void calls_have_names(void)
{
	CU_ASSERT_STRING_EQUAL(call_name(CALL_open), "open");
	CU_ASSERT_STRING_EQUAL(call_name(CALL_history_truncate_file), "history_truncate_file");
	CU_ASSERT_STRING_EQUAL(call_name(CALL_END), "exit");
	CU_ASSERT_STRING_EQUAL(call_name(CALL_END + 1), "?");
}

SUITE(record_log, T(entries_come_back_in_order), T(the_file_grows_as_it_must),
	T(without_its_end_a_log_is_open), T(a_log_that_is_cut_anywhere_says_so),
	T(one_bit_that_differs_is_seen), T(what_is_no_log_is_refused), T(a_full_disk_is_an_error),
	T(calls_have_names))
