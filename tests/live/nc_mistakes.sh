#!/bin/bash
# SPDX-License-Identifier: MIT
# nc beside OpenBSD's nc of the machine, what nc.sh leaves out: mistakes in the command line, listeners that say who came,
# and a large file each way ($NC_SIZE octets), down through a pipe inside tapir.
. "$(dirname "$0")/lib.sh"
needs nc ss sha256sum
needs_tun
nc -h 2>&1 | grep -q OpenBSD || skip "the machine's nc is not OpenBSD's"

tapir_start h1 --host
tapir_run h1 'ip route del default' >/dev/null # both ends know nothing but the link
size=${NC_SIZE:-200000000}

# theirs OPTION...: the machine's nc, asking us; what it says and its status. $IN is its input.
theirs() {
	timeout 20 nc "$@" <"${IN:-/dev/null}" 2>&1
	echo "[$?]"
}

# ours OPTION...: the same by tapir's, which is told the machine's address for ours.
ours() {
	tapir_run h1 "nc ${*//10.0.0.1/10.0.0.2} < ${IN:-/dev/null}; echo [\$?]"
}

# same OPTION...: both say the same of each other.
same() {
	local one two
	one=$(theirs "$@")
	two=$(ours "$@")
	[ "$one" = "${two//10.0.0.2/10.0.0.1}" ] || fail "nc $*: $two"$'\n'"OpenBSD's: $one"
}

listens() {
	ss -Hltun "sport = :$1" | grep -q .
}

# --- mistakes, and what cannot be
same -zv 10.0.0.1 http
same -u -v 10.9.9.9 53
same -uz 10.0.0.1 53
same 10.0.0.1
same 10.0.0.1 0
same 10.0.0.1 70000
same 10.0.0.1 80-x
same -w x 10.0.0.1 80
same -w -1 10.0.0.1 80
same -q x 10.0.0.1 80
same -i x 10.0.0.1 80
same -k 10.0.0.1 80
same -l
same -l -p 5000 -z
same -T xx 10.0.0.1 80
same -s 10.7.7.7 10.0.0.1 80
same -l 10.7.7.7 80

# --- where somebody listens
tapir_run h1 'http -q /tmp &' >/dev/null
background http nc -lkn 80
tapir_run h1 'nc -luk 5300 > /dev/null &' >/dev/null
background udp nc -lukn 5300
wait_for 5 listens 80 && wait_for 5 listens 5300 || fail 'no listeners'
same -v -w 1 10.0.0.1 80
same -uzv -w 1 10.0.0.1 5300
same -zv -p 4444 10.0.0.1 80

# --- who came
echo 'from below' >"$TMP/below" && echo 'from above' >"$TMP/above"
tapir_type h1 "nc -lv 5000 < $TMP/above &"
tapir_waits h1 '^Listening on 0.0.0.0 5000$' 5
[ "$(nc -N 10.0.0.1 5000 <"$TMP/below")" = 'from above' ] || fail 'nothing came from above'
tapir_waits h1 '^Connection received on 10.0.0.2 [0-9]+$' 5
tapir_waits h1 '^from below$' 5
sh -c "exec nc -lvn 5001 < $TMP/below" >"$TMP/listener.out" 2>&1 &
wait_for 5 listens 5001 || fail 'no listener'
tapir_says h1 "nc -vN 10.0.0.2 5001 < $TMP/above; echo [\$?]" '^from below$'
tapir_waits h1 '^Connection to 10.0.0.2 5001 port \[tcp/\*\] succeeded!$' 5
expect_in "$(cat "$TMP/listener.out")" '^Connection received on 10.0.0.1 [0-9]+$'
expect_in "$(cat "$TMP/listener.out")" '^from above$'

# --- a file each way, through redirections and through a pipe
head -c "$size" /dev/urandom >"$TMP/file"
sum=$(sha256sum <"$TMP/file")
tapir_type h1 "nc -lv 5002 > $TMP/up &"
tapir_waits h1 '^Listening on 0.0.0.0 5002$' 5
expect 'a file up' timeout 60 nc -N 10.0.0.1 5002 <"$TMP/file"
tapir_run h1 'wait $!' 60 >/dev/null
[ "$(sha256sum <"$TMP/up")" = "$sum" ] || fail 'another file came up'
background down nc -ln 5003
down=$BACKGROUND
wait_for 5 listens 5003 || fail 'no listener'
tapir_run h1 "cat $TMP/file | nc -N 10.0.0.2 5003" 60 >/dev/null
wait $down
[ "$(sha256sum <"$TMP/down")" = "$sum" ] || fail 'another file came down'

# --- ^C's status, and the end
tapir_type h1 'nc 10.0.0.2 80 &'
tapir_run h1 'kill %+; wait $!' >/dev/null
tapir_stop h1 || fail "tapir ended with $?"
