/* SPDX-License-Identifier: MIT */
/* Capture files: which of the two kinds, and what is the same for both. */
#include "lib/capture.h"

#include "lib/clock.h"
#include "lib/pcapng.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

struct capture_reader {
	char *name;
	FILE *file;   /* of pcapng; NULL: */
	pcap_t *pcap; /* classic, which owns its file */
	struct pcapng_reader ng;
	struct capture_iface iface; /* the only one of a classic file */
	uint64_t packets;
	char error[CAPTURE_ERROR_LEN];
};

int capture_dlt(unsigned linktype)
{
	return linktype == LINKTYPE_RAW ? DLT_RAW : (int)linktype;
}

static unsigned linktype_of(int dlt)
{
	return dlt == DLT_RAW ? LINKTYPE_RAW : (unsigned)dlt;
}

static void say(char *error, const char *name, const char *what)
{
	snprintf(error, CAPTURE_ERROR_LEN, "%.200s: %s", name, what);
}

struct capture_reader *capture_open(const char *path, char *error)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");

	if (!f) {
		say(error, path, strerror(errno));
		return NULL;
	}
	return capture_fopen(f, path, error);
}

static bool open_pcapng(struct capture_reader *r, FILE *f, char *error)
{
	r->file = f;
	if (pcapng_reader_init(&r->ng, f))
		return true;
	say(error, r->name, strerror(ENOMEM));
	return false;
}

static bool open_classic(struct capture_reader *r, FILE *f, char *error)
{
	char why[PCAP_ERRBUF_SIZE] = "";

	r->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, why);
	if (r->pcap) {
		r->iface.linktype = linktype_of(pcap_datalink(r->pcap));
		r->iface.snaplen = (uint32_t)pcap_snapshot(r->pcap);
		return true;
	}
	say(error, r->name, why);
	fclose(f);
	return false;
}

/* One byte tells the kinds apart: no magic number of classic files begins with a line feed. */
static bool open_any(struct capture_reader *r, FILE *f, char *error)
{
	int c = getc(f);

	if (c == EOF) {
		say(error, r->name, ferror(f) ? strerror(errno) : "the file is empty");
		fclose(f);
		return false;
	}
	ungetc(c, f);
	return c == (PCAPNG_SECTION & 0xff) ? open_pcapng(r, f, error) : open_classic(r, f, error);
}

struct capture_reader *capture_fopen(FILE *f, const char *name, char *error)
{
	struct capture_reader *r = calloc(1, sizeof(*r));

	if (r)
		r->name = strdup(name);
	if (!r || !r->name) {
		say(error, name, strerror(ENOMEM));
		fclose(f);
	} else if (open_any(r, f, error)) {
		return r;
	}
	capture_reader_free(r);
	return NULL;
}

void capture_reader_free(struct capture_reader *r)
{
	if (!r)
		return;
	if (r->pcap)
		pcap_close(r->pcap);
	pcapng_reader_exit(&r->ng);
	if (r->file)
		fclose(r->file);
	free(r->name);
	free(r);
}

static enum capture_result fail(struct capture_reader *r, const char *what)
{
	snprintf(r->error, sizeof(r->error), "%.200s: after %llu packets: %s", r->name,
		(unsigned long long)r->packets, what);
	return CAPTURE_BAD;
}

static enum capture_result read_classic(struct capture_reader *r, struct capture_packet *p)
{
	struct pcap_pkthdr *h;
	const u_char *data;

	switch (pcap_next_ex(r->pcap, &h, &data)) {
	case 1:
		break;
	case PCAP_ERROR_BREAK:
		return CAPTURE_END;
	default:
		return fail(r, pcap_geterr(r->pcap));
	}
	if (h->caplen > CAPTURE_SNAPLEN)
		return fail(r, "a packet is longer than any we take (262144 bytes)");
	*p = (struct capture_packet){
		.ts_ns = (uint32_t)h->ts.tv_sec * NS_PER_SEC + (uint64_t)h->ts.tv_usec,
		.linktype = r->iface.linktype,
		.caplen = h->caplen,
		.len = h->len < h->caplen ? h->caplen : h->len,
		.data = data,
	};
	r->packets++;
	return CAPTURE_PACKET;
}

enum capture_result capture_read(struct capture_reader *r, struct capture_packet *p)
{
	enum capture_result result;

	if (r->error[0])
		return CAPTURE_BAD;
	if (r->pcap)
		return read_classic(r, p);
	result = pcapng_read(&r->ng, p);
	if (result == CAPTURE_BAD)
		say(r->error, r->name, r->ng.error);
	return result;
}

const char *capture_reader_error(const struct capture_reader *r)
{
	return r->error;
}

