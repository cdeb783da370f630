#!/bin/bash
# SPDX-License-Identifier: MIT
# Topics 1 to 7 of the test document of chobits/tapip, against the kernel at the other end of the TAP device.
. "$(dirname "$0")/lib.sh"
needs ping arping tcpdump
needs_tun

tapir_start h1 --host

# 1. ICMP echo, fragmentation and reassembly
tapir_says h1 'ping -c 2 -i 0.2 10.0.0.2' '2 packets transmitted, 2 received, 0% packet loss'
tapir_says h1 'ping -c 2 -i 0.2 -s 60000 10.0.0.2' '2 packets transmitted, 2 received, 0% packet loss'

# 2.1 ARP replies, with the decision in the trace
tapir_run h1 'debug arp'
expect_in "$(arping -c 2 -I tap0 10.0.0.1)" 'Received 2 (response|repl)' arping
tapir_waits h1 'asks for 10.0.0.1' 5
tapir_run h1 'debug arp off'

# 2.2 fragments to the kernel, seen on the wire
background tcpdump.out tcpdump -l -ni tap0 -c 5 'ip src 10.0.0.1 and (ip[6:2] & 0x3fff) != 0'
wait_for 5 grep -q 'listening on' "$TMP/tcpdump.out" || fail 'tcpdump does not start'
tapir_says h1 'ping -c 1 -s 6000 10.0.0.2' '1 received'
wait_for 5 grep -q '5 packets captured' "$TMP/tcpdump.out" || fail 'no five fragments'

# 2.3 fragments from the kernel
tapir_run h1 'debug ip icmp'
expect_in "$(ping -c 1 -s 6000 10.0.0.1)" ' 0% packet loss' 'ping -s 6000'
tapir_run h1 'debug all off'

# 2.4 forwarding: h1 is the kernel's gateway to h2
tapir_run h1 'ip netns add h2; ip link add r0 type veth peer name eth0 netns h2'
tapir_run h1 'ip addr add 10.0.1.254/24 dev r0; ip link set r0 up; sysctl -w net.ipv4.ip_forward=1'
tapir_run h1 'on h2 ip addr add 10.0.1.1/24 dev eth0; on h2 ip link set eth0 up'
tapir_run h1 'on h2 ip route add default via 10.0.1.254'
ip route add 10.0.1.0/24 via 10.0.0.1
expect_in "$(ping -c 2 -i 0.2 10.0.1.1)" ' 0% packet loss' 'ping through h1'

# 2.5 redirect, and time exceeded
sysctl -qw net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.tap0.accept_redirects=0
ip route add 10.0.0.3 via 10.0.0.1 dev tap0
expect_in "$(ping -c 1 -W 1 10.0.0.3)" 'From 10.0.0.1.*Redirect Host.*10.0.0.3' 'ping of a neighbour through h1'
expect_in "$(ping -c 1 -t 1 10.0.1.1)" 'From 10.0.0.1.*Time to live exceeded' 'ping -t 1'

# 2.6 reassembly time exceeded: one fragment of two, and a short ipfrag_time
tapir_run h1 'sysctl -w net.ipv4.ipfrag_time=1'
background tcpdump.out tcpdump -l -ni tap0 -c 1 'icmp[0] == 11 and icmp[1] == 1'
wait_for 5 grep -q 'listening on' "$TMP/tcpdump.out" || fail 'tcpdump does not start'
python3 - <<'PY' || fail 'cannot send a fragment'
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 0, 7, 0x2000, 64, 1, 0, socket.inet_aton('10.0.0.2'),
                     socket.inet_aton('10.0.0.1'))
s.sendto(header + b'\x08\x00\x00\x00\x00\x01\x00\x01' + bytes(56), ('10.0.0.1', 0))
PY
wait_for 5 grep -q 'ip reassembly time exceeded' "$TMP/tcpdump.out" || fail 'no reassembly time exceeded'

# 2.7 loopback
tapir_says h1 'ping -c 1 -s 65000 10.0.0.1' '1 received, 0% packet loss'
tapir_says h1 'ping -c 1 127.0.0.1' '1 received, 0% packet loss'
tapir_says h1 'ping -c 1 127.1.2.3' '1 received, 0% packet loss'

tapir_stop h1 || fail "tapir ended with status $?"
