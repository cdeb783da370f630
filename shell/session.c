/* SPDX-License-Identifier: MIT */
/* Attached terminals: a shell for each. */
#include "shell/session.h"

#include "shell/channel.h"
#include "shell/complete.h"
#include "shell/internal.h"
#include "shell/jobs.h"
#include "shell/program.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUTPUT_PIECE = 32 << 10 };

struct sessions {
	struct shell *first;
	struct watch watch;
	struct list all; /* of struct session */
	unsigned count;
};

struct session {
	struct list node;
	struct sessions *sessions;
	struct channel channel;
	struct shell *shell;
	struct sink *out;
	bool prompting;	      /* the terminal shows a prompt: a line of it may come */
	struct work end_work; /* it has ended by itself */
};

/* ---- what goes there ---- */

static size_t emit(struct sink *k, const char *data, size_t len)
{
	struct session *e = k->arg;

	for (size_t done = 0; done < len; done += OUTPUT_PIECE)
		channel_send(&e->channel, MESSAGE_OUTPUT, data + done, MIN(len - done, OUTPUT_PIECE));
	k->full = channel_is_full(&e->channel);
	return len;
}

static void drained(struct channel *ch)
{
	sink_drained(CONTAINER_OF(ch, struct session, channel)->out);
}

static void wanted(struct source *c, bool on)
{
	struct session *e = c->owner;

	channel_send(&e->channel, MESSAGE_WANTED, on ? "1" : "0", 1);
}

/* ---- the prompt ---- */

static bool prompt_is_shown(const struct shell *sh)
{
	return ((const struct session *)sh->session)->prompting;
}

static void prompt_show(struct shell *sh, bool more)
{
	struct session *e = sh->session;
	const char *name = more ? "" : shell_host(sh)->name;

	sink_flush(e->out);
	e->prompting = true;
	channel_send(&e->channel, MESSAGE_PROMPT, name, strlen(name));
}

static void prompt_clear(struct shell *sh)
{
	((struct session *)sh->session)->prompting = false;
	shell_line(sh, "");
}

static const struct prompter prompter = {prompt_is_shown, prompt_show, prompt_clear};

/* ---- what comes from there ---- */

static void enter(struct session *e, const char *line)
{
	if (!e->prompting)
		return;
	e->prompting = false;
	shell_line(e->shell, line);
}

/* Answered in any case: the terminal waits. */
static void complete(struct session *e, const char *data, size_t len)
{
	size_t before = strnlen(data, len);
	const char *word = before < len ? data + before + 1 : "";
	struct buf answer = {0};

	if (e->prompting) {
		char **matches = complete_line(e->shell, data, before, word);

		for (char **m = matches; *m; m++)
			buf_add(&answer, *m, strlen(*m) + 1);
		mem_words_free(matches);
	}
	channel_send(&e->channel, MESSAGE_MATCHES, buf_text(&answer), answer.len);
	buf_exit(&answer);
}

static void message(struct channel *ch, char type, const char *data, size_t len)
{
	struct session *e = CONTAINER_OF(ch, struct session, channel);

	switch (type) {
	case MESSAGE_LINE:
		enter(e, data);
		break;
	case MESSAGE_LEAVE:
		enter(e, NULL);
		break;
	case MESSAGE_INTERRUPT:
		shell_interrupt(e->shell);
		break;
	case MESSAGE_KEYS:
		source_push(e->shell->keyboard, data, len);
		break;
	case MESSAGE_COMPLETE:
		complete(e, data, len);
		break;
	default:
		break;
	}
}

/* ---- its life ---- */

static void session_free(struct session *e, const char *why)
{
	struct shell *first = e->sessions->first;

	shell_stop(e->shell);
	jobs_end(e->shell);
	sink_flush(e->out);
	if (why)
		channel_send(&e->channel, MESSAGE_END, why, strlen(why));
	channel_close(&e->channel);
	e->shell->keyboard->wanted = NULL;
	shell_free(e->shell);
	program_reap(first); /* a SIGCHLD may have been taken while its programs ended */
	work_cancel(&e->end_work);
	list_del(&e->node);
	e->sessions->count--;
	free(e);
}

static void closed(struct channel *ch)
{
	session_free(CONTAINER_OF(ch, struct session, channel), NULL);
}

static void end(struct work *w)
{
	session_free(CONTAINER_OF(w, struct session, end_work), "");
}

/* `exit`, ^D: its main machine is freed right after this. */
static void main_done(struct machine *m, int status)
{
	struct shell *sh = m->shell;
	struct session *e = sh->session;

	sh->status = status;
	sh->over = true;
	sh->main = sh->foreground = NULL;
	loop_defer(sh->loop, &e->end_work);
}

static void session_new(struct sessions *ss, int fd)
{
	struct session *e = mem_new(sizeof(*e));
	struct source *keyboard = source_new(ss->first->loop, SOURCE_KEYBOARD, -1);

	e->sessions = ss;
	e->channel.message = message;
	e->channel.closed = closed;
	e->channel.drained = drained;
	work_init(&e->end_work, end);
	e->out = sink_new(ss->first->loop);
	e->out->emit = emit;
	e->out->arg = e;
	e->out->is_tty = true;
	keyboard->wanted = wanted;
	keyboard->owner = e;
	channel_open(&e->channel, ss->first->loop, fd);
	e->shell = shell_new_beside(ss->first, e->out, keyboard);
	e->shell->session = e;
	list_add_tail(&ss->all, &e->node);
	ss->count++;
	shell_begin(e->shell, &prompter, main_done);
}

/* The directory keeps others out already; this is for when it does not. */
static bool is_the_same_user(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

static void somebody_comes(struct watch *w, short revents)
{
	struct sessions *ss = CONTAINER_OF(w, struct sessions, watch);
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)revents;
	if (fd < 0)
		return;
	if (ss->count < SESSIONS_MAX && is_the_same_user(fd))
		session_new(ss, fd);
	else
		close(fd);
}

struct sessions *sessions_new(struct shell *first, int fd)
{
	struct sessions *ss = mem_new(sizeof(*ss));

	ss->first = first;
	list_init(&ss->all);
	ss->watch = (struct watch){.fd = fd, .events = POLLIN, .ready = somebody_comes};
	loop_watch(first->loop, &ss->watch);
	return ss;
}

void sessions_free(struct sessions *ss)
{
	if (!ss)
		return;
	list_each_safe(e, &ss->all, struct session, node)
		session_free(e, "tapir has ended");
	loop_unwatch(ss->first->loop, &ss->watch);
	close(ss->watch.fd);
	free(ss);
}
