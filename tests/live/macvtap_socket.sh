#!/bin/bash
# macvtap inside tapir: another tapir and a program in Python at its far end, by a UNIX socket. Without root, under ASan.
. "$(dirname "$0")/lib.sh"
needs python3
TAPIR=$BUILD/unit/tapir
export XDG_RUNTIME_DIR=$TMP/run
mkdir "$XDG_RUNTIME_DIR"

path_of() { # DEVICE of the near tapir
	tapir_run near "ip -d link show $1" | sed -n 's/.* socket \([^ ]*\) .*/\1/p'
}

#   [h1] eth0 10.0.0.1 ==== lower [sw] -- mvt0 ~~~ another process: 10.0.0.2
tapir_start near --empty
tapir_run near 'ip netns add sw; ip link add eth0 type veth peer name lower netns sw; ip addr add 10.0.0.1/24 dev eth0' >/dev/null
tapir_run near 'ip link set eth0 up; ip -n sw link set lower up' >/dev/null
tapir_run near 'ip -n sw link add link lower name mvt0 netns h1 type macvtap mode bridge; ip link set mvt0 up' >/dev/null
tapir_says near 'ip link show mvt0' 'NO-CARRIER.* state DOWN'
path=$(path_of mvt0)
[ -S "$path" ] || fail "no socket: $(tapir_run near 'ip -d link')"
[ "$(stat -c %a "$path")" = 600 ] && [ "$(stat -c %a "${path%/*}")" = 700 ] || fail "others may enter: $(ls -la "${path%/*}")"
tapir_says near 'ip -d -j link show mvt0' "\"info_kind\":\"macvtap\".*\"socket\":\"$path\""

# A tapir at the far end gets the MAC address, a carrier, and answers; large packets go in pieces of the MTU.
tapir_start far --socket "$path" --addr 10.0.0.2/24
mac=$(tapir_run near 'ip -br link show mvt0' | awk '{ print $3 }')
tapir_says far 'ip link show eth0' "link/ether $mac"
tapir_says near 'ip link show mvt0' 'UP,LOWER_UP> .* state UP'
tapir_says near 'ping -c 3 -i 0.2 10.0.0.2' '3 packets transmitted, 3 received, 0% packet loss'
tapir_says far 'ping -c 2 -i 0.2 -s 20000 10.0.0.1' '2 received'
tapir_run near 'ip link set mvt0 address 02:00:00:00:00:77' >/dev/null
wait_for 5 eval 'tapir_run far "ip link show eth0" | grep -q 02:00:00:00:00:77' || fail "the new MAC address is not told"
tapir_run near 'ip neigh flush dev eth0' >/dev/null # what it just confirmed it would believe for another second
tapir_says far 'ping -c 1 10.0.0.1' '1 received'

# TCP, whose super-frames are cut on the way out.
head -c 3000000 /dev/urandom >"$TMP/file"
tapir_run near "nc -l 5000 >$TMP/copy &" >/dev/null
tapir_run far "nc -N 10.0.0.1 5000 <$TMP/file" >/dev/null
wait_for 10 cmp "$TMP/file" "$TMP/copy" || fail "TCP: the file arrived otherwise"
tapir_run far "nc -l 5001 >$TMP/back &" >/dev/null
tapir_run near "nc -N 10.0.0.2 5001 <$TMP/file" >/dev/null
wait_for 10 cmp "$TMP/file" "$TMP/back" || fail "TCP the other way: the file arrived otherwise"

# One at a time. A second one finds nobody; the first one goes on.
tapir_start second --socket "$path" --addr 10.0.0.3/24
wait_for 5 eval 'tapir_run second "ip link show eth0" | grep -q NO-CARRIER' || fail "the second one has a carrier"
tapir_says near 'ping -c 1 10.0.0.2' '1 received'
tapir_stop second
tapir_stop far || fail "the far tapir ended with $?"
wait_for 5 eval 'tapir_run near "ip link show mvt0" | grep -q NO-CARRIER' || fail "the end goes unseen"

# A program.
out=$(timeout 10 python3 "$(dirname "$0")/macvtap_socket.py" "$path" 10.0.0.2 10.0.0.1 2>&1) || fail "the program: $out"
expect_in "$out" '^address 02:00:00:00:00:77$'
expect_in "$out" '^answered$'

# A far end that does not read: the socket is the queue, and what does not fit is a named drop.
background idle.txt python3 -c "
import socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect('$path'); print('there', flush=True); time.sleep(60)"
wait_for 5 grep -q there "$TMP/idle.txt"
wait_for 5 eval 'tapir_run near "ip link show mvt0" | grep -q LOWER_UP'
tapir_run near 'ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:77 dev eth0; ping -q -f -c 300 -s 1000 10.0.0.9' 60 >/dev/null
tapir_says near 'drops' 'DEV_TX_BUSY'
kill $BACKGROUND

# The device goes, and its socket with it.
tapir_run near 'ip link del mvt0' >/dev/null
[ ! -e "$path" ] || fail "$path was left"
tapir_run near 'ip -n sw link add link lower name mvt1 type macvtap' >/dev/null
tapir_stop near || fail "the near tapir ended with $?"
[ -z "$(ls "${path%/*}")" ] || fail "left: $(ls "${path%/*}")"

# What cannot be.
out=$("$TAPIR" --socket "$path" -c true 2>&1) && fail "nobody is there: $out"
expect_in "$out" "nobody is there; .ip -d link. of the tapir that has the macvtap shows the path"
out=$("$TAPIR" --virtual -c 'ip link add v type veth; ip link add link v type macvtap' 2>&1) && fail "under --virtual: $out"
expect_in "$out" 'macvtap: not under a virtual clock'
chmod 755 "$XDG_RUNTIME_DIR/tapir"
out=$("$TAPIR" --empty -c 'ip link add v type veth; ip link add link v type macvtap' 2>&1) && fail "an open folder: $out"
expect_in "$out" 'it must be a folder of yours that nobody else may enter'
