/* SPDX-License-Identifier: Apache-2.0 */
/* Records and logs as the tests of stores write them and expect to find them. */
#ifndef TESTS_UNIT_STORE_RECORDS_H
#define TESTS_UNIT_STORE_RECORDS_H

#include "tests/unit/store/engines.h"

extern struct arena mem;
struct view v(const char *s);
/* Key in table 1 of shard "s"; of the last four each is good. */
struct view key(const char *name);
/* A batch of that shard; and its end. */
void start(struct store_batch *b);
uc_err finish(struct store *s, struct store_batch *b);
void put_one(struct store *s, struct view k, struct view value);
/* want NULL: it is not there. */
void expect_value(struct store *s, struct view k, const char *want);
/* `mem`, empty: what is read lies in it. */
void use_arena(void);
/* As "1=one 2=two ". */
void expect_log(struct store *s, struct view log, uint64_t from, size_t count, size_t bytes,
		const char *want);
void expect_bounds(struct store *s, struct view log, uint64_t first, uint64_t next);
void append(struct store *s, struct view log, uint64_t seq, const char *bytes);
void expect_last(struct store *s, struct view log, uint64_t seq, const char *bytes);
/* As large as a message: such values lie in files of their own. */
struct view large(uint64_t i);

#endif
