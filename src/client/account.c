/* SPDX-License-Identifier: Apache-2.0 */
#include "client/account.h"

#include "base/heap.h"
#include "client/device_watch.h"
#include "client/devices.h"
#include "client/own_devices.h"
#include "client/pairing.h"
#include "client/portraits.h"
#include "client/rooms.h"
#include "client/session.h"
#include "client/turn.h"
#include "client/vault.h"
#include "client/words.h"
#include "mimi/names.h"

enum { RETRY_MS = 15 * 1000 };

/* --- keys --- */

static uc_err account_key_from(const uint8_t entropy[WORDS_ENTROPY], struct ed25519_key *out)
{
	uint8_t seed[ED25519_SEED];
	TRY(hkdf_sha256((struct view){ NULL, 0 }, (struct view){ entropy, WORDS_ENTROPY },
			VIEW_LIT("Undercroft account key"), seed, sizeof seed));
	ed25519_from_seed(seed, out);
	wipe(seed, sizeof seed);
	return UC_OK;
}

static uc_err box_key_generate(struct uc_client *c, uint8_t priv[32], uint8_t pub[32])
{
	struct kem_key k;
	TRY(kem_key_generate(suite_find(SUITE_X25519_AES128), &c->env, &k));
	memcpy(priv, k.priv.b, 32);
	memcpy(pub, k.pub, 32);
	kem_key_wipe(&k);
	return UC_OK;
}

uc_err account_device_keys(struct uc_client *c)
{
	struct account *a = &c->account;
	TRY(ed25519_generate(&c->env, &a->device));
	return box_key_generate(c, a->intake_priv, a->intake_pub);
}

/* The keys of an account to be, once; a repeated sign-up uses them again. */
static uc_err keys_make(struct uc_client *c)
{
	struct account *a = &c->account;
	struct ed25519_key key;
	if (a->has_entropy)
		return UC_OK;
	TRY(env_random(&c->env, a->entropy, sizeof a->entropy));
	TRY(account_key_from(a->entropy, &key));
	memcpy(a->account_key, key.pub, ED25519_KEY);
	uc_err err = account_device_keys(c);
	if (!err)
		err = devices_first(c, &key);
	if (!err)
		err = vault_begin(c, a->entropy);
	wipe(&key, sizeof key);
	a->has_entropy = !err;
	a->dirty = true;
	return err;
}

static void keys_forget(struct uc_client *c)
{
	struct account *a = &c->account;
	wipe(a->entropy, sizeof a->entropy);
	a->has_entropy = false;
	a->dirty = true;
}

/* What contacts are shown, as it will be shown. */
static uc_err profile_set(struct uc_client *c, const char *name, char out[PROFILE_BYTES])
{
	struct view normal;
	TRY(profile_name_normalise(view_str(name), &c->call, &normal));
	return text_set(out, PROFILE_BYTES, normal);
}

/* --- codes --- */

static uc_err code_done(struct uc_client *c, void *subject, const struct reply *r)
{
	op_done(c, (uc_op)(uintptr_t)subject, r->err, r->text);
	return UC_OK;
}

struct sign_up_args {
	const char *identifier, *code, *profile_name;
	uc_op *op;
};

static uc_err request_code(struct uc_client *c, void *arg)
{
	const struct sign_up_args *in = arg;
	if (c->connection != UC_GREETED && c->connection != UC_ONLINE)
		return UC_E_NET;
	struct code_request_request req = { .identifier = view_str(in->identifier) };
	uc_op op = op_new(c);
	TRY(call_send(c, FRAME_CODE_REQUEST, code_request_request_element, &req, code_done,
		      (void *)(uintptr_t)op));
	*in->op = op;
	return UC_OK;
}

uc_err uc_request_code(uc_client *c, const char *identifier, uc_op *op)
{
	struct sign_up_args in = { .identifier = identifier, .op = op };
	if (!c || !identifier || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, request_code, &in);
}

/* --- sign-up --- */

/* The keys of a sign-up are kept for the next attempt; those of words that fit no account here
 * are not. */
static void sign_up_failed(struct uc_client *c, const struct reply *r)
{
	if (c->account.state == ACCOUNT_RECOVERING)
		keys_forget(c);
	vault_recover_drop(c);
	wipe(c->account.code, sizeof c->account.code);
	c->account.state = ACCOUNT_NONE;
	c->account.dirty = true;
	op_done(c, c->account_op, r->err, r->text);
	c->account_op = 0;
}

