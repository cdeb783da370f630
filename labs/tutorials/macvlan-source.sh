# Mode source: a port hears those senders that are on its list, and nobody else.
source lan.sh
sudo ip -n gw link set lan0 address 02:00:00:00:00:99
sudo ip netns add ns1
sudo ip link add src0 link eth0 type macvlan mode source
sudo ip link set src0 netns ns1
sudo ip -n ns1 addr add 192.168.1.51/24 dev src0
sudo ip -n ns1 link set src0 up
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.1

sudo ip -n ns1 link set src0 type macvlan macaddr add 02:00:00:00:00:99
ip -n ns1 -d link show src0 | grep -o 'remotes ([0-9]*) [0-9a-f:]*'
sudo ip netns exec ns1 ping -c 1 192.168.1.1

sudo ip -n ns1 link set src0 type macvlan macaddr del 02:00:00:00:00:99
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.1
