#!/bin/bash
# Many connections at once: a thousand to echo, wrk's hundred to http, and nmap's tries of all ports, which finds those
# that are open and no others, and sequence numbers that nobody guesses (RFC6528-4). WRK_SECONDS (default 5).
. "$(dirname "$0")/lib.sh"
needs ip python3
needs_root
needs_tun

# --- a thousand to echo, under ASan

TAPIR=$BUILD/unit/tapir
cat >"$TMP/thousand.py" <<'END'
# COUNT connections are all open before the first octet leaves; each gets back what it sent.
import os, selectors, socket, sys
count, size = int(sys.argv[1]), 20000
data = os.urandom(2 * count + size)
all = [socket.create_connection(("10.0.0.1", 7), timeout=20) for i in range(count)]
sel = selectors.DefaultSelector()
for i, s in enumerate(all):
    s.setblocking(False)
    sel.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE, [data[2 * i:2 * i + size], 0, bytearray()])
left = count
while left:
    ready = sel.select(20)
    if not ready:
        sys.exit(f"{left} stand still")
    for key, events in ready:
        s, (mine, sent, got) = key.fileobj, key.data
        if events & selectors.EVENT_WRITE:
            key.data[1] += s.send(mine[sent:])
            if key.data[1] == size:
                s.shutdown(socket.SHUT_WR)
                sel.modify(s, selectors.EVENT_READ, key.data)
        if events & selectors.EVENT_READ:
            piece = s.recv(65536)
            got += piece
            if not piece:
                if got != mine:
                    sys.exit(f"{len(got)} octets, or other ones")
                sel.unregister(s)
                s.close()
                left -= 1
END

tapir_start h --host
tapir_type h 'serve echo discard &'
tapir_waits h '^discard: port 9' 5
for round in 1 2; do
	expect "a thousand connections to echo" timeout 60 python3 "$TMP/thousand.py" 1000
done
tapir_says h 'nstat -az TcpPassiveOpens' '^TcpPassiveOpens +2000 '
tapir_stop h || fail "it ended with $?"

# --- nmap, wrk

TAPIR=$BUILD/tapir
mkdir "$TMP/www" && head -c 1000 /dev/urandom >"$TMP/www/small"
tapir_start h --host
tapir_type h 'serve echo discard &'
tapir_type h "http -q $TMP/www &"
tapir_waits h '^discard: port 9' 5
if command -v nmap >/dev/null; then
	open=$(nmap -n -sT -p- --min-rate 5000 -oG - 10.0.0.1 | grep -oE '[0-9]+/open' | paste -sd ' ')
	[ "$open" = '7/open 9/open 80/open' ] || fail "nmap -sT finds: $open"
	guess=$(nmap -n -O -v -p 7,9,80,81 10.0.0.1)
	expect_in "$guess" '^TCP Sequence Prediction: Difficulty=(2[4-9][0-9]|[3-9][0-9][0-9]|[0-9]{4,}) \(Good luck!\)' 'nmap -O'
fi
if command -v wrk >/dev/null; then
	report=$(wrk -c 100 -t 1 -d "${WRK_SECONDS:-5}" http://10.0.0.1/small)
	expect_in "$report" '^Requests/sec: +[0-9]{3,}' wrk
	expect_not_in "$report" 'Socket errors|Non-2xx' wrk
	echo "$report" | grep -E '^(Requests|Transfer)/sec'
fi
tapir_stop h || fail "it ended with $?"
