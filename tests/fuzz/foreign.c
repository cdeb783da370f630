/* SPDX-License-Identifier: MIT */
/* Any octets as a foreign capture: packets of ours then and now, and of peers, which are translated; in the end both runs are
 * compared. Each packet has two octets in front: whose it is, and its length. */
#include "shell/flows_diff.h"
#include "shell/flows_same.h"
#include "shell/foreign.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void sent_now(struct foreign *fo, const struct capture_packet *p)
{
	struct flow *f;

	fields_read(&fo->fields, p->linktype, p->data, p->caplen);
	f = flows_see(&fo->got, true, &fo->fields, p->data, p->ts_ns);
	if (f)
		flow_forget(f);
}

static void take(struct foreign *fo, unsigned whose, const struct capture_packet *p)
{
	uint64_t at_ns;

	if (whose % 3 == 0) {
		foreign_expect(fo, p);
		foreign_is_reached(fo, &at_ns);
	} else if (whose % 3 == 1) {
		sent_now(fo, p);
	} else {
		fo->text_from = whose & 64 ? 1 : 0;
		fo->text_to = whose & 128 ? 3 : UINT32_MAX;
		if (foreign_translate(fo, p, p->ts_ns) && fo->len > p->caplen)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dev d = {.mtu = 1500};
	struct foreign fo = {0};
	uint64_t now_ns = 0;
	FILE *out = fopen("/dev/null", "w");

	foreign_init(&fo);
	foreign_start(&fo, &d, LINKTYPE_ETHERNET);
	while (len >= 2) {
		uint8_t whose = data[0], room = data[1];
		uint32_t caplen = (uint32_t)MIN(len - 2, (size_t)room);
		struct capture_packet p = {
			.ts_ns = now_ns++, .linktype = fo.linktype, .caplen = caplen, .len = caplen};
		uint8_t *exact = malloc(caplen + 1);

		memcpy(exact + 1, data + 2, caplen); /* ends where ASan looks */
		p.data = exact + 1;
		take(&fo, whose, &p);
		free(exact);
		data += 2 + caplen;
		len -= 2 + caplen;
	}
	flows_compare(&fo.expected, &fo.got, out);
	fclose(out);
	foreign_exit(&fo);
	return 0;
}
