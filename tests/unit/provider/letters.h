/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups and letters of first contact, by hand. */
#ifndef TESTS_UNIT_PROVIDER_LETTERS_H
#define TESTS_UNIT_PROVIDER_LETTERS_H

#include "mimi/contact_token.h"
#include "mimi/settings.h"
#include "tests/unit/provider/apps.h"

uc_err look_up(struct person *p, struct app *at, const char *name, struct lookup_answer *answer,
	       struct view *sealed);
/* With a contact code. */
uc_err look_up_with(struct person *p, struct app *at, const char *name, const char *code,
		    struct lookup_answer *answer, struct view *sealed);
struct view reply_make(struct person *p);
/* For the card of that tag; reply_make: for those of entry_make. */
struct view reply_for(struct person *p, const uint8_t tag[CARD_TAG]);
/* An invitation link's address. */
struct view link_make(struct person *p, uint8_t channel, const uint8_t grant[GRANT_ID]);
struct view entry_make(uint8_t operation, struct view requester, struct view target,
		       uint16_t component, size_t n);
/* A token of an app, as one of its people has it; good as long as its key. */
struct token token_of(struct app *issuer, enum token_class what);
/* As it goes to another app: with a token, that only it can read. */
struct view entry_with(struct view entry, struct app *to, const struct token *t);
/* With one of Lens for somebody of that age, or none for who is new there. */
struct view entry_sent(struct view entry, enum age_band band, bool is_new);
/* An address of a person as that way has it, good for a day; a letter to it. */
struct view address_of(const struct person *p, uint8_t channel);
/* One that leads to nobody: of an account that is not there. */
struct view address_of_nobody(const struct app *a);
struct view card_to(struct view reply, struct view target);
/* How many more they may ask now: asks so many. */
unsigned asks_left(struct person *p, const struct person *to);
uc_err request(struct client *c, struct view entry);
uc_err update(struct client *c, struct view entry);
/* A letter as it was sent; the tag that it came with. */
struct view intake_take(struct client *c, struct device *d);
extern uint8_t intake_tag[SENDER_TAG];

/* What a band begins with, as the person's with that number. */
struct settings settings_said(const struct person *p, uint64_t number, enum age_band band);
uc_err settings_put_bytes(struct person *p, struct view statement);
uc_err settings_put(struct person *p, const struct settings *s);
uc_err settings_put_code(struct person *p, const struct settings *s, const char *code);

#endif
