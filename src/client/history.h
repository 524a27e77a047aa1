/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of a room, as this device keeps them. */
#ifndef CLIENT_HISTORY_H
#define CLIENT_HISTORY_H

#include "client/client.h"

/* Gives m the next number of the room and stores it; others' messages count as unread. */
void history_add(struct uc_client *c, struct room *r, struct message *m);
void history_put(struct uc_client *c, struct room *r, const struct message *m);
/* UC_E_NOT_FOUND, also where it is damaged; strings lie in the arena. */
uc_err UC_MUST_USE history_get(struct uc_client *c, struct room *r, uint64_t number,
			       struct arena *a, struct message *out);
/* 0 when no message of that id is there. */
uint64_t history_number(struct uc_client *c, struct room *r, const struct uc_id *id);
/* Tells the owner about a message: new, or changed. */
void history_tell(struct uc_client *c, struct room *r, const struct message *m, bool is_new);
/* A line of this client's own, stored and told. */
uc_err UC_MUST_USE history_note(struct uc_client *c, struct room *r, const char *text);
/* Tells of what others have written from that message on, which was not shown. */
uc_err UC_MUST_USE history_shown(struct uc_client *c, struct room *r, uint64_t number);
/* What the messages of others behind that one said; all: else only theirs who were not agreed to. */
uc_err UC_MUST_USE history_forget(struct uc_client *c, struct room *r, uint64_t number, bool all);
/* It will be found when its end has come, if it has one. */
void history_expires(struct uc_client *c, struct room *r, const struct message *m);
/* Forgets what messages said whose time has come. */
uc_err UC_MUST_USE history_drive(struct uc_client *c);

#endif
