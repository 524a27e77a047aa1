/* SPDX-License-Identifier: Apache-2.0 */
/* KeyPackages: made, kept, looked into (RFC 9420, 10). */
#include "libmls/give.h"
#include "libmls/take.h"

#include "mls/component.h"
#include "mls/grease.h"
#include "mls/group_state.h"

enum { KEPT_VERSION = 1 };

/* --- what is kept: uint16 version; opaque key_package<V>, and three private keys<V> --- */

struct kept_parts {
	uint16_t version;
	struct view key_package, init_key, encryption_key, signature_key;
};

static void wire_kept_parts(struct wire *w, struct kept_parts *k)
{
	wire_u16(w, &k->version);
	wire_bytes(w, &k->key_package);
	wire_bytes(w, &k->init_key);
	wire_bytes(w, &k->encryption_key);
	wire_bytes(w, &k->signature_key);
}
WIRE_ELEMENT(kept_parts)

static uc_err kept_read(const mls_client *client, const struct kept_parts *k, struct arena *a,
			struct kept_key_package *out)
{
	const struct suite *s;
	const struct leaf_node *leaf = &out->read.leaf_node;
	TRY(wire_decode(k->key_package, a, key_package_element, &out->read));
	s = client_suite(client, out->read.cipher_suite);
	if (!s)
		return UC_E_SUITE;
	out->suite = s;
	out->key_package = k->key_package;
	TRY(kem_key_import(s, k->init_key, out->read.init_key, &out->secrets.init_key));
	TRY(kem_key_import(s, k->encryption_key, leaf->encryption_key,
			   &out->secrets.encryption_key));
	return sign_key_load(&out->secrets.signature_key, k->signature_key, leaf->signature_key);
}

uc_err key_package_kept(const mls_client *client, struct view secret, struct arena *a,
			struct kept_key_package *out)
{
	struct kept_parts k = { .version = 0 };
	if (wire_decode(secret, a, kept_parts_element, &k))
		return UC_E_CORRUPT;
	if (k.version != KEPT_VERSION)
		return UC_E_VERSION;
	*out = (struct kept_key_package){ .suite = NULL };
	uc_err err = kept_read(client, &k, a, out);
	if (err)
		key_package_secrets_wipe(&out->secrets);
	return err == UC_E_SUITE || err == UC_E_LIMIT || err == UC_E_MEMORY || !err ? err
										    : UC_E_CORRUPT;
}

/* --- making --- */

#define LIFETIME_S ((uint64_t)90 * 24 * 3600)

/* draft-ietf-mls-extensions-10: the last_resort_key_package component, empty, in the KeyPackage's
 * dictionary; beside what the caller's dictionary has. */
static uc_err add_last_resort(struct extension_list *l, struct arena *a)
{
	const struct extension_list plain = *l;
	return extensions_with_component(&plain, COMPONENT_LAST_RESORT_KEY_PACKAGE, VIEW_LIT(""), a,
					 l);
}

static bool is_last_resort(const struct extension_list *l)
{
	struct view data;
	return component_in(l, COMPONENT_LAST_RESORT_KEY_PACKAGE, &data);
}

static uc_err keep(const struct kept_parts *k, struct mls_out *out, struct mls_bytes *secret)
{
	struct view v;
	TRY(wire_encode_to(out->a, kept_parts_element, k, &v));
	*secret = (struct mls_bytes){ v.p, v.n };
	return UC_OK;
}

static uc_err hand_out(struct call *c, const struct suite *s, struct view key_package,
		       const struct key_package_secrets *secrets, struct mls_key_package_made *out)
{
	uint8_t ref[HASH_MAX];
	struct view message;
	const struct kept_parts k = {
		.version = KEPT_VERSION,
		.key_package = key_package,
		.init_key = secret_view(&secrets->init_key.priv),
		.encryption_key = secret_view(&secrets->encryption_key.priv),
		.signature_key = secret_view(&secrets->signature_key.priv),
	};
	TRY(message_around(c->out->a, MLS_WIRE_KEY_PACKAGE, key_package, &message));
	TRY(key_package_ref(s, key_package, ref));
	TRY(mls_out_copy(c->out, ref, s->nh, &out->ref));
	TRY(keep(&k, c->out, &out->secret));
	out->message = (struct mls_bytes){ message.p, message.n };
	return UC_OK;
}

