/* SPDX-License-Identifier: MIT */
/*
 * The shell: what it is made of, its signals, and the ways to run it.
 *
 * One machine, `main`, runs what is read. It is idle while it waits for the next line; while it is not,
 * somebody waits for time to pass (loop->waiters). Signals come by a signalfd from the first run on: ^C goes
 * to what is in the foreground, SIGTERM and SIGHUP end the shell, SIGCHLD is about programs.
 */
#include "shell/complete.h"
#include "shell/internal.h"
#include "shell/jobs.h"
#include "shell/keep.h"
#include "shell/program.h"
#include "shell/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- signals ---- */

void shell_interrupt(struct shell *sh)
{
	if (sh->prompter && sh->prompter->is_shown(sh)) {
		sh->main->script.pos = sh->main->script.text.len; /* what was typed of a longer command */
		sh->main->status = 128 + SIGINT;
		sh->prompter->clear(sh);
	} else if (sh->counted && sh->foreground) {
		if (sh->terminal)
			terminal_interrupted(sh->terminal);
		machine_signal(sh->foreground, SIGINT);
	}
}

/* ^Z: the kernel stops programs; commands of our own go on, as a job. */
static void suspend(struct shell *sh)
{
	if (sh->interactive && sh->counted && sh->foreground && tcgetpgrp(sh->tty) == getpgrp())
		job_suspend(sh->foreground);
}

static void got_signal(struct shell *sh, int sig)
{
	switch (sig) {
	case SIGCHLD:
		shell_each(each, sh) program_reap(each);
		break;
	case SIGINT:
		shell_interrupt(sh);
		break;
	case SIGTSTP:
		suspend(sh);
		break;
	case SIGQUIT:
		if (sh->counted && sh->foreground)
			machine_report(sh->foreground);
		break;
	case SIGWINCH:
		if (sh->terminal)
			terminal_resize(sh->terminal);
		break;
	case SIGTERM:
	case SIGHUP:
		sh->over = true;
		sh->status = 128 + sig;
		break;
	default:
		break;
	}
}

static void signals_ready(struct watch *w, short revents)
{
	struct shell *sh = CONTAINER_OF(w, struct shell, signals);
	struct signalfd_siginfo info;

	(void)revents;
	while (read(w->fd, &info, sizeof(info)) == sizeof(info))
		got_signal(sh, (int)info.ssi_signo);
}

/* SIGPIPE is an error of write(); the others would stop a shell that hands its terminal over. */
static const int ignored[SHELL_IGNORED] = {SIGPIPE, SIGTTOU, SIGTTIN};

static void take_signals(struct shell *sh)
{
	static const int taken[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH};
	sigset_t set;

	if (sh->signals.fd >= 0)
		return;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, &sh->old_signals);
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		sigaction(ignored[i], &(struct sigaction){.sa_handler = SIG_IGN}, &sh->old_actions[i]);
	sh->signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (sh->signals.fd < 0) {
		perror("tapir: signalfd");
		abort();
	}
	loop_watch(sh->loop, &sh->signals);
	if (tcgetpgrp(sh->options.in) == getpgrp() && tcgetattr(sh->options.in, &sh->modes) == 0)
		sh->tty = sh->options.in;
}

/* A group of its own, as other shells have: ^C and ^Z are not for the one that waits for us (make run). */
static void take_group(struct shell *sh)
{
	if (sh->tty < 0)
		return;
	sh->old_group = getpgrp();
	setpgid(0, 0);
	tcsetpgrp(sh->tty, getpgrp());
}

static void give_signals_back(struct shell *sh)
{
	if (sh->signals.fd < 0)
		return;
	if (sh->old_group && tcgetpgrp(sh->tty) == getpgrp())
		tcsetpgrp(sh->tty, sh->old_group);
	loop_unwatch(sh->loop, &sh->signals);
	close(sh->signals.fd);
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		sigaction(ignored[i], &sh->old_actions[i], NULL);
	sigprocmask(SIG_SETMASK, &sh->old_signals, NULL);
}

/* ---- making and ending ---- */

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

/* Output that nobody reads any more ends the shell, as SIGPIPE would. */
static void output_broken(void *writer)
{
	struct shell *sh = writer;

	sh->over = true;
	sh->status = 128 + SIGPIPE;
}

static struct sink *open_output(struct shell *sh, int fd)
{
	struct sink *k = sink_new_fd(sh->loop, fd, false);

	k->is_tty = isatty(fd);
	k->broken = output_broken;
	k->writer = sh;
	return k;
}

