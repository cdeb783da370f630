/* SPDX-License-Identifier: MIT */
/* drops: why packets ended on this host. */
#include "net/drop.h"
#include "shell/args.h"

static void print_reason(const struct cmd *c, enum drop_reason why, bool explain)
{
	static const struct drop_count none;
	const struct drop_count *n = c->host->drops ? &c->host->drops[why] : &none;
	const struct drop_info *info = &drop_infos[why];
	char ago[32] = "", last[DROP_TEXT_LEN];

	if (n->count)
		snprintf(ago, sizeof(ago), "%.3f s ago", (double)(stack_now(c->host) - n->last_ns) / 1e9);
	fprintf(c->out, "%10llu  %-28s", (unsigned long long)n->count, info->name);
	if (n->count)
		fprintf(c->out, "  %14s  %s", ago, drop_describe(n, last));
	fputc('\n', c->out);
	if (!explain)
		return;
	fprintf(c->out, "            %s", info->text);
	if (info->clause[0])
		fprintf(c->out, " (%s)", info->clause);
	fputc('\n', c->out);
}

static int run_drops(struct cmd *c)
{
	bool explain = false, zeros = false, any = false;
	int opt;

	args_begin();
	while ((opt = args_next(c, "vz", NULL)) > 0) {
		explain |= opt == 'v';
		zeros |= opt == 'z';
	}
	if (opt < 0)
		return CMD_USAGE;
	for (enum drop_reason why = DROP_NONE + 1; why < DROP_COUNT; why++) {
		if (!zeros && stack_drops(c->host, why) == 0)
			continue;
		if (!any)
			fprintf(c->out, "%10s  %-28s  %14s  %s\n", "COUNT", "REASON", "LAST", "PACKET");
		any = true;
		print_reason(c, why, explain);
	}
	if (!any)
		fputs("no packet was dropped\n", c->out);
	return CMD_OK;
}

static void complete(struct completion *w)
{
	static const char *const options[] = {"-v", "-z", "-vz", NULL};

	complete_offer_list(w, options);
}

const struct command cmd_drops = {
	.name = "drops",
	.run = run_drops,
	.usage = "drops [-v] [-z]",
	.about = "show why packets were dropped, and which one last",
	.options = "  -v           explain each reason, with the clause it follows\n"
		   "  -z           also the reasons that never happened",
	.example = "drops -v",
	.complete = complete,
};
