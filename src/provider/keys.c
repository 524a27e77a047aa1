/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/keys.h"

static const struct suite *key_suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

void provider_keys_wipe(struct provider_keys *k)
{
	wipe(k, sizeof *k);
}

static uc_err generate(const struct env *env, struct provider_keys *k, struct kem_key *moderators)
{
	const struct suite *s = key_suite();
	TRY(env_random(env, k->address_key, sizeof k->address_key));
	TRY(env_random(env, k->name_key, sizeof k->name_key));
	TRY(env_random(env, k->hub_frank_key, sizeof k->hub_frank_key));
	TRY(sign_key_generate(s, env, &k->hub_key));
	TRY(sign_key_generate(s, env, &k->franking_key));
	TRY(kem_key_generate(s, env, &k->lookup_key));
	TRY(kem_key_generate(s, env, moderators));
	memcpy(k->moderators_pub, moderators->pub, sizeof k->moderators_pub);
	return UC_OK;
}

uc_err provider_keys_generate(const struct env *env, struct provider_keys *out,
			      struct secret *moderators_priv)
{
	struct kem_key moderators = { .pub_n = 0 };
	uc_err err = generate(env, out, &moderators);
	if (err)
		provider_keys_wipe(out);
	else
		*moderators_priv = moderators.priv;
	kem_key_wipe(&moderators);
	return err;
}

/* struct { opaque magic[8] = "UCKEYS\0\1"; opaque address_key[32], name_key[32],
 *          hub_frank_key[32]; opaque hub_priv<V>, franking_priv<V>, lookup_priv<V>, lookup_pub<V>;
 *          opaque moderators_pub[32]; } */
static const uint8_t magic[8] = { 'U', 'C', 'K', 'E', 'Y', 'S', 0, 1 };

uc_err provider_keys_write(const struct provider_keys *k, struct buf *out)
{
	struct wire w;
	struct provider_keys copy = *k;
	struct view hub = secret_view(&copy.hub_key.priv),
		    frank = secret_view(&copy.franking_key.priv);
	struct view lookup = secret_view(&copy.lookup_key.priv), pub = kem_public(&copy.lookup_key);
	wire_writer(&w, out);
	buf_add(out, magic, sizeof magic);
	wire_fixed(&w, copy.address_key, sizeof copy.address_key);
	wire_fixed(&w, copy.name_key, sizeof copy.name_key);
	wire_fixed(&w, copy.hub_frank_key, sizeof copy.hub_frank_key);
	wire_bytes(&w, &hub);
	wire_bytes(&w, &frank);
	wire_bytes(&w, &lookup);
	wire_bytes(&w, &pub);
	wire_fixed(&w, copy.moderators_pub, sizeof copy.moderators_pub);
	provider_keys_wipe(&copy);
	return wire_finish(&w);
}

static uc_err read_keys(struct view file, struct provider_keys *k)
{
	struct wire w;
	uint8_t head[sizeof magic];
	struct view hub = { 0 }, frank = { 0 }, lookup = { 0 }, pub = { 0 };
	wire_reader(&w, file, NULL);
	wire_fixed(&w, head, sizeof head);
	if (w.failed ||
	    !view_equal(view_slice(VIEW_OF(head), 0, 7), view_slice(VIEW_OF(magic), 0, 7)))
		return UC_E_CORRUPT;
	if (head[7] != magic[7])
		return UC_E_VERSION;
	wire_fixed(&w, k->address_key, sizeof k->address_key);
	wire_fixed(&w, k->name_key, sizeof k->name_key);
	wire_fixed(&w, k->hub_frank_key, sizeof k->hub_frank_key);
	wire_bytes(&w, &hub);
	wire_bytes(&w, &frank);
	wire_bytes(&w, &lookup);
	wire_bytes(&w, &pub);
	wire_fixed(&w, k->moderators_pub, sizeof k->moderators_pub);
	TRY(wire_finish(&w));
	TRY(sign_key_import(key_suite(), hub, &k->hub_key));
	TRY(sign_key_import(key_suite(), frank, &k->franking_key));
	return kem_key_import(key_suite(), lookup, pub, &k->lookup_key);
}

uc_err provider_keys_read(struct view file, struct provider_keys *out)
{
	uc_err err = read_keys(file, out);
	if (err)
		provider_keys_wipe(out);
	return err;
}
