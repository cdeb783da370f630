/* SPDX-License-Identifier: MIT */
/* The terminal with a prompt. */
#include "shell/terminal.h"
#include "shell/history.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <readline/readline.h>
#include <readline/history.h>

enum { PARTIAL_MAX = 4096 /* of a line that waits for its end before it is shown above the prompt */ };

struct terminal {
	struct terminal_user *user;
	struct loop *loop;
	struct sink *sink;
	struct watch keys;
	FILE *in, *out;
	bool prompting;						      /* the prompt is on the screen */
	bool interrupted;					      /* the cursor is behind a "^C" */
	char *history;						      /* file, or NULL */
	size_t (*emit)(struct sink *k, const char *data, size_t len); /* of the sink, before */
};

/* readline's callbacks carry no pointer: the one static of the whole program. */
static struct terminal *the_terminal;

/* ---- output around the line being typed ---- */

static size_t emit_above(struct sink *k, const char *data, size_t len)
{
	struct terminal *t = the_terminal;
	const char *last = memrchr(data, '\n', len);

	t->interrupted = false;
	if (!t->prompting)
		return t->emit(k, data, len);
	if (last)
		len = (size_t)(last - data) + 1;
	else if (len < PARTIAL_MAX)
		return 0;
	rl_clear_visible_line();
	fflush(t->out);
	t->emit(k, data, len);
	if (!last)
		t->emit(k, "\n", 1);
	rl_forced_update_display();
	fflush(t->out);
	return len;
}

/* ---- the prompt ---- */

static void hide(struct terminal *t)
{
	if (!t->prompting)
		return;
	t->prompting = false;
	loop_unwatch(t->loop, &t->keys);
	rl_callback_handler_remove();
	sink_flush(t->sink);
}

/* A line, or NULL for ^D on an empty one. */
static void entered(char *line)
{
	struct terminal *t = the_terminal;

	if (!line)
		fputs("exit\n", t->out);
	fflush(t->out);
	hide(t);
	if (line)
		history_enter(t->history, line);
	t->user->line(t->user, line);
	free(line);
}

static void keys_ready(struct watch *w, short revents)
{
	int waiting = 1;

	/* readline would wait where nothing is left to read: a ^C or ^Z drops what was typed before it. */
	if (revents & POLLIN && isatty(w->fd) && ioctl(w->fd, FIONREAD, &waiting) == 0 && waiting == 0 &&
		!(revents & (POLLHUP | POLLERR)))
		return;
	if (revents & POLLIN)
		rl_callback_read_char();
	else if (revents & (POLLHUP | POLLERR | POLLNVAL))
		entered(NULL);
}

/* readline's own would not be recorded. */
static int read_key(FILE *in)
{
	unsigned char key;
	ssize_t n;

	(void)in;
	do
		n = read(the_terminal->keys.fd, &key, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? key : EOF;
}

/* Within the time that it wants to wait; -1 asks how long that is. */
static int key_waits(void)
{
	struct pollfd p = {.fd = the_terminal->keys.fd, .events = POLLIN};

	return poll(&p, 1, rl_set_keyboard_input_timeout(-1) / 1000) > 0;
}

static char *prompt_text(const char *host, bool more)
{
	const char *term = getenv("TERM");
	struct buf b = {0};

	if (more)
		buf_puts(&b, "> ");
	else if (term && strcmp(term, "dumb") != 0)
		buf_printf(&b, "\001\033[1;32m\002%s\001\033[0m\002$ ", host);
	else
		buf_printf(&b, "%s$ ", host);
	return buf_take(&b);
}

void terminal_prompt(struct terminal *t, const char *host, bool more)
{
	char *prompt = prompt_text(host, more);

	sink_flush(t->sink);
	if (t->interrupted)
		sink_write(t->sink, "\n", 1);
	sink_flush(t->sink);
	rl_callback_handler_install(prompt, entered);
	free(prompt);
	t->prompting = true;
	loop_watch(t->loop, &t->keys);
}

bool terminal_is_prompting(const struct terminal *t)
{
	return t->prompting;
}

void terminal_interrupt(struct terminal *t)
{
	rl_echo_signal_char(SIGINT);
	rl_free_line_state();
	rl_callback_sigcleanup();
	fputc('\n', t->out);
	fflush(t->out);
	hide(t);
	rl_replace_line("", 1);
	t->user->line(t->user, "");
}

void terminal_interrupted(struct terminal *t)
{
	sink_flush(t->sink);
	t->interrupted = true;
}

void terminal_resize(struct terminal *t)
{
	struct winsize size;

	ioctl(t->keys.fd, TIOCGWINSZ, &size); /* as readline does; this one is recorded */
	rl_resize_terminal();
}

/* ---- completion ---- */

static char *common_beginning(char **matches)
{
	size_t n = strlen(matches[0]);

	for (char **m = matches + 1; *m; m++)
		for (size_t i = 0; i < n; i++)
			if ((*m)[i] != matches[0][i])
				n = i;
	return mem_textn(matches[0], n);
}

/* readline wants what they have in common first, then each, all of them its own. */
static char **completions(const char *text, int start, int end)
{
	struct terminal_user *u = the_terminal->user;
	char **matches = u->complete(u, rl_line_buffer, (size_t)start, text), **list;
	size_t n = 0, len;

	(void)end;
	rl_attempted_completion_over = 1;
	while (matches[n])
		n++;
	if (n == 0) {
		free(matches);
		return NULL;
	}
	list = mem_new((n + 2) * sizeof(char *));
	list[0] = common_beginning(matches);
	len = strlen(list[0]);
	if (n > 1)
		memcpy(list + 1, matches, n * sizeof(char *));
	else
		free(matches[0]);
	free(matches);
	rl_completion_append_character = n == 1 && len && strchr("/=", list[0][len - 1]) ? '\0' : ' ';
	return list;
}

/* ---- making and ending ---- */

static void set_up_readline(struct terminal *t)
{
	rl_instream = t->in;
	rl_outstream = t->out;
	rl_getc_function = read_key;
	rl_input_available_hook = key_waits;
	rl_readline_name = "tapir";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_attempted_completion_function = completions;
	rl_completer_word_break_characters = " \t\n;|&<>";
	rl_completer_quote_characters = "'\"";
	rl_variable_bind("page-completions", "off"); /* the loop does not wait for a key */
	rl_variable_bind("completion-query-items", "0");
	using_history();
}

struct terminal *terminal_new(struct terminal_user *u, struct sink *sink, int in, int out)
{
	struct terminal *t = mem_new(sizeof(*t));

	t->user = u;
	t->loop = sink->loop;
	t->sink = sink;
	t->in = fdopen(dup(in), "r");
	t->out = fdopen(dup(out), "w");
	if (!t->in || !t->out)
		abort();
	t->keys = (struct watch){.fd = in, .events = POLLIN, .ready = keys_ready};
	the_terminal = t;
	set_up_readline(t);
	t->history = history_open();
	t->emit = sink->emit;
	sink->emit = emit_above;
	return t;
}

void terminal_free(struct terminal *t)
{
	if (t->prompting) {
		fputc('\n', t->out);
		fflush(t->out);
	}
	hide(t);
	sink_flush(t->sink);
	t->sink->emit = t->emit;
	clear_history();
	rl_instream = rl_outstream = NULL;
	fclose(t->in);
	fclose(t->out);
	free(t->history);
	free(t);
	the_terminal = NULL;
}
