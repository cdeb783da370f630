#!/bin/bash
# iperf3 in its own protocol: the machine's client measures our server, our client the machine's server.
. "$(dirname "$0")/lib.sh"
needs ip iperf3 python3
needs_root
needs_tun

tapir_start h --host

# --- the machine's client, our server

tapir_type h 'iperf3 -s &'
tapir_waits h 'Server listening on 5201 \(test #1\)' 5

# theirs NAME OPTION...: the machine's client with -J; its report is $TMP/NAME.json
theirs() {
	local name=$1
	shift
	timeout 20 iperf3 -c 10.0.0.1 -J "$@" >"$TMP/$name.json" 2>&1 || fail "iperf3 -c 10.0.0.1 $*: $(tail -n 5 "$TMP/$name.json")"
}

# report NAME EXPRESSION: a condition on the report, as Python, with e = its "end".
report() {
	python3 - "$TMP/$1.json" "$2" <<-'END' || fail "$1: $2: $(tail -n 60 "$TMP/$1.json")"
		import json, sys
		d = json.load(open(sys.argv[1]))
		e = d["end"]
		sys.exit(0 if eval(sys.argv[2]) else 1)
	END
}

theirs tcp -t 2
report tcp 'e["sum_received"]["bits_per_second"] > 50e6 and len(d["intervals"]) == 2'
theirs reverse -t 2 -R -Z
report reverse 'e["sum_received"]["bits_per_second"] > 50e6 and "retransmits" in e["sum_sent"]'
theirs parallel -t 1 -P 4
report parallel 'len(e["streams"]) == 4 and all(s["receiver"]["bytes"] > 0 for s in e["streams"])'
theirs bidir -t 1 --bidir -P 2
report bidir 'e["sum_sent"]["bytes"] > 0 and e["sum_received_bidir_reverse"]["bytes"] > 0'
theirs bytes -n 5M
report bytes 'e["sum_sent"]["bytes"] >= 5 << 20'
theirs blocks -k 10 -l 1000 -R
report blocks 'e["sum_received"]["bytes"] >= 10000'
theirs paced -t 2 -b 10M -l 8K -N -M 1000 -w 100K -S 16 -C cubic
report paced '9e6 < e["sum_received"]["bits_per_second"] < 11e6'
theirs omit -t 1 -O 1 -b 5M -l 8K
report omit '4e6 < e["sum_received"]["bits_per_second"] < 6e6 and d["intervals"][0]["sum"]["omitted"]'
theirs udp -u -t 2 -b 5M
report udp 'e["sum"]["lost_packets"] == 0 and e["sum"]["packets"] > 800'
theirs udp_reverse -u -t 1 -b 5M -R -P 2 --udp-counters-64bit
report udp_reverse 'e["sum"]["lost_packets"] == 0 and e["sum"]["packets"] > 800'
theirs flood -u -t 1 -b 0 -R
report flood 'e["sum"]["packets"] > 1000'

# Its words for what goes wrong.
background busy.out timeout 20 iperf3 -c 10.0.0.1 -t 5 -b 1M
busy=$BACKGROUND
tapir_waits h 'test #12' 5
sleep 1
expect_in "$(iperf3 -c 10.0.0.1 -t 1 2>&1)" 'the server is busy running a test'
kill -INT $busy
tapir_waits h 'the client has terminated' 5
tapir_waits h 'test #13' 5

# Somebody who speaks another language, or none, keeps nobody out.
python3 - <<-'END' || fail "strangers"
	import socket
	quiet = socket.create_connection(("10.0.0.1", 5201))
	s = socket.create_connection(("10.0.0.1", 5201))
	s.settimeout(5)
	s.sendall(b"x" * 37)
	assert s.recv(1) == b"\x09"
	s.sendall(b"\0\0\0\4none")
	assert s.recv(9) == b"\xfe\0\0\0\x72\0\0\0\0"
	s = socket.create_connection(("10.0.0.1", 5201))
	s.sendall(b"y" * 37)
	s.settimeout(5)
	assert s.recv(1) == b"\x09"
	s.sendall(b"\xff\xff\xff\xff")
	assert s.recv(1) == b"\xfe"
END
theirs after -t 1 -b 1M
report after 'e["sum_received"]["bytes"] > 0'
tapir_run h 'kill %1; wait' >/dev/null

# --- our client, the machine's server

background server.out iperf3 -s -p 5202
wait_for 5 grep -q listening "$TMP/server.out"
tapir_says h 'iperf3 -c 10.0.0.2 -p 5202 -t 2' '^\[  5\] +0\.00-[0-9.]+ +sec +[0-9.]+ [MG]Bytes +[0-9.]+ [MG]bits/sec +receiver'
tapir_says h 'iperf3 -c 10.0.0.2 -p 5202 -t 1 -R -P 4' '^\[SUM\] +0\.00-[0-9.]+ +sec .* receiver'
tapir_says h 'iperf3 -c 10.0.0.2 -p 5202 -t 1 --bidir' '^\[  7\]\[RX-C\] .* receiver'
tapir_says h 'iperf3 -c 10.0.0.2 -p 5202 -n 3M -Z' '^\[  5\] .* 3\.00 MBytes .* sender'
tapir_says h 'iperf3 -c 10.0.0.2 -p 5202 -u -t 1 -b 2M' '0/[0-9]+ \(0%\)  receiver'
tapir_says h 'iperf3 -c 10.0.0.2 -p 5202 -u -t 1 -R -b 2M' '0/[0-9]+ \(0%\)  receiver'
tapir_run h "iperf3 -c 10.0.0.2 -p 5202 -t 1 -J -b 10M -l 8K > $TMP/ours.json" >/dev/null
report ours '9e6 < e["sum_received"]["bits_per_second"] < 11e6 and d["start"]["test_start"]["protocol"] == "TCP"'
report ours 'd["intervals"][0]["streams"][0]["snd_cwnd"] > 0 and e["sum_sent"]["retransmits"] == 0'
tapir_run h "iperf3 -c 10.0.0.2 -p 5202 -t 1 -J -u > $TMP/ours_udp.json" >/dev/null
report ours_udp 'e["sum"]["lost_packets"] == 0 and e["streams"][0]["udp"]["packets"] > 50'
tapir_says h 'iperf3 -c 10.0.0.2 -p 5999' '^iperf3: error - unable to connect to server: Connection refused'
expect_not_in "$(cat "$TMP/server.out")" 'error'
tapir_stop h || fail "it ended with $?"
