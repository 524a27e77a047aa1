/* SPDX-License-Identifier: Apache-2.0 */
/* KeyPackages: this device's own, and others' before they are let into a room. */
#include "client/room_group_inside.h"
#include "mimi/protocol.h"
#include "mls/group_state.h"

#include "base/text.h"

enum { KEY_PACKAGE_DAYS = 90, PACKAGES_MAX = ROOM_DEVICES_MAX, SET_KEYS_VERSION = 1 };

static const struct suite *room_suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

/* --- a set's private keys at rest --- */

struct set_keys {
	uint16_t version, cipher_suite;
	struct view init_priv, init_pub, encryption_priv, encryption_pub, signature_priv;
};
static void wire_set_keys(struct wire *w, struct set_keys *k)
{
	wire_u16(w, &k->version);
	if (k->version != SET_KEYS_VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_u16(w, &k->cipher_suite);
	wire_bytes(w, &k->init_priv);
	wire_bytes(w, &k->init_pub);
	wire_bytes(w, &k->encryption_priv);
	wire_bytes(w, &k->encryption_pub);
	wire_bytes(w, &k->signature_priv);
}
WIRE_ELEMENT(set_keys)

static uc_err set_keys_write(const struct key_package_secrets *k, struct blob *out)
{
	struct buf b;
	const struct set_keys keys = {
		.version = SET_KEYS_VERSION,
		.cipher_suite = room_suite()->id,
		.init_priv = secret_view(&k->init_key.priv),
		.init_pub = kem_public(&k->init_key),
		.encryption_priv = secret_view(&k->encryption_key.priv),
		.encryption_pub = kem_public(&k->encryption_key),
		.signature_priv = secret_view(&k->signature_key.priv),
	};
	buf_init_secret(&b, BLOB_MAX);
	uc_err err = wire_encode(&b, set_keys_element, &keys);
	if (!err)
		err = blob_set(out, buf_view(&b));
	buf_done(&b);
	return err;
}

static uc_err secrets_import(const struct suite *s, const struct set_keys *k,
			     struct key_package_secrets *out)
{
	TRY(kem_key_import(s, k->init_priv, k->init_pub, &out->init_key));
	TRY(kem_key_import(s, k->encryption_priv, k->encryption_pub, &out->encryption_key));
	return sign_key_import(s, k->signature_priv, &out->signature_key);
}

static uc_err secrets_read(const struct set *s, struct key_package_secrets *out)
{
	struct set_keys k;
	struct key_package_secrets secrets = { .signature_key = { .pub_n = 0 } };
	uc_err err = wire_decode(blob_view(&s->private_keys), NULL, set_keys_element, &k);
	if (err)
		return err == UC_E_VERSION ? err : UC_E_CORRUPT;
	if (!suite_find(k.cipher_suite))
		return UC_E_VERSION;
	err = secrets_import(suite_find(k.cipher_suite), &k, &secrets);
	if (err)
		key_package_secrets_wipe(&secrets);
	else
		*out = secrets;
	return err;
}

uc_err set_keys_read(const struct set *s, struct arena *a, struct key_package *k,
		     struct key_package_secrets *secrets)
{
	if (wire_decode(blob_view(&s->key_package), a, key_package_element, k))
		return UC_E_CORRUPT;
	return secrets_read(s, secrets);
}

/* --- a participant's keys --- */

uc_err participant_keys_chain(const struct ed25519_key *first, const struct participant_keys *k,
			      struct arena *a, struct participant_link_list *out)
{
	struct participant_link *alone = ARENA_NEW(a, struct participant_link);
	if (!alone)
		return UC_E_LIMIT;
	alone->key = VIEW_OF(first->pub);
	*out = (struct participant_link_list){ alone, 1 };
	if (!k || !k->chain.n)
		return UC_OK;
	bool read = !wire_decode(blob_view(&k->chain), a, participant_chain_element, out);
	return read && out->n ? UC_OK : UC_E_CORRUPT;
}

uc_err participant_keys_prove(const struct ed25519_key *first, const struct participant_keys *k,
			      struct view client, struct view leaf_key, struct arena *a,
			      struct view *component)
{
	struct participant_link_list chain;
	TRY(participant_keys_chain(first, k, a, &chain));
	return participant_prove_chain(&chain, chain.n > 1 ? &k->last : first, client, leaf_key, a,
				       component);
}

uc_err room_group_chain(const struct room_group *g, struct arena *a,
			struct participant_link_list *out)
{
	struct view client, participant;
	TRY(room_group_own_client(g, &client, &participant));
	return participant_chain_longest(group_now(g->g).tree, participant, a, out);
}

uc_err room_group_leaf_chain(const struct room_group *g, uint32_t leaf, struct arena *a,
			     struct participant_link_list *out)
{
	const struct leaf_node *node = tree_leaf_find(group_now(g->g).tree, leaf, LEAF_ROOM);
	return node ? participant_chain_of(&node->extensions, a, out) : UC_E_NOT_FOUND;
}

/* --- making one --- */

static uc_err client_make(struct uc_client *c, const struct set *s, struct arena *a,
			  struct view *client)
{
	uint8_t name[CLIENT_NAME];
	struct uri u = { .kind = URI_CLIENT, .domain = view_str(c->account.app) };
	struct buf text;
	TRY(env_random(&c->env, name, sizeof name));
	buf_init(&text, 64);
	base32_add(&text, VIEW_OF(name));
	uc_err err = arena_copy(a, buf_view(&text), &u.client);
	buf_done(&text);
	TRY(err);
	TRY(participant_name(VIEW_OF(s->participant_key.pub), a, &u.name));
	return uri_make(a, &u, client);
}

struct making {
	struct uc_client *c;
	struct set *s;
	struct sign_key leaf_key;
	struct key_package_secrets secrets;
	struct arena *a;
};

static uc_err make(struct making *m)
{
	struct view client, participant, component, key_package;
	struct leaf_parameters leaf;
	struct key_package k;
	const struct extension_list none = { NULL, 0 };
	const struct env *env = &m->c->env;
	TRY(client_make(m->c, m->s, m->a, &client));
	TRY(uri_participant_of(client, &participant));
	TRY(sign_key_generate(room_suite(), env, &m->leaf_key));
	TRY(participant_keys_prove(&m->s->participant_key, m->s->keys, client,
				   sign_public(&m->leaf_key), m->a, &component));
	TRY(room_leaf_parameters(&m->leaf_key, client, component, m->a, &leaf));
	TRY(key_package_make(room_suite(), env, &leaf, (uint64_t)KEY_PACKAGE_DAYS * 24 * 3600,
			     &none, m->a, &key_package, &m->secrets));
	TRY(wire_decode(key_package, m->a, key_package_element, &k));
	TRY(text_set(m->s->client, sizeof m->s->client, client));
	TRY(text_set(m->s->participant, sizeof m->s->participant, participant));
	TRY(blob_set(&m->s->key_package, key_package));
	TRY(set_keys_write(&m->secrets, &m->s->private_keys));
	m->s->not_after_ms = k.leaf_node.lifetime.not_after * 1000;
	return UC_OK;
}

uc_err room_group_key_package(struct uc_client *c, struct set *s)
{
	struct arena scratch;
	struct making m = { .c = c, .s = s, .a = &scratch };
	arena_init(&scratch, ROOM_ARENA_MAX, ARENA_SECRET);
	uc_err err = make(&m);
	sign_key_wipe(&m.leaf_key);
	key_package_secrets_wipe(&m.secrets);
	arena_done(&scratch);
	return err;
}

uc_err set_leaf_sign(struct uc_client *c, const struct set *s, const char *label,
		     struct view content, struct arena *a, struct view *signature)
{
	struct key_package_secrets secrets;
	TRY(secrets_read(s, &secrets));
	uc_err err = sign_with_label(room_suite(), &secrets.signature_key, &c->env, label, content,
				     a, signature);
	key_package_secrets_wipe(&secrets);
	return err;
}

/* --- others' --- */

static uc_err package_check(struct uc_client *c, struct view package, struct arena *a,
			    struct view *client, struct view *participant)
{
	struct key_package k;
	TRY(wire_decode(package, a, key_package_element, &k));
	TRY(key_package_check(room_suite(), &k, client_now(c)));
	TRY(leaf_node_check_suite(room_suite(), &k.leaf_node));
	TRY(room_leaf_check(&k.leaf_node));
	return participant_of_leaf(&k.leaf_node, client, participant);
}

/* The next of them; false at the end. */
static bool next_package(struct wire *w, struct view *out)
{
	if (w->failed || w->p == w->end)
		return false;
	wire_bytes(w, out);
	return !w->failed;
}

static bool has_view(const struct view *v, size_t n, struct view one)
{
	for (size_t i = 0; i < n; i++)
		if (view_equal(v[i], one))
			return true;
	return false;
}

uc_err room_group_packages_check(struct uc_client *c, struct view packages, struct arena *a,
				 struct view *participant)
{
	struct wire w;
	struct view package, whose = { NULL, 0 }, one, clients[PACKAGES_MAX];
	size_t n = 0;
	wire_reader(&w, packages, NULL);
	while (next_package(&w, &package)) {
		if (n == PACKAGES_MAX)
			return UC_E_LIMIT;
		TRY(package_check(c, package, a, &clients[n], &one));
		if ((n && !view_equal(one, whose)) || has_view(clients, n, clients[n]))
			return UC_E_PROOF;
		whose = one;
		n++;
	}
	TRY(wire_finish(&w));
	if (!n)
		return UC_E_EXHAUSTED;
	*participant = whose;
	return UC_OK;
}

/* --- asking for them --- */

uc_err room_group_key_material(struct uc_client *c, struct room_group *g, struct view address,
			       struct arena *a, struct view *request)
{
	struct group_view now = group_now(g->g);
	uint16_t suites[] = { now.suite->id };
	struct key_material_request k = {
		.protocol = PROTOCOL_MLS10,
		.target_user = address,
		.room_id = group_id(g->g),
		.acceptable_ciphersuites = { suites, 1 },
		.requester_signature_key = sign_public(group_signature_key(g->g)),
		.requester_credential = { .credential_type = CREDENTIAL_BASIC },
	};
	struct view tbs;
	TRY(room_group_own_client(g, &k.requester_credential.identity, &k.requesting_user));
	TRY(required_capabilities_of(&now.context->extensions, a, &k.required_capabilities));
	TRY(wire_encode_to(a, key_material_request_tbs_element, &k, &tbs));
	TRY(room_group_sign(c, g, "KeyMaterialRequestTBS", tbs, a,
			    &k.key_material_request_signature));
	return wire_encode_to(a, key_material_request_element, &k, request);
}

static uc_err user_status_err(uint8_t status)
{
	switch (status) {
	case KEY_MATERIAL_SUCCESS:
	case KEY_MATERIAL_PARTIAL_SUCCESS:
		return UC_OK;
	case KEY_MATERIAL_NO_CONSENT:
	case KEY_MATERIAL_NO_CONSENT_FOR_THIS_ROOM:
		return UC_E_NOT_ALLOWED;
	case KEY_MATERIAL_USER_UNKNOWN:
	case KEY_MATERIAL_USER_DELETED:
		return UC_E_ADDRESS;
	case KEY_MATERIAL_INCOMPATIBLE_PROTOCOL:
	case KEY_MATERIAL_NO_COMPATIBLE_MATERIAL:
		return UC_E_UNSUPPORTED;
	default:
		return UC_E_PEER;
	}
}

uc_err key_material_read(struct view response, struct arena *a, struct view *packages)
{
	struct key_material_response r;
	struct buf b;
	struct wire w;
	size_t n = 0;
	TRY(wire_decode(response, a, key_material_response_element, &r));
	TRY(user_status_err(r.user_status));
	buf_init(&b, BLOB_MAX);
	wire_writer(&w, &b);
	for (size_t i = 0; i < r.clients.n; i++) {
		if (r.clients.v[i].client_status != KEY_MATERIAL_CLIENT_SUCCESS)
			continue;
		wire_bytes(&w, &r.clients.v[i].key_package);
		n++;
	}
	uc_err err = n ? wire_finish(&w) : UC_E_EXHAUSTED;
	if (!err)
		err = arena_copy(a, buf_view(&b), packages);
	buf_done(&b);
	return err;
}
