/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/device_list.h"

#include "mimi/tbs.h"

#define LABEL "Undercroft device list"

enum { VERSION = 1, DAY_MS = 24 * 3600 * 1000 };

static void entry_body(struct wire *w, struct device_entry *e)
{
	wire_u16(w, &e->version);
	if (e->version != VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_u8(w, &e->device_action);
	wire_u32(w, &e->list_generation);
	wire_u32(w, &e->list_position);
	wire_fixed(w, e->previous_hash, sizeof e->previous_hash);
	wire_bytes(w, &e->device_key);
	wire_u64(w, &e->time_ms);
	wire_bytes(w, &e->signer_key);
}

void wire_device_entry(struct wire *w, struct device_entry *e)
{
	entry_body(w, e);
	wire_bytes(w, &e->signature);
}

void device_entry_element(struct wire *w, void *v)
{
	wire_device_entry(w, v);
}

/* What is signed: whose list it is, too. */
struct device_entry_tbs {
	struct view domain, account_key;
	struct device_entry *entry;
};

static void device_entry_tbs_element(struct wire *w, void *v)
{
	struct device_entry_tbs *t = v;
	wire_bytes(w, &t->domain);
	wire_bytes(w, &t->account_key);
	entry_body(w, t->entry);
}

/* --- making --- */

uc_err device_entry_make(const struct device_list *list, struct view domain,
			 struct view account_key, const struct ed25519_key *key, bool by_account,
			 uint64_t now_ms, const struct device_entry *e, struct arena *a,
			 struct view *encoded)
{
	struct device_entry made = *e;
	struct device_entry_tbs tbs = { domain, account_key, &made };
	bool reset = e->device_action == DEVICE_RESET_TO;
	made.version = VERSION;
	made.list_generation = !list ? 0 : list->list_generation + (reset ? 1 : 0);
	made.list_position = !list || reset ? 0 : list->list_position + 1;
	memset(made.previous_hash, 0, sizeof made.previous_hash);
	if (list)
		memcpy(made.previous_hash, list->last_hash, sizeof made.previous_hash);
	made.time_ms = now_ms - now_ms % DAY_MS;
	made.signer_key = by_account ? (struct view){ NULL, 0 } : VIEW_OF(key->pub);
	TRY(tbs_sign(key, LABEL, device_entry_tbs_element, &tbs, a, &made.signature));
	return wire_encode_to(a, device_entry_element, &made, encoded);
}

/* --- verifying --- */

static size_t place_of(const struct device_list *l, struct view device_key)
{
	size_t i = 0;
	while (i < l->count && !view_equal(VIEW_OF(l->devices[i].device_key), device_key))
		i++;
	return i;
}

bool device_list_has(const struct device_list *list, struct view device_key)
{
	return place_of(list, device_key) < list->count;
}

static uc_err signature_check(const struct device_list *l, struct view domain,
			      struct view account_key, struct device_entry *e, struct arena *a)
{
	struct device_entry_tbs tbs = { domain, account_key, e };
	bool reset = e->device_action == DEVICE_RESET_TO;
	if (e->device_key.n != ED25519_KEY)
		return UC_E_KEY;
	/* Only the account key starts a generation; it does nothing else. */
	if (reset != !e->signer_key.n)
		return UC_E_NOT_ALLOWED;
	if (!reset && !device_list_has(l, e->signer_key))
		return UC_E_REVOKED;
	return tbs_verify(reset ? account_key : e->signer_key, LABEL, device_entry_tbs_element,
			  &tbs, e->signature, a);
}

static uc_err entry_apply(struct device_list *l, const struct device_entry *e)
{
	size_t at = place_of(l, e->device_key);
	switch (e->device_action) {
	case DEVICE_RESET_TO:
		l->count = 0;
		break;
	case DEVICE_ADD:
		if (at < l->count)
			return UC_E_EXISTS;
		break;
	case DEVICE_REVOKE:
		if (at == l->count)
			return UC_E_NOT_FOUND;
		l->devices[at] = l->devices[--l->count];
		return UC_OK;
	default:
		return UC_E_MALFORMED;
	}
	if (l->count == DEVICES_MAX)
		return UC_E_LIMIT;
	memcpy(l->devices[l->count].device_key, e->device_key.p, ED25519_KEY);
	l->devices[l->count++].time_ms = e->time_ms;
	return UC_OK;
}

static bool follows(const struct device_list *l, const struct device_entry *e)
{
	if (!view_equal(VIEW_OF(l->last_hash), VIEW_OF(e->previous_hash)))
		return false;
	if (e->device_action == DEVICE_RESET_TO)
		return e->list_position == 0 && e->list_generation == l->list_generation + 1;
	return e->list_generation == l->list_generation && e->list_position == l->list_position + 1;
}

/* The first entry of what is given: any generation's start. */
static bool starts(const struct device_entry *e)
{
	static const uint8_t zero[SHA256_BYTES];
	bool first = view_equal(VIEW_OF(e->previous_hash), VIEW_OF(zero));
	return e->device_action == DEVICE_RESET_TO && e->list_position == 0 &&
	       first == (e->list_generation == 0);
}

static uc_err append(struct device_list *l, bool is_first, struct view domain,
		     struct view account_key, struct view entry, struct arena *a)
{
	struct device_entry e;
	struct device_list next = *l;
	TRY(wire_decode(entry, a, device_entry_element, &e));
	if (is_first ? !starts(&e) : !follows(l, &e))
		return UC_E_CHAIN;
	TRY(signature_check(l, domain, account_key, &e, a));
	TRY(entry_apply(&next, &e));
	TRY(sha256(entry, next.last_hash));
	next.list_generation = e.list_generation;
	next.list_position = e.list_position;
	*l = next;
	return UC_OK;
}

uc_err device_list_append(struct device_list *list, struct view domain, struct view account_key,
			  struct view entry, struct arena *a)
{
	return append(list, false, domain, account_key, entry, a);
}

uc_err device_list_verify(const struct view_list *entries, struct view domain,
			  struct view account_key, struct arena *a, struct device_list *out)
{
	struct device_list l = { 0 };
	if (!entries->n)
		return UC_E_CHAIN;
	if (entries->n > DEVICE_ENTRIES_MAX)
		return UC_E_LIMIT;
	for (size_t i = 0; i < entries->n; i++)
		TRY(append(&l, i == 0, domain, account_key, entries->v[i], a));
	*out = l;
	return UC_OK;
}

/* --- comparing --- */

static uc_err entry_at(const struct view_list *l, size_t i, struct arena *a,
		       struct device_entry *out)
{
	return wire_decode(l->v[i], a, device_entry_element, out);
}

static bool same_place(const struct device_entry *x, const struct device_entry *y)
{
	return x->list_generation == y->list_generation && x->list_position == y->list_position;
}

uc_err device_list_compare(const struct view_list *before, const struct view_list *now,
			   struct arena *a)
{
	struct device_entry old, new;
	if (!before->n)
		return UC_OK;
	if (!now->n)
		return UC_E_STALE;
	TRY(entry_at(before, before->n - 1, a, &old));
	TRY(entry_at(now, now->n - 1, a, &new));
	if (new.list_generation != old.list_generation)
		return new.list_generation > old.list_generation ? UC_OK : UC_E_STALE;
	if (new.list_position < old.list_position)
		return UC_E_STALE;
	for (size_t i = 0; i < now->n; i++) {
		TRY(entry_at(now, i, a, &new));
		if (same_place(&new, &old))
			return view_equal(now->v[i], before->v[before->n - 1]) ? UC_OK : UC_E_CHAIN;
	}
	return UC_E_CHAIN;
}

uc_err device_list_last_generation(const struct view_list *entries, struct arena *a,
				   struct view_list *out)
{
	struct device_entry e;
	for (size_t i = entries->n; i > 0; i--) {
		TRY(entry_at(entries, i - 1, a, &e));
		if (e.device_action != DEVICE_RESET_TO)
			continue;
		*out = (struct view_list){ entries->v + i - 1, entries->n - i + 1 };
		return UC_OK;
	}
	return UC_E_CHAIN;
}
