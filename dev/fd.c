/* SPDX-License-Identifier: MIT */
/* Frames from and to a character device with virtio headers (virtio 1.2, 5.1.6). */
#include "dev/fd_ring.h"

#include "lib/hash.h"
#include "net/gro.h"
#include "net/stack.h"
#include "net/wire_ether.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	GROUP = 16,
	GROUP_BYTES = 1 << 15,
	FEW = 2,	  /* frames at a time */
	SUPER = 16384,	  /* octets of a frame of many segments, */
	SMALL = 512,	  /* and of one without much text */
	STEADY = 4,	  /* so many times in a row, and it is not by chance */
	ONE = 1 << 10,	  /* parts of a frame */
	LOOKS = 16,	  /* what is learned of company goes over so many looks; */
	ENOUGH = ONE / 2, /* so much of it, and looking for it pays; */
	ANYHOW = 16,	  /* else it is done in one of so many turns */
};

_Static_assert(VNET_LEN == sizeof(struct virtio_net_hdr) && VNET_LEN == 10,
	"the header that TUNSETVNETHDRSZ leaves as the default");

/* Without virtio headers: whole super-frames do not come, so they are put together here. */
static bool is_plain(const struct dev_fd *f)
{
	return f->hdr_len == 0;
}

/* The machine's header (its byte order) to the packet's offload fields. */
static void offload_from(struct pkt *p, const struct virtio_net_hdr *h)
{
	p->offload = (struct pkt_offload){
		.csum = PKT_CSUM_NONE,
		.gso_type = h->gso_type,
		.gso_size = h->gso_size,
		.hdr_len = h->hdr_len,
		.csum_start = h->csum_start,
		.csum_offset = h->csum_offset,
	};
	if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		p->offload.csum = PKT_CSUM_PARTIAL;
	else if (h->flags & VIRTIO_NET_HDR_F_DATA_VALID)
		p->offload.csum = PKT_CSUM_OK;
}

static struct virtio_net_hdr offload_to(const struct pkt *p)
{
	struct virtio_net_hdr h = {.gso_type = p->offload.gso_type};

	if (h.gso_type) {
		h.gso_size = p->offload.gso_size;
		h.hdr_len = p->offload.hdr_len;
	}
	if (p->offload.csum == PKT_CSUM_PARTIAL) {
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h.csum_start = p->offload.csum_start;
		h.csum_offset = p->offload.csum_offset;
	}
	return h;
}

/* Makes one, if need be. False: no memory. */
static bool has_spare(struct dev_fd *f)
{
	if (!f->spare)
		f->spare = stack_pkt(f->dev.stack, DEV_FD_ROOM);
	return f->spare;
}

/* The frame of `n` octets, header included, that came to the spare packet: a small one is copied (copybreak), a big one
 * stays where it is, and another packet becomes the spare one. That was numbered long before the frame came, so they change
 * numbers, which rise as frames come. NULL: no memory. */
static struct pkt *take_frame(struct dev_fd *f, size_t n)
{
	struct pkt *came = f->spare, *p = stack_pkt(f->dev.stack, n - f->hdr_len);
	struct virtio_net_hdr h = {0};

	if (!p) {
		f->dev.stats.rx_dropped++;
		return NULL;
	}
	if (p->big) {
		uint64_t higher = p->id;
		p->id = came->id;
		came->id = higher;
		f->spare = p;
		p = came;
	} else {
		memcpy(p->data, came->data, n - f->hdr_len);
	}
	if (!is_plain(f))
		memcpy(&h, came->data - VNET_LEN, VNET_LEN);
	p->len = (uint32_t)n - f->hdr_len;
	offload_from(p, &h);
	return p;
}

/* As read() of the next frame into the spare packet: from another number of the descriptor, which waits, or, where `from`
 * is -1, what is there already. */
static ssize_t read_frame(struct dev_fd *f, int from)
{
	uint8_t *at = f->spare->data - f->hdr_len;
	size_t room = DEV_FD_ROOM + f->hdr_len;

	if (!f->ring)
		return read(f->fd, at, room);
	return from < 0 ? fd_ring_read(f, at, room) : fd_ring_sleep(f, from, at, room);
}

