# Mode private: siblings never hear each other, whatever the switch does.
source lan.sh
for n in 1 2; do
	sudo ip netns add ns$n
	sudo ip link add priv$n link eth0 type macvlan mode private
	sudo ip link set priv$n netns ns$n
	sudo ip -n ns$n addr add 192.168.1.3$n/24 dev priv$n
	sudo ip -n ns$n link set priv$n up
done
sudo ip netns exec ns1 ping -c 1 192.168.1.1
sudo ip netns exec ns2 ping -c 1 192.168.1.1
sudo ip netns exec ns1 ping -c 1 -W 1 192.168.1.32
sudo ip netns exec ns2 ping -c 1 -W 1 192.168.1.31
sudo ip netns exec gw ping -c 1 192.168.1.31
sudo ip netns exec gw ping -c 1 192.168.1.32
