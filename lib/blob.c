/* SPDX-License-Identifier: MIT */
/* Reference-counted bytes. */
#include "lib/blob.h"

#include <stdlib.h>

struct blob *blob_new(size_t len)
{
	struct blob *b = malloc(sizeof(*b) + len);

	if (b) {
		b->len = len;
		b->refs = 1;
	}
	return b;
}

struct blob *blob_ref(struct blob *b)
{
	b->refs++;
	return b;
}

void blob_unref(struct blob *b)
{
	if (b && --b->refs == 0)
		free(b);
}
