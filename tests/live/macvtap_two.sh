#!/bin/bash
# Two tapirs on macvtaps of one real device, beside a macvlan of the kernel's and a host on the wire, in all modes: who
# reaches whom. The wire ends at a switch, which in the end sends frames back (hairpin).
. "$(dirname "$0")/lib.sh"
needs ip ping nsenter bridge
needs_real_root

#   [1] tapir mvt1 10.5.0.1 --.
#   [2] tapir mvt2 10.5.0.2 --+-- lower (H) ==== wire (W) br0 10.5.0.9
#   [K] kernel k0  10.5.0.3 --'
for ns in H W K; do
	ip netns add $ns || skip "no network namespaces here"
	ip netns exec $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
done
ip -n H link add lower type veth peer name wire netns W
ip -n W link add br0 type bridge forward_delay 0 mcast_snooping 0 2>/dev/null || skip "no bridges can be made here"
ip -n W link set wire master br0
ip -n W addr add 10.5.0.9/24 dev br0
ip -n H link set lower up
ip -n W link set wire up
ip -n W link set br0 up
has_carrier() { # NAMESPACE DEVICE: the kernel passes a carrier on a little later
	wait_for 5 eval "ip -n $1 link show $2 | grep -q 'state UP'" || fail "$2 has no carrier"
}
has_carrier W br0
printf '#!/bin/sh\nexec nsenter --net=/run/netns/H %s "$@"\n' "$BUILD/tapir" >"$TMP/in-H"
chmod 755 "$TMP/in-H"
TAPIR=$TMP/in-H

start() { # MODE
	ip -n H link add link lower name mvt1 type macvtap mode "$1" 2>/dev/null || skip "no macvtap interfaces can be made here"
	ip -n H link add link lower name mvt2 type macvtap mode "$1"
	ip -n H link add link lower name k0 type macvlan mode "$1"
	ip -n H link set k0 netns K
	ip -n K addr add 10.5.0.3/24 dev k0
	ip -n K link set k0 up
	has_carrier K k0
	tapir_start one --macvtap mvt1 --addr 10.5.0.1/24
	tapir_start two --macvtap mvt2 --addr 10.5.0.2/24
	has_carrier H mvt1
	has_carrier H mvt2
}

end() {
	tapir_stop one || fail "one ended with $?"
	tapir_stop two || fail "two ended with $?"
	rm "$TMP/one.in" "$TMP/two.in"
	ip -n H link del mvt1
	ip -n H link del mvt2
	ip -n K link del k0
	ip -n W neigh flush dev br0
}

# Nobody remembers who did not answer.
forget() {
	tapir_run one 'ip neigh flush dev eth0' >/dev/null
	tapir_run two 'ip neigh flush dev eth0' >/dev/null
	ip -n K neigh flush dev k0
}

# reaches yes|no FROM TO: `ping` gets an answer or not. FROM is one, two, K or W.
reaches() {
	local expected=$1 from=$2 to=$3 got=no
	case $from in
	K | W) ip netns exec "$from" ping -q -c 1 -W 1 "$to" >/dev/null && got=yes ;;
	*) tapir_run "$from" "ping -q -c 1 -W 1 $to" | grep -q '1 received' && got=yes ;;
	esac
	[ $got = "$expected" ] || fail "$mode${hairpin:+, $hairpin}: $from reaches $to: $got, not $expected"
}

siblings() { # yes|no
	reaches "$1" one 10.5.0.2
	reaches "$1" two 10.5.0.3
	reaches "$1" K 10.5.0.1
}

wire() {
	reaches yes one 10.5.0.9
	reaches yes two 10.5.0.9
	reaches yes W 10.5.0.1
	reaches yes W 10.5.0.3
}

mode=bridge hairpin=
start bridge
siblings yes
wire
end

for mode in vepa private; do
	start $mode
	siblings no
	wire
	hairpin="hairpin switch"
	bridge -n W link set dev wire hairpin on
	forget
	if [ $mode = vepa ]; then
		siblings yes
	else
		siblings no # the requests of ARP come back to who asked, and to nobody else
	fi
	bridge -n W link set dev wire hairpin off
	hairpin=
	end
done

# source: each hears the wire's host and one sibling, by their addresses; and nobody else.
mode=source
start source
mac_w=$(ip -n W -br link show br0 | awk '{ print $3 }')
mac_1=$(ip -n H -br link show mvt1 | awk '{ print $3 }')
reaches no one 10.5.0.9
for dev in mvt1 mvt2; do
	ip -n H link set $dev type macvtap macaddr set "$mac_w" "$mac_1"
done
ip -n K link set k0 type macvlan macaddr set "$mac_w"
forget
wire
siblings no
end

# passthru: one, which has the device's own address.
mode=passthru
ip -n H link add link lower name mvt1 type macvtap mode passthru
ip -n H link add link lower name mvt2 type macvtap mode bridge 2>/dev/null && fail "it is not alone"
tapir_start one --macvtap mvt1 --addr 10.5.0.1/24
has_carrier H mvt1
reaches yes one 10.5.0.9
reaches yes W 10.5.0.1
tapir_says one 'ip link show eth0' "link/ether $(ip -n H -br link show lower | awk '{ print $3 }')"
tapir_stop one || fail "one ended with $?"
