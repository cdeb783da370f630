/* SPDX-License-Identifier: MIT */
/*
 * A packet: one owner, one contiguous buffer (but see struct pkt_part).
 *
 *        buf                data                     data + len            buf + room
 *         |---- headroom ----|######## bytes ############|---- tailroom -----|
 *
 * The verb of a function tells who owns the packet afterwards: *_input, *_output, *_xmit, pkt_done and
 * stack_drop take it; *_parse, *_peek and taps only look (const struct pkt *); pkt_new and pkt_copy give one.
 */
#ifndef NET_PKT_H
#define NET_PKT_H

#include "lib/blob.h"
#include "lib/list.h"
#include "lib/pool.h"
#include "net/wire_ip.h"

#include <assert.h>

struct dev;

enum {
	PKT_HEADROOM =
		192, /* TCP and IP with all their options, Ethernet, a tag of each device on devices, virtio */
	PKT_SMALL_ROOM = 2048,			   /* bytes of buffer in a small packet, headroom included */
	PKT_BIG_ROOM = PKT_HEADROOM + 65535 + 257, /* a super-frame with its headers */
	PKT_PARTS = 2,				   /* at most, of one packet */
};

/* To whom the link layer addressed it (the names of packet(7)). */
enum pkt_type { PKT_HOST, PKT_BROADCAST, PKT_MULTICAST, PKT_OTHERHOST, PKT_OUTGOING };

enum pkt_csum {
	PKT_CSUM_NONE,	  /* nobody has looked: whoever needs it computes it */
	PKT_CSUM_OK,	  /* the device vouches for the transport checksum */
	PKT_CSUM_PARTIAL, /* the field holds the pseudo-header's sum; to be completed from csum_start to the
			     end */
};

/* Offload fields, in the terms of virtio_net_hdr. Offsets count from data at the link header. */
struct pkt_offload {
	uint8_t csum;	      /* enum pkt_csum */
	uint8_t gso_type;     /* 0, or VIRTIO_NET_HDR_GSO_* */
	uint16_t gso_size;    /* bytes of payload in each segment */
	uint16_t hdr_len;     /* bytes of headers before the payload */
	uint16_t csum_start;  /* where summing begins */
	uint16_t csum_offset; /* where the sum is stored, from csum_start */
};

/*
 * Bytes at the end of a packet that are not in the buffer yet, but a blob's, to which it has a reference: the text of a
 * TCP segment on its way to a device that gathers it from there (scatter-gather; Linux calls such packets non-linear).
 * `len` counts them, and their room in the buffer is kept. Between TCP and the device nobody looks at them, but for those
 * that call pkt_linearize() before; packets that come in, and those that wait, have none.
 */
struct pkt_part {
	struct blob *blob;
	const uint8_t *data;
	uint32_t len;
};

struct pkt {
	struct list node; /* in whatever queue its owner keeps it */
	struct pkt_pools *pools;
	struct dev *dev; /* the device it came by, or leaves by; NULL: made here */
	int ifindex;	 /* of the device it came by, even when that is gone; 0: none */
	uint64_t id;	 /* unique in the process */
	uint64_t parent; /* id of the packet this one is a copy of, a fragment of, or an answer to; 0: none */
	uint64_t sender; /* on the way out: the packet socket it came from, which is not shown it; 0: none */
	uint64_t time_ns; /* when it arrived or was made */
	uint8_t *data;
	uint32_t len;
	uint32_t room; /* bytes in buf */
	uint16_t
		l2_len; /* bytes of link header that stand before the network header (0 once there is none) */
	uint8_t type;	/* enum pkt_type */
	bool local;	/* came by loopback: checks for martians do not apply */
	bool to_group;	/* on the way up from IP: to a broadcast or multicast address, not to one of ours */
	bool big;	/* which pool it belongs to */
	uint16_t ethertype; /* host order; of the frame it came in */
	struct mac src_mac; /* of the frame it came in */
	struct ip_hdr ip;   /* parsed at the door by ip_input() or set by ip_output(); valid between there and
			       the link */
	struct pkt_offload offload;
	uint8_t part_count;
	struct pkt_part parts[PKT_PARTS];
	uint8_t buf[];
};

/* The two pools all packets of a process come from. */
struct pkt_pools {
	struct pool small, big;
	uint64_t next_id;
	uint64_t done;						     /* packets that ended well */
	void (*ended)(struct pkt_pools *pools, const struct pkt *p); /* told of every end; NULL: nobody */
};

