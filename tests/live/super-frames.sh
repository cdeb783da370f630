#!/bin/bash
# The kernel's TCP through tapir as a router between two hosts: super-frames (TSO) in one piece, then cut for a netem
# that delays, loses, duplicates and reorders. What arrives is what was sent, octet for octet.
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
packets=$(tapir_run r 'ip -s -j link show eth1' | python3 -c \
	'import json, sys; print(json.load(sys.stdin)[0]["stats64"]["tx"]["packets"])')
segments=$((MIB_FAST * 1024 * 1024 / 1448))
[ "$packets" -lt $((segments / 3)) ] || fail "$packets frames for $segments segments: no super-frames"
transfer $MIB_FAST 2 1
expect_not_in "$(tapir_run r 'nstat -az IpFragCreates')" 'IpFragCreates +[1-9]'
expect_in "$(tapir_run r drops)" 'REASON|nothing' drops

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
tapir_stop r || fail "it ended with $?"
