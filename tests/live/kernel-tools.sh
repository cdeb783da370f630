#!/bin/bash
# The tools of the kernel's side against tapir: arping, traceroute, ping with options, scapy.
. "$(dirname "$0")/lib.sh"
needs ping ip arping traceroute
needs_root
needs_tun

tapir_start h --host
mac=$(tapir_run h 'ip -br link show eth0' | awk '{ print $3 }')
[ ${#mac} = 17 ] || fail "no MAC address: $mac"

expect_in "$(arping -c 2 -w 5 -I tap0 10.0.0.1)" "(reply|bytes) from .*(${mac^^}|$mac)" arping
arping -D -c 1 -w 3 -I tap0 10.0.0.1 >/dev/null && fail "arping -D finds no duplicate"
expect "a free address" arping -D -c 1 -w 2 -I tap0 10.0.0.9
expect_in "$(traceroute -I -n -q 1 -w 2 10.0.0.1)" '^ *1 +10\.0\.0\.1 ' traceroute
expect_in "$(ping -c 2 -i 0.2 -p 5a -s 1472 -M do 10.0.0.1)" ' 0% packet loss' 'ping -M do'
expect_in "$(ping -c 1 -R 10.0.0.1)" 'RR:.*10\.0\.0\.2' 'ping -R'
expect_in "$(ping -c 1 -T tsandaddr 10.0.0.1)" 'TS:.*10\.0\.0\.2' 'ping -T'
expect_in "$(ping -f -c 2000 -q 10.0.0.1)" '2000 received, 0% packet loss' 'ping -f'
tapir_says h 'ping -f -c 2000 -q 10.0.0.2' '2000 received, 0% packet loss' 60

# Packets by hand.
python=/usr/bin/python3
$python -c 'import scapy' 2>/dev/null || { tapir_stop h; exit; }
cat >"$TMP/hand.py" <<'END'
import sys
from scapy.all import *
conf.verb = 0
mac = sys.argv[1]
def ask(p, want):
    answer = srp1(Ether(dst=mac) / p, iface="tap0", timeout=5)
    assert answer is not None and want(answer), (p.summary(), answer and answer.summary())
ask(IP(dst="10.0.0.1") / ICMP(id=7, seq=3) / b"hello", lambda a: a[ICMP].type == 0 and bytes(a[Raw])[:5] == b"hello")
ask(IP(dst="10.0.0.1") / ICMP(type=13, id=7, ts_ori=1), lambda a: a[ICMP].type == 14)
ask(IP(dst="10.0.0.1", proto=200) / Raw(b"x" * 8), lambda a: a[ICMP].type == 3 and a[ICMP].code == 2)
ask(ARP(pdst="10.0.0.1"), lambda a: a[ARP].op == 2 and a[ARP].hwsrc == mac)
frags = fragment(IP(dst="10.0.0.1", id=99) / ICMP(id=8) / (b"y" * 3000), fragsize=800)
sendp([Ether(dst=mac) / f for f in frags[:0:-1]], iface="tap0")
ask(frags[0], lambda a: IP in a and a[IP].src == "10.0.0.1" and (a[IP].flags.MF or a[IP].frag))
print("all answered")
END
expect "scapy" timeout 60 $python "$TMP/hand.py" "$mac"
tapir_stop h || fail "it ended with $?"
