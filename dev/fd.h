/* SPDX-License-Identifier: MIT */
/*
 * What tap, tun and macvtap have in common: frames read from and written to a character device, each behind a
 * virtio_net_hdr, which carries the offload fields, unless the device is plain. A readable descriptor is the NIC's
 * interrupt.
 */
#ifndef DEV_FD_H
#define DEV_FD_H

#include "net/dev.h"
#include "net/pkt.h"

#include <linux/if_tun.h>

/* From Linux 6.2 on, and there only both at once. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

/* For TUNSETOFFLOAD: what the machine's end may hand over as it is; dev_fd_start() asks for UDP, too. */
enum { DEV_FD_OFFLOADS = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO_ECN };

enum {
	VNET_LEN = 10,				   /* of a virtio_net_hdr */
	DEV_FD_ROOM = PKT_BIG_ROOM - PKT_HEADROOM, /* for a frame: the other side may have a larger MTU */
};

struct fd_ring;

struct dev_fd {
	struct dev dev; /* ops->free of the kind calls dev_fd_close() */
	struct watch watch;
	int fd;		      /* -1: gone */
	unsigned hdr_len;     /* before each frame: VNET_LEN, or 0 */
	struct pkt *spare;    /* a big one, into which the next frame is read, its header into the headroom */
	struct fd_ring *ring; /* polled and written by the loop's ring; NULL: by system calls of its own */
	size_t came;	  /* the length of the frame in `spare`, header included, that ended a sleep; or 0 */
	unsigned turns;	  /* that brought frames */
	unsigned few;	  /* how often in a row it had a few at most */
	unsigned company; /* how many came with a first one, on average of late, in parts of a frame */
};

/* Before dev_register(). `fd` is non-blocking, with IFF_VNET_HDR and a header of 10 bytes; it becomes the
 * device's. */
void dev_fd_init(struct dev_fd *f, const struct dev_ops *ops, enum dev_type type, int fd);

/* Before dev_register(): frames come and go without virtio headers, so nothing is left to the other end. */
void dev_fd_make_plain(struct dev_fd *f);

/* After dev_register(): watches the descriptor. */
void dev_fd_start(struct dev_fd *f);

/* ops->xmit of such devices. */
void dev_fd_xmit(struct dev *d, struct pkt *p);

/* Stops watching and closes. The device stays, without carrier. May be called twice. */
void dev_fd_close(struct dev_fd *f);

static inline struct dev_fd *dev_fd_of(struct dev *d)
{
	return CONTAINER_OF(d, struct dev_fd, dev);
}

#endif
