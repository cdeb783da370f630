/* SPDX-License-Identifier: MIT */
/*
 * Where output goes (sinks) and input comes from (sources): terminal, file, pipe, the text of a $( ), a
 * setting.
 *
 * Commands write to FILEs that keep nothing back (out_open()), so everything lies in the sink in the order it
 * was written, whichever FILE it came by. A sink passes it on at the end of the turn of the loop, or when
 * much has gathered.
 */
#ifndef SHELL_IO_H
#define SHELL_IO_H

#include "lib/loop.h"
#include "shell/buf.h"

#include <stdio.h>

/* ---- sinks ---- */

struct sink {
	unsigned refs;
	struct loop *loop;
	struct buf pending;
	struct work flush_work;
	int fd;	     /* what a program of the machine is given; -1: none, it gets a pipe */
	bool is_tty; /* a terminal: colour and redrawing make sense */
	int error;   /* errno of the first write that failed; EPIPE: nobody reads any more */

	/* Passes on (part of) `pending` and returns how much; NULL: it is kept. May set ->error. */
	size_t (*emit)(struct sink *k, const char *data, size_t len);
	/* At the end, after the last flush: frees what `arg` is. May set ->error before (sink_close()). */
	void (*end)(struct sink *k);
	void *arg;

	/* Nobody reads any more: tells the one who writes, from the loop. NULL: nobody to tell. */
	void (*broken)(void *writer);
	void *writer;
	struct work broken_work;

	/* So much is with the reader, unread, that who can wait should (sink_is_full()). */
	bool full;
	struct list waiting; /* of struct drain */
	struct work drain_work;
};

/* Who waits for a full sink to be read. It is told once, from the loop. */
struct drain {
	struct list node;
	void (*drained)(struct drain *d);
};

/* A sink with one reference. What differs is set by the caller. */
struct sink *sink_new(struct loop *l);
struct sink *sink_get(struct sink *k);
void sink_put(struct sink *k); /* flushes and ends with the last reference; NULL is fine */

void sink_write(struct sink *k, const void *data, size_t len);
void sink_printf(struct sink *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sink_flush(struct sink *k);

/* Only pipes inside tapir are ever full: a descriptor is waited for where it is written to. */
bool sink_is_full(struct sink *k);
void sink_wait(struct sink *k, struct drain *d);
void sink_drained(struct sink *k); /* by the reader: it has taken what was there */

static inline void drain_init(struct drain *d, void (*drained)(struct drain *d))
{
	list_init(&d->node);
	d->drained = drained;
}

static inline void drain_cancel(struct drain *d)
{
	list_del(&d->node);
}

/* What is written is thrown away from now on, and the writer is told. */
void sink_break(struct sink *k, int error);

/* Writes to a descriptor: `own`: closes it at the end. */
struct sink *sink_new_fd(struct loop *l, int fd, bool own);

/* Keeps what is written in ->pending. */
struct sink *sink_new_text(struct loop *l);

/* A FILE that writes to the sink and holds a reference until fclose(). */
FILE *sink_open(struct sink *k);

/* ---- sources ---- */

/* Who gets the input; len 0 is the end, and comes once. It may detach itself in the call. */
struct reader {
	void (*input)(struct reader *r, const char *data, size_t len);
	struct source *source; /* attached to */
};

enum source_kind {
	SOURCE_NONE,	 /* at its end from the beginning: /dev/null */
	SOURCE_KEYBOARD, /* the terminal: read only while somebody is attached */
	SOURCE_FD,	 /* a file: the same, closed at the end */
	SOURCE_PIPE,	 /* what was pushed */
};

struct source {
	unsigned refs;
	struct loop *loop;
	enum source_kind kind;
	struct watch watch; /* ->fd: -1 where there is none */
	bool watching;
	struct buf data;  /* SOURCE_PIPE: not delivered yet */
	bool ended;	  /* nothing comes after `data` */
	struct work work; /* delivers */
	struct reader *reader;
	struct sink *sink; /* SOURCE_PIPE: the other end, or NULL */

	/* A keyboard elsewhere: somebody is attached now, or nobody any more. NULL: nobody to tell. */
	void (*wanted)(struct source *c, bool on);
	void *owner;
};

struct source *source_new(struct loop *l, enum source_kind kind, int fd);
struct source *source_get(struct source *c);
void source_put(struct source *c); /* a pipe that loses its last reader breaks its sink; NULL is fine */

void source_attach(struct source *c, struct reader *r);
void source_detach(struct reader *r); /* does nothing when it is not attached */

/* A keyboard without a descriptor of ours: what was typed on it, len 0 for ^D. */
void source_push(struct source *c, const char *data, size_t len);

/* Both ends of a pipe inside tapir. */
void pipe_new(struct loop *l, struct sink **sink, struct source **source);

#endif
