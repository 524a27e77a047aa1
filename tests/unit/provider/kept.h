/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation over two apps that was kept as files (tests/fixtures/provider_1 and on): what the
 * apps had stored, their keys, and what their people need to go on with it. */
#ifndef TESTS_UNIT_PROVIDER_KEPT_H
#define TESTS_UNIT_PROVIDER_KEPT_H

#include "tests/unit/provider/guests.h"

#define KEPT_VAULT   "sealed by rosa"
#define KEPT_ITEM    "for rosa's intake"
#define KEPT_DIRECT  "only you"
#define KEPT_WAITING "waiting for tom"

/* Rosa and Tom alone; Rosa, Rob and Tom are r1, r2 and t1. */
extern struct guest alone_r, alone_t;
/* Of Rosa's KeyPackage set, and what it leads to. */
extern struct view kept_address, kept_package;

/* Makes the conversation and writes it into a folder. */
void kept_write(const char *folder);
/* Apps and people from the files of provider_N, nobody connected.  kept_end() for the end of both. */
enum { KEPT_FIRST = 1, KEPT_LAST = 4 };
void kept_begin(int version);
void kept_end(void);

/* A file of the fixtures, in apps_mem; empty when it is not there. */
struct view kept_file(const char *name);
/* Dump of a store, in apps_mem. */
struct view kept_dump(struct store *s);

#endif
