#!/bin/bash
# --host: the sandbox's wire in the namespace that tapir is started in; refused with the reason where it would harm.
. "$(dirname "$0")/lib.sh"
needs ping ip setpriv
needs_root
needs_tun

refused() { # PATTERN COMMAND...
	local pattern=$1 out
	shift
	out=$("$@" --host -c 'echo started' 2>&1) && fail "not refused: $out"
	expect_in "$out" "$pattern"
	expect_not_in "$out" '^started'
	[ "$(wc -l <<<"$out")" = 1 ] || fail "more than one line: $out"
}

tapir_start h --host
ip -br addr show tap0 | grep -q 'UNKNOWN *10.0.0.2/24 $' || fail "tap0: $(ip -br addr show tap0)"
tapir_says h 'ping -c 2 10.0.0.2' '2 packets transmitted, 2 received, 0% packet loss'
expect "the kernel's side" ping -c 2 -i 0.2 -W 2 10.0.0.1

# A second one finds the network taken.
refused 'tapir: --host: 10\.0\.0\.0/24 is in use here already \(route 10\.0\.0\.0/24 dev tap0\)' "$TAPIR"
tapir_stop h || fail "it ended with $?"
ip link show tap0 2>/dev/null && fail "tap0 was left"

# Any route there or into it counts, the default route does not.
ip link add d0 type veth peer name d1 && ip link set d0 up && ip link set d1 up
for net in 10.0.0.0/8 10.0.0.64/26 10.0.0.7/32; do
	ip route add $net dev d0
	refused "in use here already \\(route $net dev d0\\)" "$TAPIR"
	ip route del $net dev d0
done
ip addr add 192.0.2.1/24 dev d0
ip route add default via 192.0.2.2
expect "with a default route" "$TAPIR" --host -c 'ping -c 1 10.0.0.2'
ip addr flush dev d0

# A tap0 that is somebody's.
ip tuntap add dev tap0 mode tap
refused 'there is a tap0 here already; attach to it by --tap tap0' "$TAPIR"
ip link del tap0

# No right to make a device.
needs_real_root
tapir_as_user
mount -t tmpfs -o mode=755 none /dev/net && mknod -m 666 /dev/net/tun c 10 200 || skip "no node can be made"
refused 'needs the right to \(CAP_NET_ADMIN\): run tapir as root, or without --host for a sandbox' "$TAPIR"
rm /dev/net/tun
refused 'there is no /dev/net/tun' "$TAPIR"
