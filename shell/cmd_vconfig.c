/* SPDX-License-Identifier: MIT */
/* `vconfig`, the command from before `ip link ... type vlan`, as tutorials still type it. */
#include "dev/vlan.h"
#include "net/wire_ether.h"
#include "shell/address.h"
#include "shell/cmd.h"

#include <errno.h>
#include <stdio.h>

static struct dev *device(struct cmd *c, const char *name)
{
	struct dev *d = dev_by_name(c->host, name);

	if (!d)
		cmd_error(c, "%s: no such device", name);
	return d;
}

static const char *reason(int err)
{
	return err == -EEXIST ? "there is such a VLAN, or a device of this name, already" : strerror(-err);
}

static int add(struct cmd *c, const char *name, const char *id_text)
{
	struct dev *lower = device(c, name);
	char made[2 * DEV_NAME_LEN];
	uint32_t id;

	if (!lower)
		return CMD_FAILED;
	if (!address_parse_number(id_text, &id) || id > VLAN_ID_MAX)
		return cmd_error(c, "%s: VLAN ids go from 0 to %d", id_text, VLAN_ID_MAX);
	struct vlan_config v = {.proto = ETHERTYPE_VLAN, .id = (uint16_t)id};
	struct dev_config config = {.lower = lower, .details = &v};
	snprintf(made, sizeof(made), "%s.%u", name, id);
	int err = vlan_create(c->host, made, &config);
	if (err)
		return cmd_error(c, "%s: %s", made, reason(err));
	fprintf(c->out, "Added VLAN with VID == %u to IF -:%s:-\n", id, name);
	return CMD_OK;
}

static int rem(struct cmd *c, const char *name)
{
	struct dev *d = device(c, name);

	if (!d)
		return CMD_FAILED;
	if (!vlan_config(d))
		return cmd_error(c, "%s is no VLAN device", name);
	dev_unregister(d);
	fprintf(c->out, "Removed VLAN -:%s:-\n", name);
	return CMD_OK;
}

static int run(struct cmd *c)
{
	const char *what = c->argc > 1 ? c->argv[1] : "";

	if (!strcmp(what, "add") && c->argc == 4)
		return add(c, c->argv[2], c->argv[3]);
	if (!strcmp(what, "rem") && c->argc == 3)
		return rem(c, c->argv[2]);
	if (!strncmp(what, "set_", 4))
		return cmd_error(c,
			"%s: use `ip link set DEVICE type vlan ...`; tapir has no maps of priorities", what);
	return cmd_usage(c, "what is to be done?");
}

const struct command cmd_vconfig = {
	.name = "vconfig",
	.run = run,
	.usage = "vconfig add DEVICE ID | vconfig rem DEVICE.ID",
	.about = "VLAN devices, the old way",
	.example = "vconfig add eth0 10   # today: ip link add link eth0 name eth0.10 type vlan id 10",
	.man = "vconfig(8)",
};
