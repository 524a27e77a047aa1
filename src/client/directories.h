/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys of apps, from their directory documents; fetched when first wanted, kept in memory. */
#ifndef CLIENT_DIRECTORIES_H
#define CLIENT_DIRECTORIES_H

#include "client/client.h"
#include "mimi/contact_token.h"

struct app_keys {
	uint8_t lookup[32], hub[32], franking[32];
	struct discovery_keys discovery; /* of finding by number; n 0: not offered */
	bool has_tokens;
	struct token_keys tokens;
};
/* False: not known yet, and asked for; drive comes by again. */
bool directory_keys(struct uc_client *c, const char *domain, struct app_keys *out);
/* The same, and they were seen within so many milliseconds. */
bool directory_keys_within(struct uc_client *c, const char *domain, uint64_t age_ms,
			   struct app_keys *out);
/* Why the last attempt for this app failed; UC_OK when it did not. */
uc_err directory_error(const struct uc_client *c, const char *domain);
/* It is fetched anew; until then what is known holds, but was seen at no time. */
void directory_forget(struct uc_client *c, const char *domain);
void directories_free(struct uc_client *c);

#endif
