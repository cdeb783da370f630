/* SPDX-License-Identifier: MIT */
/*
 * A user namespace that maps one user has no other to change to, and setgroups(2) is forbidden in it
 * (user_namespaces(7)). tcpdump started by root does both: it changes to a user of its own. So it is started
 * by a wrapper that tells it to stay root, and since it calls setgroups even then, a filter (seccomp(2))
 * makes that one call succeed without doing anything, which is what it amounts to where there is one group.
 */
#include "shell/one_user.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The numbers of system calls are this architecture's. On others the filter matches nothing. */
#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#else
#define NATIVE_ARCH 0
#endif

static const char wrapper[] =
	"#!/bin/sh\n"
	"# Made by tapir for the time it runs: where there is one user only, tcpdump cannot become another.\n"
	"[ -e \"$0.said\" ] || {\n"
	"	: >\"$0.said\"\n"
	"	echo 'tapir: tcpdump runs with -Z root, since this sandbox has one user only' \\\n"
	"		'(with newuidmap and a line for you in /etc/subuid it has more)' >&2\n"
	"}\n"
	"PATH=${PATH#*:}\n"
	"exec tcpdump -Z root \"$@\"\n";

static const char *const files[] = {"tcpdump", "tcpdump.said"};

void one_user_begin(char dir[ONE_USER_PATH])
{
	const char *tmp = getenv("TMPDIR");
	char path[ONE_USER_PATH + 16];

	snprintf(dir, ONE_USER_PATH, "%s/tapir-XXXXXX", tmp && strlen(tmp) < 100 ? tmp : "/tmp");
	if (!mkdtemp(dir)) {
		dir[0] = '\0';
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", dir, files[0]);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	bool ok = fd >= 0 && write(fd, wrapper, sizeof(wrapper) - 1) == sizeof(wrapper) - 1;
	if (fd >= 0)
		close(fd);
	if (!ok)
		one_user_end(dir);
}

void one_user_prepare(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setgroups, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO), /* errno 0: success */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

void one_user_end(char dir[ONE_USER_PATH])
{
	char path[ONE_USER_PATH + 16];

	for (size_t i = 0; dir[0] && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	if (dir[0])
		rmdir(dir);
	dir[0] = '\0';
}
