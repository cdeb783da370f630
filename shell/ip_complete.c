/* SPDX-License-Identifier: MIT */
/* What Tab offers behind `ip`. */
#include "shell/linkkind.h"

/* The object that the words name, and where it stands; NULL: not yet there. */
static const struct ipcmd_object *find_object(struct completion *w, int *at)
{
	for (int i = 1; i < w->argc; i++) {
		if (ipcmd_matches(w->argv[i], "-netns") && i + 1 < w->argc) {
			struct stack *s = stack_by_name(w->host->world, w->argv[++i]);
			w->host = s ? s : w->host; /* its devices are meant */
			continue;
		}
		if (w->argv[i][0] == '-')
			continue;
		*at = i;
		for (size_t n = 0; ipcmd_objects[n].word; n++)
			if (ipcmd_matches(w->argv[i], ipcmd_objects[n].word))
				return ipcmd_objects[n].object;
		return NULL;
	}
	return NULL;
}

static void offer_objects(struct completion *w)
{
	char text[16];

	for (size_t i = 0; ipcmd_objects[i].word; i++)
		complete_offer(w, ipcmd_objects[i].word);
	for (const struct ipcmd_word *o = ipcmd_options; o->name && w->word[0] == '-'; o++) {
		snprintf(text, sizeof(text), "-%s", o->name);
		complete_offer(w, text);
	}
}

static void offer_verbs(struct completion *w, const struct ipcmd_object *o)
{
	for (const struct ipcmd_verb *v = o->verbs; v->run; v++)
		complete_offer(w, v->name);
	if (!o->verbs[0].run)
		complete_offer_list(w, o->words);
	complete_offer(w, "help");
}

/* ip netns VERB HOST, ip netns exec HOST COMMAND... */
static void complete_netns(struct completion *w, int verb)
{
	struct stack *s;

	if (w->argc == verb + 1) {
		complete_hosts(w);
	} else if (ipcmd_matches(w->argv[verb], "exec")) {
		s = stack_by_name(w->host->world, w->argv[verb + 1]);
		w->host = s ? s : w->host;
		complete_rest(w, verb + 2);
	}
}

/* Those that can be made; else also what is only a role, as bridge_slave is. */
static void offer_kinds(struct completion *w, int verb)
{
	for (const struct dev_kind *k = dev_kinds; k->name; k++)
		complete_offer(w, k->name);
	if (ipcmd_matches(w->argv[verb], "add"))
		return;
	for (const struct link_kind *const *k = link_kinds; *k; k++)
		complete_offer(w, (*k)->name);
}

/* `ip link ... type KIND`: what its words are; before that, those of all links. */
static void offer_link_words(struct completion *w, int verb)
{
	for (int i = 1; i + 1 < w->argc; i++) {
		const struct link_kind *k =
			strcmp(w->argv[i], "type") ? NULL : link_kind_by_name(w->argv[i + 1]);
		if (!k)
			continue;
		if (k->words)
			complete_offer_list(w, k->words);
		return;
	}
	if (ipcmd_matches(w->argv[verb], "add"))
		complete_offer(w, "link");
	complete_offer_list(w, ipcmd_link.words);
}

void ipcmd_complete(struct completion *w)
{
	int at = w->argc;
	const char *last = w->argv[w->argc - 1];
	const struct ipcmd_object *o = find_object(w, &at);

	if (ipcmd_matches(last, "-netns") || (o == &ipcmd_link && !strcmp(last, "netns")))
		complete_hosts(w);
	else if (!o)
		offer_objects(w);
	else if (at == w->argc - 1)
		offer_verbs(w, o);
	else if (o == &ipcmd_netns)
		complete_netns(w, at + 1);
	else if (o == &ipcmd_link && !strcmp(last, "type"))
		offer_kinds(w, at + 1);
	else if (!strcmp(last, "dev") || !strcmp(last, "master") || !strcmp(last, "oif") ||
		!strcmp(last, "link"))
		complete_devices(w);
	else if (o == &ipcmd_link)
		offer_link_words(w, at + 1);
	else
		complete_offer_list(w, o->words);
	if (at == w->argc - 2 && (o == &ipcmd_link || o == &ipcmd_addr || o == &ipcmd_maddr))
		complete_devices(w);
}
