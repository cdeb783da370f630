/* SPDX-License-Identifier: MIT */
/* DIR/about: what a run is made of besides the log, as JSON. */
#ifndef RECORD_ABOUT_H
#define RECORD_ABOUT_H

#include "record/record.h"

/* 0 or -errno. */
int about_write(const char *path, const struct record_about *a);

/* Fills in all, and sets the environment. 0, or -1 and `why`; then there is nothing to free. */
int about_read(const char *path, struct record_about *a, char *why, size_t room);
void about_free(struct record_about *a);

#endif