static uc_err active(struct uc_client *c, const uint8_t account_id[ACCOUNT_ID])
{
	struct account *a = &c->account;
	memcpy(a->account_id, account_id, ACCOUNT_ID);
	a->state = ACCOUNT_ACTIVE;
	memset(a->code, 0, sizeof a->code);
	a->dirty = true;
	return session_signed_in(c);
}

/* On the same connection; on another one at its greeting. */
void account_try_later(struct uc_client *c, const struct reply *r)
{
	if (r->err != UC_E_NET)
		c->account_retry_ms = retry_at(c, r, RETRY_MS);
}

static uc_err sign_up_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct sign_up_response in;
	char words[WORDS_TEXT];
	(void)subject;
	c->account_busy = false;
	if (r->err == UC_E_NET || reply_is_transient(r)) {
		account_try_later(c, r);
		return UC_OK;
	}
	struct reply bad = { .err = UC_E_FRAME };
	if (r->err || wire_decode(r->body, r->mem, sign_up_response_element, &in)) {
		sign_up_failed(c, r->err ? r : &bad);
		return UC_OK;
	}
	TRY(active(c, in.account_id));
	TRY(words_encode(c->account.entropy, words));
	op_done(c, c->account_op, UC_OK, view_str(words));
	c->account_op = 0;
	wipe(words, sizeof words);
	return UC_OK;
}

static uc_err sign_up_send(struct uc_client *c)
{
	struct account *a = &c->account;
	uint8_t signature[ED25519_SIGNATURE];
	struct sign_up_request req = {
		.identifier = view_str(a->identifier),
		.code = view_str(a->code),
		.account_key = VIEW_OF(a->account_key),
		.device_key = VIEW_OF(a->device.pub),
		.intake_key = VIEW_OF(a->intake_pub),
		.signature = VIEW_OF(signature),
	};
	TRY(devices_last_entry(c, &req.device_list_entry));
	TRY(session_sign(c, SESSION_SIGN_UP, &a->device, (struct view){ NULL, 0 },
			 req.device_list_entry, signature));
	TRY(call_send(c, FRAME_SIGN_UP, sign_up_request_element, &req, sign_up_done, NULL));
	c->account_busy = true;
	return UC_OK;
}

static uc_err sign_up(struct uc_client *c, void *arg)
{
	const struct sign_up_args *in = arg;
	struct account *a = &c->account;
	char identifier[IDENTIFIER_BYTES], profile[PROFILE_BYTES], code[CODE_BYTES];
	if (a->state > ACCOUNT_SIGNING_UP || c->account_busy)
		return UC_E_EXISTS;
	TRY(text_set(identifier, sizeof identifier, view_str(in->identifier)));
	TRY(profile_set(c, in->profile_name, profile));
	TRY(text_set(code, sizeof code, view_str(in->code)));
	TRY(keys_make(c));
	op_done(c, c->account_op, UC_E_STALE, (struct view){ NULL, 0 }); /* of an earlier attempt */
	memcpy(a->identifier, identifier, sizeof identifier);
	memcpy(a->profile_name, profile, sizeof profile);
	memcpy(a->code, code, sizeof code);
	a->state = ACCOUNT_SIGNING_UP;
	a->dirty = true;
	*in->op = c->account_op = op_new(c);
	return c->connection == UC_GREETED ? sign_up_send(c) : UC_OK;
}

uc_err uc_sign_up(uc_client *c, const char *identifier, const char *code, const char *profile_name,
		  uc_op *op)
{
	struct sign_up_args in = { identifier, code ? code : "", profile_name, op };
	if (!c || !identifier || !profile_name || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, sign_up, &in);
}

/* --- recovery --- */

uc_err uc_recovery_words(uc_client *c, char *out, size_t out_n)
{
	char words[WORDS_TEXT];
	if (!c || !out)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	if (!c->account.has_entropy || !account_is_active(c))
		return UC_E_NOT_FOUND;
	if (out_n < sizeof words)
		return UC_E_TOO_LARGE;
	TRY(words_encode(c->account.entropy, words));
	memcpy(out, words, sizeof words);
	wipe(words, sizeof words);
	return UC_OK;
}

