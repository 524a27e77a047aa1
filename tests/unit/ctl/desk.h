/* SPDX-License-Identifier: Apache-2.0 */
/* Where undercroftctl is tried: a folder with the stores of one app, dial, and what the tool says of them. */
#ifndef TESTS_CTL_DESK_H
#define TESTS_CTL_DESK_H

#include "ctl/ctl.h"
#include "store/store.h"

enum { DESK_SAID_MAX = 65536 };

extern struct ctl desk;
/* What the last command wrote to standard output, its first bytes. */
extern char desk_said[DESK_SAID_MAX];

/* An empty folder, until desk_end(). */
void desk_begin(void);
void desk_end(void);
struct store *desk_open(enum ctl_kind kind);
/* Synced. */
void desk_close(struct store *s);
void desk_put(struct store *s, struct view key, struct view value);
/* Its exit status; what it writes goes into desk_said. */
int desk_run(int (*command)(struct ctl *c));
/* How many of its lines hold that. */
unsigned desk_lines_with(const char *what);

#endif
