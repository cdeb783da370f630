/* SPDX-License-Identifier: MIT */
/* The protocols of tapir, for world_init(). */
#ifndef INET_H
#define INET_H

#include "net/proto.h"

/* Ends with NULL. */
extern const struct proto *const inet_protos[];

#endif
