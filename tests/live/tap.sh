#!/bin/bash
# --tap and --tun: interfaces made and attached to, with what belongs to each; errors; the interface goes away.
. "$(dirname "$0")/lib.sh"
needs ping ip setpriv python3
needs_root
needs_tun

error() { # PATTERN OPTION...
	local pattern=$1 out
	shift
	out=$("$TAPIR" "$@" -c 'echo started' 2>&1) && fail "no error: $*"
	expect_in "$out" "$pattern" "$*"
	expect_not_in "$out" '^started'
}

# --- made, each with its options; gone at the end

tapir_start m --tap t0 --addr 10.1.0.1/24 --addr 10.9.0.1/16 --mac 02:00:00:00:00:77 --gw 10.1.0.2 \
	--tap t1 --addr 10.2.0.1/24 --tun u0 --addr 10.3.0.1/24
ip addr add 10.1.0.2/24 dev t0
ip addr add 10.2.0.2/24 dev t1
ip addr add 10.3.0.2/24 dev u0
for n in 1 2 3; do
	tapir_says m "ping -c 2 10.$n.0.2" '2 packets transmitted, 2 received, 0% packet loss'
	expect "kernel to 10.$n.0.1" ping -c 2 -i 0.2 -W 2 10.$n.0.1
	expect "large, to 10.$n.0.1" ping -c 1 -s 20000 -W 2 10.$n.0.1
done
ip neigh show dev t0 | grep -q '10.1.0.1 lladdr 02:00:00:00:00:77' || fail "--mac: $(ip neigh)"
tapir_says m 'ip route' '^default via 10\.1\.0\.2 dev eth0'
tapir_says m 'ip addr show eth0' 'inet 10\.9\.0\.1/16'
tapir_says m 'ip addr show eth1' 'inet 10\.2\.0\.1/24'
tapir_says m 'ip addr show tun0' 'inet 10\.3\.0\.1/24'

# --- plain: no segment longer than the MTU either way, though the kernel would send longer ones to another program

tapir_start p --tap p1 --addr 10.5.0.1/24 --plain
ip addr add 10.5.0.2/24 dev p1
tapir_says p 'ping -c 2 10.5.0.2' '2 packets transmitted, 2 received, 0% packet loss'
tapir_type p 'serve echo &'
tapir_run p 'ip -s link' >/dev/null
expect "a megabyte there and back" timeout 30 python3 - <<'END'
import socket, threading
s = socket.create_connection(("10.5.0.1", 7))
data = bytes(range(256)) * 4096
threading.Thread(target=s.sendall, args=(data,)).start()
got = b""
while len(got) < len(data):
    got += s.recv(1 << 20)
assert got == data
END
for way in rx tx; do
	read -r packets bytes <<<"$(awk -v way=$way '$1 == "p1:" { print way == "rx" ? $3 " " $2 : $11 " " $10 }' /proc/net/dev)"
	[ "$bytes" -gt 1000000 ] && [ "$bytes" -lt $((packets * 1514)) ] || fail "$way: $bytes bytes in $packets frames"
done
tapir_stop p || fail "it ended with $?"

# --- the interface is deleted while we run: carrier lost, no harm

ip link del t0
wait_for 5 eval 'tapir_run m "ip link show eth0" | grep -q NO-CARRIER' || fail "eth0 keeps its carrier"
tapir_says m 'ping -c 1 -W 1 10.1.0.2' '100% packet loss|[Uu]nreachable'
tapir_says m 'ping -c 1 10.2.0.2' '1 received'
tapir_stop m || fail "it ended with $?"
for name in t1 u0; do
	ip link show $name 2>/dev/null && fail "$name was left"
done

# --- an interface whose last program used longer virtio headers

cat >"$TMP/longer.py" <<'END'
import fcntl, os, struct
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"v0", 0x5002))  # TUNSETIFF: tap, no_pi, vnet_hdr
fcntl.ioctl(fd, 0x400454D8, struct.pack("i", 12))  # TUNSETVNETHDRSZ
fcntl.ioctl(fd, 0x400454CB, 1)  # TUNSETPERSIST
END
expect "an interface with headers of 12 bytes" python3 "$TMP/longer.py"
ip addr add 10.6.0.2/24 dev v0
ip link set v0 up
tapir_start v --tap v0 --addr 10.6.0.1/24
tapir_says v 'ping -c 1 10.6.0.2' '1 received'
tapir_stop v || fail "it ended with $?"

# --- attached: by root, by its owner without root; it stays, with its MTU

needs_real_root
tapir_as_user
ip tuntap add dev p0 mode tap user "$USER_ID"
ip link set p0 mtu 1300 up
ip addr add 10.4.0.2/24 dev p0
mount -t tmpfs -o mode=755 none /dev/net && mknod -m 666 /dev/net/tun c 10 200 || skip "no node can be made"
tapir_start a --tap p0 --addr 10.4.0.1/24
tapir_says a 'ip link show eth0' 'mtu 1300'
tapir_says a 'ping -c 2 -s 4000 10.4.0.2' '2 packets transmitted, 2 received, 0% packet loss'
expect "kernel to tapir" ping -c 1 -s 4000 -W 2 10.4.0.1

# --- errors say what to do

error "--tap p0: another program is attached to it" --tap p0
error "--tap new0: needs root.*ip tuntap add dev new0 mode tap user $USER_ID" --tap new0
error "--tun p0: .*no tun interface" --tun p0
tapir_stop a || fail "it ended with $?"
ip link show p0 >/dev/null || fail "the interface that was there is gone"
TAPIR=$BUILD/tapir
error "there is an interface of this name, and it is no tap interface" --tap lo
error "gateway 10.8.0.9 is in the subnet of none of its addresses" --tap t0 --addr 10.7.0.1/24 --gw 10.8.0.9
error "only one --gw" --tap t0 --addr 10.7.0.1/24 --gw 10.7.0.2 --tap t1 --addr 10.8.0.1/24 --gw 10.8.0.2
error "--virtual needs devices inside tapir" --virtual --tap t0
error "--addr, --mac, --gw and --plain belong to" --addr 10.0.0.1/24 --tap t0
ip link show t0 2>/dev/null && fail "an error left t0"
exit 0
