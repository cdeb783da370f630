/* SPDX-License-Identifier: MIT */
/* tcpdump -w: one file, or one after the other by size (-C), time (-G) and number (-W). */
#include "shell/cmd_tcpdump.h"

#include "lib/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { NAME_MAX_LEN = 4096 };

bool tcpdump_is_pcapng(const struct tcpdump *t)
{
	static const char end[] = ".pcapng";
	size_t len = t->write_to ? strlen(t->write_to) : 0;

	return len >= sizeof(end) - 1 && strcmp(t->write_to + len - (sizeof(end) - 1), end) == 0;
}

/* ---- names ---- */

static uint64_t now_s(const struct tcpdump *t)
{
	const struct loop *l = t->c->world->loop;

	return (l->clock.epoch_ns + l->now) / NS_PER_SEC;
}

/* With -G the name is a format for the time. */
static void add_time(const struct tcpdump *t, struct buf *name)
{
	time_t seconds = (time_t)t->file_began_s;
	char text[NAME_MAX_LEN];
	struct tm tm;

	if (t->shown.utc)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	if (strftime(text, sizeof(text), t->write_to, &tm))
		buf_puts(name, text);
}

/* "x.pcap", "x.pcap1", ...; where -W says how many there are, "x.pcap00", "x.pcap01", ... */
static void make_name(struct tcpdump *t)
{
	struct buf name = {0};
	int digits = t->file_count ? snprintf(NULL, 0, "%u", t->file_count - 1) : 0;

	if (t->file_seconds)
		add_time(t, &name);
	else
		buf_puts(&name, t->write_to);
	if (t->file_size && (digits || t->file_number))
		buf_printf(&name, "%0*u", digits, t->file_number);
	free(t->file_name);
	t->file_name = buf_take(&name);
}

/* ---- files ---- */

static ssize_t cookie_write(void *cookie, const char *data, size_t len)
{
	return fwrite(data, 1, len, cookie) == len ? (ssize_t)len : -1;
}

/* "-": where the command's output goes. */
static FILE *open_file(const struct tcpdump *t)
{
	if (strcmp(t->write_to, "-") == 0)
		return fopencookie(t->c->out, "w", (cookie_io_functions_t){.write = cookie_write});
	return fopen(t->file_name, "wbe");
}

static enum capture_format format_of(const struct tcpdump *t)
{
	if (tcpdump_is_pcapng(t))
		return CAPTURE_PCAPNG;
	return t->nano ? CAPTURE_PCAP_NS : CAPTURE_PCAP;
}

static int complain(struct tcpdump *t, int error)
{
	return cmd_error(t->c, "%s: %s", t->file_name, strerror(-error));
}

static int open_next(struct tcpdump *t)
{
	FILE *f;

	t->file_began_s = now_s(t);
	make_name(t);
	f = open_file(t);
	if (!f)
		return complain(t, -errno);
	t->writer = capture_writer_new(f, format_of(t));
	return t->writer ? CMD_OK : complain(t, -ENOMEM);
}

/* `linktype` 0: it is not known yet. The header is there before the first packet. */
int tcpdump_open(struct tcpdump *t, unsigned linktype)
{
	int status = open_next(t), error = 0;

	if (status)
		return status;
	if (linktype && !tcpdump_is_pcapng(t))
		error = capture_writer_iface(t->writer, "", linktype);
	if (error >= 0)
		error = capture_flush(t->writer);
	return error < 0 ? complain(t, error) : CMD_OK;
}

/* Says what could not be written. False: there was such. */
static bool close_file(struct tcpdump *t)
{
	int error = t->writer ? capture_writer_free(t->writer) : 0;

	t->writer = NULL;
	if (error)
		complain(t, error);
	return !error;
}

void tcpdump_close(struct tcpdump *t)
{
	close_file(t);
	free(t->file_name);
}

/* ---- the next file ---- */

static bool is_time(const struct tcpdump *t)
{
	return t->file_seconds && now_s(t) - t->file_began_s >= t->file_seconds;
}

static bool is_full(const struct tcpdump *t)
{
	return t->file_size && capture_written(t->writer) > t->file_size;
}

/* By size the numbers go round; by time alone -W says when to stop. False: no more is written. */
static bool rotate(struct tcpdump *t, bool by_time)
{
	t->file_number++;
	if (by_time && t->file_count && !t->file_size && t->file_number >= t->file_count) {
		fprintf(t->c->err, "Maximum file limit reached: %u\n", t->file_count);
		tcpdump_end(t, CMD_OK);
		return false;
	}
	if (by_time && t->file_size)
		t->file_number = 0;
	if (t->file_count && t->file_number >= t->file_count)
		t->file_number = 0;
	if (close_file(t) && open_next(t) == CMD_OK)
		return true;
	tcpdump_end(t, CMD_FAILED);
	return false;
}

static int write_packet(struct tcpdump *t, const struct capture_packet *p, const char *device)
{
	struct capture_packet c = *p;
	int number = capture_writer_iface(t->writer, device, p->linktype), error;

	if (number < 0)
		return number;
	c.iface = (unsigned)number;
	error = capture_write(t->writer, &c);
	if (!error && (t->each || strcmp(t->write_to, "-") == 0))
		error = capture_flush(t->writer);
	return error;
}

bool tcpdump_write(struct tcpdump *t, const struct capture_packet *p, const char *device)
{
	bool by_time = is_time(t);
	int error;

	if ((by_time || is_full(t)) && !rotate(t, by_time))
		return false;
	error = write_packet(t, p, device);
	if (!error)
		return true;
	if (error == -EINVAL)
		cmd_error(t->c, "%s: packets of several link types need a file whose name ends in .pcapng",
			t->file_name);
	else
		complain(t, error);
	tcpdump_end(t, CMD_FAILED);
	return false;
}
