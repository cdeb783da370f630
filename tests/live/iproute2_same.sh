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
cat >"$TMP/bridge" <<'END'
ip link set lo up
ip link add br0 type bridge mcast_snooping 0
bridge link
ip link add p1 address 02:00:00:00:00:01 type veth peer name e1 address 02:00:00:00:01:01
ip link add p2 address 02:00:00:00:00:02 type veth peer name e2 address 02:00:00:00:01:02
ip link set p1 mtu 1400
ip link set p1 master br0
ip link show br0
ip link set p1 nomaster
ip link show br0
ip link set p2 master br0
ip link show br0
ip link set p1 master br0
ip -d link
ip link set br0 up
ip link show br0
ip link set p1 up
ip link set e1 up
ip link set p2 up
ip link set e2 up
until p1 state.UP
until p2 state.UP
until br0 state.UP
ip -d link show br0
ip -d link show p1
ip -j -d link show br0
ip -j -d link show p1
ip -o -d link show p1
ip link show type bridge_slave
ip link show master br0
bridge link
bridge -d link
bridge -o -d link
bridge -j link
bridge -j -d link
bridge -c=always link
bridge link show dev p1
bridge link show dev nodev
bridge link show master br0
bridge fdb
bridge fdb show br br0
bridge fdb show dev p1
bridge fdb show brport p1
bridge -s fdb show br br0
bridge -j fdb show br br0
bridge -j -s fdb show br br0
bridge -c=always fdb show br br0
bridge fdb add 02:00:00:00:00:78 dev p1 master
bridge fdb add 02:00:00:00:00:79 dev p1 master static
bridge fdb add 02:00:00:00:00:7a dev p1 master dynamic
bridge fdb add 02:00:00:00:00:7b dev p1 master sticky static
bridge fdb add 02:00:00:00:00:7c dev p1 master temp
bridge fdb add 02:00:00:00:00:7d dev p1 master local
bridge fdb add 02:00:00:00:00:7d dev p1 master local
bridge fdb replace 02:00:00:00:00:7d dev p2 master static
bridge fdb append 02:00:00:00:00:7e dev p2 master static
bridge fdb append 02:00:00:00:00:7e dev p2 master static
bridge fdb add 02:00:00:00:00:7f dev br0 self
bridge fdb add 02:00:00:00:00:80 dev br0 self local
bridge fdb add 02:00:00:00:00:81 dev br0 self static
bridge fdb add 02:00:00:00:00:81 dev e1 master
bridge fdb add 01:00:00:00:00:80 dev p1 master
bridge fdb add 01:00:00:00:00:81 dev p1
bridge fdb add 02:00:00:00:00:81 dev p2 master sticky
bridge fdb add 00:00:00:00:00:00 dev p2 master
bridge fdb del 02:00:00:00:00:7e dev p1 master
bridge fdb del 02:00:00:00:00:7e dev p2 master
bridge fdb del 02:00:00:00:00:aa dev p2 master
bridge fdb del 01:00:00:00:00:82 dev p1
bridge fdb add zz dev p2 master
bridge fdb add dev p2 master
bridge fdb add 02:00:00:00:00:7f
bridge fdb add 02:00:00:00:00:7f dev nodev
bridge fdb show br nodev
bridge fdb show dev nodev
bridge fdb foo
bridge foo
bridge fdb
bridge -j fdb
bridge fdb show dynamic
bridge fdb show state permanent
bridge fdb show state static
bridge fdb get 02:00:00:00:00:79 br br0
bridge fdb get 02:00:00:00:00:99 br br0
bridge fdb get 02:00:00:00:00:79
bridge -j fdb get 02:00:00:00:00:79 br br0
bridge fdb flush
bridge fdb flush dev nodev
bridge fdb flush dev p1
bridge fdb flush dev br0 sticky
bridge fdb show br br0
bridge fdb flush dev br0 dynamic
bridge fdb show br br0
bridge fdb flush dev br0 nopermanent
bridge fdb show br br0
bridge fdb flush dev p1 master
bridge fdb show br br0
bridge fdb flush dev br0
bridge fdb show br br0
bridge link set dev p1 hairpin on
bridge link set dev p1 flood maybe
bridge link set dev p1 state 9
bridge link set dev p1 state blocking
bridge link set dev p1 state foo
bridge link set dev p1 cost 5
bridge link set dev p1 priority 5
bridge link set dev p1 cost 0
bridge link set dev p1 priority 64
bridge link set dev e1 hairpin on
bridge link set dev nodev hairpin on
bridge link set hairpin on
bridge link foo
bridge -d link show dev p1
bridge link set dev p1 state 0
ip link show br0
bridge link set dev p2 state disabled
ip link show br0
bridge link
bridge link set dev p2 state 3
ip link show br0
ip link set p2 down
bridge link set dev p2 state 3
bridge link
bridge fdb add 02:00:00:00:00:7a dev p2 master dynamic
ip link set p1 type bridge_slave hairpin off isolated on locked on learning off flood off mcast_flood off bcast_flood off
ip link set p1 type bridge_slave state 3 guard on root_block on fastleave on cost 7 priority 9
ip link set p1 type bridge_slave group_fwd_mask 2
ip link set p1 type bridge_slave group_fwd_mask 0x4001
ip -d link show p1
ip -j -d link show p1
bridge -j -d link show dev p1
ip link set p1 type bridge_slave group_fwd_mask 8
ip link set p1 type bridge_slave hairpin maybe
ip link set p1 type bridge_slave state 7
ip link set p1 type bridge_slave state forwarding
ip link set p1 type bridge_slave priority 99
ip link set p1 type bridge_slave cost 0
ip link set p1 type bridge_slave hairpin
ip link set p1 type bridge_slave fdb_flush
ip link set e1 type bridge_slave hairpin off
ip link set br0 type bridge ageing_time 100 group_fwd_mask 0x4000
ip link set br0 type bridge group_fwd_mask 1
ip link set br0 type bridge ageing_time foo
ip link set br0 type bridge group_fwd_mask foo
ip link set br0 type bridge forward_delay 200 hello_time 200 max_age 1000 priority 100
ip link set br0 type bridge fdb_flush
ip link set br0 type bridge ageing_time
ip -d link show br0
ip -j -d link show br0
ip link set p2 up
until p2 LOWER_UP
ip link set br0 mtu 1200
ip link set p1 mtu 1100
ip link show br0
ip link set br0 address 02:00:00:00:00:99
bridge fdb show br br0
ip link set p2 address 02:00:00:00:00:03
bridge fdb show br br0
ip link set lo master br0
ip link add br1 address 02:00:00:00:00:55 type bridge
ip link set br1 master br0
ip link set br0 master br0
ip link set e1 master p1
ip link set p1 master br1
bridge link
ip link set p1 nomaster
ip link set p1 nomaster
ip link add br4 type bridge ageing_time foo
ip link add br5 mtu 1300 type bridge ageing_time 100 group_fwd_mask 16384 forward_delay 0 mcast_snooping 0
ip link set e2 master br5
ip link show br5
ip link set br5 mtu 70000
ip -d link show br5
ip link del br5
ip link del br0
ip link show p2
END
cat >"$TMP/brctl" <<'END'
brctl show
brctl addbr br0
brctl show
brctl addbr br0
ip link set br0 address 02:00:00:00:00:99
ip link add p1 address 02:00:00:00:00:01 type veth peer name e1 address 02:00:00:00:01:01
ip link add p2 address 02:00:00:00:00:02 type veth peer name e2 address 02:00:00:00:01:02
brctl addif br0 p1 p2
brctl show
brctl addbr br1
brctl show
brctl show br0
brctl show br9
brctl show p1
brctl showmacs br0
brctl showstp br0
brctl addif br0 p1
brctl addif br0 nodev
brctl addif nobr p1
brctl addif br0 lo
brctl addif br0 br1
brctl delif br0 e1
brctl delif br0 e9
brctl delif br1 p2
brctl setageing br0 100
brctl setageing br0 foo
brctl setageing br9 100
brctl stp br0 off
brctl stp br0 maybe
brctl setfd br0 4
brctl sethello br0 1
brctl setmaxage br0 10
brctl setbridgeprio br0 100
brctl setpathcost br0 p2 5
brctl hairpin br0 p1 maybe
brctl hairpin br0 e1 on
brctl setportprio br0 e1 5
brctl show br0
brctl showmacs br9
brctl showstp br9
brctl
brctl foo
brctl addbr
brctl addif br0
brctl show br0 br1
ip link set br0 up
brctl delbr br0
brctl delbr p1
brctl delbr br9
ip link set br0 down
brctl delif br0 p1
brctl show
brctl delbr br0
brctl show
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

