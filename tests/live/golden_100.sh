#!/bin/bash
# SPDX-License-Identifier: MIT
# A golden test a hundred times, with sanitizers and without: each writes the same file, octet for octet.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../golden/tcp-kernel-echo" || exit 1
for i in $(seq 100); do
	for program in "$TAPIR" "$BUILD/unit/tapir"; do
		"$program" replay in.pcap --setup setup --linger 2s --out "$TMP/sent.pcap" >/dev/null || fail "run $i"
		cmp "$TMP/sent.pcap" out.pcap || fail "run $i of $program sent something else"
	done
done
