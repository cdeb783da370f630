#!/bin/bash
# TCP against the kernel's in the corners: urgent octets, resets, a reader that sleeps, keepalive, a peer that vanishes.
# Under ASan.
. "$(dirname "$0")/lib.sh"
needs cc ip nc python3 sha256sum
needs_root
needs_tun
TAPIR=$BUILD/unit/tapir
top=$(cd "$(dirname "$0")/../.." && pwd)

tapir_start h --host
cat >"$TMP/k.py" <<'END'
# k.py WHAT: the kernel's side of one trial; it says "ready" where it listens, and what it saw.
import fcntl, hashlib, os, socket, struct, sys, time

def listener():
    s = socket.create_server(("", 6000))
    print("ready", flush=True)
    return s

def accept():
    c, _ = listener().accept()
    c.settimeout(20)
    return c

def dial(port=6000):
    return socket.create_connection(("10.0.0.1", port), timeout=20)

def urgent(): # sent to echo: normal, urgent, normal; without OOBINLINE the urgent one is skipped over
    c = dial(7)
    c.sendall(b"before")
    c.send(b"!", socket.MSG_OOB)
    c.sendall(b"after")
    c.shutdown(socket.SHUT_WR)
    got = b""
    while piece := c.recv(1000):
        got += piece
    print(got.decode())

def urgent_here(): # the same from the other side, and an answer of that kind
    c = accept()
    got = b""
    while True:
        piece = c.recv(1000)
        if fcntl.ioctl(c, 0x8905, b"\0" * 4) != b"\0" * 4: # SIOCATMARK
            piece += b"(" + c.recv(1, socket.MSG_OOB) + b")"
        got += piece
        if not piece:
            break
    c.sendall(b"yes")
    c.send(b"?", socket.MSG_OOB)
    c.sendall(b"no")
    print(got.decode())

def alive(): # says nothing
    c = accept()
    print("accepted", flush=True)
    time.sleep(20)

def reset(): # linger 0
    c = accept()
    c.recv(1)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()

def sleeper(): # a small buffer, and a while in which nobody reads
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.bind(("", 6000))
    s.listen()
    print("ready", flush=True)
    c, _ = s.accept()
    time.sleep(1.5)
    h, n = hashlib.sha256(), 0
    while piece := c.recv(3000):
        h.update(piece)
        n += len(piece)
        if n % 50 == 0:
            time.sleep(0.001)
    print(n, h.hexdigest())

def keepalive(): # ours answer the kernel's probes for a while, then they are gone
    c = dial(7)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 1), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 2)):
        c.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    c.settimeout(2.5)
    try:
        c.recv(1)
    except TimeoutError:
        print("lives", flush=True)
    c.settimeout(20)
    try:
        print("got", c.recv(1))
    except OSError as e:
        print(os.strerror(e.errno))

globals()[sys.argv[1]]()
END

# kernel WHAT [listens]: start it; kernel_says PATTERN WHAT
kernel() {
	background k.txt timeout 60 python3 "$TMP/k.py" "$1"
	[ $# = 1 ] || wait_for 10 grep -q ready "$TMP/k.txt" || fail "$1 does not listen"
}
kernel_says() {
	wait_for 30 grep -Eqx -- "$1" "$TMP/k.txt" || fail "$2: $(cat "$TMP/k.txt") peer: $(cat "$TMP/peer.txt" 2>&1)"
}

tapir_type h 'serve echo &'
tapir_waits h '^echo: port 7' 5

# --- urgent octets (RFC 6093), both ways

kernel urgent
kernel_says 'before(!)?after' 'what echo makes of an urgent octet'
cc -std=c11 -I"$top" -O1 -g -fsanitize=address,undefined -o "$TMP/peer" "$top/tests/live/tcp_peer.c" "$BUILD/libtapir.a" -lm \
	>"$TMP/cc.out" 2>&1 || fail "tcp_peer.c does not build"
# peer WHAT: starts it on tap9, where the kernel has 10.9.0.2
peer() {
	background peer.txt "$TMP/peer" tap9 10.9.0.1/24 10.9.0.2:6000 "$1"
	wait_for 5 ip link show tap9 || fail "no tap9"
	ip addr add 10.9.0.2/24 dev tap9 && ip link set tap9 up
}
peer_says() {
	wait_for 30 grep -Eqx -- "$1" "$TMP/peer.txt" || fail "$2: $(cat "$TMP/peer.txt")"
}
kernel urgent_here listens
peer urgent
kernel_says 'before\(!\)after' 'an urgent octet from us'
peer_says '(\(\?\)yes|yes\(\?\))no' 'an urgent octet for us'
wait_for 5 eval '! ip link show tap9' || fail "tap9 is left"

# --- keepalive: ours notices that nobody answers, and so does the kernel's

kernel alive listens
peer keepalive
kernel_says accepted 'the connection to be kept alive'
sleep 2.5
[ -s "$TMP/peer.txt" ] && fail "not kept alive, though it was answered: $(cat "$TMP/peer.txt")"
ip addr del 10.9.0.2/24 dev tap9
peer_says 'Connection timed out' 'keepalive'
kernel keepalive
kernel_says lives 'probes of the kernel'
tapir_run h 'tc qdisc add dev eth0 ingress netem loss 100%' >/dev/null
kernel_says 'Connection timed out' 'probes of the kernel without an answer'
tapir_run h 'tc qdisc del dev eth0 ingress' >/dev/null

# --- reset: nc ends as the machine's does

kernel reset listens
theirs=$(echo x | nc 127.0.0.1 6000 2>&1; echo "status $?")
kernel reset listens
ours=$(tapir_run h 'echo x | nc 10.0.0.2 6000; echo status $?')
[ "$ours" = "$theirs" ] || fail "after a reset nc says $ours, not $theirs"

# --- a reader that sleeps: the window shuts, is probed, and opens; nothing is lost

want=$(seq 200000 | wc -c)\ $(seq 200000 | sha256sum | cut -d' ' -f1)
tapir_run h nstat >/dev/null
kernel sleeper listens
tapir_run h 'seq 200000 | nc -N 10.0.0.2 6000' 60 >/dev/null
kernel_says "$want" 'what the kernel read late'
tapir_says h nstat '^TcpExtTCPWinProbe +[1-9]'
tapir_type h "nc -l 6001 | !sh -c 'sleep 1.5; sha256sum >$TMP/late.txt' &"
wait_for 10 eval 'seq 200000 | timeout 30 nc -N 10.0.0.1 6001' || fail "the machine's nc, to a reader that sleeps"
wait_for 20 grep -q "${want#* }" "$TMP/late.txt" || fail "what ours read late: $(cat "$TMP/late.txt")"
tapir_stop h || fail "it ended with $?"
