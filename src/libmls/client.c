/* SPDX-License-Identifier: Apache-2.0 */
/* The client, its signature keys, and what errors ask of the caller. */
#include "base/heap.h"
#include "libmls/inside.h"

#define CALL_BYTES ((size_t)64 * 1024 * 1024)

uc_err mls_client_new(const struct mls_options *o, mls_client **client)
{
	if (!o || !o->platform || !o->platform->now_ms || !o->platform->random || !client)
		return UC_E_ARGUMENT;
	mls_client *c = HEAP_NEW(mls_client);
	if (!c)
		return UC_E_MEMORY;
	c->env = (struct env){ .ctx = o->platform->ctx,
			       .now_ms = o->platform->now_ms,
			       .random = o->platform->random,
			       .trace = o->platform->trace };
	if (o->policy)
		c->policy = *o->policy;
	if (o->parallel)
		c->parallel = (struct group_parallel){ o->parallel->ctx, o->parallel->run };
	c->wrapping = o->wrapping;
	if (o->crypto) {
		uc_err err = crypto_init(&c->crypto, o->crypto);
		if (err) {
			heap_free(c);
			return err;
		}
	}
	c->grease = o->grease;
	c->limit_bytes = o->limit_bytes ? o->limit_bytes : CALL_BYTES;
	c->group_limit_bytes = o->group_limit_bytes;
	policy_bind(c);
	client_hold(c);
	*client = c;
	return UC_OK;
}

void client_hold(mls_client *client)
{
	client->held++;
}

void client_release(mls_client *client)
{
	if (!--client->held)
		heap_free(client);
}

void mls_client_free(mls_client *client)
{
	if (client)
		client_release(client);
}

static const struct crypto *client_crypto(const mls_client *client)
{
	return client->crypto.n ? &client->crypto : NULL;
}

struct group_platform client_platform(const mls_client *client)
{
	return (struct group_platform){ .env = &client->env,
					.hooks = &client->hooks,
					.psks = &client->psks,
					.crypto = client_crypto(client),
					.memory_limit = client->group_limit_bytes };
}

const struct suite *client_suite(const mls_client *client, uint16_t id)
{
	return client ? crypto_suite(client_crypto(client), id) : NULL;
}

const struct suite *client_suite_at(const mls_client *client, size_t i)
{
	const struct crypto *c = client ? client_crypto(client) : NULL;
	if (c)
		return i < c->n ? &c->suites[i] : NULL;
	return client ? suite_at(i) : NULL;
}

uint16_t mls_suite_at(const mls_client *client, size_t i)
{
	const struct suite *s = client_suite_at(client, i);
	return s ? s->id : 0;
}

const char *mls_suite_name(const mls_client *client, uint16_t suite)
{
	const struct suite *s = client_suite(client, suite);
	if (!s)
		return NULL;
	return s->name ? s->name : ""; /* a table need not say */
}

/* --- errors --- */

static enum mls_error_kind kind_of_class(uc_err err)
{
	switch (uc_err_class(err)) {
	case UC_CLASS_OK:
		return MLS_ERROR_NONE;
	case UC_CLASS_USAGE:
		return MLS_ERROR_CALLER;
	case UC_CLASS_PROTOCOL:
	case UC_CLASS_CRYPTO:
		return MLS_ERROR_REFUSE;
	case UC_CLASS_STATE:
		return MLS_ERROR_DROP;
	default:
		return MLS_ERROR_SYSTEM;
	}
}

enum mls_error_kind mls_error_kind(uc_err err)
{
	switch (err) {
	case UC_E_NOT_FOUND:
	case UC_E_EPOCH_FUTURE:
	case UC_E_PSK:
	case UC_E_PENDING:
		return MLS_ERROR_RETRY;
	case UC_E_EXISTS:
	case UC_E_DECRYPT:
		return MLS_ERROR_DROP;
	case UC_E_FORK:
	case UC_E_CORRUPT:
	case UC_E_RESTORED:
		return MLS_ERROR_RESYNC;
	case UC_E_UNSUPPORTED:
	case UC_E_TOO_LARGE:
		return MLS_ERROR_REFUSE;
	case UC_E_RANDOM:
	case UC_E_CRYPTO:
		return MLS_ERROR_SYSTEM;
	default:
		return kind_of_class(err);
	}
}

/* --- signature keys --- */

static uc_err key_new(mls_client *client, uint16_t suite, mls_signature_key **out)
{
	const struct suite *s = client_suite(client, suite);
	if (!s)
		return UC_E_SUITE;
	mls_signature_key *k = HEAP_NEW(mls_signature_key);
	if (!k)
		return UC_E_MEMORY;
	k->client = client;
	client_hold(client);
	k->suite = s;
	*out = k;
	return UC_OK;
}

uc_err mls_signature_key_generate(mls_client *client, uint16_t suite, mls_signature_key **key)
{
	mls_signature_key *k = NULL;
	if (!client || !key)
		return UC_E_ARGUMENT;
	TRY(key_new(client, suite, &k));
	uc_err err = sign_key_generate(k->suite, &client->env, &k->key);
	if (err)
		mls_signature_key_free(k);
	else
		*key = k;
	return err;
}

uc_err mls_signature_key_import(mls_client *client, uint16_t suite, struct mls_bytes private_key,
				mls_signature_key **key)
{
	mls_signature_key *k = NULL;
	struct view priv;
	if (!client || !key)
		return UC_E_ARGUMENT;
	TRY(bytes_in(private_key, &priv));
	TRY(key_new(client, suite, &k));
	uc_err err = sign_key_import(k->suite, priv, &k->key);
	if (err)
		mls_signature_key_free(k);
	else
		*key = k;
	return err;
}

uc_err mls_signature_key_export(const mls_signature_key *key, mls_out *out,
				struct mls_bytes *private_key)
{
	return key ? mls_out_copy(out, key->key.priv.b, key->key.priv.n, private_key)
		   : UC_E_ARGUMENT;
}

uc_err mls_signature_key_public(const mls_signature_key *key, mls_out *out,
				struct mls_bytes *public_key)
{
	return key ? mls_out_copy(out, key->key.pub, key->key.pub_n, public_key) : UC_E_ARGUMENT;
}

void mls_signature_key_free(mls_signature_key *key)
{
	if (!key || key->client->inside)
		return;
	sign_key_wipe(&key->key);
	client_release(key->client);
	heap_free_wiped(key, sizeof *key);
}
