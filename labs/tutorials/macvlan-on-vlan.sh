# kernel: needs vlan
# macvlans on a VLAN: the trunk carries tag 10, the namespaces know nothing of it.
sudo ip netns add switch
sudo ip link add eth0 type veth peer name trunk netns switch
sudo ip link set eth0 up
sudo ip -n switch link set trunk up
sudo ip -n switch link add link trunk name trunk.10 type vlan id 10
sudo ip -n switch addr add 10.10.10.1/24 dev trunk.10
sudo ip -n switch link set trunk.10 up
sudo ip link add link eth0 name eth0.10 type vlan id 10
sudo ip link set eth0.10 up
for n in 1 2; do
	sudo ip netns add ns$n
	sudo ip link add mv$n link eth0.10 type macvlan mode bridge
	sudo ip link set mv$n netns ns$n
	sudo ip -n ns$n addr add 10.10.10.2$n/24 dev mv$n
	sudo ip -n ns$n link set mv$n up
done
sudo ip netns exec ns1 ping -c 1 10.10.10.22
sudo ip netns exec ns1 ping -c 1 10.10.10.1
sudo ip -n switch link set trunk.10 down
sudo ip netns exec ns1 ping -c 1 -W 1 10.10.10.1
