/* SPDX-License-Identifier: MIT */
/* What the files of tcpdump share: one run of it. Packets come from devices or from a file, pass the filter, and are
 * printed or written. */
#ifndef SHELL_CMD_TCPDUMP_H
#define SHELL_CMD_TCPDUMP_H

#include "shell/cmd.h"
#include "shell/dump.h"
#include "shell/filter.h"

enum tcpdump_way { TCPDUMP_BOTH, TCPDUMP_IN, TCPDUMP_OUT };

struct tcpdump {
	struct cmd *c;

	/* what was asked for */
	struct dump_options shown;
	const char *device;	 /* -i; NULL: the first that runs */
	const char *read_from;	 /* -r */
	const char *write_to;	 /* -w */
	const char *filter_file; /* -F */
	uint64_t most;		 /* -c; 0: any number */
	uint32_t snaplen;	 /* -s */
	uint64_t file_size;	 /* -C, bytes */
	unsigned file_count;	 /* -W */
	uint64_t file_seconds;	 /* -G */
	enum tcpdump_way way;	 /* -Q */
	bool unpromiscuous;	 /* -p */
	bool each;		 /* -U: each packet is written at once */
	bool count_only;	 /* --count */
	bool print_too;		 /* --print: although it is written */
	bool comments;		 /* --comments */
	bool nano;		 /* --nano */

	/* the run */
	struct filter *filter;
	struct dump dump;
	struct buf text; /* of one packet */
	uint64_t captured, received, dropped;
	uint64_t looked_turn; /* of the loop, when we last looked whether */
	bool behind;	      /* the reader of our output is behind */
	bool over;	      /* it has all it wants, or cannot go on: ends in this turn, by: */
	struct work end_work;
	int status;

	/* tcpdump_live.c */
	struct list taps; /* of struct tap */
	struct monitor monitor;
	bool any;
	uint8_t *frame; /* room for one with another link header */

	struct tcpdump_stories *stories; /* NULL: no comments */

	/* tcpdump_read.c */
	struct capture_reader *reader;
	struct capture_packet packet; /* read ahead */
	enum capture_result result;
	FILE *input; /* what standard input has brought so far */
	struct work read_work;

	/* tcpdump_write.c */
	struct capture_writer *writer;
	char *file_name;
	unsigned file_number;
	uint64_t file_began_s;
};

/* ---- cmd_tcpdump.c ---- */

/* The filter's text is compiled for this link type. 0, or an exit status after a message. */
int tcpdump_compile(struct tcpdump *t, unsigned linktype);

/* "link-type EN10MB (Ethernet)" */
void tcpdump_print_linktype(struct tcpdump *t, unsigned linktype);

/* A packet; `device` is its interface's name in a file. It is looked at, and shown or written. */
void tcpdump_packet(struct tcpdump *t, const struct capture_packet *p, const char *device);

/* The command ends with this status, in the present turn. */
void tcpdump_end(struct tcpdump *t, int status);

/* ---- tcpdump_live.c ---- */

int tcpdump_list(struct cmd *c); /* -D */
int tcpdump_listen(struct tcpdump *t);
void tcpdump_unlisten(struct tcpdump *t);

/* ---- tcpdump_story.c ---- */

/* Traces everything, until the end, which writes what is still waiting. */
struct tcpdump_stories *tcpdump_stories_new(struct tcpdump *t);
void tcpdump_stories_free(struct tcpdump_stories *ss); /* NULL is fine */

/* A tap sees this packet: frames that are added now are its. */
void tcpdump_stories_look(struct tcpdump_stories *ss, const struct pkt *p, bool outgoing);

/* Instead of tcpdump_write(), which is called when all is told. */
void tcpdump_stories_add(struct tcpdump_stories *ss, const struct capture_packet *p, const char *device);

/* ---- tcpdump_read.c ---- */

int tcpdump_read(struct tcpdump *t);
void tcpdump_unread(struct tcpdump *t);

/* ---- tcpdump_write.c ---- */

bool tcpdump_is_pcapng(const struct tcpdump *t);

/* The first file is there from the beginning. 0, or an exit status after a message. */
int tcpdump_open(struct tcpdump *t, unsigned linktype);

/* False: it failed, and the command ends. */
bool tcpdump_write(struct tcpdump *t, const struct capture_packet *p, const char *device);
void tcpdump_close(struct tcpdump *t);

#endif
