/* SPDX-License-Identifier: MIT */
/* Packets as text: what tcpdump 4.99 says of the same octets. */
#include "shell/dump.h"

#include "lib/clock.h"
#include "lib/rng.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *name, *flags; /* of tcpdump, besides -n and -t */
	const char *hex, *text;
};

static const struct row rows[] = {
	{"ARP request", "",
		"ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002",
		"ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28\n"},
	{"ARP reply", "v",
		"020000000002020000000001080600010800060400020200000000010a0000010200000000020a000002",
		"ARP, Ethernet (len 6), IPv4 (len 4), Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 28\n"},
	{"ARP unicast request", "",
		"020000000002020000000001080600010800060400010200000000010a0000010200000000020a000002",
		"ARP, Request who-has 10.0.0.2 (02:00:00:00:00:02) tell 10.0.0.1, length 28\n"},
	{"Reverse ARP", "",
		"020000000002020000000001080600010800060400030200000000010a0000010200000000020a000002",
		"ARP, Reverse Request who-is 02:00:00:00:00:02 tell 02:00:00:00:00:01, length 28\n"},
	{"ARP, cut short", "", "020000000002020000000001080600010800060400010200000000010a0000010000",
		" [|arp]\n"},
	{"echo request", "",
		"02000000000202000000000108004500002400070000400166d00a0000010a000002080072730003000461616161"
		"61616161",
		"IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 3, seq 4, length 16\n"},
	{"echo reply with IP header", "v",
		"02000000000202000000000108004500002400070000400166d00a0000010a00000200007a730003000461616161"
		"61616161",
		"IP (tos 0x0, ttl 64, id 7, offset 0, flags [none], proto ICMP (1), length 36)\n    10.0.0.1 "
		"> 10.0.0.2: ICMP echo reply, id 3, seq 4, length 16\n"},
	{"port unreachable with its quote", "v",
		"02000000000202000000000108004500004c00070000400166a80a0000010a0000020303112d0000000045000030"
		"00090000401166b20a0000020a00000103e807d0001c2b477878787878787878787878787878787878787878",
		"IP (tos 0x0, ttl 64, id 7, offset 0, flags [none], proto ICMP (1), length 76)\n    10.0.0.1 "
		"> 10.0.0.2: ICMP 10.0.0.1 udp port 2000 unreachable, length 56\n\tIP (tos 0x0, ttl 64, id "
		"9, offset 0, flags [none], proto UDP (17), length 48)\n    10.0.0.2.1000 > 10.0.0.1.2000: "
		"UDP, length 20\n"},
	{"fragmentation needed", "",
		"02000000000202000000000108004500004c00070000400166a80a0000010a00000203040bb40000057845000030"
		"00090000401166b20a0000020a00000103e807d0001c2b477878787878787878787878787878787878787878",
		"IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.1 unreachable - need to frag (mtu 1400), length 56\n"},
	{"host unreachable", "",
		"02000000000202000000000108004500004c00070000400166a80a0000010a0000020301112f0000000045000030"
		"00090000401166b20a0000020a00000103e807d0001c2b477878787878787878787878787878787878787878",
		"IP 10.0.0.1 > 10.0.0.2: ICMP host 10.0.0.1 unreachable, length 56\n"},
	{"protocol unreachable", "",
		"02000000000202000000000108004500004c00070000400166a80a0000010a0000020302112e0000000045000030"
		"00090000401166b20a0000020a00000103e807d0001c2b477878787878787878787878787878787878787878",
		"IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.1 protocol 17 unreachable, length 56\n"},
	{"unknown code", "",
		"02000000000202000000000108004500004c00070000400166a80a0000010a000002031011200000000045000030"
		"00090000401166b20a0000020a00000103e807d0001c2b477878787878787878787878787878787878787878",
		"IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.1 unreachable - #16, length 56\n"},
	{"redirect", "",
		"02000000000202000000000108004500004c00070000400166a80a0000010a000002050105260a00000945000030"
		"00090000401166b20a0000020a00000103e807d0001c2b477878787878787878787878787878787878787878",
		"IP 10.0.0.1 > 10.0.0.2: ICMP redirect 10.0.0.1 to host 10.0.0.9, length 56\n"},
	{"time exceeded", "",
		"02000000000202000000000108004500004c00070000400166a80a0000010a0000020b0009300000000045000030"
		"00090000401166b20a0000020a00000103e807d0001c2b477878787878787878787878787878787878787878",
		"IP 10.0.0.1 > 10.0.0.2: ICMP time exceeded in-transit, length 56\n"},
	{"parameter problem", "",
		"02000000000202000000000108004500004c00070000400166a80a0000010a0000020c00f42f1400000045000030"
		"00090000401166b20a0000020a00000103e807d0001c2b477878787878787878787878787878787878787878",
		"IP 10.0.0.1 > 10.0.0.2: ICMP parameter problem - octet 20, length 56\n"},
	{"timestamp reply", "",
		"02000000000202000000000108004500002800070000400166cc0a0000010a0000020e003410000100020036ee80"
		"0038cefc00000001",
		"IP 10.0.0.1 > 10.0.0.2: ICMP time stamp reply id 1 seq 2: org 01:00:00.000, recv "
		"01:02:03.004, xmit 00:00:00.001, length 20\n"},
	{"mask reply", "",
		"02000000000202000000000108004500002000070000400166d40a0000010a0000021200eefb00010002ffffff0"
		"0",
		"IP 10.0.0.1 > 10.0.0.2: ICMP address mask is 0xffffff00, length 12\n"},
	{"wrong ICMP checksum", "v",
		"02000000000202000000000108004500001f00070000400166d50a0000010a0000020800123400000000616263",
		"IP (tos 0x0, ttl 64, id 7, offset 0, flags [none], proto ICMP (1), length 31)\n    10.0.0.1 "
		"> 10.0.0.2: ICMP echo request, id 0, seq 0, length 11 (wrong icmp cksum 1234 (->339d)!)\n"},
	{"UDP", "",
		"02000000000202000000000108004500002100070000401166c30a0000010a00000203e807d0000d9c4768656c6c"
		"6f",
		"IP 10.0.0.1.1000 > 10.0.0.2.2000: UDP, length 5\n"},
	{"UDP checksum", "vv",
		"02000000000202000000000108004500002100070000401166c30a0000010a00000203e807d0000d9c4768656c6c"
		"6f",
		"IP (tos 0x0, ttl 64, id 7, offset 0, flags [none], proto UDP (17), length 33)\n    "
		"10.0.0.1.1000 > 10.0.0.2.2000: [udp sum ok] UDP, length 5\n"},
	{"wrong UDP checksum", "vv",
		"02000000000202000000000108004500002100070000401166c30a0000010a00000203e807d0000d123468656c6c"
		"6f",
		"IP (tos 0x0, ttl 64, id 7, offset 0, flags [none], proto UDP (17), length 33)\n    "
		"10.0.0.1.1000 > 10.0.0.2.2000: [bad udp cksum 0x1234 -> 0x9c47!] UDP, length 5\n"},
	{"no UDP checksum", "vv",
		"02000000000202000000000108004500002100070000401166c30a0000010a00000203e807d0000d000068656c6c"
		"6f",
		"IP (tos 0x0, ttl 64, id 7, offset 0, flags [none], proto UDP (17), length 33)\n    "
		"10.0.0.1.1000 > 10.0.0.2.2000: [no cksum] UDP, length 5\n"},
	{"UDP, longer than its packet", "",
		"02000000000202000000000108004500002100070000401166c30a0000010a00000203e807d000649bf068656c6c"
		"6f",
		"IP 10.0.0.1.1000 > 10.0.0.2.2000: UDP, bad length 92 > 5\n"},
	{"UDP, shorter than its header", "",
		"02000000000202000000000108004500002100070000401166c30a0000010a00000203e807d000049c5068656c6c"
		"6f",
		"IP 10.0.0.1.1000 > 10.0.0.2.2000: truncated-udplength 4\n"},
	{"SYN", "v",
		"02000000000202000000000108004500003c00084000400626b20a0000010a00000203e80050000003e800000000"
		"a00220000b7a0000020405b40402080a000000640000000001030307",
		"IP (tos 0x0, ttl 64, id 8, offset 0, flags [DF], proto TCP (6), length 60)\n    "
		"10.0.0.1.1000 > 10.0.0.2.80: Flags [S], cksum 0x0b7a (correct), seq 1000, win 8192, options "
		"[mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7], length 0\n"},
	{"SYN-ACK", "",
		"02000000000202000000000108004500003c00080000400666b20a0000020a000001005003e800001388000003e9"
		"a0122000f7e00000020405b40402080a000000640000000001030307",
		"IP 10.0.0.2.80 > 10.0.0.1.1000: Flags [S.], seq 5000, ack 1001, win 8192, options [mss "
		"1460,sackOK,TS val 100 ecr 0,nop,wscale 7], length 0\n"},
	{"SACK", "S",
		"02000000000202000000000108004500003c00084000400626b20a0000010a00000203e800500000041000001389"
		"a0102000bb9e0000010105120000138a0000138b0000139200001394",
		"IP 10.0.0.1.1000 > 10.0.0.2.80: Flags [.], ack 5001, win 8192, options [nop,nop,sack 2 "
		"{5002:5003}{5010:5012}], length 0\n"},
	{"no flags", "",
		"02000000000202000000000108004500002800084000400626c60a0000010a00000203e800500000000300000000"
		"5000200077a70000",
		"IP 10.0.0.1.1000 > 10.0.0.2.80: Flags [none], win 8192, length 0\n"},
	{"all flags", "",
		"02000000000202000000000108004500002800084000400626c60a0000010a00000203e800500000000300000004"
		"50ff200076a40000",
		"IP 10.0.0.1.1000 > 10.0.0.2.80: Flags [FSRP.UEW], seq 3, ack 4, win 8192, urg 0, length "
		"0\n"},
	{"reset that says why", "v",
		"02000000000202000000000108004500002b00080000400666c30a0000020a000001005003e8000013b500000001"
		"5014200073740000776879",
		"IP (tos 0x0, ttl 64, id 8, offset 0, flags [none], proto TCP (6), length 43)\n    "
		"10.0.0.2.80 > 10.0.0.1.1000: Flags [R.], cksum 0x7374 (correct), seq 5045:5048, ack 1, win "
		"8192, length 3 [RST why]\n"},
	{"wrong TCP checksum", "vv",
		"02000000000202000000000108004500002b00084000400626c30a0000010a00000203e800500000000100000001"
		"5010200012340000616263",
		"IP (tos 0x0, ttl 64, id 8, offset 0, flags [DF], proto TCP (6), length 43)\n    "
		"10.0.0.1.1000 > 10.0.0.2.80: Flags [.], cksum 0x1234 (incorrect -> 0xb332), seq 1:4, ack 1, "
		"win 8192, length 3: HTTP\n"},
	{"TCP, quick", "q",
		"02000000000202000000000108004500002b00084000400626c30a0000010a00000203e800500000000100000001"
		"50182000b32a0000616263",
		"IP 10.0.0.1.1000 > 10.0.0.2.80: tcp 3\n"},
	{"data offset of 4", "",
		"02000000000202000000000108004500002800084000400626c60a0000010a00000203e800500000000100000000"
		"10022000b7a70000",
		"IP 10.0.0.1.1000 > 10.0.0.2.80:  tcp 16 [bad hdr length 4 - too short, < 20]\n"},
	{"unknown option", "",
		"02000000000202000000000108004500003000084000400626be0a0000010a00000203e800500000000100000000"
		"700220002fd200006306616263640000",
		"IP 10.0.0.1.1000 > 10.0.0.2.80: Flags [S], seq 1, win 8192, options [unknown-99 "
		"0x61626364,eol], length 0\n"},
	{"option without length", "",
		"02000000000202000000000108004500002c00010000400666c90a0000010a000002000100020000000000000000"
		"600220000000000063200101",
		"IP 10.0.0.1.1 > 10.0.0.2.2: Flags [S], seq 0, win 8192, options [[bad opt]\n"},
	{"HTTP request", "",
		"02000000000202000000000108004500004d00084000400626a10a0000010a00000203e80050000003e900001389"
		"50182000292a0000474554202f696e6465782e68746d6c20485454502f312e310d0a486f73743a20780d0a0d0a",
		"IP 10.0.0.1.1000 > 10.0.0.2.80: Flags [P.], seq 1001:1038, ack 5001, win 8192, length 37: "
		"HTTP: GET /index.html HTTP/1.1\n"},
	{"HTTP response", "v",
		"020000000002020000000001080045000051000800004006669d0a0000020a000001005003e80000138900000410"
		"50182000ec6b0000485454502f312e3120323030204f4b0d0a436f6e74656e742d4c656e6774683a20330d0a0d0a"
		"616263",
		"IP (tos 0x0, ttl 64, id 8, offset 0, flags [none], proto TCP (6), length 81)\n    "
		"10.0.0.2.80 > 10.0.0.1.1000: Flags [P.], cksum 0xec6b (correct), seq 5001:5042, ack 1040, "
		"win 8192, length 41: HTTP, length: 41\n\tHTTP/1.1 200 OK\n\tContent-Length: 3\n\t\n\tabc "
		"[|http]\n"},
	{"text on port 80", "",
		"02000000000202000000000108004500003500084000400626b90a0000010a00000203e800500000000100000001"
		"50182000dba7000068656c6c6f20776f726c640d0a",
		"IP 10.0.0.1.1000 > 10.0.0.2.80: Flags [P.], seq 1:14, ack 1, win 8192, length 13: HTTP\n"},
	{"first fragment", "v",
		"020000000002020000000001080045000044004d20004011465a0a0000010a00000200010002006cff247a7a7a7a"
		"7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a",
		"IP (tos 0x0, ttl 64, id 77, offset 0, flags [+], proto UDP (17), length 68)\n    10.0.0.1.1 "
		"> 10.0.0.2.2: UDP, length 100\n"},
	{"last fragment", "v",
		"020000000002020000000001080045000020004d000c401166720a0000010a0000027a7a7a7a7a7a7a7a7a7a7a7"
		"a",
		"IP (tos 0x0, ttl 64, id 77, offset 96, flags [none], proto UDP (17), length 32)\n    "
		"10.0.0.1 > 10.0.0.2: ip-proto-17\n"},
	{"unknown protocol", "v",
		"020000000002020000000001080045000019000100004063667f0a0000010a00000268656c6c6f",
		"IP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto unknown (99), length 25)\n    "
		"10.0.0.1 > 10.0.0.2:  ip-proto-99 5\n"},
	{"IP in IP", "",
		"02000000000202000000000108004500003000010000400466c70a0000010a0000024500001c0001000040016acd"
		"01020304050607080800f7ff00000000",
		"IP 10.0.0.1 > 10.0.0.2: IP 1.2.3.4 > 5.6.7.8: ICMP echo request, id 0, seq 0, length 8\n"},
	{"record route", "v",
		"02000000000202000000000108004800002800010000400140b70a0000010a000002070b08010203040506070800"
		"0800f7ff00000000",
		"IP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto ICMP (1), length 40, options (RR "
		"1.2.3.4, 5.6.7.8,EOL))\n    10.0.0.1 > 10.0.0.2: ICMP echo request, id 0, seq 0, length "
		"8\n"},
	{"IP timestamps", "v",
		"02000000000202000000000108004a00003000010000400108970a0000010a00000244140d110102030400000001"
		"01020305000000000800f7ff00000000",
		"IP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto ICMP (1), length 48, options "
		"(timestamp TS{TS+ADDR 1@1.2.3.4 ^ 0@1.2.3.5 [1 hops not recorded]} ))\n    10.0.0.1 > "
		"10.0.0.2: ICMP echo request, id 0, seq 0, length 8\n"},
	{"router alert", "v",
		"020000000002020000000001080046000020000100004001d1d50a0000010a000002940400000800f7ff0000000"
		"0",
		"IP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto ICMP (1), length 32, options "
		"(RA))\n    10.0.0.1 > 10.0.0.2: ICMP echo request, id 0, seq 0, length 8\n"},
	{"congestion experienced", "v",
		"02000000000202000000000108004503001c0001c0004001a6da0a0000010a0000020800f7ff00000000",
		"IP (tos 0x3,CE, ttl 64, id 1, offset 0, flags [DF, rsvd], proto ICMP (1), length 28)\n    "
		"10.0.0.1 > 10.0.0.2: ICMP echo request, id 0, seq 0, length 8\n"},
	{"wrong IP checksum", "v",
		"02000000000202000000000108004500001c00010000400112340a0000010a0000020800f7ff00000000",
		"IP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto ICMP (1), length 28, bad cksum "
		"1234 (->66de)!)\n    10.0.0.1 > 10.0.0.2: ICMP echo request, id 0, seq 0, length 8\n"},
	{"total length too small", "",
		"02000000000202000000000108004500001300010000400166e70a0000010a0000020800f7ff00000000",
		"IP bad-len 19\n"},
	{"total length too large", "",
		"0200000000020200000000010800450000c800010000400166320a0000010a0000020800f7ff00000000",
		"IP truncated-ip - 172 bytes missing! 10.0.0.1 > 10.0.0.2: ICMP echo request, id 0, seq 0, "
		"length 180\n"},
	{"header length too small", "",
		"02000000000202000000000108004400001c00010000400167de0a0000010a0000020800f7ff00000000",
		"IP bad-hlen 16\n"},
	{"another version", "",
		"02000000000202000000000108005500001c00010000400156de0a0000010a0000020800f7ff00000000",
		"IP5 (invalid)\n"},
	{"padded", "",
		"02000000000202000000000108004500001c00010000400166de0a0000010a0000020800f7ff0000000000000000"
		"0000000000000000000000000000",
		"IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 0, seq 0, length 8\n"},
	{"IGMP query", "",
		"0200000000020200000000010800460000200001000001023ac00a000001e00000169404000011640e96e000000"
		"5",
		"IP 10.0.0.1 > 224.0.0.22: igmp query v2 [gaddr 224.0.0.5]\n"},
	{"IGMP query of version 3", "vv",
		"0200000000020200000000010800460000280001000001023ab80a000001e00000169404000011640812e0000005"
		"027d000101020304",
		"IP (tos 0x0, ttl 1, id 1, offset 0, flags [none], proto IGMP (2), length 40, options "
		"(RA))\n    10.0.0.1 > 224.0.0.22: igmp query v3 [gaddr 224.0.0.5 { 1.2.3.4 }]\n"},
	{"IGMP report of version 2", "",
		"0200000000020200000000010800460000200001000001023ac00a000001e000001694040000160009fae000000"
		"5",
		"IP 10.0.0.1 > 224.0.0.22: igmp v2 report 224.0.0.5\n"},
	{"IGMP leave", "",
		"0200000000020200000000010800460000200001000001023ac00a000001e000001694040000170008fae000000"
		"5",
		"IP 10.0.0.1 > 224.0.0.22: igmp leave 224.0.0.5\n"},
	{"IGMP report of version 3", "v",
		"0200000000020200000000010800460000340001000001023aac0a000001e000001694040000220012ea00000002"
		"04000000e000000503000001e000000601020304",
		"IP (tos 0x0, ttl 1, id 1, offset 0, flags [none], proto IGMP (2), length 52, options "
		"(RA))\n    10.0.0.1 > 224.0.0.22: igmp v3 report, 2 group record(s) [gaddr 224.0.0.5 to_ex, "
		"0 source(s)] [gaddr 224.0.0.6 to_in, 1 source(s)]\n"},
	{"wrong IGMP checksum", "v",
		"0200000000020200000000010800460000200001000001023ac00a000001e00000169404000016001234e000000"
		"5",
		"IP (tos 0x0, ttl 1, id 1, offset 0, flags [none], proto IGMP (2), length 32, options "
		"(RA))\n    10.0.0.1 > 224.0.0.22: igmp v2 report 224.0.0.5 bad igmp cksum 1234!\n"},
	{"two tags", "e",
		"02000000000202000000000188a8600581001006080600010800060400010200000000010a000001000000000000"
		"0a000002",
		"02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 802.1Q-QinQ (0x88a8), length 50: vlan 5, p "
		"3, ethertype 802.1Q (0x8100), vlan 6, p 0, DEI, ethertype ARP (0x0806), Request who-has "
		"10.0.0.2 tell 10.0.0.1, length 28\n"},
	{"a tag", "",
		"0200000000020200000000018100000508004500001c00010000400166de0a0000010a0000020800f7ff0000000"
		"0",
		"IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 0, seq 0, length 8\n"},
	{"unknown EtherType", "", "020000000002020000000001123468656c6c6f2068656c6c6f2068656c6c6f",
		"02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype Unknown (0x1234), length 31: \n\t0x0000:  "
		"6865 6c6c 6f20 6865 6c6c 6f20 6865 6c6c  hello.hello.hell\n\t0x0010:  6f                    "
		"                   o\n"},
	{"half a header", "", "02000000000202000000", " [|ether]\n"},
	{"router solicitation", "",
		"02000000000202000000000186dd6000000000083afffe800000000000000000000000000001ff02000000000000"
		"000000000000000285007d3600000000",
		"IP6 fe80::1 > ff02::2: ICMP6, router solicitation, length 8\n"},
	{"neighbor solicitation", "",
		"02000000000202000000000186dd6000000000183afffe800000000000000000000000000001ff02000000000000"
		"000000000000000187007ca400000000fe800000000000000000000000000002",
		"IP6 fe80::1 > ff02::1: ICMP6, neighbor solicitation, who has fe80::2, length 24\n"},
	{"UDP over IPv6", "v",
		"02000000000202000000000186dd60000000000b1140000000000000000000000000000000010000000000000000"
		"000000000000000200010002000b3b70616263",
		"IP6 (hlim 64, next-header UDP (17) payload length: 11) ::1.1 > ::2.2: [udp sum ok] UDP, "
		"length 3\n"},
	{"multicast report", "",
		"02000000000202000000000186dd6000000000240040fe800000000000000000000000000001ff02000000000000"
		"00000000000000163a000502000001008f006f0f0000000104000000ff0200000000000000000000000000fb",
		"IP6 fe80::1 > ff02::16: HBH ICMP6, multicast listener report v2, 1 group record(s), length "
		"28\n"},
	{"DHCP", "",
		"ffffffffffff02000000000108004500015e0001000040116f8e0a000001ffffffff00430044014a54e502010600"
		"1234567800000000000000000a000007000000000000000002000000000100000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00006382536335010236040a000001330400000e100104ffffff0003040a0000010f0b6578616d706c652e6f7267"
		"790d180a01020a000001000a0000023d07010200000000013705010306770f390205dc1a0105350107ff",
		"IP 10.0.0.1.67 > 255.255.255.255.68: BOOTP/DHCP, Reply, length 322\n"},
	{"DHCP with options", "v",
		"ffffffffffff02000000000108004500015e0001000040116f8e0a000001ffffffff00430044014a54e502010600"
		"1234567800000000000000000a000007000000000000000002000000000100000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00006382536335010236040a000001330400000e100104ffffff0003040a0000010f0b6578616d706c652e6f7267"
		"790d180a01020a000001000a0000023d07010200000000013705010306770f390205dc1a0105350107ff",
		"IP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto UDP (17), length 350)\n    "
		"10.0.0.1.67 > 255.255.255.255.68: BOOTP/DHCP, Reply, length 322, xid 0x12345678, Flags "
		"[none]\n\t  Your-IP 10.0.0.7\n\t  Client-Ethernet-Address 02:00:00:00:00:01\n\t  "
		"Vendor-rfc1048 Extensions\n\t    Magic Cookie 0x63825363\n\t    DHCP-Message (53), length "
		"1: Offer\n\t    Server-ID (54), length 4: 10.0.0.1\n\t    Lease-Time (51), length 4: "
		"3600\n\t    Subnet-Mask (1), length 4: 255.255.255.0\n\t    Default-Gateway (3), length 4: "
		"10.0.0.1\n\t    Domain-Name (15), length 11: \"example.org\"\n\t    Classless-Static-Route "
		"(121), length 13: (10.1.2.0/24:10.0.0.1),(default:10.0.0.2)\n\t    Client-ID (61), length "
		"7: ether 02:00:00:00:00:01\n\t    Parameter-Request (55), length 5: \n\t      Subnet-Mask "
		"(1), Default-Gateway (3), Domain-Name-Server (6), Unknown (119)\n\t      Domain-Name "
		"(15)\n\t    MSZ (57), length 2: 1500\n\t    MTU (26), length 1: \n\t  trailing data length "
		"1\n\t    DHCP-Message (53), length 1: Release\n"},
	{"DHCP, quick", "q",
		"ffffffffffff02000000000108004500015e0001000040116f8e0a000001ffffffff00430044014a54e502010600"
		"1234567800000000000000000a000007000000000000000002000000000100000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00006382536335010236040a000001330400000e100104ffffff0003040a0000010f0b6578616d706c652e6f7267"
		"790d180a01020a000001000a0000023d07010200000000013705010306770f390205dc1a0105350107ff",
		"IP 10.0.0.1.67 > 255.255.255.255.68: UDP, length 322\n"},
	{"hex and ASCII, with link header", "XXe",
		"02000000000202000000000108004500002900070000401166bb0a0000010a00000203e807d00015cf1a68656c6c"
		"6f207f20776f726c64",
		"02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4 (0x0800), length 55: 10.0.0.1.1000 > "
		"10.0.0.2.2000: UDP, length 13\n\t0x0000:  0200 0000 0002 0200 0000 0001 0800 4500  "
		"..............E.\n\t0x0010:  0029 0007 0000 4011 66bb 0a00 0001 0a00  "
		".)....@.f.......\n\t0x0020:  0002 03e8 07d0 0015 cf1a 6865 6c6c 6f20  "
		"..........hello.\n\t0x0030:  7f20 776f 726c 64                        ..world\n"},
	{"hex", "x",
		"02000000000202000000000108004500002100070000401166c30a0000010a00000203e807d0000d9c4768656c6c"
		"6f",
		"IP 10.0.0.1.1000 > 10.0.0.2.2000: UDP, length 5\n\t0x0000:  4500 0021 0007 0000 4011 66c3 "
		"0a00 0001\n\t0x0010:  0a00 0002 03e8 07d0 000d 9c47 6865 6c6c\n\t0x0020:  6f\n"},
	{"ASCII", "A",
		"02000000000202000000000108004500002e00084000400626c00a0000010a00000203e800500000000100000001"
		"5010200002c00000610d0a620963",
		"IP 10.0.0.1.1000 > 10.0.0.2.80: Flags [.], seq 1:7, ack 1, win 8192, length 6: "
		"HTTP\nE.....@.@.&.\n...\n......P........P. .....a\nb\tc\n"},
	{"ASCII, CRs", "A",
		"02000000000202000000000108004500002400090000401166be0a0000010a00000203e807d000100532610d620d"
		"0a630d64",
		"IP 10.0.0.1.1000 > 10.0.0.2.2000: UDP, length 8\nE..$.\t..@.f.\n...\n..........2a.b\ncd\n"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]), FRAME_MAX = 2048 };

