/* SPDX-License-Identifier: Apache-2.0 */
/* Tom, of Lens, with two rooms that no hub stands behind: a group with Ida, who is nobody's contact, and a
 * direct room with Rosa, who is his. */
#ifndef TESTS_UNIT_CLIENT_DEN_H
#define TESTS_UNIT_CLIENT_DEN_H

#include "tests/unit/client/small_app.h"

#define ROSA "mimi://dial.example/p/rosa"
#define IDA  "mimi://plaza.example/p/ida"

extern struct small_app app;
extern struct person tom;
extern struct arena mem;
extern struct uc_id rosa; /* the contact */

void den_begin(void);
void den_end(void);
struct room *group(void);
struct room *direct(void);
struct contact *her(void);
/* contact: NULL for who is none. */
uc_err den_member(struct room *r, const char *participant, const struct uc_id *contact);

#endif
