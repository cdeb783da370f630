/* SPDX-License-Identifier: MIT */
/* What `ip link`, `bridge` and `brctl` share about bridges: the options of a port, and how they are printed. */
#ifndef SHELL_BRIDGECMD_H
#define SHELL_BRIDGECMD_H

#include "dev/bridge.h"
#include "shell/buf.h"
#include "shell/ipcmd.h"

/* What is to change of a port, as far as it was read. */
struct bridge_port_change {
	unsigned flags, mask; /* enum bridge_port_flag: their values, and which */
	bool has_state, has_priority, has_cost, has_group_fwd_mask, flush;
	uint32_t state, priority, cost, group_fwd_mask;
};

/* Reads one option of a port ("hairpin on"). *known is false where the next word is none of them (it stays
 * unread). `names`: by the manners of `bridge link`, to which a state may be said by its name. Returns 0 or the exit status. */
int bridgecmd_read_port(struct ipcmd *ip, struct bridge_port_change *ch, bool names, bool *known);

/* Returns the exit status, after having said what the kernel would. */
int bridgecmd_change_port(struct ipcmd *ip, struct dev *d, const struct bridge_port_change *ch);

/* Fields, each followed by a space: with `bridge -d link`, and those that `ip -d link` has besides. */
void bridgecmd_print_flags(struct ipcmd *ip, const struct bridge_port *port);
void bridgecmd_print_port(struct ipcmd *ip, const struct bridge_port *port);

/* Adds the options that are not as they are at first. */
void bridgecmd_save_port(struct buf *b, const struct bridge_port *port);

const char *bridgecmd_state_name(enum bridge_state state);

/* "8000.020000000001", as brctl shows it, or with `colons` "8000.2:0:0:0:0:1", as ip does. */
enum { BRIDGECMD_ID_LEN = 24 };
const char *bridgecmd_id(const struct bridge *b, bool colons, char text[BRIDGECMD_ID_LEN]);

extern const struct ipcmd_object bridgecmd_fdb;

#endif
