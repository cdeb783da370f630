/* SPDX-License-Identifier: MIT */
/*
 * Numbers as they lie in a packet: big-endian, at any address.
 *
 * be16 and be32 are structs of bytes, so the compiler refuses to compare or add them by mistake and never
 * assumes an alignment. get*() and put*() convert; everything else in tapir is in host order.
 */
#ifndef LIB_BYTES_H
#define LIB_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
	uint8_t b[2];
} be16;

typedef struct {
	uint8_t b[4];
} be32;

static inline uint16_t get16(be16 v)
{
	uint16_t wire;

	memcpy(&wire, v.b, sizeof(wire));
	return be16toh(wire);
}

static inline uint32_t get32(be32 v)
{
	uint32_t wire;

	memcpy(&wire, v.b, sizeof(wire));
	return be32toh(wire);
}

static inline be16 put16(uint16_t number)
{
	uint16_t wire = htobe16(number);
	be16 v;

	memcpy(v.b, &wire, sizeof(wire));
	return v;
}

static inline be32 put32(uint32_t number)
{
	uint32_t wire = htobe32(number);
	be32 v;

	memcpy(v.b, &wire, sizeof(wire));
	return v;
}

/* An Ethernet address, in the order of the wire. */
struct mac {
	uint8_t b[6];
};

#define MAC_BROADCAST ((struct mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}})
#define MAC_ZERO      ((struct mac){{0}})

static inline bool mac_equal(struct mac a, struct mac b)
{
	return memcmp(a.b, b.b, 6) == 0;
}

/* The group bit: true for multicast and for broadcast. */
static inline bool mac_is_group(struct mac m)
{
	return m.b[0] & 1;
}

static inline bool mac_is_broadcast(struct mac m)
{
	return mac_equal(m, MAC_BROADCAST);
}

static inline bool mac_is_zero(struct mac m)
{
	return mac_equal(m, MAC_ZERO);
}

#define ARRAY_SIZE(a)			(sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define CONTAINER_OF_C(ptr, type, member) \
	((const type *)(const void *)((const char *)(ptr)-offsetof(type, member)))

/* The smaller, the bigger one, in the type that both can become. Each argument is evaluated once: in functions only. */
#define MIN(a, b)	    CHOOSE(<, a, b, __COUNTER__)
#define MAX(a, b)	    CHOOSE(>, a, b, __COUNTER__)
#define CHOOSE(op, a, b, n) CHOOSE_BY(op, a, b, n)
#ifdef __CPPCHECK__ /* it takes no statements in initializers */
#define CHOOSE_BY(op, a, b, n) ((a)op(b) ? (a) : (b))
#else
#define CHOOSE_BY(op, a, b, n)                                                    \
	({                                                                        \
		__typeof__((a) < (b) ? (a) : (b)) one_##n = (a), other_##n = (b); \
		one_##n op other_##n ? one_##n : other_##n;                       \
	})
#endif

#endif
