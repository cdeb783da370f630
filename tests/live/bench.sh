#!/bin/bash
# The benchmark itself works: every mode of the driver against the floor (all variants), tapir and the kernel, and a report
# of it. Nothing here is about speed.
. "$(dirname "$0")/lib.sh"
needs ip python3 taskset unshare sysctl
needs_root
needs_tun
cd "$(dirname "$0")/../.." || exit 1
export BUILD=$TMP/build
mkdir -p "$BUILD/bench"
ln -s "$TAPIR" "$BUILD/tapir"
for program in driver floor server; do
	ln -s "${TAPIR%/tapir}/bench/$program" "$BUILD/bench/$program"
done

# measured "STACKS" "MODES": a short run has figures for each.
measured() {
	local out stack mode
	expect "a short run" timeout 100 bench/run --rounds 1 --seconds 0.1 --pins one --only "${1// /,}" --modes "${2// /,}"
	out=$(cat "$TMP/expect.out")
	for stack in $1; do
		for mode in $2; do
			expect_in "$out" "^1 one $stack +$mode +[0-9.]+ (k/s|Gbit/s)" "bench/run"
		done
	done
}

measured "floor tapir kernel" "ping udp1 udp32 rr1 rr32 crr send recv"
measured "floor-copy floor-plain tapir-plain" "rr1 send recv"
measured "floor-poll" "rr1 ping"

# --- a peer by command line; one that does not start, and one that lacks a service, are left out

expect "peers" timeout 100 bench/run --rounds 1 --seconds 0.1 --pins one --modes ping,recv --only floor \
	--peer "copy=$BUILD/bench/floor {tap} --copy" --peer 'broken=exit 1'
out=$(cat "$TMP/expect.out")
expect_in "$out" '^1 one copy +ping +[0-9.]+ k/s' "a peer"
expect_not_in "$out" '^1 one broken' "a peer that does not start"

# --- the report, of figures that are known

python3 - "$BUILD/bench/results.json" <<'END'
import json, sys
sample = lambda stack, mode, number, **more: {"stack": stack, "pin": "two", "mode": mode, "round": number, "rate": 1.0,
    "p50_ns": 1.0, "units": 1e9, "stack_cpu": 1.0, "driver_cpu": 1.0, "stack_user": 0.1, **more}
samples = [sample(s, "send", n, rate=r, stack_user=u) for n in (1, 2, 3) for s, r, u in
           (("floor", 10.0, 0.1), ("tapir", 8.0 + n, 0.11), ("floor-copy", 10, 0.1), ("lwip", 5.0, 1), ("slow", 1.0, 1))]
samples += [sample("floor", "ping", n) for n in (1, 2, 3)] + [sample("tapir", "ping", n, p50_ns=1.5) for n in (1, 2, 3)]
machine = {"cores": 2, "cpu": "CPU", "kernel": "6", "date": "2026-01-01", "load": 0.0}
json.dump({"machine": machine, "rounds": 3, "seconds": 1, "samples": samples}, open(sys.argv[1], "w"))
END
expect "a report" bench/report
out=$(cat "$BUILD/bench/report.md")
expect_in "$out" '^\| TCP receive \| floor \| >= 0.90 \| 1.00 \(0.90-1.10\) \| - \| holds \|$' report
expect_in "$out" '^\| TCP receive \| best peer \(lwip\) \| >= 2.30 \| 2.00 \(1.80-2.20\) \| - \| falls short: two cores \|$' report
expect_in "$out" '^\| ping, p50 \| floor \| <= 1.03 \| 1.50 \(1.50-1.50\) \| - \| falls short: two cores \|$' report
expect_in "$out" '^\| UDP echo, 32 outstanding \| floor \| >= 0.92 \| - \| - \| not measured \|$' report
expect_in "$out" '^\| CPU per byte received.* \| 0.010 \(0.010-0.010\) \| - \| holds \|$' report
expect_not_in "$out" 'busy' report