static uint32_t octets(const char *hex, uint8_t *out)
{
	uint32_t n = 0;

	for (; sscanf(hex, "%2hhx", &out[n]) == 1; hex += 2)
		n++;
	return n;
}

static struct dump_options options(const char *flags)
{
	struct dump_options o = {.time = DUMP_NONE, .utc = true};

	for (; *flags; flags++) {
		o.verbose += *flags == 'v';
		o.link |= *flags == 'e';
		o.quick |= *flags == 'q';
		o.absolute |= *flags == 'S';
		o.hex += *flags == 'x';
		o.hex_ascii += *flags == 'X';
		o.ascii += *flags == 'A';
	}
	return o;
}

/* What a dumper says of one packet, which must be freed. */
static char *dumped(const struct dump_options *o, const struct capture_packet *p)
{
	struct buf out = {0};
	struct dump d;

	dump_init(&d, o, &out);
	dump_packet(&d, p);
	dump_exit(&d);
	return buf_take(&out);
}

static void packets_are_told_as_tcpdump_tells_them(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		uint8_t frame[FRAME_MAX];
		struct dump_options o = options(rows[i].flags);
		struct capture_packet p = {.linktype = LINKTYPE_ETHERNET, .data = frame};
		char *text;

		p.caplen = p.len = octets(rows[i].hex, frame);
		text = dumped(&o, &p);
		CU_ASSERT_STRING_EQUAL(text, rows[i].text);
		if (strcmp(text, rows[i].text) != 0)
			printf("%s:\n%s->\n%s\n", rows[i].name, rows[i].text, text);
		free(text);
	}
}

