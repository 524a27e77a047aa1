/* SPDX-License-Identifier: Apache-2.0 */
/* The side of the new device. */
#include "client/pairing.h"

#include "client/account.h"
#include "client/devices.h"
#include "client/session.h"
#include "client/turn.h"
#include "client/vault.h"
#include "mimi/names.h"
#include "mimi/pairing.h"

#include "base/heap.h"

#define TABLE "joining"

enum { ASK_MS = 2000, RETRY_MS = 5000, LAST_MS = 10 * 60 * 1000, RECORD_BYTES = 16384 };

struct joining {
	uint16_t version;
	uint8_t secret[PAIRING_SECRET];
	struct pairing_key answer_key;
	uint64_t until_ms;
	bool opened; /* the app has the request */
	struct blob request;

	uint64_t retry_ms; /* memory only */
	bool busy;
};

static void wire_joining(struct wire *w, struct joining *j)
{
	wire_u16(w, &j->version);
	if (j->version != 1)
		wire_fail(w, UC_E_VERSION);
	wire_fixed(w, j->secret, sizeof j->secret);
	wire_fixed(w, j->answer_key.priv, sizeof j->answer_key.priv);
	wire_fixed(w, j->answer_key.pub, sizeof j->answer_key.pub);
	wire_u64(w, &j->until_ms);
	wire_bool(w, &j->opened);
	wire_blob(w, &j->request);
}
WIRE_ELEMENT(joining)

static struct safe_place place(void)
{
	return (struct safe_place){ .table = TABLE, .name = VIEW_LIT("self") };
}

static void keep(struct uc_client *c)
{
	safe_put_object(&c->safe, place(), joining_element, c->joining);
}

void pairing_free(struct uc_client *c)
{
	if (!c->joining)
		return;
	blob_done(&c->joining->request);
	heap_free_wiped(c->joining, sizeof *c->joining);
	c->joining = NULL;
}

static uc_err known(struct uc_client *c)
{
	struct arena a;
	struct view value;
	if (c->joining)
		return UC_OK;
	struct joining *j = HEAP_NEW(struct joining);
	if (!j)
		return UC_E_MEMORY;
	arena_init(&a, RECORD_BYTES, ARENA_SECRET);
	uc_err err = safe_get(&c->safe, place(), &a, &value);
	if (!err)
		err = wire_decode(value, &a, joining_element, j);
	arena_done(&a);
	c->joining = j;
	if (err)
		pairing_free(c);
	return err;
}

/* It is over: joined, or in vain. */
static void end(struct uc_client *c, uc_err err, struct view text)
{
	safe_delete(&c->safe, place());
	pairing_free(c);
	if (err) {
		c->account.state = ACCOUNT_NONE;
		c->account.dirty = true;
	}
	op_done(c, c->account_op, err, text);
	c->account_op = 0;
}

/* --- what comes --- */

static uc_err keys_take(struct uc_client *c, const struct pairing_grant *g)
{
	struct account *a = &c->account;
	a->request_key_count = 0;
	for (size_t i = 0; i < g->request_keys.n && i < REQUEST_KEYS; i++) {
		struct request_key *k = &a->request_keys[a->request_key_count++];
		memcpy(k->priv, g->request_keys.v[i].priv, sizeof k->priv);
		memcpy(k->pub, g->request_keys.v[i].pub, sizeof k->pub);
		k->put = true;
	}
	struct vault_handed handed;
	memcpy(handed.key, g->vault_key, sizeof handed.key);
	memcpy(handed.words_pub, g->words_key, sizeof handed.words_pub);
	handed.number = g->vault_number;
	vault_keys_set(c, &handed);
	wipe(&handed, sizeof handed);
	return UC_OK;
}

/* Nothing is changed unless this device stands on the list that comes with it. */
static uc_err grant_take(struct uc_client *c, const struct pairing_grant *g)
{
	struct account *a = &c->account;
	struct view normal;
	struct device_list l;
	if (device_list_verify(&g->device_list, view_str(a->app), g->account_key, &c->call, &l) ||
	    !device_list_has(&l, VIEW_OF(a->device.pub)))
		return UC_E_CHAIN;
	TRY(profile_name_normalise(g->profile_name, &c->call, &normal));
	TRY(text_set(a->profile_name, sizeof a->profile_name, normal));
	TRY(text_set(a->identifier, sizeof a->identifier, g->identifier));
	TRY(text_set(a->code_now.text, sizeof a->code_now.text, g->code));
	memcpy(a->code_now.tag, g->code_tag, sizeof a->code_now.tag);
	memcpy(a->account_key, g->account_key.p, ED25519_KEY);
	memcpy(a->account_id, g->account_id, ACCOUNT_ID);
	TRY(devices_begin(c, &g->device_list));
	TRY(blob_set(&a->settings, g->settings));
	TRY(keys_take(c, g));
	a->state = ACCOUNT_ACTIVE;
	a->dirty = true;
	return UC_OK;
}

static uc_err answer_in(struct uc_client *c, const struct reply *r)
{
	struct joining *j = c->joining;
	struct pair_take_response in;
	struct pairing_grant g;
	TRY(wire_decode(r->body, r->mem, pair_take_response_element, &in));
	TRY(pairing_grant_open(j->secret, view_str(c->account.app), blob_view(&j->request),
			       &j->answer_key, in.sealed, &c->call, &g));
	uc_err err = grant_take(c, &g);
	wipe(&g, sizeof g);
	return err;
}

