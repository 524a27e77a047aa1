/* SPDX-License-Identifier: Apache-2.0 */
/* The device list: kept entry by entry as it was signed, continued only at its head. */
#include "provider/inside.h"

uc_err list_entries(struct provider *p, struct view account_id, struct arena *a,
		    struct view_list *out)
{
	struct store_key k;
	struct store_scan scan;
	struct view key, value;
	struct view_list l = { ARENA_ARRAY(a, struct view, DEVICE_ENTRIES_MAX), 0 };
	if (!l.v)
		return UC_E_LIMIT;
	TRY(store_scan_init(&scan, p->accounts, key_1(&k, TABLE_LIST, account_id),
			    (struct view){ NULL, 0 }, DEVICE_ENTRIES_MAX));
	uc_err err = UC_OK;
	while (!err && store_scan_next(&scan, &key, &value))
		err = arena_copy(a, value, &l.v[l.n++]);
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	if (!err)
		*out = l;
	return err;
}

uc_err list_get(struct provider *p, struct view account_id, const struct account_record *account,
		struct arena *a, struct view_list *entries, struct device_list *list)
{
	struct view_list last;
	TRY(list_entries(p, account_id, a, entries));
	/* A generation stands for itself. */
	if (device_list_last_generation(entries, a, &last) ||
	    device_list_verify(&last, p->domain, VIEW_OF(account->account_key), a, list))
		return UC_E_CORRUPT;
	return UC_OK;
}

uc_err device_keys(struct provider *p, struct view account_id, struct arena *a,
		   struct view_list *out)
{
	struct store_key k;
	struct store_scan scan;
	struct view key, value;
	struct view_list l = { ARENA_ARRAY(a, struct view, DEVICES_MAX), 0 };
	if (!l.v)
		return UC_E_LIMIT;
	TRY(store_scan_init(&scan, p->accounts, key_1(&k, TABLE_DEVICE, account_id),
			    (struct view){ NULL, 0 }, DEVICES_MAX));
	uc_err err = UC_OK;
	while (!err && store_scan_next(&scan, &key, &value)) {
		struct store_key_reader r;
		store_key_read(&r, key);
		store_key_read_bytes(&r, a);
		struct view device = store_key_read_bytes(&r, a);
		err = store_key_read_done(&r);
		if (!err)
			err = arena_copy(a, device, &l.v[l.n++]);
	}
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	if (!err)
		*out = l;
	return err;
}

uc_err handle_device_list_get(struct call *c, struct view body)
{
	struct empty q;
	struct device_list_get_response r;
	TRY(wire_decode(body, &c->arena, empty_element, &q));
	TRY(list_entries(c->p, VIEW_OF(c->s->account_id), &c->arena, &r.entries));
	call_respond(c, device_list_get_response_element, &r);
	return UC_OK;
}

/* --- appending --- */

struct append {
	struct device_append_request q;
	struct device_entry entry;
	struct account_record account;
	struct device_list list;
	struct view_list entries;
};

/* UC_E_EXISTS when the list ends with this entry already. */
static uc_err append_check(struct call *c, struct append *x)
{
	const struct view_list *l = &x->entries;
	bool adds = x->entry.device_action == DEVICE_ADD;
	/* A reset is not for a device to make. */
	if (!adds && x->entry.device_action != DEVICE_REVOKE)
		return UC_E_NOT_ALLOWED;
	if (l->n && view_equal(l->v[l->n - 1], x->q.device_list_entry))
		return UC_E_EXISTS;
	if (l->n >= DEVICE_ENTRIES_MAX)
		return UC_E_LIMIT;
	if (adds && !view_equal(x->q.device_key, x->entry.device_key))
		return UC_E_KEY;
	if (adds)
		TRY(kem_public_check(suite_find(SUITE_X25519_AES128), x->q.intake_key));
	else if (x->q.device_key.n || x->q.intake_key.n)
		return UC_E_ARGUMENT;
	return device_list_append(&x->list, c->p->domain, VIEW_OF(x->account.account_key),
				  x->q.device_list_entry, &c->arena);
}

static uc_err device_put(struct append *x, struct view id, struct store_batch *b)
{
	struct store_key k;
	struct device_record device = { .generation = x->list.list_generation,
					.position = x->list.list_position };
	memcpy(device.intake_key, x->q.intake_key.p, sizeof device.intake_key);
	return record_put(b, key_2(&k, TABLE_DEVICE, id, x->q.device_key), device_record_element,
			  &device);
}

static uc_err append_fill(struct call *c, struct append *x, struct store_batch *b)
{
	struct view id = VIEW_OF(c->s->account_id);
	struct account_record now = x->account;
	struct store_key k;
	TRY(intake_add(c->p, b, id, INTAKE_DEVICE_LIST, x->q.device_list_entry, &c->arena));
	if (x->entry.device_action == DEVICE_ADD) {
		TRY(device_put(x, id, b));
	} else {
		store_log_delete(b, key_2(&k, TABLE_INTAKE, id, x->entry.device_key));
		store_delete(b, key_2(&k, TABLE_DEVICE, id, x->entry.device_key));
		account_void(b, id, &now);
	}
	now.generation = x->list.list_generation;
	now.position = x->list.list_position;
	store_put(b, key_2n(&k, TABLE_LIST, id, now.generation, now.position),
		  x->q.device_list_entry);
	return account_change(c->p, b, id, &x->account, &now);
}

/* Everyone of the account hears of it; who was revoked is out. */
static void append_tell(struct call *c, const struct append *x)
{
	struct session *next;
	struct device_list_event e = { x->list.list_generation, x->list.list_position };
	for (struct session *s = session_of_account(c->p, c->s->account_id, NULL); s; s = next) {
		next = s->account_next;
		if (!device_list_has(&x->list, VIEW_OF(s->device_key)))
			session_end(c->p, s, WS_POLICY);
		else if (s != c->s)
			session_send_event(c->p, s, FRAME_DEVICE_LIST_CHANGED,
					   device_list_event_element, &e);
	}
}

uc_err handle_device_append(struct call *c, struct view body)
{
	struct append x;
	struct store_batch b;
	uint8_t id[ACCOUNT_ID];
	memcpy(id, c->s->account_id, sizeof id);
	TRY(wire_decode(body, &c->arena, device_append_request_element, &x.q));
	TRY(wire_decode(x.q.device_list_entry, &c->arena, device_entry_element, &x.entry));
	TRY(account_get(c->p, VIEW_OF(id), &c->arena, &x.account));
	TRY(list_get(c->p, VIEW_OF(id), &x.account, &c->arena, &x.entries, &x.list));
	uc_err err = append_check(c, &x);
	if (!err) {
		store_batch_init(&b, VIEW_OF(id));
		err = finish_accounts(c->p, &b, append_fill(c, &x, &b));
	} else if (err == UC_E_EXISTS) {
		err = UC_OK;
	}
	TRY(err);
	call_respond(c, NULL, NULL);
	append_tell(c, &x);
	intake_push_all(c->p, VIEW_OF(id));
	return UC_OK;
}
