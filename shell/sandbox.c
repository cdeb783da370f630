/* SPDX-License-Identifier: MIT */
/*
 * The sandbox: tried by doing.
 *
 * Whether a user may have namespaces, be root in them and make a TAP device there depends on the kernel, on
 * sysctls, on AppArmor or seccomp and on the mode of /dev/net/tun; no list of checks would be complete, and
 * once in a user namespace there is no way back. So a child goes first and does all of it. Where it gets
 * through, this process follows; where it does not, the child says which step failed with which error, and
 * only then is it worked out what to tell the user.
 */
#include "shell/sandbox.h"

#include "dev/tap.h"
#include "shell/kernel.h"
#include "shell/one_user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum step { STEP_DONE, STEP_UNSHARE, STEP_MAP, STEP_OPEN, STEP_TUNSETIFF, STEP_CONFIGURE, STEP_PROBE };

/* How far the child came, and what stopped it (errno). */
struct report {
	enum step step;
	int err;
};

static int __attribute__((format(printf, 2, 3))) because(struct sandbox *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(b->why, sizeof(b->why), fmt, args);
	va_end(args);
	return -1;
}

/* ---- what is in the way ---- */

/* A setting that explains `err`: it forbids user namespaces, or rights in them; "" where none is known. */
static const char *forbidding_setting(int err)
{
	if (kernel_sysctl("kernel/unprivileged_userns_clone") == 0)
		return "kernel.unprivileged_userns_clone is 0; "
		       "as root: sysctl -w kernel.unprivileged_userns_clone=1";
	if (kernel_sysctl("user/max_user_namespaces") == 0)
		return "user.max_user_namespaces is 0; as root: sysctl -w user.max_user_namespaces=10000";
	if (kernel_sysctl("user/max_net_namespaces") == 0)
		return "user.max_net_namespaces is 0; as root: sysctl -w user.max_net_namespaces=10000";
	if (err != ENOSPC && kernel_sysctl("kernel/apparmor_restrict_unprivileged_userns") > 0)
		return "AppArmor takes the rights away that a user namespace gives "
		       "(kernel.apparmor_restrict_unprivileged_userns is 1); as root: `make install`, which "
		       "brings the profile that allows it to tapir, or "
		       "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
	return "";
}

static int explain_namespace(struct sandbox *b, struct report r)
{
	const char *setting = forbidding_setting(r.err);
	const char *what = r.step == STEP_UNSHARE ? "a network namespace of its own is refused"
		: r.step == STEP_MAP		  ? "the user map of its namespace is refused"
						  : "tap0 is refused in its own namespace";

	if (*setting)
		return because(b, "%s: %s", what, setting);
	if (r.err == ENOSPC)
		return because(b, "%s: too many of them (user.max_user_namespaces)", what);
	if (r.step == STEP_UNSHARE && (r.err == EINVAL || r.err == ENOSYS))
		return because(
			b, "%s: the kernel was built without user namespaces; run tapir as root", what);
	if (r.err == EPERM)
		return because(b,
			"%s: a container's or a service's rules (seccomp, capabilities, chroot) forbid it; "
			"docker "
			"run --cap-add NET_ADMIN --device /dev/net/tun, then tapir --host",
			what);
	return because(b, "%s: %s", what, strerror(r.err));
}

static int explain_open(struct sandbox *b, int err)
{
	struct stat st = {0};

	if (err == ENOENT)
		return because(b,
			"there is no /dev/net/tun; as root: modprobe tun, and where that makes none: "
			"mkdir -p /dev/net && mknod -m 666 /dev/net/tun c 10 200");
	if (err == ENODEV || err == ENXIO)
		return because(b, "/dev/net/tun has no driver; as root: modprobe tun");
	if (err == EACCES && stat("/dev/net/tun", &st) == 0)
		return because(b,
			"/dev/net/tun may not be opened (its mode is %04o, its owner %s); "
			"as root: chmod 666 /dev/net/tun",
			st.st_mode & 07777, st.st_uid == 0 ? "root" : "another user");
	if (err == EPERM)
		return because(b, "the container may not use /dev/net/tun; docker run --device /dev/net/tun");
	return because(b, "/dev/net/tun: %s", strerror(err));
}

static int explain(struct sandbox *b, struct report r)
{
	if (r.step == STEP_OPEN)
		return explain_open(b, r.err);
	if (r.step == STEP_PROBE)
		return because(b, "no process or pipe to be had: %s", strerror(r.err));
	return explain_namespace(b, r);
}

