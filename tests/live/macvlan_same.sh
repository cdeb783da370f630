#!/bin/bash
# Random modes and frames on the kernel's macvlan, and the same on tapir's: who gets each frame, and as what. Each run has a
# seed of its own; SEED=N repeats one.
. "$(dirname "$0")/lib.sh"
needs_root
needs ip python3 unshare
ip link add probe0 type veth peer name probe1 2>/dev/null || skip "no veth pairs can be made here"
ip link add link probe0 name probe2 type macvlan 2>/dev/null || { ip link del probe0; skip "no macvlans can be made here"; }
ip link del probe0

seed=${SEED:-$RANDOM}
echo "seed $seed"
no_ipv6='echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/default/disable_ipv6'
timeout 60 unshare --net sh -c "$no_ipv6; exec \"\$0\" \"\$@\"" \
	"$(dirname "$0")/macvlan_rows.py" "$seed" "${ROWS_SECONDS:-12}" >"$TMP/rows.csv" || fail "measuring failed (seed $seed)"
"$BUILD/matrix" macvlan "$TMP/rows.csv" >"$TMP/matrix.out" || fail "not the same (seed $seed)"
rows=$(sed -n 's/ agree.*//p' "$TMP/matrix.out")
[ "${rows:-0}" -ge 30 ] || fail "only ${rows:-0} rows were tried"
echo "$rows rows agree"
