#!/bin/bash
# DHCP with others: our clients and dnsmasq; our server, and the clients of ISC and busybox. None of them touches the
# machine's files: their scripts are our own. Under ASan.
# RFC2131-2b: dnsmasq answers by unicast before there is an address.
. "$(dirname "$0")/lib.sh"
needs ip ping dnsmasq udhcpc dhclient
needs_root
needs_tun
TAPIR=$BUILD/unit/tapir

# --- our clients, and dnsmasq. It lets them renew after three seconds.

tapir_start c --tap t0
ip addr add 10.1.0.1/24 dev t0
ip link set t0 up
background dnsmasq.txt dnsmasq --conf-file=/dev/null --no-daemon --user=root --pid-file= --port=0 --interface=t0 \
	--bind-interfaces --dhcp-leasefile="$TMP/leases" --dhcp-range=10.1.0.100,10.1.0.110,2m --no-ping \
	--dhcp-option=58,3 --dhcp-option=59,60 --dhcp-option=26,1400 --dhcp-option=6,10.1.0.53 \
	--dhcp-option=15,lab.example --dhcp-option=option:domain-search,a.example,b.example --log-dhcp
wait_for 10 grep -q 'DHCP, IP range' "$TMP/dnsmasq.txt" || fail "dnsmasq: $(cat "$TMP/dnsmasq.txt")"

said=$(tapir_run c 'dhclient -v eth0')
expect_in "$said" '^DHCPDISCOVER on eth0 to 255\.255\.255\.255 port 67 interval [345]$'
expect_in "$said" '^DHCPOFFER of 10\.1\.0\.1[01][0-9] from 10\.1\.0\.1$'
expect_in "$said" '^DHCPACK of 10\.1\.0\.1[01][0-9] from 10\.1\.0\.1$'
address=$(sed -n 's/^bound to \([0-9.]*\) -- renewal in [0-9]* seconds\.$/\1/p' <<<"$said")
[ -n "$address" ] || fail "no address: $said"
tapir_says c 'ip addr show eth0' 'mtu 1400'
tapir_says c 'ip addr show eth0' "inet $address/24 brd 10\.1\.0\.255 scope global dynamic eth0"
tapir_says c 'ip route' '^default via 10\.1\.0\.1 dev eth0'
tapir_says c 'cat /etc/resolv.conf' '^search a\.example b\.example$'
tapir_says c 'cat /etc/resolv.conf' '^nameserver 10\.1\.0\.53$'
tapir_says c 'ping -c 2 10.1.0.1' '2 packets transmitted, 2 received, 0% packet loss'
expect "the kernel's side" ping -c 2 -i 0.2 -W 2 "$address"
grep -q " $address h1 " "$TMP/leases" || fail "dnsmasq's leases: $(cat "$TMP/leases")"

# It renews in the background, and by unicast: what dnsmasq hears comes from the address.
renewed() {
	[ "$(grep -c "DHCPACK(t0) $address" "$TMP/dnsmasq.txt")" -ge 3 ]
}
wait_for 20 renewed || fail "it does not renew: $(tail -n 20 "$TMP/dnsmasq.txt")"

# It remembers its address; and gives it back.
tapir_says c 'dhclient -x eth0; dhclient -v eth0' "^DHCPREQUEST for $address on eth0 to 255\\.255\\.255\\.255 port 67$"
tapir_says c 'dhclient -v -r eth0' "^DHCPRELEASE of $address on eth0 to 10\\.1\\.0\\.1 port 67$"
wait_for 10 eval "! grep -q ' $address ' $TMP/leases" || fail "not released: $(cat "$TMP/leases")"
expect_not_in "$(tapir_run c 'ip addr show eth0; ip route; cat /etc/resolv.conf')" "10\\.1\\.0"
tapir_says c 'udhcpc -n -q -i eth0' "^udhcpc: lease of 10\\.1\\.0\\.1[01][0-9] obtained from 10\\.1\\.0\\.1, lease time 120$"

# Nobody refuses us, or is told that a port is closed.
expect_not_in "$(tapir_run c 'nstat -az IcmpOutDestUnreachs')" '^IcmpOutDestUnreachs +[1-9]'
expect_not_in "$(<"$TMP/dnsmasq.txt")" 'DHCPNAK|DHCPDECLINE'
tapir_stop c || fail "it ended with $?"

# --- our server, and the machine's clients. Each tells by its script what it got.

cat >"$TMP/told" <<'END'
#!/bin/sh
# busybox: $1 is why, and names are its own; ISC: $reason, $new_...
case ${1-$reason} in bound | BOUND) ;; *) exit 0 ;; esac
echo "${ip:-$new_ip_address} ${subnet:-$new_subnet_mask} ${router:-$new_routers} ${dns:-$new_domain_name_servers}" \
	"${domain:-$new_domain_name} ${lease:-$new_dhcp_lease_time}" >>"${0%/*}/got"
END
chmod 755 "$TMP/told"
tapir_start s --tap t1 --addr 10.2.0.1/24
ip link set t1 up
mac=$(</sys/class/net/t1/address)
tapir_run s "dhcpd --dns 10.2.0.53 --domain lab.example eth0 10.2.0.100,10.2.0.101,2m &" >/dev/null

expect udhcpc timeout 20 udhcpc -i t1 -n -q -f -s "$TMP/told"
[ "$(<"$TMP/got")" = '10.2.0.100 255.255.255.0 10.2.0.1 10.2.0.53 lab.example 120' ] || fail "udhcpc got $(<"$TMP/got")"
tapir_says s 'dhcpd leases' "^  10\\.2\\.0\\.100 +$mac +leased for 1[12][0-9] s"
background udhcpc.txt udhcpc -i t1 -n -f -R -s "$TMP/told"
wait_for 20 grep -q 'lease of 10.2.0.100 obtained from 10.2.0.1, lease time 120' "$TMP/udhcpc.txt" ||
	fail "udhcpc: $(cat "$TMP/udhcpc.txt")"
ip addr add 10.2.0.100/24 dev t1 # it releases by an ordinary socket
kill $BACKGROUND && wait $BACKGROUND
ip addr flush dev t1
tapir_waits s "DHCPRELEASE of 10\\.2\\.0\\.100 from $mac via eth0" 10

# isc: the client of ISC begins; it stays in the foreground.
isc() {
	rm -f "$TMP/got"
	background isc.txt dhclient -d -1 -sf "$TMP/told" -lf "$TMP/dhclient.leases" -pf "$TMP/pid" -cf /dev/null t1
	wait_for 30 grep -q '^bound to' "$TMP/isc.txt" || fail "dhclient: $(cat "$TMP/isc.txt")"
	kill $BACKGROUND && wait $BACKGROUND
}

isc
[ "$(<"$TMP/got")" = '10.2.0.100 255.255.255.0 10.2.0.1 10.2.0.53 lab.example 120' ] || fail "dhclient got $(<"$TMP/got")"

# It asks for an address that is wrong here; the server says so.
sed -i 's/10\.2\.0\.100/192.168.7.7/' "$TMP/dhclient.leases"
isc
grep -q '^DHCPNAK from 10.2.0.1' "$TMP/isc.txt" || fail "no DHCPNAK: $(cat "$TMP/isc.txt")"
tapir_stop s || fail "it ended with $?"