/* The frame stands at the end of its memory, so that the sanitizer sees each step beyond it. */
static void look(const uint8_t *frame, uint32_t caplen, uint32_t len, unsigned linktype)
{
	static const struct dump_options o = {
		.time = DUMP_NONE, .verbose = 2, .link = true, .hex_ascii = 1, .utc = true};
	uint8_t *copy = malloc(caplen ? caplen : 1);
	struct capture_packet p = {.linktype = linktype, .caplen = caplen, .len = len, .data = copy};
	char *text;

	memcpy(copy, frame, caplen);
	text = dumped(&o, &p);
	CU_ASSERT(strlen(text) > 0 && text[strlen(text) - 1] == '\n');
	free(text);
	free(copy);
}

static void nothing_is_read_beyond_what_was_captured(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		uint8_t frame[FRAME_MAX];
		uint32_t len = octets(rows[i].hex, frame);

		for (uint32_t caplen = 0; caplen <= len; caplen++) {
			look(frame, caplen, len, LINKTYPE_ETHERNET);
			look(frame, caplen, caplen, LINKTYPE_ETHERNET);
		}
	}
}

static void flipped_bits_do_no_harm(void)
{
	static const unsigned linktypes[] = {LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_LINUX_SLL2, 147};
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (size_t round = 0; round < 20 * ROWS; round++) {
		uint8_t frame[FRAME_MAX];
		uint32_t len = octets(rows[round % ROWS].hex, frame);

		for (uint32_t flips = rng_below(&rng, 8); flips > 0; flips--)
			frame[rng_below(&rng, len)] ^= (uint8_t)(1u << rng_below(&rng, 8));
		look(frame, len, len, round % 5 ? LINKTYPE_ETHERNET : linktypes[rng_below(&rng, 4)]);
	}
}

