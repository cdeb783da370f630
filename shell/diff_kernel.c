/* SPDX-License-Identifier: MIT */
/*
 * A namespace for the kernel's host: network_namespaces(7), pid_namespaces(7), tun(4).
 *
 * This process itself moves into the network namespace, so that it can open the TAP and look at /proc/net. The script runs in a
 * process namespace besides: when its first process ends, which dies with this one, all do that the script has begun.
 */
#include "shell/diff_kernel.h"

#include "dev/tap.h"
#include "lib/clock.h"
#include "shell/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AWAIT_S = 10, AWAIT_STEP_MS = 5, NOT_RUN = 127 };

static bool __attribute__((format(printf, 2, 3))) because(struct diff_kernel *k, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(k->why, sizeof(k->why), fmt, args);
	va_end(args);
	return false;
}

/* ---- the script ---- */

static void __attribute__((noreturn)) run_script(struct diff_kernel *k)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	sandbox_prepare_program(&k->sandbox);
	execlp("sh", "sh", "-e", k->setup, (char *)NULL);
	_exit(NOT_RUN);
}

/* `ip netns` keeps its names in a folder of the machine: here it gets one of its own, where that can be had. */
static void hide_netns_names(void)
{
	mkdir("/run/netns", 0755);
	mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL);
	mount("tmpfs", "/run/netns", "tmpfs", 0, NULL);
}

/* The first process of its namespace: the script's status goes to the parent, and it waits to be killed. */
static void __attribute__((noreturn)) be_init(struct diff_kernel *k)
{
	int status = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(k->report[0]);
	hide_netns_names();
	pid_t pid = fork();
	if (pid == 0)
		run_script(k);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	(void)!write(k->report[1], &status, sizeof(status));
	for (;;)
		pause();
}

static bool start_init(struct diff_kernel *k)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0)
		return because(k, "a namespace for processes is refused: %s", strerror(errno));
	if (pipe2(k->report, O_CLOEXEC) < 0)
		return because(k, "a pipe: %s", strerror(errno));
	k->init = fork();
	if (k->init == 0)
		be_init(k);
	close(k->report[1]);
	return k->init > 0 || because(k, "a process: %s", strerror(errno));
}

static bool await_script(struct diff_kernel *k)
{
	int status;
	ssize_t n;

	do
		n = read(k->report[0], &status, sizeof(status));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(status))
		return because(k, "the process that ran %s is gone", k->setup);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	return because(k,
		"%s failed when the machine's sh ran it (status %d); commands that only tapir has need "
		"--kernel-setup",
		k->setup, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* ---- making ---- */

static bool open_wire(struct diff_kernel *k)
{
	struct tap_config config = {.is_tun = k->is_tun, .is_plain = true};
	int err;

	k->fd = tap_open(k->ifname, &config);
	if (k->fd < 0)
		return because(k, "%s cannot be made: %s", k->ifname, strerror(-k->fd));
	err = k->is_tun ? 0 : kernel_set_mac(k->ifname, k->mac);
	return !err || because(k, "the MAC address of %s: %s", k->ifname, strerror(-err));
}

/* Machines are tuned in these. */
const char *const diff_settings[DIFF_SETTINGS] = {
	"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.tcp_congestion_control"};

/* Where it can be set. */
static void set(const char *name, const char *value)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	for (char *dot = strchr(path, '.'); dot; dot = strchr(dot, '.'))
		*dot = '/';
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, value, strlen(value));
	close(fd);
}

bool diff_kernel_open(struct diff_kernel *k)
{
	struct clock clock;

	k->fd = -1;
	if (sandbox_enter(&k->sandbox) < 0)
		return because(k, "%s", k->sandbox.why);
	for (size_t i = 0; i < DIFF_SETTINGS; i++)
		set(diff_settings[i], k->settings[i]);
	if (!open_wire(k) || !start_init(k) || !await_script(k))
		return false;
	clock_init_real(&clock);
	k->set_up_ns = clock_read(&clock);
	if (!kernel_is_up(k->ifname))
		return because(k, "%s leaves %s down: `ip link set %s up`", k->setup, k->ifname, k->ifname);
	return true;
}

void diff_kernel_close(struct diff_kernel *k)
{
	if (k->init > 0) {
		kill(k->init, SIGKILL);
		while (waitpid(k->init, NULL, 0) < 0 && errno == EINTR)
			continue;
		close(k->report[0]);
	}
	if (k->fd >= 0)
		close(k->fd);
	sandbox_leave(&k->sandbox);
}

/* ---- who waits where ---- */

/* A line of /proc/net/tcp or udp: the local port, and whether packets of strangers are waited for. */
static bool is_waiting(const char *line, bool is_tcp, unsigned port)
{
	enum { ESTABLISHED = 1, LISTEN = 10 };
	unsigned found, state;

	if (sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &found, &state) != 2 || found != port)
		return false;
	return is_tcp ? state == LISTEN : state != ESTABLISHED;
}

static bool is_waited_at(const char *path, const struct diff_port *port)
{
	FILE *f = fopen(path, "re");
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = is_waiting(line, port->is_tcp, port->number);
	if (f)
		fclose(f);
	return found;
}

/* Servers may wait by a socket of IPv6, too. */
static bool is_there(const struct diff_port *port)
{
	return is_waited_at(port->is_tcp ? "/proc/net/tcp" : "/proc/net/udp", port) ||
		is_waited_at(port->is_tcp ? "/proc/net/tcp6" : "/proc/net/udp6", port);
}

bool diff_kernel_await(struct diff_kernel *k, const struct diff_port *ports, size_t count)
{
	unsigned left = AWAIT_S * 1000 / AWAIT_STEP_MS;

	for (size_t i = 0; i < count; i++) {
		while (!is_there(&ports[i]) && left-- > 0)
			poll(NULL, 0, AWAIT_STEP_MS);
		if (!is_there(&ports[i]))
			return because(k,
				"nobody waits at %s port %u of the kernel's host, as somebody does at "
				"tapir's",
				ports[i].is_tcp ? "TCP" : "UDP", ports[i].number);
	}
	return true;
}

/* Of a socket that listens it is connections that wait in the queue of it. */
static bool is_all_read(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256];
	unsigned unread = 0;

	while (f && !unread && fgets(line, sizeof(line), f))
		if (sscanf(line, " %*u: %*s %*s %*x %*x:%x", &unread) != 1)
			unread = 0;
	if (f)
		fclose(f);
	return !unread;
}

bool diff_kernel_is_idle(void)
{
	return is_all_read("/proc/net/tcp") && is_all_read("/proc/net/udp");
}

/* ---- frames ---- */

int diff_kernel_send(struct diff_kernel *k, const uint8_t *frame, size_t len)
{
	return write(k->fd, frame, len) < 0 && errno != EINVAL ? -errno : 0;
}

size_t diff_kernel_receive(struct diff_kernel *k, uint8_t *frame, size_t room, uint64_t ns)
{
	struct pollfd p = {.fd = k->fd, .events = POLLIN};
	ssize_t n = read(k->fd, frame, room);

	if (n < 0 && ns && poll(&p, 1, (int)MIN((ns + NS_PER_MS - 1) / NS_PER_MS, (uint64_t)INT32_MAX)) > 0)
		n = read(k->fd, frame, room);
	return n > 0 ? (size_t)n : 0;
}
