/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys of apps, from their directory documents; fetched when first wanted, kept in memory. */
#ifndef CLIENT_DIRECTORIES_H
#define CLIENT_DIRECTORIES_H

#include "client/client.h"

struct app_keys {
	uint8_t lookup[32], hub[32], franking[32];
};
/* False: not known yet, and asked for; drive comes by again. */
bool directory_keys(struct uc_client *c, const char *domain, struct app_keys *out);
/* Why the last attempt for this app failed; UC_OK when it did not. */
uc_err directory_error(const struct uc_client *c, const char *domain);
void directories_free(struct uc_client *c);

#endif