static void captured_in_part_is_told(void)
{
	static const char syn[] = "0200000000020200000000010800450000280001400040063e7c0a0000010a0000020007";
	static const struct dump_options o = {.time = DUMP_NONE};
	uint8_t frame[FRAME_MAX];
	struct capture_packet p = {.linktype = LINKTYPE_ETHERNET, .data = frame, .len = 54};
	char *text;

	p.caplen = octets(syn, frame);
	text = dumped(&o, &p);
	CU_ASSERT_STRING_EQUAL(text, "IP 10.0.0.1 > 10.0.0.2:  [|tcp]\n");
	free(text);
}

/* ---- time ---- */

static void times_are_told_in_six_ways(void)
{
	static const char *const lines[][3] = {
		[DUMP_TIME] = {"22:13:20.000001  [|ether]\n", "22:13:21.500002  [|ether]\n",
			"22:13:20.000000  [|ether]\n"},
		[DUMP_NONE] = {" [|ether]\n", " [|ether]\n", " [|ether]\n"},
		[DUMP_EPOCH] = {"1700000000.000001  [|ether]\n", "1700000001.500002  [|ether]\n",
			"1700000000.000000  [|ether]\n"},
		[DUMP_DELTA] = {" 00:00:00.000000  [|ether]\n", " 00:00:01.500001  [|ether]\n",
			"-00:00:01.500002  [|ether]\n"},
		[DUMP_DATE] = {"2023-11-14 22:13:20.000001  [|ether]\n",
			"2023-11-14 22:13:21.500002  [|ether]\n", "2023-11-14 22:13:20.000000  [|ether]\n"},
		[DUMP_SINCE_FIRST] = {" 00:00:00.000000  [|ether]\n", " 00:00:01.500001  [|ether]\n",
			"-00:00:00.000001  [|ether]\n"},
	};
	static const uint64_t times[] = {1700000000000001999, 1700000001500002000, 1700000000000000999};

	for (enum dump_time way = DUMP_TIME; way <= DUMP_SINCE_FIRST; way++) {
		struct dump_options o = {.time = way, .utc = true};
		struct buf out = {0};
		struct dump d;

		dump_init(&d, &o, &out);
		for (size_t i = 0; i < 3; i++) {
			out.len = 0;
			dump_packet(&d,
				&(struct capture_packet){.ts_ns = times[i], .linktype = LINKTYPE_ETHERNET});
			CU_ASSERT_STRING_EQUAL(buf_text(&out), lines[way][i]);
		}
		dump_exit(&d);
		buf_exit(&out);
	}
}

