#!/bin/bash
# SPDX-License-Identifier: MIT
# The golden tests under AddressSanitizer and UndefinedBehaviorSanitizer: another compilation, other addresses, the same bytes.
. "$(dirname "$0")/lib.sh"
RESULTS= TAPIR=$BUILD/unit/tapir "$(dirname "$0")/../golden/run" >"$TMP/golden.out" || fail "see above"
tail -n 1 "$TMP/golden.out"
