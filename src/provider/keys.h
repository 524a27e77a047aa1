/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of an app, which lie outside its stores, in a folder of their own. */
#ifndef PROVIDER_KEYS_H
#define PROVIDER_KEYS_H

#include "crypto/crypto.h"
#include "wire/wire.h"

/* What was in use before the last rotation: it still opens what was made with it, for a while. */
struct provider_keys_before {
	bool is_there;
	uint64_t rotated_ms; /* since when other keys are in use */
	uint8_t address_key[BOX_KEY];
	uint8_t hub_frank_key[32];
	struct kem_key lookup_key;
};
struct provider_keys {
	uint8_t address_key[BOX_KEY]; /* seals request and key addresses */
	uint8_t name_key[32];         /* HMAC: names in the index */
	uint8_t hub_frank_key[32];    /* HMAC: server_frank */
	struct sign_key hub_key;      /* external sender of rooms; suite 0x0001 */
	struct sign_key franking_key; /* signs franks; suite 0x0001 */
	struct kem_key lookup_key;    /* look-up queries are sealed to it; suite 0x0001 */
	uint8_t moderators_pub[32];   /* openings are sealed to it; the private half is offline */
	struct provider_keys_before before;
};
void provider_keys_wipe(struct provider_keys *k);
/* Fresh keys.  moderators_priv is the offline half, to be kept elsewhere. */
uc_err UC_MUST_USE provider_keys_generate(const struct env *env, struct provider_keys *out,
					  struct secret *moderators_priv);
/* Other keys for addresses, look-ups and the hub's own franks; those in use become the ones before, and
 * those before are gone, with the addresses sealed under them.  Not the hub's and the franking key,
 * which the state of each room names, and not that of the index of names. */
uc_err UC_MUST_USE provider_keys_rotate(struct provider_keys *k, const struct env *env);
/* Wipes those before once keep_ms have passed since the rotation; true when it did.  A clock that says
 * less than at the rotation ends nothing. */
bool provider_keys_end(struct provider_keys *k, uint64_t now_ms, uint64_t keep_ms);
/* The key file: versioned; of version 1 as long as nothing was rotated. */
uc_err UC_MUST_USE provider_keys_write(const struct provider_keys *k, struct buf *out);
uc_err UC_MUST_USE provider_keys_read(struct view file, struct provider_keys *out);

#endif
