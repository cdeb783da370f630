# The same with the commands of bridge-utils, as older articles have them.
sudo brctl addbr br0
sudo ifconfig br0 up
sudo ip netns add ns1
sudo ip netns add ns2
sudo ip link add v1 type veth peer name e1
sudo ip link add v2 type veth peer name e2
sudo ip link set e1 netns ns1
sudo ip link set e2 netns ns2
sudo brctl addif br0 v1
sudo brctl addif br0 v2
sudo ifconfig v1 up
sudo ifconfig v2 up
sudo ip netns exec ns1 ifconfig e1 172.16.0.1 netmask 255.255.255.0 up
sudo ip netns exec ns2 ifconfig e2 172.16.0.2 netmask 255.255.255.0 up
brctl show | tail -n 2 | sed 's/.*\(v[12]\)$/\1/'
sudo ip netns exec ns1 ping -c 1 172.16.0.2
brctl showmacs br0 | grep -c no
sudo brctl delif br0 v2
sudo ip netns exec ns1 ping -c 1 -W 1 172.16.0.2
sudo ifconfig br0 down
sudo brctl delbr br0
brctl show
