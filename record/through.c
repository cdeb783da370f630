/* SPDX-License-Identifier: MIT */
/* The way of a call through a recording: its answer is written down, or taken from there. */
#include "record/recording.h"

#include <errno.h>
#include <string.h>

struct recording *the_recording;

int64_t path_key(const char *path)
{
	return (int64_t)(log_hash(path, strlen(path)) | (uint64_t)1 << 32); /* no descriptor */
}

void note_text(int fd, bool is)
{
	if (fd >= 0 && fd < TEXT_FDS)
		the_recording->is_text[fd] = is;
}

bool is_text(int fd)
{
	return fd >= 0 && fd < TEXT_FDS && the_recording->is_text[fd];
}

/* ---- recording ---- */

REAL(ssize_t, write, int fd, const void *data, size_t len);

/* Told once; the run itself goes on. */
static void stop(struct recording *r, int err)
{
	char place[64];

	r->mode = STOPPED;
	log_end(&r->writer);
	dprintf(2, "tapir: the recording ends %s: %s\n", where(place), strerror(err));
}

static long note(struct log_entry *e, const void *bytes)
{
	struct recording *r = the_recording;
	int err = errno;
	int failed;

	e->err = e->result < 0 ? err : 0;
	failed = log_write(&r->writer, e, bytes);
	if (failed)
		stop(r, -failed);
	errno = err;
	return e->result;
}

long note_answer(enum call c, int64_t key, long result, const void *out, size_t len)
{
	struct log_entry e = {.call = c, .key = key, .result = result, .len = (uint32_t)len};

	return note(&e, out);
}

/* The text before the entry that speaks of it: so there is never too little of it. */
static int keep_text(struct recording *r, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = __real_write(r->output, data, len);

		if (n < 0 && errno != EINTR)
			return errno;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

long note_output(enum call c, int64_t key, long result, const void *data, size_t len)
{
	struct log_entry e = {.call = c, .key = key, .given = log_hash(data, len), .result = result};
	int err = errno, failed = is_text((int)key) ? keep_text(the_recording, data, len) : 0;

	if (failed)
		stop(the_recording, failed);
	errno = err;
	return the_recording->mode == RECORDING ? note(&e, NULL) : result;
}

/* ---- again ---- */

const struct log_entry *next_answer(enum call c, int64_t key, void **bytes)
{
	struct log_reader *r = &the_recording->reader;
	const struct log_entry *e;
	enum log_next next = log_look(r, &e, bytes);

	if (next != LOG_ENTRY)
		out_of_log(next);
	if ((enum call)e->call != c || e->key != key)
		differ(e, c, key, NULL, 0);
	log_skip(r, e);
	the_recording->came += e->len;
	if (e->result < 0)
		errno = e->err;
	return e;
}

long give_answer(enum call c, int64_t key, void *out, size_t room)
{
	void *bytes;
	const struct log_entry *e = next_answer(c, key, &bytes);

	if (e->len > room)
		differ(e, c, key, NULL, 0);
	if (e->len)
		memcpy(out, bytes, e->len);
	return e->result;
}

long check_output(enum call c, int64_t key, const void *data, size_t len)
{
	struct recording *r = the_recording;
	const struct log_entry *e;
	void *bytes;
	enum log_next next = log_look(&r->reader, &e, &bytes);
	bool text = is_text((int)key);

	if (next != LOG_ENTRY)
		out_of_log(next);
	if ((enum call)e->call != c || e->key != key || e->given != log_hash(data, len) ||
		(text && (len > r->text_len - r->text_at || memcmp(r->text + r->text_at, data, len) != 0)))
		differ(e, c, key, data, len);
	r->text_at += text ? len : 0;
	log_skip(&r->reader, e);
	if (e->result < 0)
		errno = e->err;
	return e->result;
}
