# The way back is another than the way there: fine, until a reverse path filter looks.
for n in a r1 r2 b; do sudo ip netns add $n; done
sudo ip link add to-r1 netns a type veth peer name to-a netns r1
sudo ip link add to-r2 netns a type veth peer name to-a netns r2
sudo ip link add to-r1 netns b type veth peer name to-b netns r1
sudo ip link add to-r2 netns b type veth peer name to-b netns r2
sudo ip -n a addr add 10.1.1.2/24 dev to-r1
sudo ip -n a addr add 10.1.2.2/24 dev to-r2
sudo ip -n b addr add 10.2.1.2/24 dev to-r1
sudo ip -n b addr add 10.2.2.2/24 dev to-r2
for r in 1 2; do
	sudo ip -n r$r addr add 10.1.$r.1/24 dev to-a
	sudo ip -n r$r addr add 10.2.$r.1/24 dev to-b
	sudo ip -n r$r link set to-a up
	sudo ip -n r$r link set to-b up
	sudo ip netns exec r$r sysctl -w net.ipv4.ip_forward=1
	sudo ip -n a link set to-r$r up
	sudo ip -n b link set to-r$r up
done
sudo ip -n r2 route add 10.1.1.0/24 via 10.1.2.2
sudo ip -n a route add 10.2.1.0/24 via 10.1.1.1
sudo ip -n b route add 10.1.1.0/24 via 10.2.2.1
sudo ip netns exec a sysctl -w net.ipv4.conf.all.rp_filter=0
sudo ip netns exec a sysctl -w net.ipv4.conf.to-r2.rp_filter=0
sudo ip netns exec b sysctl -w net.ipv4.conf.all.rp_filter=0
sudo ip netns exec b sysctl -w net.ipv4.conf.to-r1.rp_filter=0
sudo ip netns exec r2 sysctl -w net.ipv4.conf.all.rp_filter=0
sudo ip netns exec a ping -c 1 10.2.1.2

# The strict filter: the source must be reached by the device it came from.
sudo ip netns exec b sysctl -w net.ipv4.conf.all.rp_filter=1
sudo ip netns exec b sysctl -w net.ipv4.conf.to-r1.rp_filter=1
sudo ip netns exec a ping -c 1 -W 1 10.2.1.2

# The loose one: reached by any device.
sudo ip netns exec b sysctl -w net.ipv4.conf.all.rp_filter=2
sudo ip netns exec a ping -c 1 10.2.1.2
