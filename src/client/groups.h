/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to a room's members: tasks that are kept until a commit of ours carries them out.
 *
 * One commit of ours is pending at a time.  It is stored before it is sent and takes effect when
 * it stands in the log.  When another's commit stands there instead, ours is dropped and its tasks
 * are staged again on the new epoch. */
#ifndef CLIENT_GROUPS_H
#define CLIENT_GROUPS_H

#include "client/client.h"

uc_err UC_MUST_USE groups_drive(struct uc_client *c, struct room *r);
/* Another's proposal was seen, or our own: to leave, or that places of ours go. */
void groups_proposal_seen(struct uc_client *c, struct room *r, const uint8_t hash[SHA256_BYTES]);
uc_err UC_MUST_USE groups_commit_applied(struct uc_client *c, struct room *r);
/* Another's commit took the place of what we had pending. */
uc_err UC_MUST_USE groups_commit_lost(struct uc_client *c, struct room *r);
/* Tells that a room of ours is made, once it is and all who were to be in it are. */
void groups_created(struct uc_client *c, struct room *r);
/* It is done, or cannot be. */
void groups_task_end(struct uc_client *c, struct room *r, struct task *t, uc_err err,
		     struct view text);
/* The room is gone. */
void groups_tasks_drop(struct uc_client *c, struct room *r, uc_err err);

/* KeyPackages that are here already, opaque<V> each. */
uc_err UC_MUST_USE groups_add_packages(struct uc_client *c, struct room *r, struct view packages,
				       struct view participant, const struct uc_id *contact,
				       uc_op op);
uc_err UC_MUST_USE groups_add_contact(struct uc_client *c, struct room *r, struct contact *k,
				      uc_op op);
uc_err UC_MUST_USE groups_remove(struct uc_client *c, struct room *r, const char *participant,
				 uc_op op);
/* enum room_role. */
uc_err UC_MUST_USE groups_role(struct uc_client *c, struct room *r, const char *participant,
			       uint32_t role, uc_op op);
uc_err UC_MUST_USE groups_leave(struct uc_client *c, struct room *r, uc_op op);

#endif
