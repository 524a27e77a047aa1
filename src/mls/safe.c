/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/safe.h"

#include "mls/component.h"

#define SCRATCH_MAX WIRE_OBJECT_MAX

uc_err component_label(uint16_t component_id, struct view label, struct arena *a, struct view *out)
{
	const struct component_operation_label l = { VIEW_LIT("MLS Component"), component_id,
						     label };
	return wire_encode_to(a, component_operation_label_element, &l, out);
}

/* SignContent and EncryptContext of RFC 9420, 5.1.2 and 5.1.3, which are alike:
 * struct { opaque label<V> = "MLS 1.0 " + Label; opaque content<V>; } */
struct labelled_content {
	struct view label, content;
};
static void wire_labelled_content(struct wire *w, struct labelled_content *l)
{
	wire_bytes(w, &l->label);
	wire_bytes(w, &l->content);
}
WIRE_ELEMENT(labelled_content)

static uc_err full_label(uint16_t component_id, struct view label, struct arena *a,
			 struct view *out)
{
	struct view ours, base = VIEW_LIT("MLS 1.0 ");
	TRY(component_label(component_id, label, a, &ours));
	uint8_t *full = arena_take(a, base.n + ours.n);
	if (!full)
		return arena_error(a);
	memcpy(full, base.p, base.n);
	memcpy(full + base.n, ours.p, ours.n);
	*out = view_make(full, base.n + ours.n);
	return UC_OK;
}

static uc_err labelled(uint16_t component_id, struct view label, struct view content,
		       struct arena *scratch, struct view *out)
{
	struct labelled_content l = { .content = content };
	TRY(full_label(component_id, label, scratch, &l.label));
	return wire_encode_to(scratch, labelled_content_element, &l, out);
}

uc_err safe_sign_with_label(const struct suite *s, const struct sign_key *key,
			    const struct env *env, uint16_t component_id, struct view label,
			    struct view content, struct arena *a, struct view *signature)
{
	struct arena scratch;
	struct view bytes;
	arena_init(&scratch, SCRATCH_MAX, ARENA_SECRET);
	uc_err err = labelled(component_id, label, content, &scratch, &bytes);
	if (!err)
		err = sign_labelled(s, key, env, bytes, a, signature);
	arena_done(&scratch);
	return err;
}

uc_err safe_verify_with_label(const struct suite *s, struct view pub, uint16_t component_id,
			      struct view label, struct view content, struct view signature)
{
	struct arena scratch;
	struct view bytes;
	arena_init(&scratch, SCRATCH_MAX, ARENA_SECRET);
	uc_err err = labelled(component_id, label, content, &scratch, &bytes);
	if (!err)
		err = verify_labelled(s, pub, bytes, signature);
	arena_done(&scratch);
	return err;
}

uc_err safe_encrypt_with_label(const struct suite *s, const struct env *env, struct view pub,
			       uint16_t component_id, struct view label, struct view context,
			       struct view plaintext, struct arena *a, struct view *kem_output,
			       struct view *ciphertext)
{
	struct arena scratch;
	struct view info;
	arena_init(&scratch, SCRATCH_MAX, ARENA_SECRET);
	uc_err err = labelled(component_id, label, context, &scratch, &info);
	if (!err)
		err = hpke_seal(s, env, pub, info, (struct view){ NULL, 0 }, plaintext, a,
				kem_output, ciphertext);
	arena_done(&scratch);
	return err;
}

uc_err safe_decrypt_with_label(const struct suite *s, const struct kem_key *key,
			       uint16_t component_id, struct view label, struct view context,
			       struct view kem_output, struct view ciphertext, struct arena *a,
			       struct view *plaintext)
{
	struct arena scratch;
	struct view info;
	arena_init(&scratch, SCRATCH_MAX, ARENA_SECRET);
	uc_err err = labelled(component_id, label, context, &scratch, &info);
	if (!err)
		err = hpke_open(s, key, kem_output, info, (struct view){ NULL, 0 }, ciphertext, a,
				plaintext);
	arena_done(&scratch);
	return err;
}
