/* SPDX-License-Identifier: Apache-2.0 */
/* An introduction: a device says, signed, who stands behind a leaf of a room (or behind a contact
 * card, where room, participant and client are empty, and the leaf key stands for that card). */
#ifndef MIMI_INTRODUCTION_H
#define MIMI_INTRODUCTION_H

#include "mimi/device_list.h"

struct introduction {
	uint16_t version; /* 1 */
	struct view app;  /* domain */
	struct view profile_name;
	struct view account_key;      /* Ed25519 */
	struct view_list device_list; /* entries, from the start of a generation on */
	struct view room, participant, client, leaf_key;
	struct view device_key; /* who signs; listed */
	struct view signature;  /* label "Undercroft introduction" */
};
void wire_introduction(struct wire *w, struct introduction *i);
void introduction_element(struct wire *w, void *v);

enum { INTRODUCTION_NAME_BYTES = 255 };

/* Signs everything but version and signature, which it sets itself. */
uc_err UC_MUST_USE introduction_make(const struct introduction *in,
				     const struct ed25519_key *device, struct arena *a,
				     struct view *encoded);
/* Decodes and verifies: device list by the account key, device listed, signature.  Whether the
 * place is right and the account the one known is the caller's to check.  list may be NULL. */
uc_err UC_MUST_USE introduction_verify(struct view encoded, struct arena *a,
				       struct introduction *out, struct device_list *list);

#endif
