/* SPDX-License-Identifier: MIT */
/* A world with a device for a capture. */
#include "shell/replay_run.h"

#include "dev/kinds.h"
#include "inet.h"
#include "shell/cmd.h"
#include "shell/setup.h"
#include "shell/shell.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

/* The clock as under --virtual; the capture begins a second after the script. */
enum { START_S = 1, LEAD_S = 1, LINGER_S = 1 };

/* A packet sent before it is known when the capture begins: during the setup. */
struct early {
	struct list node;
	uint64_t at_ns;
	uint32_t len;
	uint8_t data[];
};

int replay_complain(const struct replay_run *run, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", run->program);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return REPLAY_UNUSABLE;
}

/* ---- what is sent ---- */

static struct replay_run *run_of(struct replay_wire *w)
{
	return CONTAINER_OF(w, struct replay_run, wire);
}

static void record(struct replay_run *run, uint64_t at_ns, const uint8_t *data, uint32_t len)
{
	struct capture_packet p = {.ts_ns = feed_time_ns(&run->feed, at_ns),
		.iface = run->iface,
		.data = data,
		.caplen = len,
		.len = len};

	run->sent++;
	if (!run->write_error)
		run->write_error = capture_write(run->writer, &p);
}

static void on_sent(struct replay_wire *w, const struct pkt *p)
{
	struct replay_run *run = run_of(w);
	struct early *e;

	feed_sent(&run->feed, p->data, p->len);
	if (run->feed.begin_ns) {
		record(run, run->loop.now, p->data, p->len);
		return;
	}
	e = mem_new(sizeof(*e) + p->len);
	e->at_ns = run->loop.now;
	e->len = p->len;
	memcpy(e->data, p->data, p->len);
	list_add_tail(&run->early, &e->node);
}

/* It is known now, or does not matter any more (`lost`). */
static void end_early(struct replay_run *run, bool lost)
{
	list_each_safe(e, &run->early, struct early, node) {
		if (!lost)
			record(run, e->at_ns, e->data, e->len);
		list_del(&e->node);
		free(e);
	}
}

static void on_gone(struct replay_wire *w)
{
	struct replay_run *run = run_of(w);

	feed_stop(&run->feed);
	run->dev = NULL;
}

static bool open_sent(struct replay_run *run)
{
	int fd, iface;
	FILE *f;

	run->sent_file = tmpfile();
	fd = run->sent_file ? dup(fileno(run->sent_file)) : -1;
	f = fd >= 0 ? fdopen(fd, "wb") : NULL;
	run->writer = f ? capture_writer_new(f, CAPTURE_PCAP_NS) : NULL;
	iface = run->writer ? capture_writer_iface(run->writer, "", run->feed.linktype) : -errno;
	if (iface < 0)
		replay_complain(run, "a temporary file: %s", strerror(-iface));
	run->iface = (unsigned)iface;
	return iface >= 0;
}

/* All is in the file, or it is said why not. */
static int close_sent(struct replay_run *run)
{
	int err = capture_writer_free(run->writer);

	run->writer = NULL;
	err = run->write_error ? run->write_error : err;
	return err ? replay_complain(run, "a temporary file: %s", strerror(-err)) : REPLAY_SAME;
}

FILE *replay_reopen_sent(struct replay_run *run)
{
	rewind(run->sent_file);
	return fdopen(dup(fileno(run->sent_file)), "rb");
}

/* ---- the run ---- */

static void on_linger(struct timer *t)
{
	CONTAINER_OF(t, struct replay_run, linger)->over = true;
}

static void on_over(struct feed *f)
{
	struct replay_run *run = CONTAINER_OF(f, struct replay_run, feed);

	timer_arm(&run->loop.wheel, &run->linger, MAX(run->loop.now, f->begin_ns) + run->linger_ns);
}

static bool make_device(struct replay_run *run, struct stack *h1)
{
	enum dev_type type = run->feed.linktype == LINKTYPE_RAW ? DEV_RAW : DEV_ETHER;
	int err;

	run->wire = (struct replay_wire){on_sent, on_gone};
	err = replay_create(h1, run->dev_name, type, &run->wire);
	if (err)
		replay_complain(run, "--dev %s: %s", run->dev_name, strerror(-err));
	run->dev = err ? NULL : dev_by_name(h1, run->dev_name);
	run->feed.dev = run->dev;
	if (run->dev && run->feed.foreign)
		foreign_start(run->feed.foreign, run->dev, run->feed.linktype);
	return !err;
}