void sandbox_explain_tap(struct sandbox *b, int err)
{
	if (err == -EPERM)
		because(b,
			"making tap0 needs the right to (CAP_NET_ADMIN): run tapir as root, or without "
			"--host for a sandbox");
	else
		explain_open(b, -err);
}

/* ---- the kernel's end ---- */

/* In a fresh namespace. 0 or -errno. */
static int prepare_namespace(void)
{
	kernel_disable_ipv6("all");
	kernel_disable_ipv6("default");
	return kernel_set_up("lo");
}

static int configure(void)
{
	kernel_disable_ipv6(SANDBOX_IFNAME);
	return kernel_configure(SANDBOX_IFNAME, SANDBOX_KERNEL_IP, SANDBOX_PLEN);
}

int sandbox_configure(struct sandbox *b)
{
	int err = configure();

	return err ? because(b, "%s cannot be configured: %s", SANDBOX_IFNAME, strerror(-err)) : 0;
}

int sandbox_check_host(struct sandbox *b)
{
	char where[64];

	if (kernel_routes(SANDBOX_KERNEL_IP, SANDBOX_PLEN, where, sizeof(where)))
		return because(b,
			"10.0.0.0/24 is in use here already (route %s); start tapir without --host for a "
			"sandbox, or with --tap NAME --addr CIDR for other addresses",
			where);
	if (kernel_has(SANDBOX_IFNAME))
		return because(b,
			"there is a %s here already; attach to it by --tap %s --addr CIDR, or: "
			"ip link del %s",
			SANDBOX_IFNAME, SANDBOX_IFNAME, SANDBOX_IFNAME);
	return 0;
}

/* ---- the child that goes first ---- */

static struct report try_all(void)
{
	struct userns ns;

	if (userns_enter(&ns) < 0)
		return (struct report){ns.step == USERNS_MAP ? STEP_MAP : STEP_UNSHARE, ns.err};
	int err = prepare_namespace();
	if (err)
		return (struct report){STEP_CONFIGURE, -err};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return (struct report){STEP_OPEN, errno};
	close(fd);
	fd = tap_open(SANDBOX_IFNAME, &(struct tap_config){0});
	if (fd < 0)
		return (struct report){STEP_TUNSETIFF, -fd};
	err = configure();
	ioctl(fd, TUNSETPERSIST, 1); /* goes with the namespace, later: removing it here takes 20 ms */
	return (struct report){err ? STEP_CONFIGURE : STEP_DONE, -err};
}

static struct report probe(void)
{
	struct report r = {STEP_PROBE, 0};
	int fd[2];

	fflush(NULL);
	if (pipe2(fd, O_CLOEXEC) < 0)
		return (struct report){STEP_PROBE, errno};
	pid_t child = fork();
	if (child == 0) {
		close(fd[0]);
		r = try_all();
		(void)!write(fd[1], &r, sizeof(r));
		_exit(0);
	}
	int err = errno;
	close(fd[1]);
	if (child < 0 || read(fd[0], &r, sizeof(r)) != sizeof(r))
		r = (struct report){STEP_PROBE, child < 0 ? err : EPIPE};
	close(fd[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

/* ---- programs of the machine ---- */

/* The programs are root's in there: so they find root's programs (ip, tcpdump), too. */
void sandbox_prepare_program(void *sandbox)
{
	const struct sandbox *b = sandbox;
	const char *path = getenv("PATH");
	char longer[4096];

	if (!b->inside)
		return;
	if (b->ns.one_uid)
		one_user_prepare();
	int n = snprintf(longer, sizeof(longer), "%s%s%s:/usr/sbin:/sbin", b->wrappers,
		b->wrappers[0] ? ":" : "", path ? path : "/usr/local/bin:/usr/bin:/bin");
	if (n < (int)sizeof(longer))
		setenv("PATH", longer, 1);
}

void sandbox_leave(struct sandbox *b)
{
	one_user_end(b->wrappers);
}

/* ---- going in ---- */

int sandbox_enter(struct sandbox *b)
{
	struct report r = probe();

	*b = (struct sandbox){0};
	if (r.step != STEP_DONE)
		return explain(b, r);
	if (userns_enter(&b->ns) < 0)
		return because(b, "a namespace was refused: %s", strerror(b->ns.err));
	b->inside = true;
	prepare_namespace();
	if (b->ns.one_uid)
		one_user_begin(b->wrappers);
	return 0;
}
