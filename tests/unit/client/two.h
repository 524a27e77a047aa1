/* SPDX-License-Identifier: Apache-2.0 */
/* Two devices of Rosa's, each with an app of its own: only their rows meet. */
#ifndef TESTS_UNIT_CLIENT_TWO_H
#define TESTS_UNIT_CLIENT_TWO_H

#include "client/vault_inside.h"
#include "tests/unit/client/small_app.h"

extern struct person p, q;
extern struct arena mem;
/* Tom's account key. */
extern const uint8_t two_tom[32];

void two_begin(void);
void two_end(void);
void two_later(void);
/* What it holds, and has heard of. */
struct view two_rows(struct person *of);
/* The other one hears it. */
void two_hand(struct person *from, struct person *to);
/* These rows, as from a third device. */
void two_take(struct person *to, struct vault_row *v, size_t n);
/* Tom of Dial is a contact of that device's, by this name. */
struct contact *two_meet(struct person *who, const char *name);

/* A room that these devices may have, and the account's place in it. */
extern const char two_room_uri[], two_place[];
/* Its row, as of that version, comes to a device. */
struct room *two_room(struct person *who, const struct vault_room *x, uint64_t version);
/* What its row says now. */
struct vault_room two_kept_room(struct person *who);

#endif
