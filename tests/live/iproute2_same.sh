#!/bin/bash
# The same lines typed at tapir and run by the machine's iproute2 and net-tools print the same, byte for byte:
# text, -d, -s, -o, -br, -j, messages and exit statuses. What only a kernel has (IPv6, queues, its limits of
# segmentation) is taken out of both before; JSON must be JSON.
. "$(dirname "$0")/lib.sh"
needs ip python3
ip -V | grep -q 'iproute2-6\.1\.' || skip "the shape of iproute2 6.1 is compared, here is $(ip -V)"
ip link add probe0 type veth peer name probe1 2>/dev/null || skip "no veth pairs can be made here"
ip link del probe0

cat >"$TMP/lines" <<'END'
ip link set lo up
ip link add veth0 address 02:00:00:00:00:01 type veth peer name veth1 address 02:00:00:00:00:02
ip link
ip link set veth0 up
ip link show veth0
ip link set veth1 up
until veth0 state.UP
until veth1 state.UP
ip addr add 10.0.0.1/24 dev veth0
ip addr add 10.0.0.3/24 brd + dev veth0
ip addr add 10.0.0.4/24 brd + dev veth0 label veth0:1
ip addr add 10.5.0.1 peer 10.5.0.2/32 dev veth1
ip addr
ip -d link
ip -d addr show veth0
ip -s link show veth1
ip -s -s link show lo
ip -br link
ip -br addr
ip -o link
ip -o addr
ip -c=always addr show veth0
ip -c=always -br link
ip -j addr
ip -j -d link
ip -j -s link show lo
ip -j -br addr
ip -j -br link
ip addr show to 10.0.0.0/24
ip addr show secondary
ip addr show scope host
ip addr show label veth0:*
ip addr add 10.0.0.1/33 dev veth0
ip addr add foo dev veth0
ip addr add 10.0.0.1/24
ip addr add 10.0.0.1/24 dev nodev
ip addr show nodev
ip addr foo
ip link show nodev
ip link set nodev up
ip link set veth0 mtu 20
ip link set veth0 mtu 70000
ip link set veth0 mtu abc
ip link set veth0 name veth1
ip link set veth0 master nodev
ip link set veth0 promisc maybe
ip link set veth0 foo
ip link set
ip link add foo type bar
ip link add foo
ip link add veth0 type veth peer name veth9
ip link del nodev
ip link del lo
ip link foo
ip foo
ip route add default via 10.0.0.2
ip route add 10.9.0.0/16 via 10.0.0.2 src 10.0.0.3 metric 5 mtu 1400
ip route add blackhole 10.10.0.0/16
ip route add unreachable 10.11.0.0/16 metric 7
ip route add prohibit 10.14.0.0/16
ip route add 10.12.0.1 dev veth1 proto static
ip route add 10.13.0.0/24 via 1.2.3.4 dev veth0 onlink
ip route
ip -d route
ip -j route
ip -j -d route
ip route show table local
ip route show table all
ip route show dev veth0
ip route show proto kernel
ip route show scope link
ip route show type blackhole
ip route show via 10.0.0.2
ip route show root 10.0.0.0/8
ip route show match 10.9.0.5
ip route show exact 10.9.0.0/16
ip route show default
ip route show table cache
ip route get 10.9.1.1
ip route get 10.0.0.9
ip route get 10.0.0.1
ip route get 10.0.0.1 from 10.0.0.1
ip route get 10.9.1.1 from 10.0.0.3
ip route get 10.9.1.1 oif veth0
ip route get 255.255.255.255
ip route get 127.0.0.1
ip -j route get 10.9.1.1
ip -j route get 127.0.0.1
ip route get 10.10.0.1
ip route get 10.11.0.1
ip route get 10.14.0.1
ip route get
ip route get foo
ip route add 10.9.0.0/16 via 10.0.0.2
ip route add 10.9.0.0/16 via 10.0.0.7
ip route replace 10.9.0.0/16 via 10.0.0.7
ip route change 10.99.0.0/16 via 10.0.0.7
ip route add 10.88.0.1/16 via 10.0.0.2
ip route add 10.88.0.0/16 via 10.77.0.1
ip route add 10.88.0.0/16 via foo
ip route add 10.88.0.0/16
ip route add foo via 10.0.0.2
ip route add 10.88.0.0/16 dev nodev
ip route add 10.88.0.0/16 dev veth0 src 10.99.0.9
ip route add 10.88.0.0/16 dev veth0 metric foo
ip route add 10.88.0.0/16 dev veth0 scope foo
ip route del 10.222.0.0/16
ip route del 10.9.0.0/16 via 10.0.0.99
ip route del 10.9.0.0/16
ip route show table foo
ip route flush
ip route foo
ip route
ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:55 dev veth0
ip neigh
ip -s neigh
ip -j neigh
ip -j -s neigh
ip neigh show dev veth0 nud permanent
ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:56 dev veth0
ip neigh add 10.0.0.61 dev veth0
ip neigh add 10.0.0.51 lladdr zz dev veth0
ip neigh add 10.0.0.51
ip neigh change 10.0.0.77 lladdr 02:00:00:00:00:09 dev veth0
ip neigh add proxy 10.0.0.88 dev veth0
ip neigh show proxy
ip -j neigh show proxy
ip neigh show nud foo
ip neigh flush
ip neigh del 10.0.0.50 dev veth0
ip neigh del 10.0.0.51 dev veth0
ip maddr show dev veth0
ip maddr add 01:00:5e:01:02:03 dev veth0
ip maddr show dev veth0
ip maddr del 01:00:5e:01:02:03 dev veth0
ip maddr del 01:00:5e:01:02:03 dev veth0
ip link set veth1 down
until veth0 NO-CARRIER
ip link
ip route
ip route show table local
ip link set veth1 up
until veth0 LOWER_UP
ip link set veth0 down
until veth1 NO-CARRIER
ip route
ip link set veth0 up
until veth0 LOWER_UP
ip route
ip link set veth1 name lan1
ip addr show lan1
ip link set lan1 mtu 1400 multicast off
ip link show lan1
ip link del lan1
ip link
ip route show table all
END
cat >"$TMP/tools" <<'END'
ip link add veth0 address 02:00:00:00:00:01 type veth peer name veth1 address 02:00:00:00:00:02
ip link set veth1 up
ifconfig veth0
ifconfig veth0 up
until veth0 state.UP
until veth1 state.UP
ifconfig veth0 10.0.0.1
ifconfig veth0 192.168.7.1/24
ifconfig veth0:1 10.4.4.4/16
ifconfig
ifconfig -a
ifconfig -s
ifconfig nodev
ifconfig veth0 mtu 20
ifconfig veth0 hw ether 02:00:00:00:00:77
ifconfig veth0 promisc -arp allmulti
ifconfig veth0
ifconfig veth0 arp -allmulti -promisc
ifconfig veth0 netmask 255.255.0.0
ip addr show veth0
ifconfig veth0 10.0.0.1/24
route add default gw 10.0.0.2
route add -net 10.9.0.0 netmask 255.255.0.0 gw 10.0.0.2
route add -net 10.10.0.0/16 gw 10.0.0.2 metric 7 dev veth0
route add -host 10.11.0.1 dev veth0
route add 10.12.0.1 gw 10.0.0.2
route add -net 10.13.0.0/16 reject
route add -net 10.14.0.0 gw 10.0.0.2
route add -net 10.9.0.0 netmask 255.255.0.0 gw 10.0.0.2
route add -net 10.99.0.0/16 gw 9.9.9.9
route add -net 10.99.0.0/16
route -n
route -ne
route -nee
ip route
route del default
route del default
route del -net 10.9.0.0/16
route del -host 10.11.0.1
route del -net 10.13.0.0 netmask 255.255.0.0 reject
arp -s 10.0.0.7 02:00:00:00:00:07
arp -n
arp -a
arp -v
arp 10.0.0.7
arp 10.0.0.77
arp -n -i lo
arp -d 10.0.0.7
arp -d 10.0.0.77
arp -s 10.0.0.7
arp -s 99.0.0.7 02:00:00:00:00:07
END

