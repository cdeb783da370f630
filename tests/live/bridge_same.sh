#!/bin/bash
# Random frames and settings on the kernel's bridge, and the same on tapir's: who gets each frame, as what, and what the
# bridge has learned then. Each run has a seed of its own; SEED=N repeats one. BRIDGE_SECONDS (default 6).
. "$(dirname "$0")/lib.sh"
needs_root
needs ip bridge python3 unshare
ip link add probe0 type veth peer name probe1 2>/dev/null || skip "no veth pairs can be made here"
ip link del probe0
ip link add probe0 type bridge 2>/dev/null || skip "no bridges can be made here"
ip link del probe0

seed=${SEED:-$RANDOM}
echo "seed $seed"
no_ipv6='echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/default/disable_ipv6'
timeout 60 unshare --net sh -c "$no_ipv6; exec \"\$0\" \"\$@\"" \
	"$(dirname "$0")/bridge_rows.py" "$seed" "${BRIDGE_SECONDS:-6}" >"$TMP/rows.csv" || fail "measuring failed (seed $seed)"
"$BUILD/matrix" bridge "$TMP/rows.csv" >"$TMP/matrix.out" || fail "not the same (seed $seed)"
rows=$(sed -n 's/ agree.*//p' "$TMP/matrix.out")
[ "${rows:-0}" -ge 20 ] || fail "only ${rows:-0} rows were tried"
echo "$rows rows agree"
