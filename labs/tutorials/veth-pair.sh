# Two network namespaces joined by a virtual cable.
sudo ip netns add red
sudo ip netns add blue
sudo ip link add veth-red type veth peer name veth-blue
sudo ip link set veth-red netns red
sudo ip link set veth-blue netns blue
sudo ip -n red addr add 192.168.15.1/24 dev veth-red
sudo ip -n blue addr add 192.168.15.2/24 dev veth-blue

# One end alone is up: the cable does not carry yet.
sudo ip -n red link set veth-red up
ip -n red -br link show veth-red | cut -c1-31
sudo ip netns exec red ping -c 1 -W 1 192.168.15.2

sudo ip -n blue link set veth-blue up
sudo ip netns exec red ping -c 2 -i 0.2 192.168.15.2
sudo ip netns exec red ip neigh
sudo ip netns exec blue ip neigh
ip netns exec blue ip route

# The cable is gone with one of its ends.
sudo ip -n red link del veth-red
ip -n blue -br link | wc -l
