# Three namespaces on one bridge, the machine too.
sudo ip link add br0 type bridge
sudo ip link set br0 up
for n in 1 2 3; do
	sudo ip netns add ns$n
	sudo ip link add veth$n type veth peer name eth0 netns ns$n
	sudo ip link set veth$n master br0
	sudo ip link set veth$n up
	sudo ip netns exec ns$n ip addr add 10.10.0.1$n/24 dev eth0
	sudo ip netns exec ns$n ip link set eth0 up
done
bridge link show | wc -l
sudo ip netns exec ns1 ping -c 1 10.10.0.12
sudo ip netns exec ns1 ping -c 1 10.10.0.13
sudo ip netns exec ns2 ping -c 1 10.10.0.13

# The bridge is a switch; the machine itself takes part once br0 has an address.
ping -c 1 -W 1 10.10.0.11
sudo ip addr add 10.10.0.1/24 dev br0
ping -c 1 10.10.0.11
bridge fdb show br br0 | grep -v permanent | wc -l

# A port that is down forwards nothing, and what was learned there is forgotten.
sudo ip link set veth3 down
bridge fdb show br br0 | grep -v permanent | wc -l
sudo ip netns exec ns1 ping -c 1 -W 1 10.10.0.13
sudo ip link set veth3 up
sudo ip netns exec ns1 ping -c 1 10.10.0.13

# Isolated ports talk to others, not to each other.
sudo ip link set veth1 type bridge_slave isolated on
sudo ip link set veth2 type bridge_slave isolated on
sudo ip netns exec ns1 ping -c 1 -W 1 10.10.0.12
sudo ip netns exec ns1 ping -c 1 10.10.0.13
sudo ip link del br0
