#!/bin/bash
# A flood of 50,000 SYNs a second from anywhere, while the kernel makes a hundred connections: each of them stands within
# three seconds, and tapir grows by less than a MiB. FLOOD_SECONDS (default 5).
. "$(dirname "$0")/lib.sh"
needs ip python3
needs_root
needs_tun

seconds=${FLOOD_SECONDS:-5} rate=50000

cat >"$TMP/flood.py" <<'END'
# Frames with SYNs for 10.0.0.1:7, each of other ends than the one before, RATE a second for SECONDS.
import random, socket, struct, sys, time
rate, seconds, mac, dev = int(sys.argv[1]), float(sys.argv[2]), bytes.fromhex(sys.argv[3].replace(":", "")), sys.argv[4]

def checksum(b):
    s = sum(struct.unpack(f"!{len(b) // 2}H", b))
    s = (s >> 16) + (s & 0xffff)
    return ~(s + (s >> 16)) & 0xffff

def frame():
    src, dst = struct.pack("!I", random.randrange(0x0b000000, 0x64000000)), bytes((10, 0, 0, 1))
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, src, dst)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    tcp = struct.pack("!HHIIBBHHH", random.randrange(1024, 65536), 7, random.getrandbits(32), 0, 0x50, 2, 64240, 0, 0)
    tcp = tcp[:16] + struct.pack("!H", checksum(src + dst + struct.pack("!HH", 6, 20) + tcp)) + tcp[18:]
    return mac + b"\2\0\0\0\0\x77" + b"\x08\0" + ip + tcp

frames = [frame() for i in range(rate)]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((dev, 0))
print("ready", flush=True)
begin, sent = time.monotonic(), 0
while (passed := time.monotonic() - begin) < seconds:
    due = int(passed * rate)
    if due == sent:
        time.sleep(0.0005)
    while sent < due:
        s.send(frames[sent % rate])
        sent += 1
print(f"{sent / (time.monotonic() - begin):.0f} SYNs a second", flush=True)
END

cat >"$TMP/callers.py" <<'END'
# A hundred connections to echo over SECONDS, open until the end; prints how long the slowest took, in ms.
import socket, sys, time
seconds, slowest, all = float(sys.argv[1]), 0, []
for i in range(100):
    begin = time.monotonic()
    s = socket.create_connection(("10.0.0.1", 7), timeout=3)
    s.settimeout(3)
    s.sendall(b"hello")
    if s.recv(5) != b"hello":
        sys.exit("no echo")
    took = time.monotonic() - begin
    slowest = max(slowest, took)
    all.append(s)
    time.sleep(max(0, seconds / 100 - took))
print(f"{slowest * 1000:.0f}")
END

memory() {
	awk '/^VmRSS/ {print $2}' "/proc/${TAPIR_PID[h]}/status"
}

tapir_start h --host
tapir_type h 'serve echo &'
tapir_waits h '^echo: port 7' 5
tapir_run h 'ip route add default via 10.0.0.2' >/dev/null
expect "connections without a flood" python3 "$TMP/callers.py" 0.1
mac=$(ip neigh show 10.0.0.1 | grep -oE '([0-9a-f]{2}:){5}[0-9a-f]{2}')
dev=$(ip -o route get 10.0.0.1 | grep -oP 'dev \K\S+')
before=$(memory)
background flood.out python3 "$TMP/flood.py" $rate "$seconds" "$mac" "$dev"
wait_for 20 grep -q ready "$TMP/flood.out" || fail "no flood"
slowest=$(python3 "$TMP/callers.py" $((seconds - 1))) || fail "a connection was kept out"
after=$(memory)
wait_for 20 grep -q 'a second' "$TMP/flood.out" || fail "the flood does not end"
[ "$slowest" -lt 3000 ] || fail "the slowest connection took $slowest ms"
[ $((after - before)) -lt 1024 ] || fail "tapir grew by $((after - before)) KiB"
tapir_says h 'nstat -az TcpExtSyncookiesRecv' '^TcpExtSyncookiesRecv +[1-9]'
tapir_says h 'nstat -az TcpExtSyncookiesSent' '^TcpExtSyncookiesSent +[0-9]{5,}'
echo "$(tail -n 1 "$TMP/flood.out"); the slowest of 100 connections took $slowest ms; $((after - before)) KiB more"
tapir_stop h || fail "it ended with $?"
