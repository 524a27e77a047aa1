/* SPDX-License-Identifier: Apache-2.0 */
/* Small sealed things that a client and its app exchange: intake items, and KeyPackages at rest in
 * the pool.  Suite 0x0001's HPKE and the box of crypto.h; plaintexts are padded. */
#ifndef MIMI_SEALED_H
#define MIMI_SEALED_H

#include "crypto/crypto.h"
#include "mimi/frames.h"

/* An intake item, sealed to a device's intake key by its app: HPKECiphertext of
 * EncryptWithLabel(intake key, "Undercroft intake", struct intake_context, body). */
struct intake_context {
	uint8_t intake_kind; /* as beside it in the event */
	uint64_t received_ms;
};
void wire_intake_context(struct wire *w, struct intake_context *c);
void intake_context_element(struct wire *w, void *v);
uc_err UC_MUST_USE intake_seal(const struct env *env, struct view intake_key,
			       const struct intake_context *context, struct view body,
			       struct arena *a, struct view *sealed);
uc_err UC_MUST_USE intake_open(struct view intake_priv, struct view intake_pub,
			       const struct intake_context *context, struct view sealed,
			       struct arena *a, struct view *body);

/* pool_slot.sealed: a box under the set key over opaque key_package<V> and zero bytes up to a
 * multiple of SLOT_PAD; set and slot id are authenticated with it. */
enum {
	SLOT_PAD = 1024,
	POOL_SETS_MAX = 1024, /* sets that an app keeps of an account, of all its devices */
};
uc_err UC_MUST_USE slot_seal(const struct env *env, struct view set_key,
			     const uint8_t set_id[SET_ID], const uint8_t slot_id[SLOT_ID],
			     struct view key_package, struct arena *a, struct view *sealed);
uc_err UC_MUST_USE slot_open(struct view set_key, const uint8_t set_id[SET_ID],
			     const uint8_t slot_id[SLOT_ID], struct view sealed, struct arena *a,
			     struct view *key_package);

/* opaque body<V> and zero bytes up to a multiple of `pad`, and back; other padding is malformed. */
uc_err UC_MUST_USE padded_write(struct arena *a, struct view body, size_t pad, struct view *out);
uc_err UC_MUST_USE padded_read(struct view padded, struct view *body);

/* HPKECiphertext bytes of EncryptWithLabel under suite 0x0001, and back. */
uc_err UC_MUST_USE label_seal(const struct env *env, struct view pub, const char *label,
			      struct view context, struct view plain, struct arena *a,
			      struct view *sealed);
uc_err UC_MUST_USE label_open(struct view priv, struct view pub, const char *label,
			      struct view context, struct view sealed, struct arena *a,
			      struct view *plain);

#endif
