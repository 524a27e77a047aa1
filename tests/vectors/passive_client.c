/* SPDX-License-Identifier: Apache-2.0 */
/* welcome, and the passive clients: a member who joins and then only listens (RFC 9420, 12.4). */
#include "tests/vectors/vectors.h"

#include "crypto/alg.h"

#include "mls/group.h"
#include "mls/message.h"
#include "mls/psk.h"
#include "mls/key_schedule.h"

#include <stdlib.h>

static struct mls_message *read_message(struct vector_run *r, const json_t *j, const char *field)
{
	struct mls_message *m = arena_take(&r->mem, sizeof *m);
	return vec_ok(r, field, wire_decode(vec_hex(r, j, field), &r->mem, mls_message_element, m))
		       ? m
		       : NULL;
}

/* Bytes inside the MLSMessage, after its version and wire format. */
static struct view inside(const struct mls_message *m)
{
	return view_slice(m->raw, 4, m->raw.n);
}

/* --- welcome --- */

static void welcome_run(struct vector_run *r, const json_t *j)
{
	struct mls_message *kp = read_message(r, j, "key_package");
	struct mls_message *wm = read_message(r, j, "welcome");
	struct kem_key init;
	struct view plain;
	uint8_t ref[HASH_MAX];
	struct group_secrets secrets;
	struct group_info info;
	struct secret psk = { .n = 0 }, welcome_secret, key, nonce, epoch_secret;
	struct epoch_secrets epoch;
	const struct suite *s = r->suite;
	if (!kp || !wm)
		return;
	const struct welcome *w = &wm->welcome;
	vec_ok(r, "key_package", key_package_ref(s, inside(kp), ref));
	vec_equal(r, "new_member", w->secrets.v[0].new_member, view_make(ref, s->nh));
	if (!vec_ok(r, "init_priv",
		    kem_key_import(s, vec_private(r, j, "init_priv", s->kem_nsk),
				   kp->key_package.init_key, &init)) ||
	    !vec_ok(r, "welcome",
		    decrypt_with_label(s, &init, "Welcome", w->encrypted_group_info,
				       w->secrets.v[0].encrypted_group_secrets.kem_output,
				       w->secrets.v[0].encrypted_group_secrets.ciphertext, &r->mem,
				       &plain)) ||
	    !vec_ok(r, "welcome", wire_decode(plain, &r->mem, group_secrets_element, &secrets)) ||
	    !vec_ok(r, "welcome",
		    welcome_secret_derive(s, secrets.joiner_secret, secret_view(&psk),
					  &welcome_secret)) ||
	    !vec_ok(r, "welcome",
		    welcome_key_derive(s, secret_view(&welcome_secret), &key, &nonce)))
		return;
	size_t n = w->encrypted_group_info.n - AEAD_TAG;
	uint8_t *opened = arena_take(&r->mem, n);
	struct view tbs, context;
	if (!vec_ok(r, "group_info",
		    suite_open(s, secret_view(&key), secret_view(&nonce), view_make(NULL, 0),
			       w->encrypted_group_info, opened)) ||
	    !vec_ok(r, "group_info",
		    wire_decode(view_make(opened, n), &r->mem, group_info_element, &info)) ||
	    !vec_ok(r, "group_info", wire_encode_to(&r->mem, group_info_tbs_element, &info, &tbs)))
		return;
	vec_ok(r, "signer_pub",
	       verify_with_label(s, vec_hex(r, j, "signer_pub"), "GroupInfoTBS", tbs,
				 info.signature));
	vec_ok(r, "group_context",
	       wire_encode_to(&r->mem, group_context_element, &info.group_context, &context));
	vec_ok(r, "epoch_secret",
	       epoch_secret_derive(s, secrets.joiner_secret, secret_view(&psk), context,
				   &epoch_secret));
	vec_ok(r, "epoch_secret", epoch_secrets_derive(s, secret_view(&epoch_secret), &epoch));
	vec_ok(r, "confirmation_tag",
	       confirmation_tag_check(s, &epoch, info.group_context.confirmed_transcript_hash,
				      info.confirmation_tag));
}

/* --- passive clients --- */

struct known_psks {
	struct vector_run *r;
	const json_t *list;
};

static uc_err find_psk(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	struct known_psks *k = ctx;
	for (size_t i = 0; i < json_array_size(k->list); i++) {
		const json_t *p = json_array_get(k->list, i);
		if (id->psktype == PSK_EXTERNAL &&
		    view_equal(id->psk_id, vec_hex(k->r, p, "psk_id")))
			return secret_set(out, vec_hex(k->r, p, "psk"));
	}
	return UC_E_PSK;
}

