/* SPDX-License-Identifier: MIT */
/* The prompt on a pseudo-terminal inside the test; tests/live/shell_pty.sh does what needs job control. */
#include "tests/unit/shell/fixture.h"

#include <limits.h>

/* What the terminal shows after the keys were typed and the shell has left. */
static char *typed(struct fixture *f, const char *keys)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	static const char marks[] = "\033[?2004";
	struct termios modes;
	size_t len = 0;
	char *at;
	ssize_t n;

	setenv("TERM", "dumb", 1);
	setenv("INPUTRC", "/dev/null", 1);
	CU_ASSERT_EQUAL(grantpt(master) | unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CU_ASSERT_TRUE_FATAL(slave >= 0);
	CU_ASSERT_EQUAL(tcgetattr(slave, &modes), 0);
	modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG); /* ^D is a key, and what is typed is not shown */
	CU_ASSERT_EQUAL(tcsetattr(slave, TCSANOW, &modes), 0);
	CU_ASSERT_EQUAL(write(master, keys, strlen(keys)), (ssize_t)strlen(keys));
	f->sh->options.in = f->sh->options.out = slave;
	f->sh->out->fd = slave;
	f->sh->out->is_tty = true;
	shell_interactive(f->sh);
	f->sh->out->fd = f->out;
	close(slave);
	while ((n = read(master, f->text + len, sizeof(f->text) - 1 - len)) > 0)
		len += (size_t)n;
	f->text[len] = '\0';
	close(master);
	while ((at = strstr(f->text, marks)))
		memmove(at, at + 8, strlen(at + 8) + 1);
	return f->text;
}

static void without_history_file(void)
{
	unsetenv("XDG_STATE_HOME");
	unsetenv("HOME");
}

static void lines_run_between_prompts(void)
{
	struct fixture *f = fixture_new();
	const char *text;

	without_history_file();
	text = typed(f, "echo one\necho t\twice\n\004");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "h1$ one\r\nh1$ twice\r\nh1$ exit\r\n"));
	CU_ASSERT_TRUE(shell_is_over(f->sh));
	fixture_free(f);
}

static void a_longer_command_gets_another_prompt(void)
{
	struct fixture *f = fixture_new();

	without_history_file();
	CU_ASSERT_PTR_NOT_NULL(
		strstr(typed(f, "for i in a b\ndo echo -$i\ndone\nexit 3\n"), "h1$ > > -a\r\n-b\r\nh1$ "));
	CU_ASSERT_EQUAL(shell_status(f->sh), 3);
	fixture_free(f);
}

static void history_is_kept_once_each_and_bounded(void)
{
	char dir[] = "history.XXXXXX", path[PATH_MAX];
	struct buf text = {0};
	struct fixture *f;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	CU_ASSERT_PTR_NOT_NULL_FATAL(realpath(dir, path));
	setenv("XDG_STATE_HOME", path, 1);
	f = fixture_new();
	CU_ASSERT_PTR_NOT_NULL(
		strstr(typed(f, "true\ntrue\n \nfalse\nhistory\n\004"), "false\r\n    3  history\r\n"));
	fixture_free(f);
	snprintf(path, sizeof(path), "%s/tapir/history", dir);
	CU_ASSERT_TRUE(shell_read_file(path, &text));
	CU_ASSERT_STRING_EQUAL(buf_text(&text), "true\nfalse\nhistory\n");
	buf_exit(&text);

	f = fixture_new();
	CU_ASSERT_PTR_NOT_NULL(strstr(typed(f, "history 2\n\004"), "    3  history\r\n    4  history 2\r\n"));
	fixture_free(f);
	unlink(path);
	snprintf(path, sizeof(path), "%s/tapir", dir);
	rmdir(path);
	rmdir(dir);
}

static void output_of_jobs_stands_on_lines_of_its_own(void)
{
	struct fixture *f = fixture_new();

	without_history_file();
	typed(f, "sleep 1 && echo -n part && echo ial &\nsleep 2\njobs\n\004");
	CU_ASSERT_PTR_NOT_NULL(strstr(f->text, "[1] sleep 1 && echo -n part && echo ial\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(f->text, "\r\nh1$ partial\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(f->text, "[1]  Done       sleep 1"));
	fixture_free(f);
}

SUITE(shell_terminal, T(lines_run_between_prompts), T(a_longer_command_gets_another_prompt),
	T(history_is_kept_once_each_and_bounded), T(output_of_jobs_stands_on_lines_of_its_own))
