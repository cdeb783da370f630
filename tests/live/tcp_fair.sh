#!/bin/bash
# Flows of ours beside flows of the kernel's, all CUBIC: in a bottleneck for two neither gets more than twice what the
# other gets.
#
#	k1 (kernel) --- r (tapir, sends as well) --- rate, delay, a short queue --- k2 (kernel, receives both)
#
# One pair of flows proves little in the time a test has: of two flows of the kernel's in such a bottleneck one got twice
# the other's share, or more, in 4 of 26 trials of 12 s. So FAIR_PAIRS (default 5) have a bottleneck each, at the
# same time, and what ours get together is compared with what the kernel's get together, on each of two links.
# FAIR_SECONDS (default 15) are measured, after five for the start.
#
# ACKs come back with a jitter of a millisecond. Without it all runs like a clock: an ACK is made when the queue has
# just let a packet go, ours answers it at once and finds the queue full, the kernel's has one hop more to go and finds
# room, and so the same flow loses at every turn (phase effects), ours here.
. "$(dirname "$0")/lib.sh"
needs ip python3
needs_root
needs_tun
SECONDS_MEASURED=${FAIR_SECONDS:-15}
PAIRS=${FAIR_PAIRS:-5}
LINKS=('rate 10mbit delay 10ms limit 100' 'rate 30mbit delay 10ms limit 200') # 10 ms come on the way back

python3 -c 'import socket; socket.socket().setsockopt(6, socket.TCP_CONGESTION, b"cubic")' || skip "the kernel has no CUBIC"

# --- pair i: 10.i.1.2 in k1, 10.i.1.1 and 10.i.2.1 in r, 10.i.2.2 in k2

last=$((PAIRS * ${#LINKS[@]}))
for i in $(seq "$last"); do
	taps+=(--tap "a$i" --addr "10.$i.1.1/24" --tap "b$i" --addr "10.$i.2.1/24")
done
tapir_start r "${taps[@]}"
tapir_run r 'sysctl -w net.ipv4.ip_forward=1' >/dev/null
ip netns add k1 && ip netns add k2 || fail "no namespaces"
for i in $(seq "$last"); do
	link=${LINKS[(i - 1) / PAIRS]}
	dev=eth$((2 * i - 1))
	tapir_type r "tc qdisc add dev $dev root netem $link; tc qdisc add dev $dev ingress netem delay 10ms 1ms rate 1gbit"
	for end in a1 b2; do
		n=${end#?}
		ip link set "${end%?}$i" netns k$n
		ip -n k$n addr add "10.$i.$n.2/24" dev "${end%?}$i"
		ip -n k$n link set "${end%?}$i" up
		ip -n k$n route add "10.$i.$((3 - n)).0/24" via "10.$i.$n.1"
	done
done
expect_in "$(tapir_run r 'sysctl net.ipv4.tcp_congestion_control')" '= cubic$'

# --- flows

cat >"$TMP/sink.py" <<'END'
# sink.py FLOWS SECONDS: takes so many connections, and prints for each how much it brought in the time.
import selectors, socket, sys, time
l = socket.create_server(("", 5000), backlog=100)
print("ready", flush=True)
sel, got = selectors.DefaultSelector(), {}
for _ in range(int(sys.argv[1])):
    c, (who, _) = l.accept()
    c.setblocking(False)
    sel.register(c, selectors.EVENT_READ, who)
    got[who] = 0
start = time.monotonic() + 5
while (now := time.monotonic()) < start + float(sys.argv[2]):
    for key, _ in sel.select(0.1):
        n = len(key.fileobj.recv(1 << 16))
        if now > start:
            got[key.data] += n
for who, n in got.items():
    print("share", who, n)
END
cat >"$TMP/source.py" <<'END'
# source.py PAIRS: a flow for each.
import socket, sys, threading
def send(i):
    s = socket.socket()
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    s.connect((f"10.{i}.2.2", 5000))
    assert s.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0") == b"cubic"
    try:
        while True:
            s.sendall(bytes(65536))
    except OSError:
        pass
for i in range(1, int(sys.argv[1]) + 1):
    threading.Thread(target=send, args=(i,)).start()
END
background sink.txt ip netns exec k2 python3 "$TMP/sink.py" $((2 * last)) "$SECONDS_MEASURED"
sink=$BACKGROUND
wait_for 20 grep -q ready "$TMP/sink.txt" || fail "no receiver"
background source.txt ip netns exec k1 python3 "$TMP/source.py" "$last"
for i in $(seq "$last"); do
	tapir_type r "nc 10.$i.2.2 5000 </dev/zero &"
done
wait_for $((SECONDS_MEASURED + 40)) eval "! kill -0 $sink" || fail "no end: $(cat "$TMP/sink.txt" "$TMP/source.txt")"

# --- shares

# share WHO: kbit/s of the flow that comes from there
share() {
	local n
	n=$(awk -v who="$1" '$1 == "share" && $2 == who { print $3 }' "$TMP/sink.txt")
	[ -n "$n" ] || fail "no flow from $1: $(cat "$TMP/sink.txt" "$TMP/source.txt")"
	echo $((n * 8 / 1000 / SECONDS_MEASURED))
}

bad=
for l in "${!LINKS[@]}"; do
	ours=0 theirs=0 each=
	for i in $(seq $((l * PAIRS + 1)) $(((l + 1) * PAIRS))); do
		o=$(share "10.$i.2.1") && t=$(share "10.$i.1.2") || exit 1
		ours=$((ours + o)) theirs=$((theirs + t)) each+=" $o:$t"
	done
	echo "${LINKS[l]}: ours $ours kbit/s, the kernel's $theirs kbit/s ($each )"
	[ "$ours" -lt $((2 * theirs)) ] && [ "$theirs" -lt $((2 * ours)) ] || bad=1
done
[ -z "$bad" ] || fail "shares that differ by more than a factor of two"
tapir_run r 'kill $(jobs -p); wait' >/dev/null
tapir_stop r || fail "it ended with $?"
