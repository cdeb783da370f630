/* SPDX-License-Identifier: MIT */
/* The event log: the file. */
#include "record/log.h"

#include "lib/siphash.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GROW = 1 << 20, PAGE = 1 << 16, HEAD_LEN = 16 };

REAL(int, open, const char *path, int flags, ...);
REAL(int, close, int fd);
REAL(int, fstat, int fd, struct stat *st);

#define NAME(name) #name,
static const char *const names[] = {"nothing", CALLS(NAME) "exit"};
#undef NAME

const char *call_name(enum call c)
{
	return c <= CALL_END ? names[c] : "?";
}

uint64_t log_hash(const void *data, size_t len)
{
	static const struct siphash_key key = {0x7461706972, 1};

	return siphash(&key, len ? data : "", len);
}

/* The first bytes of the file: whose it is, and which calls there are by which numbers. */
struct head {
	char magic[8];
	uint64_t calls;
};

_Static_assert(sizeof(struct head) == HEAD_LEN, "entries begin at a multiple of eight");

static struct head head(void)
{
#define NAME(name) #name " "
	static const char calls[] = CALLS(NAME);
#undef NAME

	return (struct head){"tapirlog", log_hash(calls, sizeof(calls)) + sizeof(struct log_entry)};
}

static uint32_t check_of(const struct log_entry *e, const void *bytes)
{
	return (uint32_t)(log_hash(e, offsetof(struct log_entry, check)) + log_hash(bytes, e->len));
}

static size_t whole_len(const struct log_entry *e)
{
	return sizeof(*e) + ((e->len + 7u) & ~(size_t)7);
}

/* ---- writing ---- */

/* Maps the part of the file that holds the next `n` bytes and what comes then. */
static int move_window(struct log_writer *w, size_t n)
{
	uint64_t at = w->at & ~(uint64_t)(PAGE - 1);
	size_t len = ((size_t)(w->at - at) + n + GROW) & ~(size_t)(PAGE - 1);
	int err = posix_fallocate(w->fd, (off_t)at, (off_t)len);

	if (err)
		return -err;
	if (w->window)
		munmap(w->window, w->window_len);
	w->window = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, w->fd, (off_t)at);
	if (w->window == MAP_FAILED) {
		w->window = NULL;
		return -errno;
	}
	w->window_at = at;
	w->window_len = len;
	return 0;
}

/* Where the next `n` bytes go. There is always room for an entry of zeros behind them. */
static int make_room(struct log_writer *w, size_t n, uint8_t **room)
{
	n += sizeof(struct log_entry);
	if (!w->window || w->at + n > w->window_at + w->window_len) {
		int err = move_window(w, n);
		if (err)
			return err;
	}
	*room = w->window + (w->at - w->window_at);
	return 0;
}

int log_begin(struct log_writer *w, int fd)
{
	struct head h = head();
	uint8_t *room;

	*w = (struct log_writer){.fd = fd};
	int err = make_room(w, sizeof(h), &room);
	if (err)
		return err;
	memcpy(room, &h, sizeof(h));
	w->at = sizeof(h);
	return 0;
}

int log_write(struct log_writer *w, struct log_entry *e, const void *bytes)
{
	uint8_t *room;
	int err = make_room(w, whole_len(e), &room);

	if (err)
		return err;
	e->check = check_of(e, bytes);
	if (e->len)
		memcpy(room + sizeof(*e), bytes, e->len);
	memcpy(room, e, sizeof(*e));
	w->at += whole_len(e);
	return 0;
}

void log_end(struct log_writer *w)
{
	if (w->window)
		munmap(w->window, w->window_len);
	w->window = NULL;
	(void)!ftruncate(w->fd, (off_t)w->at);
	__real_close(w->fd);
}

/* ---- reading ---- */

static int map_file(struct log_reader *r, int fd)
{
	struct stat st;

	if (__real_fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < HEAD_LEN)
		return -EPROTO;
	r->len = (size_t)st.st_size;
	r->file = mmap(NULL, r->len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	return r->file == MAP_FAILED ? -errno : 0;
}

int log_open(struct log_reader *r, const char *path)
{
	int fd = __real_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct head h = head();

	if (fd < 0)
		return -errno;
	int err = map_file(r, fd);
	__real_close(fd);
	if (err)
		return err;
	r->at = HEAD_LEN;
	if (memcmp(r->file, &h, sizeof(h)) == 0)
		return 0;
	log_close(r);
	return -EPROTO;
}

void log_close(struct log_reader *r)
{
	munmap(r->file, r->len);
}

enum log_next log_look(const struct log_reader *r, const struct log_entry **entry, void **bytes)
{
	static const struct log_entry nothing;
	const struct log_entry *e = (const void *)(r->file + r->at);
	size_t left = r->len - r->at;

	if (left < sizeof(*e))
		return LOG_CUT;
	if (memcmp(e, &nothing, sizeof(nothing)) == 0)
		return LOG_OPEN;
	if (e->call <= CALL_NONE || e->call > CALL_END)
		return LOG_DAMAGED;
	if (whole_len(e) > left)
		return LOG_CUT;
	*entry = e;
	*bytes = r->file + r->at + sizeof(*e);
	return check_of(e, *bytes) == e->check ? LOG_ENTRY : LOG_DAMAGED;
}

void log_skip(struct log_reader *r, const struct log_entry *e)
{
	r->at += whole_len(e);
}
