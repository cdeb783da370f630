/* SPDX-License-Identifier: MIT */
/* IPv4 as a protocol of the house: what a host and a device get when they come, and lose when they go. */
#include "ip/internal.h"

void ip_set_reject(struct stack *s, ip_reject_fn *fn)
{
	s->ip->reject = fn;
}
