/* SPDX-License-Identifier: MIT */
/* The beginning and the end of a recording, and of a run again. */
#include "record/record.h"

#include "record/about.h"
#include "record/recording.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int __attribute__((format(printf, 2, 3))) complain(const char *option, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "tapir: %s: ", option);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

static const char *in(char path[PATH_MAX], const char *dir, const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", dir, name);
	return path;
}

/* What printf() and libraries read and print goes by our read() and write(), too. */
static void begin(struct recording *r)
{
	the_recording = r;
	r->is_text[STDOUT_FILENO] = r->is_text[STDERR_FILENO] = true;
	r->terminal = -1;
	fflush(NULL);
	stdin = record_stream(STDIN_FILENO, "r");
	stdout = record_stream(STDOUT_FILENO, "w");
	stderr = record_stream(STDERR_FILENO, "w");
	if (!stdin || !stdout || !stderr)
		abort();
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stderr, NULL, _IONBF, 0);
}

static void forget(struct recording *r)
{
	if (!r)
		return;
	about_free(&r->about);
	free(r->watched);
	free(r);
}

/* ---- recording ---- */

static bool is_empty(const char *dir)
{
	DIR *d = opendir(dir);
	int count = 0;

	while (d && readdir(d))
		count++;
	if (d)
		closedir(d);
	return count == 2; /* "." and ".." */
}

static int create(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd = open(in(path, dir, name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? complain("--record", "%s: %s", path, strerror(errno)) : fd;
}

static int make_directory(const char *dir)
{
	if (mkdir(dir, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return complain("--record", "%s: %s", dir, strerror(errno));
	return is_empty(dir) ? 0 : complain("--record", "%s exists and is no empty directory", dir);
}

static int open_files(struct recording *r, const char *dir, const struct record_about *about)
{
	char path[PATH_MAX];
	int log;

	if (make_directory(dir) < 0 || (r->output = create(dir, "output")) < 0 ||
		(log = create(dir, "log")) < 0)
		return -1;
	int err = about_write(in(path, dir, "about"), about);
	if (!err)
		err = log_begin(&r->writer, log);
	return err ? complain("--record", "%s: %s", dir, strerror(-err)) : 0;
}

int record_begin(const char *dir, const struct record_about *about)
{
	struct recording *r = calloc(1, sizeof(*r));

	if (!r || open_files(r, dir, about) < 0) {
		forget(r);
		return -1;
	}
	begin(r);
	return 0;
}

int record_begin_in(const char *folder, const struct record_about *about)
{
	char dir[PATH_MAX];

	if (!mkdtemp((char *)in(dir, folder, "tapir.XXXXXX")))
		return complain("TAPIR_RECORD", "%s: %s", folder, strerror(errno));
	return record_begin(dir, about);
}

/* ---- again ---- */

static int open_text(struct recording *r, const char *dir)
{
	char path[PATH_MAX];
	int fd = open(in(path, dir, "output"), O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return complain("--again", "%s: %s", path, strerror(errno));
	r->text_len = (size_t)st.st_size;
	r->text = r->text_len ? mmap(NULL, r->text_len, PROT_READ, MAP_PRIVATE, fd, 0) : "";
	close(fd);
	return r->text == MAP_FAILED ? complain("--again", "%s: %s", path, strerror(errno)) : 0;
}

static int read_files(struct recording *r, const char *dir, struct record_about *about)
{
	const char *ours = about->version;
	char path[PATH_MAX], why[PATH_MAX + 200];

	if (about_read(in(path, dir, "about"), about, why, sizeof(why)) < 0)
		return complain("--again", "%s", why);
	r->about = *about;
	if (strcmp(about->version, ours) != 0)
		complain("--again", "note: recorded by tapir %s, this is %s", about->version, ours);
	int err = log_open(&r->reader, in(path, dir, "log"));
	if (err == -EPROTO)
		return complain("--again", "%s is no log of this version of tapir (%s)", path, ours);
	if (err)
		return complain("--again", "%s: %s", path, strerror(-err));
	return open_text(r, dir);
}

int record_again(const char *dir, struct record_about *about)
{
	struct recording *r = calloc(1, sizeof(*r));

	if (!r || read_files(r, dir, about) < 0) {
		forget(r);
		return -1;
	}
	r->mode = AGAIN;
	r->report = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	begin(r);
	return 0;
}

/* ---- both ---- */

void record_loop(const struct loop *l)
{
	struct recording *r = the_recording;

	if (!r)
		return;
	if (l) {
		r->began = l->now;
	} else {
		r->now = r->loop->now;
		r->turns = r->loop->turns;
	}
	r->loop = l;
}

static int end_again(struct recording *r, int status)
{
	const struct log_entry *e = next_answer(CALL_END, status, &(void *){NULL});

	if (r->text_at < r->text_len)
		differ(e, CALL_END, status, NULL, 0);
	dprintf(r->report, "again: %llu turns, %.3f s, %llu bytes in, %zu bytes of output: the same\n",
		(unsigned long long)r->turns, (double)(r->now - r->began) / 1e9, (unsigned long long)r->came,
		r->text_len);
	log_close(&r->reader);
	return 0;
}

int record_end(int status)
{
	struct recording *r = the_recording;

	if (!r)
		return status;
	fflush(stdout);
	if (r->mode == AGAIN)
		status = end_again(r, status);
	if (r->mode == RECORDING)
		note_answer(CALL_END, status, 0, NULL, 0);
	if (r->mode == RECORDING)
		log_end(&r->writer);
	the_recording = NULL;
	forget(r);
	return status;
}
