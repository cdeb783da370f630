# Two namespaces with MAC addresses of their own on one network device: macvlan, mode bridge.
source lan.sh
sudo ip netns add ns1
sudo ip netns add ns2
sudo ip link add macvlan1 link eth0 type macvlan mode bridge
sudo ip link add macvlan2 link eth0 type macvlan mode bridge
sudo ip link set macvlan1 netns ns1
sudo ip link set macvlan2 netns ns2
sudo ip netns exec ns1 ip addr add 192.168.1.21/24 dev macvlan1
sudo ip netns exec ns2 ip addr add 192.168.1.22/24 dev macvlan2
sudo ip netns exec ns1 ip link set macvlan1 up
sudo ip netns exec ns2 ip link set macvlan2 up

# The sibling and the gateway answer.
sudo ip netns exec ns1 ping -c 1 192.168.1.22
sudo ip netns exec ns2 ping -c 1 192.168.1.21
sudo ip netns exec ns1 ping -c 1 192.168.1.1

# The machine itself does not: what a macvlan sends goes to siblings or out, never to the device it stands on.
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.10
ping -c 1 -W 1 192.168.1.21
ping -c 1 192.168.1.1
ip netns exec ns1 ip neigh | sort
ip netns exec gw ip neigh | sort

# The device below takes its ports along.
sudo ip link del eth0
ip netns exec ns1 ip -br link | wc -l