# Each line, what it prints, and its status: a script that both shells understand. "until DEVICE FLAG": the
# kernel sees a carrier come and go a little later.
script() {
	local line
	while read -r line; do
		if [[ $line = "until "* ]]; then
			[ "$2" = kernel ] && echo "soon ${line#until }"
			continue
		fi
		printf "echo '\$ %s'\n%s\necho \"[\$?]\"\n" "$line" "${line/label veth0:\*/label 'veth0:*'}"
	done <"$1"
}

# What is not tapir's: IPv6, the number of queues, limits of segmentation. Kernels from 6.3 on have words of
# their own for some refusals.
without_kernel() {
	sed -E -e '/^\s+inet6 |33:33:/d' -e '/^tapir has so far:/d' -e 's/addrgenmode \w+ //; s/"inet6_addr_gen_mode":"\w+",//g' \
		-e 's/num[tr]xqueues [0-9]+ //g; s/"num_[tr]x_queues":[0-9]+,//g' \
		-e 's/gso_max_size [0-9].*//; s/,"gso_max_size"[^}]*//g' \
		-e 's/^Error: ipv4: Address already assigned\.$/RTNETLINK answers: File exists/' \
		-e 's/^Error: ipv4: Address not found\.$/RTNETLINK answers: Cannot assign requested address/'
}

cat >"$TMP/prelude" <<'END'
echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/all/disable_ipv6
echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/default/disable_ipv6
soon() {
	local i
	for i in {1..100}; do
		ip link show "$1" 2>/dev/null | grep -q "$2" && return
		sleep 0.02
	done
}
END

same() {
	script "$1" kernel | cat "$TMP/prelude" - >"$TMP/kernel.sh"
	script "$1" tapir >"$TMP/script"
	LC_ALL=C unshare --net bash "$TMP/kernel.sh" 2>&1 | without_kernel >"$TMP/kernel.txt"
	"$TAPIR" --virtual --empty -c 'ip link set lo down; ip addr flush dev lo' -f "$TMP/script" </dev/null 2>&1 |
		without_kernel >"$TMP/tapir.txt"
	diff -u "$TMP/kernel.txt" "$TMP/tapir.txt" || fail "not the same (kernel -, tapir +)"
}

same "$TMP/lines"
grep '^\[{' "$TMP/tapir.txt" | while read -r json; do
	python3 -m json.tool <<<"$json" >/dev/null || fail "no JSON: $json"
done || exit 1
needs ifconfig route arp
same "$TMP/tools"
