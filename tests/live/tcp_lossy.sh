#!/bin/bash
# TCP against the kernel's over a bad link: loss, reordering and duplicates by netem on our side both ways. What arrives
# is what was sent, octet for octet; under ASan. The kernel's sender takes CUBIC, as ours does: the times that are printed
# can be compared. 30 % loss takes minutes: LOSSY_30=1 (make live-long), or tests/netsim, where the clock is
# virtual.
. "$(dirname "$0")/lib.sh"
needs ip python3 nc
needs_root
needs_tun
TAPIR=$BUILD/unit/tapir
MIB=${LOSSY_MIB:-4}

cat >"$TMP/send.py" <<'END'
import socket, sys
s = socket.socket()
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
s.settimeout(60)
s.connect(("10.0.0.1", int(sys.argv[1])))
with open(sys.argv[2], "rb") as f:
    s.sendfile(f)
s.shutdown(socket.SHUT_WR)
while s.recv(1000):
    pass
END
python3 -c 'import socket; socket.socket().setsockopt(6, socket.TCP_CONGESTION, b"cubic")' || skip "the kernel has no CUBIC"
head -c "${MIB}M" /dev/urandom >"$TMP/a"
head -c "${MIB}M" /dev/urandom >"$TMP/b"
tapir_start h --host

# ms_since NS
ms_since() {
	echo $((($(date +%s%N) - $1) / 1000000))
}

same() { # FILE WANTED WHAT
	wait_for 20 cmp -s "$1" "$2" || fail "$3: $(stat -c %s "$1") octets, or other ones"
}

netem() {
	tapir_run h "tc qdisc replace dev eth0 root netem $*; tc qdisc replace dev eth0 ingress netem $*" >/dev/null
}

port=5000
# link NETEM...: what a link of this kind does to a file each way, and then to both at once
link() {
	local start out in
	port=$((port + 1))
	netem "$@"
	background a.txt sh -c "exec timeout 100 nc -l $port >$TMP/a.got"
	wait_for 10 eval "ss -ltnH | grep -q :$port" || fail "no listener here"
	start=$(date +%s%N)
	tapir_run h "nc -N 10.0.0.2 $port <$TMP/a" 100 >/dev/null
	same "$TMP/a.got" "$TMP/a" "$*, from us"
	out=$(ms_since "$start")

	tapir_type h "nc -lv $port >$TMP/b.got </dev/null &"
	tapir_waits h "Listening on 0\.0\.0\.0 $port" 10
	start=$(date +%s%N)
	timeout 100 python3 "$TMP/send.py" $port "$TMP/b" || fail "$*: the kernel cannot send"
	same "$TMP/b.got" "$TMP/b" "$*, to us"
	in=$(ms_since "$start")
	echo "$*: $out ms from us, $in ms to us"

	background b.txt sh -c "exec timeout 100 nc -N -l $port <$TMP/b >$TMP/a.got2"
	wait_for 10 eval "ss -ltnH | grep -q :$port" || fail "no listener here"
	tapir_run h "nc -N 10.0.0.2 $port <$TMP/a >$TMP/b.got2" 100 >/dev/null
	same "$TMP/a.got2" "$TMP/a" "$*, from us, both ways at once"
	same "$TMP/b.got2" "$TMP/b" "$*, to us, both ways at once"
	tapir_run h wait >/dev/null
}

# A MiB from us. The kernel's own sender is no measure here: soon it waits two minutes for each segment, to another kernel
# too, and after fifteen it gives up.
thirty_percent() {
	local start
	head -c 1M "$TMP/a" >"$TMP/a1"
	netem delay 1ms loss 30%
	background a.txt sh -c "exec nc -l 6000 </dev/null >$TMP/a.got"
	wait_for 10 eval "ss -ltnH | grep -q :6000" || fail "no listener here"
	start=$(date +%s%N)
	tapir_run h "nc -N 10.0.0.2 6000 <$TMP/a1" 3000 >/dev/null
	same "$TMP/a.got" "$TMP/a1" '30 % loss'
	echo "30 % loss, 1 MiB from us: $(ms_since "$start") ms"
	exit 0
}

[ -z "${LOSSY_30-}" ] || thirty_percent
link delay 2ms loss 5% duplicate 5% reorder 5%
link delay 10ms 3ms loss 1%
link delay 1ms corrupt 2% duplicate 10%
tapir_says h 'drops NETEM_LOSS' NETEM_LOSS
tapir_stop h || fail "it ended with $?"