# What is not tapir's: timers, bridge-utils' own arithmetic of times, IPv6, the number of queues, limits of segmentation. Kernels from 6.3 on have words of
# their own for some refusals.
without_kernel() {
	sed -E -e 's/\{"mac":"33:33[^}]*\},?//g; s/,\]$/]/' -e '/^\s+inet6 |33:33:/d' -e '/^tapir has so far:/d' -e '/\tbridge (max age|hello time|forward delay)\t/d' -e 's/addrgenmode \w+ //; s/"inet6_addr_gen_mode":"\w+",//g' \
		-e 's/num[tr]xqueues [0-9]+ //g; s/"num_[tr]x_queues":[0-9]+,//g' \
		-e 's/gso_max_size [0-9].*//; s/,"gso_max_size"[^}]*//g' \
		-e 's/("?\w*_timer"?)[: ] *[0-9]+\.[0-9]+/\1 -/g; s/(_timer"?|gc timer)\s+[0-9.]+/\1 -/g' \
		-e 's/used [0-9]+\/[0-9]+/used -/; s/"(used|updated)":[0-9]+,//g; s/^\[2(34|54)\]/[255]/' \
		-e 's/ fdb_(n|max)_learned [0-9]+//g; s/,"fdb_(n|max)_learned":[0-9]+//g' \
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
# A kernel with VLAN filtering shows every entry twice, with fields that tapir has not.
if ! unshare --net ip link add probe0 type bridge vlan_filtering 0 2>/dev/null; then
	same "$TMP/bridge"
	needs brctl
	same "$TMP/brctl"
fi
needs ifconfig route arp
same "$TMP/tools"
