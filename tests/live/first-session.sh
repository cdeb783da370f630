#!/bin/bash
# What the README promises for the first minute, typed at a terminal: both directions, small and large, nothing lost,
# ^C ends a program and not the shell, ^D leaves. As root, and as a user with a tun node of its own.
. "$(dirname "$0")/lib.sh"
needs ping ip expect
needs_root
needs_tun

cat >"$TMP/session.exp" <<'END'
set timeout 20
log_user 0
spawn {*}$argv
proc want {pattern} {
	expect {
		-re $pattern {}
		default {
			puts "not seen: $pattern, but: $expect_out(buffer)"
			exit 1
		}
	}
}
want {h1\S*\$ $}
foreach line {
	"ping -c 3 10.0.0.2" "!ping -c 3 -i 0.2 10.0.0.1" "!ping -c 2 -i 0.2 -s 60000 10.0.0.1"
	"ping -c 2 -s 60000 10.0.0.2"
} {
	send "$line\r"
	want {(\d+) packets transmitted, \1 received, 0% packet loss}
	want {h1\S*\$ $}
}
send "!ping -i 0.2 10.0.0.1\r"
want {icmp_seq=3 }
send "\003"
want {rtt min/avg/max}
want {h1\S*\$ $}
send "echo status \$?\r"
want {status \d+}
want {h1\S*\$ $}
send "\004"
expect eof
exit [lindex [wait] 3]
END

expect "a first session as root" env expect "$TMP/session.exp" "$TAPIR"

needs_real_root
tapir_as_user
mount -t tmpfs -o mode=755 none /dev/net && mknod /dev/net/tun c 10 200 || skip "no node can be made"
chown "$USER_ID" /dev/net/tun
expect "a first session without root" env expect "$TMP/session.exp" "$TAPIR"
