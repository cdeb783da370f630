/* SPDX-License-Identifier: MIT */
/* The names of TCP's states, as netstat and ss print them. */
#include "net/tcp_info.h"

static const struct {
	const char *netstat, *ss;
} names[TCP_STATE_COUNT] = {
#define X(name, netstat, ss) [TCP_##name] = {netstat, ss},
	TCP_STATES(X)
#undef X
};

const char *tcp_state_name(enum tcp_state state)
{
	return names[state].netstat;
}

const char *tcp_state_name_ss(enum tcp_state state)
{
	return names[state].ss;
}
