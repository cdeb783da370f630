#!/bin/bash
# The tutorials of labs/tutorials, run by bash with the machine's commands in namespaces of its kernel, and by tapir in
# virtual time: the same pings are answered, by the same hosts, and the tables hold the same.
. "$(dirname "$0")/lib.sh"
needs ip python3 ping arping brctl traceroute tracepath ifconfig
needs_root
ip link add probe0 type veth peer name probe1 2>/dev/null || skip "no veth pairs can be made here"
ip link del probe0
here=$(cd "$(dirname "$0")" && pwd)
tutorials=$here/../../labs/tutorials

# What tutorials say and this machine may not know: we are root already, and the DHCP server is dnsmasq.
mkdir "$TMP/bin"
cat >"$TMP/bin/sudo" <<'END'
#!/bin/sh
exec "$@"
END
cat >"$TMP/bin/dhcpd" <<'END'
#!/bin/sh
exec dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --leasefile-ro --interface="$1" --bind-interfaces \
	--dhcp-authoritative --dhcp-range="$(echo "$2" | tr - ,),1h" --pid-file=
END
chmod +x "$TMP"/bin/*

# Has the kernel this kind of device?
kernel_has() {
	local words
	[ "$1" = vlan ] && words="id 9"
	ip link add link lo name probe0 type "$1" ${words-} 2>&1 | grep -q 'Unknown device type' && return 1
	ip link del probe0 2>/dev/null
	return 0
}

# In namespaces of its own, and without the files that dhclient writes to.
on_the_kernel() {
	PATH=$TMP/bin:$PATH unshare --net --mount --pid --fork --kill-child --mount-proc bash -c '
		mount -t tmpfs tmpfs /run && mkdir /run/netns
		mount -t sysfs sysfs /sys
		[ ! -d /var/lib/dhcp ] || mount -t tmpfs tmpfs /var/lib/dhcp
		[ ! -e /etc/resolv.conf ] || { : >/run/resolv.conf && mount --bind /run/resolv.conf /etc/resolv.conf; }
		sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
		timeout -k 2 100 bash "$0.sh" </dev/null' "$1" 2>&1
}

compare() {
	on_the_kernel "$1" | python3 "$here/tutorials.py" >"$TMP/$1.kernel"
	"$TAPIR" --virtual --empty -f "$1.sh" 2>&1 | python3 "$here/tutorials.py" >"$TMP/$1.tapir"
	diff -u "$TMP/$1.kernel" "$TMP/$1.tapir" >"$TMP/$1.diff"
}

# All at the same time: most of it is waiting for pings that nobody answers.
cd "$tutorials" || fail "there are no tutorials"
compared=
for script in *.sh; do
	name=${script%.sh}
	kind=$(sed -n 's/^# kernel: needs //p' "$script")
	[ "$name" = lan ] && continue
	[ -z "$kind" ] || kernel_has "$kind" || { echo "# $name: this kernel has no $kind"; continue; }
	compare "$name" &
	compared="$compared $name"
done
wait
[ "$(echo $compared | wc -w)" -ge 10 ] || fail "only these were compared:$compared"
for name in $compared; do
	[ ! -s "$TMP/$name.diff" ] || { cat "$TMP/$name.diff"; bad=1; }
done
[ -z "${bad-}" ] || fail "they differ"
