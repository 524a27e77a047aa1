/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/moderators_key.h"

#include "base/text.h"
#include "mimi/sealed.h"

#define MAGIC       "undercroft moderators key 1\n"
#define TRIAL_LABEL "Undercroft trial"

static const struct suite *key_suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

uc_err moderators_key_make(const struct env *env, struct kem_key *out)
{
	return kem_key_generate(key_suite(), env, out);
}

uc_err moderators_key_write(struct view priv, struct view pub, struct buf *out)
{
	buf_add_str(out, MAGIC);
	hex_add(out, priv);
	buf_add_byte(out, '\n');
	hex_add(out, pub);
	buf_add_byte(out, '\n');
	return out->failed;
}

/* Whether something sealed to it comes out again. */
static uc_err try_out(const struct env *env, const struct kem_key *k, struct arena *a)
{
	struct view sealed, plain, nothing = { 0 };
	if (label_seal(env, kem_public(k), TRIAL_LABEL, nothing, kem_public(k), a, &sealed) ||
	    label_open(secret_view(&k->priv), kem_public(k), TRIAL_LABEL, nothing, sealed, a,
		       &plain))
		return UC_E_KEY;
	return UC_OK;
}

static uc_err read_into(const struct env *env, struct view file, struct arena *a, struct kem_key *k)
{
	struct view priv, pub, line;
	if (!view_starts_with(file, VIEW_LIT(MAGIC)))
		return UC_E_MALFORMED;
	struct view rest = view_cut(view_slice(file, sizeof MAGIC - 1, file.n), '\n', &line);
	TRY(hex_read(a, line, &priv));
	(void)view_cut(rest, '\n', &line);
	TRY(hex_read(a, line, &pub));
	TRY(kem_key_import(key_suite(), priv, pub, k));
	return try_out(env, k, a);
}

uc_err moderators_key_read(const struct env *env, struct view file, struct kem_key *out)
{
	struct arena a;
	struct kem_key k = { .pub_n = 0 };
	arena_init(&a, 1 << 16, ARENA_SECRET);
	uc_err err = read_into(env, file, &a, &k);
	arena_done(&a);
	if (!err)
		*out = k;
	kem_key_wipe(&k);
	return err;
}

uc_err moderators_public_read(struct view hex, uint8_t out[MODERATORS_PUBLIC])
{
	struct arena a;
	struct view pub;
	arena_init(&a, 4096, ARENA_PLAIN);
	uc_err err = hex_read(&a, hex, &pub);
	if (!err && pub.n != MODERATORS_PUBLIC)
		err = UC_E_MALFORMED;
	if (!err)
		err = kem_public_check(key_suite(), pub);
	if (!err)
		memcpy(out, pub.p, MODERATORS_PUBLIC);
	arena_done(&a);
	return err;
}
