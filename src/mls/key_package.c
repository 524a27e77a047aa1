/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/key_package.h"

#include "mls/requirements.h"
#include "mls/rule.h"

#define SCRATCH_MAX ((size_t)4 * 1024 * 1024)

static struct leaf_node_tbs tbs_of(struct leaf_node *leaf, struct view group_id, uint32_t index)
{
	return (struct leaf_node_tbs){ .leaf_node = leaf,
				       .group_id = group_id,
				       .leaf_index = index };
}

uc_err leaf_node_sign(const struct suite *s, const struct env *env, const struct sign_key *key,
		      struct leaf_node *leaf, struct view group_id, uint32_t index, struct arena *a)
{
	struct leaf_node_tbs tbs = tbs_of(leaf, group_id, index);
	struct view bytes;
	TRY(wire_encode_to(a, leaf_node_tbs_element, &tbs, &bytes));
	return sign_with_label(s, key, env, "LeafNodeTBS", bytes, a, &leaf->signature);
}

uc_err leaf_node_verify(const struct suite *s, const struct leaf_node *leaf, struct view group_id,
			uint32_t index)
{
	struct leaf_node copy = *leaf;
	struct leaf_node_tbs tbs = tbs_of(&copy, group_id, index);
	struct buf bytes;
	buf_init(&bytes, SCRATCH_MAX);
	uc_err err = wire_encode(&bytes, leaf_node_tbs_element, &tbs);
	if (!err)
		err = verify_with_label(s, leaf->signature_key, "LeafNodeTBS", buf_view(&bytes),
					leaf->signature);
	buf_done(&bytes);
	return err;
}

/* RFC 9420, 7.2: default types "MUST NOT be listed". */
static bool lists_defaults(const struct capabilities *c)
{
	for (size_t i = 0; i < c->proposals.n; i++)
		if (c->proposals.v[i] >= 1 && c->proposals.v[i] <= 7)
			return true;
	for (size_t i = 0; i < c->extensions.n; i++)
		if (c->extensions.v[i] >= 1 && c->extensions.v[i] <= 5)
			return true;
	return false;
}

static bool is_default_extension(uint16_t type)
{
	return type >= EXTENSION_APPLICATION_ID && type <= EXTENSION_EXTERNAL_SENDERS;
}

uc_err leaf_node_check(const struct suite *s, const struct leaf_node *leaf)
{
	const struct capabilities *c = &leaf->capabilities;
	TRY_RULE(LEAF_KEY, kem_public_check(s, leaf->encryption_key));
	/* 16.7: they "MUST be distinct from one another". */
	if (BREAKS(LEAF_KEYS_DIFFER, view_equal(leaf->encryption_key, leaf->signature_key)))
		return UC_E_KEY;
	if (BREAKS(LEAF_VERSION, !u16_list_has(&c->versions, MLS10)))
		return UC_E_VERSION;
	if (BREAKS(LEAF_CREDENTIAL_LISTED,
		   !u16_list_has(&c->credentials, leaf->credential.credential_type)))
		return UC_E_UNEXPECTED;
	if (BREAKS(LEAF_NO_DEFAULTS, lists_defaults(c)))
		return UC_E_UNEXPECTED;
	for (size_t i = 0; i < leaf->extensions.n; i++) {
		uint16_t type = leaf->extensions.v[i].extension_type;
		if (BREAKS(LEAF_EXTENSION_LISTED,
			   !is_default_extension(type) && !u16_list_has(&c->extensions, type)))
			return UC_E_UNEXPECTED;
	}
	return draft_extensions_check(&leaf->extensions);
}

static bool is_listed(const struct leaf_node *leaf, uint16_t type)
{
	return is_default_extension(type) || u16_list_has(&leaf->capabilities.extensions, type);
}

/* RFC 9420, 10: "Extensions included in the extensions or leaf_node.extensions fields MUST be
 * included in the leaf_node.capabilities field", and yet "unknown extensions in KeyPackage.extensions
 * MUST be ignored": so it is asked of those that are known here.  Others' clients do put values that
 * nobody knows (13.5) there without listing them. */
static uc_err extensions_check(const struct key_package *k)
{
	for (size_t i = 0; i < k->extensions.n; i++) {
		uint16_t type = k->extensions.v[i].extension_type;
		bool known = type >= EXTENSION_APP_DATA_DICTIONARY &&
			     type <= EXTENSION_REQUIRED_WIRE_FORMATS;
		if (BREAKS(KEY_PACKAGE_EXTENSION_LISTED, known && !is_listed(&k->leaf_node, type)))
			return UC_E_UNEXPECTED;
	}
	return UC_OK;
}

