/* SPDX-License-Identifier: MIT */
/* What the files of macvlan share: the table that a lower device has, and one macvlan in it. */
#ifndef DEV_MACVLAN_TABLE_H
#define DEV_MACVLAN_TABLE_H

#include "dev/macvlan.h"
#include "dev/queue.h"
#include "lib/hash.h"

/* Of a lower device, as its rx_handler_data, while it has macvlans. */
struct macvlan_table {
	struct dev *lower;
	struct list members; /* of struct macvlan, in the order they came */
	struct hash up;	     /* those that are up, by MAC address: who is down is not here, nor a sibling */
	struct hash sources; /* of struct macvlan_source, by MAC address */
	struct dev_queue
		looped; /* what one sends to a sibling: in the next turn it goes up by the lower device */
	struct mac lower_mac; /* the lower device's own, which it gets back from a passthru device */
	bool setting_mac;     /* a passthru device is just giving the lower one its MAC address */
	bool promisc;	      /* the lower device was made to hear every frame */
	uint32_t bcqueuelen;  /* the most any member asks for */
};

struct macvlan {
	struct dev dev;
	struct macvlan_table *table;
	enum macvlan_mode mode;
	unsigned flags;
	uint32_t bcqueuelen;
	struct list node;	  /* in table->members */
	struct hash_link up_link; /* in table->up */
	struct list sources;	  /* of struct macvlan_source */
	struct dev_queue queue;	  /* broadcasts of bridge siblings */
	bool promisc, allmulti;	  /* because of it the lower device hears everything, or all groups */
};

/* A sender that a macvlan in source mode wants to hear. */
struct macvlan_source {
	struct hash_link link; /* in table->sources */
	struct list node;      /* in macvlan->sources */
	struct macvlan *member;
	struct mac mac;
};

static inline struct macvlan *macvlan_of(const struct dev *d)
{
	return CONTAINER_OF((struct dev *)(uintptr_t)d, struct macvlan, dev);
}

static inline bool macvlan_is_up(const struct macvlan *m)
{
	return m->dev.flags & DEV_UP;
}

/* ---- macvlan_table.c ---- */

/* The table of `lower`, made with the first macvlan on it. NULL: *err is -EBUSY, -EINVAL or -ENOMEM. */
struct macvlan_table *macvlan_table_get(struct dev *lower, int *err);

/* After a member left: the table ends with the last one. */
void macvlan_table_put(struct macvlan_table *t);

void macvlan_table_join(struct macvlan_table *t, struct macvlan *m);
void macvlan_table_leave(struct macvlan *m);

/* Its frames find it under this MAC address from now on. */
int macvlan_table_add_up(struct macvlan *m, struct mac mac); /* 0 or -ENOMEM */
void macvlan_table_del_up(struct macvlan *m);

/* Who is up and has this MAC address, or NULL. */
struct macvlan *macvlan_table_find(const struct macvlan_table *t, struct mac mac);

/* Begins to fetch what macvlan_table_find() and the way from there will touch: of thousands, none is in a cache. */
void macvlan_table_prefetch(const struct macvlan_table *t, struct mac mac);

/* The device in passthru mode, which is alone, or NULL. */
struct macvlan *macvlan_table_passthru(const struct macvlan_table *t);

/* Has the lower device or a member that is up this address? */
bool macvlan_table_is_taken(const struct macvlan_table *t, struct mac mac);

/* After members came, went or changed: the queue's length. */
void macvlan_table_update(struct macvlan_table *t);

/* ---- macvlan_source.c ---- */

uint32_t macvlan_hash(struct mac m);
void macvlan_source_flush(struct macvlan *m);

/* ---- macvlan_path.c ---- */

enum rx_verdict macvlan_receive(struct dev *lower, struct pkt *p);
void macvlan_prefetch(const struct dev *lower, const struct pkt *p);
void macvlan_xmit(struct dev *d, struct pkt *p);

/* ---- macvlan.c, for kinds that are a macvlan and more ---- */

/* Fills in a zeroed macvlan and puts it into the host; see macvlan_create(). The caller frees it where this fails. */
int macvlan_register(struct macvlan *m, const struct dev_ops *ops, struct stack *s, const char *name,
	const struct dev_config *config);

/* What their ops must do. */
int macvlan_start(struct dev *d);
void macvlan_stop(struct dev *d);
int macvlan_set_mac(struct dev *d, struct mac mac);
int macvlan_set_mtu(struct dev *d, uint32_t mtu);
void macvlan_rx_mode(struct dev *d);
void macvlan_event(struct dev *d, struct dev *lower, enum dev_event ev);
void macvlan_unregister(struct dev *d);

#endif
