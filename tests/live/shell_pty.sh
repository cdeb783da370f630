#!/bin/bash
# SPDX-License-Identifier: MIT
# Types at the shell through a pseudo-terminal: history, completion, ^C, job control, programs of the machine,
# output around the line being typed.
. "$(dirname "$0")/lib.sh"
needs python3
unset XDG_STATE_HOME
python3 "$(dirname "$0")/shell_pty.py" "$TAPIR" --empty || fail "see above"