/* `limit`: most packets of each class in use at once, 0: no limit. */
void pkt_pools_init(struct pkt_pools *pools, size_t small_limit, size_t big_limit);
void pkt_pools_exit(struct pkt_pools *pools);

/* An empty packet with PKT_HEADROOM bytes of headroom and at least `room` bytes behind it, or NULL. */
struct pkt *pkt_new(struct pkt_pools *pools, size_t room);

/* A copy of bytes, those of parts among them, and fields whose parent is `p`, with at least `extra` bytes of tailroom; in
 * no queue. NULL: no memory. */
struct pkt *pkt_copy(const struct pkt *p, size_t extra);

/* An empty packet with room for `room` bytes, the fields of `p`, and `p` as its parent; in no queue. NULL: no
 * memory. */
struct pkt *pkt_child(const struct pkt *p, size_t room);

/* The end of a packet that did what it was for. (Every other end is stack_drop().) */
void pkt_done(struct pkt *p);

/* The packet ends well, and another one, the answer to it, begins where it lies. */
void pkt_renew(struct pkt *p);

/* Without a verdict: for owners that have already given theirs (stack_drop), and for test frames. */
void pkt_free(struct pkt *p);

/* A small packet that holds what the big one `p` held, when that fits and memory is there; otherwise `p`
 * itself. */
struct pkt *pkt_shrink(struct pkt *p);

/* The other way round: a big packet that holds what `p` held, or NULL, and `p` stays. */
struct pkt *pkt_grow(struct pkt *p);

static inline size_t pkt_headroom(const struct pkt *p)
{
	return (size_t)(p->data - p->buf);
}

static inline size_t pkt_tailroom(const struct pkt *p)
{
	return p->room - pkt_headroom(p) - p->len;
}

/* Must the transport's checksum be looked at? Not where a device vouches for it, and not where the sender left it
 * to somebody who never had to fill it in. */
static inline bool pkt_csum_is_good(const struct pkt *p)
{
	return p->offload.csum != PKT_CSUM_NONE;
}

/* Headers in front grew by `n` bytes: offsets follow. */
static inline void pkt_move_offload(struct pkt *p, int n)
{
	if (p->offload.csum == PKT_CSUM_PARTIAL)
		p->offload.csum_start = (uint16_t)(p->offload.csum_start + n);
	if (p->offload.gso_type)
		p->offload.hdr_len = (uint16_t)(p->offload.hdr_len + n);
}

/* Makes room for `n` bytes of header in front; the caller fills them. Asserts that the headroom is there. */
static inline uint8_t *pkt_push(struct pkt *p, size_t n)
{
	assert(n <= pkt_headroom(p));
	p->data -= n;
	p->len += (uint32_t)n;
	return p->data;
}

/* Takes `n` bytes off the front (they stay in the buffer). Asserts n <= len. */
static inline void pkt_pull(struct pkt *p, size_t n)
{
	assert(n <= p->len);
	p->data += n;
	p->len -= (uint32_t)n;
}

/* Adds `n` bytes at the end; the caller fills them. Asserts that the tailroom is there. */
static inline uint8_t *pkt_put(struct pkt *p, size_t n)
{
	uint8_t *end = p->data + p->len;

	assert(n <= pkt_tailroom(p));
	p->len += (uint32_t)n;
	return end;
}

/* Adds `len` bytes of the blob at the end, from `data` on, without copying them; nothing but parts may follow. False: it
 * has PKT_PARTS already, and nothing was done. Asserts that the tailroom is there. */
bool pkt_put_part(struct pkt *p, struct blob *blob, const uint8_t *data, uint32_t len);

/* How many bytes are in the buffer. */
static inline uint32_t pkt_head_len(const struct pkt *p)
{
	uint32_t len = p->len;

	for (unsigned i = 0; i < p->part_count; i++)
		len -= p->parts[i].len;
	return len;
}

/* Copies the parts into the buffer, so that it has none any more. */
void pkt_linearize(struct pkt *p);

/* Cuts to `len` bytes. Asserts len <= p->len. */
static inline void pkt_trim(struct pkt *p, size_t len)
{
	assert(len <= p->len);
	p->len = (uint32_t)len;
}

#endif