static int run_setup(struct replay_run *run)
{
	int status = shell_run_file(run->sh, run->setup);

	if (status)
		return replay_complain(run, "%s failed (status %d)", run->setup, status);
	if (!run->dev || !(run->dev->flags & DEV_UP))
		return replay_complain(run, "%s leaves %s down: `ip link set %s up`", run->setup,
			run->dev_name, run->dev_name);
	return REPLAY_SAME;
}

static int run_capture(struct replay_run *run)
{
	/* What our hosts began in the setup is in a foreign capture, too. */
	uint64_t lead_ns = run->feed.foreign ? 0 : LEAD_S * NS_PER_SEC;

	if (run->begins)
		run->begins(run);
	feed_start(&run->feed, run->dev, run->loop.now + lead_ns);
	end_early(run, false);
	run->loop.waiters++;
	while (!run->over && run->dev && loop_turn(&run->loop, true))
		continue;
	run->loop.waiters--;
	if (!run->dev)
		return replay_complain(run, "%s was deleted meanwhile", run->dev_name);
	feed_stop(&run->feed);
	if (run->feed.error[0])
		return replay_complain(run, "%s", run->feed.error);
	return REPLAY_SAME;
}

/* What failed comes first. */
static int run_all(struct replay_run *run)
{
	int status = run_setup(run);

	if (!status)
		status = run_capture(run);
	if (!status && run->after && shell_run_file(run->sh, run->after) != CMD_OK)
		status = REPLAY_DIFFERENT;
	return status;
}

static int run_world(struct replay_run *run)
{
	struct options o = {.topology = TOPOLOGY_EMPTY};
	struct shell_options so = {.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.err = STDERR_FILENO,
		.stop_at_failure = true,
		.make_lo = loopback_create};
	struct sandbox none = {0};
	struct clock clock;
	int status = REPLAY_UNUSABLE;

	clock_init_virtual(&clock, START_S * NS_PER_SEC);
	loop_init(&run->loop, clock);
	world_init(&run->world, &run->loop, run->seed, inet_protos);
	timer_init(&run->linger, on_linger);
	so.host = setup_hosts(&run->world, &o, &none);
	run->sh = so.host && make_device(run, so.host) ? shell_new(&run->world, &so) : NULL;
	if (run->sh) {
		status = run_all(run);
		shell_free(run->sh);
	}
	timer_cancel(&run->loop.wheel, &run->linger);
	world_exit(&run->world);
	loop_exit(&run->loop);
	return status;
}

/* ---- all of it ---- */

void replay_run_init(struct replay_run *run, const char *program)
{
	*run = (struct replay_run){
		.program = program, .dev_name = "eth0", .linger_ns = LINGER_S * NS_PER_SEC, .seed = 1};
	list_init(&run->early);
}

bool replay_read_mask(const struct replay_run *run, struct mask *m, const char *words)
{
	struct buf error = {0};
	bool ok = mask_add(m, words, &error);

	if (!ok)
		replay_complain(run, "--mask: %s", buf_text(&error));
	buf_exit(&error);
	return ok;
}

bool replay_read_seed(struct replay_run *run, const char *text)
{
	char *end;
	bool ok;

	errno = 0;
	run->seed = strtoull(text, &end, 0);
	ok = !errno && end != text && !*end && text[0] != '-';
	if (!ok)
		replay_complain(run, "--seed wants a number from 0 to 2^64 - 1, not '%s'", text);
	return ok;
}

int replay_run(struct replay_run *run)
{
	char error[CAPTURE_ERROR_LEN];
	int status, closed;

	run->feed.name = run->in;
	run->feed.in = capture_open(run->in, error);
	if (!run->feed.in)
		return replay_complain(run, "%s", error);
	run->feed.over = on_over;
	if (!feed_open(&run->feed))
		return replay_complain(run, "%s", run->feed.error);
	if (!open_sent(run))
		return REPLAY_UNUSABLE;
	status = run_world(run);
	closed = close_sent(run);
	return MAX(status, closed);
}

void replay_run_exit(struct replay_run *run)
{
	end_early(run, true);
	if (run->writer)
		capture_writer_free(run->writer);
	if (run->sent_file)
		fclose(run->sent_file);
	capture_reader_free(run->feed.in);
}
