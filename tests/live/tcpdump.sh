#!/bin/bash
# tcpdump beside Debian's: what both print of the same files, line by line. The files were taken at both ends of one
# wire, of curl, ping, nmap, traceroute, dnsmasq and our own programs. What we write has no wrong checksum and no frame
# that no wire carries, and tshark finds nothing malformed in it and shows the comments.
. "$(dirname "$0")/lib.sh"
needs ip tcpdump tshark curl ping nmap traceroute dnsmasq nc
needs_root
needs_tun
export TZ=UTC

tapir_start h --host
mkdir "$TMP/www" && head -c 300K /dev/urandom >"$TMP/www/file"
echo hello >"$TMP/www/text"

# --- two captures of the same traffic, and one that is cut short

theirs() { # FILE OPTION...
	background "$1.txt" tcpdump -i tap0 -U -w "$TMP/$1" "${@:2}"
	wait_for 10 grep -q 'listening on' "$TMP/$1.txt" || fail "no capture: $(<"$TMP/$1.txt")"
}
theirs theirs.pcap
kernel=$BACKGROUND
theirs short.pcap -s 42
short=$BACKGROUND
tapir_type h "tcpdump -w $TMP/ours.pcap & own=\$!"
tapir_type h "tcpdump -w $TMP/ours.pcapng & own2=\$!"
tapir_type h "tcpdump -i any -w $TMP/any.pcap & own3=\$!"
tapir_type h "tcpdump -w $TMP/said.pcapng --comments & own4=\$!"
wait_for 10 eval '[ "$(grep -c "listening on" "$TMP/h.out")" = 4 ]' || fail "we do not listen"
expect_in "$(<"$TMP/h.out")" '^tcpdump: listening on eth0, link-type EN10MB \(Ethernet\), snapshot length 262144 bytes$'
expect_in "$(<"$TMP/h.out")" '^tcpdump: listening on any, link-type LINUX_SLL2 \(Linux cooked v2\), snapshot'

tapir_type h "http -q $TMP/www &"
tapir_type h 'serve echo &'
tapir_waits h '^echo: port 7' 10
expect ping ping -c 2 -i 0.2 10.0.0.1
expect "large ping" ping -c 1 -s 5000 10.0.0.1
tapir_says h 'ping -c 2 -i 0.2 10.0.0.2' '2 received'
tapir_says h 'ping -c 1 -s 3000 -R 10.0.0.2' '1 received'
expect curl curl -sS -m 60 -o "$TMP/got" http://10.0.0.1/file
expect curl curl -sS -m 60 http://10.0.0.1/text http://10.0.0.1/none
printf 'hel\rlo\r!' | timeout 20 nc -N 10.0.0.1 7 >"$TMP/echo" || fail "nc: $?"
echo hello | timeout 20 nc -u -w 1 10.0.0.1 7 >"$TMP/echo" || fail "nc -u: $?"
tapir_run h 'echo x | nc -u -w 1 10.0.0.2 4711; nc -z -w 1 10.0.0.2 4711' >/dev/null
expect nmap nmap -n -Pn -sS -p 7,80,81 10.0.0.1
expect nmap nmap -n -Pn -sX -p 7,81 --max-retries 1 10.0.0.1
expect nmap nmap -n -Pn -sU -p 9,30000 --max-retries 1 10.0.0.1
expect traceroute traceroute -n -q 1 -w 1 -m 3 10.0.0.77
tapir_run h 'arping -c 1 10.0.0.2; arping -D -c 1 10.0.0.88; arping -U -c 1 10.0.0.1' >/dev/null
background dnsmasq.txt dnsmasq --conf-file=/dev/null --no-daemon --user=root --pid-file= --port=0 --interface=tap0 \
	--bind-interfaces --dhcp-leasefile="$TMP/leases" --dhcp-range=10.0.0.100,10.0.0.110,2m --no-ping \
	--dhcp-option=6,10.0.0.53 --dhcp-option=15,lab.example
wait_for 10 grep -q 'DHCP, IP range' "$TMP/dnsmasq.txt" || fail "dnsmasq: $(<"$TMP/dnsmasq.txt")"
tapir_says h 'dhclient -v eth0' '^bound to 10\.0\.0\.1'

tapir_run h 'kill $own $own2 $own3 $own4; wait $own $own2 $own3 $own4' >/dev/null
kill -INT "$kernel" "$short"
wait "$kernel" "$short"
expect_not_in "$(<"$TMP/h.out")" '^[1-9][0-9]* packets? dropped by kernel'

# --- the same lines

