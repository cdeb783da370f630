/* SPDX-License-Identifier: MIT */
/* What a recording is while it goes on, and what the wrappers of calls do with it. */
#ifndef RECORD_RECORDING_H
#define RECORD_RECORDING_H

#include "record/log.h"
#include "record/record.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/types.h>

enum record_mode {
	RECORDING,
	AGAIN,
	STOPPED, /* the recording could not be written; the run goes on without */
};

enum { TEXT_FDS = 64 };

struct recording {
	enum record_mode mode;
	struct record_about about; /* again */
	struct log_writer writer;
	struct log_reader reader;

	int output;	  /* recording: DIR/output */
	const char *text; /* again: what is there */
	size_t text_len, text_at;
	bool is_text[TEXT_FDS]; /* descriptors of our standard output and error */

	epoll_data_t
		*watched; /* what epoll is to give for a descriptor: pointers are no two times the same */
	int watched_count;

	const struct loop *loop;
	uint64_t turns, began, now; /* of the loop, when it went */
	uint64_t came;		    /* bytes from outside */
	int terminal; /* what readline looks at; again: one that looks as the recorded one; -1: none */
	int report;   /* again: where the outcome is told */
};

/* NULL: tapir runs as it is. The calls of libc carry no pointer, so this has to be global. */
extern struct recording *the_recording;

static inline bool is_again(void)
{
	return the_recording && the_recording->mode == AGAIN;
}

static inline bool is_recording(void)
{
	return the_recording && the_recording->mode == RECORDING;
}

/* ---- the machine's answers. `key` is what was asked about: a descriptor, path_key(). ---- */

/* Writes down `result` and errno, and the bytes the call brought. Returns `result`. */
long note_answer(enum call c, int64_t key, long result, const void *out, size_t len);
/* The recorded ones. */
long give_answer(enum call c, int64_t key, void *out, size_t room);
/* The same of bytes that went out. */
long note_output(enum call c, int64_t key, long result, const void *data, size_t len);
long check_output(enum call c, int64_t key, const void *data, size_t len);

/* The recorded entry and its bytes, where they are used as they lie there. */
const struct log_entry *next_answer(enum call c, int64_t key, void **bytes);

int64_t path_key(const char *path);

/* A call that fills `len` bytes at `out`, if it does not fail. */
#define FILLS(name, key, out, len, call)                                                 \
	(is_again()			 ? give_answer(CALL_##name, key, out, len)       \
			: is_recording() ? note_filled(CALL_##name, key, call, out, len) \
					 : (call))

/* One that brings nothing but its result. */
#define ASKS(name, key, call) FILLS(name, key, NULL, 0, call)

/* One that brings as many bytes as it says, at most `room`. */
#define READS(name, key, data, room, call)                                               \
	(is_again()			 ? give_answer(CALL_##name, key, data, room)     \
			: is_recording() ? note_read(CALL_##name, key, call, data, room) \
					 : (call))

/* One that is given bytes. */
#define WRITES(name, key, data, len, call)                                                \
	(is_again()			 ? check_output(CALL_##name, key, data, len)      \
			: is_recording() ? note_output(CALL_##name, key, call, data, len) \
					 : (call))

static inline long note_filled(enum call c, int64_t key, long result, const void *out, size_t len)
{
	return note_answer(c, key, result, out, result < 0 ? 0 : len);
}

static inline long note_read(enum call c, int64_t key, long result, const void *data, size_t room)
{
	return note_answer(c, key, result, data, result < 0 ? 0 : MIN((size_t)result, room));
}

/* A FILE whose bytes go by read() and write() of this folder. NULL: no memory. */
FILE *record_stream(int fd, const char *mode);

/* A duplicate of one is one, too. */
void note_text(int fd, bool is_text);
bool is_text(int fd);

/* ---- ends of a run ---- */

/* The recording says `e` (NULL: that text comes), this run does something else: says so, and ends the process. */
void __attribute__((noreturn))
differ(const struct log_entry *e, enum call c, int64_t key, const void *data, size_t len);

/* There is no such entry. The same. */
void __attribute__((noreturn)) out_of_log(enum log_next why);

/* Where the loop is: "in turn 17, at 3.204 s". */
const char *where(char text[64]);

#endif
