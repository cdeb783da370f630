/* SPDX-License-Identifier: MIT */
/*
 * The table of commands, in the order in which `help` lists them: one line each.
 *
 * COMMAND(ping) is `const struct command cmd_ping`, in the file of its family (shell/cmd_*.c).
 */
#include "shell/cmd.h"

/* clang-format off */
#define COMMANDS(FAMILY, COMMAND) \
	FAMILY("Devices, addresses, routes, neighbours, hosts") \
	FAMILY("Reaching other hosts") \
	FAMILY("Looking inside") \
	FAMILY("The shell") \
	COMMAND(help) \
	COMMAND(exit) \
	FAMILY("Time and jobs") \
	COMMAND(sleep) \
	FAMILY("Scripts") \
	COMMAND(echo) \
	COMMAND(true) \
	COMMAND(false)
/* clang-format on */

#define FAMILY(title)
#define COMMAND(name) extern const struct command cmd_##name;
COMMANDS(FAMILY, COMMAND)
#undef FAMILY
#undef COMMAND

#define FAMILY(title) &(const struct command){.about = title},
#define COMMAND(name) &cmd_##name,
const struct command *const shell_commands[] = {COMMANDS(FAMILY, COMMAND) NULL};
