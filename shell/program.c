/* SPDX-License-Identifier: MIT */
/* Programs of the machine. shell/program.h says how they live. */
#include "shell/program.h"
#include "shell/internal.h"
#include "shell/jobs.h"
#include "shell/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_AT_ONCE = 64 << 10, FEED_FULL = 64 << 10, GRACE_MS = 1000 };

/* From what the program writes to a sink. */
struct pump {
	struct watch watch; /* ->fd: -1: not there, or at its end */
	bool watching;	    /* not while the sink is full */
	struct sink *sink;
	struct drain drain;
	struct program *program;
};

/* From a source to what the program reads. */
struct feed {
	struct reader reader;
	struct source *source;
	struct watch watch;
	bool watching, ended;
	struct buf data;
	struct program *program;
};

struct program {
	struct list node; /* in shell->programs */
	struct shell *shell;
	struct machine *machine; /* NULL: nobody waits for it */
	pid_t pid;		 /* also of the group */
	bool exited, stopped, has_terminal;
	bool awaited, held; /* somebody waits for it; the clock does */
	int status;
	struct settle settle; /* of the group, before the terminal is taken back */
	struct pump out, err;
	struct feed feed;
};

/* ---- terminal and clock ---- */

static void take_terminal(struct program *p)
{
	struct shell *sh = p->shell;

	if (!p->has_terminal)
		return;
	p->has_terminal = false;
	settle_cancel(&p->settle);
	tcsetpgrp(sh->tty, getpgrp());
	tcsetattr(sh->tty, TCSADRAIN, &sh->modes);
}

static void hand_terminal(struct program *p)
{
	if (p->shell->tty < 0)
		return;
	p->has_terminal = true;
	tcsetpgrp(p->shell->tty, p->pid);
}

static void hold_clock(struct program *p)
{
	const struct feed *f = &p->feed;
	bool waits = f->source && f->data.len == 0;
	bool on = p->awaited && !p->exited && !p->stopped && !waits;

	if (on && !p->held)
		p->shell->loop->holds++;
	else if (!on && p->held)
		p->shell->loop->holds--;
	p->held = on;
}

void program_hold(struct program *p, bool on)
{
	p->awaited = on;
	hold_clock(p);
}

/* ---- its end ---- */

static void pump_watch(struct pump *u, bool on)
{
	if (on && !u->watching)
		loop_watch(u->program->shell->loop, &u->watch);
	else if (!on && u->watching)
		loop_unwatch(u->program->shell->loop, &u->watch);
	u->watching = on;
}

static void pump_close(struct pump *u)
{
	if (u->watch.fd < 0)
		return;
	pump_watch(u, false);
	drain_cancel(&u->drain);
	close(u->watch.fd);
	u->watch.fd = -1;
	sink_put(u->sink);
}

static void feed_close(struct feed *f)
{
	source_detach(&f->reader);
	if (f->watching)
		loop_unwatch(f->program->shell->loop, &f->watch);
	f->watching = false;
	if (f->watch.fd >= 0)
		close(f->watch.fd);
	f->watch.fd = -1;
	source_put(f->source);
	f->source = NULL;
	buf_exit(&f->data);
	hold_clock(f->program);
}

static void program_free(struct program *p)
{
	pump_close(&p->out);
	pump_close(&p->err);
	feed_close(&p->feed);
	take_terminal(p);
	program_hold(p, false);
	list_del(&p->node);
	free(p);
}

/* It has ended when it has exited and nothing more of its output can come. */
static void check_end(struct program *p)
{
	struct machine *m = p->machine;

	if (!p->exited || p->has_terminal || p->out.watch.fd >= 0 || p->err.watch.fd >= 0)
		return;
	if (m) {
		bool interrupted = p->status == 128 + SIGINT && machine_is_foreground(m);

		m->program = NULL;
		m->status = p->status;
		if (interrupted)
			shell_interrupt(p->shell);
		machine_wake(m);
	}
	program_free(p);
}