static struct shell *new_shell(struct world *w, const struct shell_options *o)
{
	struct shell *sh = mem_new(sizeof(*sh));

	sh->world = w;
	sh->loop = w->loop;
	sh->options = *o;
	list_init(&sh->peers);
	sh->vars = variables_new();
	sh->signals = (struct watch){.fd = -1, .events = POLLIN, .ready = signals_ready};
	sh->tty = -1;
	list_init(&sh->jobs);
	list_init(&sh->programs);
	list_init(&sh->kept);
	shell_enter_host(sh, o->host);
	return sh;
}

struct shell *shell_new(struct world *w, const struct shell_options *o)
{
	struct shell *sh = new_shell(w, o);

	sh->out = open_output(sh, o->out);
	sh->err = same_file(o->out, o->err) ? sink_get(sh->out) : open_output(sh, o->err);
	sh->keyboard = source_new(sh->loop, SOURCE_KEYBOARD, o->in);
	return sh;
}

struct shell *shell_new_beside(struct shell *first, struct sink *out, struct source *keyboard)
{
	struct shell *sh = new_shell(first->world, &first->options);

	sh->out = out;
	sh->err = sink_get(out);
	sh->keyboard = keyboard;
	sh->old_signals = first->old_signals;
	list_add_tail(&first->peers, &sh->peers);
	return sh;
}

void shell_free(struct shell *sh)
{
	jobs_end(sh);
	program_end_all(sh);
	keep_end_all(sh);
	give_signals_back(sh);
	list_del(&sh->peers);
	source_put(sh->keyboard);
	sink_put(sh->out);
	sink_put(sh->err);
	variables_put(sh->vars);
	free(sh->hosts);
	free(sh);
}

bool shell_is_over(const struct shell *sh)
{
	return sh->over;
}

int shell_status(const struct shell *sh)
{
	return sh->status;
}

/* ---- running ---- */

/* Somebody waits for what is going on, or nobody does. */
static void set_counted(struct shell *sh, bool on)
{
	if (on && !sh->counted)
		sh->loop->waiters++;
	else if (!on && sh->counted)
		sh->loop->waiters--;
	sh->counted = on;
}

static void main_done(struct machine *m, int status)
{
	struct shell *sh = m->shell;

	sh->main = sh->foreground = NULL;
	sh->status = sh->over ? sh->status : status;
	sh->over = sh->over || m->exits;
}

static struct machine *main_new(struct shell *sh, struct source *in)
{
	struct io io = {in, sh->out, sh->err};
	struct machine *m = machine_new(sh, &io, sh->vars);

	m->done = main_done;
	m->status = sh->status;
	sh->main = sh->foreground = m;
	return m;
}

/* Turns of the loop until `main` has ended, or the shell. */
static int run_main(struct shell *sh)
{
	set_counted(sh, true);
	while (sh->main && !sh->over && loop_turn(sh->loop, true))
		continue;
	if (sh->main) {
		if (!sh->over)
			sh->status = sh->main->status;
		machine_free(sh->main);
		sh->main = sh->foreground = NULL;
	}
	set_counted(sh, false);
	sink_flush(sh->out);
	sink_flush(sh->err);
	return sh->status;
}

int shell_run_text(struct shell *sh, const char *name, const char *text)
{
	if (sh->over)
		return sh->status;
	take_signals(sh);
	machine_start_text(main_new(sh, sh->keyboard), name, text, false);
	return run_main(sh);
}

/* More text for `main`, whole lines. */
static void go_on(struct shell *sh, const char *text, size_t len)
{
	struct script *s = &sh->main->script;

	buf_eat(&s->text, s->pos);
	s->pos = 0;
	buf_add(&s->text, text, len);
	set_counted(sh, true);
	machine_wake(sh->main);
}

/* ---- a file, or standard input that is no terminal ---- */

static void input_idle(struct machine *m, bool more)
{
	struct shell *sh = m->shell;

	(void)more;
	if (sh->watching_input)
		return;
	set_counted(sh, false);
	sh->watching_input = true;
	loop_watch(sh->loop, &sh->input);
}

/* Lines are passed on when they are whole, and no more are read before they are done. */
static void input_ready(struct watch *w, short revents)
{
	struct shell *sh = CONTAINER_OF(w, struct shell, input);
	char data[16 << 10];
	ssize_t n = read(w->fd, data, sizeof(data));
	const char *end;

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_add(&sh->partial, data, (size_t)n);
	else
		sh->main->script.open = false;
	end = sh->partial.len ? memrchr(sh->partial.at, '\n', sh->partial.len) : NULL;
	if (n > 0 && !end)
		return;
	loop_unwatch(sh->loop, w);
	sh->watching_input = false;
	size_t whole = n > 0 ? (size_t)(end - sh->partial.at) + 1 : sh->partial.len;
	go_on(sh, buf_text(&sh->partial), whole);
	buf_eat(&sh->partial, whole);
}

