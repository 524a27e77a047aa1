/* SPDX-License-Identifier: Apache-2.0 */
/* The side of the device that brings the new one in: its request is fetched; once the person agrees, its box is
 * said in the vault, it is put on the list, and the answer is left. */
#include "client/pairing.h"

#include "client/account.h"
#include "client/devices.h"
#include "client/turn.h"
#include "client/vault.h"
#include "mimi/pairing.h"

#include "base/heap.h"

enum { STORE_MS = 30 * 1000 };

struct adding {
	struct adding *next; /* while it waits for the vault ... */
	uint64_t until_ms;   /* ... no longer than that */
	uc_op op;
	bool looks; /* and does nothing yet */
	uint8_t secret[PAIRING_SECRET];
	uint8_t mailbox[PAIRING_MAILBOX];
	struct blob request;
	uint8_t device_key[ED25519_KEY], intake_key[32], answer_key[32];
	uint8_t box_signature[ED25519_SIGNATURE];
};

static uc_err finish(struct uc_client *c, struct adding *x, uc_err err, struct view text)
{
	op_done(c, x->op, err, text);
	blob_done(&x->request);
	heap_free_wiped(x, sizeof *x);
	return err_is_hard(err) ? err : UC_OK;
}

static uc_err failed(struct uc_client *c, struct adding *x, uc_err err)
{
	return finish(c, x, err, (struct view){ NULL, 0 });
}

/* --- the answer --- */

static uc_err answered(struct uc_client *c, void *subject, const struct reply *r)
{
	/* Left before, and its answer was lost. */
	uc_err err = r->err == UC_E_EXISTS ? UC_OK : r->err;
	if (!err) /* also for the new one, which has come to stand on the list */
		vault_write(c);
	return finish(c, subject, err, err ? r->text : (struct view){ NULL, 0 });
}

static uc_err grant_make(struct uc_client *c, const struct adding *x, struct view *sealed)
{
	const struct account *a = &c->account;
	struct pairing_key keys[REQUEST_KEYS];
	struct vault_handed handed;
	struct pairing_grant g = { .account_key = VIEW_OF(a->account_key),
				   .identifier = view_str(a->identifier),
				   .profile_name = view_str(a->profile_name),
				   .request_keys = { keys, 0 },
				   .settings = blob_view(&a->settings),
				   .code = view_str(a->code_now.text) };
	TRY(devices_all(c, &c->call, &g.device_list));
	TRY(vault_keys_get(c, &handed));
	for (uint32_t i = 0; i < a->request_key_count; i++) {
		struct pairing_key *k = &keys[g.request_keys.n++];
		memcpy(k->priv, a->request_keys[i].priv, sizeof k->priv);
		memcpy(k->pub, a->request_keys[i].pub, sizeof k->pub);
	}
	memcpy(g.account_id, a->account_id, sizeof g.account_id);
	memcpy(g.code_tag, a->code_now.tag, sizeof g.code_tag);
	memcpy(g.vault_key, handed.key, sizeof g.vault_key);
	memcpy(g.words_key, handed.words_pub, sizeof g.words_key);
	g.vault_number = handed.number;
	uc_err err =
		pairing_grant_seal(&c->env, x->secret, view_str(a->app), blob_view(&x->request),
				   VIEW_OF(x->answer_key), &g, &c->call, sealed);
	wipe(keys, sizeof keys);
	wipe(&handed, sizeof handed);
	wipe(&g, sizeof g);
	return err;
}

static uc_err answer(struct uc_client *c, struct adding *x)
{
	struct pair_answer_request q;
	TRY(grant_make(c, x, &q.sealed));
	memcpy(q.mailbox, x->mailbox, sizeof q.mailbox);
	return call_send(c, FRAME_PAIR_ANSWER, pair_answer_request_element, &q, answered, x);
}

/* --- the list --- */

static uc_err listed(struct uc_client *c, void *subject, const struct reply *r)
{
	struct adding *x = subject;
	struct device_list_get_response in;
	bool is_own;
	if (r->err || wire_decode(r->body, r->mem, device_list_get_response_element, &in))
		return failed(c, x, r->err ? r->err : UC_E_FRAME);
	uc_err err = devices_take(c, &in.entries, &is_own);
	if (!err && !devices_is_listed(c, VIEW_OF(x->device_key)))
		err = UC_E_CHAIN;
	if (!err)
		event_new(c, UC_EVENT_DEVICES);
	if (!err)
		err = answer(c, x);
	return err ? failed(c, x, err) : UC_OK;
}

static uc_err appended(struct uc_client *c, void *subject, const struct reply *r)
{
	struct adding *x = subject;
	if (r->err) {
		c->list_stale = c->list_stale || r->err == UC_E_CHAIN;
		return failed(c, x, r->err == UC_E_CHAIN ? UC_E_STALE : r->err);
	}
	uc_err err =
		call_send(c, FRAME_DEVICE_LIST, empty_element, &(struct empty){ 0 }, listed, x);
	return err ? failed(c, x, err) : UC_OK;
}

static uc_err append(struct uc_client *c, struct adding *x)
{
	const struct account *a = &c->account;
	struct device_list l;
	struct device_entry e = { .device_action = DEVICE_ADD,
				  .device_key = VIEW_OF(x->device_key) };
	struct device_append_request q = { .device_key = VIEW_OF(x->device_key),
					   .intake_key = VIEW_OF(x->intake_key) };
	if (!devices_known(c, &l))
		return UC_E_NOT_FOUND;
	/* In an attempt before. */
	if (device_list_has(&l, e.device_key))
		return answer(c, x);
	if (devices_had(c, e.device_key))
		return UC_E_REVOKED;
	TRY(device_entry_make(&l, view_str(a->app), VIEW_OF(a->account_key), &a->device, false,
			      client_now(c), &e, &c->call, &q.device_list_entry));
	return call_send(c, FRAME_DEVICE_APPEND, device_append_request_element, &q, appended, x);
}