unsigned capture_iface_count(const struct capture_reader *r)
{
	return r->pcap ? 1 : r->ng.iface_count;
}

const struct capture_iface *capture_iface(const struct capture_reader *r, unsigned number)
{
	return r->pcap ? &r->iface : &r->ng.ifaces[number].shown;
}

/* ---- writing ---- */

struct capture_writer {
	FILE *file;
	enum capture_format format;
	pcap_t *dead; /* what libpcap wants to know of a classic file; NULL until the first interface */
	pcap_dumper_t *dumper; /* has the file then */
	struct capture_iface *ifaces;
	unsigned iface_count;
};

struct capture_writer *capture_writer_new(FILE *f, enum capture_format format)
{
	struct capture_writer *w = calloc(1, sizeof(*w));

	if (!w) {
		fclose(f);
		return NULL;
	}
	w->file = f;
	w->format = format;
	if (format == CAPTURE_PCAPNG)
		pcapng_write_section(f);
	return w;
}

/* Of the calls since errno was set to 0. */
static int trouble(const struct capture_writer *w)
{
	if (!ferror(w->file))
		return 0;
	return errno ? -errno : -EIO;
}

/* A classic file's header waits for the link type. */
static int begin_classic(struct capture_writer *w, unsigned linktype)
{
	u_int unit = w->format == CAPTURE_PCAP ? PCAP_TSTAMP_PRECISION_MICRO : PCAP_TSTAMP_PRECISION_NANO;

	w->dead = pcap_open_dead_with_tstamp_precision(capture_dlt(linktype), CAPTURE_SNAPLEN, unit);
	if (!w->dead)
		return -ENOMEM;
	w->dumper = pcap_dump_fopen(w->dead, w->file);
	if (w->dumper)
		return trouble(w);
	w->file = NULL; /* libpcap has closed it */
	return errno ? -errno : -EINVAL;
}

static int add_iface(struct capture_writer *w, const char *name, unsigned linktype)
{
	struct capture_iface *iface;

	if (w->iface_count >= CAPTURE_IFACES_MAX)
		return -ENOSPC;
	iface = realloc(w->ifaces, (w->iface_count + 1) * sizeof(*iface));
	if (!iface)
		return -ENOMEM;
	w->ifaces = iface;
	iface += w->iface_count++;
	*iface = (struct capture_iface){.linktype = linktype};
	snprintf(iface->name, sizeof(iface->name), "%s", name);
	if (w->format != CAPTURE_PCAPNG)
		return begin_classic(w, linktype);
	pcapng_write_iface(w->file, iface);
	return trouble(w);
}

static bool is_same(
	const struct capture_writer *w, const struct capture_iface *i, const char *name, unsigned linktype)
{
	return i->linktype == linktype &&
		(w->format != CAPTURE_PCAPNG || strncmp(i->name, name, sizeof(i->name) - 1) == 0);
}

int capture_writer_iface(struct capture_writer *w, const char *name, unsigned linktype)
{
	int error;

	for (unsigned i = 0; i < w->iface_count; i++)
		if (is_same(w, &w->ifaces[i], name, linktype))
			return (int)i;
	if (w->format != CAPTURE_PCAPNG && w->iface_count > 0)
		return -EINVAL;
	errno = 0;
	error = add_iface(w, name, linktype);
	return error ? error : (int)w->iface_count - 1;
}

static void write_classic(struct capture_writer *w, const struct capture_packet *p)
{
	uint64_t unit = w->format == CAPTURE_PCAP ? NS_PER_US : 1;
	struct pcap_pkthdr h = {
		.ts = {(time_t)(p->ts_ns / NS_PER_SEC), (suseconds_t)(p->ts_ns % NS_PER_SEC / unit)},
		.caplen = p->caplen,
		.len = p->len,
	};

	pcap_dump((u_char *)w->dumper, &h, p->data);
}

int capture_write(struct capture_writer *w, const struct capture_packet *p)
{
	if (p->caplen > CAPTURE_SNAPLEN)
		return -EMSGSIZE;
	errno = 0;
	if (w->dumper)
		write_classic(w, p);
	else
		pcapng_write_packet(w->file, p);
	return trouble(w);
}

int capture_flush(struct capture_writer *w)
{
	errno = 0;
	fflush(w->file);
	return trouble(w);
}

uint64_t capture_written(const struct capture_writer *w)
{
	return (uint64_t)ftello(w->file);
}

int capture_writer_free(struct capture_writer *w)
{
	int error = w->file ? capture_flush(w) : 0;

	if (w->dumper)
		pcap_dump_close(w->dumper);
	else if (w->file)
		fclose(w->file);
	if (w->dead)
		pcap_close(w->dead);
	free(w->ifaces);
	free(w);
	return error;
}