tapir_start t --empty
# same FILE OPTION...: what both say
compared=0
same() {
	local file=$TMP/$1
	shift
	tcpdump -n "$@" -r "$file" 2>"$TMP/their.err" >"$TMP/their.txt" || fail "tcpdump: $(<"$TMP/their.err")"
	tapir_run t "tcpdump -n $(printf '%q ' "$@") -r $file 2>$TMP/our.err >$TMP/our.txt" 60 >/dev/null
	diff "$TMP/their.txt" "$TMP/our.txt" >"$TMP/diff" || fail "tcpdump $* $file:"$'\n'"$(head -n 40 "$TMP/diff")"
	[ "$(head -n 1 "$TMP/their.err")" = "$(head -n 1 "$TMP/our.err")" ] || fail "stderr: $(<"$TMP/our.err")"
	compared=$((compared + $(wc -l <"$TMP/their.txt")))
}
for file in theirs.pcap ours.pcap; do
	for options in -e -q -S -t -tt -ttt -tttt -ttttt -x -XX -K -# '-c 7'; do
		same $file $options
	done
	# Of IPv6 only the short lines are told as tcpdump tells them.
	same $file
	same $file -v 'not ip6'
	same $file -vv -e 'not ip6'
	same $file -vve -X 'icmp or arp or udp'
	same $file -v 'tcp port 80 and not host 10.0.0.77'
	same $file -A 'less 150'
	same $file -AA 'arp or udp'
	same $file --count 'icmp[0] == 3'
done
# (a header that is cut in its options is told in other words)
same short.pcap 'arp or ip[0] == 0x45'
same short.pcap -v 'arp or ip[0] == 0x45'
echo "$compared lines are the same"
[ "$compared" -gt 10000 ] || fail "only $compared lines were compared"

# The classic file and pcapng hold the same.
for file in ours.pcap ours.pcapng; do
	tshark -n -r "$TMP/$file" -T fields -e frame.time_epoch -e frame.len -e ip.id -e tcp.seq_raw >"$TMP/$file.fields" \
		2>"$TMP/tshark.txt" || fail "tshark: $(<"$TMP/tshark.txt")"
done
sed 's/^\([0-9.]*\)[0-9]\{3\}\t/\1\t/' "$TMP/ours.pcapng.fields" >"$TMP/micro"
sed 's/^\([0-9.]*\)[0-9]\{3\}\t/\1\t/' "$TMP/ours.pcap.fields" >"$TMP/micro2"
cmp -s "$TMP/micro" "$TMP/micro2" || fail "pcap and pcapng differ:"$'\n'"$(diff "$TMP/micro" "$TMP/micro2" | head)"

# --- each frame with our words, in the order of time

tshark -n -r "$TMP/said.pcapng" -T fields -e frame.number -e frame.comment >"$TMP/comments" 2>"$TMP/tshark.txt" ||
	fail "tshark: $(<"$TMP/tshark.txt")"
frames=$(tshark -n -r "$TMP/ours.pcap" 2>/dev/null | wc -l)
[ "$(wc -l <"$TMP/comments")" = "$frames" ] || fail "$(wc -l <"$TMP/comments") frames instead of $frames"
without=$(awk -F '\t' '$2 == ""' "$TMP/comments" | wc -l)
[ "$without" = 0 ] || fail "$without frames without a comment"
for words in 'ESTABLISHED -> CLOSE_WAIT' 'cwnd [0-9]+, [0-9]+ octets in flight' 'came of frame [0-9]+' 'dropped TCP_NO_' \
	'up to icmp' 'fragment of id' 'DELAY, was STALE|REACHABLE, was'; do
	grep -Eq "$words" "$TMP/comments" || fail "no comment says: $words"
done
tshark -n -r "$TMP/said.pcapng" -T fields -e frame.time_epoch 2>/dev/null | sort -nc || fail "out of order"

# --- as a wire would have had it

[ "$(tcpdump -n -r "$TMP/ours.pcap" 'greater 1515' 2>/dev/null | wc -l)" = 0 ] || fail "frames too long for a wire"
# (what the kernel quotes of a datagram is as we gave it to the device)
tcpdump -n -vv -r "$TMP/ours.pcap" 'not ip6 and not (icmp and icmp[0] == 3)' 2>/dev/null |
	grep -E 'incorrect|bad udp|bad cksum|wrong icmp' >"$TMP/wrong"
[ ! -s "$TMP/wrong" ] || fail "wrong checksums:"$'\n'"$(head "$TMP/wrong")"
for file in ours.pcap ours.pcapng any.pcap; do
	bad=$(tshark -n -r "$TMP/$file" -Y _ws.malformed 2>/dev/null) || fail "tshark cannot read $file"
	[ -z "$bad" ] || fail "malformed in $file: $bad"
done
[ "$(tshark -n -r "$TMP/any.pcap" -Y 'sll.pkttype == 4 && icmp.type == 0' 2>/dev/null | wc -l)" -ge 3 ] || fail "any.pcap"
tapir_stop t || fail "it ended with $?"
tapir_stop h || fail "it ended with $?"
