/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/key_schedule.h"

#include "mls/rule.h"

#include <stddef.h>

static const uint8_t zeros[HASH_MAX];

/* An absent secret counts as KDF.Nh zero bytes. */
static struct view or_zeros(const struct suite *s, struct view secret)
{
	return secret.n ? secret : view_make(zeros, s->nh);
}

/* ExpandWithLabel(Extract(salt, ikm), label, context, KDF.Nh) */
static uc_err extract_expand(const struct suite *s, struct view salt, struct view ikm,
			     const char *label, struct view context, struct secret *out)
{
	struct secret prk = { 0 }, next = { .n = s->nh };
	uc_err err = suite_extract(s, salt, ikm, &prk);
	if (!err)
		err = expand_with_label(s, secret_view(&prk), label, context, next.b, next.n);
	if (!err)
		*out = next;
	secret_wipe(&prk);
	secret_wipe(&next);
	return err;
}

uc_err joiner_secret_derive(const struct suite *s, struct view init_secret,
			    struct view commit_secret, struct view group_context,
			    struct secret *joiner_secret)
{
	return extract_expand(s, init_secret, or_zeros(s, commit_secret), "joiner", group_context,
			      joiner_secret);
}

uc_err welcome_secret_derive(const struct suite *s, struct view joiner_secret,
			     struct view psk_secret, struct secret *welcome_secret)
{
	return extract_expand(s, joiner_secret, or_zeros(s, psk_secret), "welcome",
			      (struct view){ 0 }, welcome_secret);
}

uc_err welcome_key_derive(const struct suite *s, struct view welcome_secret, struct secret *key,
			  struct secret *nonce)
{
	struct secret k = { .n = s->nk }, n = { .n = s->nn };
	uc_err err = expand_with_label(s, welcome_secret, "key", (struct view){ 0 }, k.b, k.n);
	if (!err)
		err = expand_with_label(s, welcome_secret, "nonce", (struct view){ 0 }, n.b, n.n);
	if (!err) {
		*key = k;
		*nonce = n;
	}
	secret_wipe(&k);
	secret_wipe(&n);
	return err;
}

uc_err epoch_secret_derive(const struct suite *s, struct view joiner_secret, struct view psk_secret,
			   struct view group_context, struct secret *epoch_secret)
{
	return extract_expand(s, joiner_secret, or_zeros(s, psk_secret), "epoch", group_context,
			      epoch_secret);
}

/* RFC 9420, table 4, the init_secret of the figure above it, and the extensions draft's. */
static const struct {
	const char *label;
	size_t at;
} derived[] = {
	{ "sender data", offsetof(struct epoch_secrets, sender_data_secret) },
	{ "encryption", offsetof(struct epoch_secrets, encryption_secret) },
	{ "exporter", offsetof(struct epoch_secrets, exporter_secret) },
	{ "external", offsetof(struct epoch_secrets, external_secret) },
	{ "confirm", offsetof(struct epoch_secrets, confirmation_key) },
	{ "membership", offsetof(struct epoch_secrets, membership_key) },
	{ "resumption", offsetof(struct epoch_secrets, resumption_psk) },
	{ "authentication", offsetof(struct epoch_secrets, epoch_authenticator) },
	{ "init", offsetof(struct epoch_secrets, init_secret) },
	{ "application_export", offsetof(struct epoch_secrets, application_export_secret) },
};
enum { DERIVED = sizeof derived / sizeof derived[0] };

static struct secret *derived_at(struct epoch_secrets *e, size_t i)
{
	return (struct secret *)(void *)((uint8_t *)e + derived[i].at);
}

uc_err epoch_secrets_derive(const struct suite *s, struct view epoch_secret,
			    struct epoch_secrets *out)
{
	struct epoch_secrets e = { 0 };
	uc_err err = epoch_secret.n == s->nh ? UC_OK : UC_E_ARGUMENT;
	for (size_t i = 0; i < DERIVED && !err; i++)
		err = derive_secret(s, epoch_secret, derived[i].label, derived_at(&e, i));
	if (!err)
		*out = e;
	epoch_secrets_wipe(&e);
	return err;
}