static uc_err recovery_confirmed(struct uc_client *c, void *arg)
{
	(void)arg;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	keys_forget(c);
	return UC_OK;
}

uc_err uc_recovery_confirmed(uc_client *c)
{
	return c ? turn_run(c, recovery_confirmed, NULL) : UC_E_ARGUMENT;
}

/* What the vault had is there before anything else comes in.  The person has the words, since they were
 * just typed: nothing of them stays. */
static uc_err recovered(struct uc_client *c)
{
	TRY(vault_recovered(c));
	keys_forget(c);
	op_done(c, c->account_op, UC_OK, (struct view){ NULL, 0 });
	c->account_op = 0;
	return UC_OK;
}

static uc_err recover_send(struct uc_client *c);

static uc_err reset_done(struct uc_client *c, void *subject, const struct reply *r)
{
	(void)subject;
	c->account_busy = false;
	if (r->err == UC_E_NET || reply_is_transient(r)) {
		account_try_later(c, r);
		return UC_OK;
	}
	if (!r->err) {
		TRY(recovered(c));
		return active(c, c->account.account_id);
	}
	/* An attempt of before, whose answer was lost, may have been carried out meanwhile. */
	if ((r->err == UC_E_CHAIN || r->err == UC_E_STALE) && !c->reset_again) {
		c->reset_again = true;
		return recover_send(c);
	}
	sign_up_failed(c, r);
	return UC_OK;
}

static uc_err reset_send(struct uc_client *c)
{
	struct account *a = &c->account;
	uint8_t signature[ED25519_SIGNATURE];
	struct device_reset_request req = {
		.device_key = VIEW_OF(a->device.pub),
		.intake_key = VIEW_OF(a->intake_pub),
		.signature = VIEW_OF(signature),
	};
	TRY(devices_last_entry(c, &req.device_list_entry));
	TRY(session_sign(c, SESSION_SIGN_UP, &a->device, VIEW_OF(a->account_id),
			 req.device_list_entry, signature));
	a->dirty = true;
	return call_send(c, FRAME_DEVICE_RESET, device_reset_request_element, &req, reset_done,
			 NULL);
}

/* The app's list may end with our own entry already: then only its answer was lost. */
static uc_err list_received(struct uc_client *c, const struct recover_response *in)
{
	struct ed25519_key key;
	memcpy(c->account.account_id, in->account_id, ACCOUNT_ID);
	TRY(account_key_from(c->account.entropy, &key));
	uc_err err = devices_reset(c, &in->entries, &key);
	wipe(&key, sizeof key);
	if (err == UC_E_EXISTS) {
		c->account_busy = false;
		c->account.state = ACCOUNT_ACTIVE;
		TRY(recovered(c));
		return sign_in_send(c);
	}
	TRY(err);
	return reset_send(c);
}

static uc_err recover_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct recover_response in;
	struct reply bad = { .err = UC_E_FRAME };
	(void)subject;
	if (r->err || wire_decode(r->body, r->mem, recover_response_element, &in)) {
		c->account_busy = false;
		if (r->err == UC_E_NET || reply_is_transient(r))
			account_try_later(c, r);
		else
			sign_up_failed(c, r->err ? r : &bad);
		return UC_OK;
	}
	return vault_recover(c, r->body);
}

uc_err account_recover_on(struct uc_client *c, struct view response)
{
	struct recover_response in;
	struct reply bad = { .err = UC_E_FRAME };
	TRY(wire_decode(response, &c->call, recover_response_element, &in));
	uc_err err = list_received(c, &in);
	if (!err || err_is_hard(err))
		return err;
	c->account_busy = false;
	bad.err = err;
	sign_up_failed(c, &bad);
	return UC_OK;
}

void account_recover_later(struct uc_client *c, const struct reply *r)
{
	c->account_busy = false;
	account_try_later(c, r);
}

static uc_err recover_send(struct uc_client *c)
{
	struct account *a = &c->account;
	struct ed25519_key key;
	uint8_t signature[ED25519_SIGNATURE];
	struct recover_request req = { VIEW_OF(a->account_key), VIEW_OF(signature) };
	TRY(account_key_from(a->entropy, &key));
	uc_err err = session_sign(c, SESSION_RECOVER, &key, (struct view){ NULL, 0 },
				  (struct view){ NULL, 0 }, signature);
	wipe(&key, sizeof key);
	TRY(err);
	TRY(call_send(c, FRAME_RECOVER, recover_request_element, &req, recover_done, NULL));
	c->account_busy = true;
	return UC_OK;
}

