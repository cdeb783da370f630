# Mode vepa (the default): everything leaves by the wire, so siblings need a switch that sends frames back.
source lan.sh
sudo ip netns add ns1
sudo ip netns add ns2
sudo ip link add mv1 link eth0 type macvlan
sudo ip link add mv2 link eth0 type macvlan mode vepa
sudo ip link set mv1 netns ns1
sudo ip link set mv2 netns ns2
sudo ip -n ns1 addr add 192.168.1.21/24 dev mv1
sudo ip -n ns2 addr add 192.168.1.22/24 dev mv2
sudo ip -n ns1 link set mv1 up
sudo ip -n ns2 link set mv2 up
ip -n ns1 -d link show mv1 | grep -o 'macvlan mode [a-z]*'
sudo ip netns exec ns1 ping -c 1 192.168.1.1
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.22
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.10

# The mode can be changed while it runs; both have to.
sudo ip -n ns1 link set mv1 type macvlan mode bridge
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.22
sudo ip -n ns2 link set mv2 type macvlan mode bridge
sudo ip -n ns1 neigh flush all
sudo ip netns exec ns1 ping -c 1 192.168.1.22