static struct machine *open_main(
	struct shell *sh, const char *name, void (*idle)(struct machine *m, bool more), struct source *in)
{
	struct machine *m = main_new(sh, in);

	m->idle = idle;
	machine_start_text(m, name, "", true);
	return m;
}

int shell_run_input(struct shell *sh)
{
	struct source *nothing;

	if (sh->over)
		return sh->status;
	take_signals(sh);
	nothing = source_new(sh->loop, SOURCE_NONE, -1);
	sh->input = (struct watch){.fd = sh->options.in, .events = POLLIN, .ready = input_ready};
	open_main(sh, "input", input_idle, nothing);
	run_main(sh);
	source_put(nothing);
	if (sh->watching_input)
		loop_unwatch(sh->loop, &sh->input);
	sh->watching_input = false;
	buf_exit(&sh->partial);
	return sh->status;
}

bool shell_read_file(const char *path, struct buf *text)
{
	char block[16 << 10];
	FILE *f = fopen(path, "re");
	size_t n;
	bool ok;

	if (!f)
		return false;
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(text, block, n);
	ok = !ferror(f);
	fclose(f);
	return ok;
}

int shell_run_file(struct shell *sh, const char *path)
{
	struct buf text = {0};

	if (sh->over)
		return sh->status;
	if (shell_read_file(path, &text)) {
		shell_run_text(sh, path, buf_text(&text));
	} else {
		sink_printf(sh->err, "tapir: %s: %s\n", path, strerror(errno));
		sh->status = 127;
	}
	buf_exit(&text);
	return sh->status;
}

/* ---- the prompt ---- */

static void prompt_idle(struct machine *m, bool more)
{
	struct shell *sh = m->shell;

	if (sh->prompter->is_shown(sh))
		return;
	set_counted(sh, false);
	if (!more) {
		m->script.line = 1;
		jobs_tell(sh);
	}
	sh->prompter->show(sh, more);
}

void shell_line(struct shell *sh, const char *line)
{
	struct buf text = {0};

	if (line) {
		buf_printf(&text, "%s\n", line);
		go_on(sh, text.at, text.len);
		buf_exit(&text);
	} else if (sh->host_count > 1) {
		sh->host_count--;
		go_on(sh, "", 0);
	} else {
		sh->main->script.open = false;
		go_on(sh, "", 0);
	}
}

/* ... on a terminal of our own ... */

static bool terminal_shown(const struct shell *sh)
{
	return terminal_is_prompting(sh->terminal);
}

static void terminal_show(struct shell *sh, bool more)
{
	terminal_prompt(sh->terminal, shell_host(sh)->name, more);
}

static void terminal_clear(struct shell *sh)
{
	terminal_interrupt(sh->terminal);
}

static void line_entered(struct terminal_user *u, const char *line)
{
	shell_line(CONTAINER_OF(u, struct shell, user), line);
}

static char **complete(struct terminal_user *u, const char *before, size_t len, const char *word)
{
	return complete_line(CONTAINER_OF(u, struct shell, user), before, len, word);
}

int shell_interactive(struct shell *sh)
{
	static const struct prompter own = {terminal_shown, terminal_show, terminal_clear};

	if (sh->over)
		return sh->status;
	take_signals(sh);
	take_group(sh);
	sh->interactive = true;
	sh->prompter = &own;
	sh->user = (struct terminal_user){line_entered, complete};
	sh->terminal = terminal_new(&sh->user, sh->out, sh->options.in, sh->options.out);
	open_main(sh, "tapir", prompt_idle, sh->keyboard);
	run_main(sh);
	sh->over = true;
	jobs_end(sh);
	terminal_free(sh->terminal);
	sh->terminal = NULL;
	sh->prompter = NULL;
	sh->interactive = false;
	return sh->status;
}

/* ... and on one that is attached: the loop is run by the first shell. */

void shell_begin(struct shell *sh, const struct prompter *p, void (*done)(struct machine *m, int status))
{
	sh->interactive = true;
	sh->prompter = p;
	open_main(sh, "tapir", prompt_idle, sh->keyboard)->done = done;
	set_counted(sh, true);
}

void shell_stop(struct shell *sh)
{
	if (sh->main)
		machine_free(sh->main);
	sh->main = sh->foreground = NULL;
	set_counted(sh, false);
}