/* A recovery that was interrupted goes on by itself; with the same words its end can be waited for. */
static uc_err recover_again(struct uc_client *c, const struct sign_up_args *in)
{
	uint8_t entropy[WORDS_ENTROPY];
	TRY(words_decode(view_str(in->code), entropy, NULL));
	bool same = view_equal_ct(VIEW_OF(entropy), VIEW_OF(c->account.entropy));
	wipe(entropy, sizeof entropy);
	if (!same)
		return UC_E_EXISTS;
	op_done(c, c->account_op, UC_E_STALE, (struct view){ NULL, 0 });
	*in->op = c->account_op = op_new(c);
	return UC_OK;
}

static uc_err recover(struct uc_client *c, void *arg)
{
	const struct sign_up_args *in = arg;
	struct account *a = &c->account;
	struct ed25519_key key;
	uint8_t entropy[WORDS_ENTROPY];
	char profile[PROFILE_BYTES];
	if (a->state == ACCOUNT_RECOVERING)
		return recover_again(c, in);
	if (a->state != ACCOUNT_NONE || c->account_busy)
		return UC_E_EXISTS;
	TRY(profile_set(c, in->profile_name, profile));
	TRY(words_decode(view_str(in->code), entropy, NULL));
	uc_err err = account_device_keys(c);
	if (!err)
		err = account_key_from(entropy, &key);
	if (!err) {
		memcpy(a->entropy, entropy, sizeof entropy);
		memcpy(a->account_key, key.pub, ED25519_KEY);
	}
	wipe(entropy, sizeof entropy);
	wipe(&key, sizeof key);
	TRY(err);
	memcpy(a->profile_name, profile, sizeof profile);
	memset(a->identifier, 0, sizeof a->identifier);
	blob_done(&a->list);
	c->ends.known = false;
	a->has_entropy = true;
	a->state = ACCOUNT_RECOVERING;
	a->dirty = true;
	c->reset_again = false;
	*in->op = c->account_op = op_new(c);
	return c->connection == UC_GREETED ? recover_send(c) : UC_OK;
}

uc_err uc_recover(uc_client *c, const char *words, const char *profile_name, uc_op *op)
{
	struct sign_up_args in = { .code = words, .profile_name = profile_name, .op = op };
	if (!c || !words || !profile_name || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, recover, &in);
}

uc_err account_resume(struct uc_client *c)
{
	switch (c->account.state) {
	case ACCOUNT_SIGNING_UP:
		return sign_up_send(c);
	case ACCOUNT_RECOVERING:
		return recover_send(c);
	case ACCOUNT_JOINING:
		return pairing_drive(c);
	default:
		return UC_OK;
	}
}

uc_err account_begin_drive(struct uc_client *c)
{
	uint8_t state = c->account.state;
	if (state == ACCOUNT_JOINING)
		return pairing_drive(c);
	if (c->account_busy || (state != ACCOUNT_SIGNING_UP && state != ACCOUNT_RECOVERING))
		return UC_OK;
	return waits_until(c, c->account_retry_ms) ? UC_OK : account_resume(c);
}

/* --- while signed in --- */

static uc_err request_key_done(struct uc_client *c, void *subject, const struct reply *r)
{
	(void)subject;
	c->account_busy = false;
	if (!r->err) {
		c->account.request_keys[0].put = true;
		c->account.dirty = true;
	} else {
		account_try_later(c, r);
	}
	return UC_OK;
}

static uc_err request_key_send(struct uc_client *c)
{
	static const uint8_t none[32];
	struct account *a = &c->account;
	struct request_key *k = &a->request_keys[0];
	if (!a->request_key_count || view_equal(VIEW_OF(k->pub), VIEW_OF(none))) {
		TRY(box_key_generate(c, k->priv, k->pub));
		k->put = false;
		if (!a->request_key_count)
			a->request_key_count = 1;
		a->dirty = true;
	}
	struct request_key_put_request req = { VIEW_OF(a->request_keys[0].pub) };
	c->account_busy = true;
	return call_send(c, FRAME_REQUEST_KEY_PUT, request_key_put_request_element, &req,
			 request_key_done, NULL);
}

