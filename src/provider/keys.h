/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of an app, which lie outside its stores, in a folder of their own. */
#ifndef PROVIDER_KEYS_H
#define PROVIDER_KEYS_H

#include "crypto/crypto.h"
#include "mimi/frank_chain.h"
#include "trust/oprf.h"
#include "wire/wire.h"

/* What was in use before the last rotation: it still opens what was made with it, for a while. */
struct provider_keys_before {
	bool is_there;
	uint64_t rotated_ms; /* since when other keys are in use */
	uint8_t address_key[BOX_KEY];
	struct frank_chain frank;
	struct kem_key lookup_key;
};
/* The index of names is made with it: an id there is the point_hash of HMAC(name_key, name).  Number 0
 * has none: then that HMAC is the id. */
struct provider_index_key {
	uint32_t number; /* one more with each rotation */
	uint8_t key[POINT_HASH];
};
/* Rooms made before the last change of the hub's and franking key name these until they are moved. */
struct provider_keys_rooms_before {
	bool is_there;
	uint64_t changed_ms;
	struct sign_key hub_key, franking_key;
};
/* What franking keys that were retired have signed is still reported for a while. */
enum { RETIRED_FRANKING_MAX = 4, FRANKING_PUBLIC = 32 };
struct provider_keys_retired {
	uint64_t retired_ms;
	uint8_t pub[FRANKING_PUBLIC];
};
/* Of finding people by number (trust/discovery.h); used for nothing else.  Values under the key before
 * have a filter still for a day. */
struct provider_keys_discovery {
	bool is_there, has_before;
	struct oprf_key key;
	uint64_t changed_ms;
	struct oprf_key before;
};
/* Halves of other apps' keys that we are the custodian of are derived from it, one for each app. */
enum { CUSTODY_SEED = 32 };
struct provider_keys_custody {
	bool is_there;
	uint8_t seed[CUSTODY_SEED];
};
#define DISCOVERY_BEFORE_MS ((uint64_t)24 * 3600 * 1000)
/* Clients keep the directory for an hour: until then they may make rooms with keys of before. */
#define ROOM_KEYS_LEAST_MS  ((uint64_t)2 * 3600 * 1000)
struct provider_keys {
	uint8_t address_key[BOX_KEY]; /* seals request and key addresses */
	uint8_t name_key[32];         /* HMAC: what of a name goes into the index; of codes */
	struct provider_index_key index;
	bool index_moves; /* records under the key before are being led to this one */
	struct provider_index_key index_before;
	struct frank_chain frank;     /* HMAC: server_frank */
	struct sign_key hub_key;      /* external sender of rooms; suite 0x0001 */
	struct sign_key franking_key; /* signs franks; suite 0x0001 */
	struct kem_key lookup_key;    /* look-up queries are sealed to it; suite 0x0001 */
	uint8_t moderators_pub[32];   /* openings are sealed to it; the private half is offline */
	struct provider_keys_before before;
	struct provider_keys_rooms_before rooms_before;
	struct provider_keys_retired retired[RETIRED_FRANKING_MAX]; /* the oldest first */
	size_t retired_n; /* RETIRED_FRANKING_MAX: there may have been more */
	struct provider_keys_discovery discovery;
	struct provider_keys_custody custody;
};
void provider_keys_wipe(struct provider_keys *k);
/* Fresh keys.  moderators_priv is the offline half, to be kept elsewhere. */
uc_err UC_MUST_USE provider_keys_generate(const struct env *env, struct provider_keys *out,
					  struct secret *moderators_priv);
/* Other keys for addresses, look-ups and the hub's own franks; those in use become the ones before, and
 * those before are gone, with the addresses sealed under them.  Not the hub's and the franking key,
 * which the state of each room names, and not that of the index of names: those have changes of their
 * own. */
uc_err UC_MUST_USE provider_keys_rotate(struct provider_keys *k, const struct env *env);
/* Wipes those before once keep_ms have passed since the rotation; true when it did.  A clock that says
 * less than at the rotation ends nothing. */
bool provider_keys_end(struct provider_keys *k, uint64_t now_ms, uint64_t keep_ms);
/* Another key for the index of names, whose records are then led to it, a few at a time
 * (provider_index_moves).  UC_E_BUSY while they still are. */
uc_err UC_MUST_USE provider_keys_rotate_index(struct provider_keys *k, const struct env *env);
/* All are led: the key before is gone. */
void provider_keys_index_moved(struct provider_keys *k);
/* Another hub's key and franking key, for new rooms and those that are moved to them
 * (provider_rooms_moving).  UC_E_BUSY while those before are still there. */
uc_err UC_MUST_USE provider_keys_rotate_rooms(struct provider_keys *k, const struct env *env);
/* Wipes those before, but for the public half of the franking key.  UC_E_NOT_FOUND when there are none,
 * UC_E_BUSY before their time. */
uc_err UC_MUST_USE provider_keys_retire_rooms(struct provider_keys *k, uint64_t now_ms);
/* Each day: are there keys of franks that nobody needs any more?  And they are gone. */
bool provider_keys_franks_due(const struct provider_keys *k, uint64_t now_ms);
/* The clock has gone too far since the key was last moved (frank_chain_is_behind). */
bool provider_keys_franks_behind(const struct provider_keys *k, uint64_t now_ms);
uc_err UC_MUST_USE provider_keys_franks_end(struct provider_keys *k, uint64_t now_ms);
/* The time from which on all keys of franks are there: of what is said to be of before nobody can tell that
 * it is none. */
uint64_t provider_keys_franks_from(const struct provider_keys *k, uint64_t now_ms);
/* The first key of finding by number; as it is where there is one. */
uc_err UC_MUST_USE provider_keys_make_discovery(struct provider_keys *k, const struct env *env);
uc_err UC_MUST_USE provider_keys_make_custody(struct provider_keys *k, const struct env *env);
/* Another one; values under it are made as people come.  UC_E_BUSY while the one before is still there,
 * UC_E_NOT_FOUND without any. */
uc_err UC_MUST_USE provider_keys_rotate_discovery(struct provider_keys *k, const struct env *env);
/* Wipes the one before, after a day; true when it did. */
bool provider_keys_end_discovery(struct provider_keys *k, uint64_t now_ms);
/* The one with this public half; NULL when it is neither. */
const struct sign_key *provider_keys_hub(const struct provider_keys *k, struct view pub);
const struct sign_key *provider_keys_franking(const struct provider_keys *k, struct view pub);
/* The id of a name, whose kind is an enum name_kind, under a key of the index. */
uc_err UC_MUST_USE provider_keys_name(const struct provider_keys *k, uint8_t kind,
				      struct view normalised, uint8_t out[32]);
uc_err UC_MUST_USE provider_index_id(const struct provider_index_key *k, const uint8_t name[32],
				     uint8_t out[POINT_HASH]);
/* The key file: versioned, of the oldest version that can say what is there. */
uc_err UC_MUST_USE provider_keys_write(const struct provider_keys *k, struct buf *out);
uc_err UC_MUST_USE provider_keys_read(struct view file, struct provider_keys *out);

#endif
