/* SPDX-License-Identifier: MIT */
/*
 * Foreign captures: taken on some wire while somebody with our addresses talked to peers. Our initial sequence numbers, ports
 * and timestamps are others now, so what the peers said is put into our present terms before it comes in: acknowledgments,
 * SACK blocks, echoed timestamps, ports, identifiers of echoes, and the same in what ICMP errors quote. What we are to say
 * is what was said then, compared as streams and states (flows_diff.h).
 */
#ifndef SHELL_FOREIGN_H
#define SHELL_FOREIGN_H

#include "lib/capture.h"
#include "net/dev.h"
#include "shell/flows.h"

enum { FOREIGN_OURS_MAX = 16 };

struct foreign {
	uint32_t ours[FOREIGN_OURS_MAX]; /* our addresses; none: the MAC address tells */
	unsigned ours_count;

	/* the rest is foreign.c's; to be read */
	struct flows expected, got;
	unsigned long long left_out; /* packets of connections that had begun before */
	struct dev *dev;
	unsigned linktype;
	struct fields fields; /* of the packet that is looked at */
	uint8_t *packet;      /* of peers, translated */
	size_t len;
	uint32_t text_from, text_to; /* so much of its text */
	uint16_t gso_size;	     /* what a super-frame is to be cut into; 0: it is none */
	struct flow *debtor; /* of which it acknowledges more than we have sent so far, or again; or NULL */

	/* What is waited for before it goes on: that we have sent so much, or have room for so much. */
	struct flow *wanted; /* NULL: nothing */
	uint32_t wanted_end;
	bool wanted_room;
	bool at_end; /* and that nothing is owed any more */

	struct list losses; /* of struct loss (foreign.c) */
	unsigned loss_count;

	struct buf answers; /* to our ARP requests: frames of 60 octets */
	struct list owed;   /* of struct owed (foreign.c) */
	unsigned owed_count;
	struct work work; /* lets both in */
};

void foreign_init(struct foreign *fo);
void foreign_start(struct foreign *fo, struct dev *d, unsigned linktype);
void foreign_stop(struct foreign *fo); /* nothing comes in any more */
void foreign_exit(struct foreign *fo);

/* "10.0.0.1,10.0.0.2"; false: they are no addresses, or too many. */
bool foreign_parse_ours(struct foreign *fo, const char *text);

/* Is it one of fo->ours? Of a packet of the capture: did we send it then? */
bool foreign_has_addr(const struct foreign *fo, uint64_t addr);
bool foreign_is_ours(struct foreign *fo, const struct capture_packet *p);

/* A packet that we sent then: it is expected, and from now on waited for. */
void foreign_expect(struct foreign *fo, const struct capture_packet *p);

/* What is waited for does not come. */
void foreign_give_up(struct foreign *fo);

/* Before what is waited for can come we have to send again what the peer has lost: until then he acknowledges nothing more, and
 * there may be nothing but a timeout that makes us. */
bool foreign_must_repeat(const struct foreign *fo);

/* Is there what was waited for? If so `at_ns` is since when, or 0. */
bool foreign_is_reached(struct foreign *fo, uint64_t *at_ns);

/* A packet of others comes in; what of its text is before `done` has come in already, and `done` becomes how much has come.
 * False: we had room for all of it then and have not yet, which is waited for. `rest`: all of it comes all the same. */
bool foreign_input(struct foreign *fo, const struct capture_packet *p, uint32_t *done, bool rest);

/* Into present terms: true, and fo->packet to fo->debtor say what is to come in; or it does not come. */
bool foreign_translate(struct foreign *fo, const struct capture_packet *p, uint64_t now_ns);

/* Of our octets up to `to` those from here on may be acknowledged: what is before has perhaps to be sent again first. */
uint32_t foreign_behind_losses(const struct foreign *fo, const struct flow *f, uint32_t from, uint32_t to);

/* Of our octets so many may be acknowledged: what is behind has to be sent again first. */
uint32_t foreign_before_losses(const struct foreign *fo, const struct flow *f, uint32_t to);

/* The same flow of the present run, or NULL so far. */
struct flow *foreign_twin(struct foreign *fo, struct flow *f);

/* What our host sends now. ARP is answered here: who was asked then need not be asked now, and at other times. */
void foreign_sent(struct foreign *fo, const uint8_t *data, size_t len);

#endif
