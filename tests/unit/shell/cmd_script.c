/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/fixture.h"

static void echo_knows_its_options(void)
{
	PRINTS("echo -n a; echo -e 'b\\tc'; echo -x -n; echo", "ab\tc\n-x -n\n\n");
}

static void seq_counts_both_ways(void)
{
	PRINTS("echo $(seq 3) $(seq 2 4) $(seq 6 -2 1)", "1 2 3 2 3 4 6 4 2\n");
	STATUS("seq x", 2);
	STATUS("seq 1 0 2", 2);
	STATUS("seq 1 100000000", 1);
}

static void break_and_continue_leave_the_round(void)
{
	PRINTS("for i in 1 2 3 4; do if echo $i | !grep -q 2; then continue; fi; echo $i; if echo $i | !grep "
	       "-q 3; "
	       "then break; fi; done; echo end",
		"1\n3\nend\n");
	PRINTS("while true; do echo a; break; done", "a\n");
	PRINTS("X=; until false; do X=${X}a; echo $X; if echo $X | !grep -q aaa; then break; fi; done",
		"a\naa\naaa\n");
}

static void set_shows_variables_and_export_sets_them(void)
{
	PRINTS("A=1; export B='x y'; set; unset A; set", "A=1\nB='x y'\nB='x y'\n");
	STATUS("set -e; false; echo no", 1);
}

SUITE(shell_cmd_script, T(echo_knows_its_options), T(seq_counts_both_ways),
	T(break_and_continue_leave_the_round), T(set_shows_variables_and_export_sets_them))
