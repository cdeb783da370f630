/* SPDX-License-Identifier: MIT */
/* The side of tapir of an attached terminal: the test is the terminal. tests/live/attach.sh has a real one. */
#include "shell/session.h"

#include "shell/attach_dir.h"
#include "shell/channel.h"
#include "tests/unit/shell/fixture.h"

#include <errno.h>
#include <sys/socket.h>

struct guest {
	struct fixture *f;
	struct sessions *sessions;
	char dir[32];
	int fd; /* the terminal's end */
	struct buf heard;
};

/* A listening socket in a directory of the test's own, and a terminal that came to it. */
static void arrive(struct guest *g)
{
	struct sockaddr_un a;
	int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*g = (struct guest){.f = fixture_new(), .dir = "/tmp/tapir-session-XXXXXX"};
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(g->dir));
	CU_ASSERT_TRUE(attach_address(g->dir, 7, &a));
	CU_ASSERT_EQUAL(bind(door, (const struct sockaddr *)&a, sizeof(a)), 0);
	CU_ASSERT_EQUAL(listen(door, 4), 0);
	g->sessions = sessions_new(g->f->sh, door);
	g->fd = attach_connect(g->dir, 7);
	CU_ASSERT_TRUE_FATAL(g->fd >= 0);
}

static void turns(struct guest *g)
{
	for (int i = 0; i < 30; i++)
		loop_turn(&g->f->loop, false);
}

static void say(struct guest *g, char type, const char *data, size_t len)
{
	char head[5] = {0, 0, (char)(len >> 8), (char)len, type};

	CU_ASSERT_EQUAL(write(g->fd, head, sizeof(head)), sizeof(head));
	CU_ASSERT_EQUAL(write(g->fd, data, len), (ssize_t)len);
	turns(g);
}

/* All messages since the last call: "P:h1;O:text;". */
static const char *hears(struct guest *g)
{
	struct buf in = {0};
	char data[4096];
	ssize_t n;

	buf_eat(&g->heard, g->heard.len);
	turns(g);
	while ((n = recv(g->fd, data, sizeof(data), MSG_DONTWAIT)) > 0)
		buf_add(&in, data, (size_t)n);
	while (in.len >= 5) {
		size_t len = (size_t)(unsigned char)in.at[2] << 8 | (unsigned char)in.at[3];
		buf_printf(&g->heard, "%c:", in.at[4]);
		for (size_t i = 0; i < len; i++)
			buf_putc(&g->heard, in.at[5 + i] ? in.at[5 + i] : '|');
		buf_putc(&g->heard, ';');
		buf_eat(&in, 5 + len);
	}
	if (n == 0)
		buf_puts(&g->heard, "gone");
	buf_exit(&in);
	return buf_text(&g->heard);
}

static void leave(struct guest *g)
{
	char path[64];

	sessions_free(g->sessions);
	snprintf(path, sizeof(path), "%s/7", g->dir);
	unlink(path);
	rmdir(g->dir);
	close(g->fd);
	buf_exit(&g->heard);
	fixture_free(g->f);
}

static void lines_are_run_and_answered_by_a_prompt(void)
{
	struct guest g;

	arrive(&g);
	CU_ASSERT_STRING_EQUAL(hears(&g), "P:h1;");
	say(&g, 'L', "echo one; x=5", 13);
	CU_ASSERT_STRING_EQUAL(hears(&g), "O:one\n;P:h1;");
	say(&g, 'L', "for i in 1; do", 14);
	CU_ASSERT_STRING_EQUAL(hears(&g), "P:;");
	say(&g, 'L', "echo $i$x; done", 15);
	CU_ASSERT_STRING_EQUAL(hears(&g), "O:15\n;P:h1;");
	fixture_run(g.f, "echo \"main has no x: $x\""); /* variables are each shell's own */
	CU_ASSERT_STRING_EQUAL(g.f->text, "main has no x: \n");
	say(&g, 'C', "on \0h", 5);
	CU_ASSERT_STRING_EQUAL(hears(&g), "M:h1|;");
	say(&g, '?', "from a newer one", 16);
	CU_ASSERT_STRING_EQUAL(hears(&g), "");
	say(&g, 'L', "exit", 4);
	CU_ASSERT_STRING_EQUAL(hears(&g), "E:;gone");
	CU_ASSERT_FALSE(shell_is_over(g.f->sh));
	leave(&g);
}

