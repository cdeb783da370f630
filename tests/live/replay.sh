#!/bin/bash
# SPDX-License-Identifier: MIT
# tapir replay as a program: what it says and how it ends when all is the same, different, or cannot be used. (What it
# replays is tested by tests/golden.)
. "$(dirname "$0")/lib.sh"
needs python3 editcap
/usr/bin/python3 -c 'import scapy.all' 2>/dev/null || skip "scapy is not here"
cd "$TMP" || exit 1

cat >setup <<'END'
ip link set eth0 address 02:00:00:00:00:01
ip addr add 10.0.0.1/24 dev eth0
ip link set eth0 up
nc -l 80 > /dev/null &
END
/usr/bin/python3 - <<'END'
from scapy.all import ARP, ICMP, IP, TCP, Ether, wrpcap

ours, peer = "02:00:00:00:00:01", "02:00:00:00:00:02"
to_us = Ether(src=peer, dst=ours) / IP(src="10.0.0.2", dst="10.0.0.1")
packets = [
    Ether(src=peer, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=peer, psrc="10.0.0.2", pdst="10.0.0.1"),
    Ether(src=ours, dst=peer) / ARP(op=2, hwsrc=ours, psrc="10.0.0.1", hwdst=peer, pdst="10.0.0.2"),
    to_us / ICMP(id=7, seq=1) / b"hello",
    to_us / TCP(sport=40000, dport=80, flags="S", seq=1000, options=[("MSS", 1460)]),
]
for i, p in enumerate(packets):
    p.time = 1700000000 + i / 10
wrpcap("in.pcap", packets)
END

# replay STATUS PATTERN OPTION...: how it must end, and a line it must print.
replay() {
	local want=$1 pattern=$2 status
	shift 2
	"$TAPIR" replay "$@" >replay.log 2>&1
	status=$?
	[ $status = "$want" ] || fail "replay $*: status $status, not $want: $(cat replay.log)"
	expect_in "$(cat replay.log)" "$pattern" "replay $*"
}

with="in.pcap --setup setup"

# An expectation is written, holds, and is told from others.
replay 2 'out.pcap: No such file' $with --expect out.pcap
replay 0 '^in.pcap: 3 packets in \(1 of our own left out\), 4 out: written$' $with --expect out.pcap --update
cp out.pcap first.pcap
replay 0 '4 out: as expected$' $with --expect out.pcap
replay 0 '4 out$' $with --out again.pcap
cmp again.pcap out.pcap || fail "two runs differ"
replay 1 '^  ip.id  ' $with --expect out.pcap --seed 2
replay 0 'as expected' $with --expect out.pcap --seed 2 --mask ipid,isn
replay 1 '^packet 4 of the expectation is missing:$' $with --expect out.pcap --linger 0
replay 1 '^packet 2 is not as expected' $with --expect out.pcap --fast
replay 1 '^  time   ' $with --expect out.pcap --fast
replay 1 'not as expected' $with --expect out.pcap --fast --mask ipid,isn
replay 0 'written|as expected' $with --expect out.pcap --seed 2 --update
cmp -s first.pcap out.pcap && fail "--update changed nothing"

# The same bytes under AddressSanitizer.
TAPIR=$BUILD/unit/tapir replay 0 '4 out$' $with --out asan.pcap
cmp asan.pcap first.pcap || fail "with sanitizers it sends something else"

# Every kind of file.
editcap -F pcapng in.pcap in.pcapng
editcap -F nsecpcap in.pcap in-ns.pcap
/usr/bin/python3 - <<'END'
import struct

d = open("in.pcap", "rb").read()
out = struct.pack(">IHHiIII", *struct.unpack("<IHHiIII", d[:24]))
at = 24
while at < len(d):
    h = struct.unpack("<IIII", d[at : at + 16])
    out += struct.pack(">IIII", *h) + d[at + 16 : at + 16 + h[2]]
    at += 16 + h[2]
open("in-big.pcap", "wb").write(out)
END
for in in in.pcapng in-ns.pcap in-big.pcap; do
	replay 0 'as expected' $in --setup setup --expect first.pcap
done

# Scripts: what fails in the end is a difference; what fails at first keeps it from being tried.
echo 'nstat -z TcpExtNone > /dev/null; ss -tan | grep SYN-RECV' >after
replay 0 'SYN-RECV' $with --after after
echo false >after
replay 1 '' $with --after after
echo 'ip addr add nonsense' >bad
replay 2 '^tapir replay: bad failed' in.pcap --setup bad
echo 'ip addr add 10.0.0.1/24 dev eth0' >bad
replay 2 'leaves eth0 down' in.pcap --setup bad
replay 2 'setup.none: No such file' in.pcap --setup setup.none
echo 'ip link set eth0 up; sleep 2 && ip link del eth0 &' >bad
replay 2 'eth0 was deleted meanwhile' in.pcap --setup bad --linger 5s

# What cannot be used.
head -c 100 in.pcap >cut.pcap
replay 2 '^tapir replay: cut.pcap: (after|truncated)' cut.pcap --setup setup
echo "no capture at all, but some text" >text.pcap
replay 2 'text.pcap: ' text.pcap --setup setup
: >empty.pcap
replay 2 'empty.pcap: the file is empty' empty.pcap --setup setup
editcap -T linux-sll in.pcap sll.pcap
replay 2 '^tapir replay: sll.pcap: packet 1 is .* neither Ethernet nor bare IP' sll.pcap --setup setup
editcap -s 20 in.pcap short.pcap
replay 2 '^tapir replay: short.pcap: packet 1 is not whole' short.pcap --setup setup
replay 2 'text.pcap: ' $with --expect text.pcap
replay 2 'none.pcap: No such file' none.pcap --setup setup
replay 2 'no-dir/x: ' $with --out no-dir/x

# Mistakes at the command line.
replay 2 'wants one capture'
replay 2 'wants one capture' in.pcap in.pcap --setup setup
replay 2 'setup SCRIPT is wanting' in.pcap
replay 2 'there is no option --frob' $with --frob
replay 2 'expect wants an argument' $with --expect
replay 2 '"ipx" is no field' $with --mask ipx
replay 2 'not .soon.' $with --linger soon
replay 2 'not .-1.' $with --seed -1
replay 2 'goes with --expect' $with --update
replay 2 '^tapir replay: --dev lo: ' $with --dev lo
replay 0 '^Usage: tapir replay' --help
