/* SPDX-License-Identifier: MIT */
/*
 * The terminal that is attached: lines are edited here, by the readline of this process, and run there. While a command
 * runs, what is typed goes there too if it wants to read, and ^C.
 */
#include "shell/attach.h"

#include "shell/attach_dir.h"
#include "shell/channel.h"
#include "shell/rundir.h"
#include "shell/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { PATIENCE_MS = 2000 /* for completions */ };

struct client {
	struct loop loop;
	struct channel channel;
	struct terminal_user user;
	struct terminal *terminal;
	struct sink *out;
	struct watch signals, keys; /* keys: while a command reads what is typed */
	bool wanted, watching;
	bool interrupting; /* the line that comes is none: it was ^C */
	char **matches;	   /* that were waited for; NULL: not yet there */
	bool over;
	int status;
};

/* ---- what is typed ---- */

static void watch_keys(struct client *k)
{
	bool on = k->wanted && !terminal_is_prompting(k->terminal);

	if (on == k->watching)
		return;
	k->watching = on;
	if (on)
		loop_watch(&k->loop, &k->keys);
	else
		loop_unwatch(&k->loop, &k->keys);
}

static void keys_ready(struct watch *w, short revents)
{
	struct client *k = CONTAINER_OF(w, struct client, keys);
	char data[4096];
	ssize_t n = read(w->fd, data, sizeof(data));

	(void)revents;
	if (n >= 0)
		channel_send(&k->channel, MESSAGE_KEYS, data, (size_t)n);
}

static void entered(struct terminal_user *u, const char *line)
{
	struct client *k = CONTAINER_OF(u, struct client, user);

	if (k->interrupting)
		channel_send(&k->channel, MESSAGE_INTERRUPT, NULL, 0);
	else if (line)
		channel_send(&k->channel, MESSAGE_LINE, line, strlen(line));
	else
		channel_send(&k->channel, MESSAGE_LEAVE, NULL, 0);
	watch_keys(k);
}

static char **complete(struct terminal_user *u, const char *before, size_t len, const char *word)
{
	struct client *k = CONTAINER_OF(u, struct client, user);
	char **matches;
	struct buf b = {0};

	buf_add(&b, before, len);
	buf_putc(&b, '\0');
	buf_puts(&b, word);
	channel_send(&k->channel, MESSAGE_COMPLETE, b.at, b.len);
	buf_exit(&b);
	while (!k->matches && channel_wait(&k->channel, PATIENCE_MS))
		continue;
	matches = k->matches ? k->matches : mem_words(0, NULL);
	k->matches = NULL;
	return matches;
}

static void signals_ready(struct watch *w, short revents)
{
	struct client *k = CONTAINER_OF(w, struct client, signals);
	struct signalfd_siginfo info;

	(void)revents;
	while (read(w->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGWINCH) {
			terminal_resize(k->terminal);
		} else if (info.ssi_signo != SIGINT) {
			k->over = true;
			k->status = 128 + (int)info.ssi_signo;
		} else if (terminal_is_prompting(k->terminal)) {
			k->interrupting = true;
			terminal_interrupt(k->terminal);
			k->interrupting = false;
		} else {
			terminal_interrupted(k->terminal);
			channel_send(&k->channel, MESSAGE_INTERRUPT, NULL, 0);
		}
	}
}

/* ---- what comes ---- */

static void take_matches(struct client *k, const char *data, size_t len)
{
	char **words = mem_new(sizeof(*words));
	size_t n = 0;

	for (const char *at = data; at < data + len; at += strlen(at) + 1) {
		words = mem_resize(words, (n + 2) * sizeof(*words));
		words[n++] = mem_text(at);
		words[n] = NULL;
	}
	if (k->matches)
		mem_words_free(k->matches);
	k->matches = words;
}

