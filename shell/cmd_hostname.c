/* SPDX-License-Identifier: MIT */
/* `hostname`: the name of the host we are on, and its addresses. */
#include "lib/text.h"
#include "shell/cmd.h"

/* All addresses but lo's. */
static void print_addresses(struct cmd *c)
{
	stack_each_dev(d, c->host) {
		if (d->type == DEV_LOOPBACK)
			continue;
		netif_each_addr(a, d->netif)
			fprintf(c->out, "%s ", TEXT_IP(a->local));
	}
	fputc('\n', c->out);
}

static int run(struct cmd *c)
{
	const char *option = c->argc > 1 ? c->argv[1] : "-f";

	if (!strcmp(option, "-I") || !strcmp(option, "-i")) {
		print_addresses(c);
		return CMD_OK;
	}
	if (strcmp(option, "-f") != 0 && strcmp(option, "-s") != 0) {
		if (*option == '-')
			return cmd_usage(c, "unknown option %s", option);
		return cmd_error(c, "a host keeps the name that `ip netns add` gave it");
	}
	fprintf(c->out, "%s\n", c->host->name);
	return CMD_OK;
}

const struct command cmd_hostname = {
	.name = "hostname",
	.run = run,
	.usage = "hostname [-s] [-I]",
	.about = "the name of this host, or its addresses",
	.options = "  -I  all its addresses but those of lo\n"
		   "  -s  the name (as without an option)\n",
	.example = "hostname -I",
	.man = "hostname(1)",
};
