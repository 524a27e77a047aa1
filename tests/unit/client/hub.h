/* SPDX-License-Identifier: Apache-2.0 */
/* The hub of one room, as far as a client's groups need one: it judges what is sent to it on the
 * public group, stamps and franks messages, and gives back log entries. */
#ifndef TESTS_UNIT_CLIENT_HUB_H
#define TESTS_UNIT_CLIENT_HUB_H

#include "client/room_group.h"
#include "mimi/franking.h"
#include "mimi/room.h"
#include "mls/public_group.h"

#include "tests/unit/harness.h"

struct hub {
	struct arena mem;
	struct sign_key key, frank;
	uint8_t frank_key[32];
	struct public_group *p;
	struct view welcome, tree; /* of the last commit */
	struct view info;          /* GroupInfo of the epoch */
	struct pending_proposal waiting[8];
	size_t waiting_n;
	uint64_t clock; /* ms */
};
void hub_begin(struct hub *h);
void hub_end(struct hub *h);
/* A room by its first GroupInfo and tree. */
void hub_take_room(struct hub *h, struct view group_info, struct view tree);
/* MIMI UpdateRequest and SubmitMessageRequest: the entry that stands in the log for it, encoded
 * FanoutMessage. */
uc_err hub_update(struct hub *h, struct view update, struct view *fanout);
uc_err hub_submit(struct hub *h, struct view submit, struct view *fanout);
/* MIMI GroupInfoRequest: the answer to one who may ask, from what the hub has now. */
uc_err hub_group_info(struct hub *h, struct view request, struct view *response);
/* As it would look with this frank, or none. */
struct view hub_fanout(struct hub *h, struct view message, const struct frank *frank);
struct frank hub_frank(struct hub *h, struct view message, struct view sender_uri);

/* A person with a client of an app, enough of it for groups. */
struct person {
	struct uc_client c;
	struct set set;
	struct room_group *g;
	bool own_hub;
};
void person_begin(struct person *p, const char *app, uint64_t seed);
void person_end(struct person *p);
/* Stored and read again, as after a kill. */
void person_restart(struct person *p);
struct view person_package(struct arena *a, const struct person *p); /* opaque<V> */
uc_err person_entry(struct person *p, struct view fanout, struct arena *a, struct room_entry *out);
/* MIMI content saying this in the person's room. */
struct view person_says(struct person *p, const char *text, struct arena *a);

#endif