static void message(struct channel *ch, char type, const char *data, size_t len)
{
	struct client *k = CONTAINER_OF(ch, struct client, channel);

	switch (type) {
	case MESSAGE_OUTPUT:
		sink_write(k->out, data, len);
		break;
	case MESSAGE_PROMPT:
		if (!terminal_is_prompting(k->terminal))
			terminal_prompt(k->terminal, data, len == 0);
		watch_keys(k);
		break;
	case MESSAGE_WANTED:
		k->wanted = len && *data == '1';
		watch_keys(k);
		break;
	case MESSAGE_MATCHES:
		take_matches(k, data, len);
		break;
	case MESSAGE_END:
		if (len)
			sink_printf(k->out, "%s\n", data);
		k->status = len ? EXIT_FAILURE : EXIT_SUCCESS;
		k->over = true;
		break;
	default:
		break;
	}
}

static void closed(struct channel *ch)
{
	struct client *k = CONTAINER_OF(ch, struct client, channel);

	if (!k->over)
		sink_printf(k->out, "tapir has gone\n");
	k->status = k->over ? k->status : EXIT_FAILURE;
	k->over = true;
}

/* ---- its life ---- */

static void open_signals(struct client *k)
{
	static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	k->signals = (struct watch){.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
		.events = POLLIN,
		.ready = signals_ready};
	if (k->signals.fd < 0) {
		perror("tapir: signalfd");
		abort();
	}
	loop_watch(&k->loop, &k->signals);
}

static void client_open(struct client *k, int fd)
{
	struct clock clock;

	clock_init_real(&clock);
	loop_init(&k->loop, clock);
	open_signals(k);
	k->out = sink_new_fd(&k->loop, STDOUT_FILENO, false);
	k->out->is_tty = true;
	k->user = (struct terminal_user){entered, complete};
	k->terminal = terminal_new(&k->user, k->out, STDIN_FILENO, STDOUT_FILENO);
	k->keys = (struct watch){.fd = STDIN_FILENO, .events = POLLIN, .ready = keys_ready};
	k->channel.message = message;
	k->channel.closed = closed;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	channel_open(&k->channel, &k->loop, fd);
}

static void client_close(struct client *k)
{
	k->wanted = false;
	watch_keys(k);
	channel_close(&k->channel);
	terminal_free(k->terminal);
	sink_put(k->out);
	loop_unwatch(&k->loop, &k->signals);
	close(k->signals.fd);
	if (k->matches)
		mem_words_free(k->matches);
	loop_exit(&k->loop);
}

static int run(int fd)
{
	struct client k = {.status = EXIT_SUCCESS};

	client_open(&k, fd);
	while (!k.over && loop_turn(&k.loop, true))
		continue;
	client_close(&k);
	return k.status;
}

/* ---- which one ---- */

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "tapir attach: %s%s%s\n", what, *why ? ": " : "", why);
	return EXIT_FAILURE;
}

static int connect_to(const char *dir, pid_t pid)
{
	char name[32];
	int fd = attach_connect(dir, pid);

	if (fd >= 0)
		return run(fd);
	snprintf(name, sizeof(name), "%d", (int)pid);
	return complain(
		name, fd == -ENOENT || fd == -ECONNREFUSED ? "no tapir of this number runs" : strerror(-fd));
}

/* The only one. */
static int choose(const char *dir)
{
	pid_t *list = attach_list(dir);
	pid_t only = list[0] && !list[1] ? list[0] : 0;
	int status = EXIT_FAILURE;

	if (only) {
		status = connect_to(dir, only);
	} else if (!list[0]) {
		complain("no tapir runs", "");
	} else {
		complain("which one? tapir attach PID", "");
		for (const pid_t *p = list; *p; p++)
			fprintf(stderr, "  %d\n", (int)*p);
	}
	free(list);
	return status;
}

int attach_main(int argc, char **argv)
{
	char dir[PATH_MAX], *end = NULL;
	long pid = argc > 1 ? strtol(argv[1], &end, 10) : 0;

	if (argc > 2 || (argc > 1 && (end == argv[1] || *end || pid <= 0 || pid > INT_MAX))) {
		fputs("Usage: tapir attach [PID]\n", stderr);
		return 2;
	}
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return complain("a terminal is needed", "");
	int err = rundir_open(dir, sizeof(dir));
	if (err)
		return complain(dir, strerror(-err));
	return pid ? connect_to(dir, (pid_t)pid) : choose(dir);
}
