#!/bin/sh
# SPDX-License-Identifier: MIT
# Frames to one and to PORTS macvlans on one TAP device, in turn: how many a second are read and given to the right one.
# Prints the medians and their ratio; and what a frame costs tapir, which another load on the machine changes less. As root,
# in a network namespace of its own; tapir on core 0, the driver on core 1. With `hosts` each macvlan is in a host of its own.
#   bench/demux.sh [ROUNDS [PORTS [SECONDS [hosts]]]]
rounds=${1:-5} ports=${2:-10000} seconds=${3:-2} hosts=$4
bin=${BUILD:-build}
[ -n "$TAPIR_BENCH_NS" ] || exec env TAPIR_BENCH_NS=1 unshare -n --mount sh -c 'mount -t sysfs sysfs /sys; exec "$0" "$@"' "$0" "$@"
log=$bin/bench/demux.log

network() { # PORTS: the commands that make them
	seq 0 $(($1 - 1)) | awk -v hosts="$hosts" '{
		printf "ip link add link eth0 name m%d address 02:00:00:00:%02x:%02x type macvlan mode bridge\n", $1, $1 / 256, $1 % 256
		if (hosts)
			printf "ip netns add h%d\nip link set m%d netns h%d\nip netns exec h%d ", $1, $1, $1, $1
		printf "ip link set m%d up\n", $1 }'
	echo 'echo ready; sleep 1000'
}

cpu_ns() { # PID: what it has used until now
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1e9 / hz }' "/proc/$1/stat"
}

measure() { # PORTS
	network "$1" >"$bin/bench/demux.tapir"
	: >"$bin/bench/demux.out"
	taskset -c 0 "$bin/tapir" --tap tap0 "$bin/bench/demux.tapir" >"$bin/bench/demux.out" 2>&1 </dev/null &
	until ip link set tap0 up 2>/dev/null; do :; done
	until grep -q ready "$bin/bench/demux.out"; do kill -0 $! || exit 1; sleep 0.05; done
	before=$(cpu_ns $!)
	frames=$(taskset -c 1 "$bin/bench/blast" tap0 "$1" "$seconds")
	echo "$1 $frames $before $(cpu_ns $!)" | awk '{ print $1, int($2 / $3), "frames/s", int(($5 - $4) / $2), "ns" }' | tee -a "$log"
	kill $! && wait $! 2>/dev/null
	while [ -e /sys/class/net/tap0 ]; do :; done
}

: >"$log"
for _ in $(seq "$rounds"); do
	measure 1
	measure "$ports"
done
median() { # PORTS COLUMN
	awk -v n="$1" -v c="$2" '$1 == n { print $c }' "$log" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
echo "$ports $(median 1 2) $(median "$ports" 2) $(median 1 4) $(median "$ports" 4)" | awk '{
	printf "1 macvlan: %d frames/s, %d ns a frame; %d macvlans: %d frames/s, %d ns a frame\n", $2, $4, $1, $3, $5
	printf "ratio of rates %.3f, of cost %.3f (tapir on core 0, driver on core 1)\n", $3 / $2, $5 / $4 }'
