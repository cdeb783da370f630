/* SPDX-License-Identifier: MIT */
/* tapir: the command line, a world with its first hosts, and the shell. */
#include "dev/kinds.h"
#include "inet.h"
#include "shell/cmd.h"
#include "shell/setup.h"
#include "shell/shell.h"

#include <stdio.h>
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

static int run_shell(struct world *w, const struct options *o, struct sandbox *b)
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
	int status = run(sh, o, b);
	shell_free(sh);
	return status;
}

int main(int argc, char **argv)
{
	struct options o;
	struct sandbox b;
	struct clock clock;
	struct loop loop;
	struct world w;
	int status = options_parse(&o, argc, argv);

	if (status >= 0)
		return status;
	if (setup_machine(&o, &b) < 0) {
		options_free(&o);
		return CMD_FAILED;
	}
	if (o.is_virtual)
		clock_init_virtual(&clock, VIRTUAL_START_S * NS_PER_SEC);
	else
		clock_init_real(&clock);
	loop_init(&loop, clock);
	loop_use_ring(&loop);
	world_init(&w, &loop, o.seed, inet_protos);
	status = run_shell(&w, &o, &b);
	world_exit(&w);
	loop_exit(&loop);
	sandbox_leave(&b);
	options_free(&o);
	return status;
}