/* The loop sleeps in it, or looks whether something has come. */
static bool await_frame(struct watch *w, int from)
{
	struct dev_fd *f = CONTAINER_OF(w, struct dev_fd, watch);
	ssize_t n = read_frame(f, from);
	bool nothing = n < 0 && (errno == EAGAIN || errno == EINTR || (errno == EBADF && from >= 0));

	f->came = n > 0 ? (size_t)n : 0;
	return !nothing;
}

/* The length of the next frame, which is in the spare packet now, header included; 0: nothing there, no memory, or the device
 * is gone (then *gone). */
static size_t read_one(struct dev_fd *f, bool *gone)
{
	if (!has_spare(f))
		return 0;
	ssize_t n = f->came ? (ssize_t)f->came : read_frame(f, -1);
	f->came = 0;
	*gone = n < 0 && errno != EAGAIN && errno != EINTR;
	return n > 0 && (size_t)n >= f->hdr_len ? (size_t)n : 0;
}

/* What a turn may still take. */
struct allowance {
	int frames;
	int64_t bytes; /* the last frame may be longer */
};

/* Some frames are read before the first is looked at: so what they need of memory can be fetched for all of them at
 * once. No more bytes than stay near. False: no more are there. */
static bool input_some(struct dev_fd *f, struct allowance *a)
{
	int64_t stop = MAX(0, a->bytes - GROUP_BYTES);
	struct pkt *p[GROUP];
	struct gro gro = {0};
	bool gone = false;
	size_t len = 0;
	int n = 0;

	for (; n < GROUP && a->frames > 0 && a->bytes > stop && (len = read_one(f, &gone)); a->frames--) {
		a->bytes -= (int64_t)(len - f->hdr_len);
		if (is_plain(f) && gro_join(&gro, f->spare->data, len))
			continue;
		gro_finish(&gro, &f->dev);
		p[n] = take_frame(f, len);
		if (!p[n])
			continue;
		if (is_plain(f) && f->dev.flags & DEV_UP)
			gro_hold(&gro, &p[n], f->dev.type == DEV_ETHER ? ETHER_HDR_LEN : 0);
		n++;
	}
	gro_finish(&gro, &f->dev);
	for (int i = 0; n > 1 && f->dev.rx_prefetch && i < n; i++)
		f->dev.rx_prefetch(&f->dev, p[i]);
	for (int i = 0; i < n; i++)
		dev_input(&f->dev, p[i]);
	if (gone)
		dev_fd_close(f);
	return len;
}

/* Where frames mostly come alone (a ping, a request and its answer, a short connection), asking for a second one only
 * brings EAGAIN, for the price of another system call; so we ask now and then: in every sixteen turns once, by chance in
 * which, since whatever the period, there are conversations that repeat after it. */
static bool expects_one(const struct dev_fd *f)
{
	return f->company < ENOUGH && f->turns % ANYHOW != hash_u32(f->turns / ANYHOW) % ANYHOW;
}

/* Nothing is nothing: a look that had another reason. Only who looked for company can say that there was none. */
static void learn(struct dev_fd *f, int frames, bool looked)
{
	if (frames == 0)
		return;
	f->turns++;
	f->few = frames <= FEW ? f->few + 1 : 0;
	if (looked)
		f->company += (unsigned)(frames - 1) * ONE / LOOKS - f->company / LOOKS;
}

static bool are_super(int frames, int64_t octets)
{
	return frames > 0 && octets / frames >= SUPER;
}

/* Questions, answers, ACKs. */
static bool are_small(int frames, int64_t octets)
{
	return octets <= (int64_t)frames * SMALL;
}

/* Should the loop sleep in read(), and look busily by it? To be woken there is cheaper; the ring has the edge where it can
 * do much at once, unless who sends runs beside us, and may begin with our first answer while we write the others. */
static bool is_for_read(const struct dev_fd *f, int frames, int64_t octets)
{
	return f->few >= STEADY || are_super(frames, octets) ||
		(are_small(frames, octets) && loop_busy_polling_pays(stack_loop(f->dev.stack)));
}

/* An ACK of super-frames is dearer for both ends than to look for a moment whether it may wait for another one. */
static bool more_soon(struct dev_fd *f, int frames, int64_t octets)
{
	return f->fd >= 0 && f->spare && are_super(frames, octets) &&
		loop_more_soon(stack_loop(f->dev.stack), &f->watch);
}

