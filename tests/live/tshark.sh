#!/bin/bash
# What tshark makes of our TCP: of a few dozen connections without loss its expert finds nothing lost, sent again, twice
# acknowledged or out of order; and of a link with losses as many segments sent again as we say. Nothing is malformed,
# and the checksums are right.
. "$(dirname "$0")/lib.sh"
needs ip nc curl python3 tcpdump tshark
needs_root
needs_tun
PCAP=$TMP/pcap

mkdir "$TMP/www"
seq 1000000 | head -c 4M >"$TMP/www/file" # numbers, as random octets look to tshark like THRIFT, malformed, now and then
tapir_start h --host
tapir_type h 'serve echo &'
tapir_type h "http -q $TMP/www &"
tapir_waits h '^echo: port 7' 5

# --- what was on the wire

# netem completes checksums and cuts super-frames, so that what leaves looks as on a wire.
capture() { # NETEM...
	tapir_run h "tc qdisc replace dev eth0 root netem $*" >/dev/null
	rm -f "$PCAP"
	background tcpdump.txt tcpdump -i tap0 -U -B 65536 -w "$PCAP" tcp
	CAPTURE=$BACKGROUND
	wait_for 10 grep -q 'listening on' "$TMP/tcpdump.txt" || fail "no capture: $(cat "$TMP/tcpdump.txt")"
}

# The last connection is closed on both sides before the end.
captured() {
	wait_for 10 eval '[ -z "$(ss -tnH state established)" ]' || fail "open: $(ss -tn)"
	kill -INT "$CAPTURE"
	wait "$CAPTURE"
	expect_in "$(<"$TMP/tcpdump.txt")" '^0 packets dropped by kernel' tcpdump
}

# shark FILTER: the packets, one a line
shark() {
	tshark -n -r "$PCAP" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -Y "$1" 2>"$TMP/tshark.txt" ||
		fail "tshark: $(<"$TMP/tshark.txt")"
}

# none FILTER WHAT
none() {
	local found
	found=$(shark "$1") || exit 1
	[ -z "$found" ] || fail "$2:"$'\n'"$(head -n 20 <<<"$found")"
}

# The kernel leaves its checksums to the device, so only ours can be looked at.
in_form() {
	none '_ws.malformed || (ip.src == 10.0.0.1 && _ws.expert.severity >= error)' 'malformed'
	none 'ip.src == 10.0.0.1 && (tcp.checksum.status != 1 || ip.checksum.status != 1)' 'wrong checksums'
	[ "$(shark 'ip.src == 10.0.0.1 && tcp.len > 0' | wc -l)" -gt 2500 ] || fail "not all was captured"
}

# counted NAME: since the start
counted() {
	tapir_run h "nstat -az $1" | awk -v name="$1" '$1 == name { print $2 }'
}

# A tail of one octet that is sent again looks like a keepalive to tshark, so it may see fewer than we say.
again='tcp.analysis.retransmission || tcp.analysis.fast_retransmission || tcp.analysis.spurious_retransmission'
retransmissions() {
	local seen said
	seen=$(shark "ip.src == 10.0.0.1 && ($again)" | wc -l)
	said=$(counted TcpRetransSegs)
	[ "$seen" -le "$said" ] || fail "tshark sees $seen segments sent again, we say $said"
	echo "$said segments sent again"
}

# --- all kinds of connections

cat >"$TMP/talk.py" <<'END'
# A dialogue, pieces of all sizes, half-closed, and ended by a reset.
import socket, struct
def read(s, n):
    while n:
        n -= len(s.recv(n))
for round in range(10):
    s = socket.create_connection(("10.0.0.1", 7), timeout=20)
    for n in (1, 2, 100, 1447, 1448, 1449, 3000, 65536):
        s.sendall(bytes(n))
        read(s, n)
    if round % 3 == 2:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        s.shutdown(socket.SHUT_WR)
        assert s.recv(1) == b""
    s.close()
END
listeners=0
traffic() {
	timeout 60 python3 "$TMP/talk.py" || fail "the dialogues"
	curl -sS -m 60 -o "$TMP/got" http://10.0.0.1/file http://10.0.0.1/none -o "$TMP/none" || fail "curl: $?"
	cmp -s "$TMP/got" "$TMP/www/file" || fail "curl got other octets"
	background nc.txt sh -c "exec timeout 60 nc -l 5001 </dev/null >$TMP/got"
	wait_for 10 eval "ss -ltnH | grep -q :5001" || fail "no listener here"
	tapir_run h "nc -N 10.0.0.2 5001 <$TMP/www/file" 60 >/dev/null
	wait_for 20 cmp -s "$TMP/got" "$TMP/www/file" || fail "nc, from us"
	listeners=$((listeners + 1))
	tapir_type h "nc -lv 5002 >$TMP/got2 </dev/null &"
	wait_for 10 eval '[ "$(grep -c "Listening on 0.0.0.0 5002" "$TMP/h.out")" = $listeners ]' || fail "no listener there"
	timeout 60 nc -N 10.0.0.1 5002 <"$TMP/www/file" || fail "the machine's nc ended with $?"
	wait_for 20 cmp -s "$TMP/got2" "$TMP/www/file" || fail "nc, to us"
	tapir_run h 'nc -z 10.0.0.2 81; for i in 1 2 3 4 5; do echo x | nc -N 10.0.0.1 7; done' >/dev/null
}

capture rate 200mbit delay 20ms limit 10000
traffic
captured
in_form
none 'tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || tcp.analysis.out_of_order' 'lost or out of order'
# (what the kernel sends again, because we were late, is acknowledged again)
twice=$(shark 'ip.src == 10.0.0.1 && tcp.analysis.duplicate_ack' | wc -l)
[ "$twice" -le "$(shark "ip.src == 10.0.0.2 && ($again)" | wc -l)" ] || fail "$twice times acknowledged twice"
none 'ip.src == 10.0.0.1 && tcp.analysis.reused_ports' 'the same port again'
retransmissions
# Where the machine is so busy that a round trip takes three times as long, tail loss probes are in order.
[ "$(counted TcpRetransSegs)" -le "$(counted TcpExtTCPLossProbes)" ] || fail "sent again, though nothing was lost"

capture rate 200mbit delay 20ms loss 1% limit 10000
traffic
captured
in_form
retransmissions
tapir_says h 'drops NETEM_LOSS' NETEM_LOSS
tapir_stop h || fail "it ended with $?"
