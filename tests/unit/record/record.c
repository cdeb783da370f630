/* SPDX-License-Identifier: MIT */
/*
 * Recordings of small runs, and the runs again. Each is a process of its own; what it says on standard output is looked
 * at. That the calls of a run go by record/ is the linker's doing here as in the program.
 */
#include "record/record.h"

#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a run does; the number says how it is to differ from others. */
typedef int run_fn(int how);

struct fixture {
	char dir[64], rec[80];
	char said[4096]; /* by the last run, both outputs */
};

static void begin(struct fixture *f)
{
	strcpy(f->dir, "/tmp/tapir-record-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->dir));
	snprintf(f->rec, sizeof(f->rec), "%s/rec", f->dir);
}

static void end(struct fixture *f)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void __attribute__((noreturn)) child(struct fixture *f, int out, bool again, run_fn *run, int how)
{
	struct record_about a = {
		.version = "9", .argc = 1, .argv = (char *[]){(char *)"run", NULL}, .seed = 42};

	dup2(out, 1);
	dup2(out, 2);
	if (again ? record_again(f->rec, &a) : record_begin(f->rec, &a)) {
		fflush(NULL);
		_exit(9);
	}
	int status = record_end(run(how));
	_exit(status);
}

static int go(struct fixture *f, bool again, run_fn *run, int how)
{
	int ends[2], status;
	size_t len = 0;
	ssize_t n;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(f, ends[1], again, run, how);
	}
	close(ends[1]);
	while ((n = read(ends[0], f->said + len, sizeof(f->said) - 1 - len)) > 0)
		len += (size_t)n;
	f->said[len] = '\0';
	close(ends[0]);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int recorded(struct fixture *f, run_fn *run, int how)
{
	return go(f, false, run, how);
}

static int once_more(struct fixture *f, run_fn *run, int how)
{
	return go(f, true, run, how);
}

static bool says(const struct fixture *f, const char *text)
{
	if (!strstr(f->said, text))
		printf("\"%s\" is not in \"%s\"\n", text, f->said);
	return strstr(f->said, text);
}

/* ---- answers ---- */

/* Asks the machine for all kinds of things that are never twice the same, and prints them. */
static int ask(int how)
{
	struct timespec now;
	char text[16] = "", dir[] = "/tmp/tapir-ask-XXXXXX";
	int ends[2], n = 0, status;
	FILE *f = fopen("/proc/self/stat", "re");
	DIR *d = opendir("/proc/self/fd");

	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%d %ld.%ld %s\n", (int)getpid(), now.tv_sec, now.tv_nsec, fgets(text, sizeof(text), f));
	fclose(f);
	while (readdir(d))
		n++;
	closedir(d);
	printf("%d %s\n", n, mkdtemp(dir));
	rmdir(dir);
	pipe2(ends, 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(write(ends[1], "child", 5) == 5 ? 3 : 4);
	waitpid(pid, &status, 0);
	struct pollfd p = {ends[0], POLLIN, 0};
	n = poll(&p, 1, 0);
	printf("%d %d %d %d\n", (int)pid, status, n, (int)read(ends[0], text, sizeof(text)));
	close(ends[0]);
	close(ends[1]);
	f = fopen("/nowhere", "re");
	printf("%s %s\n", f ? "" : strerror(errno), getenv("HOME"));
	return how;
}

static void answers_are_those_of_the_recording(void)
{
	struct fixture f;
	char first[sizeof(f.said)];

	begin(&f);
	CU_ASSERT_EQUAL(recorded(&f, ask, 5), 5);
	CU_ASSERT(says(&f, "No such file or directory"));
	strcpy(first, f.said);
	setenv("HOME", "/elsewhere", 1);
	CU_ASSERT_EQUAL(once_more(&f, ask, 5), 0);
	CU_ASSERT(says(&f, "bytes of output: the same\n"));
	CU_ASSERT_PTR_NULL(strstr(f.said, "No such file"));
	end(&f);
	begin(&f);
	CU_ASSERT_EQUAL(recorded(&f, ask, 5), 5);
	CU_ASSERT_STRING_NOT_EQUAL(f.said, first); /* else this would prove nothing */
	end(&f);
}

static char the_file[96];

static int write_file(int how)
{
	FILE *f = fopen(the_file, "we");

	(void)how;
	if (f)
		fputs("some text\n", f);
	return f ? fclose(f) : 1;
}

static void the_machine_is_not_touched(void)
{
	struct fixture f;
	struct stat st;

	begin(&f);
	snprintf(the_file, sizeof(the_file), "%s/file", f.dir);
	CU_ASSERT_EQUAL(recorded(&f, write_file, 0), 0);
	CU_ASSERT_EQUAL(stat(the_file, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 10);
	unlink(the_file);
	CU_ASSERT_EQUAL(once_more(&f, write_file, 0), 0);
	CU_ASSERT(stat(the_file, &st) < 0);
	end(&f);
}

/* Pointers that epoll keeps for us are this process's own. */
static int wait_by_epoll(int how)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), ends[2], *where = malloc(sizeof(int));
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = where}, got[4];

	(void)how;
	pipe2(ends, 0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &ev);
	(void)!write(ends[1], "x", 1);
	int n = epoll_wait(epoll, got, 4, -1);
	bool same = n == 1 && got[0].data.ptr == where;
	free(where);
	return same ? 0 : 7;
}