void program_signal(struct program *p, int sig)
{
	if (p->exited)
		return;
	kill(-p->pid, sig);
	if (p->stopped && sig != SIGSTOP && sig != SIGTSTP)
		kill(-p->pid, SIGCONT);
}

void program_kill(struct program *p)
{
	program_signal(p, SIGTERM);
	p->machine->program = NULL;
	p->machine = NULL;
	pump_close(&p->out);
	pump_close(&p->err);
	feed_close(&p->feed);
	take_terminal(p);
	program_hold(p, false);
	if (p->exited)
		program_free(p);
}

/* ---- it stops, or its first process exits ---- */

static void settled(struct settle *w)
{
	struct program *p = CONTAINER_OF(w, struct program, settle);
	struct machine *m = p->machine;

	take_terminal(p);
	program_hold(p, false);
	if (p->exited)
		check_end(p);
	else if (m && machine_is_foreground(m))
		job_suspend(machine_root(m));
}

/* ---- its output and input ---- */

static void pump_ready(struct watch *w, short revents)
{
	struct pump *u = CONTAINER_OF(w, struct pump, watch);
	char data[READ_AT_ONCE];
	ssize_t n = read(w->fd, data, sizeof(data));

	(void)revents;
	if (n > 0) {
		sink_write(u->sink, data, (size_t)n);
		if (sink_is_full(u->sink)) {
			pump_watch(u, false);
			sink_wait(u->sink, &u->drain);
		}
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		pump_close(u);
		check_end(u->program);
	}
}

static void pump_drained(struct drain *d)
{
	pump_watch(CONTAINER_OF(d, struct pump, drain), true);
}

/* It reads from its source only while it has little that the program has not taken. */
static void feed_attach(struct feed *f)
{
	if (f->data.len >= FEED_FULL)
		source_detach(&f->reader);
	else if (!f->reader.source && !f->ended)
		source_attach(f->source, &f->reader);
}

static void feed_push(struct feed *f)
{
	struct loop *l = f->program->shell->loop;

	while (f->data.len) {
		ssize_t n = write(f->watch.fd, f->data.at, f->data.len);

		if (n < 0 && errno == EAGAIN) {
			if (!f->watching)
				loop_watch(l, &f->watch);
			f->watching = true;
			feed_attach(f);
			return;
		}
		if (n < 0 && errno != EINTR) {
			if (f->source->sink)
				sink_break(f->source->sink, EPIPE);
			feed_close(f);
			return;
		}
		buf_eat(&f->data, n > 0 ? (size_t)n : 0);
	}
	if (f->watching)
		loop_unwatch(l, &f->watch);
	f->watching = false;
	if (f->ended)
		feed_close(f);
	else
		feed_attach(f);
}

static void feed_write(struct feed *f)
{
	feed_push(f);
	hold_clock(f->program);
}

static void feed_ready(struct watch *w, short revents)
{
	(void)revents;
	feed_write(CONTAINER_OF(w, struct feed, watch));
}

static void feed_input(struct reader *r, const char *data, size_t len)
{
	struct feed *f = CONTAINER_OF(r, struct feed, reader);

	if (len)
		buf_add(&f->data, data, len);
	else
		f->ended = true;
	feed_write(f);
}

/* ---- its start ---- */

/* What the child gets as 0, 1 and 2, and which ends stay here. */
struct ends {
	int child[3];
	bool close[3]; /* child[i] is the parent's to close after the fork */
};

/* A terminal of its own for the output of a background program: it writes lines and colours as it would to
 * ours, but what it writes comes by here, so that it does not run into the line being typed. */
static int open_pty(struct shell *sh, int *master)
{
	struct termios modes;
	struct winsize size;
	int slave = -1;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*master < 0)
		return -1;
	if (grantpt(*master) == 0 && unlockpt(*master) == 0)
		slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0) {
		close(*master);
		return -1;
	}
	if (tcgetattr(slave, &modes) == 0) { /* newlines become CR LF in our terminal, once */
		modes.c_oflag &= ~(tcflag_t)OPOST;
		tcsetattr(slave, TCSANOW, &modes);
	}
	if (ioctl(sh->options.out, TIOCGWINSZ, &size) == 0)
		ioctl(slave, TIOCSWINSZ, &size);
	return slave;
}

