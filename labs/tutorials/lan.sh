# What the reader of an article has before its first line: a machine with eth0 on a network at home, and the router
# of that network. Other tutorials begin with `source lan.sh`.
ip netns add gw
ip link add eth0 type veth peer name lan0 netns gw
ip netns exec gw ip addr add 192.168.1.1/24 dev lan0
ip netns exec gw ip link set lan0 up
ip netns exec gw ip link set lo up
sudo ip addr add 192.168.1.10/24 dev eth0
sudo ip link set lo up
sudo ip link set eth0 up
