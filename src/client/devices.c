/* SPDX-License-Identifier: Apache-2.0 */
#include "client/devices.h"

#include "client/own_devices.h"

struct entries {
	struct view_list list;
};

static void entries_element(struct wire *w, void *v)
{
	struct entries *e = v;
	WIRE_LIST(w, &e->list, bytes_element);
}

uc_err device_entries_read(struct view encoded, struct arena *a, struct view_list *out)
{
	struct entries e = { { NULL, 0 } };
	if (!encoded.n) {
		*out = e.list;
		return UC_OK;
	}
	TRY(wire_decode(encoded, a, entries_element, &e));
	*out = e.list;
	return UC_OK;
}

uc_err device_entries_write(const struct view_list *entries, struct arena *a, struct view *encoded)
{
	struct entries e = { *entries };
	return wire_encode_to(a, entries_element, &e, encoded);
}

/* --- what is kept --- */

static uc_err keep(struct uc_client *c, const struct view_list *entries)
{
	struct view encoded;
	TRY(device_entries_write(entries, &c->call, &encoded));
	TRY(blob_set(&c->account.list, encoded));
	c->ends.known = false;
	c->account.dirty = true;
	return UC_OK;
}

static uc_err kept(struct uc_client *c, struct view_list *out)
{
	uc_err err = device_entries_read(blob_view(&c->account.list), &c->call, out);
	return err == UC_E_MEMORY || !err ? err : UC_E_CORRUPT;
}

/* The errors of a list that comes from outside: one, but for what is not the list's fault. */
static uc_err verify(struct uc_client *c, const struct view_list *entries, struct device_list *out)
{
	const struct account *a = &c->account;
	uc_err err = device_list_verify(entries, view_str(a->app), VIEW_OF(a->account_key),
					&c->call, out);
	return err == UC_E_MEMORY || !err ? err : UC_E_CHAIN;
}

/* --- making entries --- */

static uc_err reset_entry(struct uc_client *c, const struct device_list *after,
			  const struct ed25519_key *account_key, struct view *out)
{
	const struct account *a = &c->account;
	struct device_entry e = { .device_action = DEVICE_RESET_TO,
				  .device_key = VIEW_OF(a->device.pub) };
	return device_entry_make(after, view_str(a->app), VIEW_OF(account_key->pub), account_key,
				 true, client_now(c), &e, &c->call, out);
}

uc_err devices_first(struct uc_client *c, const struct ed25519_key *account_key)
{
	struct view entry;
	TRY(reset_entry(c, NULL, account_key, &entry));
	return keep(c, &(struct view_list){ &entry, 1 });
}

static bool is_ours_alone(const struct uc_client *c, const struct device_list *l)
{
	return l->count == 1 && device_list_has(l, VIEW_OF(c->account.device.pub));
}

/* Does the kept list say the same as the app's, and one entry more, which is ours? */
static bool made_before(struct uc_client *c, const struct view_list *entries)
{
	struct view_list before;
	struct device_list l;
	if (kept(c, &before) || !before.n || before.n - 1 != entries->n)
		return false;
	for (size_t i = 0; i < entries->n; i++)
		if (!view_equal(before.v[i], entries->v[i]))
			return false;
	return !verify(c, &before, &l) && is_ours_alone(c, &l);
}

uc_err devices_reset(struct uc_client *c, const struct view_list *entries,
		     const struct ed25519_key *account_key)
{
	struct device_list l;
	TRY(verify(c, entries, &l));
	if (is_ours_alone(c, &l)) {
		TRY(keep(c, entries));
		return UC_E_EXISTS;
	}
	if (made_before(c, entries))
		return UC_OK;
	struct view *all = ARENA_ARRAY(&c->call, struct view, entries->n + 1);
	if (!all)
		return UC_E_MEMORY;
	memcpy(all, entries->v, entries->n * sizeof *all);
	TRY(reset_entry(c, &l, account_key, &all[entries->n]));
	return keep(c, &(struct view_list){ all, entries->n + 1 });
}

uc_err devices_begin(struct uc_client *c, const struct view_list *entries)
{
	return keep(c, entries);
}

/* --- reading --- */

uc_err devices_all(struct uc_client *c, struct arena *a, struct view_list *out)
{
	return device_entries_read(blob_view(&c->account.list), a, out);
}

uc_err devices_last_entry(struct uc_client *c, struct view *out)
{
	struct view_list list;
	TRY(kept(c, &list));
	if (!list.n)
		return UC_E_NOT_FOUND;
	*out = list.v[list.n - 1];
	return UC_OK;
}

uc_err devices_shown(struct uc_client *c, struct arena *a, struct view_list *out)
{
	struct view_list list;
	TRY(kept(c, &list));
	return device_list_last_generation(&list, a, out);
}

/* What stands behind the entry that ours ends with. */
static uc_err news(struct uc_client *c, uint32_t generation, uint32_t position,
		   const struct view_list *entries)
{
	struct device_entry e;
	for (size_t i = 0; i < entries->n; i++) {
		TRY(wire_decode(entries->v[i], &c->call, device_entry_element, &e));
		bool is_new = e.list_generation > generation ||
			      (e.list_generation == generation && e.list_position > position);
		if (is_new)
			TRY(own_devices_entry(c, &e));
	}
	return UC_OK;
}

