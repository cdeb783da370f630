# vepa as it is meant: the switch is a bridge whose port has hairpin on, and reflects what is for a sibling.
sudo ip netns add switch
sudo ip link add eth0 type veth peer name port1 netns switch
sudo ip -n switch link add br0 type bridge
sudo ip -n switch link set port1 master br0
sudo ip -n switch link set port1 up
sudo ip -n switch link set br0 up
sudo ip -n switch addr add 192.168.1.1/24 dev br0
sudo ip addr add 192.168.1.10/24 dev eth0
sudo ip link set eth0 up
for n in 1 2; do
	sudo ip netns add ns$n
	sudo ip link add mv$n link eth0 type macvlan mode vepa
	sudo ip link set mv$n netns ns$n
	sudo ip -n ns$n addr add 192.168.1.2$n/24 dev mv$n
	sudo ip -n ns$n link set mv$n up
done
sudo ip netns exec ns1 ping -c 1 192.168.1.1
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.22

sudo ip -n switch link set port1 type bridge_slave hairpin on
sudo ip netns exec ns1 ping -c 1 192.168.1.22

# Now the device below answers too: what went out to it comes back in.
sudo ip netns exec ns1 ping -c 1 192.168.1.10

# private keeps broadcasts of siblings out, so they do not even learn each other's address.
sudo ip -n ns1 link set mv1 type macvlan mode private
sudo ip -n ns2 link set mv2 type macvlan mode private
sudo ip -n ns1 neigh flush all
sudo ip -n ns2 neigh flush all
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.22
sudo ip netns exec ns1 ping -c 1 192.168.1.1
