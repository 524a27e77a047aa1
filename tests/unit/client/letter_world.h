/* SPDX-License-Identifier: Apache-2.0 */
/* Rosa of Lens asks people of Lens, Dial and Plaza, which knows no tokens: a small app that looks up, makes
 * reply addresses, issues tokens and takes letters. */
#ifndef TESTS_UNIT_CLIENT_LETTER_WORLD_H
#define TESTS_UNIT_CLIENT_LETTER_WORLD_H

#include "mimi/card.h"
#include "mimi/contact_token.h"
#include "mimi/directory.h"
#include "mimi/lookup.h"
#include "tests/unit/client/small_app.h"

enum lie { HONEST, OTHER_KEY, WRONG_PROOF, NONE_YET, ONE_ONLY, MINOR };
struct world {
	struct small_app app;
	struct person p;
	struct oprf_key keys[TOKEN_CLASSES];
	struct token_keys published;
	struct kem_key theirs; /* of the other app */
	enum lie lie;
	unsigned draws, replies, letters, revoked;
	uint8_t reply_grant[GRANT_ID], revoked_grant[GRANT_ID]; /* of the last ones */
	struct view letter[4];
	struct arena kept;
	/* Called when the app is about to carry out a request of that type; NULL: not. */
	void (*meanwhile)(void);
	uint16_t meanwhile_type;
};
extern struct world w;

void letters_begin(enum lie lie);
void letters_end(void);
uc_op letters_ask(const char *app);

#endif
