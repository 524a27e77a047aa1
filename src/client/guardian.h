/* SPDX-License-Identifier: Apache-2.0 */
/* Guardians of those below 16.  The ward's client asks the guardian's, in their direct room, about each
 * new contact and each group it is brought into, and holds them until it has the guardian's signed word;
 * the guardian's keeps who has asked to be looked after, and what they ask. */
#ifndef CLIENT_GUARDIAN_H
#define CLIENT_GUARDIAN_H

#include "client/client.h"
#include "client/control.h"

enum guardian_known {
	GUARDIAN_NOBODY,
	GUARDIAN_UNKNOWN, /* the settings have one, and this device, recovered since, does not know who */
	GUARDIAN_KNOWN,
};
enum guardian_known guardian_known(struct uc_client *c, struct uc_id *contact);
/* Somebody has accepted, and the settings are still to say so. */
bool guardian_is_underway(struct uc_client *c);
/* Is there one who can be asked?  *contact: who. */
bool guardian_named(struct uc_client *c, struct uc_id *contact);
uc_err UC_MUST_USE guardian_drive(struct uc_client *c);
/* From the other one of a direct room, who is contact k. */
uc_err UC_MUST_USE guardian_in(struct uc_client *c, struct contact *k, const struct control *m);
/* That request of ours was taken back: their word to it is of no use. */
void guardian_unasked(struct uc_client *c, const struct uc_id *request);
/* A group that was joined just now is not shown before the guardian agrees. */
uc_err UC_MUST_USE guardian_hold(struct uc_client *c, struct room *r);
bool guardian_holds(const struct uc_client *c, const struct room *r);
/* The room is held, and that message was shown before. */
bool guardian_shown_before(const struct uc_client *c, const struct room *r, uint64_t message);
/* A room that was held is over: what was said there, its name and who they are is not kept. */
uc_err UC_MUST_USE guardian_forget(struct uc_client *c, struct room *r);

#endif
