/* SPDX-License-Identifier: MIT */
/* tcpdump from files: some packets in each turn of the loop, so that ^C is heard and readers of our output keep up. */
#include "shell/cmd_tcpdump.h"

#include <errno.h>
#include <string.h>

enum { OCTETS_AT_ONCE = 4 << 20 };

static int failed(struct tcpdump *t)
{
	return cmd_error(t->c, "%s", capture_reader_error(t->reader));
}

static const char *iface_name(const struct tcpdump *t)
{
	return capture_iface(t->reader, t->packet.iface)->name;
}

static void go_on(struct tcpdump *t)
{
	loop_post(t->c->world->loop, &t->read_work);
}

static void read_some(struct work *w)
{
	struct tcpdump *t = CONTAINER_OF(w, struct tcpdump, read_work);
	uint32_t octets = 0;

	while (!t->over && t->result == CAPTURE_PACKET && octets < OCTETS_AT_ONCE) {
		if (!t->write_to && cmd_out_is_full(t->c))
			return;
		octets += t->packet.caplen + (uint32_t)sizeof(t->packet);
		tcpdump_packet(t, &t->packet, iface_name(t));
		t->result = capture_read(t->reader, &t->packet);
	}
	if (t->result == CAPTURE_PACKET)
		go_on(t);
	else
		tcpdump_end(t, t->result == CAPTURE_BAD ? failed(t) : CMD_OK);
}

static void drained(struct cmd *c)
{
	go_on(c->state);
}

/* The first packet is read before the first word: pcapng files say only then of which link type they are. */
static int begin(struct tcpdump *t)
{
	const struct capture_iface *iface;
	unsigned linktype = LINKTYPE_ETHERNET;
	int status;

	t->result = capture_read(t->reader, &t->packet);
	fprintf(t->c->err, "reading from file %s", t->read_from);
	if (capture_iface_count(t->reader)) {
		iface = capture_iface(t->reader, t->result == CAPTURE_PACKET ? t->packet.iface : 0);
		linktype = iface->linktype;
		fputs(", ", t->c->err);
		tcpdump_print_linktype(t, linktype);
		fprintf(t->c->err, ", snapshot length %u", iface->snaplen);
	}
	fputc('\n', t->c->err);
	status = tcpdump_compile(t, linktype);
	if (!status && t->write_to)
		status = tcpdump_open(t, linktype);
	if (status)
		return status;
	work_init(&t->read_work, read_some);
	t->c->drained = drained;
	go_on(t);
	return CMD_RUNNING;
}

static int begin_with(struct tcpdump *t, FILE *f)
{
	char error[CAPTURE_ERROR_LEN];

	t->reader = f ? capture_fopen(f, t->read_from, error) : capture_open(t->read_from, error);
	return t->reader ? begin(t) : cmd_error(t->c, "%s", error);
}

/* ---- standard input: kept in a file until it is all there ---- */

static void input(struct cmd *c, const char *data, size_t len)
{
	struct tcpdump *t = c->state;
	FILE *all = t->input;
	int status;

	if (len > 0 && fwrite(data, 1, len, all) == len)
		return;
	c->input = NULL;
	t->input = NULL;
	if (len > 0 || fflush(all) || fseek(all, 0, SEEK_SET)) {
		status = cmd_error(c, "%s", strerror(errno));
		fclose(all);
	} else {
		status = begin_with(t, all);
	}
	if (status != CMD_RUNNING)
		cmd_done(c, status);
}

int tcpdump_read(struct tcpdump *t)
{
	if (strcmp(t->read_from, "-") != 0)
		return begin_with(t, NULL);
	t->input = tmpfile();
	if (!t->input)
		return cmd_error(t->c, "%s", strerror(errno));
	t->c->input = input;
	return CMD_RUNNING;
}

void tcpdump_unread(struct tcpdump *t)
{
	work_cancel(&t->read_work);
	capture_reader_free(t->reader);
	if (t->input)
		fclose(t->input);
}
