#!/bin/bash
# The sandbox without root: with a tun node that the user may open, by one id or a range of them; without one.
# /dev/net/tun is hidden under a node of our own (this test has a mount namespace): root would hide a broken path.
. "$(dirname "$0")/lib.sh"
needs ping ip setpriv tcpdump
needs_real_root
needs_tun
tapir_as_user

two_hosts() { # the shell runs all the same, and says in one line why it is not a sandbox
	local pattern=$1
	shift
	"$@" -c 'ping -c 2 10.0.0.2; on h2 ping -c 1 10.0.0.1' >"$TMP/two.out" 2>"$TMP/two.err" ||
		fail "two hosts: status $?: $(cat "$TMP/two.err")"
	expect_in "$(cat "$TMP/two.err")" "$pattern"
	[ "$(wc -l <"$TMP/two.err")" = 1 ] || fail "more than one line: $(cat "$TMP/two.err")"
	expect_in "$(cat "$TMP/two.out")" '2 packets transmitted, 2 received, 0% packet loss'
	expect_in "$(cat "$TMP/two.out")" '1 packets transmitted, 1 received'
}

# --- no tun node that one may open, then none at all

chmod 600 /dev/net/tun 2>/dev/null
mount -t tmpfs -o mode=755 none /dev/net || skip "no mount namespace here"
mknod -m 600 /dev/net/tun c 10 200 || skip "no device nodes can be made here"
two_hosts 'no sandbox: /dev/net/tun may not be opened .*chmod 666 /dev/net/tun.* Two hosts' "$TAPIR"
rm /dev/net/tun
two_hosts 'no sandbox: there is no /dev/net/tun; as root: modprobe tun' "$TAPIR"

# --- no namespaces: the limit of the user namespace around it is 0

mknod -m 666 /dev/net/tun c 10 200
cat >"$TMP/limited" <<'END'
#!/bin/sh
echo 0 >/proc/sys/user/max_user_namespaces
echo 0 >/proc/sys/user/max_net_namespaces
exec "$0-tapir" "$@"
END
chmod 755 "$TMP/limited" && ln "$TMP/tapir" "$TMP/limited-tapir"
two_hosts 'user\.max_user_namespaces is 0; as root: sysctl -w user.max_user_namespaces' \
	setpriv --reuid "$USER_ID" --clear-groups unshare --user --map-root-user "$TMP/limited"

# --- a node that one may open: one user inside, unless /etc/subuid has more

works() {
	tapir_start u
	tapir_says u 'ping -c 2 10.0.0.2' '2 packets transmitted, 2 received, 0% packet loss'
	tapir_says u '!ping -c 2 -i 0.2 10.0.0.1' '2 packets transmitted, 2 received, 0% packet loss'
	tapir_says u 'ping -c 1 -s 60000 10.0.0.2' '1 packets transmitted, 1 received, 0% packet loss'
	tapir_says u '!ping -c 1 -s 60000 10.0.0.1' '1 packets transmitted, 1 received, 0% packet loss'
	tapir_says u '!id -u' '^0$'
	tapir_type u '!timeout 20 tcpdump -lc 2 -ni tap0 icmp &'
	tapir_waits u 'listening on tap0' 10
	tapir_says u 'ping -c 1 10.0.0.2' '1 received'
	tapir_waits u 'IP 10\.0\.0\.1 > 10\.0\.0\.2: ICMP echo request' 10
}

chown "$USER_ID" /dev/net/tun && chmod 600 /dev/net/tun
works
expect_in "$(tapir_run u '!cat /proc/self/uid_map')" "^ *0 +$USER_ID +1\$"
tapir_waits u 'tapir: tcpdump runs with -Z root' 1
tapir_run u '!tcpdump --version' >/dev/null
[ "$(grep -c 'tcpdump runs with' "$TMP/u.out")" = 1 ] || fail "the wrapper does not say so once"
tapir_stop u || fail "it ended with $?"
left=$(find "$TMP/user" -name 'tapir-*')
[ -z "$left" ] || fail "wrappers were left: $left"

if command -v newuidmap >/dev/null; then
	echo "$USER_ID:100000:65536" >"$TMP/subid"
	mount --bind "$TMP/subid" /etc/subuid && mount --bind "$TMP/subid" /etc/subgid || skip "no /etc/subuid"
	works
	expect_in "$(tapir_run u '!cat /proc/self/uid_map')" '^ *1 +100000 +65536$'
	expect_not_in "$(cat "$TMP/u.out")" 'tcpdump runs with'
	tapir_stop u || fail "it ended with $?"
fi
