/* SPDX-License-Identifier: MIT */
/*
 * replay: a device whose wire is in the hands of the program around it: frames come when it says so, and what the host sends
 * is shown to it, complete, as it would be on a wire: checksums are done, super-frames are cut, short frames are padded.
 */
#ifndef DEV_REPLAY_H
#define DEV_REPLAY_H

#include "net/dev.h"

struct replay_wire {
	/* Looks at what the host sends; data at the link header. */
	void (*sent)(struct replay_wire *w, const struct pkt *p);
	/* The device is deleted. */
	void (*gone)(struct replay_wire *w);
};

/* DEV_ETHER or DEV_RAW; down, with a carrier. 0, or -errno of dev_register(). */
int replay_create(struct stack *s, const char *name, enum dev_type type, struct replay_wire *w);

/* A frame comes; to be called in the ingress phase of the loop. Its bytes are copied. `gso_size`: it is a super-frame,
 * segments of so many octets of text put together; 0: it is none. */
void replay_input(struct dev *d, const uint8_t *frame, size_t len, uint16_t gso_size);

#endif
