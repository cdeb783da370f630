#!/bin/bash
# The example of docs/embedding.md, as it stands there: built against what `make install` installs, and talked to by the
# kernel.
. "$(dirname "$0")/lib.sh"
needs cc nc ip python3 make
needs_root
needs_tun

top=$(cd "$(dirname "$0")/../.." && pwd)
make -s -C "$top" install DESTDIR="$TMP/inst" PREFIX=/usr >"$TMP/install.out" 2>&1 || fail "make install"
sed -n '/^```c$/,/^```$/p' "$top/docs/embedding.md" | sed '/^```/d' >"$TMP/echo.c"
[ "$(sed '/^$/d; /^#include/d; /^\/\*/d' "$TMP/echo.c" | wc -l)" -le 40 ] || fail "the example has grown"
cc -std=c11 -O2 -Wall -I"$TMP/inst/usr/include" -o "$TMP/echo" "$TMP/echo.c" -L"$TMP/inst/usr/lib" -ltapir -lm \
	>"$TMP/cc.out" 2>&1 || fail "the example does not build"
[ -s "$TMP/cc.out" ] && fail "the compiler warns"

# The header alone, also for C++.
printf '#include <tapir.h>\nint main(void) { return 0; }\n' >"$TMP/alone.c"
cc -std=c11 -Wall -Wextra -Werror -I"$TMP/inst/usr/include" -c -o "$TMP/alone.o" "$TMP/alone.c" || fail "tapir.h alone"
if command -v c++ >/dev/null; then
	c++ -x c++ -Wall -Wextra -Werror -I"$TMP/inst/usr/include" -c -o "$TMP/alone.o" "$TMP/alone.c" || fail "C++"
fi

# --- what it says when it is used wrongly

expect "no arguments" eval "! '$TMP/echo' 2>'$TMP/usage.out'"
grep -q '^echo TAP ADDRESS/LEN: ' "$TMP/usage.out" || fail "usage: $(cat "$TMP/usage.out")"

# --- it echoes

"$TMP/echo" tap9 10.9.0.1/24 2>"$TMP/echo.out" &
wait_for 5 ip link show tap9 >/dev/null || fail "no tap9"
ip addr add 10.9.0.2/24 dev tap9
ip link set tap9 up
wait_for 5 ping -c 1 -W 1 10.9.0.1 >/dev/null || fail "no answer to ping"
[ "$(echo hello | timeout 10 nc -N 10.9.0.1 7)" = hello ] || fail "no echo"

# Much, by several at once, one of which reads late: nobody waits for it, and all get all.
cat >"$TMP/many.py" <<'PY'
import hashlib, os, socket, threading, time
data = os.urandom(1 << 20) * 8
def talk(late, out):
    s = socket.create_connection(("10.9.0.1", 7), timeout=60)
    def write():
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    w = threading.Thread(target=write)
    w.start()
    time.sleep(late)
    h, n = hashlib.sha256(), 0
    while b := s.recv(1 << 16):
        h.update(b)
        n += len(b)
    w.join()
    out.append((n, h.digest() == hashlib.sha256(data).digest(), late))
out = []
threads = [threading.Thread(target=talk, args=(late, out)) for late in (2, 0, 0, 0)]
[t.start() for t in threads]
[t.join() for t in threads]
assert all(n == len(data) and same for n, same, _ in out), out
assert [late for *_, late in out][-1] == 2, "the late one held up the others: %r" % out
PY
timeout 100 python3 "$TMP/many.py" || fail "the transfers differ"