static void numbers_and_nanoseconds(void)
{
	static const struct dump_options o = {.nano = true, .numbers = true, .utc = true};
	char *text = dumped(
		&o, &(struct capture_packet){.ts_ns = 1700000000000001999, .linktype = LINKTYPE_ETHERNET});

	CU_ASSERT_STRING_EQUAL(text, "    1  22:13:20.000001999  [|ether]\n");
	free(text);
}

/* A comment is somebody's: it may hold what a terminal would obey. */
static void comments_are_told_below_their_packet(void)
{
	static const struct dump_options o = {.time = DUMP_NONE, .comments = true};
	struct capture_packet p = {.linktype = LINKTYPE_ETHERNET, .comment = "one\ntwo \033[31m\xc3"};
	char *text = dumped(&o, &p);

	CU_ASSERT_STRING_EQUAL(text, " [|ether]\n\t# one\n\t# two ^[[31mM-C\n");
	free(text);
}

/* ---- connections ---- */

/* A segment of raw IP between 10.0.0.1:1 and 10.0.0.2:2, without checksums; what is said of it from "Flags" on. */
static void segment(
	struct dump *d, bool back, uint8_t flags, uint32_t seq, uint32_t ack, const char *expected)
{
	uint8_t b[40] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2};
	struct capture_packet p = {
		.linktype = LINKTYPE_RAW, .caplen = sizeof(b), .len = sizeof(b), .data = b};
	const char *said;

	b[15] = back ? 2 : 1;
	b[19] = back ? 1 : 2;
	b[21] = b[15];
	b[23] = b[19];
	*(be32 *)(b + 24) = put32(seq);
	*(be32 *)(b + 28) = put32(ack);
	b[32] = 5 << 4;
	b[33] = flags;
	d->out->len = 0;
	dump_packet(d, &p);
	said = strstr(buf_text(d->out), "Flags");
	CU_ASSERT_PTR_NOT_NULL_FATAL(said);
	CU_ASSERT_EQUAL(strncmp(said, expected, strlen(expected)), 0);
}