uc_err leaf_node_check_suite(const struct suite *s, const struct leaf_node *leaf)
{
	if (BREAKS(LEAF_SUITE, !u16_list_has(&leaf->capabilities.cipher_suites, s->id)))
		return UC_E_SUITE;
	return UC_OK;
}

static bool lists_all(const struct u16_list *have, const struct u16_list *want, uint16_t defaults)
{
	for (size_t i = 0; i < want->n; i++)
		if (want->v[i] > defaults && !u16_list_has(have, want->v[i]))
			return false;
	return true;
}

uc_err leaf_node_check_required(const struct leaf_node *leaf,
				const struct required_capabilities *required)
{
	const struct capabilities *c = &leaf->capabilities;
	bool all = lists_all(&c->extensions, &required->extension_types, 5) &&
		   lists_all(&c->proposals, &required->proposal_types, 7) &&
		   lists_all(&c->credentials, &required->credential_types, 0);
	return KEEPS(LEAF_REQUIRED_CAPABILITIES, all) ? UC_OK : UC_E_UNSUPPORTED;
}

uc_err leaf_node_check_context(const struct leaf_node *leaf,
			       const struct extension_list *context_extensions)
{
	for (size_t i = 0; i < context_extensions->n; i++) {
		uint16_t type = context_extensions->v[i].extension_type;
		if (BREAKS(LEAF_CONTEXT_EXTENSIONS,
			   !is_default_extension(type) &&
				   !u16_list_has(&leaf->capabilities.extensions, type)))
			return UC_E_UNSUPPORTED;
	}
	return UC_OK;
}

uc_err leaf_node_check_lifetime(const struct leaf_node *leaf, uint64_t now_ms)
{
	const struct lifetime *l = &leaf->lifetime;
	uint64_t now_s = now_ms / 1000;
	if (leaf->leaf_node_source != LEAF_NODE_SOURCE_KEY_PACKAGE)
		return UC_OK;
	if (BREAKS(LEAF_LIFETIME, now_s < l->not_before || now_s > l->not_after))
		return UC_E_STALE;
	return BREAKS(LEAF_LIFETIME_LENGTH,
		      l->not_after - l->not_before > KEY_PACKAGE_LIFETIME_MAX_S)
		       ? UC_E_STALE
		       : UC_OK;
}

void key_package_secrets_wipe(struct key_package_secrets *k)
{
	kem_key_wipe(&k->init_key);
	kem_key_wipe(&k->encryption_key);
	sign_key_wipe(&k->signature_key);
}

/* To the day, where it lasts for some: the same for all that are made that day, so that neither those
 * that one client made nor what the same hands do elsewhere is known by the second. */
static struct lifetime lifetime_of(uint64_t now_s, uint64_t lifetime_s)
{
	const uint64_t day_s = 24 * 3600;
	struct lifetime l = { now_s > KEY_PACKAGE_EARLY_S ? now_s - KEY_PACKAGE_EARLY_S : 0,
			      now_s + lifetime_s };
	if (lifetime_s < 2 * day_s)
		return l;
	l.not_before -= l.not_before % day_s;
	l.not_after -= l.not_after % day_s;
	if (l.not_after - l.not_before > KEY_PACKAGE_LIFETIME_MAX_S)
		l.not_before = l.not_after - KEY_PACKAGE_LIFETIME_MAX_S;
	return l;
}

