/* SPDX-License-Identifier: MIT */
/* Redirections. */
#include "shell/redirect.h"
#include "shell/internal.h"
#include "shell/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A FIFO without a reader is an error rather than a wait; what is written later may wait for its reader. */
struct sink *redirect_sink(struct stack *host, const char *path, bool append)
{
	int fd;

	if (setting_is(path))
		return setting_sink(host, path);
	fd = open(path,
		O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (append ? O_APPEND : O_TRUNC), 0666);
	if (fd < 0)
		return NULL;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return sink_new_fd(host->world->loop, fd, true);
}

struct source *redirect_source(struct stack *host, const char *path)
{
	struct source *resolver = setting_resolver(host, path);
	int fd;

	if (resolver)
		return resolver;
	if (setting_is(path))
		return setting_source(host, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? NULL : source_new(host->world->loop, SOURCE_FD, fd);
}

static void replace_out(struct sink **where, struct sink *with)
{
	sink_put(*where);
	*where = with;
}

static bool open_file(struct machine *m, struct io *io, const struct redirect *r, const char *path)
{
	if (r->kind == REDIRECT_IN) {
		struct source *c = redirect_source(machine_host(m), path);

		if (!c)
			return false;
		source_put(io->in);
		io->in = c;
		return true;
	}
	struct sink *k = redirect_sink(machine_host(m), path, r->kind == REDIRECT_APPEND);

	if (!k)
		return false;
	if (r->fd == 1 || r->fd == -1)
		replace_out(&io->out, sink_get(k));
	if (r->fd == 2 || r->fd == -1)
		replace_out(&io->err, sink_get(k));
	sink_put(k);
	return true;
}

static bool open_one(struct machine *m, struct io *io, const struct redirect *r, const char *path)
{
	if (r->kind != REDIRECT_DUP)
		return open_file(m, io, r, path);
	if (r->fd == 1 && r->from == 2)
		replace_out(&io->out, sink_get(io->err));
	else if (r->fd == 2 && r->from == 1)
		replace_out(&io->err, sink_get(io->out));
	return true;
}

bool redirect_open(struct machine *m, struct frame *f)
{
	struct expansion x = machine_expansion(m);
	struct io io;

	f->prepared = true;
	if (f->node->redirect_count == 0)
		return true;
	io = io_get(machine_io(m));
	for (size_t i = 0; i < f->node->redirect_count; i++) {
		char *path = expand_text(&x, &f->node->redirects[i].target);
		bool ok = open_one(m, &io, &f->node->redirects[i], path);

		if (!ok)
			sink_printf(machine_io(m)->err, "tapir: %s: %s\n", path, strerror(errno));
		free(path);
		if (!ok) {
			io_put(&io);
			m->status = CMD_FAILED;
			return false;
		}
	}
	f->io = io;
	return true;
}
