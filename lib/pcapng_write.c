/* SPDX-License-Identifier: MIT */
/* Writing pcapng. */
#include "lib/pcapng.h"

#include <string.h>

static const uint8_t zeros[4];

static void put(FILE *file, const void *data, size_t len)
{
	if (len > 0) /* `data` may be NULL */
		fwrite(data, 1, len, file);
}

static void put16(FILE *file, uint16_t v)
{
	put(file, &v, sizeof(v));
}

static void put32(FILE *file, uint32_t v)
{
	put(file, &v, sizeof(v));
}

static uint32_t padding(uint32_t len)
{
	return -len & 3;
}

static void put_padded(FILE *file, const void *data, uint32_t len)
{
	put(file, data, len);
	put(file, zeros, padding(len));
}

/* What an option takes in its block. */
static uint32_t option_size(uint32_t len)
{
	return 4 + len + padding(len);
}

static void put_option(FILE *file, enum pcapng_option code, const void *value, uint16_t len)
{
	put16(file, (uint16_t)code);
	put16(file, len);
	put_padded(file, value, len);
}

void pcapng_write_section(FILE *file)
{
	uint32_t total = PCAPNG_FRAME + 16;

	put32(file, PCAPNG_SECTION);
	put32(file, total);
	put32(file, PCAPNG_MAGIC);
	put16(file, 1); /* version 1.0 */
	put16(file, 0);
	put32(file, UINT32_MAX); /* how long the section is, in 64 bits: not said */
	put32(file, UINT32_MAX);
	put32(file, total);
}

void pcapng_write_iface(FILE *file, const struct capture_iface *iface)
{
	const uint8_t nanoseconds = 9;
	uint16_t name_len = (uint16_t)strlen(iface->name);
	uint32_t total = PCAPNG_FRAME + 8 + option_size(name_len) + option_size(1) + option_size(0);

	put32(file, PCAPNG_IFACE);
	put32(file, total);
	put16(file, (uint16_t)iface->linktype);
	put16(file, 0); /* reserved */
	put32(file, CAPTURE_SNAPLEN);
	put_option(file, PCAPNG_IFACE_NAME, iface->name, name_len);
	put_option(file, PCAPNG_IFACE_TSRESOL, &nanoseconds, 1);
	put_option(file, PCAPNG_OPT_END, NULL, 0);
	put32(file, total);
}

void pcapng_write_packet(FILE *file, const struct capture_packet *p)
{
	uint16_t comment_len = p->comment ? (uint16_t)strnlen(p->comment, UINT16_MAX) : 0;
	uint32_t flags = p->direction, options = 0, total;

	if (p->comment)
		options += option_size(comment_len);
	if (flags)
		options += option_size(sizeof(flags));
	if (options)
		options += option_size(0);
	total = PCAPNG_FRAME + 20 + p->caplen + padding(p->caplen) + options;

	put32(file, PCAPNG_PACKET);
	put32(file, total);
	put32(file, p->iface);
	put32(file, (uint32_t)(p->ts_ns >> 32));
	put32(file, (uint32_t)p->ts_ns);
	put32(file, p->caplen);
	put32(file, p->len);
	put_padded(file, p->data, p->caplen);
	if (p->comment)
		put_option(file, PCAPNG_OPT_COMMENT, p->comment, comment_len);
	if (flags)
		put_option(file, PCAPNG_PACKET_FLAGS, &flags, sizeof(flags));
	if (options)
		put_option(file, PCAPNG_OPT_END, NULL, 0);
	put32(file, total);
}