static uc_err compare(struct uc_client *c, const struct view_list *before,
		      const struct view_list *entries)
{
	struct device_entry last;
	uc_err err = device_list_compare(before, entries, &c->call);
	if (err == UC_E_CHAIN && before->n &&
	    !wire_decode(before->v[before->n - 1], &c->call, device_entry_element, &last))
		own_devices_fork(c, &last);
	return err;
}

uc_err devices_take(struct uc_client *c, const struct view_list *entries, bool *listed)
{
	struct view_list before;
	struct device_list l;
	uint32_t generation, position;
	TRY(verify(c, entries, &l));
	TRY(kept(c, &before));
	devices_head(c, &generation, &position);
	TRY(compare(c, &before, entries));
	TRY(keep(c, entries));
	TRY(news(c, generation, position, entries));
	*listed = device_list_has(&l, VIEW_OF(c->account.device.pub));
	return UC_OK;
}

uc_err devices_entry_of(struct view encoded, struct view device_key, struct arena *a,
			struct device_entry *out)
{
	struct view_list list;
	struct device_entry e;
	uc_err err = UC_E_NOT_FOUND;
	TRY(device_entries_read(encoded, a, &list));
	for (size_t i = 0; i < list.n; i++) {
		TRY(wire_decode(list.v[i], a, device_entry_element, &e));
		if (e.device_action == DEVICE_REVOKE || !view_equal(e.device_key, device_key))
			continue;
		*out = e;
		err = UC_OK;
	}
	return err;
}

bool devices_known(struct uc_client *c, struct device_list *out)
{
	struct view_list list;
	struct arena_mark mark = arena_mark(&c->call);
	bool there = !kept(c, &list) && list.n && !verify(c, &list, out);
	arena_reset(&c->call, mark);
	return there;
}

bool devices_had(struct uc_client *c, struct view device_key)
{
	struct device_entry e;
	struct arena_mark mark = arena_mark(&c->call);
	bool had = !devices_entry_of(blob_view(&c->account.list), device_key, &c->call, &e);
	arena_reset(&c->call, mark);
	return had;
}

bool devices_is_listed(struct uc_client *c, struct view device_key)
{
	struct device_list l;
	return devices_known(c, &l) && device_list_has(&l, device_key);
}

/* Each entry but the first adds one or ends one. */
bool devices_any_ended(struct uc_client *c)
{
	struct device_list l;
	return devices_known(c, &l) && l.count < (size_t)l.list_position + 1;
}

void devices_head(struct uc_client *c, uint32_t *generation, uint32_t *position)
{
	struct device_list l;
	bool there = devices_known(c, &l);
	*generation = there ? l.list_generation : UINT32_MAX;
	*position = there ? l.list_position : UINT32_MAX;
}

/* By the account key: for the device that it leaves. */
static bool is_by_us(struct uc_client *c, const struct device_entry *e)
{
	struct view own = VIEW_OF(c->account.device.pub);
	return view_equal(e->device_action == DEVICE_REVOKE ? e->signer_key : e->device_key, own);
}

static void ends_look(struct uc_client *c)
{
	struct view_list list;
	struct device_entry e;
	struct arena_mark mark = arena_mark(&c->call);
	memset(&c->ends, 0, sizeof c->ends);
	c->ends.known = true;
	if (kept(c, &list))
		list.n = 0;
	for (size_t i = 0; i < list.n; i++) {
		if (wire_decode(list.v[i], &c->call, device_entry_element, &e))
			continue;
		c->ends.last_generation = e.list_generation;
		c->ends.last_position = e.list_position;
		if (!i && e.list_generation)
			c->ends.count = UINT32_MAX;
		if (e.device_action == DEVICE_ADD)
			continue;
		if (i && c->ends.count != UINT32_MAX)
			c->ends.count++;
		c->ends.generation = e.list_generation;
		c->ends.position = e.list_position;
		c->ends.by_us = is_by_us(c, &e);
	}
	arena_reset(&c->call, mark);
}

void devices_last_end(struct uc_client *c, uint32_t *generation, uint32_t *position)
{
	if (!c->ends.known)
		ends_look(c);
	*generation = c->ends.generation;
	*position = c->ends.position;
}

bool devices_ended_by_us(struct uc_client *c)
{
	if (!c->ends.known)
		ends_look(c);
	return c->ends.by_us;
}

bool devices_none_ended_since(struct uc_client *c, uint32_t generation, uint32_t position)
{
	uint32_t g, p;
	devices_last_end(c, &g, &p);
	return generation > g || (generation == g && position >= p);
}

bool devices_have_been_at(struct uc_client *c, uint32_t generation, uint32_t position)
{
	if (!c->ends.known)
		ends_look(c);
	return generation < c->ends.last_generation ||
	       (generation == c->ends.last_generation && position <= c->ends.last_position);
}

uint32_t devices_ends(struct uc_client *c)
{
	if (!c->ends.known)
		ends_look(c);
	return c->ends.count;
}

uint32_t devices_count(struct uc_client *c)
{
	struct device_list l;
	return devices_known(c, &l) ? (uint32_t)l.count : 0;
}