/* Saves and loads, so that every step also runs on what was at rest. */
static bool through_storage(struct vector_run *r, const struct group_platform *platform,
			    struct group **g)
{
	struct buf epoch, ratchets;
	struct group *again = NULL;
	buf_init(&epoch, WIRE_OBJECT_MAX);
	buf_init(&ratchets, WIRE_OBJECT_MAX);
	bool good = vec_ok(r, "save", group_save_epoch(*g, &epoch)) &&
		    vec_ok(r, "save", group_save_ratchets(*g, &ratchets)) &&
		    vec_ok(r, "load",
			   group_load(platform, buf_view(&epoch), buf_view(&ratchets), &again));
	buf_done(&epoch);
	buf_done(&ratchets);
	if (!good)
		return false;
	group_free(*g);
	*g = again;
	return true;
}

static bool play_epoch(struct vector_run *r, const json_t *j, struct group *g)
{
	struct received got;
	const json_t *proposals = vec_array(r, j, "proposals");
	for (size_t i = 0; i < json_array_size(proposals); i++)
		if (!vec_ok(r, "proposals",
			    group_receive(
				    g, vec_hex_value(r, json_array_get(proposals, i), "proposals"),
				    &r->mem, &got)))
			return false;
	return vec_ok(r, "commit", group_receive(g, vec_hex(r, j, "commit"), &r->mem, &got)) &&
	       vec_true(r, "commit", got.kind == RECEIVED_COMMIT) &&
	       vec_ok(r, "commit", group_staged_apply(g)) &&
	       vec_field(r, j, "epoch_authenticator", group_epoch_authenticator(g));
}

static bool join(struct vector_run *r, const json_t *j, const struct group_platform *platform,
		 struct group **g)
{
	struct mls_message *kp = read_message(r, j, "key_package");
	struct mls_message *wm = read_message(r, j, "welcome");
	struct key_package_secrets *secrets = arena_take(&r->mem, sizeof *secrets);
	if (!kp || !wm)
		return false;
	const struct key_package *k = &kp->key_package;
	struct welcome_input in = { .welcome = inside(wm),
				    .key_package = inside(kp),
				    .secrets = secrets };
	if (!vec_absent(j, "ratchet_tree"))
		in.ratchet_tree = vec_hex(r, j, "ratchet_tree");
	return vec_ok(r, "init_priv",
		      kem_key_import(r->suite, vec_private(r, j, "init_priv", r->suite->kem_nsk),
				     k->init_key, &secrets->init_key)) &&
	       vec_ok(r, "encryption_priv",
		      kem_key_import(r->suite,
				     vec_private(r, j, "encryption_priv", r->suite->kem_nsk),
				     k->leaf_node.encryption_key, &secrets->encryption_key)) &&
	       vec_ok(r, "signature_priv",
		      sign_key_import(r->suite,
				      vec_private(r, j, "signature_priv",
						  sign_alg_find(r->suite->signature_id)->nsk),
				      &secrets->signature_key)) &&
	       vec_equal(r, "signature_priv", sign_public(&secrets->signature_key),
			 k->leaf_node.signature_key) &&
	       vec_ok(r, "welcome", group_join(platform, &in, g));
}

/* The vectors' certificates are none. */
static uc_err any_chain(void *ctx, const struct suite *s, const struct view_list *chain,
			struct view signature_key, const struct leaf_node *before)
{
	(void)ctx;
	(void)s;
	(void)chain;
	(void)signature_key;
	(void)before;
	return UC_OK;
}

static void passive_run(struct vector_run *r, const json_t *j)
{
	struct known_psks known = { r, vec_array(r, j, "external_psks") };
	struct psk_finder finder = { .ctx = &known, .find = find_psk };
	struct group_hooks hooks = { .any_lifetime = true, .any_suites = true, .x509 = any_chain };
	struct group_platform platform = { .env = vec_env(), .hooks = &hooks, .psks = &finder };
	struct group *g = NULL;
	if (!join(r, j, &platform, &g))
		return;
	vec_field(r, j, "initial_epoch_authenticator", group_epoch_authenticator(g));
	const json_t *epochs = vec_array(r, j, "epochs");
	for (size_t i = 0; i < json_array_size(epochs); i++) {
		vec_at(r, "epochs[%zu].", i);
		if (!through_storage(r, &platform, &g) ||
		    !play_epoch(r, json_array_get(epochs, i), g))
			break;
	}
	vec_at(r, "%s", "");
	group_free(g);
}

static const char *const welcome_fields[] = { "init_priv", "key_package", "signer_pub", "welcome",
					      NULL };
static const char *const passive_fields[] = { "external_psks", "init_priv", "epochs", "welcome",
					      NULL };
const struct vector_kind welcome_kind = { "welcome", welcome_fields, welcome_run };
const struct vector_kind passive_client_kind = { "passive-client", passive_fields, passive_run };
