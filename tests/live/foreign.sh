#!/bin/bash
# SPDX-License-Identifier: MIT
# Foreign captures: the machine's tcpdump looks on while its curl fetches from our server, over a good link and over one that
# loses, its nc sends to us, and ours to it. Replayed, the same streams and states come about; and where the capture is changed,
# the octet is named.
. "$(dirname "$0")/lib.sh"
needs ip tcpdump curl nc
needs_root
needs_tun

mkdir "$TMP/www"
head -c 3M /dev/urandom >"$TMP/www/large"
(seq 2000 && echo 'changed in one octet' && seq 5000) >"$TMP/www/text"

tapir_start h --host
mac=$(tapir_run h 'ip link show eth0' | sed -n 's/.*link\/ether \([0-9a-f:]*\).*/\1/p')
tapir_type h "http -q $TMP/www & nc -l 4000 >$TMP/received && echo received &"

# capture FILE: from now on; ends with captured FILE
capture() {
	background "$1.txt" tcpdump -i tap0 -U -B 32768 -w "$TMP/$1"
	CAPTURE=$BACKGROUND
	wait_for 10 grep -q 'listening on' "$TMP/$1.txt" || fail "no capture: $(<"$TMP/$1.txt")"
}

# On both sides.
all_have_ended() {
	wait_for 20 eval '[ -z "$(ss -tnH)" ]' || fail "open: $(ss -tn)"
}

# A ping is the last thing in it.
captured() {
	all_have_ended
	expect ping ping -c 1 -W 10 10.0.0.1
	wait_for 10 eval "tcpdump -n -r $TMP/$1 'icmp[0] == 0' 2>/dev/null | grep -q reply" || fail "$1 does not end"
	kill -INT "$CAPTURE"
	wait "$CAPTURE"
	expect_in "$(<"$TMP/$1.txt")" '^0 packets dropped by kernel' "$1"
}

# replay STATUS PATTERN FILE OPTION...
replay() {
	local want=$1 pattern=$2 file=$3 status
	shift 3
	(cd "$TMP" && timeout 60 "$TAPIR" replay "$file" --setup setup "$@") >"$TMP/replay.log" 2>&1
	status=$?
	[ $status = "$want" ] || fail "replay $file $*: status $status, not $want: $(<"$TMP/replay.log")"
	expect_in "$(<"$TMP/replay.log")" "$pattern" "replay $file $*"
}

fetch() {
	expect curl curl -sS -m 60 -o "$TMP/got" "http://10.0.0.1/$1"
	cmp -s "$TMP/got" "$TMP/www/$1" || fail "curl got another $1"
}

cat >"$TMP/setup" <<END
ip link set eth0 address $mac
ip addr add 10.0.0.1/24 dev eth0
ip link set eth0 up
http -q $TMP/www &
nc -l 4000 >/dev/null &
END

capture good.pcap
fetch text
fetch large
expect curl curl -sS -m 60 -o "$TMP/got" "http://10.0.0.1/none"
timeout 60 nc -N 10.0.0.1 4000 <"$TMP/www/large" || fail "nc: $?"
tapir_waits h '^received' 10
cmp -s "$TMP/received" "$TMP/www/large" || fail "we got something else"
captured good.pcap
replay 0 '^4 connections, 1 exchange of messages: the same streams and states$' good.pcap --foreign
replay 0 ': the same streams and states$' good.pcap --ours 10.0.0.1

# One octet of ours is another one.
LC_ALL=C sed 's/changed in one octet/chanGed in one octet/' "$TMP/good.pcap" >"$TMP/changed.pcap"
replay 1 '^TCP 10\.0\.0\.1:80 - 10\.0\.0\.2:[0-9]+ is not as expected:' changed.pcap --foreign
expect_in "$(<"$TMP/replay.log")" '^  octet [0-9]+ +expected ( [0-9a-f]{2})* 47' 'changed.pcap'
expect_in "$(<"$TMP/replay.log")" '^  octet [0-9]+ +got      ( [0-9a-f]{2})* 67' 'changed.pcap'
expect_in "$(<"$TMP/replay.log")" ': different$' 'changed.pcap'

# What began before is left out, and so is what lacks our SYN-ACK.
tcpdump -r "$TMP/good.pcap" -w "$TMP/later.pcap" 'tcp and tcp[tcpflags] & tcp-syn == 0' 2>/dev/null
replay 2 'there is nothing to compare in it' later.pcap --foreign
expect_in "$(<"$TMP/replay.log")" 'packets of connections that had begun before the capture were left out' 'later.pcap'
tcpdump -r "$TMP/good.pcap" -w "$TMP/lacking.pcap" 'not tcp or tcp[tcpflags] & (tcp-syn|tcp-ack) != (tcp-syn|tcp-ack)' \
	2>/dev/null
replay 0 '^0 connections, 1 exchange of messages: the same' lacking.pcap --foreign

# A link that loses.
tapir_run h 'tc qdisc add dev eth0 root netem loss 3%' >/dev/null
capture bad.pcap
fetch large
all_have_ended
tapir_run h 'tc qdisc del dev eth0 root' >/dev/null
captured bad.pcap
replay 0 '^1 connection, 1 exchange of messages: the same streams and states$' bad.pcap --foreign

# We are the client. (Who we are is not in the setup: a server of ours would be another one.)
background server.txt nc -l 10.0.0.2 4001
wait_for 10 eval "ss -ltn | grep -q :4001" || fail "nc does not listen"
capture client.pcap
tapir_says h "nc -N 10.0.0.2 4001 <$TMP/www/text; echo status \$?" '^status 0'
captured client.pcap
echo "sleep 1 && nc -N 10.0.0.2 4001 <$TMP/www/text &" >>"$TMP/setup"
replay 0 '^1 connection, 1 exchange of messages: the same streams and states$' client.pcap --foreign

# What cannot be.
replay 2 'we sent none of these packets' good.pcap --ours 10.0.0.77
replay 2 '^tapir replay: --ours wants addresses as .*, not .10\.0\.' good.pcap --ours 10.0.
replay 2 'does not go with --foreign' good.pcap --foreign --expect out.pcap
tapir_stop h || fail "it ended with $?"
