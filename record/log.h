/* SPDX-License-Identifier: MIT */
/*
 * The event log: one entry for each call that left the process, in their order, with what came of it.
 *
 * The file is mapped into memory and grows in steps, so that writing costs no system call and whatever ends tapir
 * (a crash, kill -9) leaves all of it; what was not used is zeros. Byte order and sizes are the machine's.
 */
#ifndef RECORD_LOG_H
#define RECORD_LOG_H

#include "record/calls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_entry {
	int32_t call;	/* enum call */
	int32_t err;	/* errno, where it failed */
	int64_t key;	/* what it was asked about: a descriptor, a hash of a path */
	uint64_t given; /* a hash of the bytes it was given */
	int64_t result;
	uint32_t len;	/* of the bytes that it brought, which follow, up to a multiple of eight */
	uint32_t check; /* a hash of all that */
};

/* ---- writing ---- */

struct log_writer {
	int fd;
	uint64_t at; /* where the next entry begins in the file */
	uint8_t *window;
	uint64_t window_at;
	size_t window_len;
};

/* `fd` is an empty file, open for reading and writing; it becomes the log's. 0 or -errno. */
int log_begin(struct log_writer *w, int fd);

/* e->check need not be set. 0 or -errno: then nothing was written. */
int log_write(struct log_writer *w, struct log_entry *e, const void *bytes);

/* Cuts the file after the last entry. */
void log_end(struct log_writer *w);

/* ---- reading ---- */

struct log_reader {
	uint8_t *file;
	size_t len, at;
};

enum log_next {
	LOG_ENTRY,
	LOG_OPEN,    /* nothing more was written: tapir was ended from outside */
	LOG_CUT,     /* the file ends in the middle */
	LOG_DAMAGED, /* what is here is no entry */
};

/* The whole file. 0 or -errno; -EPROTO: no log, or of another version of tapir. */
int log_open(struct log_reader *r, const char *path);
void log_close(struct log_reader *r);

/* The entry that comes next, and its bytes; both stay until log_close(). */
enum log_next log_look(const struct log_reader *r, const struct log_entry **e, void **bytes);

/* Goes past it. */
void log_skip(struct log_reader *r, const struct log_entry *e);

/* A hash of bytes, for ->given and ->key. */
uint64_t log_hash(const void *data, size_t len);

#endif
