#!/bin/bash
# The kernel's TCP and UDP through tapir as a router between two hosts: super-frames (TSO, USO) in one piece, then cut for a
# netem that delays, loses, duplicates and reorders. What arrives is what was sent, octet for octet.
. "$(dirname "$0")/lib.sh"
needs ip python3 sha256sum
needs_root
needs_tun

MIB_FAST=300 MIB_SLOW=20

tapir_start r --tap t0 --addr 10.1.0.1/24 --tap t1 --addr 10.2.0.1/24
tapir_run r 'sysctl -w net.ipv4.ip_forward=1' >/dev/null
for n in 1 2; do
	ip netns add k$n
	ip link set t$((n - 1)) netns k$n
	ip -n k$n link set lo up
	ip -n k$n addr add 10.$n.0.2/24 dev t$((n - 1))
	ip -n k$n link set t$((n - 1)) up
	ip -n k$n route add default via 10.$n.0.1
done
expect "ping through the router" ip netns exec k1 ping -c 3 -i 0.2 10.2.0.2

cat >"$TMP/tcp.py" <<'END'
# serve FILE | fetch ADDRESS: one connection, all of FILE; fetch prints octets and SHA-256
import hashlib, socket, sys
if sys.argv[1] == "serve":
    s = socket.create_server(("", 5000))
    print("listening", flush=True)
    while True:
        c, _ = s.accept()
        with c, open(sys.argv[2], "rb") as f:
            c.sendfile(f)
c = socket.create_connection((sys.argv[2], 5000), timeout=60)
h, n = hashlib.sha256(), 0
while data := c.recv(1 << 20):
    h.update(data)
    n += len(data)
print(n, h.hexdigest())
END

cat >"$TMP/udp.py" <<'END'
# receive | send ADDRESS: five writes that are 17 datagrams each (UDP_SEGMENT); both print datagrams, octets and SHA-256
import hashlib, os, socket, sys
data = [os.urandom(16500) for _ in range(5)]
if sys.argv[1] == "send":
    s = socket.socket(socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_UDP, 103, 1000)
    s.connect((sys.argv[2], 5001))
    for write in data:
        s.send(write)
    print(85, 82500, hashlib.sha256(b"".join(data)).hexdigest())
    sys.exit()
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 5001))
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
s.settimeout(5)
print("listening", flush=True)
got = []
try:
    while len(got) < 85:
        got.append(s.recv(65536))
except TimeoutError:
    pass
print(len(got), sum(map(len, got)), hashlib.sha256(b"".join(got)).hexdigest())
END

# datagrams TO: from k1 to this address of k2
datagrams() {
	background receive.out ip netns exec k2 python3 "$TMP/udp.py" receive
	wait_for 10 grep -q listening "$TMP/receive.out" || fail "nobody listens"
	sent=$(ip netns exec k1 python3 "$TMP/udp.py" send "$1")
	wait "$BACKGROUND"
	[ "$(tail -1 "$TMP/receive.out")" = "$sent" ] || fail "sent to $1: $sent, got: $(<"$TMP/receive.out")"
}

# sent_by DEVICE: how many frames
sent_by() {
	tapir_run r "ip -s -j link show $1" | python3 -c \
		'import json, sys; print(json.load(sys.stdin)[0]["stats64"]["tx"]["packets"])'
}

# transfer MIB FROM TO: a file from 10.FROM.0.2 arrives at 10.TO.0.2.
transfer() {
	local mib=$1 from=$2 to=$3 want got
	head -c ${mib}M /dev/urandom >"$TMP/file"
	want="$((mib << 20)) $(sha256sum <"$TMP/file" | cut -d' ' -f1)"
	background serve.out ip netns exec k$from python3 "$TMP/tcp.py" serve "$TMP/file"
	wait_for 10 grep -q listening "$TMP/serve.out" || fail "the server does not listen"
	got=$(ip netns exec k$to timeout 100 python3 "$TMP/tcp.py" fetch 10.$from.0.2)
	kill $BACKGROUND
	[ "$got" = "$want" ] || fail "$mib MiB from k$from to k$to: $got instead of $want"
}

# --- whole super-frames: far fewer frames than there are segments, and nothing fragmented

transfer $MIB_FAST 1 2
packets=$(sent_by eth1)
segments=$((MIB_FAST * 1024 * 1024 / 1448))
[ "$packets" -lt $((segments / 3)) ] || fail "$packets frames for $segments segments: no super-frames"
transfer $MIB_FAST 2 1
expect_not_in "$(tapir_run r 'nstat -az IpFragCreates')" 'IpFragCreates +[1-9]'
expect_in "$(tapir_run r drops)" 'REASON|nothing' drops

# --- datagrams, which Linux hands over in one piece since 6.2, of both IPs

packets=$(sent_by eth1)
datagrams 10.2.0.2
packets=$(($(sent_by eth1) - packets))
modern=$(printf '%s\n' 6.2 "$(uname -r)" | sort -CV && echo yes)
[ -z "$modern" ] || [ "$packets" -lt 20 ] || fail "$packets frames for 85 datagrams: no super-frames"

# --- a smaller MTU behind the router: the sender learns it, though its super-frames are larger than any MTU

ip -n k2 link set t1 mtu 1300
tapir_run r 'ip link set eth1 mtu 1300' >/dev/null
transfer 20 1 2
ip -n k2 link set t1 mtu 1500
tapir_run r 'ip link set eth1 mtu 1500' >/dev/null

# --- netem cuts them

tapir_run r 'tc qdisc add dev eth1 root netem delay 5ms 1ms loss 1% duplicate 1% reorder 5% limit 10000' >/dev/null
tapir_run r 'tc qdisc add dev eth0 root netem delay 5ms loss 1% corrupt 0.1% limit 10000' >/dev/null
transfer $MIB_SLOW 1 2
transfer $MIB_SLOW 2 1
tapir_says r 'drops NETEM_LOSS' 'NETEM_LOSS'
tapir_says r 'tc -s qdisc show dev eth1' ' Sent [0-9]+ bytes [0-9]{5,} pkt \(dropped [1-9]'
tapir_run r 'tc qdisc del dev eth1 root; tc qdisc del dev eth0 root' >/dev/null

# --- a bridge carries those of IPv6 on: whole, and cut where its port cannot take them

tapir_run r 'ip link add br0 type bridge; ip link set br0 up; ip link set eth0 master br0; ip link set eth1 master br0' >/dev/null
for n in 1 2; do
	ip -n k$n addr add fd00::$n/64 dev t$((n - 1)) nodad
done
expect "ping by the bridge" ip netns exec k1 ping -c 1 -W 5 fd00::2
packets=$(sent_by eth1)
datagrams fd00::2
packets=$(($(sent_by eth1) - packets))
[ -z "$modern" ] || [ "$packets" -lt 20 ] || fail "$packets frames for 85 datagrams: no super-frames"
tapir_run r 'tc qdisc add dev eth1 root netem delay 1ms' >/dev/null
datagrams fd00::2
tapir_stop r || fail "it ended with $?"
