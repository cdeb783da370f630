/* SPDX-License-Identifier: MIT */
/* tapir: the command line, a world with its first hosts, and the shell. */
#include "dev/kinds.h"
#include "inet.h"
#include "record/record.h"
#include "shell/attach.h"
#include "shell/cmd.h"
#include "shell/diff.h"
#include "shell/replay.h"
#include "shell/session.h"
#include "shell/setup.h"
#include "shell/shell.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the virtual clock begins: not at 0, which nobody should take for "never". */
enum { VIRTUAL_START_S = 1 };

static int run_scripts(struct shell *sh, const struct options *o)
{
	for (unsigned i = 0; i < o->script_count && !shell_is_over(sh); i++) {
		const struct options_script *script = &o->scripts[i];
		int status = script->is_text ? shell_run_text(sh, "-c", script->text)
					     : shell_run_file(sh, script->text);
		if (status && o->stop_at_failure)
			break;
	}
	return shell_status(sh);
}

static int run(struct shell *sh, const struct options *o, const struct sandbox *b)
{
	if (o->script_count)
		return run_scripts(sh, o);
	if (!isatty(STDIN_FILENO))
		return shell_run_input(sh);
	setup_banner(o, b);
	fflush(stdout);
	return shell_interactive(sh);
}

/* `door`: a socket for terminals that want to attach; -1: none. */
static int run_shell(struct world *w, const struct options *o, struct sandbox *b, int door)
{
	struct stack *h1 = setup_hosts(w, o, b);

	if (!h1)
		return CMD_FAILED;
	struct shell_options so = {
		.host = h1,
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.err = STDERR_FILENO,
		.stop_at_failure = o->stop_at_failure,
		.make_lo = loopback_create,
		.program_prepare = sandbox_prepare_program,
		.program_arg = b,
	};
	struct shell *sh = shell_new(w, &so);
	if (!sh) {
		fputs("tapir: no memory\n", stderr);
		return CMD_FAILED;
	}
	struct sessions *sessions = door >= 0 ? sessions_new(sh, door) : NULL;
	int status = run(sh, o, b);
	sessions_free(sessions);
	shell_free(sh);
	return status;
}

/* A script under the virtual clock is over before anybody could attach. */
static bool may_be_attached(const struct options *o)
{
	return !o->is_virtual || (!o->script_count && isatty(STDIN_FILENO));
}

static int run_world(const struct options *o, struct sandbox *b, int door)
{
	struct clock clock;
	struct loop loop;
	struct world w;

	if (o->is_virtual)
		clock_init_virtual(&clock, VIRTUAL_START_S * NS_PER_SEC);
	else
		clock_init_real(&clock);
	loop_init(&loop, clock);
	loop_use_ring(&loop, o->busy_us * NS_PER_US);
	record_loop(&loop);
	world_init(&w, &loop, o->seed, inet_protos);
	int status = run_shell(&w, o, b, door);
	world_exit(&w);
	record_loop(NULL);
	loop_exit(&loop);
	return status;
}

/* A run from its first call of the machine to its last: what is recorded. */
static int run_all(const struct options *o)
{
	struct sandbox b;
	char *path = NULL;
	int door = may_be_attached(o) ? attach_listen(&path) : -1;
	int status = CMD_FAILED;

	if (setup_machine(o, &b) == 0) {
		status = run_world(o, &b, door);
		sandbox_leave(&b);
	}
	if (path)
		unlink(path);
	free(path);
	return status;
}

/* From here on, the machine is that of the recording. */
static int go_back(struct options *o)
{
	struct record_about about = {.version = TAPIR_VERSION};

	if (record_again(o->again, &about) < 0)
		return CMD_USAGE;
	options_free(o);
	int status = options_parse(o, about.argc, about.argv);
	o->seed = about.seed;
	return status;
}

/* -1: go on; else the exit status. */
static int begin(struct options *o, int argc, char **argv)
{
	const char *folder = getenv("TAPIR_RECORD"); /* for tests: whatever is started there */
	int status = options_parse(o, argc, argv);

	if (status < 0 && o->again)
		return go_back(o);
	if (status < 0)
		status = options_draw_seed(o);
	struct record_about about = {.version = TAPIR_VERSION, .argc = argc, .argv = argv, .seed = o->seed};
	if (status < 0 && o->record && record_begin(o->record, &about) < 0)
		status = CMD_FAILED;
	else if (status < 0 && !o->record && folder)
		record_begin_in(folder, &about);
	return status;
}

int main(int argc, char **argv)
{
	struct options o;

	mallopt(M_TRIM_THRESHOLD, 32 << 20); /* what a stream gives back it soon wants again */
	if (argc > 1 && strcmp(argv[1], "attach") == 0)
		return attach_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "replay") == 0)
		return replay_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "diff") == 0)
		return diff_main(argc - 1, argv + 1);
	int status = begin(&o, argc, argv);
	if (status >= 0)
		return status;
	status = record_end(run_all(&o));
	options_free(&o);
	return status;
}
