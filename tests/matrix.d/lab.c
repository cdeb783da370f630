/* SPDX-License-Identifier: MIT */
/* Where the rows of a matrix are tried: a world, its two hosts, and who got a frame. */
#include "dev/kinds.h"
#include "net/wire_ether.h"
#include "tests/matrix.d/matrix.h"

#include <assert.h>
#include <stdlib.h>

enum { ETHERTYPE_MATRIX = 0x88b5 /* IEEE 802: for local experiments */, FRAME_LEN = 60 };

/* ---- who got it ---- */

static void append(char *list, const char *word)
{
	size_t len = strlen(list);

	assert(len + strlen(word) + 2 < MATRIX_TEXT);
	sprintf(list + len, "%s%s", len ? "+" : "", word);
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == '+') && (at[len] == '\0' || at[len] == '+'))
			return true;
	return false;
}

static void note(struct matrix *m, const char *host, const char *dev, const char *type)
{
	char word[64];

	bool outside = strcmp(host, "outside") == 0;
	snprintf(word, sizeof(word), outside ? "%s" : "%s:%s", dev, type);
	append(m->seen, word);
	if ((outside || strcmp(type, "otherhost") != 0) && !has_word(m->names, dev))
		append(m->names, dev);
}

static void input(struct stack *s, struct pkt *p)
{
	static const char *const types[] = {
		[PKT_HOST] = "host",
		[PKT_BROADCAST] = "bcast",
		[PKT_MULTICAST] = "mcast",
		[PKT_OTHERHOST] = "otherhost",
	};

	note(CONTAINER_OF(s->world, struct matrix, world), s->name, p->dev->name, types[p->type]);
	pkt_done(p);
}

/* What a netif turns down by its address alone. */
static void dropped(
	struct trace_listener *l, struct stack *s, const struct trace_record *r, const struct pkt *p)
{
	struct matrix *m = CONTAINER_OF(l, struct matrix, listener);

	(void)s;
	(void)p;
	if (strncmp(r->text, "dropped ETH_OTHERHOST:", 22) == 0)
		note(m, r->host, r->dev, "otherhost");
	else if (strncmp(r->text, "dropped ETH_MULTICAST_FILTER:", 29) == 0)
		note(m, r->host, r->dev, "mcast");
	else if (strncmp(r->text, "dropped ETH_MULTICAST_SOURCE:", 29) == 0 &&
		r->host[0] == 'o' /* outside */)
		note(m, r->host, r->dev, "any");
}

static const struct proto probe = {.name = "matrix", .ethertype = ETHERTYPE_MATRIX, .input = input};
static const struct proto *const protos[] = {&probe, NULL};

/* ---- the world ---- */

static struct stack *host(struct matrix *m, const char *name)
{
	struct stack *s = stack_new(&m->world, name, loopback_create);

	assert(s);
	s->trace_mask = 1u << LAYER_DROP;
	return s;
}

struct matrix *matrix_new(void)
{
	struct matrix *m = calloc(1, sizeof(*m));
	struct clock clock;

	clock_init_virtual(&clock, NS_PER_SEC);
	loop_init(&m->loop, clock);
	m->loop.waiters = 1;
	world_init(&m->world, &m->loop, 1, protos);
	m->listener.fn = dropped;
	list_add_tail(&m->world.trace.listeners, &m->listener.node);
	m->inside = host(m, "inside");
	m->outside = host(m, "outside");
	return m;
}

void matrix_free(struct matrix *m)
{
	stack_delete(m->inside);
	stack_delete(m->outside);
	list_del(&m->listener.node);
	world_exit(&m->world);
	loop_exit(&m->loop);
	free(m);
}

struct dev *matrix_cable(struct matrix *m, const char *near, struct mac mac, const char *far)
{
	struct dev_config config = {.mac = mac, .peer_name = far, .peer_stack = m->outside};
	int err = veth_create(m->inside, near, &config);

	assert(err == 0);
	dev_set_up(dev_by_name(m->inside, near), true);
	dev_set_up(dev_by_name(m->outside, far), true);
	return dev_by_name(m->inside, near);
}

static void settle(struct matrix *m)
{
	do
		loop_turn(&m->loop, false);
	while (!list_empty(&m->loop.ingress) || !list_empty(&m->loop.egress));
}

void matrix_run(struct matrix *m, uint64_t ns)
{
	uint64_t end = m->loop.now + ns;

	for (settle(m); wheel_next(&m->loop.wheel) <= end; settle(m))
		loop_turn(&m->loop, true);
	clock_jump(&m->loop.clock, end);
	settle(m);
}

void matrix_send(struct matrix *m, struct dev *d, struct mac dst, struct mac src)
{
	struct ether_hdr h = {dst, src, ETHERTYPE_MATRIX};
	struct pkt *p = stack_pkt(d->stack, FRAME_LEN);

	assert(p);
	memset(pkt_put(p, FRAME_LEN), 0, FRAME_LEN);
	ether_emit(p->data, &h);
	m->seen[0] = m->names[0] = '\0';
	dev_output(d, p);
	matrix_run(m, 0);
}

void matrix_differs(const struct csv *csv, const struct csv_row *row, const char *seen)
{
	printf("line %u:", row->line);
	for (size_t i = 0; i < csv->columns; i++)
		printf("%c%s", i ? ',' : ' ', row->field[i]);
	printf("   tapir: %s\n", *seen ? seen : "nobody");
}
