# Two bridged networks, and a namespace that routes between them.
for b in 1 2; do
	sudo ip link add br$b type bridge
	sudo ip link set br$b up
done
sudo ip netns add router
sudo ip netns add a
sudo ip netns add b
sudo ip link add a-eth0 type veth peer name eth0 netns a
sudo ip link add b-eth0 type veth peer name eth0 netns b
sudo ip link add r-eth1 type veth peer name eth1 netns router
sudo ip link add r-eth2 type veth peer name eth2 netns router
sudo ip link set a-eth0 master br1 up
sudo ip link set r-eth1 master br1 up
sudo ip link set b-eth0 master br2 up
sudo ip link set r-eth2 master br2 up
sudo ip -n a addr add 10.0.1.2/24 dev eth0
sudo ip -n b addr add 10.0.2.2/24 dev eth0
sudo ip -n router addr add 10.0.1.1/24 dev eth1
sudo ip -n router addr add 10.0.2.1/24 dev eth2
sudo ip -n a link set eth0 up
sudo ip -n b link set eth0 up
sudo ip -n router link set eth1 up
sudo ip -n router link set eth2 up
sudo ip -n a route add default via 10.0.1.1
sudo ip -n b route add default via 10.0.2.1

# Not before forwarding is on.
sudo ip netns exec router sysctl -w net.ipv4.ip_forward=0
sudo ip netns exec a ping -c 1 -W 1 10.0.2.2
sudo ip netns exec router sysctl -w net.ipv4.ip_forward=1
sudo ip netns exec a ping -c 1 10.0.2.2
sudo ip netns exec a ping -c 1 -t 1 -W 1 10.0.2.2
sudo ip netns exec a traceroute -n -I -q 1 10.0.2.2
ip -n a neigh
ip -n router neigh | sort