enum { FIN = 1, SYN = 2, ACK = 16 };

static void numbers_are_relative_to_the_handshake(void)
{
	static const struct dump_options o = {.time = DUMP_NONE, .verbose = 0};
	struct buf out = {0};
	struct dump d;

	dump_init(&d, &o, &out);
	segment(&d, false, SYN, 4294967295u, 0, "Flags [S], seq 4294967295, win");
	segment(&d, true, SYN | ACK, 7000, 0, "Flags [S.], seq 7000, ack 0, win");
	segment(&d, false, FIN | ACK, 0, 7001, "Flags [F.], seq 1, ack 1, win");
	segment(&d, true, FIN | ACK, 7001, 1, "Flags [F.], seq 1, ack 2, win");
	/* a new one between the same ends */
	segment(&d, true, SYN | ACK, 500, 900, "Flags [S.], seq 500, ack 900, win");
	segment(&d, false, FIN | ACK, 900, 501, "Flags [F.], seq 1, ack 1, win");
	dump_exit(&d);
	buf_exit(&out);
}

static void without_a_handshake_the_first_segment_is_told_as_it_is(void)
{
	static const struct dump_options o = {.time = DUMP_NONE};
	struct buf out = {0};
	struct dump d;

	dump_init(&d, &o, &out);
	segment(&d, true, FIN | ACK, 5000, 80, "Flags [F.], seq 5000, ack 80, win");
	segment(&d, true, FIN | ACK, 5003, 81, "Flags [F.], seq 3, ack 2, win");
	segment(&d, false, FIN | ACK, 80, 5001, "Flags [F.], seq 1, ack 1, win");
	dump_exit(&d);
	buf_exit(&out);
}

SUITE(shell_dump, T(packets_are_told_as_tcpdump_tells_them), T(nothing_is_read_beyond_what_was_captured),
	T(flipped_bits_do_no_harm), T(captured_in_part_is_told), T(times_are_told_in_six_ways),
	T(numbers_and_nanoseconds), T(comments_are_told_below_their_packet),
	T(numbers_are_relative_to_the_handshake), T(without_a_handshake_the_first_segment_is_told_as_it_is))
