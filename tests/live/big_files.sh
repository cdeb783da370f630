#!/bin/bash
# A large file from http by curl, and by nc both ways; what arrives has the SHA-256 of what was sent. BIG_MIB (default
# 64; 1024 in make live-long).
. "$(dirname "$0")/lib.sh"
needs curl ip nc sha256sum
needs_root
needs_tun
MIB=${BIG_MIB:-64}
PATIENCE=$((20 + MIB / 8)) # seconds

mkdir "$TMP/www"
head -c "${MIB}M" /dev/urandom >"$TMP/www/big"
want=$(sha256sum <"$TMP/www/big")
tapir_start h --host

began=$(date +%s%N)
# arrived WHAT: the sum in $TMP/sum is there, and is right
arrived() {
	local ms
	wait_for 20 grep -q . "$TMP/sum" || fail "$1: nothing arrived"
	ms=$((($(date +%s%N) - began) / 1000000 + 1))
	[ "$(<"$TMP/sum")" = "$want" ] || fail "$1: other octets than were sent"
	echo "$1: $MIB MiB in $ms ms, $((MIB * 8389 / ms)) Mbit/s with the sum"
	rm "$TMP/sum"
	began=$(date +%s%N)
}

tapir_type h "http -q $TMP/www &"
wait_for 5 curl -s -o "$TMP/listing" http://10.0.0.1/ || fail 'no http'
curl -sS -m $PATIENCE http://10.0.0.1/big | sha256sum >"$TMP/sum"
arrived 'http to curl'

tapir_type h "nc -lv 5001 </dev/null | !sha256sum >$TMP/sum &"
tapir_waits h 'Listening on 0\.0\.0\.0 5001' 10
timeout $PATIENCE nc -N 10.0.0.1 5001 <"$TMP/www/big" || fail "the machine's nc ended with $?"
arrived "the machine's nc to ours"

background nc.out sh -c "exec timeout $PATIENCE nc -l 5002 </dev/null | sha256sum >$TMP/sum"
wait_for 10 eval "ss -ltnH | grep -q :5002" || fail "no listener here"
tapir_run h "nc -N 10.0.0.2 5002 <$TMP/www/big" $PATIENCE >/dev/null
arrived "our nc to the machine's"

tapir_stop h || fail "it ended with $?"
