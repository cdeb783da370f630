/* SPDX-License-Identifier: MIT */
/*
 * Frames between processes, by a UNIX socket of type SOCK_SEQPACKET. A message is an Ethernet frame, with nothing in
 * front; it is complete: checksums are done, super-frames are cut. A message of 6 octets is no frame: with it a macvtap
 * tells its far end the MAC address to use, first of all and whenever it changes.
 */
#ifndef DEV_SEQPACKET_H
#define DEV_SEQPACKET_H

#include "net/dev.h"

struct seqpacket {
	struct dev *dev;
	int fd; /* -1: nobody is there */
	struct watch watch;
	void (*input)(struct dev *d, struct pkt *p); /* a frame came; takes it */
	void (*address)(
		struct dev *d, struct mac m); /* the other end says which address to use; may be NULL */
	void (*closed)(struct dev *d);	      /* the other end has gone */
};

/* Takes the connected, non-blocking descriptor over and watches it. */
void seqpacket_start(struct seqpacket *q, int fd);

/* May be called when nobody is there. q->closed is not called. */
void seqpacket_close(struct seqpacket *q);

/* Takes the packet, which may be a super-frame or lack its checksum. What is not sent is a drop of q->dev, counted by
 * `drop` (dev_drop_rx or dev_drop_tx). The socket's own buffer is the queue, and bounds it. */
void seqpacket_send(
	struct seqpacket *q, struct pkt *p, void (*drop)(struct dev *d, struct pkt *p, enum drop_reason why));

void seqpacket_send_address(struct seqpacket *q, struct mac m);

#endif
