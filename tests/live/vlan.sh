#!/bin/bash
# Tagged super-frames through TAP devices: two tapirs with VLAN devices, and one VLAN in another, on a bridge of the
# kernel, which carries tags without knowing VLANs; and the kernel itself, which takes priority tags (VLAN 0) for none.
. "$(dirname "$0")/lib.sh"
needs ip python3 sha256sum
needs_root
needs_tun

MIB=100

tapir_start left --tap l0
tapir_start right --tap r0
ip netns add switch
ip -n switch link add br0 type bridge 2>/dev/null || skip "the kernel has no bridges"
for d in l0 r0; do
	ip link set $d netns switch
	ip -n switch link set $d master br0
	ip -n switch link set $d up
done
ip -n switch link set br0 up

# vlan HOST N: what both have, with 10.*.0.N.
vlan() {
	tapir_run $1 "ip link add link eth0 name eth0.10 type vlan id 10
		ip link add link eth0 name s5 type vlan protocol 802.1ad id 5
		ip link add link s5 name s5.7 type vlan id 7
		ip addr add 10.10.0.$2/24 dev eth0.10; ip addr add 10.7.0.$2/24 dev s5.7
		for d in eth0.10 s5 s5.7; do ip link set \$d up; done"
}
vlan left 1
vlan right 2
tapir_says left 'ping -c 2 -i 0.2 10.10.0.2' '2 packets transmitted, 2 received'
tapir_says left 'ping -c 2 -i 0.2 10.7.0.2' '2 packets transmitted, 2 received'

frames() { # HOST DEVICE: sent so far
	tapir_run $1 "ip -s -j link show $2" | python3 -c \
		'import json, sys; print(json.load(sys.stdin)[0]["stats64"]["tx"]["packets"])'
}

# --- through the bridge: a file arrives as it was, in far fewer frames than segments

head -c ${MIB}M /dev/urandom >"$TMP/file"
want=$(sha256sum <"$TMP/file")
for net in 10.10 10.7; do
	tapir_run right "nc -l 5000 > $TMP/got &" >/dev/null
	before=$(frames left eth0)
	tapir_run left "nc -N $net.0.2 5000 < $TMP/file" 60
	tapir_run right 'wait' 20 >/dev/null
	sent=$(($(frames left eth0) - before))
	[ "$(sha256sum <"$TMP/got")" = "$want" ] || fail "what arrived by $net is not what was sent"
	[ $sent -lt $((MIB * 1024 * 1024 / 1448 / 3)) ] || fail "$sent frames by $net: no super-frames"
done
tapir_says right drops 'COUNT|no packet'
expect_not_in "$(tapir_run right drops)" 'OFFLOAD|CHECKSUM|TRUNCATED'

# --- to the kernel's own stack

tapir_start zero --tap z0
ip netns add k
ip link set z0 netns k
ip -n k addr add 10.0.0.2/24 dev z0
ip -n k link set z0 up
tapir_run zero 'ip link add link eth0 name prio type vlan id 0; ip addr add 10.0.0.1/24 dev prio; ip link set prio up'
# Its answers have no tag and come in by eth0, so ARP on prio would wait for ever.
mac=$(ip -n k -br link show z0 | awk "{print \$3}")
tapir_run zero "ip neigh add 10.0.0.2 lladdr $mac dev prio"
background sink.out ip netns exec k python3 -c 'import hashlib, socket
c, _ = socket.create_server(("", 5000)).accept()
h = hashlib.sha256()
while data := c.recv(1 << 20):
	h.update(data)
print(h.hexdigest(), " -")'
wait_for 10 sh -c 'ip netns exec k ss -ltn | grep -q :5000' || fail "the sink does not listen"
tapir_run zero "nc -N 10.0.0.2 5000 < $TMP/file" 60
wait_for 10 grep -q . "$TMP/sink.out"
[ "$(cat "$TMP/sink.out")" = "$want" ] || fail "what the kernel got is not what was sent"
sent=$(frames zero prio)
[ $sent -lt $((MIB * 1024 * 1024 / 1448 / 3)) ] || fail "$sent frames to the kernel: no super-frames"
