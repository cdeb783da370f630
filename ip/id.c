/* SPDX-License-Identifier: MIT */
/*
 * The identification field (RFC 791 2.3, RFC 6864).
 *
 * Packets of one (source, destination, protocol) must not repeat an ID while an old one may live, and nobody
 * may guess the next (RFC 7739 tells why). So: counters, shared by all triples that hash to the same one, and
 * of the count a secret permutation of 16 bits, another one for each triple. A permutation repeats nothing
 * for 65536 steps; what one peer sees says nothing about what another one gets.
 *
 * Pieces of a super-frame without DF count on from its ID by one, as whoever cuts it knows no better: they may have IDs of
 * others. That is for sockets that ask for IP_PMTUDISC_DONT and write super-frames, and for routes with a locked MTU.
 */
#include "ip/internal.h"

#include <stdlib.h>

enum { COUNTERS = 1024, ROUNDS = 4 };

struct triple {
	uint32_t src, dst, proto;
};

struct ip_ids {
	struct siphash_key key;
	struct triple last;
	uint64_t hash;	     /* of `last` */
	uint8_t secret[256]; /* random octets: the round function */
	uint16_t count[COUNTERS];
};

static void set_last(struct ip_ids *ids, struct triple t)
{
	ids->last = t;
	ids->hash = siphash(&ids->key, &t, sizeof(t));
}

static struct ip_ids *ids_new(struct stack *s)
{
	struct ip_ids *ids = malloc(sizeof(*ids));

	if (!ids)
		return NULL;
	ids->key = rng_key(&s->rng);
	rng_bytes(&s->rng, ids->secret, sizeof(ids->secret));
	rng_bytes(&s->rng, ids->count, sizeof(ids->count));
	set_last(ids, (struct triple){0});
	return ids;
}

/* A Feistel network over two octets: a permutation whatever the round function is. Each round takes an octet
 * of `key`. */
static uint16_t permute(const uint8_t secret[256], uint64_t key, uint16_t count)
{
	uint8_t left = (uint8_t)(count >> 8), right = (uint8_t)count;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t next = left ^ secret[right ^ (uint8_t)(key >> (8 * round))];
		left = right;
		right = next;
	}
	return (uint16_t)(left << 8 | right);
}

uint16_t id_next(struct stack *s, uint32_t src, uint32_t dst, uint8_t proto)
{
	struct triple t = {src, dst, proto};

	if (!s->ip->ids)
		s->ip->ids = ids_new(s);
	struct ip_ids *ids = s->ip->ids;
	if (!ids) /* no memory: at least nobody can guess it */
		return (uint16_t)rng_u32(&s->rng);
	if (memcmp(&t, &ids->last, sizeof(t)) != 0)
		set_last(ids, t);
	return permute(ids->secret, ids->hash >> 32, ids->count[ids->hash % COUNTERS]++);
}

void id_exit(struct stack *s)
{
	free(s->ip->ids);
	s->ip->ids = NULL;
}
