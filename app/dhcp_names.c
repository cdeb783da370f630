/* SPDX-License-Identifier: MIT */
/* Lists of domain names, compressed (RFC 3397 2, RFC 1035 4.1.4). */
#include "app/dhcp_msg.h"

enum { LABEL_MAX = 63, NAME_MAX_LEN = 255, POINTER = 0xc0 };

struct reader {
	const uint8_t *b;
	size_t len;
};

/* One label, behind a dot unless it is the first. Dots and what is not printable would make another name of it. */
static bool add_label(char *name, size_t *used, const uint8_t *label, size_t len)
{
	if (*used + len + 1 > NAME_MAX_LEN)
		return false;
	if (*used)
		name[(*used)++] = '.';
	for (size_t i = 0; i < len; i++)
		name[(*used)++] = label[i] > ' ' && label[i] < 0x7f && label[i] != '.' ? (char)label[i] : '?';
	return true;
}

/* The name at *at, which moves behind it. A pointer must lead to before everything that was read for this name: so
 * each one goes further back, and it ends. */
static bool read_name(const struct reader *r, size_t *at, char name[NAME_MAX_LEN + 1])
{
	size_t i = *at, used = 0, lowest = *at;
	bool jumped = false;

	for (;;) {
		uint8_t c = i < r->len ? r->b[i] : LABEL_MAX + 1;

		if (c >= POINTER && i + 1 < r->len) {
			size_t to = (size_t)(c & ~POINTER) << 8 | r->b[i + 1];

			if (!jumped)
				*at = i + 2;
			if (to >= lowest)
				return false;
			jumped = true;
			i = lowest = to;
			continue;
		}
		if (c > LABEL_MAX || i + 1 + c > r->len)
			return false;
		i += 1 + (size_t)c;
		if (c == 0)
			break;
		if (!add_label(name, &used, r->b + i - c, c))
			return false;
	}
	if (!jumped)
		*at = i;
	name[used] = '\0';
	return true;
}

bool dhcp_names_parse(const uint8_t *b, size_t len, char out[DHCP_TEXT])
{
	struct reader r = {b, len};
	size_t at = 0, used = 0;
	char name[NAME_MAX_LEN + 1];

	out[0] = '\0';
	while (at < len) {
		if (!read_name(&r, &at, name)) {
			out[0] = '\0';
			return false;
		}
		size_t n = strlen(name);
		if (n == 0 || used + n + 2 > DHCP_TEXT)
			continue;
		if (used)
			out[used++] = ' ';
		memcpy(out + used, name, n + 1);
		used += n;
	}
	return true;
}
