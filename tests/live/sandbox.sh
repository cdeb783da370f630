#!/bin/bash
# The sandbox as root: both directions, large packets, two side by side, and nothing left behind.
. "$(dirname "$0")/lib.sh"
needs ping ip
needs_root
needs_tun

before=$(ip -o link)

tapir_start a
tapir_says a 'ping -c 3 10.0.0.2' '3 packets transmitted, 3 received, 0% packet loss'
tapir_says a '!ping -c 3 -i 0.2 10.0.0.1' '3 packets transmitted, 3 received, 0% packet loss'
tapir_says a 'ping -c 2 -s 60000 10.0.0.2' '2 packets transmitted, 2 received, 0% packet loss'
tapir_says a '!ping -c 2 -s 60000 10.0.0.1' '2 packets transmitted, 2 received, 0% packet loss'

# The first packet of all is answered too, in the other order: the kernel speaks first.
tapir_start b
tapir_says b '!ping -c 1 -W 2 10.0.0.1' '1 packets transmitted, 1 received, 0% packet loss'
tapir_says b 'ping -c 1 10.0.0.2' '1 packets transmitted, 1 received, 0% packet loss'

# Two side by side have networks of their own.
tapir_says a '!ip -br addr' 'tap0 .*10\.0\.0\.2/24'
tapir_says b '!ip -br addr' 'tap0 .*10\.0\.0\.2/24'
[ "$(readlink /proc/${TAPIR_PID[a]}/ns/net)" != "$(readlink /proc/${TAPIR_PID[b]}/ns/net)" ] ||
	fail "two sandboxes share a network"
[ "$(ls /proc/${TAPIR_PID[a]}/task | wc -l)" = 1 ] || fail "there is more than one thread"

# The kernel's end: lo up, the address, no IPv6.
out=$(tapir_run a '!ip addr')
expect_in "$out" 'lo: .*UP'
expect_in "$out" 'inet 10\.0\.0\.2/24 brd 10\.0\.0\.255'
expect_not_in "$out" 'inet6'
tapir_says a 'ip route' '^default via 10\.0\.0\.2 dev eth0'
tapir_says a '!ip route' '^10\.0\.0\.0/24 dev tap0'
tapir_says a 'ping -c 1 127.0.0.1' '1 received'

# Outside, nothing has changed, neither now nor afterwards.
[ "$(ip -o link)" = "$before" ] || fail "the sandbox shows outside: $(ip -o link)"
tapir_stop a || fail "a ended with $?"
tapir_type b exit
tapir_gone b || fail "b ended with $?"
[ "$(ip -o link)" = "$before" ] || fail "something was left: $(ip -o link)"

# In one go: exit status of the last command, and no banner or prompt.
out=$("$TAPIR" -c 'ping -c 1 10.0.0.2; echo done') || fail "-c ended with $?"
expect_in "$out" '1 received'
[ "$(tail -n 1 <<<"$out")" = done ] || fail "more than was asked for: $out"
expect_not_in "$out" 'Seed|h1>'

# Ended by a signal it leaves cleanly too, and a program that runs goes with it.
tapir_start t
tapir_type t '!sleep 4321'
wait_for 5 pgrep -xf 'sleep 4321' || fail "no program in the foreground"
kill -TERM "${TAPIR_PID[t]}"
tapir_gone t
status=$?
[ $status = 143 ] || [ $status = 0 ] || fail "SIGTERM: status $status"
expect_not_in "$(cat "$TMP/t.out")" 'Assertion'
wait_for 5 eval '! pgrep -xf "sleep 4321"' || fail "the program outlives SIGTERM"