static uc_err list_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct device_list_get_response in;
	bool listed = true;
	(void)subject;
	c->account_busy = false;
	if (r->err || wire_decode(r->body, r->mem, device_list_get_response_element, &in)) {
		account_try_later(c, r);
		return UC_OK;
	}
	c->list_stale = false;
	own_devices_read(c);
	uc_err err = devices_take(c, &in.entries, &listed);
	if (err_is_hard(err))
		return err;
	TRY(device_watch_read(c, err));
	if (err) {
		event_warning(c, err, VIEW_LIT("the app's list of your devices does not verify"),
			      NULL);
		return UC_OK;
	}
	event_new(c, UC_EVENT_DEVICES);
	if (!listed)
		account_gone(c, UC_E_REVOKED);
	return UC_OK;
}

static uc_err list_fetch(struct uc_client *c)
{
	struct empty none = { 0 };
	c->account_busy = true;
	return call_send(c, FRAME_DEVICE_LIST, empty_element, &none, list_done, NULL);
}

/* --- another name --- */

struct renaming {
	uc_op op;
	char identifier[IDENTIFIER_BYTES];
};

static uc_err rename_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct renaming *n = subject;
	if (!r->err) {
		memcpy(c->account.identifier, n->identifier, sizeof c->account.identifier);
		c->account.dirty = true;
		c->finding.say_ms = 0;
	}
	op_done(c, n->op, r->err, r->text);
	heap_free(n);
	return UC_OK;
}

static uc_err rename_send(struct uc_client *c, void *arg)
{
	const struct sign_up_args *in = arg;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (c->connection != UC_ONLINE)
		return UC_E_NET;
	struct name_change_request q = { view_str(in->identifier), view_str(in->code) };
	struct renaming *n = HEAP_NEW(struct renaming);
	if (!n)
		return UC_E_MEMORY;
	n->op = op_new(c);
	uc_err err = text_set(n->identifier, sizeof n->identifier, q.identifier);
	if (!err)
		err = call_send(c, FRAME_NAME_CHANGE, name_change_request_element, &q, rename_done,
				n);
	if (err) {
		heap_free(n);
		return err;
	}
	*in->op = n->op;
	return UC_OK;
}

uc_err uc_account_rename(uc_client *c, const char *identifier, const char *code, uc_op *op)
{
	struct sign_up_args in = { identifier, code ? code : "", NULL, op };
	if (!c || !identifier || !*identifier || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, rename_send, &in);
}

/* --- driving --- */

void account_list_head(struct uc_client *c, uint32_t generation, uint32_t position)
{
	uint32_t known_generation, known_position;
	devices_head(c, &known_generation, &known_position);
	if (known_generation != generation || known_position != position || own_devices_unread(c))
		c->list_stale = true;
}

uc_err account_drive(struct uc_client *c)
{
	struct account *a = &c->account;
	if (!account_is_active(c) || c->account_busy)
		return UC_OK;
	if (waits_until(c, c->account_retry_ms))
		return UC_OK;
	if (c->list_stale)
		return list_fetch(c);
	if (a->deleting)
		return account_end_drive(c);
	if (!a->request_key_count || !a->request_keys[0].put)
		return request_key_send(c);
	return UC_OK;
}

uc_err uc_account_get(uc_client *c, struct uc_account *out)
{
	if (!c || !out)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	const struct account *a = &c->account;
	*out = (struct uc_account){
		.state = a->state == ACCOUNT_ACTIVE    ? UC_ACCOUNT
			 : a->state == ACCOUNT_GONE    ? UC_ACCOUNT_GONE
			 : a->state == ACCOUNT_DELETED ? UC_ACCOUNT_DELETED
			 : a->state == ACCOUNT_JOINING ? UC_ACCOUNT_JOINING
						       : UC_NO_ACCOUNT,
		.app = a->app,
		.names = (enum uc_name_kind)a->names,
		.identifier = a->identifier,
		.profile_name = a->profile_name,
		.waits_to_introduce = a->waits_to_introduce,
		.removes_not_introduced = a->removes_silent,
		.about = c->portrait.about,
		.picture = picture_number(blob_view(&c->portrait.picture)),
		.recovery_confirmed = !a->has_entropy,
		.devices = devices_count(c),
		.sets_left = c->sets_left,
	};
	memcpy(out->account_key, a->account_key, sizeof out->account_key);
	return UC_OK;
}
