/* SPDX-License-Identifier: MIT */
/* test and [: what `if` and `while` ask in scripts. */
#include "shell/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MISTAKE = 2 };

static const char *const number_operators[] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"};

static bool read_number(const char *text, long long *n)
{
	char *end;

	errno = 0;
	*n = strtoll(text, &end, 10);
	return end != text && *end == '\0' && !errno;
}

static bool holds(size_t which, long long a, long long b)
{
	const bool answers[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};

	return answers[which];
}

static int two_words(struct cmd *c, const char *op, const char *word)
{
	struct stat st;

	if (strcmp(op, "-n") == 0)
		return *word == '\0';
	if (strcmp(op, "-z") == 0)
		return *word != '\0';
	if (strcmp(op, "-e") == 0)
		return stat(word, &st) != 0;
	if (strcmp(op, "-f") == 0)
		return stat(word, &st) != 0 || !S_ISREG(st.st_mode);
	if (strcmp(op, "-d") == 0)
		return stat(word, &st) != 0 || !S_ISDIR(st.st_mode);
	cmd_error(c, "%s is not understood", op);
	return MISTAKE;
}

static int three_words(struct cmd *c, char *const *w)
{
	long long a, b;

	if (strcmp(w[1], "=") == 0 || strcmp(w[1], "==") == 0)
		return strcmp(w[0], w[2]) != 0;
	if (strcmp(w[1], "!=") == 0)
		return strcmp(w[0], w[2]) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(number_operators); i++) {
		if (strcmp(w[1], number_operators[i]) != 0)
			continue;
		if (read_number(w[0], &a) && read_number(w[2], &b))
			return !holds(i, a, b);
		cmd_error(c, "%s wants numbers", w[1]);
		return MISTAKE;
	}
	cmd_error(c, "%s is not understood", w[1]);
	return MISTAKE;
}

/* 0: true, 1: false, 2: not understood. */
static int answer(struct cmd *c, int n, char *const *w)
{
	if (n > 1 && strcmp(w[0], "!") == 0) {
		int other = answer(c, n - 1, w + 1);

		return other == MISTAKE ? MISTAKE : !other;
	}
	switch (n) {
	case 0:
		return 1;
	case 1:
		return w[0][0] == '\0';
	case 2:
		return two_words(c, w[0], w[1]);
	case 3:
		return three_words(c, w);
	}
	cmd_error(c, "too many words");
	return MISTAKE;
}

static int test_run(struct cmd *c)
{
	int n = c->argc - 1;

	if (strcmp(c->argv[0], "[") == 0) {
		if (strcmp(c->argv[n], "]") != 0) {
			cmd_error(c, "the last word is not ]");
			return MISTAKE;
		}
		n--;
	}
	return answer(c, n, c->argv + 1);
}

#define TEST_OPTIONS                                            \
	"  WORD = WORD, WORD != WORD\n"                         \
	"  N -eq N, -ne, -lt, -le, -gt, -ge\n"                  \
	"  -n WORD, -z WORD           it is not empty, it is\n" \
	"  -e FILE, -f FILE, -d FILE  it is there, a file, a directory\n"

const struct command cmd_test = {
	.name = "test",
	.run = test_run,
	.usage = "test [!] EXPRESSION",
	.about = "succeed when it is so",
	.options = TEST_OPTIONS,
	.example = "test -f lab.tapir && source lab.tapir\n",
	.man = "test(1)",
};

const struct command cmd_bracket = {
	.name = "[",
	.run = test_run,
	.usage = "[ [!] EXPRESSION ]",
	.about = "the same",
	.options = TEST_OPTIONS,
	.example = "ping -c 1 10.0.0.2\nif [ $? -ne 0 ]; then echo lost; fi\n",
	.man = "test(1)",
};
