# kernel: needs ipvlan
# ipvlan, mode l2: one MAC address for all, told apart by their IP addresses.
source lan.sh
for n in 1 2; do
	sudo ip netns add ns$n
	sudo ip link add link eth0 name ipvl$n type ipvlan mode l2
	sudo ip link set ipvl$n netns ns$n
	sudo ip -n ns$n addr add 192.168.1.6$n/24 dev ipvl$n
	sudo ip -n ns$n link set ipvl$n up
done
sudo ip netns exec ns1 ping -c 1 192.168.1.62
sudo ip netns exec ns1 ping -c 1 192.168.1.1
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.10
sudo ip netns exec gw ip neigh | cut -d' ' -f5 | sort -u | wc -l
