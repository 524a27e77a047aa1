/* SPDX-License-Identifier: Apache-2.0 */
/* Who this person is in a room: themselves, a persona, or nobody yet; and others' personas. */
#ifndef CLIENT_PERSONAS_H
#define CLIENT_PERSONAS_H

#include "client/identity.h"
#include "client/room_group.h"

/* A room that was just found or made: what it is told of us before anybody chooses. */
void persona_begin(const struct uc_client *c, struct room *r);
/* UC_E_NAME. */
uc_err UC_MUST_USE persona_name_check(struct uc_client *c, const char *name);
uc_err UC_MUST_USE persona_choose(struct uc_client *c, struct room *r, const char *name);
/* Ours in that room. */
uc_err UC_MUST_USE persona_write(const struct room *r, const struct identity_place *at,
				 struct arena *a, struct view *introduction);
/* A control message of our own participant: of another device of ours, or of a later state than this
 * store's.  What it says of us is what this device goes on saying. */
uc_err UC_MUST_USE personas_own_in(struct uc_client *c, struct room *r,
				   const struct room_client *sender, struct view bytes);
/* Another device of ours is in it and knows what we say there: silence until it is heard. */
uc_err UC_MUST_USE persona_follow(struct room *r);
/* Another's: name, signature and place.  out->account_key is the persona's.  UC_E_INTRODUCTION. */
uc_err UC_MUST_USE persona_read(struct view introduction, const struct identity_place *at,
				struct arena *a, struct identity *out);
/* May they be this one?  Not where two who know each other talk, and no two are the same one. */
uc_err UC_MUST_USE persona_may_be(const struct room *r, const struct member *m,
				  const struct identity *who);

#endif
