/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of first contact across apps: issued to our people, redeemed for apps that were asked with
 * them; and letters that came here with one, which wait until it is redeemed. */
#ifndef PROVIDER_TOKENS_H
#define PROVIDER_TOKENS_H

#include "mimi/contact_token.h"
#include "provider/inside.h"

/* What our directory document says of our keys. */
uc_err UC_MUST_USE tokens_publish(struct provider *p, uint8_t out[TOKEN_KEYS_BYTES]);
/* The keys that they follow from are others. */
void tokens_forget(struct provider *p);
/* Has a new week begun since they were published? */
bool tokens_are_old(const struct provider *p);
void tokens_free(struct provider *p);

/* Is it the account's own, made for answers, and still good?  UC_E_ADDRESS. */
uc_err UC_MUST_USE reply_address_check(struct call *c, struct view address);

/* A letter that came with a token from the app in `c`, and for which its answer waits: it is kept until
 * that app has said whether the token is good.  UC_E_BUSY when too many wait. */
uc_err UC_MUST_USE letter_redeem(struct peer_call *c, struct view sealed, struct view bytes);
/* And goes on: an HTTP status for the app.  is_good: the token is, and says so much. */
int letter_redeemed(struct provider *p, struct view bytes, const struct token *t, bool is_good,
		    enum token_class what, struct arena *a);

#endif