uc_err epoch_secrets_from_joiner(const struct suite *s, struct view joiner_secret,
				 struct view psk_secret, struct view group_context,
				 struct epoch_secrets *out)
{
	struct secret epoch_secret = { 0 };
	uc_err err =
		epoch_secret_derive(s, joiner_secret, psk_secret, group_context, &epoch_secret);
	if (!err)
		err = epoch_secrets_derive(s, secret_view(&epoch_secret), out);
	secret_wipe(&epoch_secret);
	return err;
}

void epoch_secrets_forget_roots(struct epoch_secrets *e)
{
	secret_wipe(&e->encryption_secret);
	secret_wipe(&e->application_export_secret);
}

void epoch_secrets_wipe(struct epoch_secrets *e)
{
	wipe(e, sizeof *e);
}

/* One length for all, so that a record cannot hold secrets of two suites. */
void wire_epoch_secrets(struct wire *w, struct epoch_secrets *e)
{
	size_t nh = 0;
	for (size_t i = 0; i < DERIVED; i++) {
		struct secret *s = derived_at(e, i);
		struct view v = secret_view(s);
		wire_bytes(w, &v);
		if (!wire_reading(w))
			continue;
		bool root = s == &e->encryption_secret || s == &e->application_export_secret;
		if (!nh)
			nh = v.n;
		if ((v.n != nh || !v.n) && !(root && !v.n))
			wire_fail(w, UC_E_MALFORMED);
		else if (secret_set(s, v))
			wire_fail(w, UC_E_MALFORMED);
	}
}

/* --- what the secrets are used for --- */

uc_err external_key_derive(const struct suite *s, const struct epoch_secrets *e,
			   struct kem_key *out)
{
	return kem_key_derive(s, secret_view(&e->external_secret), out);
}

static const char external_init_label[] = "MLS 1.0 external init secret";

uc_err external_init_send(const struct suite *s, const struct env *env, struct view external_pub,
			  struct arena *a, struct view *kem_output, struct secret *init_secret)
{
	return hpke_export_send(s, env, external_pub, (struct view){ 0 },
				view_str(external_init_label), a, kem_output, init_secret, s->nh);
}

uc_err external_init_receive(const struct suite *s, const struct epoch_secrets *e,
			     struct view kem_output, struct secret *init_secret)
{
	struct kem_key key = { 0 };
	uc_err err = external_key_derive(s, e, &key);
	if (!err)
		err = hpke_export_receive(s, &key, kem_output, (struct view){ 0 },
					  view_str(external_init_label), init_secret, s->nh);
	kem_key_wipe(&key);
	return err;
}

static uc_err confirmation_tag(const struct suite *s, const struct epoch_secrets *e,
			       struct view confirmed_transcript_hash, uint8_t *out)
{
	return suite_mac(s, secret_view(&e->confirmation_key), confirmed_transcript_hash, out);
}

uc_err confirmation_tag_make(const struct suite *s, const struct epoch_secrets *e,
			     struct view confirmed_transcript_hash, uint8_t *out)
{
	TRY(confirmation_tag(s, e, confirmed_transcript_hash, out));
	secret_release(out, s->nh);
	return UC_OK;
}

uc_err confirmation_tag_check(const struct suite *s, const struct epoch_secrets *e,
			      struct view confirmed_transcript_hash, struct view tag)
{
	uint8_t want[HASH_MAX];
	TRY(confirmation_tag(s, e, confirmed_transcript_hash, want));
	bool same = view_equal_ct(tag, view_make(want, s->nh));
	wipe(want, sizeof want);
	return KEEPS(CONFIRMATION_TAG, same) ? UC_OK : UC_E_MAC;
}

uc_err mls_export(const struct suite *s, const struct epoch_secrets *e, const char *label,
		  struct view context, uint8_t *out, size_t n)
{
	struct secret derived_secret = { 0 };
	uint8_t hash[HASH_MAX];
	uc_err err = suite_hash(s, context, hash);
	if (!err)
		err = derive_secret(s, secret_view(&e->exporter_secret), label, &derived_secret);
	if (!err)
		err = expand_with_label(s, secret_view(&derived_secret), "exported",
					view_make(hash, s->nh), out, n);
	secret_wipe(&derived_secret);
	return err;
}
