#!/bin/bash
# --macvtap in bridge, vepa, private and passthru mode, against a peer behind a veth; namespaces with the same
# interface number; without root; the interface goes away.
. "$(dirname "$0")/lib.sh"
needs ping ip setpriv arping
needs_real_root

netns() { # NAME: a namespace with lower, whose other end `wire` is in NAMEw with 10.5.0.2
	ip netns add $1 && ip netns add $1w || skip "no network namespaces here"
	ip -n $1 link add lower type veth peer name wire netns $1w
	ip netns exec $1 sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	ip -n $1 link set lower up
	ip -n $1w link set wire up
	ip -n $1w addr add 10.5.0.2/24 dev wire
}

macvtap() { # NAMESPACE OPTION...
	local ns=$1
	shift
	ip -n $ns link add link lower name mvt0 "$@" || skip "no macvtap interfaces can be made here"
}

# tapir with options in a namespace; by setns, which leaves /sys as it was.
start_in() {
	local name=$1 ns=$2
	shift 2
	TAPIR="$TMP/in-$ns"
	printf '#!/bin/sh\nexec nsenter --net=/run/netns/%s %s "$@"\n' $ns "$BUILD/tapir" >"$TAPIR"
	chmod 755 "$TAPIR"
	tapir_start "$name" "$@"
}

# --- the four modes

netns H
for mode in bridge vepa private passthru; do
	macvtap H type macvtap mode $mode
	start_in m H --macvtap mvt0 --addr 10.5.0.1/24 --gw 10.5.0.2
	ip -n H link show mvt0 | grep -q 'ALLMULTI,UP' || fail "$mode: not up and all-multicast"
	tapir_says m 'ping -c 3 10.5.0.2' '3 packets transmitted, 3 received, 0% packet loss'
	expect "$mode: from the wire" ip netns exec Hw ping -c 3 -i 0.2 -W 2 10.5.0.1
	expect "$mode: large, from the wire" ip netns exec Hw ping -c 1 -s 20000 -W 2 10.5.0.1
	expect "$mode: by broadcast" ip netns exec Hw arping -c 1 -w 3 -I wire 10.5.0.1
	tapir_says m 'ping -c 1 -s 20000 10.5.0.2' '1 received'
	ip -n Hw neigh flush dev wire

	# The MAC is the interface's, and changing one changes the other.
	mac=$(ip -n H -br link show mvt0 | awk '{ print $3 }')
	tapir_says m 'ip link show eth0' "link/ether $mac"
	if [ $mode != passthru ]; then
		tapir_run m 'ip link set eth0 address 02:00:00:00:00:99' >/dev/null
		ip -n H link show mvt0 | grep -q 02:00:00:00:00:99 || fail "$mode: the MAC address does not follow"
		expect "$mode: new MAC address" ip netns exec Hw ping -c 1 -W 2 10.5.0.1
	fi

	# Set down, up, deleted: no descriptor tells, netlink does.
	ip -n H link set mvt0 down
	wait_for 5 eval 'tapir_run m "ip link show eth0" | grep -q NO-CARRIER' || fail "$mode: down goes unseen"
	ip -n H link set mvt0 up
	wait_for 5 eval 'tapir_run m "ip link show eth0" | grep -q LOWER_UP' || fail "$mode: up goes unseen"
	tapir_says m 'ping -c 1 10.5.0.2' '1 received'
	ip -n H link del mvt0
	wait_for 5 eval 'tapir_run m "ip link show eth0" | grep -q NO-CARRIER' || fail "$mode: deletion goes unseen"
	tapir_stop m || fail "$mode: it ended with $?"
	ip -n Hw neigh flush dev wire
done

# --- --mac, and the flags are taken back at the end

macvtap H type macvtap mode bridge
start_in m H --macvtap mvt0 --addr 10.5.0.1/24 --mac 02:00:00:00:00:0a
expect "--mac" ip netns exec Hw ping -c 1 -W 2 10.5.0.1
ip -n Hw neigh show dev wire | grep -q '10.5.0.1 lladdr 02:00:00:00:00:0a' || fail "--mac: $(ip -n Hw neigh)"
tapir_stop m || fail "it ended with $?"
ip -n H link show mvt0 | grep -q 'UP' && fail "mvt0 was left up"
ip -n H link del mvt0

# --- two namespaces, one interface number: /dev/tap777 is the first one's only

netns A
netns B
for ns in A B; do
	macvtap $ns index 777 type macvtap mode bridge
	start_in $ns $ns --macvtap mvt0 --addr 10.5.0.1/24
done
for ns in A B; do
	tapir_says $ns 'ping -c 1 10.5.0.2' '1 received'
	expect "$ns" ip netns exec ${ns}w ping -c 1 -W 2 10.5.0.1
	tapir_stop $ns || fail "$ns ended with $?"
done

# --- without root: the error has the command; with it, it works; another namespace's node is refused

tapir_as_user
user=$TAPIR
for ns in A B; do
	ip -n $ns link set mvt0 up
done
chmod 600 /dev/tap777
out=$(nsenter --net=/run/netns/A "$user" --macvtap mvt0 -c 'echo started' 2>&1) && fail "opened: $out"
expect_in "$out" "/dev/tap777 may not be opened; as root: chown $USER_ID /dev/tap777 .*SUBSYSTEM==\"macvtap\""
chown "$USER_ID" /dev/tap777
out=$(nsenter --net=/run/netns/A "$user" --macvtap mvt0 --addr 10.5.0.1/24 -c 'ping -c 1 10.5.0.2' 2>&1) ||
	fail "as its owner: $out"
out=$(nsenter --net=/run/netns/B "$user" --macvtap mvt0 -c 'echo started' 2>&1) && fail "A's node opened by B"
expect_in "$out" 'another network namespace'

# --- what is none

TAPIR=$BUILD/tapir
out=$(nsenter --net=/run/netns/A "$TAPIR" --macvtap lower -c true 2>&1) && fail "lower is none"
expect_in "$out" '--macvtap lower: it is no macvtap interface'
out=$("$TAPIR" --macvtap none0 -c true 2>&1) && fail "none0 is none"
expect_in "$out" 'no such interface; as root: ip link add link eth0 name none0 type macvtap mode bridge'
