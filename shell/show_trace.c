/* SPDX-License-Identifier: MIT */
/* How trace records look. */
#include "shell/show_trace.h"

#include <time.h>

void show_trace_time(FILE *out, const struct clock *clock, uint64_t time_ns)
{
	uint64_t wall = clock->epoch_ns + time_ns;
	time_t seconds = (time_t)(wall / NS_PER_SEC);
	struct tm tm;

	if (clock->is_virtual)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	fprintf(out, "%02d:%02d:%02d.%06llu", tm.tm_hour, tm.tm_min, tm.tm_sec,
		(unsigned long long)(wall % NS_PER_SEC / NS_PER_US));
}

void show_trace_record(FILE *out, const struct trace_record *r, bool colour)
{
	static const char *const colours[LAYER_COUNT] = {[LAYER_DEV] = "34",
		[LAYER_ARP] = "33",
		[LAYER_IP] = "32",
		[LAYER_ROUTE] = "36",
		[LAYER_FRAG] = "35",
		[LAYER_ICMP] = "36",
		[LAYER_SOCK] = "37",
		[LAYER_DROP] = "31"};
	const char *on = colours[r->layer] ? colours[r->layer] : "0";

	fprintf(out, "%s%s%s ", r->host, r->dev[0] ? " " : "", r->dev);
	if (colour)
		fprintf(out, "\033[%sm%s\033[0m ", on, trace_layer_names[r->layer]);
	else
		fprintf(out, "%s ", trace_layer_names[r->layer]);
	fputs(r->text, out);
	if (r->clause[0])
		fprintf(out, colour ? " \033[2m[%s]\033[0m" : " [%s]", r->clause);
}