static void epoll_gives_what_it_was_given(void)
{
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(recorded(&f, wait_by_epoll, 0), 0);
	CU_ASSERT_EQUAL(once_more(&f, wait_by_epoll, 0), 0);
	end(&f);
}

/* ---- differences ---- */

enum { SAME, OTHER_TEXT, MORE_TEXT, LESS_TEXT, OTHER_CALL, OTHER_FILE, OTHER_STATUS };

static int say(int how)
{
	printf("first line\n");
	printf("second %s\n", how == OTHER_TEXT ? "thought" : "line");
	if (how == MORE_TEXT)
		printf("third line\n");
	if (how == OTHER_CALL)
		getpid();
	else
		close(open(how == OTHER_FILE ? "/dev/zero" : "/dev/null", O_RDONLY));
	if (how != LESS_TEXT)
		fprintf(stderr, "last line\n");
	return how == OTHER_STATUS;
}

static void check_different(int how, const char *was, const char *now)
{
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(recorded(&f, say, SAME), 0);
	CU_ASSERT_STRING_EQUAL(f.said, "first line\nsecond line\nlast line\n");
	CU_ASSERT_EQUAL(once_more(&f, say, how), 1);
	CU_ASSERT(says(&f, "again: different in turn 0, at 0.000 s"));
	CU_ASSERT(says(&f, was));
	CU_ASSERT(says(&f, now));
	end(&f);
}

static void a_difference_is_shown_where_it_is(void)
{
	check_different(OTHER_TEXT, ", at byte 18 of the output\n  recorded: \"second line\\n",
		"  now:      \"second thought\\n\"\n");
	check_different(MORE_TEXT, "  recorded: open\n", "  now:      write 1 \"third line\\n\"\n");
	check_different(
		LESS_TEXT, "  recorded: write 2 \"last line\\n\"\n", "  now:      the end, exit status 0\n");
	check_different(OTHER_CALL, "  recorded: open\n", "  now:      getpid 0\n");
	check_different(OTHER_FILE, "  recorded: open\n", "  now:      open");
	check_different(
		OTHER_STATUS, "  recorded: the end, exit status 0\n", "  now:      the end, exit status 1\n");
}

static void change_file(const struct fixture *f, const char *name, long at, char with)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->rec, name);
	file = fopen(path, "r+");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fseek(file, at, at < 0 ? SEEK_END : SEEK_SET);
	fputc(with, file);
	fclose(file);
}

static void changed_output_is_a_difference(void)
{
	struct fixture f;

	begin(&f);
	recorded(&f, say, SAME);
	change_file(&f, "output", 12, 'X');
	CU_ASSERT_EQUAL(once_more(&f, say, SAME), 1);
	CU_ASSERT(says(&f, ", at byte 12 of the output\n  recorded: \"sXcond line\\n"));
	end(&f);
}

