# kernel: needs ipvlan
# ipvlan, mode l3: the machine routes for its namespaces; there is no ARP between them and no broadcast.
source lan.sh
for n in 1 2; do
	sudo ip netns add ns$n
	sudo ip link add link eth0 name ipvl$n type ipvlan mode l3
	sudo ip link set ipvl$n netns ns$n
	sudo ip -n ns$n addr add 10.7.$n.2/24 dev ipvl$n
	sudo ip -n ns$n link set ipvl$n up
	sudo ip -n ns$n route add default dev ipvl$n
done
sudo ip netns exec ns1 ping -c 1 10.7.2.2
ip -n ns1 neigh | wc -l

# The router at home needs a route to them.
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.1
sudo ip -n gw route add 10.7.0.0/16 via 192.168.1.10
sudo ip netns exec ns1 ping -c 1 192.168.1.1