/* --- the vault --- */

/* From now on the vault can be opened by it, whatever becomes of the key that it is handed. */
static uc_err store(struct uc_client *c, struct adding *x)
{
	const struct vault_device box = { VIEW_OF(x->device_key), VIEW_OF(x->intake_key),
					  VIEW_OF(x->box_signature) };
	struct device_list l;
	if (!devices_known(c, &l))
		return UC_E_NOT_FOUND;
	if (!device_list_has(&l, box.device_key) && devices_had(c, box.device_key))
		return UC_E_REVOKED;
	if (c->vault.foreign)
		return UC_E_VERSION;
	TRY(vault_device_known(c, &box));
	vault_soon(c);
	x->until_ms = client_now(c) + STORE_MS;
	x->next = c->adding;
	c->adding = x;
	return UC_OK;
}

void pairing_add_fail(struct uc_client *c, uc_err err, struct view text)
{
	while (c->adding) {
		struct adding *x = c->adding;
		c->adding = x->next;
		(void)finish(c, x, err, text);
	}
}

static uc_err go_on(struct uc_client *c, struct adding *list)
{
	uc_err first = UC_OK;
	while (list) {
		struct adding *x = list;
		list = x->next;
		uc_err err = append(c, x);
		if (err)
			err = failed(c, x, err);
		first = first ? first : err;
	}
	return first;
}

uc_err pairing_add_drive(struct uc_client *c)
{
	struct adding *list = c->adding;
	bool stored;
	if (!list)
		return UC_OK;
	TRY(vault_is_stored(c, &stored));
	if (stored) {
		c->adding = NULL;
		return go_on(c, list);
	}
	if (!waits_until(c, list->until_ms)) /* the latest: nobody is kept waiting by one more */
		pairing_add_fail(c, UC_E_TIMEOUT, (struct view){ NULL, 0 });
	return UC_OK;
}

/* --- the request --- */

static uc_err request_in(struct uc_client *c, struct adding *x, const struct reply *r)
{
	struct pair_look_response in;
	struct pairing_request q;
	TRY(wire_decode(r->body, r->mem, pair_look_response_element, &in));
	TRY(pairing_request_open(x->secret, view_str(c->account.app), in.sealed, &c->call, &q));
	memcpy(x->device_key, q.device_key.p, sizeof x->device_key);
	memcpy(x->intake_key, q.intake_key.p, sizeof x->intake_key);
	memcpy(x->answer_key, q.answer_key.p, sizeof x->answer_key);
	memcpy(x->box_signature, q.box_signature.p, sizeof x->box_signature);
	return blob_set(&x->request, in.sealed);
}

static uc_err looked(struct uc_client *c, void *subject, const struct reply *r)
{
	struct adding *x = subject;
	uc_err err = r->err ? r->err : request_in(c, x, r);
	if (err)
		return failed(c, x, err);
	if (x->looks) {
		char hex[2 * 8 + 1];
		for (size_t i = 0; i < 8; i++) {
			hex[2 * i] = "0123456789abcdef"[x->device_key[i] >> 4];
			hex[2 * i + 1] = "0123456789abcdef"[x->device_key[i] & 15];
		}
		return finish(c, x, UC_OK, view_make((const uint8_t *)hex, sizeof hex - 1));
	}
	err = store(c, x);
	return err ? failed(c, x, err) : UC_OK;
}

struct add_call {
	const char *code;
	bool looks;
	uc_op *op;
};

static uc_err look(struct uc_client *c, const struct add_call *in, struct adding *x)
{
	struct pairing_code code;
	struct pair_look_request q;
	TRY(pairing_code_read(view_str(in->code), &c->call, &code));
	if (!view_equal(code.domain, view_str(c->account.app)))
		return UC_E_PEER;
	memcpy(x->secret, code.secret, sizeof x->secret);
	wipe(&code, sizeof code);
	TRY(pairing_mailbox(x->secret, x->mailbox));
	memcpy(q.mailbox, x->mailbox, sizeof q.mailbox);
	x->looks = in->looks;
	x->op = op_new(c);
	return call_send(c, FRAME_PAIR_LOOK, pair_look_request_element, &q, looked, x);
}

static uc_err add(struct uc_client *c, void *arg)
{
	const struct add_call *in = arg;
	struct vault_handed handed;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (c->connection != UC_ONLINE)
		return UC_E_NET;
	/* Who recovered with words alone that led to no vault has none to hand on. */
	uc_err err = vault_keys_get(c, &handed);
	wipe(&handed, sizeof handed);
	if (err)
		return UC_E_UNSUPPORTED;
	struct adding *x = HEAP_NEW(struct adding);
	if (!x)
		return UC_E_MEMORY;
	err = look(c, in, x);
	if (err) {
		heap_free_wiped(x, sizeof *x);
		return err;
	}
	*in->op = x->op;
	return UC_OK;
}

static uc_err call(uc_client *c, const char *code, bool looks, uc_op *op)
{
	struct add_call in = { code, looks, op };
	if (!c || !code || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, add, &in);
}

uc_err uc_device_look(uc_client *c, const char *code, uc_op *op)
{
	return call(c, code, true, op);
}

uc_err uc_device_add(uc_client *c, const char *code, uc_op *op)
{
	return call(c, code, false, op);
}
