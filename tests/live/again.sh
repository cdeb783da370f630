#!/bin/bash
# SPDX-License-Identifier: MIT
# Sessions of all kinds are recorded and run again, where nothing of what they had is left: scripts, a busy one over TAP,
# keys at a terminal, programs, one that is killed. And what is not the same is found, in its turn. AGAIN_MIB (default 4; 100 in
# make live-long) is how much curl fetches over a link that loses 5 %.
. "$(dirname "$0")/lib.sh"
needs curl ip python3
needs_root
needs_tun
unset TAPIR_RECORD
MIB=${AGAIN_MIB:-4}
ASAN=$BUILD/unit/tapir

# again DIR [PROGRAM]: prints what is said and "status N"
again() {
	(cd / && env -i timeout 300 unshare --net "${2-$TAPIR}" --again "$1" </dev/null 2>&1)
	echo "status $?"
}

# same DIR: by both programs
same() {
	local program said
	for program in "$TAPIR" "$ASAN"; do
		said=$(again "$1" "$program")
		expect_in "$said" '^again: .*: the same$' "$1"
		expect_in "$said" '^status 0$' "$1"
	done
	echo "${1##*/}: $(head -n 1 <<<"$said")"
}

# differs DIR PATTERN...: it says so, with status 1
differs() {
	local said pattern
	said=$(again "$1")
	for pattern in '^again: different in turn [0-9]+, at ' '^status 1$' "${@:2}"; do
		expect_in "$said" "$pattern" "$1"
	done
}

# another DIR: a copy of a recording, to be changed
another() {
	rm -rf "$TMP/other" && cp -r "$1" "$TMP/other"
}

# --- a script under the virtual clock

cat >"$TMP/script" <<'END'
ip netns add h2
for i in 1 2 3; do echo $i; sleep 100; done
ping -c 3 127.0.0.1
END
echo "echo done >$TMP/written; cat $TMP/written; exit 3" >>"$TMP/script"
$TAPIR --virtual --record "$TMP/script.rec" "$TMP/script" >"$TMP/script.out" 2>&1
[ $? = 3 ] || fail "the script's status is lost"
cmp "$TMP/script.out" "$TMP/script.rec/output" || fail 'DIR/output is not what was printed'
rm "$TMP/script" "$TMP/written"
same "$TMP/script.rec"
[ -e "$TMP/written" ] && fail 'a run again has written a file'
[ "$(stat -c %a "$TMP/script.rec")" = 700 ] || fail 'others may look into a recording'

# the second answer of ping comes after a second
another "$TMP/script.rec"
sed -i 's/icmp_seq=2/icmp_seq=7/' "$TMP/other/output"
differs "$TMP/other" ', at 301\.000 s, at byte [0-9]+ of the output' 'recorded: "64 bytes .* icmp_seq=7' 'now: .* icmp_seq=2'

# --- over TAP: curl over a bad link, pings both ways, while lines are typed

mkdir "$TMP/www"
head -c "${MIB}M" /dev/urandom >"$TMP/www/file"
tapir_start h --host --record "$TMP/busy.rec"
tapir_run h 'tc qdisc add dev eth0 root netem loss 5%' >/dev/null
tapir_type h "http $TMP/www &"
wait_for 10 curl -s -m 2 -o /dev/null http://10.0.0.1/ || fail 'no http'
background ping.out ping -i 0.1 10.0.0.1
pinging=$BACKGROUND
background curl.out curl -sS -m $((60 + 2 * MIB)) -o "$TMP/got" http://10.0.0.1/file
while kill -0 $BACKGROUND 2>/dev/null; do
	tapir_run h 'ping -c 2 -i 0.1 10.0.0.2; ss -ti; !ip -br addr; !date | cat; nstat' >/dev/null
done
kill $pinging
cmp "$TMP/got" "$TMP/www/file" || fail "curl: $(cat "$TMP/curl.out")"
tapir_stop h || fail "it ended with $?"
rm -r "$TMP/www"
same "$TMP/busy.rec"

another "$TMP/busy.rec"
sed -i 's/"seed": "[0-9]*"/"seed": "1"/' "$TMP/other/about"
differs "$TMP/other" '(recorded|now): +write [0-9]+' # other bytes, or netem takes another frame

# one octet in the middle of the log
another "$TMP/busy.rec"
middle=$(($(stat -c %s "$TMP/other/log") / 2))
byte=$(od -An -tu1 -j $middle -N 1 "$TMP/other/log")
printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$TMP/other/log" bs=1 seek=$middle conv=notrunc status=none
said=$(again "$TMP/other")
expect_in "$said" '^again: the same until the recording is damaged, in turn [1-9][0-9]*, at '
expect_in "$said" '^status 2$'

# the first half of it
another "$TMP/busy.rec"
truncate -s $middle "$TMP/other/log"
said=$(again "$TMP/other")
expect_in "$said" '^again: the same until the recording is cut off, in turn [1-9][0-9]*, at '
expect_in "$said" '^status 2$'

# --- keys

python3 "$(dirname "$0")/again.py" "$TAPIR" --record "$TMP/keys.rec" --empty || [ $? = 7 ] || fail 'see above'
rm -rf "$TMP/.local"
same "$TMP/keys.rec"

# --- in a sandbox, with commands from a pipe, and programs

$TAPIR --record "$TMP/pipe.rec" >/dev/null 2>&1 <<'END'
ping -c 1 10.0.0.2
!ping -c 2 -i 0.2 10.0.0.1 | sed s/64/sixty-four/
!sleep 100 &
nc -l 5000 >/dev/null & nc -N 10.0.0.1 5000 </dev/null
jobs; !id; !sh -c 'exit 4'; echo $?; unknown; !unknown
ip -j addr
END
same "$TMP/pipe.rec"

# --- killed

tapir_start k --empty --record "$TMP/killed.rec"
tapir_run k 'ping -c 1 127.0.0.1' >/dev/null
kill -KILL "${TAPIR_PID[k]}"
tapir_gone k
said=$(again "$TMP/killed.rec")
expect_in "$said" '^again: the same until the recording ends, in turn [1-9][0-9]*, at .*, where tapir was ended from outside$'
expect_in "$said" '^status 0$'

# --- by the environment

mkdir "$TMP/all"
for i in 1 2; do TAPIR_RECORD=$TMP/all $TAPIR --virtual -c "echo $i" >/dev/null; done
[ "$(cat "$TMP"/all/*/output | sort)" = $'1\n2' ] || fail 'TAPIR_RECORD does not record each'

said=$($TAPIR --record "$TMP/all" -c true 2>&1)
[ $? = 1 ] || fail 'a directory with something in it is taken'
expect_in "$said" 'exists and is no empty directory'
