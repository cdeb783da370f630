#!/bin/bash
# nc beside the machine's nc (OpenBSD's): what each says of the other's host and how it ends, and text and files both
# ways. Under ASan.
. "$(dirname "$0")/lib.sh"
needs ip nc python3 sha256sum
nc -h 2>&1 | grep -q OpenBSD || skip "the machine's nc is not OpenBSD's"
needs_root
needs_tun
TAPIR=$BUILD/unit/tapir

tapir_start h --host
tapir_run h 'ip route del default' >/dev/null

# --- the same words and the same status, the addresses swapped

# same NAME ARGUMENT...: `nc ARGUMENT...` here and there; {} in the arguments is the other one's address.
same() {
	local name=$1 here there
	shift
	background here.txt sh -c 'nc "$@" </dev/null 2>&1; echo "status $?"' - "${@//\{\}/10.0.0.1}"
	there=$(tapir_run h "nc ${*//\{\}/10.0.0.2} </dev/null; echo status \$?")
	wait $BACKGROUND
	here=$(<"$TMP/here.txt")
	here=${here//10.0.0.1/PEER}
	there=${there//10.0.0.2/PEER}
	[ "$here" = "$there" ] || fail "$name: the machine's nc says:"$'\n'"$here"$'\n'"ours:"$'\n'"$there"
}

same refused -v {} 81
same 'refused, quietly' {} 81
same 'refused, of a range' -zv {} 81-83
same 'refused, UDP' -zuv {} 81
same unreachable -v 10.0.0.99 81
same 'no route' -v 192.0.2.1 81
same 'bad port' {} 99999
tapir_run h 'nc -lk 7001 >/dev/null </dev/null &' >/dev/null
background lk.out nc -lk 7001
wait_for 10 eval "ss -ltnH | grep -q :7001" || fail "no listener here"
tapir_says h 'nc -z 10.0.0.2 7001; echo status $?' '^status 0$'
same open -zv {} 7001
same 'open and closed' -zv {} 7000-7002
same 'open, with numbers' -nvz {} 7001

# Nobody answers: what either sends is lost on our side, while both know each other's MAC address for good.
tapir_run h "ip neigh replace 10.0.0.2 lladdr $(</sys/class/net/tap0/address) dev eth0 nud permanent" >/dev/null
ip neigh change 10.0.0.1 lladdr "$(ip neigh show 10.0.0.1 | grep -o '..:..:..:..:..:..')" dev tap0 nud permanent
tapir_run h 'tc qdisc add dev eth0 root netem loss 100%; tc qdisc add dev eth0 ingress netem loss 100%' >/dev/null
same 'no answer for a second' -v -w 1 {} 81
if sysctl -qw net.ipv4.tcp_syn_retries=1 2>/dev/null; then
	tapir_run h 'sysctl -w net.ipv4.tcp_syn_retries=1' >/dev/null
	same 'no answer' -v {} 81
fi
tapir_run h 'tc qdisc del dev eth0 root; tc qdisc del dev eth0 ingress' >/dev/null

# --- text

# hears FILE PATTERN WHAT: a program in the background wrote it to FILE.
hears() {
	wait_for 10 grep -qx -- "$2" "$1" || fail "$3: $(cat "$1")"
}

for u in '' -u; do
	background "k$u.txt" nc -l $u -W 1 5000
	wait_for 10 eval "ss -lnH -A tcp,udp | grep -q :5000" || fail "no listener here"
	tapir_run h "echo 'from tapir$u' | nc $u -w 1 10.0.0.2 5000" >/dev/null
	hears "$TMP/k$u.txt" "from tapir$u" "text to the machine's nc $u"
	tapir_run h "nc -l $u -W 1 5000 >$TMP/t$u.txt </dev/null &" >/dev/null
	tapir_run h 'sleep 0.1' >/dev/null
	echo "from the machine$u" | nc $u -w 1 10.0.0.1 5000
	hears "$TMP/t$u.txt" "from the machine$u" "text from the machine's nc $u"
done

# --- half-close: a request, its end, and only then the answer

cat >"$TMP/last.py" <<'END'
# One connection: all that comes until the end, then how much it was.
import socket
with socket.create_server(("", 5001)) as s:
    print("ready", flush=True)
    c, _ = s.accept()
    n = 0
    while data := c.recv(65536):
        n += len(data)
    c.sendall(b"%d bytes\n" % n)
    c.close()
END
background last.out python3 "$TMP/last.py"
hears "$TMP/last.out" ready 'the server'
tapir_says h 'seq 1000 | nc -N 10.0.0.2 5001' '^3893 bytes$'
tapir_run h "nc -l 5002 <$TMP/last.py >$TMP/half.txt &" >/dev/null
tapir_run h 'sleep 0.1' >/dev/null
seq 1000 | timeout 20 nc -N 10.0.0.1 5002 >"$TMP/answer.txt" || fail "half-close: nc ended with $?"
cmp -s "$TMP/answer.txt" "$TMP/last.py" || fail "half-close: not the whole answer"
wait_for 10 eval "seq 1000 | cmp -s - $TMP/half.txt" || fail "half-close: not the whole request"

# --- files both ways, at once and each alone

head -c 16M /dev/urandom >"$TMP/a"
head -c 16M /dev/urandom >"$TMP/b"
arrived() { # FILE WANTED WHAT
	wait_for 30 cmp -s "$1" "$2" || fail "$3: $(stat -c %s "$1") bytes of $(stat -c %s "$2"), or other ones"
}
background b.nc sh -c "exec timeout 60 nc -N -l 5003 <$TMP/b >$TMP/a.got"
wait_for 10 eval "ss -ltnH | grep -q :5003" || fail "no listener here"
tapir_run h "nc -N 10.0.0.2 5003 <$TMP/a >$TMP/b.got" 60 >/dev/null
arrived "$TMP/a.got" "$TMP/a" 'our file, as a client'
arrived "$TMP/b.got" "$TMP/b" "the machine's file, as a client"
tapir_run h "nc -N -l 5004 <$TMP/a >$TMP/b.got2 &" >/dev/null
tapir_run h 'sleep 0.1' >/dev/null
timeout 60 nc -N 10.0.0.1 5004 <"$TMP/b" >"$TMP/a.got2"
arrived "$TMP/a.got2" "$TMP/a" 'our file, as a server'
arrived "$TMP/b.got2" "$TMP/b" "the machine's file, as a server"
expect_in "$(tapir_run h drops)" 'REASON|nothing' drops
tapir_stop h || fail "it ended with $?"