/* Until EAGAIN, at most the loop's budget. */
static void drain(struct watch *w, short revents)
{
	struct dev_fd *f = CONTAINER_OF(w, struct dev_fd, watch);
	const struct loop *l = stack_loop(f->dev.stack);
	const int most = expects_one(f) ? 1 : l->budget;
	struct allowance a = {most, l->budget_bytes};

	if (!(revents & POLLIN)) { /* POLLERR, POLLHUP: the interface was deleted */
		dev_fd_close(f);
		return;
	}
	while (a.frames > 0 && a.bytes > 0 && f->fd >= 0 &&
		(input_some(f, &a) || more_soon(f, most - a.frames, l->budget_bytes - a.bytes)))
		;
	int frames = most - a.frames;
	int64_t octets = l->budget_bytes - a.bytes;
	loop_moved(stack_loop(f->dev.stack), (size_t)octets);
	learn(f, frames, most > 1);
	if (f->ring)
		fd_ring_wait(f, is_for_read(f, frames, octets));
}

void dev_fd_init(struct dev_fd *f, const struct dev_ops *ops, enum dev_type type, int fd)
{
	dev_init(&f->dev, ops, type);
	f->dev.features = DEV_CAN_CSUM | DEV_CAN_GSO;
	f->fd = fd;
	f->company = ONE;
	f->hdr_len = VNET_LEN;
}

void dev_fd_make_plain(struct dev_fd *f)
{
	f->dev.features = 0;
	f->hdr_len = 0;
}

static bool takes_udp(const struct dev_fd *f)
{
	return !is_plain(f) && ioctl(f->fd, TUNSETOFFLOAD, DEV_FD_OFFLOADS | TUN_F_USO4 | TUN_F_USO6) == 0;
}

/* Before Linux 6.4 such devices know no RWF_NOWAIT, without which a ring cannot write. Only a read tells, which may bring a
 * frame. */
static bool may_use_ring(struct dev_fd *f)
{
	if (!has_spare(f) || stack_loop(f->dev.stack)->ring.fd < 0)
		return false;
	struct iovec v = {f->spare->data - f->hdr_len, DEV_FD_ROOM + f->hdr_len};
	ssize_t n = preadv2(f->fd, &v, 1, -1, RWF_NOWAIT);
	f->came = n > 0 ? (size_t)n : 0;
	return n >= 0 || errno != EOPNOTSUPP;
}

void dev_fd_start(struct dev_fd *f)
{
	f->dev.features |= takes_udp(f) ? DEV_CAN_USO : 0;
	f->watch = (struct watch){.fd = f->fd, .events = POLLIN, .ready = drain, .read = await_frame};
	f->ring = may_use_ring(f) ? fd_ring_new(f) : NULL;
	f->watch.is_told = f->ring;
	f->dev.features |= f->ring ? DEV_CAN_SG : 0;
	loop_watch(stack_loop(f->dev.stack), &f->watch);
	if (f->came && f->ring)
		loop_tell(stack_loop(f->dev.stack), &f->watch, POLLIN);
	else if (f->ring)
		fd_ring_wait(f, false);
}

void dev_fd_sent(struct dev_fd *f, struct pkt *p, int res)
{
	pkt_pull(p, f->hdr_len);
	if (res >= 0) {
		pkt_done(p);
		return;
	}
	f->dev.stats.tx_errors++;
	dev_drop_tx(&f->dev, p, res == -EAGAIN ? DROP_DEV_TX_BUSY : DROP_DEV_TX_ERROR);
}

void dev_fd_xmit(struct dev *d, struct pkt *p)
{
	struct dev_fd *f = dev_fd_of(d);

	if (!is_plain(f)) {
		struct virtio_net_hdr h = offload_to(p);
		memcpy(pkt_push(p, VNET_LEN), &h, VNET_LEN);
	}
	loop_moved(stack_loop(d->stack), p->len);
	if (f->ring)
		fd_ring_write(f, p);
	else
		dev_fd_sent(f, p, write(f->fd, p->data, p->len) < 0 ? -errno : 0);
}

void dev_fd_close(struct dev_fd *f)
{
	if (f->fd < 0)
		return;
	loop_unwatch(stack_loop(f->dev.stack), &f->watch);
	fd_ring_free(f);
	if (f->spare)
		pkt_free(f->spare);
	f->spare = NULL;
	close(f->fd);
	f->fd = -1;
	dev_set_carrier(&f->dev, false);
}
