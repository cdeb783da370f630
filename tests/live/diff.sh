#!/bin/bash
# What comes to tapir in the golden tests comes to the kernel, too (tapir diff). What that answers differently stands in
# diff/explained; what is not there is a fault, and so is what stands there and is no difference any more. diff/left-out
# names the inputs that say nothing about the kernel. diff/serve and diff/on stand for commands that only tapir has.
. "$(dirname "$0")/lib.sh"
needs ip sysctl nc ping arping ss seq pgrep python3
needs_tun
here=$(cd "$(dirname "$0")" && pwd)

# says STATUS PATTERN SETUP [OPTION...]: what tapir diff ends with and says, of an input that is answered in two ways twice.
says() {
	local status=$1 pattern=$2 said
	printf '%s\n' "$3" >"$TMP/setup"
	shift 3
	said=$("$TAPIR" diff "$here/../golden/ip-record-route/in.pcap" --setup "$TMP/setup" "$@" 2>&1)
	[ $? = "$status" ] || fail "status is not $status: $said"
	expect_in "$said" "$pattern" "tapir diff"
}

up='ip addr add 10.0.0.1/24 dev eth0; ip link set eth0 address 02:00:00:00:00:01 up'
says 1 '^packet 2 is answered in two ways:$' "$up"
says 0 ': 5 packets in, 5 out by tapir, 5 by the kernel: no difference$' "$up" --mask ip.options
echo 'false' >"$TMP/kernel-setup"
says 2 "kernel-setup failed when the machine's sh ran it \(status 1\)" "$up" --kernel-setup "$TMP/kernel-setup"
echo 'true' >"$TMP/kernel-setup"
says 2 'kernel-setup leaves eth0 down' "$up" --kernel-setup "$TMP/kernel-setup"
says 2 'nix failed \(status 127\)' "$up" --setup "$TMP/nix"

# Nothing of it is left, however it ends.
printf '%s\n' "$up" 'sleep 4321 > /dev/null &' >"$TMP/setup"
is_running() {
	pgrep -f '^sleep 4321$'
}
background killed.out "$TAPIR" diff "$here/../golden/arp-ignore/in.pcap" --setup "$TMP/setup"
wait_for 30 is_running || fail "the script does not run on the kernel"
kill -KILL $BACKGROUND
wait_for 30 eval '! is_running' || fail "what the script has begun outlives tapir diff"

PATH=$here/diff:$PATH timeout 110 "$here/diff.py" "$TAPIR" "$here/../golden" "$here/diff" || fail "tapir and the kernel differ"
