/* SPDX-License-Identifier: MIT */
/* ping -R and -T: the record route and timestamp options (RFC 791 3.1), made and printed. */
#include "lib/text.h"
#include "net/wire_ip.h"
#include "shell/cmd_ping.h"

enum { TS_ONLY = 0, TS_AND_ADDR = 1, TS_PRESPEC = 3, TS_FIRST = 5, RR_FIRST = 4, TS_MAX_HOPS = 4 };

/* ---- made ---- */

void ping_record_route_option(struct ping_config *cfg)
{
	memset(cfg->opts, 0, sizeof(cfg->opts));
	cfg->opts_len = IP_OPT_MAX;
	cfg->opts[0] = IPOPT_NOP;
	cfg->opts[1] = IPOPT_RR;
	cfg->opts[2] = IP_OPT_MAX - 1;
	cfg->opts[3] = RR_FIRST;
}

bool ping_timestamp_option(struct ping_config *cfg, const char *how)
{
	static const struct {
		const char *name;
		uint8_t flag, len;
	} kinds[] = {{"tsonly", TS_ONLY, 40}, {"tsandaddr", TS_AND_ADDR, 36}, {"tsprespec", TS_PRESPEC, 4}};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(how, kinds[i].name) != 0)
			continue;
		memset(cfg->opts, 0, sizeof(cfg->opts));
		cfg->opts_len = IP_OPT_MAX;
		cfg->opts[0] = IPOPT_TS;
		cfg->opts[1] = kinds[i].len;
		cfg->opts[2] = TS_FIRST;
		cfg->opts[3] = kinds[i].flag;
		return true;
	}
	return false;
}

bool ping_add_hop(struct ping_config *cfg, uint32_t addr)
{
	uint8_t len = cfg->opts[1];

	if (cfg->opts[0] != IPOPT_TS || cfg->opts[3] != TS_PRESPEC || len >= 4 + 8 * TS_MAX_HOPS)
		return false;
	*(be32 *)(cfg->opts + len) = put32(addr);
	cfg->opts[1] = (uint8_t)(len + 8);
	return true;
}

/* ---- printed ---- */

static uint32_t word(const uint8_t *b)
{
	return get32(*(const be32 *)b);
}

static void print_route(FILE *out, const uint8_t *opt, size_t len, uint8_t *last)
{
	size_t end = MIN((size_t)opt[2] - 1, len);

	if (opt[2] < RR_FIRST || end < RR_FIRST)
		return;
	if (memcmp(last, opt, len) == 0) {
		fputs("\t(same route)", out);
		return;
	}
	memcpy(last, opt, len);
	fputs("\nRR: ", out);
	for (size_t i = RR_FIRST - 1; i + 4 <= end; i += 4)
		fprintf(out, "\t%s\n", TEXT_IP(word(opt + i)));
}

/* The first time as it is, the others as what went by since the one before. The high bit marks a clock that
 * does not count milliseconds since midnight UTC. */
static void print_stamp(FILE *out, uint32_t stamp, uint32_t *before, bool *first)
{
	if (stamp >> 31)
		fprintf(out, "\t%u not-standard\n", stamp & INT32_MAX);
	else if (*first)
		fprintf(out, "\t%u absolute\n", stamp);
	else
		fprintf(out, "\t%d\n", (int32_t)(stamp - *before));
	if (stamp >> 31)
		return;
	*before = stamp;
	*first = false;
}

static void print_stamps(FILE *out, const uint8_t *opt, size_t len)
{
	bool with_addr = (opt[3] & 15) != TS_ONLY, first = true;
	size_t step = with_addr ? 8 : 4, end = MIN((size_t)opt[2] - 1, len);
	uint32_t before = 0;

	if (opt[2] <= TS_FIRST || end < TS_FIRST)
		return;
	fputs("\nTS: ", out);
	for (size_t i = TS_FIRST - 1; i + step <= end; i += step) {
		if (with_addr)
			fprintf(out, "\t%s", TEXT_IP(word(opt + i)));
		print_stamp(out, word(opt + i + step - 4), &before, &first);
	}
	if (opt[3] >> 4)
		fprintf(out, "Unrecorded hops: %d\n", opt[3] >> 4);
}

void ping_print_options(FILE *out, const uint8_t *opts, size_t len, uint8_t *last)
{
	for (size_t i = 0, step = 1; i < len && opts[i] != IPOPT_EOL; i += step) {
		step = 1;
		if (opts[i] == IPOPT_NOP)
			continue;
		if (i + 1 >= len || opts[i + 1] < 4 || opts[i + 1] > len - i)
			return;
		step = opts[i + 1];
		if (opts[i] == IPOPT_RR)
			print_route(out, opts + i, step, last);
		else if (opts[i] == IPOPT_TS)
			print_stamps(out, opts + i, step);
	}
}
