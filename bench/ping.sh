#!/bin/sh
# SPDX-License-Identifier: MIT
# Ping round trips over TAP, one outstanding, stack and driver on one core: the floor and tapir in turn, in one run.
# Prints the median of each and their ratio. As root, in a network namespace of its own.
#   bench/ping.sh [ROUNDS [PINGS [BYTES]]]
rounds=${1:-5} pings=${2:-20000} bytes=${3:-56}
bin=${BUILD:-build}
[ -n "$TAPIR_BENCH_NS" ] || exec env TAPIR_BENCH_NS=1 unshare -n "$0" "$@"

tap_up() { # the interface exists once its stack has opened it
	until ip link set tap0 up 2>/dev/null; do :; done
	ip addr add 10.0.0.2/24 dev tap0
	until ping -c1 -W1 10.0.0.1 >/dev/null; do :; done
}

measure() { # NAME COMMAND...
	name=$1; shift
	taskset -c 0 "$@" >/dev/null 2>&1 </dev/null &
	tap_up
	taskset -c 0 "$bin/bench/rtt" 10.0.0.1 "$pings" "$bytes" | sed "s/^/$name /" | tee -a "$bin/bench/ping.log"
	kill $! && wait $! 2>/dev/null
	while [ -e /proc/sys/net/ipv4/conf/tap0 ]; do :; done
}

: > "$bin/bench/ping.log"
for _ in $(seq "$rounds"); do
	measure floor "$bin/bench/floor" tap0
	measure floor-vnet "$bin/bench/floor" tap0 vnet
	measure floor-vnet-wait "$bin/bench/floor" tap0 vnet wait
	measure tapir "$bin/tapir" --tap tap0 --addr 10.0.0.1/24 -c 'sleep 1000'
done
for name in floor floor-vnet floor-vnet-wait tapir; do
	awk -v n=$name '$1 == n { print $3 }' "$bin/bench/ping.log" | sort -n | awk -v n=$name '
		{ v[NR] = $1 } END { print n, "median of", NR, "runs: p50", v[int((NR + 1) / 2)], "ns" }'
done | tee "$bin/bench/ping.medians"
awk '{ p[$1] = $(NF - 1) } END { for (f in p) if (f != "tapir")
	printf "tapir / %s: %.3f (stack and driver on core 0)\n", f, p["tapir"] / p[f] }' "$bin/bench/ping.medians" | sort
