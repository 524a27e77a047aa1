/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody's age, vouched for by a service that has looked: a school, a shop, whoever checks papers.  The
 * device makes a request that says neither which account nor which app it is for; the service signs it with
 * a band and days; the device hands that to its app, and opens for it what it was made for: this account of
 * this app, by this service.  So it counts for one account, and the service learns of none. */
#ifndef MIMI_AGE_STATEMENT_H
#define MIMI_AGE_STATEMENT_H

#include "crypto/crypto.h"
#include "mimi/reach.h"
#include "wire/cbor.h"

enum {
	AGE_COMMITMENT = SHA256_BYTES,
	AGE_SALT = 32,
	AGE_NONCE = 16,
	AGE_SERVICE_MAX = 64, /* bytes of a service's name */
	AGE_DAYS = 30, /* in which a statement can be handed in, where nothing else is said */
	AGE_DAYS_MAX = 366,
	AGE_TEXT_MAX = 1024, /* characters of either text */
};

struct age_request {
	uint16_t version;    /* 1 */
	struct view service; /* lower-case letters, digits, hyphens and dots, as a domain */
	uint8_t commitment[AGE_COMMITMENT];
};
void wire_age_request(struct wire *w, struct age_request *r);
void age_request_element(struct wire *w, void *v);

struct age_statement {
	uint16_t version; /* 1 */
	struct view service;
	uint8_t age_band;                 /* enum age_band, but AGE_UNKNOWN */
	uint32_t issued_day, expires_day; /* since 1970; the last on which it is handed in */
	uint8_t nonce[AGE_NONCE];
	uint8_t commitment[AGE_COMMITMENT];
	struct view signature; /* label "Undercroft age statement" */
};
void wire_age_statement(struct wire *w, struct age_statement *s);
void age_statement_element(struct wire *w, void *v);

/* What a request is for; only who knows the salt can tell. */
struct age_subject {
	struct view service, app, account_key, salt;
};
uc_err UC_MUST_USE age_commit(const struct age_subject *subject, uint8_t out[AGE_COMMITMENT]);

/* Signed by the service; version and signature are filled in.  UC_E_ARGUMENT for what would not be read. */
uc_err UC_MUST_USE age_statement_make(const struct age_statement *in, const struct ed25519_key *key,
				      struct arena *a, struct view *encoded);
/* Form and signature alone: UC_E_CBOR, UC_E_ARGUMENT, UC_E_VERSION, UC_E_SIGNATURE. */
uc_err UC_MUST_USE age_statement_verify(struct view encoded, struct view key, struct arena *a,
					struct age_statement *out);
/* Is it for that account, today?  UC_E_KEY: for another, or another app's; UC_E_STALE: not any more, or not
 * yet.  A day is let pass for clocks that are apart. */
uc_err UC_MUST_USE age_statement_check(const struct age_statement *s,
				       const struct age_subject *subject, uint32_t today);

/* As people carry them: "age-request." or "age-statement.", and base64url.  UC_E_MALFORMED for anything else,
 * UC_E_TOO_LARGE; reading finds no more than bytes. */
enum age_text { AGE_TEXT_REQUEST, AGE_TEXT_STATEMENT };
uc_err UC_MUST_USE age_text_write(enum age_text kind, struct view bytes, struct buf *out);
uc_err UC_MUST_USE age_text_read(enum age_text kind, struct view text, struct arena *a,
				 struct view *bytes);

#endif
