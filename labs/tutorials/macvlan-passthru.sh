# Mode passthru: one port, with the MAC address of the device below; it takes all.
source lan.sh
sudo ip addr flush dev eth0
sudo ip netns add ns1
sudo ip link add pt0 link eth0 type macvlan mode passthru
ip -d link show pt0 | grep -o 'macvlan mode passthru'
sudo ip link set pt0 netns ns1
sudo ip -n ns1 addr add 192.168.1.41/24 dev pt0
sudo ip -n ns1 link set pt0 up
sudo ip netns exec ns1 ping -c 1 192.168.1.1
ip link show eth0 | grep -c PROMISC

# There is room for no other, and no way into or out of this mode.
sudo ip link add pt1 link eth0 type macvlan mode bridge
sudo ip -n ns1 link set pt0 type macvlan mode bridge
ip link show type macvlan | wc -l
