#!/bin/bash
# 10,000 random and mutated frames of each kind into a TAP device, against the program with sanitizers: it goes on
# answering, every frame is counted, each ends well or as a drop with a name, and memory is back where it was.
. "$(dirname "$0")/lib.sh"
needs ip python3
needs_root
needs_tun
TAPIR=$BUILD/unit/tapir
[ -x "$TAPIR" ] || skip "there is no $TAPIR: make live builds it"

COUNT=10000
SEED=${SEED:-$RANDOM}
echo "seed $SEED"

sent_to_tapir() { # frames that the kernel gave to tap0
	ip -s -s link show tap0 | awk 'f { print $2; exit } /TX:/ { f = 1 }'
}

received() {
	tapir_run f 'ip -s link show eth0' | awk 'f { print $2; exit } /RX:/ { f = 1 }'
}

ended() { # packets, well or dropped
	tapir_run f stat | awk '$1 == "ended" { print $2 + $4 }'
}

dropped() { # the sum of all drops
	tapir_run f drops | awk '$1 ~ /^[0-9]+$/ { n += $1 } END { print n + 0 }'
}

in_use() { # packets, of both pools; one big one is where the next frame goes
	tapir_run f stat | awk '$1 == "small" || $1 == "big" && $4 > 1 { n += $4 } END { print n + 0 }'
}

tapir_start f --host
ip link set tap0 mtu 9000
tapir_run f 'sysctl -w net.ipv4.ipfrag_time=1' >/dev/null

for kind in eth arp ip frag icmp; do
	before=$(dropped)
	expect "$kind frames, seed $SEED" timeout 60 "$(dirname "$0")/frames.py" tap0 $kind $COUNT $SEED
	sent=$(sent_to_tapir)
	wait_for 10 eval '[ "$(received)" = "$(sent_to_tapir)" ]' ||
		fail "$kind: $(sent_to_tapir) frames sent, $(received) received (seed $SEED)"
	new=$(($(dropped) - before))
	echo "$kind: $new drops"
	[ $new -gt $((COUNT / 10)) ] || fail "$kind: only $new drops of $COUNT bad frames (seed $SEED)"
done

# What waits for fragments or neighbours is given up, and then no packet is left.
wait_for 30 eval '[ "$(in_use)" = 0 ]' || fail "packets are left (seed $SEED): $(tapir_run f stat)"
[ "$(ended)" -ge "$(received)" ] || fail "$(received) frames came, $(ended) packets ended (seed $SEED)"
tapir_says f 'ping -c 1 10.0.0.2' '1 received'
tapir_run f 'drops; stat'
tapir_stop f || fail "it ended with $? (seed $SEED)"
expect_not_in "$(cat "$TMP/f.out")" 'AddressSanitizer|LeakSanitizer|runtime error'
