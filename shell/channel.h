/* SPDX-License-Identifier: MIT */
/*
 * Messages over a stream socket: between a tapir and a terminal that is attached to it (attach.c, session.c).
 *
 * A message is its length in four octets, its type in one, and its data. Both ends run the same program, or versions
 * of it: what is not understood is passed over; a length that cannot be ends the channel.
 */
#ifndef SHELL_CHANNEL_H
#define SHELL_CHANNEL_H

#include "lib/loop.h"
#include "shell/buf.h"

enum message {
	/* to tapir */
	MESSAGE_LINE = 'L',	 /* a line that was entered */
	MESSAGE_LEAVE = 'D',	 /* ^D at an empty prompt */
	MESSAGE_INTERRUPT = 'I', /* ^C */
	MESSAGE_KEYS = 'K',	 /* input for the command that runs; empty: its end */
	MESSAGE_COMPLETE = 'C',	 /* the line before the word, a zero octet, the word */
	/* to the terminal */
	MESSAGE_OUTPUT = 'O',
	MESSAGE_PROMPT = 'P',  /* the host; empty: a command goes on */
	MESSAGE_WANTED = 'W',  /* "1": a command reads what is typed; "0": none does any more */
	MESSAGE_MATCHES = 'M', /* each with a zero octet behind it */
	MESSAGE_END = 'E',     /* why: "" after `exit` */
};

enum { MESSAGE_MAX = 1 << 20, CHANNEL_FULL = 256 << 10, CHANNEL_LIMIT = 64 << 20 };

struct channel {
	struct loop *loop;
	struct watch watch; /* ->fd: -1 once it is closed */
	struct buf in, out; /* not yet a whole message; not yet written */
	void (*message)(struct channel *ch, char type, const char *data, size_t len);
	void (*closed)(struct channel *ch);  /* the other end went, or is mad. Called once, from the loop */
	void (*drained)(struct channel *ch); /* what was more than CHANNEL_FULL has been written; or NULL */
	struct work closed_work;
};

/* Takes over the (non-blocking) descriptor. The functions are set before. */
void channel_open(struct channel *ch, struct loop *l, int fd);

/* Sends what can be sent at once, and closes. `closed` is not called. May be called twice. */
void channel_close(struct channel *ch);

void channel_send(struct channel *ch, enum message type, const void *data, size_t len);
bool channel_is_full(const struct channel *ch);

/* Waits for at most so long for messages, outside of the loop, and passes them on. False: time is up, or it is closed. */
bool channel_wait(struct channel *ch, int ms);

#endif
