# One subnet on both sides of a router, which answers ARP for those behind it.
sudo ip netns add left
sudo ip netns add router
sudo ip netns add right
sudo ip link add eth0 netns left type veth peer name r0 netns router
sudo ip link add eth0 netns right type veth peer name r1 netns router
sudo ip -n left addr add 192.168.5.10/24 dev eth0
sudo ip -n right addr add 192.168.5.130/24 dev eth0
sudo ip -n router addr add 192.168.5.1/25 dev r0
sudo ip -n router addr add 192.168.5.129/25 dev r1
for n in left right; do sudo ip -n $n link set eth0 up; done
for n in r0 r1; do sudo ip -n router link set $n up; done
sudo ip netns exec router sysctl -w net.ipv4.ip_forward=1
sudo ip netns exec left ping -c 1 -W 1 192.168.5.130
sudo ip netns exec router sysctl -w net.ipv4.conf.r0.proxy_arp=1
sudo ip netns exec router sysctl -w net.ipv4.conf.r1.proxy_arp=1
sudo ip -n left neigh flush all
sudo ip netns exec left ping -c 1 192.168.5.130

# To those on the left the one on the right has the router's MAC address.
r0=$(ip -n router -br link show r0 | grep -o '[0-9a-f:]\{17\}')
ip -n left neigh show 192.168.5.130 | grep -c "$r0"