/* What nobody would take is not handed out. */
static uc_err made_check(struct call *c, const struct suite *s, struct view encoded)
{
	struct key_package k;
	TRY(wire_decode(encoded, &c->scratch, key_package_element, &k));
	return key_package_check(s, &k, env_now_ms(&c->client->env));
}

static uc_err make(struct call *c, const struct mls_key_package_options *o,
		   struct mls_key_package_made *out)
{
	struct taker t = { c->client, &c->scratch, UC_OK };
	const struct suite *s = client_suite(c->client, o->suite);
	struct key_package_secrets secrets;
	struct view encoded;
	if (!s)
		return UC_E_SUITE;
	const struct leaf_parameters leaf = take_identity(&t, o->identity, s);
	struct extension_list extensions = take_extensions(&t, o->extensions);
	uint64_t lifetime_s = o->lifetime_s ? o->lifetime_s : LIFETIME_S;
	TRY(t.failed);
	if (lifetime_s > KEY_PACKAGE_LIFETIME_MAX_S - KEY_PACKAGE_EARLY_S)
		return UC_E_ARGUMENT;
	if (o->last_resort)
		TRY(add_last_resort(&extensions, &c->scratch));
	if (c->client->grease) {
		const struct extension_list plain = extensions;
		TRY(grease_key_package(&c->client->env, &leaf, &plain, &c->scratch, &extensions));
	}
	TRY(key_package_make(s, &c->client->env, &leaf, lifetime_s, &extensions, &c->scratch,
			     &encoded, &secrets));
	uc_err err = made_check(c, s, encoded);
	if (!err)
		err = hand_out(c, s, encoded, &secrets, out);
	key_package_secrets_wipe(&secrets);
	return err;
}

uc_err mls_key_package_make(mls_client *client, const struct mls_key_package_options *options,
			    mls_out *out, struct mls_key_package_made *made)
{
	struct call c;
	struct mls_key_package_made fresh = { .ref = { NULL, 0 } };
	if (!options || !out || !made)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, client, out));
	TRY(call_end(&c, make(&c, options, &fresh)));
	*made = fresh;
	return UC_OK;
}

/* --- looking --- */

static uc_err inspect(struct call *c, struct mls_bytes in, struct mls_key_package *out)
{
	struct giver g = { .a = c->out->a };
	struct key_package k;
	struct view message, body;
	uint8_t ref[HASH_MAX];
	TRY(bytes_in(in, &message));
	TRY(message_body(message, MLS_WIRE_KEY_PACKAGE, &body));
	TRY(wire_decode(body, &c->scratch, key_package_element, &k));
	const struct suite *s = client_suite(c->client, k.cipher_suite);
	if (!s)
		return UC_E_SUITE;
	uint64_t now = c->client->policy.any_lifetime ? 0 : env_now_ms(&c->client->env);
	TRY(key_package_check(s, &k, now));
	if (!c->client->policy.any_suites)
		TRY(leaf_node_check_suite(s, &k.leaf_node));
	TRY(key_package_ref(s, body, ref));
	*out = (struct mls_key_package){
		.suite = s->id,
		.ref = give_bytes(&g, view_make(ref, s->nh)),
		.init_key = give_bytes(&g, k.init_key),
		.leaf = give_leaf(&g, &k.leaf_node, MLS_NO_INDEX),
		.extensions = give_extensions(&g, &k.extensions),
		.is_last_resort = is_last_resort(&k.extensions),
	};
	return g.failed;
}

uc_err mls_key_package_inspect(mls_client *client, struct mls_bytes message, mls_out *out,
			       struct mls_key_package *key_package)
{
	struct call c;
	struct mls_key_package fresh = { .suite = 0 };
	if (!out || !key_package)
		return UC_E_ARGUMENT;
	TRY(call_look(&c, client, out));
	TRY(call_end(&c, inspect(&c, message, &fresh)));
	*key_package = fresh;
	return UC_OK;
}
