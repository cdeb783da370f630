#!/bin/bash
# A thousand hosts, each with a macvlan of its own on one TAP device: all of them answer the kernel's pings, and
# accept a connection of it, at the same time. HOSTS (default 1000).
. "$(dirname "$0")/lib.sh"
needs ip python3
needs_root
needs_tun
hosts=${HOSTS:-1000}

# The kernel has room for a thousand neighbours in all its namespaces together, unless they are permanent. Ours ask for
# it by ARP, each of them, which all siblings hear.
for i in $(seq "$hosts"); do
	address=10.7.$((i / 250)).$((i % 250 + 1)) mac=$(printf '02:00:00:07:%02x:%02x' $((i / 256)) $((i % 256)))
	echo "ip netns add n$i"
	echo "ip link add link eth0 name mv0 netns n$i address $mac type macvlan mode bridge"
	echo "on n$i ip addr add $address/16 dev mv0"
	echo "on n$i ip link set mv0 up"
	echo "on n$i serve echo >/dev/null &"
	echo "neigh add $address lladdr $mac dev tap0 nud permanent" >&2
done >"$TMP/hosts" 2>"$TMP/neighbours"

cat >"$TMP/all.py" <<'END'
# First the hosts come to know us, a hundred at a time: each asks for us by ARP, and all its siblings hear that. Then every
# host gets an echo request and a connection that sends its number, at once; waits until all have answered both.
import os, selectors, socket, struct, sys
count = int(sys.argv[1])
addresses = [f"10.7.{i // 250}.{i % 250 + 1}" for i in range(1, count + 1)]

def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff

def request(seq):
    head = struct.pack("!BBHHH", 8, 0, 0, os.getpid() & 0xffff, seq)
    return head[:2] + struct.pack("!H", checksum(head)) + head[4:]

sel = selectors.DefaultSelector()
icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
icmp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
icmp.setblocking(False)
sel.register(icmp, selectors.EVENT_READ)

def pinged(wanted):
    silent = set(wanted)
    for i, address in enumerate(wanted):
        icmp.sendto(request(i), (address, 0))
    return silent

def answered(silent):
    packet, (address, _) = icmp.recvfrom(2048)
    if packet[20] == 0:
        silent.discard(address)

for first in range(0, count, 100):
    silent = pinged(addresses[first:first + 100])
    while silent:
        if not sel.select(20):
            sys.exit(f"{len(silent)} from {addresses[first]} on answered no ping")
        answered(silent)

silent, alone = pinged(addresses), set(addresses)
for i, address in enumerate(addresses):
    tcp = socket.socket()
    tcp.setblocking(False)
    tcp.connect_ex((address, 7))
    sel.register(tcp, selectors.EVENT_WRITE, (address, str(i).encode()))
while silent or alone:
    ready = sel.select(20)
    if not ready:
        sys.exit(f"{len(silent)} of {count} answered no ping, {len(alone)} no connection")
    for key, events in ready:
        if key.fileobj is icmp:
            answered(silent)
            continue
        address, data = key.data
        if events & selectors.EVENT_WRITE:
            key.fileobj.sendall(data)
            sel.modify(key.fileobj, selectors.EVENT_READ, key.data)
        elif key.fileobj.recv(100) == data:
            alone.discard(address)
            sel.unregister(key.fileobj)
        else:
            sys.exit(f"{address} answers something else")
END

tapir_start many --tap tap0
ip addr add 10.7.255.254/16 dev tap0
ip link set tap0 up txqueuelen 5000
ip -batch "$TMP/neighbours"
tapir_run many 'ip link set eth0 up' >/dev/null
before=$(date +%s%N)
tapir_run many "source $TMP/hosts" 60 >/dev/null
echo "$hosts hosts were there after $((($(date +%s%N) - before) / 1000000)) ms," \
	"$(grep VmRSS "/proc/${TAPIR_PID[many]}/status" | tr -s '\t ' ' ')"
expect "all of them at once" timeout 60 python3 "$TMP/all.py" "$hosts"
tapir_stop many || fail "it ended with $?"