static void a_damaged_log_is_of_no_use(void)
{
	struct fixture f;

	begin(&f);
	recorded(&f, say, SAME);
	change_file(&f, "log", -60, 'X');
	CU_ASSERT_EQUAL(once_more(&f, say, SAME), 2);
	CU_ASSERT(says(&f, "again: the same until the recording is damaged, in turn 0"));
	end(&f);
}

/* ---- the directory ---- */

static void only_an_empty_directory_is_taken(void)
{
	struct fixture f;
	struct stat st;

	begin(&f);
	CU_ASSERT_EQUAL(recorded(&f, say, SAME), 0);
	CU_ASSERT_EQUAL(stat(f.rec, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
	CU_ASSERT_EQUAL(recorded(&f, say, SAME), 9);
	CU_ASSERT(says(&f, "rec exists and is no empty directory"));
	snprintf(f.rec, sizeof(f.rec), "%s/a/b", f.dir);
	CU_ASSERT_EQUAL(recorded(&f, say, SAME), 9);
	CU_ASSERT(says(&f, "a/b: No such file or directory"));
	snprintf(f.rec, sizeof(f.rec), "%s/empty", f.dir);
	mkdir(f.rec, 0700);
	CU_ASSERT_EQUAL(recorded(&f, say, SAME), 0);
	end(&f);
}

static void what_is_no_recording_is_refused(void)
{
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(once_more(&f, say, SAME), 9);
	CU_ASSERT(says(&f, "rec/about: No such file or directory"));
	recorded(&f, say, SAME);
	change_file(&f, "log", 0, 'X');
	CU_ASSERT_EQUAL(once_more(&f, say, SAME), 9);
	CU_ASSERT(says(&f, "rec/log is no log of this version of tapir (9)"));
	change_file(&f, "about", 0, 'X');
	CU_ASSERT_EQUAL(once_more(&f, say, SAME), 9);
	CU_ASSERT(says(&f, "rec/about, line 1: "));
	end(&f);
}

static int kill_itself(int how)
{
	(void)how;
	printf("before\n");
	for (int i = 0; i < 1000; i++)
		getpid();
	raise(SIGKILL);
	return 0;
}

/* Again, nothing kills it: it goes on until there is nothing more in the log. */
static int survive(int how)
{
	(void)how;
	printf("before\n");
	for (int i = 0; i < 2000; i++)
		getpid();
	return 0;
}

static void a_killed_run_goes_again_up_to_its_end(void)
{
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(recorded(&f, kill_itself, 0), 128 + SIGKILL);
	CU_ASSERT_EQUAL(once_more(&f, survive, 0), 0);
	CU_ASSERT(says(&f,
		"the same until the recording ends, in turn 0, at 0.000 s, where tapir was ended from "
		"outside"));
	end(&f);
}

static int fill_the_disk(int how)
{
	struct rlimit low = {2 << 20, 2 << 20};
	char data[4096];
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	(void)how;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &low);
	for (int i = 0; i < 1000; i++)
		if (read(fd, data, sizeof(data)) != sizeof(data))
			return 1;
	printf("it goes on\n");
	return 6;
}

static void a_full_disk_ends_the_recording_and_not_the_run(void)
{
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(recorded(&f, fill_the_disk, 0), 6);
	CU_ASSERT(says(&f, "tapir: the recording ends in turn 0, at 0.000 s: File too large\nit goes on\n"));
	CU_ASSERT_EQUAL(once_more(&f, fill_the_disk, 0), 2);
	CU_ASSERT(says(&f, "the same until the recording is cut off"));
	end(&f);
}

SUITE(record_record, T(answers_are_those_of_the_recording), T(the_machine_is_not_touched),
	T(epoll_gives_what_it_was_given), T(a_difference_is_shown_where_it_is),
	T(changed_output_is_a_difference), T(a_damaged_log_is_of_no_use), T(only_an_empty_directory_is_taken),
	T(what_is_no_recording_is_refused), T(a_killed_run_goes_again_up_to_its_end),
	T(a_full_disk_ends_the_recording_and_not_the_run))
