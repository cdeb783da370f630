/* SPDX-License-Identifier: MIT */
/*
 * History. Each line is added to the file when it is entered, so two sessions at once lose nothing of each
 * other; the file is cut when it has grown to twice what is kept.
 */
#include "shell/history.h"
#include "shell/buf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <readline/history.h>

/* Makes the directories of the path. */
static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

static char *file_name(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	struct buf b = {0};

	if (state && *state == '/')
		buf_puts(&b, state);
	else if (home && *home == '/')
		buf_printf(&b, "%s/.local/state", home);
	else
		return NULL;
	buf_puts(&b, "/tapir/history");
	return buf_take(&b);
}

char *history_open(void)
{
	char *file = file_name();

	if (!file)
		return NULL;
	make_directories(file);
	clear_history();
	read_history(file);
	if (history_length > 2 * HISTORY_LINES)
		history_truncate_file(file, HISTORY_LINES);
	stifle_history(HISTORY_LINES);
	return file;
}

static void append(const char *file, const char *line)
{
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	struct buf b = {0};

	if (fd < 0)
		return;
	buf_printf(&b, "%s\n", line);
	if (write(fd, b.at, b.len) < 0)
		perror("tapir: history");
	buf_exit(&b);
	close(fd);
}

void history_enter(const char *file, const char *line)
{
	const HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;

	if (line[strspn(line, " \t\n")] == '\0' || (last && strcmp(last->line, line) == 0))
		return;
	add_history(line);
	if (file)
		append(file, line);
}

void history_each(void (*fn)(void *ctx, int number, const char *line), void *ctx)
{
	HIST_ENTRY **list = history_list();

	for (int i = 0; list && list[i]; i++)
		fn(ctx, history_base + i, list[i]->line);
}
