/* SPDX-License-Identifier: Apache-2.0 */
/* Who may reach an account, as one of its devices signed it, so that the app can neither loosen it nor
 * bring an older one back unseen. */
#ifndef MIMI_SETTINGS_H
#define MIMI_SETTINGS_H

#include "mimi/contact_code.h"
#include "mimi/guardian.h"
#include "mimi/names.h"
#include "mimi/reach.h"
#include "wire/wire.h"

/* Numbers are stored and sent: they never change.  Each list goes from open to closed. */
enum settings_ask {
	ASK_ANYBODY = 1, /* as the table has it */
	ASK_HANDED = 2,  /* only who was handed a link or code */
	ASK_NOBODY = 3,
};
enum settings_add {
	ADD_CONTACTS = 1,
	ADD_NOBODY = 2,
};
/* Who said how old somebody is. */
enum settings_attested {
	ATTESTED_SELF = 1,
	/* In no statement, but beside it at the app (settings_checked): */
	ATTESTED_APP = 2,     /* it has checked it itself */
	ATTESTED_SERVICE = 3, /* one that the app believes has said so (age_statement.h) */
};
/* How far a number may be ahead of the last: whoever has a device for a while cannot use up all
 * that there are, so that no other could follow. */
#define SETTINGS_STEP_MAX UINT32_MAX

struct settings {
	uint16_t version; /* 4; older ones as they were signed */
	struct view app, account_key;
	uint64_t number;   /* only rises; 0: nothing was said, these are the defaults */
	uint8_t age_band;  /* enum age_band */
	uint8_t attested;  /* enum settings_attested */
	uint8_t ask, add;  /* enum settings_ask, settings_add */
	bool find_by_name; /* by the exact number, handle or e-mail address */
	bool find_by_number; /* by who has the number among theirs (trust/discovery.h); from version 2 on */
	struct view
		code; /* CONTACT_CODE_TAG bytes: found only with that contact code; or empty; from 3 on */
	/* A guardian_seal: somebody has accepted to be the guardian, or is it no more; or empty.  From 4 on. */
	struct view guardian;
	struct view device_key;
	struct view signature; /* label "Undercroft settings" */
};
void wire_settings(struct wire *w, struct settings *s);
void settings_element(struct wire *w, void *v);

/* What holds for a band where nothing was said: closed for minors. */
struct settings settings_default(enum age_band band);
/* The same where people are known by names of that kind: nobody is found by an e-mail address before
 * they say so. */
struct settings settings_begins(enum age_band band, enum name_kind names);
/* Signed by a device; version, key and signature are filled in. */
uc_err UC_MUST_USE settings_make(const struct settings *in, const struct ed25519_key *device,
				 struct arena *a, struct view *encoded);
/* Form and signature; that the device is listed is the caller's to check.  UC_E_SIGNATURE,
 * UC_E_MALFORMED, UC_E_ARGUMENT for values that there are none of, of which none is ever read or
 * written, UC_E_KEY for another's. */
uc_err UC_MUST_USE settings_verify(struct view encoded, struct view app, struct view account_key,
				   struct arena *a, struct settings *out);
/* May `now` follow `was`?  UC_E_STALE where its number does not rise, UC_E_LIMIT where it leaps;
 * UC_E_NOT_ALLOWED where a minor would become older than was checked, or one below 16 opens what is closed for that age. */
uc_err UC_MUST_USE settings_follow(const struct settings *was, const struct settings *now,
				   uint8_t checked);
/* What holds for an account whose age is not only said (1 + enum age_band; 0: it is), but attested by the app
 * or a service: that age, and of what was said no more than is open to it. */
struct settings settings_checked(const struct settings *said, uint8_t checked, uint8_t attested);

/* May anybody bring that person into a room, with KeyPackages that were given out before?  Below 16 nobody where
 * there is no guardian to be asked, whatever the settings say.  All that an app can know: whose contact somebody
 * is, and what kind of room it is for, it does not. */
bool settings_may_be_brought(const struct settings *s);
/* Below 18: only with what was given out for the very room. */
bool settings_only_rooms(const struct settings *s);
/* Is there a guardian?  Of settings that were verified. */
bool settings_has_guardian(const struct settings *s);
/* What settings_follow does not look at: a guardian is named by their own seal, for somebody below 16, and
 * stays until they have ended it; UC_E_NOT_ALLOWED.  was: number 0 where there were none. */
uc_err UC_MUST_USE settings_guardian_follow(const struct settings *was, const struct settings *now,
					    struct arena *a);

#endif