/* The writing end of a new pipe (or pty) whose other end `u` reads into the sink. */
static int pump_open(struct program *p, struct pump *u, struct sink *k, bool pty)
{
	int fds[2] = {-1, -1};

	if (pty)
		fds[1] = open_pty(p->shell, &fds[0]);
	if (fds[1] < 0) {
		if (pipe2(fds, O_CLOEXEC) < 0)
			return -1;
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
	}
	u->sink = sink_get(k);
	u->watch = (struct watch){.fd = fds[0], .events = POLLIN, .ready = pump_ready};
	drain_init(&u->drain, pump_drained);
	pump_watch(u, true);
	return fds[1];
}

/* The descriptor that the program writes to for sink `k`. */
static int output_end(struct program *p, struct pump *u, struct sink *k, bool *close_it)
{
	bool pty = k->is_tty && p->shell->interactive && !machine_is_foreground(p->machine);

	sink_flush(k);
	if (k->fd >= 0 && !pty)
		return k->fd;
	*close_it = true;
	return pump_open(p, u, k, pty);
}

static int input_end(struct program *p, struct source *c, bool *close_it)
{
	int fds[2];

	bool may_read =
		c->kind == SOURCE_PIPE || (c->kind == SOURCE_KEYBOARD && machine_is_foreground(p->machine));

	if (c->watch.fd >= 0 && (c->kind == SOURCE_FD || may_read))
		return c->watch.fd;
	*close_it = true;
	if (!may_read)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	p->feed.watch.fd = fds[1];
	p->feed.source = source_get(c);
	feed_attach(&p->feed);
	return fds[0];
}

static void open_ends(struct program *p, const struct io *io, struct ends *e)
{
	e->child[0] = input_end(p, io->in, &e->close[0]);
	e->child[1] = output_end(p, &p->out, io->out, &e->close[1]);
	if (io->err == io->out)
		e->child[2] = e->child[1];
	else
		e->child[2] = output_end(p, &p->err, io->err, &e->close[2]);
}

static void close_ends(struct ends *e)
{
	for (int i = 0; i < 3; i++)
		if (e->close[i] && e->child[i] >= 0)
			close(e->child[i]);
}

/* ---- in the child, between fork and exec ---- */

static void child_signals(const struct shell *sh)
{
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigprocmask(SIG_SETMASK, &sh->old_signals, NULL);
}

/* 0, 1 and 2 may be wanted in each other's places. */
static void child_descriptors(const struct ends *e)
{
	int high[3];

	for (int i = 0; i < 3; i++)
		high[i] = fcntl(e->child[i], F_DUPFD, 10);
	for (int i = 0; i < 3; i++)
		if (high[i] >= 0)
			dup2(high[i], i);
	close_range(3, ~0U, 0);
}

static void child_environment(const struct machine *m, char *const *env)
{
	const struct shell_options *o = &m->shell->options;

	for (size_t i = 0; i < m->vars->count; i++)
		setenv(m->vars->at[i].name, m->vars->at[i].value, 1);
	if (o->program_prepare)
		o->program_prepare(o->program_arg);
	for (; *env; env++)
		putenv(*env);
}

