#!/bin/bash
# SPDX-License-Identifier: MIT
# A second terminal on a running tapir: lines, editing, ^C, input, its end, and who may attach.
. "$(dirname "$0")/lib.sh"
needs python3
export XDG_RUNTIME_DIR=$TMP/run
mkdir -m 700 "$XDG_RUNTIME_DIR"
python3 "$(dirname "$0")/attach.py" "$TAPIR" --empty || fail "see above"
