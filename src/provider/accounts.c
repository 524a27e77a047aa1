/* SPDX-License-Identifier: Apache-2.0 */
/* The record of an account, and which sessions are its own. */
#include "provider/discovery.h"

uc_err account_get(struct provider *p, struct view account_id, struct arena *a,
		   struct account_record *out)
{
	struct store_key k;
	return record_get(p->accounts, key_1(&k, TABLE_ACCOUNT, account_id), account_record_element,
			  a, out);
}

/* As it is stored, perhaps in an earlier version; it must say what `was` says. */
static uc_err expect_account(struct provider *p, struct store_batch *b, struct view key,
			     const struct account_record *was, struct arena *a)
{
	struct account_record is;
	struct view stored, one, other;
	TRY(store_get(p->accounts, key, a, &stored));
	TRY(wire_decode(stored, a, account_record_element, &is));
	TRY(wire_encode_to(a, account_record_element, &is, &one));
	TRY(wire_encode_to(a, account_record_element, was, &other));
	if (!view_equal(one, other))
		return UC_E_CONFLICT;
	store_expect(b, key, stored);
	return UC_OK;
}

uc_err account_change(struct provider *p, struct store_batch *b, struct view account_id,
		      const struct account_record *was, const struct account_record *now)
{
	struct store_key k;
	struct arena scratch;
	struct view key = key_1(&k, TABLE_ACCOUNT, account_id);
	arena_init(&scratch, 1 << 20, ARENA_PLAIN);
	uc_err err = expect_account(p, b, key, was, &scratch);
	arena_done(&scratch);
	TRY(err);
	return record_put(b, key, account_record_element, now);
}

void account_void(struct store_batch *b, struct view account_id, struct account_record *record)
{
	struct store_key k;
	store_delete_prefix(b, key_1(&k, TABLE_SLOT, account_id));
	store_delete_prefix(b, key_1(&k, TABLE_GRANT, account_id));
	discoverable_drop(b, account_id);
	record->request_key = (struct view){ NULL, 0 };
	record->era++;
}

/* --- its sessions --- */

static void end_other_sessions_of_device(struct provider *p, const struct session *s)
{
	struct session *next;
	for (struct session *o = session_of_account(p, s->account_id, NULL); o; o = next) {
		next = o->account_next;
		if (o != s && view_equal(VIEW_OF(o->device_key), VIEW_OF(s->device_key)))
			session_end(p, o, WS_POLICY);
	}
}

void session_sign_in(struct provider *p, struct session *s, struct view account_id,
		     struct view device_key, uint64_t intake_cursor)
{
	session_sign_out(p, s);
	memcpy(s->account_id, account_id.p, sizeof s->account_id);
	memcpy(s->device_key, device_key.p, sizeof s->device_key);
	end_other_sessions_of_device(p, s);
	s->intake_sent = s->intake_acked = intake_cursor;
	s->account_next = session_of_account(p, s->account_id, NULL);
	s->phase = PHASE_SIGNED_IN;
	metrics_add(p->config.metrics, METRIC_SIGNED_IN, 1);
	metrics_add(p->config.metrics, METRIC_SIGN_INS, 1);
	session_uncount(s);
	if (map_put(&p->by_account, VIEW_OF(s->account_id), s))
		session_end(p, s, WS_TRY_LATER);
}

void account_sessions_end(struct provider *p, struct view account_id, const struct session *except)
{
	struct session *next;
	for (struct session *s = session_of_account(p, account_id.p, NULL); s; s = next) {
		next = s->account_next;
		if (s != except)
			session_end(p, s, WS_POLICY);
	}
}
