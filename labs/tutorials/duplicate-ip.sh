# Two machines with the same address, and how arping -D finds out.
sudo ip netns add ns1
sudo ip netns add ns2
sudo ip link add veth1 type veth peer name eth0 netns ns1
sudo ip link add veth2 type veth peer name eth0 netns ns2
sudo ip link add br0 type bridge
sudo ip link set veth1 master br0
sudo ip link set veth2 master br0
sudo ip link set veth1 up
sudo ip link set veth2 up
sudo ip link set br0 up
sudo ip -n ns1 addr add 10.9.0.1/24 dev eth0
sudo ip -n ns1 link set eth0 up
sudo ip -n ns2 link set eth0 up

# Is it free? 0: nobody has it. 1: somebody answered.
sudo ip netns exec ns2 arping -q -c 2 -D -I eth0 10.9.0.2
echo status $?
sudo ip netns exec ns2 arping -q -c 2 -D -I eth0 10.9.0.1
echo status $?

sudo ip -n ns2 addr add 10.9.0.2/24 dev eth0
sudo ip netns exec ns2 ping -c 1 10.9.0.1
