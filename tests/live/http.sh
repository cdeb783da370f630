#!/bin/bash
# SPDX-License-Identifier: MIT
# The server of files, asked by curl over the TAP device.
. "$(dirname "$0")/lib.sh"
needs curl python3
needs_tun
TAPIR=$BUILD/unit/tapir # under ASan

root=$TMP/www
mkdir -p "$root/sub" "$root/indexed" "$TMP/outside"
echo 'hello, world' >"$root/hello.txt"
echo '<h1>index</h1>' >"$root/indexed/index.html"
echo 'secret' >"$TMP/outside/secret"
ln -s ../outside/secret "$root/relative" && ln -s "$TMP/outside/secret" "$root/absolute" && ln -s hello.txt "$root/inside"
touch -d '2020-01-02 03:04:05 UTC' "$root/hello.txt"
head -c 30000000 /dev/urandom >"$root/big"
touch "$root/a<b>&c" "$root/sub/x"
mkfifo "$root/fifo"

tapir_start h1 --host
tapir_type h1 "http $root &"
url=http://10.0.0.1
wait_for 5 curl -s -o /dev/null "$url/" || fail 'nothing answers'

get() {
	curl -sS -m 20 -o "$TMP/body" -w '%{http_code} %{content_type} %{size_download}' "$@"
}

# is WANTED OPTION...: what get prints
is() {
	local wanted=$1 got
	shift
	got=$(get "$@") || fail "curl $* (status $?)"
	[ "$got" = "$wanted" ] || fail "curl $*: $got, not $wanted"
}

# gives STATUS OPTION...
gives() {
	[ "$(get "${@:2}" | cut -c 1-3)" = "$1" ] || fail "curl ${*:2}: $(get "${@:2}"), not $1"
}

# files, types, HEAD, directories
is '200 text/plain; charset=utf-8 13' $url/hello.txt
cmp -s "$TMP/body" "$root/hello.txt" || fail 'hello.txt is another file'
is '200 text/plain; charset=utf-8 0' -I -o /dev/null $url/hello.txt
is '200 application/octet-stream 13' $url/inside
is '200 text/html; charset=utf-8 15' $url/indexed/
gives 301 $url/indexed
expect_in "$(curl -sSI $url/sub)" '^Location: /sub/' 'the redirect'
expect_in "$(curl -sSL $url/sub)" 'href="./x"' 'the listing'
expect_in "$(curl -sS $url/)" '<a href="./a%3Cb%3E%26c">a&#60;b&#62;&#38;c</a>' 'the listing'
gives 404 $url/none
gives 404 $url/hello.txt/

# what lies outside stays outside
for path in /../outside/secret /%2e%2e/outside/secret /sub/..%2f..%2foutside/secret /relative /absolute /fifo; do
	gives 403 --path-as-is "$url$path"
done
gives 400 $url/%00
gives 405 -X POST -d 'much' $url/hello.txt
gives 501 -X FETCH $url/hello.txt

# ranges, conditions
is '206 text/plain; charset=utf-8 5' -r 7-11 $url/hello.txt && [ "$(cat "$TMP/body")" = world ] || fail 'range 7-11'
is '206 text/plain; charset=utf-8 6' -r -6 $url/hello.txt
is '206 text/plain; charset=utf-8 6' -r 7- $url/hello.txt
gives 416 -r 13- $url/hello.txt
expect_in "$(curl -sS -D - -o /dev/null -r 99- $url/hello.txt)" '^Content-Range: bytes \*/13' 'range 99-'
gives 304 -H 'If-Modified-Since: Thu, 02 Jan 2020 03:04:05 GMT' $url/hello.txt
is '200 text/plain; charset=utf-8 13' -H 'If-Modified-Since: Thu, 02 Jan 2020 03:04:04 GMT' $url/hello.txt

# one connection for many requests; pipelined ones in order
expect_in "$(curl -sSv $url/hello.txt $url/none $url/hello.txt 2>&1)" 'Re-using existing connection' 'keep-alive'
piped=$(python3 - <<'END'
import socket
s = socket.create_connection(("10.0.0.1", 80))
s.sendall(b"GET /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n" * 50 + b"HEAD /none HTTP/1.0\r\n\r\n")
data = b""
while piece := s.recv(65536):
    data += piece
print(data.count(b"200 OK"), data.count(b"hello, world\n"), data.count(b"404 Not Found"), data.endswith(b"close\r\n\r\n"))
END
)
[ "$piped" = '50 50 1 True' ] || fail "pipelined: $piped"

# whole, large, several at once
for i in 1 2 3 4; do
	background "curl$i" curl -sS -m 60 -o "$TMP/big$i" $url/big
	pids[$i]=$BACKGROUND
done
for i in 1 2 3 4; do
	wait "${pids[$i]}" || fail "curl $i: $?"
	cmp -s "$root/big" "$TMP/big$i" || fail "big $i came otherwise"
done

tapir_waits h1 '^10\.0\.0\.2 - - \[.* \+0000\] "GET /hello.txt HTTP/1\.1" 200 13$' 5
tapir_run h1 'kill %1; wait' >/dev/null
[ "$(get $url/ 2>/dev/null)" = '000  0' ] || fail 'it still answers'
tapir_stop h1 || fail "tapir ended with $?"