static uc_err take_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct joining *j = c->joining;
	(void)subject;
	if (!j)
		return UC_OK;
	j->busy = false;
	if (r->err == UC_E_NET)
		return UC_OK;
	if (r->err == UC_E_NOT_FOUND) {
		/* An app that has begun anew has forgotten it: it is left there again. */
		j->opened = false;
		j->retry_ms = client_now(c) + RETRY_MS;
		keep(c);
		return UC_OK;
	}
	if (r->err) {
		j->retry_ms =
			r->err == UC_E_PENDING ? client_now(c) + ASK_MS : retry_at(c, r, RETRY_MS);
		return UC_OK;
	}
	uc_err err = answer_in(c, r);
	if (err_is_hard(err))
		return err;
	end(c, err, (struct view){ NULL, 0 });
	return err ? UC_OK : sign_in_send(c);
}

static uc_err open_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct joining *j = c->joining;
	(void)subject;
	if (!j)
		return UC_OK;
	j->busy = false;
	if (r->err == UC_E_NET)
		return UC_OK;
	if (!r->err) {
		j->opened = true;
		keep(c);
	} else if (reply_is_transient(r) || r->err == UC_E_BUSY) {
		j->retry_ms = retry_at(c, r, RETRY_MS);
	} else {
		end(c, r->err, r->text);
	}
	return UC_OK;
}

/* Also when the clock was put back: then nobody is to wait for the old time. */
static bool is_over(struct uc_client *c, const struct joining *j)
{
	uint64_t now = client_now(c);
	return now >= j->until_ms || j->until_ms - now > LAST_MS;
}

uc_err pairing_drive(struct uc_client *c)
{
	struct pair_open_request open;
	struct pair_take_request take;
	uc_err err = known(c);
	if (err_is_hard(err))
		return err;
	if (err) {
		end(c, err, (struct view){ NULL, 0 });
		return UC_OK;
	}
	struct joining *j = c->joining;
	if (j->busy)
		return UC_OK;
	if (is_over(c, j)) {
		end(c, UC_E_TIMEOUT, (struct view){ NULL, 0 });
		return UC_OK;
	}
	wake_at(c, j->until_ms);
	if (waits_until(c, j->retry_ms))
		return UC_OK;
	TRY(pairing_mailbox(j->secret, open.mailbox));
	open.sealed = blob_view(&j->request);
	memcpy(take.mailbox, open.mailbox, sizeof take.mailbox);
	err = j->opened ? call_send(c, FRAME_PAIR_TAKE, pair_take_request_element, &take, take_done,
				    NULL)
			: call_send(c, FRAME_PAIR_OPEN, pair_open_request_element, &open, open_done,
				    NULL);
	j->busy = !err;
	return err;
}

/* --- for the owner --- */

static uc_err request_make(struct uc_client *c, struct joining *j)
{
	const struct account *a = &c->account;
	struct kem_key k;
	struct view sealed;
	TRY(env_random(&c->env, j->secret, sizeof j->secret));
	TRY(kem_key_generate(suite_find(SUITE_X25519_AES128), &c->env, &k));
	memcpy(j->answer_key.priv, k.priv.b, sizeof j->answer_key.priv);
	memcpy(j->answer_key.pub, k.pub, sizeof j->answer_key.pub);
	kem_key_wipe(&k);
	struct pairing_request r = { .device_key = VIEW_OF(a->device.pub),
				     .intake_key = VIEW_OF(a->intake_pub),
				     .answer_key = VIEW_OF(j->answer_key.pub) };
	TRY(vault_device_sign(&a->device, view_str(a->app), r.intake_key, &c->call,
			      &r.box_signature));
	TRY(pairing_request_seal(&c->env, j->secret, view_str(a->app), &r, &c->call, &sealed));
	return blob_set(&j->request, sealed);
}

struct join_call {
	char *out;
	size_t out_n;
	uc_op *op;
};

static uc_err code_write(struct uc_client *c, const struct join_call *in)
{
	struct pairing_code code = { .domain = view_str(c->account.app) };
	struct view text;
	memcpy(code.secret, c->joining->secret, sizeof code.secret);
	uc_err err = pairing_code_write(&code, &c->call, &text);
	wipe(&code, sizeof code);
	return err ? err : text_set(in->out, in->out_n, text);
}

static uc_err begin(struct uc_client *c, const struct join_call *in)
{
	struct account *a = &c->account;
	TRY(account_device_keys(c));
	c->joining = HEAP_NEW(struct joining);
	if (!c->joining)
		return UC_E_MEMORY;
	c->joining->version = 1;
	c->joining->until_ms = client_now(c) + LAST_MS;
	TRY(request_make(c, c->joining));
	TRY(code_write(c, in));
	a->state = ACCOUNT_JOINING;
	a->dirty = true;
	keep(c);
	return UC_OK;
}

static uc_err join(struct uc_client *c, void *arg)
{
	const struct join_call *in = arg;
	uint8_t state = c->account.state;
	uc_err err;
	if ((state != ACCOUNT_NONE && state != ACCOUNT_JOINING) || c->account_busy)
		return UC_E_EXISTS;
	/* Asked again, perhaps after a restart: somebody may have that code already. */
	if (state == ACCOUNT_JOINING && !known(c))
		err = code_write(c, in);
	else
		err = begin(c, in);
	if (err && state == ACCOUNT_NONE)
		pairing_free(c);
	TRY(err);
	op_done(c, c->account_op, UC_E_STALE, (struct view){ NULL, 0 }); /* of the call before */
	*in->op = c->account_op = op_new(c);
	return UC_OK;
}

uc_err uc_device_join(uc_client *c, char out[UC_DEVICE_CODE_MAX], uc_op *op)
{
	struct join_call in = { out, UC_DEVICE_CODE_MAX, op };
	if (!c || !out || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, join, &in);
}
