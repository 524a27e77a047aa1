/* SPDX-License-Identifier: Apache-2.0 */
/* A guardian's word for somebody below 16: signed by a device of the guardian's account, so that neither
 * of the two apps can say it.  And what the guardian is asked. */
#ifndef MIMI_GUARDIAN_H
#define MIMI_GUARDIAN_H

#include "mimi/device_list.h"

/* Numbers are stored and sent: they never change. */
enum guardian_says {
	GUARDIAN_ACCEPTS = 1, /* to be it; subject: the offer's number */
	GUARDIAN_ENDS = 2,    /* to be it any longer; subject: the same */
	GUARDIAN_AGREES = 3,  /* subject: of what was asked */
	GUARDIAN_REFUSES = 4,
};
enum { GUARDIAN_SUBJECT = SHA256_BYTES };

struct guardian_word {
	uint16_t version;               /* 1 */
	uint8_t says;                   /* enum guardian_says */
	struct view ward_app, ward_key; /* for whom; account key */
	struct view app, account_key;   /* whose word it is */
	struct view_list device_list;   /* of that account, from the start of a generation on */
	uint8_t subject[GUARDIAN_SUBJECT];
	struct view seal;       /* accepts, ends: for the ward's app; else empty */
	struct view device_key; /* who signs; listed */
	struct view signature;  /* label "Undercroft guardian" */
};
void wire_guardian_word(struct wire *w, struct guardian_word *x);
void guardian_word_element(struct wire *w, void *v);

/* Fills version, key and signature. */
uc_err UC_MUST_USE guardian_word_make(const struct guardian_word *in,
				      const struct ed25519_key *device, struct arena *a,
				      struct view *encoded);
/* Form, device list, signature, and that it is said for this account, which is not the guardian's own.
 * Whether the list is the latest is the caller's to know.  UC_E_SIGNATURE, UC_E_KEY for another's,
 * UC_E_ARGUMENT for what nobody says. */
uc_err UC_MUST_USE guardian_word_verify(struct view encoded, struct view ward_app,
					struct view ward_key, struct arena *a,
					struct guardian_word *out);

/* What the ward's app keeps of it, in the settings: by a key that the guardian has made for this ward
 * alone, so that nothing there leads to who they are. */
struct guardian_seal {
	uint16_t version; /* 1 */
	uint8_t says;     /* GUARDIAN_ACCEPTS, GUARDIAN_ENDS */
	struct view guardian_key;
	struct view
		signature; /* label "Undercroft guardian seal"; also over app and account key of the ward */
};
void wire_guardian_seal(struct wire *w, struct guardian_seal *x);
void guardian_seal_element(struct wire *w, void *v);
uc_err UC_MUST_USE guardian_seal_make(enum guardian_says says, struct view ward_app,
				      struct view ward_key, const struct ed25519_key *key,
				      struct arena *a, struct view *encoded);
uc_err UC_MUST_USE guardian_seal_verify(struct view encoded, struct view ward_app,
					struct view ward_key, struct arena *a,
					struct guardian_seal *out);

/* What a guardian is asked, and sees: no message, and of a letter the card that a stranger gave. */
enum guardian_asked {
	GUARDIAN_LETTER = 1, /* somebody asks for contact */
	GUARDIAN_OWN = 2,    /* the ward wants to ask somebody */
	GUARDIAN_GROUP = 3,  /* somebody has brought the ward into a group */
};
struct guardian_ask {
	uint16_t version;   /* 1 */
	uint8_t asked;      /* enum guardian_asked */
	uint8_t number[32]; /* of the ward's own, different for each */
	struct view app;    /* theirs; of a group, its hub's */
	struct view name;   /* as they gave it, or as it was asked for; of a group, its name */
	struct view text;   /* of a group, who is in it */
};
void wire_guardian_ask(struct wire *w, struct guardian_ask *x);
void guardian_ask_element(struct wire *w, void *v);
/* What an answer speaks of: a hash of all that was shown. */
uc_err UC_MUST_USE guardian_subject(struct view encoded_ask, uint8_t out[GUARDIAN_SUBJECT]);

#endif