static void interrupts_stop_what_runs_there(void)
{
	struct guest g;

	arrive(&g);
	hears(&g);
	say(&g, 'L', "if true", 7);
	say(&g, 'I', "", 0);
	CU_ASSERT_STRING_EQUAL(hears(&g), "P:;P:h1;"); /* the beginning is forgotten */
	g.f->loop.holds++;			       /* time stands still */
	say(&g, 'L', "sleep 5", 7);
	CU_ASSERT_STRING_EQUAL(hears(&g), "");
	say(&g, 'L', "echo too early", 14); /* there was no prompt */
	say(&g, 'I', "", 0);
	CU_ASSERT_STRING_EQUAL(hears(&g), "P:h1;");
	g.f->loop.holds--;
	say(&g, 'L', "echo $?", 7);
	CU_ASSERT_STRING_EQUAL(hears(&g), "O:130\n;P:h1;");
	leave(&g);
}

static void commands_read_what_is_typed_there(void)
{
	struct guest g;

	arrive(&g);
	hears(&g);
	g.f->loop.holds++;
	say(&g, 'L', "cat; cat", 8);
	CU_ASSERT_STRING_EQUAL(hears(&g), "W:1;");
	say(&g, 'K', "typed\n", 6);
	CU_ASSERT_STRING_EQUAL(hears(&g), "O:typed\n;");
	say(&g, 'K', "", 0);
	say(&g, 'K', "again\n", 6); /* for the second one */
	CU_ASSERT_PTR_NOT_NULL(strstr(hears(&g), "O:again\n;"));
	say(&g, 'K', "", 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(hears(&g), "P:h1;"));
	g.f->loop.holds--;
	leave(&g);
}

static void one_that_goes_takes_its_jobs_with_it(void)
{
	struct guest g;

	arrive(&g);
	hears(&g);
	g.f->loop.holds++;
	say(&g, 'L', "sleep 100 & sleep 100", 21);
	CU_ASSERT_STRING_EQUAL(hears(&g), "O:[1] sleep 100\n;");
	shutdown(g.fd, SHUT_RDWR);
	turns(&g);
	g.f->loop.holds--;
	CU_ASSERT_EQUAL(g.f->loop.wheel.armed, 0);
	CU_ASSERT_EQUAL(g.f->loop.waiters, 0);
	leave(&g);
}

static void the_end_of_tapir_is_told(void)
{
	struct guest g;

	arrive(&g);
	hears(&g);
	sessions_free(g.sessions);
	g.sessions = NULL;
	CU_ASSERT_STRING_EQUAL(hears(&g), "E:tapir has ended;gone");
	leave(&g);
}

static void a_host_that_is_deleted_is_left(void)
{
	struct guest g;

	arrive(&g);
	hears(&g);
	fixture_run(g.f, "ip netns add x");
	say(&g, 'L', "on x", 4);
	CU_ASSERT_STRING_EQUAL(hears(&g), "P:x;");
	fixture_run(g.f, "ip netns del x; ip netns");
	say(&g, 'L', "", 0);
	CU_ASSERT_STRING_EQUAL(hears(&g), "P:h1;");
	say(&g, 'D', "", 0);
	CU_ASSERT_STRING_EQUAL(hears(&g), "E:;gone");
	leave(&g);
}

static void a_path_that_is_too_long_is_no_address(void)
{
	struct sockaddr_un a;
	char longest[200];

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	CU_ASSERT_FALSE(attach_address(longest, 1, &a));
	CU_ASSERT_EQUAL(attach_connect(longest, 1), -ENAMETOOLONG);
	CU_ASSERT_EQUAL(attach_connect("/nowhere", 1), -ENOENT);
}

SUITE(shell_session, T(lines_are_run_and_answered_by_a_prompt), T(interrupts_stop_what_runs_there),
	T(commands_read_what_is_typed_there), T(one_that_goes_takes_its_jobs_with_it),
	T(the_end_of_tapir_is_told), T(a_host_that_is_deleted_is_left),
	T(a_path_that_is_too_long_is_no_address))
