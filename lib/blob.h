/* SPDX-License-Identifier: MIT */
/* Reference-counted bytes: what is written once and sent many times, or handed on without a copy. They are filled in before
 * there is a second reference, and never changed afterwards. */
#ifndef LIB_BLOB_H
#define LIB_BLOB_H

#include <stddef.h>
#include <stdint.h>

struct blob {
	size_t len;
	unsigned refs;
	uint8_t bytes[];
};

/* Of `len` bytes of any value, with one reference. NULL: no memory. */
struct blob *blob_new(size_t len);

/* One reference more. Returns `b`. */
struct blob *blob_ref(struct blob *b);

/* One less; the last one frees it. `b` may be NULL. */
void blob_unref(struct blob *b);

#endif
