/* SPDX-License-Identifier: MIT */
/* Filters. One text is compiled for each kind of link: offsets differ. */
#include "shell/filter.h"

#include "net/pkt.h"

#include <pcap/pcap.h>
#include <stdlib.h>

enum { SNAPLEN = 262144 };

struct filter {
	struct bpf_program ether, ip;
	bool has_ip; /* false: it asks for what only Ethernet has */
};

static bool compile(int link, struct bpf_program *program, const char *text, struct buf *error)
{
	pcap_t *dead = pcap_open_dead(link, SNAPLEN);
	bool ok = dead && pcap_compile(dead, program, text, 1, PCAP_NETMASK_UNKNOWN) == 0;

	if (!ok && error)
		buf_puts(error, dead ? pcap_geterr(dead) : "no memory");
	if (dead)
		pcap_close(dead);
	return ok;
}

struct filter *filter_new(const char *text, struct buf *error)
{
	struct filter *f = mem_new(sizeof(*f));

	if (!compile(DLT_EN10MB, &f->ether, text, error)) {
		free(f);
		return NULL;
	}
	f->has_ip = compile(DLT_RAW, &f->ip, text, NULL);
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	pcap_freecode(&f->ether);
	if (f->has_ip)
		pcap_freecode(&f->ip);
	free(f);
}

static bool run(const struct bpf_program *program, const struct pkt *p)
{
	struct pcap_pkthdr h = {.caplen = p->len, .len = p->len};

	return pcap_offline_filter(program, &h, p->data) != 0;
}

bool filter_matches(const struct filter *f, const struct dev *d, const struct pkt *p)
{
	return d->type == DEV_RAW ? filter_matches_ip(f, p) : run(&f->ether, p);
}

bool filter_matches_ip(const struct filter *f, const struct pkt *p)
{
	return f->has_ip && run(&f->ip, p);
}
