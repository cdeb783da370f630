#!/bin/sh
# SPDX-License-Identifier: MIT
# Frames by one TAP device for one and for N of a kind, in turn: how many a second are read and brought where they belong. Prints
# the medians and their ratio; and what a frame costs tapir, which another load on the machine changes less. As root, in a
# network namespace of its own; tapir on core 0, the driver on core 1.
#   bench/demux.sh [ROUNDS [N [SECONDS [KIND]]]]
# KIND is one of
#   macvlans     on the device
#   addresses    of such macvlans, each in a network of its own
#   hosts        each behind a macvlan of its own
#   fdb          addresses that a bridge knows behind another port
#   neighbours   of a router, on another link
rounds=${1:-5} number=${2:-10000} seconds=${3:-2} kind=${4:-macvlans}
bin=${BUILD:-build}
[ -n "$TAPIR_BENCH_NS" ] || exec env TAPIR_BENCH_NS=1 unshare -n --mount sh -c 'mount -t sysfs sysfs /sys; exec "$0" "$@"' "$0" "$@"
log=$bin/bench/demux.log

each() { # N LINE: with the number, and with addresses that end in its two octets, for NUMBER, MAC and IP
	seq 0 $(($1 - 1)) | awk -v f="$2" '{
		line = f
		gsub("NUMBER", $1, line)
		gsub("MAC", sprintf("02:00:00:00:%02x:%02x", $1 / 256, $1 % 256), line)
		gsub("IP", sprintf("10.1.%d.%d", $1 / 256, $1 % 256), line)
		print line }'
}

macvlan='ip link add link eth0 name mNUMBER address MAC type macvlan mode bridge'
other_link='ip netns add other; ip link add eth1 type veth peer name eth0 netns other; ip link set eth1 up
	ip -n other link set eth0 up'

network() { # N: the commands that make it
	case $kind in
	macvlans) each "$1" "$macvlan; ip link set mNUMBER up" ;;
	addresses) each "$1" "$macvlan; ip addr add IP/32 dev mNUMBER; ip link set mNUMBER up" ;;
	hosts) each "$1" "$macvlan; ip netns add nNUMBER; ip link set mNUMBER netns nNUMBER; ip -n nNUMBER link set mNUMBER up" ;;
	fdb)
		echo "$other_link; ip link add br0 type bridge; ip link set br0 up"
		echo 'ip link set eth0 master br0; ip link set eth1 master br0'
		each "$1" 'bridge fdb add MAC dev eth1 master static'
		;;
	neighbours)
		echo "$other_link; ip addr add 10.0.0.1/8 dev eth1; ip link set eth0 address 02:00:00:00:00:00"
		echo 'sysctl net.ipv4.ip_forward=1 net.ipv4.neigh.default.gc_thresh3=20000'
		each "$1" 'ip neigh add IP lladdr MAC dev eth1 nud permanent'
		;;
	*) echo "bench/demux.sh: $kind: not a kind" >&2 && exit 2 ;;
	esac
	echo 'echo ready; sleep 1000'
}

cpu_ns() { # PID: what it has used until now
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1e9 / hz }' "/proc/$1/stat"
}

measure() { # N
	network "$1" >"$bin/bench/demux.tapir"
	: >"$bin/bench/demux.out"
	taskset -c 0 "$bin/tapir" --tap tap0 "$bin/bench/demux.tapir" >"$bin/bench/demux.out" 2>&1 </dev/null &
	until ip link set tap0 up 2>/dev/null; do :; done
	until grep -q ready "$bin/bench/demux.out"; do kill -0 $! || exit 1; sleep 0.05; done
	before=$(cpu_ns $!)
	frames=$(taskset -c 1 "$bin/bench/blast" tap0 "$1" "$seconds" $to)
	echo "$1 $frames $before $(cpu_ns $!)" | awk '{ print $1, int($2 / $3), "frames/s", int(($5 - $4) / $2), "ns" }' | tee -a "$log"
	kill $! && wait $! 2>/dev/null
	while [ -e /sys/class/net/tap0 ]; do :; done
}

: >"$log"
case $kind in
neighbours) to=router ;;
addresses) to=ip ;;
esac
for _ in $(seq "$rounds"); do
	measure 1
	measure "$number"
done
median() { # N COLUMN
	awk -v n="$1" -v c="$2" '$1 == n { print $c }' "$log" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
echo "$number $(median 1 2) $(median "$number" 2) $(median 1 4) $(median "$number" 4)" | awk '{
	printf "for 1: %d frames/s, %d ns a frame; for %d: %d frames/s, %d ns a frame\n", $2, $4, $1, $3, $5
	printf "ratio of rates %.3f, of cost %.3f (tapir on core 0, driver on core 1)\n", $3 / $2, $5 / $4 }'
