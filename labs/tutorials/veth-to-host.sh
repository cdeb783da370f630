# From the machine into a namespace and back, and why a namespace cannot reach further without a route.
source lan.sh
sudo ip netns add ns1
sudo ip link add veth0 type veth peer name veth1
sudo ip link set veth1 netns ns1
sudo ip addr add 10.1.1.1/24 dev veth0
sudo ip link set veth0 up
sudo ip netns exec ns1 ip addr add 10.1.1.2/24 dev veth1
sudo ip netns exec ns1 ip link set dev veth1 up
sudo ip netns exec ns1 ip link set dev lo up
ping -c 1 10.1.1.2
sudo ip netns exec ns1 ping -c 1 10.1.1.1
sudo ip netns exec ns1 ping -c 1 127.0.0.1

# The machine's other address: no route, then a default route.
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.10
sudo ip netns exec ns1 ip route add default via 10.1.1.1
sudo ip netns exec ns1 ping -c 1 192.168.1.10

# The router at home knows no way back to 10.1.1.0/24, even when the machine forwards.
sudo sysctl -w net.ipv4.ip_forward=1
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.1
sudo ip netns exec gw ip route add 10.1.1.0/24 via 192.168.1.10
sudo ip netns exec ns1 ping -c 1 192.168.1.1
sudo ip netns exec ns1 traceroute -n -I -q 1 192.168.1.1
