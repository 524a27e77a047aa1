/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of first contact across apps (docs/contact.md): what an app publishes of its keys, how a token
 * travels with a letter, how the app that is asked has it redeemed by the one that issued it. */
#ifndef MIMI_CONTACT_TOKEN_H
#define MIMI_CONTACT_TOKEN_H

#include "crypto/crypto.h"
#include "mimi/protocol.h"
#include "trust/tokens.h"

/* What a token says of whom it was issued to, by its key.  Numbers are published: they never change. */
enum token_class {
	TOKEN_OTHER = 0,
	TOKEN_MINOR = 1, /* has said to be below 18 */
	TOKEN_CLASSES
};

/* --- keys --- */

/* A key is for a week, from 1970 on, and good until the end of the next one.  Three are published, so
 * that who has a document of an hour ago, or a clock that differs, finds the right ones. */
enum {
	TOKEN_WEEK_DAYS = 7,
	TOKEN_WEEKS = 3, /* the last, this, the next */
	TOKEN_WEEK_NOW = 1,
	TOKEN_KEYS_BYTES = 4 + TOKEN_WEEKS * TOKEN_CLASSES * OPRF_ELEMENT,
};
struct token_keys {
	uint32_t week; /* this one */
	struct oprf_element pub[TOKEN_WEEKS][TOKEN_CLASSES];
};
uint32_t token_week(uint64_t now_ms);
/* uint32 week; opaque keys[32] by week and class: what stands in a directory document. */
void token_keys_write(const struct token_keys *k, uint8_t out[TOKEN_KEYS_BYTES]);
/* UC_E_MALFORMED for another length. */
uc_err UC_MUST_USE token_keys_read(struct view in, struct token_keys *out);
/* Which of them is it?  False when it is none, or of no week that is good now. */
bool token_keys_find(const struct token_keys *k, const uint8_t id[TOKEN_KEY_ID], uint64_t now_ms,
		     enum token_class *out);

/* --- in a letter --- */

/* Component of consent_extensions (private use): a token sealed to the other app's look-up key, so that
 * the sender's app, which passes it on, does not see which one it is.  The letter without it is
 * authenticated with it. */
enum {
	COMPONENT_CONTACT_TOKEN = 0x8013,
	CONTACT_TOKEN_BYTES = 1 + 32 + 2 + TOKEN_BYTES + AEAD_TAG
};
/* An encoded ConsentEntry, with a token added. */
uc_err UC_MUST_USE contact_token_add(const struct env *env, struct view lookup_key,
				     struct view entry, const struct token *t, struct arena *a,
				     struct view *out);
/* Does it carry one, or what has its length? */
bool contact_token_has(const struct consent_entry *e);
/* Takes it out: *bytes is the letter without it, *sealed the token. */
uc_err UC_MUST_USE contact_token_take(struct consent_entry *e, struct arena *a, struct view *bytes,
				      struct view *sealed);
uc_err UC_MUST_USE contact_token_open(const struct kem_key *lookup_key, struct view bytes,
				      struct view sealed, struct arena *a, struct token *out);

/* --- between the two apps: redeemTokens --- */

enum { REDEEM_AT_ONCE = 32, REDEEM_USE = 16 };
/* `use` stands for the letter, keyed by the app that was asked: a token that is redeemed again for the
 * same, since the answer was lost, is good again. */
struct redemption {
	struct token token;
	uint8_t use[REDEEM_USE];
};
struct redemption_list {
	struct redemption *v;
	size_t n;
};
struct redeem_request {
	struct redemption_list redemptions;
};
struct redeem_response {
	struct view results; /* a byte for each: 1, it is one of ours and was not spent; else 0 */
};
void wire_redeem_request(struct wire *w, struct redeem_request *r);
void redeem_request_element(struct wire *w, void *v);
void wire_redeem_response(struct wire *w, struct redeem_response *r);
void redeem_response_element(struct wire *w, void *v);

#endif
