#!/bin/bash
# ss and netstat say of a connection what the machine's say of its other end, in the same columns; tcp watch and plot.
. "$(dirname "$0")/lib.sh"
needs ip ss netstat python3
needs_root
needs_tun

tapir_start h --host
tapir_type h 'nc -lk 10.0.0.1 8080 > /dev/null &'
background peer.out python3 -c '
import socket, time
c = socket.create_connection(("10.0.0.1", 8080))
c.sendall(b"x" * 100000)
l = socket.socket()
l.bind(("10.0.0.2", 9000))
l.listen(5)
print("ready", flush=True)
a, _ = l.accept()
print("accepted", flush=True)
time.sleep(60)
'
wait_for 10 grep -q ready "$TMP/peer.out" || fail "no connection"
tapir_type h 'nc 10.0.0.2 9000 < /dev/null > /dev/null &'
wait_for 10 grep -q accepted "$TMP/peer.out" || fail "no connection the other way"

# mirrored ADDRESS COMMAND...: what the machine prints of connections with 10.0.0.1, each seen from its other end
mirrored() {
	ss -tanH dst 10.0.0.1 | awk '{ print $1, $5, $4 }' | sort
}
expect "same connections" test -n "$(mirrored)"
ours=$(tapir_run h 'ss -tanH dst 10.0.0.2' | awk '{ print $1, $4, $5 }' | sort)
[ "$ours" = "$(mirrored)" ] || fail "ss: $ours"$'\n'"not: $(mirrored)"

# The heads of the tables are theirs.
for options in -tan -tuan -tan\ state\ established; do
	theirs=$(ss $options | head -n 1 | tr -s ' ' | sed 's/Port *Process */Port Process/')
	ours=$(tapir_run h "ss $options" | head -n 1 | tr -s ' ' | sed 's/Port *Process */Port Process/')
	[ "$ours" = "$theirs" ] || fail "ss $options: head: $ours"$'\n'"not: $theirs"
done
for options in -ant -antu -anto -lnt; do
	theirs=$(netstat $options 2>/dev/null | head -n 2)
	ours=$(tapir_run h "netstat $options" | head -n 2)
	[ "$ours" = "$theirs" ] || fail "netstat $options: head: $ours"$'\n'"not: $theirs"
done
theirs=$(netstat -ant | awk '$5 ~ /^10.0.0.1:/ { print $1, $5, $4, $6 }' | sort)
ours=$(tapir_run h 'netstat -ant' | awk '$5 ~ /^10.0.0.2:/ { print $1, $4, $5, $6 }' | sort)
[ "$ours" = "$theirs" ] || fail "netstat: $ours"$'\n'"not: $theirs"

# Every field that both print with -i has the same name: ours are theirs, in their order.
theirs=$(ss -tin dst 10.0.0.1 | tail -n 1 | grep -oE '[a-z_]+:' | sort -u)
for field in $(tapir_run h 'ss -tinH dport = :9000' | tail -n 1 | grep -oE '[a-z_]+:'); do
	case $field in
	mss: | rtt: | rto: | cwnd: | wscale: | pmtu: | rcvmss: | advmss: | segs_out: | segs_in: | minrtt: | snd_wnd:)
		grep -qx "$field" <<<"$theirs" || fail "ss -i: the machine has no $field"
		;;
	esac
done
tapir_says h 'ss -tin sport = :8080' 'bytes_received:100000 '
tapir_says h 'ss -tinH dport = :9000' ' cubic wscale:[0-9]+,[0-9]+ rto:[0-9]+ rtt:[0-9.]+/[0-9.]+ .*mss:1448 pmtu:1500 '

# tcp: by number, by name; live; recorded.
tapir_says h 'tcp list' '^ +[0-9]+  ESTAB +10\.0\.0\.1:8080-10\.0\.0\.2:[0-9]+$'
tapir_says h 'tcp watch -1 :9000' '^10\.0\.0\.1:[0-9]+-10\.0\.0\.2:9000  ESTAB$'
tapir_says h 'tcp watch -1 :8080' '^receive  nxt 100001 '
tapir_says h 'tcp watch -1 :7' 'no such connection'
cd "$TMP"
tapir_stop h
tapir_start g --host
tapir_type g 'iperf3 -s > /dev/null &'
tapir_type g "tcp plot :5201 $TMP/plot.svg &"
sleep 0.5
if command -v iperf3 >/dev/null; then
	expect "iperf3" timeout 20 iperf3 -c 10.0.0.1 -t 1 -R
	if command -v gnuplot >/dev/null; then
		tapir_waits g '[0-9]+ samples in .*plot\.svg' 20
		expect "a drawing" python3 -c "import xml.dom.minidom as m; m.parse('$TMP/plot.svg')"
	else
		tapir_waits g '[0-9]+ samples in .*plot\.csv' 20
	fi
	expect_in "$(head -n 1 "$TMP/plot.csv")" '^seconds,una,nxt,rcv_nxt,snd_wnd,cwnd,ssthresh,'
	expect "it moved" awk -F, '$2 > 1000000 { seen = 1 } END { exit !seen }' "$TMP/plot.csv"
fi
tapir_stop g || fail "it ended with $?"
