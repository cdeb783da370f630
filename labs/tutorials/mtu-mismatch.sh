# A smaller link on the way: fragments, or an error that says how large a packet may be.
for n in a r b; do sudo ip netns add $n; done
sudo ip link add eth0 netns a type veth peer name eth0 netns r
sudo ip link add eth1 netns r type veth peer name eth0 netns b
sudo ip -n a addr add 10.1.0.2/24 dev eth0
sudo ip -n r addr add 10.1.0.1/24 dev eth0
sudo ip -n r addr add 10.2.0.1/24 dev eth1
sudo ip -n b addr add 10.2.0.2/24 dev eth0
sudo ip -n r link set eth1 mtu 1000
sudo ip -n b link set eth0 mtu 1000
for n in a r b; do sudo ip -n $n link set eth0 up; done
sudo ip -n r link set eth1 up
sudo ip netns exec r sysctl -w net.ipv4.ip_forward=1
sudo ip -n a route add default via 10.1.0.1
sudo ip -n b route add default via 10.2.0.1

sudo ip netns exec a ping -c 1 -s 900 -M do 10.2.0.2
sudo ip netns exec a ping -c 1 -s 1400 -M dont 10.2.0.2
sudo ip netns exec a ping -c 1 -s 1400 -M do -W 1 10.2.0.2
ip -n a route get 10.2.0.2 | grep -o 'mtu [0-9]*'
sudo ip netns exec a ping -c 1 -s 1400 -M do -W 1 10.2.0.2
sudo ip netns exec a tracepath -n 10.2.0.2 | tail -n 1

# Two ends of one cable that do not agree: what is too large for the other one is lost without a word.
sudo ip -n b link set eth0 mtu 500
sudo ip netns exec a ping -c 1 -s 900 -W 1 10.2.0.2
sudo ip netns exec a ping -c 1 -s 400 10.2.0.2