static void child(struct program *p, char *const *argv, char *const *env, const struct ends *e, bool terminal)
{
	setpgid(0, 0);
	if (terminal)
		tcsetpgrp(p->shell->tty, getpid()); /* SIGTTOU is still ignored here */
	child_environment(p->machine, env);
	child_descriptors(e);
	child_signals(p->shell);
	execvp(argv[0], argv);
	dprintf(2, "tapir: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* ---- in the shell ---- */

static void start_failed(struct program *p, const char *what)
{
	struct machine *m = p->machine;

	sink_printf(machine_io(m)->err, "tapir: %s: %s\n", what, strerror(errno));
	m->program = NULL;
	m->status = CMD_FAILED;
	program_free(p);
	machine_wake(m);
}

static struct program *program_new(struct machine *m)
{
	struct program *p = mem_new(sizeof(*p));

	p->shell = m->shell;
	p->machine = m;
	settle_init(&p->settle, m->shell->loop, settled);
	p->out = p->err = (struct pump){.watch = {.fd = -1}, .program = p};
	p->feed = (struct feed){.reader = {.input = feed_input},
		.watch = {.fd = -1, .events = POLLOUT, .ready = feed_ready},
		.program = p};
	list_add_tail(&m->shell->programs, &p->node);
	m->program = p;
	return p;
}

void program_start_words(struct machine *m, char *const *argv, char *const *env)
{
	struct program *p = program_new(m);
	bool terminal = m->shell->tty >= 0 && machine_is_foreground(m);
	struct ends e = {0};

	open_ends(p, machine_io(m), &e);
	if (e.child[0] < 0 || e.child[1] < 0 || e.child[2] < 0) {
		close_ends(&e);
		start_failed(p, "pipe");
		return;
	}
	p->pid = fork();
	if (p->pid == 0)
		child(p, argv, env, &e, terminal);
	close_ends(&e);
	if (p->pid < 0) {
		start_failed(p, "fork");
		return;
	}
	setpgid(p->pid, p->pid);
	if (terminal)
		hand_terminal(p);
	program_hold(p, machine_is_foreground(m) || machine_root(m)->awaited);
}

/* sh -c TEXT tapir $1 $2 ... */
void program_start(struct machine *m, const char *text, char *const *env)
{
	const char *head[] = {"/bin/sh", "-c", text, "tapir"};
	size_t n = 0;
	char **argv;

	while (m->args && m->args[0] && m->args[n + 1])
		n++;
	argv = mem_new((ARRAY_SIZE(head) + n + 1) * sizeof(*argv));
	memcpy(argv, head, sizeof(head));
	for (size_t i = 0; i < n; i++)
		argv[ARRAY_SIZE(head) + i] = m->args[i + 1];
	program_start_words(m, argv, env);
	free(argv);
}

bool program_is_filter(const char *name)
{
	static const char *const filters[] = {"awk", "column", "cut", "egrep", "fgrep", "grep", "head", "nl",
		"sed", "sort", "tac", "tail", "tr", "uniq", "wc"};

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		if (strcmp(filters[i], name) == 0)
			return true;
	return false;
}

void program_foreground(struct program *p)
{
	if (p->exited)
		return;
	settle_cancel(&p->settle);
	hand_terminal(p);
	if (p->stopped) {
		p->stopped = false;
		kill(-p->pid, SIGCONT);
	}
	program_hold(p, true);
}

void program_move(struct program *p, struct machine *m)
{
	p->machine = m;
}

bool program_is_stopped(const struct program *p)
{
	return p->stopped;
}

static void look_at(struct program *p)
{
	int status;

	if (p->exited || waitpid(p->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) != p->pid)
		return;
	p->stopped = WIFSTOPPED(status);
	p->exited = WIFEXITED(status) || WIFSIGNALED(status);
	if (p->exited)
		p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (WIFCONTINUED(status))
		settle_cancel(&p->settle);
	else if (p->has_terminal && !WIFEXITED(status))
		settle_start(&p->settle, p->pid);
	else
		settled(&p->settle);
}

void program_reap(struct shell *sh)
{
	list_each_safe(p, &sh->programs, struct program, node)
		look_at(p);
}

/* SIGCHLD is blocked, so it can be waited for. */
void program_end_all(struct shell *sh)
{
	struct timespec tick = {0, 20 * 1000000};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (int waited = 0; !list_empty(&sh->programs); waited++) {
		list_each_safe(p, &sh->programs, struct program, node) {
			if (p->machine)
				program_kill(p);
			else if (waited >= GRACE_MS / 20)
				kill(-p->pid, SIGKILL);
		}
		program_reap(sh);
		if (!list_empty(&sh->programs))
			sigtimedwait(&set, NULL, &tick);
	}
}
