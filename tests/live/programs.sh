#!/bin/bash
# Programs of the machine: `!COMMAND` alone, in pipes, in the background, with its status; the loop goes on.
. "$(dirname "$0")/lib.sh"
needs ping ip
needs_root
needs_tun

tapir_start s
tapir_says s '!echo "a;b" | tr a-z A-Z; echo tapir again' '^A;B$'
tapir_says s '!echo one; echo two' '^two$'
tapir_says s 'echo three | !tr a-z A-Z' '^THREE$'
tapir_says s 'ip addr | !grep -c "inet "' '^2$'
tapir_says s '!echo "$TAPIR_UNSET-ok"' '^-ok$'
tapir_says s '!exit 3; echo status $?' '^status 3$'
tapir_says s '!nosuchprogram; echo status $?' '^status 127$'
tapir_says s '!sh -c "kill -9 \$\$"; echo status $?' '^status 137$'

# While a program runs in the background, the loop answers it.
tapir_run s '!ping -i 0.2 -c 3 10.0.0.1 >'"$TMP/bg.txt"' &' >/dev/null
tapir_says s 'wait; echo waited' '^waited$'
expect_in "$(cat "$TMP/bg.txt")" '3 packets transmitted, 3 received, 0% packet loss'

# Ended with tapir: no program survives it.
tapir_run s '!sleep 1234 &' >/dev/null
wait_for 5 pgrep -xf 'sleep 1234' || fail "no sleep in the background"
tapir_stop s || fail "it ended with $?"
wait_for 5 eval '! pgrep -xf "sleep 1234"' || fail "a program was left"

# Commands on standard input that end at once leave nothing watched either (the loop checks that at its end).
expect "two commands and the end of input" sh -c 'printf "echo one\necho two\n" | "$0" --empty' "$TAPIR"
expect "no commands at all" sh -c '"$0" --empty </dev/null' "$TAPIR"
