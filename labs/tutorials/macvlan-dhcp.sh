# Addresses by DHCP: to the router each macvlan is a machine of its own.
source lan.sh
sudo ip netns exec gw dhcpd lan0 192.168.1.100-192.168.1.150 > /dev/null &
sudo ip netns add ns1
sudo ip netns add ns2
sudo ip link add macvlan1 link eth0 address 02:00:00:00:00:21 type macvlan mode bridge
sudo ip link add macvlan2 link eth0 address 02:00:00:00:00:22 type macvlan mode bridge
sudo ip link set macvlan1 netns ns1
sudo ip link set macvlan2 netns ns2
sudo ip netns exec ns1 ip link set macvlan1 up
sudo ip netns exec ns2 ip link set macvlan2 up
sudo ip netns exec ns1 dhclient macvlan1
sudo ip netns exec ns2 dhclient macvlan2
ip -n ns1 -4 -br addr show macvlan1 | grep -c '192.168.1.1'
ip -n ns2 -4 -br addr show macvlan2 | grep -c '192.168.1.1'
ip -n ns1 route | grep -c default
sudo ip netns exec ns1 ping -c 1 192.168.1.1
sudo ip netns exec ns2 ping -c 1 192.168.1.1
sudo ip netns exec ns1 dhclient -r macvlan1
ip -n ns1 -4 -br addr show macvlan1 | grep -c '192.168.1.1'
