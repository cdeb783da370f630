/* SPDX-License-Identifier: MIT */
/* Filters. One text is compiled for each kind of link: offsets differ. */
#include "shell/filter.h"

#include "net/pkt.h"

#include <pcap/pcap.h>
#include <stdlib.h>

struct variant {
	unsigned linktype;
	struct bpf_program program;
};

struct filter {
	struct variant variants[4]; /* for the links that the text makes sense for: */
	size_t count;
};

static bool compile(struct filter *f, unsigned linktype, const char *text, struct buf *error)
{
	struct variant *v = &f->variants[f->count];
	pcap_t *dead = pcap_open_dead(capture_dlt(linktype), CAPTURE_SNAPLEN);
	bool ok = dead && pcap_compile(dead, &v->program, text, 1, PCAP_NETMASK_UNKNOWN) == 0;

	if (!ok && error)
		buf_puts(error, dead ? pcap_geterr(dead) : "no memory");
	if (dead)
		pcap_close(dead);
	v->linktype = linktype;
	f->count += ok;
	return ok;
}

struct filter *filter_new_for(unsigned linktype, const char *text, struct buf *error)
{
	static const unsigned others[] = {LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_LINUX_SLL2};
	struct filter *f = mem_new(sizeof(*f));

	if (!compile(f, linktype, text, error)) {
		free(f);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i] != linktype)
			compile(f, others[i], text, NULL);
	return f;
}

struct filter *filter_new(const char *text, struct buf *error)
{
	return filter_new_for(LINKTYPE_ETHERNET, text, error);
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++)
		pcap_freecode(&f->variants[i].program);
	free(f);
}

bool filter_matches_captured(const struct filter *f, const struct capture_packet *p)
{
	struct pcap_pkthdr h = {.caplen = p->caplen, .len = p->len};

	for (size_t i = 0; i < f->count; i++)
		if (f->variants[i].linktype == p->linktype)
			return pcap_offline_filter(&f->variants[i].program, &h, p->data) != 0;
	return false;
}

static bool matches(const struct filter *f, unsigned linktype, const struct pkt *p)
{
	struct capture_packet c = {.linktype = linktype, .caplen = p->len, .len = p->len, .data = p->data};

	return filter_matches_captured(f, &c);
}

bool filter_matches(const struct filter *f, const struct dev *d, const struct pkt *p)
{
	return matches(f, d->type == DEV_RAW ? LINKTYPE_RAW : LINKTYPE_ETHERNET, p);
}

bool filter_matches_ip(const struct filter *f, const struct pkt *p)
{
	return matches(f, LINKTYPE_RAW, p);
}
