/* SPDX-License-Identifier: Apache-2.0 */
/* The app's rows of the table of mimi/reach.h: asked where a look-up is answered, where a letter comes
 * in and where KeyPackages are given out.  docs/contact.md tells of each row where it holds. */
#ifndef PROVIDER_REACHING_H
#define PROVIDER_REACHING_H

#include "mimi/settings.h"
#include "provider/inside.h"

/* What the account's device said, or the default.  The same is read for whom there is not. */
uc_err UC_MUST_USE settings_of(struct provider *p, struct view account_id, struct arena *a,
			       struct settings *out);
/* The same for a look-up with that contact code, or none; *code_fits: it is the one that was set, or none
 * was.  Wrong ones are counted, and when there were too many, none fits. */
uc_err UC_MUST_USE settings_asked(struct provider *p, struct view account_id, struct view code,
				  struct arena *a, struct settings *out, bool *code_fits);

/* What a service has vouched for, as it is kept. */
struct vouched {
	uint8_t age_band;
	uint32_t day; /* on which it signed */
	uint8_t voucher[VOUCHER];
};
/* Is it the mark of one that is believed now? */
bool ages_believe(const struct provider *p, const uint8_t voucher[VOUCHER]);
/* Keeps it.  UC_E_STALE: it makes older, and was not signed later, than what is kept of one that is believed. */
uc_err UC_MUST_USE settings_vouch(struct provider *p, struct view account_id,
				  const struct vouched *v, struct arena *a);

/* What is known of somebody who asks: of one's own people, or by a token. */
struct contact_sender {
	uint8_t age_band;   /* enum age_band */
	bool is_checked;    /* by the app or a service that it believes, and not only said */
	bool is_new;        /* an account of less than a day */
	bool is_fresh;      /* of less than a week, where another name is free */
	bool is_off_minors; /* by what reports took from it (curb.h) */
};
uc_err UC_MUST_USE sender_of(struct provider *p, struct view account_id,
			     const struct account_record *account, struct arena *a,
			     struct contact_sender *out);
/* Does a letter of that sender come in, through that address? */
bool letter_reaches(const struct settings *to, const struct request_address *through,
		    const struct contact_sender *from);
/* Is it one of those that are counted for somebody below 18: from whoever is not known to be it, too?  What
 * an account of this week merely says of its age is not known. */
bool letter_is_to_minor(const struct settings *to, const struct contact_sender *from);
/* Is there somebody who may ask after a look-up, with the contact code that was given?  Then it finds. */
bool is_findable(const struct settings *s, bool code_fits);

/* May the number stand in what everybody downloads? */
bool is_discoverable(const struct settings *s);

/* What is counted by name, and not by the account alone; who has lost their name is counted by the
 * account. */
struct view name_subject(struct view account_id, const struct account_record *account);
/* Is what stands in the place of a kind in a key of TABLE_SPENT one of those below? */
bool budget_is_kind(struct view kind);
/* A letter as the budget knows it: its two addresses. */
struct budget_letter {
	struct view reply_address, target;
};
/* What an account may ask of others, by itself and by its name, which a fresh account does not bring
 * back; *wait_s: not now.  Counts that letter.  is_drawn: for a token, before there is a letter. */
uc_err UC_MUST_USE budget_take(struct provider *p, struct view account_id,
			       const struct account_record *account, const struct budget_letter *l,
			       bool is_drawn, struct arena *a, uint32_t *wait_s);
/* A letter comes in for that account, in its batch; is_counted: it is one of those to minors.  *is_over: there
 * were enough of them of late, whoever sent them.  Else as much is read and written for all. */
uc_err UC_MUST_USE budget_minor_asked(struct provider *p, struct store_batch *b,
				      struct view account_id, bool is_counted, struct arena *a,
				      bool *is_over);
/* A look-up is answered, by whichever app: counted by the account and its name, as many a day as it may ask
 * strangers.  Else whoever looks one number up after the other would have a country's in years, however long
 * the blinded way takes (trust/discovery.h).  is_counted: it is; else *wait_s says whether it could be. */
uc_err UC_MUST_USE budget_look(struct provider *p, struct view account_id, bool is_counted,
			       struct arena *a, uint32_t *wait_s);
/* Somebody is brought into a room: *wait_s, when the account is curbed, and has done that often. */
uc_err UC_MUST_USE budget_bring(struct provider *p, struct view account_id,
				const struct account_record *account, struct arena *a,
				uint32_t *wait_s);
/* Was a token drawn for that letter, which has not been sent yet?  From now on it has. */
uc_err UC_MUST_USE budget_drawn(struct provider *p, struct view account_id,
				const struct budget_letter *l, bool *is_drawn);
/* Who was asked accepts: if the letter was counted, it counts no more, once.  In the account's batch,
 * and, for its name, in one of its own. */
uc_err UC_MUST_USE budget_back(struct provider *p, struct store_batch *b, struct view account_id,
			       const struct account_record *account, const struct budget_letter *l,
			       struct arena *a);
/* A token that came with a letter into the account's intake: *is_spent when one did before, else it is
 * marked, in the account's batch.  In the batch of nobody nothing is, and as much is read. */
uc_err UC_MUST_USE budget_mark_token(struct provider *p, struct store_batch *b,
				     struct view account_id, struct view nonce, bool is_nobody,
				     bool *is_spent);

#endif
