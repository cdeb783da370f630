/* SPDX-License-Identifier: MIT */
/*
 * The table of commands, in the order in which `help` lists them: one line each.
 *
 * COMMAND(ping) is `const struct command cmd_ping`, in the file of its family (shell/cmd_*.c).
 */
#include "shell/cmd.h"

/* clang-format off */
#define COMMANDS(FAMILY, COMMAND) \
	FAMILY("Devices, addresses, routes, neighbours, hosts") \
	COMMAND(ip) \
	COMMAND(bridge) \
	COMMAND(brctl) \
	COMMAND(ifconfig) \
	COMMAND(route) \
	COMMAND(arp) \
	COMMAND(arpcache) \
	COMMAND(tc) \
	COMMAND(vconfig) \
	COMMAND(hostname) \
	COMMAND(on) \
	FAMILY("Reaching other hosts") \
	COMMAND(ping) \
	COMMAND(ping2) \
	COMMAND(arping) \
	COMMAND(traceroute) \
	COMMAND(tracepath) \
	COMMAND(nc) \
	COMMAND(snc) \
	COMMAND(serve) \
	COMMAND(http) \
	COMMAND(iperf3) \
	COMMAND(dhclient) \
	COMMAND(udhcpc) \
	COMMAND(dhcpd) \
	FAMILY("Looking inside") \
	COMMAND(ss) \
	COMMAND(netstat) \
	COMMAND(tcp) \
	COMMAND(trace) \
	COMMAND(debug) \
	COMMAND(topo) \
	COMMAND(explain) \
	COMMAND(tcpdump) \
	COMMAND(drops) \
	COMMAND(nstat) \
	COMMAND(stat) \
	COMMAND(sysctl) \
	FAMILY("The shell") \
	COMMAND(help) \
	COMMAND(type) \
	COMMAND(history) \
	COMMAND(clear) \
	COMMAND(save) \
	COMMAND(source) \
	COMMAND(dot) \
	COMMAND(exit) \
	FAMILY("Time and jobs") \
	COMMAND(sleep) \
	COMMAND(time) \
	COMMAND(watch) \
	COMMAND(clock) \
	COMMAND(jobs) \
	COMMAND(fg) \
	COMMAND(bg) \
	COMMAND(wait) \
	COMMAND(kill) \
	FAMILY("What scripts and tutorials use") \
	COMMAND(echo) \
	COMMAND(cat) \
	COMMAND(tee) \
	COMMAND(seq) \
	COMMAND(test) \
	COMMAND(bracket) \
	COMMAND(true) \
	COMMAND(false) \
	COMMAND(break) \
	COMMAND(continue) \
	COMMAND(set) \
	COMMAND(export) \
	COMMAND(unset) \
	COMMAND(sh) \
	COMMAND(bash) \
	COMMAND(sudo) \
	COMMAND(su) \
	COMMAND(modprobe)
/* clang-format on */

#define FAMILY(title)
#define COMMAND(name) extern const struct command cmd_##name;
COMMANDS(FAMILY, COMMAND)
#undef FAMILY
#undef COMMAND

#define FAMILY(title) &(const struct command){.about = title},
#define COMMAND(name) &cmd_##name,
const struct command *const shell_commands[] = {COMMANDS(FAMILY, COMMAND) NULL};
