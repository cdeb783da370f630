/* SPDX-License-Identifier: MIT */
/*
 * Segments put together again: what comes of one TCP connection without a gap, by a device that delivers segments one by
 * one, goes up as one super-frame (net/gso.h), for the price of one. Only where nothing is lost by it: cut again,
 * the super-frame is the frames that came, byte for byte.
 */
#ifndef NET_GRO_H
#define NET_GRO_H

#include "net/dev.h"
#include "net/pkt.h"

/* Zeroed: there is nothing to join to. */
struct gro {
	struct pkt **held;	 /* the frame to which others may be joined; NULL: none */
	size_t ip, tcp, payload; /* where these begin in it */
	size_t size;		 /* of a segment's payload */
	uint32_t seq;		 /* of the segment that would be next, */
	uint16_t id;		 /* and of its datagram */
	unsigned joined;	 /* so many were */
	bool is_over;		 /* the last one was shorter, or pushed */
};

/* Others may be joined to *held from now on: a frame as it came, `l2_len` bytes of link header first. */
void gro_hold(struct gro *g, struct pkt **held, size_t l2_len);

/* Is the frame of `len` bytes at `b` the next one? Then its payload is joined to *held, which may become another packet.
 * False: it is not, a checksum is wrong, there is no memory; *held is what it was. */
bool gro_join(struct gro *g, const uint8_t *b, size_t len);

/* *held is as it should go to dev_input(): with offload fields, if others were joined to it. These are counted in d->stats
 * now. Nothing is held any more. */
void gro_finish(struct gro *g, struct dev *d);

#endif
