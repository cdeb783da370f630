# The way out of "the machine cannot reach its macvlans": it gets a macvlan of its own.
source lan.sh
sudo ip netns add ns1
sudo ip link add mv1 link eth0 type macvlan mode bridge
sudo ip link set mv1 netns ns1
sudo ip -n ns1 addr add 192.168.1.21/24 dev mv1
sudo ip -n ns1 link set mv1 up
ping -c 1 -W 1 192.168.1.21

sudo ip link add host0 link eth0 type macvlan mode bridge
sudo ip addr add 192.168.1.11/32 dev host0
sudo ip link set host0 up
sudo ip route add 192.168.1.21/32 dev host0
ping -c 1 192.168.1.21
sudo ip netns exec ns1 ping -c 1 192.168.1.11
ping -c 1 192.168.1.1
ip route
