/* SPDX-License-Identifier: Apache-2.0 */
/* Who somebody is: introductions made by this device, and others' checked. */
#ifndef CLIENT_IDENTITY_H
#define CLIENT_IDENTITY_H

#include "client/client.h"

/* Where an introduction holds; all empty inside a card. */
struct identity_place {
	struct view room, participant, client, leaf_key;
};
struct identity {
	char app[DOMAIN_MAX], name[PROFILE_BYTES];
	bool persona; /* of one room: account_key is the persona's (client/personas.h) */
	uint8_t account_key[ED25519_KEY];
	uint8_t device_key[ED25519_KEY]; /* that has signed it */
	struct view list;                /* device list, the later of theirs and the one we hold */
	struct view participant, client; /* as it says */
};
uc_err UC_MUST_USE identity_write(struct uc_client *c, const struct identity_place *at,
				  struct arena *a, struct view *introduction);
/* Which client does it, or a persona, speak of?  Nothing is verified. */
uc_err UC_MUST_USE identity_peek(struct view introduction, struct arena *a, struct view *client);
/* As it is shown.  UC_E_INTRODUCTION: none that may be. */
uc_err UC_MUST_USE identity_name(struct view profile_name, struct arena *a,
				 char name[PROFILE_BYTES]);
/* Signature, device list and place; the list must agree with the one we hold of that account: a
 * device that a later list no longer names is refused, and a fork is an alarm
 * (UC_EVENT_IDENTITY_CHANGED).  UC_E_INTRODUCTION. */
uc_err UC_MUST_USE identity_verify(struct uc_client *c, struct view introduction,
				   const struct identity_place *at, struct arena *a,
				   struct identity *out);
/* The same of any statement's signer: the list must agree with the one we hold of that account, if we
 * hold one, and the device be on the later of both.  UC_E_INTRODUCTION. */
uc_err UC_MUST_USE identity_signer(struct uc_client *c, struct view app, struct view account_key,
				   const struct view_list *list, struct view device_key);
/* Somebody else, or another list, stands where this contact did. */
void identity_alarm(struct uc_client *c, const struct uc_id *contact, struct view what);

#endif
