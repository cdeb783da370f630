# kernel: needs vlan
# Two VLANs on one cable: each end takes the tags off, and the two never meet.
sudo ip netns add left
sudo ip netns add right
sudo ip link add trunk0 netns left type veth peer name trunk0 netns right
for side in left right; do
	sudo ip -n $side link set trunk0 up
	sudo ip -n $side link add link trunk0 name trunk0.10 type vlan id 10
	sudo ip -n $side link add link trunk0 name trunk0.20 type vlan id 20
	sudo ip -n $side link set trunk0.10 up
	sudo ip -n $side link set trunk0.20 up
done
sudo ip -n left addr add 10.0.10.1/24 dev trunk0.10
sudo ip -n left addr add 10.0.20.1/24 dev trunk0.20
sudo ip -n right addr add 10.0.10.2/24 dev trunk0.10
sudo ip -n right addr add 10.0.20.2/24 dev trunk0.20
ip -n left -d link show trunk0.10 | grep -o 'vlan protocol 802.1Q id 10'
sudo ip netns exec left ping -c 1 10.0.10.2
sudo ip netns exec left ping -c 1 10.0.20.2

# The other side's VLAN 20 is gone: its frames find no device for their tag.
sudo ip -n right link del trunk0.20
sudo ip netns exec left ping -c 1 -W 1 10.0.20.2
sudo ip netns exec left ping -c 1 10.0.10.2