static uc_err make(const struct suite *s, const struct env *env, const struct leaf_parameters *leaf,
		   uint64_t lifetime_s, const struct extension_list *extensions, struct arena *a,
		   struct view *key_package, struct key_package_secrets *secrets)
{
	struct view bytes;
	TRY(kem_key_generate(s, env, &secrets->init_key));
	TRY(kem_key_generate(s, env, &secrets->encryption_key));
	secrets->signature_key = *leaf->signature_key;
	struct key_package k = {
		.version = MLS10,
		.cipher_suite = s->id,
		.init_key = kem_public(&secrets->init_key),
		.leaf_node = {
			.encryption_key = kem_public(&secrets->encryption_key),
			.signature_key = sign_public(leaf->signature_key),
			.credential = leaf->credential,
			.capabilities = leaf->capabilities,
			.leaf_node_source = LEAF_NODE_SOURCE_KEY_PACKAGE,
			.lifetime = lifetime_of(env_now_ms(env) / 1000, lifetime_s),
			.extensions = leaf->extensions,
		},
	};
	if (extensions)
		k.extensions = *extensions;
	/* Of one's own, all are listed (10). */
	for (size_t i = 0; i < k.extensions.n; i++)
		if (!is_listed(&k.leaf_node, k.extensions.v[i].extension_type))
			return UC_E_UNEXPECTED;
	TRY(leaf_node_sign(s, env, leaf->signature_key, &k.leaf_node, (struct view){ NULL, 0 }, 0,
			   a));
	TRY(wire_encode_to(a, key_package_tbs_element, &k, &bytes));
	TRY(sign_with_label(s, leaf->signature_key, env, "KeyPackageTBS", bytes, a, &k.signature));
	return wire_encode_to(a, key_package_element, &k, key_package);
}

uc_err key_package_make(const struct suite *s, const struct env *env,
			const struct leaf_parameters *leaf, uint64_t lifetime_s,
			const struct extension_list *extensions, struct arena *a,
			struct view *key_package, struct key_package_secrets *secrets)
{
	struct key_package_secrets fresh = { 0 };
	uc_err err = make(s, env, leaf, lifetime_s, extensions, a, key_package, &fresh);
	if (!err)
		*secrets = fresh;
	key_package_secrets_wipe(&fresh);
	return err;
}

static uc_err key_package_verify(const struct suite *s, const struct key_package *k)
{
	struct key_package copy = *k;
	struct buf bytes;
	buf_init(&bytes, SCRATCH_MAX);
	uc_err err = wire_encode(&bytes, key_package_tbs_element, &copy);
	if (!err)
		err = verify_with_label(s, k->leaf_node.signature_key, "KeyPackageTBS",
					buf_view(&bytes), k->signature);
	buf_done(&bytes);
	return err;
}

static struct view last_resort_data(const struct key_package *k)
{
	struct view data = { NULL, 0 };
	(void)component_in(&k->extensions, COMPONENT_LAST_RESORT_KEY_PACKAGE, &data);
	return data;
}

bool key_package_is_last_resort(const struct key_package *k)
{
	struct view data;
	return component_in(&k->extensions, COMPONENT_LAST_RESORT_KEY_PACKAGE, &data);
}

uc_err last_resort_extensions(const struct extension_list *l, struct arena *a,
			      struct extension_list *out)
{
	return extensions_with_component(l, COMPONENT_LAST_RESORT_KEY_PACKAGE, VIEW_LIT(""), a,
					 out);
}

uc_err key_package_check(const struct suite *s, const struct key_package *k, uint64_t now_ms)
{
	if (BREAKS(KEY_PACKAGE_VERSION, k->version != MLS10))
		return UC_E_VERSION;
	if (BREAKS(KEY_PACKAGE_SUITE, k->cipher_suite != s->id))
		return UC_E_SUITE;
	if (BREAKS(KEY_PACKAGE_SOURCE,
		   k->leaf_node.leaf_node_source != LEAF_NODE_SOURCE_KEY_PACKAGE))
		return UC_E_UNEXPECTED;
	/* "Verify that the value of leaf_node.encryption_key is different from init_key". */
	if (BREAKS(INIT_KEY_IS_ANOTHER, view_equal(k->leaf_node.encryption_key, k->init_key)))
		return UC_E_KEY;
	TRY_RULE(INIT_KEY, kem_public_check(s, k->init_key));
	TRY(components_check(&k->extensions));
	if (BREAKS(LAST_RESORT_IS_EMPTY, last_resort_data(k).n))
		return UC_E_MALFORMED;
	TRY(leaf_node_check(s, &k->leaf_node));
	TRY(extensions_check(k));
	if (now_ms)
		TRY(leaf_node_check_lifetime(&k->leaf_node, now_ms));
	TRY_RULE(LEAF_SIGNATURE, leaf_node_verify(s, &k->leaf_node, (struct view){ NULL, 0 }, 0));
	TRY_RULE(KEY_PACKAGE_SIGNATURE, key_package_verify(s, k));
	return UC_OK;
}

uc_err key_package_ref(const struct suite *s, struct view key_package, uint8_t *out)
{
	return ref_hash(s, "MLS 1.0 KeyPackage Reference", key_package, out);
}
