/* SPDX-License-Identifier: MIT */
/* Reading pcapng. Every length is checked against the block it stands in, and blocks against what we can hold. */
#include "lib/pcapng.h"

#include "lib/clock.h"

#include <byteswap.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTIONS_MAX = 1 << 18, /* of a block, with all else that is not the packet */
	BLOCK_MAX = CAPTURE_SNAPLEN + OPTIONS_MAX,
};

bool pcapng_reader_init(struct pcapng_reader *r, FILE *file)
{
	*r = (struct pcapng_reader){.file = file, .block = malloc(BLOCK_MAX)};
	return r->block != NULL;
}

void pcapng_reader_exit(struct pcapng_reader *r)
{
	free(r->block);
	free(r->ifaces);
}

static enum capture_result fail(struct pcapng_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static enum capture_result fail(struct pcapng_reader *r, const char *fmt, ...)
{
	va_list args;
	int n = snprintf(r->error, sizeof(r->error),
		"after %llu packets, at offset %llu: ", (unsigned long long)r->packets,
		(unsigned long long)r->offset);

	va_start(args, fmt);
	vsnprintf(r->error + n, sizeof(r->error) - (size_t)n, fmt, args);
	va_end(args);
	return CAPTURE_BAD;
}

/* ---- numbers, in the section's byte order ---- */

static uint16_t u16(const struct pcapng_reader *r, const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return r->swapped ? bswap_16(v) : v;
}

static uint32_t u32(const struct pcapng_reader *r, const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return r->swapped ? bswap_32(v) : v;
}

static uint64_t u64(const struct pcapng_reader *r, const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return r->swapped ? bswap_64(v) : v;
}

/* Everything is padded to words. */
static uint32_t padded(uint32_t len)
{
	return (len + 3) & ~3u;
}

/* ---- blocks ---- */

/* CAPTURE_PACKET stands for "there they are". */
static enum capture_result get(struct pcapng_reader *r, void *to, size_t len)
{
	if (fread(to, 1, len, r->file) == len)
		return CAPTURE_PACKET;
	if (ferror(r->file))
		return fail(r, "%s", strerror(errno));
	return fail(r, "the file ends within a block");
}

static enum capture_result skip(struct pcapng_reader *r, uint32_t len)
{
	enum capture_result result = CAPTURE_PACKET;

	while (len > 0 && result == CAPTURE_PACKET) {
		uint32_t part = len < BLOCK_MAX ? len : BLOCK_MAX;

		result = get(r, r->block, part);
		len -= part;
	}
	return result;
}

/* The magic tells the byte order of all that follows, and of the length in front of it. */
static enum capture_result begin_section(struct pcapng_reader *r)
{
	uint32_t magic;
	enum capture_result result = get(r, r->block, sizeof(magic));

	if (result != CAPTURE_PACKET)
		return result;
	memcpy(&magic, r->block, sizeof(magic));
	if (magic != PCAPNG_MAGIC && magic != bswap_32(PCAPNG_MAGIC))
		return fail(r, "this is no section of a pcapng file: its magic number is 0x%08x", magic);
	r->swapped = magic != PCAPNG_MAGIC;
	r->in_section = true;
	r->first_iface = r->iface_count;
	return result;
}

/* Reads what is in a block that we know, but for its first `have` bytes, and compares the two lengths. */
static enum capture_result get_content(struct pcapng_reader *r, uint32_t total, uint32_t have)
{
	uint32_t len = total - PCAPNG_FRAME;
	uint8_t again[4];
	enum capture_result result;

	if (len > BLOCK_MAX)
		return fail(r, "a block of %u bytes is longer than any we take (%u)", total,
			(unsigned)BLOCK_MAX + PCAPNG_FRAME);
	result = get(r, r->block + have, len - have);
	if (result == CAPTURE_PACKET)
		result = get(r, again, sizeof(again));
	if (result == CAPTURE_PACKET && u32(r, again) != total)
		return fail(r, "a block of %u bytes says %u at its end", total, u32(r, again));
	return result;
}

/* What a block holds besides options. */
static uint32_t least(uint32_t type)
{
	switch (type) {
	case PCAPNG_SECTION:
		return 16;
	case PCAPNG_IFACE:
		return 8;
	case PCAPNG_PACKET:
	case PCAPNG_PACKET_OLD:
		return 20;
	case PCAPNG_PACKET_SIMPLE:
		return 4;
	}
	return 0;
}

/* The next block: r->block holds `*len` bytes of it, none if we do not know its type. CAPTURE_PACKET: there it is. */
static enum capture_result get_block(struct pcapng_reader *r, uint32_t *type, uint32_t *len)
{
	uint8_t head[8];
	enum capture_result result;
	uint32_t total, have = 0;
	int c = getc(r->file);

	r->offset = r->next;
	if (c == EOF)
		return ferror(r->file) ? fail(r, "%s", strerror(errno)) : CAPTURE_END;
	head[0] = (uint8_t)c;
	result = get(r, head + 1, sizeof(head) - 1);
	if (result != CAPTURE_PACKET)
		return result;
	*type = u32(r, head);
	if (*type == PCAPNG_SECTION) {
		result = begin_section(r);
		have = 4;
	}
	if (result != CAPTURE_PACKET)
		return result;
	if (!r->in_section)
		return fail(r, "the file does not begin with a section of pcapng");
	total = u32(r, head + 4);
	if (total % 4 || total < PCAPNG_FRAME + least(*type))
		return fail(r, "a block of type %u cannot have %u bytes", *type, total);
	*len = total - PCAPNG_FRAME;
	r->next += total;
	if (least(*type))
		result = get_content(r, total, have);
	else
		result = skip(r, total - 8);
	return result;
}

/* ---- options ---- */

struct options {
	const uint8_t *at, *end;
};

/* CAPTURE_PACKET: here is one; CAPTURE_END: there is none any more. */
static enum capture_result next_option(
	struct pcapng_reader *r, struct options *o, uint16_t *code, const uint8_t **value, uint16_t *len)
{
	if (o->end - o->at < 4)
		return CAPTURE_END;
	*code = u16(r, o->at);
	*len = u16(r, o->at + 2);
	*value = o->at + 4;
	if (*code == PCAPNG_OPT_END)
		return CAPTURE_END;
	if (padded(*len) > (size_t)(o->end - *value))
		return fail(r, "option %u of %u bytes reaches beyond its block", *code, *len);
	o->at = *value + padded(*len);
	return CAPTURE_PACKET;
}

/* ---- interfaces ---- */

static enum capture_result iface_option(struct pcapng_reader *r, struct pcapng_iface *iface, uint16_t code,
	const uint8_t *value, uint16_t len)
{
	uint64_t per_sec = 1;

	if (code == PCAPNG_IFACE_NAME) {
		snprintf(iface->shown.name, sizeof(iface->shown.name), "%.*s", len, (const char *)value);
	} else if (code == PCAPNG_IFACE_TSRESOL && len == 1) {
		/* A power of two or of ten. */
		if ((value[0] & 0x7f) > (value[0] & 0x80 ? 63 : 19))
			return fail(r, "the unit of time 0x%02x is too small", value[0]);
		for (int i = value[0] & 0x7f; i > 0; i--)
			per_sec *= value[0] & 0x80 ? 2 : 10;
		iface->per_sec = per_sec;
	} else if (code == PCAPNG_IFACE_TSOFFSET && len == 8) {
		iface->offset_s = (int64_t)u64(r, value);
	}
	return CAPTURE_PACKET;
}

static struct pcapng_iface *iface_new(struct pcapng_reader *r)
{
	if (r->iface_count == r->iface_room) {
		unsigned room = r->iface_room ? 2 * r->iface_room : 4;
		struct pcapng_iface *more = realloc(r->ifaces, room * sizeof(*more));

		if (!more)
			return NULL;
		r->ifaces = more;
		r->iface_room = room;
	}
	return &r->ifaces[r->iface_count++];
}

static enum capture_result add_iface(struct pcapng_reader *r, uint32_t len)
{
	struct options o = {r->block + 8, r->block + len};
	enum capture_result result = CAPTURE_PACKET;
	struct pcapng_iface *iface;
	const uint8_t *value;
	uint16_t code, size;

	if (r->iface_count >= CAPTURE_IFACES_MAX)
		return fail(r, "there are more than %u interfaces", (unsigned)CAPTURE_IFACES_MAX);
	iface = iface_new(r);
	if (!iface)
		return fail(r, "%s", strerror(ENOMEM));
	*iface = (struct pcapng_iface){.per_sec = 1000000, .snaplen = u32(r, r->block + 4)};
	iface->shown.linktype = u16(r, r->block);
	iface->shown.snaplen = iface->snaplen ? iface->snaplen : CAPTURE_SNAPLEN;
	while (result == CAPTURE_PACKET) {
		result = next_option(r, &o, &code, &value, &size);
		if (result == CAPTURE_PACKET)
			result = iface_option(r, iface, code, value, size);
	}
	return result;
}

/* ---- packets ---- */

static enum capture_result set_iface(struct pcapng_reader *r, struct capture_packet *p, uint32_t number)
{
	if (number >= r->iface_count - r->first_iface)
		return fail(r, "a packet of interface %u, which this section does not have", number);
	p->iface = r->first_iface + number;
	p->linktype = r->ifaces[p->iface].shown.linktype;
	return CAPTURE_PACKET;
}

static enum capture_result set_data(
	struct pcapng_reader *r, struct capture_packet *p, uint32_t at, uint32_t block_len)
{
	if (p->caplen > CAPTURE_SNAPLEN)
		return fail(r, "a packet of %u bytes is longer than any we take (%u)", p->caplen,
			(unsigned)CAPTURE_SNAPLEN);
	if (padded(p->caplen) > block_len - at)
		return fail(r, "a packet of %u bytes reaches beyond its block", p->caplen);
	if (p->len < p->caplen)
		p->len = p->caplen;
	p->data = r->block + at;
	return CAPTURE_PACKET;
}

static enum capture_result set_time(struct pcapng_reader *r, struct capture_packet *p, const uint8_t *at)
{
	const struct pcapng_iface *iface = &r->ifaces[p->iface];
	uint64_t units = (uint64_t)u32(r, at) << 32 | u32(r, at + 4);
	__int128 ns = (__int128)(units / iface->per_sec) + iface->offset_s;

	ns *= NS_PER_SEC;
	ns += (__int128)(units % iface->per_sec) * NS_PER_SEC / iface->per_sec;
	if (ns < 0 || ns > UINT64_MAX)
		return fail(r, "a time that is not between the years 1970 and 2554");
	p->ts_ns = (uint64_t)ns;
	return CAPTURE_PACKET;
}

/* Comments are moved together in place: each has the four bytes of its option in front of it. */
static char *add_comment(char *end, const uint8_t *value, uint16_t len, bool first)
{
	size_t n = strnlen((const char *)value, len);

	if (!first)
		*end++ = '\n';
	memmove(end, value, n);
	end[n] = '\0';
	return end + n;
}

static enum capture_result packet_options(
	struct pcapng_reader *r, struct capture_packet *p, uint8_t *at, uint8_t *block_end)
{
	struct options o = {at, block_end};
	enum capture_result result;
	const uint8_t *value;
	char *end = (char *)at;
	uint16_t code, len;

	while ((result = next_option(r, &o, &code, &value, &len)) == CAPTURE_PACKET) {
		if (code == PCAPNG_OPT_COMMENT) {
			end = add_comment(end, value, len, !p->comment);
			p->comment = (char *)at;
		} else if (code == PCAPNG_PACKET_FLAGS && len == 4) {
			p->direction = u32(r, value) & 3;
		}
	}
	if (p->direction > CAPTURE_OUT)
		p->direction = CAPTURE_DIRECTION_UNKNOWN;
	return result;
}

/* The old kind has 16 bits of interface and 16 bits of drops where the new one has 32 of interface. */
static enum capture_result packet(
	struct pcapng_reader *r, struct capture_packet *p, uint32_t block_len, bool old)
{
	uint32_t number = old ? u16(r, r->block) : u32(r, r->block);
	uint32_t options;
	enum capture_result result;

	p->caplen = u32(r, r->block + 12);
	p->len = u32(r, r->block + 16);
	result = set_iface(r, p, number);
	if (result == CAPTURE_PACKET)
		result = set_data(r, p, 20, block_len);
	if (result == CAPTURE_PACKET)
		result = set_time(r, p, r->block + 4);
	if (result != CAPTURE_PACKET)
		return result;
	options = 20 + padded(p->caplen);
	result = packet_options(r, p, r->block + options, r->block + block_len);
	return result == CAPTURE_END ? CAPTURE_PACKET : result;
}

static enum capture_result simple_packet(
	struct pcapng_reader *r, struct capture_packet *p, uint32_t block_len)
{
	enum capture_result result = set_iface(r, p, 0);
	uint32_t snaplen;

	if (result != CAPTURE_PACKET)
		return result;
	snaplen = r->ifaces[p->iface].snaplen;
	p->len = p->caplen = u32(r, r->block);
	if (snaplen && p->caplen > snaplen)
		p->caplen = snaplen;
	return set_data(r, p, 4, block_len);
}

/* Blocks that are no packets: CAPTURE_END when all is well. */
static enum capture_result other_block(struct pcapng_reader *r, uint32_t type, uint32_t len)
{
	if (type == PCAPNG_IFACE)
		return add_iface(r, len);
	if (type == PCAPNG_SECTION && u16(r, r->block + 4) != 1)
		return fail(
			r, "version %u.%u of pcapng is unknown", u16(r, r->block + 4), u16(r, r->block + 6));
	return CAPTURE_END;
}

enum capture_result pcapng_read(struct pcapng_reader *r, struct capture_packet *p)
{
	enum capture_result result = CAPTURE_END;
	uint32_t type = 0, len = 0;

	while (result == CAPTURE_END) {
		*p = (struct capture_packet){0};
		result = get_block(r, &type, &len);
		if (result != CAPTURE_PACKET)
			return result;
		if (type == PCAPNG_PACKET || type == PCAPNG_PACKET_OLD)
			result = packet(r, p, len, type == PCAPNG_PACKET_OLD);
		else if (type == PCAPNG_PACKET_SIMPLE)
			result = simple_packet(r, p, len);
		else
			result = other_block(r, type, len);
	}
	r->packets += result == CAPTURE_PACKET;
	return result;
}
