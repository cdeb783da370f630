# SPDX-License-Identifier: MIT
# Helpers of the live tests. A test begins:
#
#	#!/bin/bash
#	# What it proves, with the requirements it holds (RFC1122-I-50).
#	. "$(dirname "$0")/lib.sh"
#	needs_tun
#	tapir_start h1 --host
#	tapir_says h1 'ping -c 1 10.0.0.2' '1 packets transmitted, 1 received'
#
# No fixed sleeps: wait_for polls a condition and gives up after a bounded time.

set -u
TAPIR=$BUILD/tapir
TMP=$(mktemp -d) || exit 1
export HOME=$TMP # no history or state of the user's
unset XDG_STATE_HOME XDG_CONFIG_HOME
declare -A TAPIR_PID TAPIR_IN

cleanup() {
	{ jobs -p | xargs -r kill -KILL && wait; } 2>/dev/null
	rm -rf "$TMP"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# --- ends of a test

# Ends the test, from inside $(...) too.
fail() {
	local out
	{
		echo "FAILED: $*"
		for out in "$TMP"/*.out; do
			[ -e "$out" ] && echo "--- ${out##*/}" && tail -n 40 "$out"
		done
	} >&2
	[ $BASHPID = $$ ] || kill -TERM $$
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

# --- what a test needs

needs() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is not here"
	done
}

needs_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# Root of the machine, not of a user namespace: to be another user, to make device nodes.
needs_real_root() {
	needs_root
	grep -q '^ *0 *0 *4294967295$' /proc/self/uid_map || skip "needs root outside of user namespaces"
}

# Opening proves nothing (0666 in many containers): a device must really come to be.
needs_tun() {
	ip tuntap add dev probe0 mode tap 2>/dev/null || skip "no TAP devices can be made here"
	ip link del probe0
}

# tapir_as_user: from here on tapir runs as a user without rights, whose number is $USER_ID. It is a copy, since
# the user may not be able to reach this folder.
tapir_as_user() {
	USER_ID=$(id -u nobody) || skip "there is no user nobody"
	chmod 755 "$TMP"
	mkdir -p "$TMP/user" && chown nobody "$TMP/user"
	install -m 755 "$BUILD/tapir" "$TMP/tapir"
	printf '#!/bin/sh\nHOME=%s TMPDIR=%s exec setpriv --reuid %d --regid %d --clear-groups %s "$@"\n' \
		"$TMP/user" "$TMP/user" "$USER_ID" "$(id -g nobody)" "$TMP/tapir" >"$TMP/as-user"
	chmod 755 "$TMP/as-user"
	TAPIR=$TMP/as-user
}

# --- waiting and expecting

# wait_for SECONDS COMMAND...: until COMMAND succeeds; its output is thrown away. Status 1 when time is up.
wait_for() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

# expect WHAT COMMAND...: COMMAND must succeed.
expect() {
	local what=$1
	shift
	"$@" >"$TMP/expect.out" 2>&1 || fail "$what: $* (status $?)"
}

# expect_in TEXT PATTERN [WHAT]: TEXT must hold a line that matches the extended regular expression PATTERN.
expect_in() {
	grep -Eq -- "$2" <<<"$1" || fail "${3:-output} has no line /$2/:"$'\n'"$1"
}

expect_not_in() {
	! grep -Eq -- "$2" <<<"$1" || fail "${3:-output} has a line /$2/:"$'\n'"$1"
}

# --- programs in the background

# background FILE COMMAND...: start it, with its output in $TMP/FILE and its process id in $BACKGROUND. Use
# this and no bare "&": a child that inherited the pipe to a tapir would keep that tapir from seeing its end.
background() {
	local file=$1 fd
	shift
	(
		for fd in "${TAPIR_IN[@]}"; do
			exec {fd}>&-
		done
		exec "$@"
	) >"$TMP/$file" 2>&1 &
	BACKGROUND=$!
}

# --- tapir in the background, driven by a pipe. NAME is only a handle of the test.

# tapir_start NAME OPTION...: start it and wait until it answers.
tapir_start() {
	local name=$1
	shift
	mkfifo "$TMP/$name.in"
	background "$name.out" sh -c 'exec "$@" <"$0"' "$TMP/$name.in" "$TAPIR" "$@"
	TAPIR_PID[$name]=$BACKGROUND
	exec {TAPIR_IN[$name]}>"$TMP/$name.in"
	tapir_run "$name" "" >/dev/null
}

# tapir_type NAME LINE: type a line, wait for nothing. (In a subshell: the pipe of a tapir that died kills.)
tapir_type() {
	(printf '%s\n' "$2" >&"${TAPIR_IN[$1]}") || fail "$1 is gone; cannot type: $2"
}

# tapir_run NAME LINE [SECONDS]: type a line, wait until it is done, print what tapir printed since.
tapir_run() {
	local name=$1 line=$2 seconds=${3:-30} before mark
	mark=done-$BASHPID-$RANDOM$RANDOM
	before=$(stat -c %s "$TMP/$name.out")
	tapir_type "$name" "$line"
	tapir_type "$name" "echo $mark"
	wait_for "$seconds" tapir_marked "$name" "$mark" || fail "$name did not finish: $line"
	grep -qx "$mark" "$TMP/$name.out" || fail "$name ended at: $line"
	tail -c +$((before + 1)) "$TMP/$name.out" | grep -vx "$mark"
}

# The mark was printed, or never will be.
tapir_marked() {
	grep -qx "$2" "$TMP/$1.out" || ! kill -0 "${TAPIR_PID[$1]}"
}

# tapir_says NAME LINE PATTERN [SECONDS]: what LINE prints must match.
tapir_says() {
	expect_in "$(tapir_run "$1" "$2" "${4:-30}")" "$3" "$1: $2"
}

# tapir_waits NAME PATTERN SECONDS: tapir prints (now or soon) a line that matches, e.g. of a background job.
tapir_waits() {
	wait_for "$3" grep -Eq -- "$2" "$TMP/$1.out" || fail "$1 did not print /$2/ within $3 s"
}

# tapir_stop NAME: end of input; it must leave cleanly within ten seconds. Returns its exit status.
tapir_stop() {
	local fd=${TAPIR_IN[$1]}
	exec {fd}>&-
	tapir_gone "$1"
}

# tapir_gone NAME: wait for its end (after a signal, or a tapir_type of exit). Returns its exit status.
tapir_gone() {
	local pid=${TAPIR_PID[$1]}
	wait_for 10 eval "! kill -0 $pid" || fail "$1 does not end"
	unset "TAPIR_PID[$1]"
	wait "$pid"
}
