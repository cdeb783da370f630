# Two routers between two networks: each hop needs to know the way there and the way back.
for n in a r1 r2 b; do sudo ip netns add $n; done
sudo ip link add eth0 netns a type veth peer name eth0 netns r1
sudo ip link add eth1 netns r1 type veth peer name eth0 netns r2
sudo ip link add eth1 netns r2 type veth peer name eth0 netns b
sudo ip -n a addr add 10.1.0.2/24 dev eth0
sudo ip -n r1 addr add 10.1.0.1/24 dev eth0
sudo ip -n r1 addr add 10.12.0.1/30 dev eth1
sudo ip -n r2 addr add 10.12.0.2/30 dev eth0
sudo ip -n r2 addr add 10.2.0.1/24 dev eth1
sudo ip -n b addr add 10.2.0.2/24 dev eth0
for n in a r1 r2 b; do sudo ip -n $n link set eth0 up; done
for n in r1 r2; do
	sudo ip -n $n link set eth1 up
	sudo ip netns exec $n sysctl -w net.ipv4.ip_forward=1
done
sudo ip netns exec a ping -c 1 -W 1 10.2.0.2
sudo ip -n a route add default via 10.1.0.1
sudo ip netns exec a ping -c 1 -W 1 10.2.0.2
sudo ip -n r1 route add 10.2.0.0/24 via 10.12.0.2
sudo ip netns exec a ping -c 1 -W 1 10.2.0.2
sudo ip -n b route add default via 10.2.0.1
sudo ip netns exec a ping -c 1 -W 1 10.2.0.2
sudo ip -n r2 route add 10.1.0.0/24 via 10.12.0.1
sudo ip netns exec a ping -c 1 10.2.0.2
sudo ip netns exec a traceroute -n -I -q 1 10.2.0.2
ip -n r1 route get 10.2.0.2 | head -n 1 | cut -d' ' -f1-7
ip -n r1 route
