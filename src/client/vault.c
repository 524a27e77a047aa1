/* SPDX-License-Identifier: Apache-2.0 */
#include "client/vault.h"

#include "client/account.h"
#include "client/devices.h"
#include "client/vault_inside.h"

enum {
	RETRY_MS = 30 * 1000,
	REFUSED_MS = 3600 * 1000,
	STALE_MS = 1000,
	/* So that the time of a writing does not tell what led to it. */
	/* Where other devices wait for it: they are told of it at once. */
	SHARED_MS = 500,
	SHARED_BETWEEN_MS = 3000,
	SOON_MS = 20 * 1000,    /* after the first change, at least ... */
	JITTER_MS = 160 * 1000, /* ... and as much more by chance */
	BETWEEN_MS = 300 * 1000,
};

/* --- keys --- */

static struct vault_owner owner_of(const struct uc_client *c)
{
	return (struct vault_owner){ view_str(c->account.app), VIEW_OF(c->account.account_key) };
}

uc_err vault_begin(struct uc_client *c, const uint8_t entropy[32])
{
	struct vault *v = &c->vault;
	uint8_t priv[32];
	TRY(vault_words_key(view_make(entropy, 32), priv, v->words_pub));
	wipe(priv, sizeof priv);
	TRY(env_random(&c->env, v->key, sizeof v->key));
	v->has_keys = v->dirty = true;
	return UC_OK;
}

uc_err vault_keys_get(const struct uc_client *c, struct vault_handed *out)
{
	const struct vault *v = &c->vault;
	if (!v->has_keys)
		return UC_E_NOT_FOUND;
	memcpy(out->key, v->key, sizeof out->key);
	memcpy(out->words_pub, v->words_pub, sizeof out->words_pub);
	return UC_OK;
}

void vault_keys_set(struct uc_client *c, const struct vault_handed *in)
{
	struct vault *v = &c->vault;
	memcpy(v->key, in->key, sizeof v->key);
	memcpy(v->words_pub, in->words_pub, sizeof v->words_pub);
	v->has_keys = v->dirty = true;
	v->looked = false;
}

static void due_at(struct uc_client *c, uint64_t ms)
{
	struct vault *v = &c->vault;
	if (v->due_ms && v->due_ms <= ms)
		return;
	v->due_ms = ms;
	v->dirty = true;
	wake_at(c, ms);
}

uc_err vault_rekey(struct uc_client *c)
{
	struct vault *v = &c->vault;
	if (!v->has_keys)
		return UC_OK;
	TRY(env_random(&c->env, v->key, sizeof v->key));
	v->unwritten = v->dirty = true;
	due_at(c, client_now(c));
	return UC_OK;
}

/* --- when --- */

void vault_soon(struct uc_client *c)
{
	c->vault.retry_ms = 0;
	due_at(c, client_now(c));
}

void vault_changed(struct uc_client *c)
{
	struct vault *v = &c->vault;
	uint64_t from = client_now(c), next = v->stored_ms + BETWEEN_MS;
	uint32_t dice = 0;
	if (v->due_ms || !v->has_keys)
		return;
	if (devices_count(c) > 1) {
		bool soon = v->stored_ms > from || v->stored_ms + SHARED_BETWEEN_MS <= from;
		due_at(c, soon ? from + SHARED_MS : v->stored_ms + SHARED_BETWEEN_MS);
		return;
	}
	if (v->stored_ms && v->stored_ms <= from && next > from)
		from = next;
	if (env_random(&c->env, (uint8_t *)&dice, sizeof dice))
		dice = 0;
	due_at(c, from + SOON_MS + dice % JITTER_MS);
}

/* FNV-1a: only whether it is the same as before, in this process, is asked. */
static uint64_t tag_add(uint64_t tag, const void *p, size_t n)
{
	const uint8_t *b = p;
	for (size_t i = 0; i < n; i++)
		tag = (tag ^ b[i]) * 0x100000001b3u;
	return (tag ^ n) * 0x100000001b3u;
}

static bool changes(uint64_t *tag, uint64_t now)
{
	bool changed = *tag != now;
	*tag = now;
	return changed;
}

/* A message changes a room, and nothing that is kept of it. */
static uint64_t room_tag(const struct room *r)
{
	uint8_t flags[] = { r->state, r->direct, r->fleeing, r->says, r->introduced };
	uint64_t tag = tag_add(0xcbf29ce484222325u, flags, sizeof flags);
	tag = tag_add(tag, r->name, view_str(r->name).n);
	tag = tag_add(tag, r->persona, view_str(r->persona).n);
	tag = tag_add(tag, r->participant, view_str(r->participant).n);
	tag = tag_add(tag, r->contact.b, sizeof r->contact.b);
	tag = tag_add(tag, &r->expires_ms, sizeof r->expires_ms);
	for (const struct member *m = r->members; m; m = m->next)
		if ((m->admitted || m->blocked || r->direct) && !m->gone)
			tag = tag_add(tag, m->participant, view_str(m->participant).n);
	return tag;
}

static uint64_t account_tag(const struct account *a)
{
	uint64_t tag = tag_add(0xcbf29ce484222325u, a->settings.p, a->settings.n);
	tag = tag_add(tag, a->list.p, a->list.n);
	tag = tag_add(tag, a->identifier, view_str(a->identifier).n);
	tag = tag_add(tag, a->profile_name, view_str(a->profile_name).n);
	tag = tag_add(tag, a->code_now.text, sizeof a->code_now.text);
	tag = tag_add(tag, &a->waits_to_introduce, sizeof a->waits_to_introduce);
	return tag_add(tag, &a->request_key_count, sizeof a->request_key_count);
}

static bool has_changed(struct uc_client *c)
{
	bool changed = c->guardian.dirty;
	if (c->account.dirty)
		changed |= changes(&c->vault.account_tag, account_tag(&c->account));
	for (const struct contact *k = c->contacts; k; k = k->next)
		changed |= k->dirty;
	for (const struct request *q = c->requests; q; q = q->next)
		changed |= q->dirty && q->incoming;
	for (const struct invitation *i = c->invitations; i; i = i->next)
		changed |= i->dirty || i->gone;
	for (const struct own_link *l = c->links; l; l = l->next)
		changed |= l->dirty || l->state == LINK_OVER;
	for (const struct linked *l = c->linkeds; l; l = l->next)
		changed |= l->dirty;
	for (struct room *r = c->rooms; r; r = r->next)
		if (r->dirty || r->members_dirty)
			changed |= changes(&r->vault_tag, room_tag(r));
	return changed;
}

void vault_watch(struct uc_client *c)
{
	/* What makes no row differ is found when it is due. */
	if (has_changed(c) && account_is_active(c))
		vault_changed(c);
}

/* --- writing --- */

static void finished(struct uc_client *c, uc_err err, struct view text)
{
	op_done(c, c->vault.op, err, text);
	c->vault.op = 0;
}

static uc_err put_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct vault *v = &c->vault;
	(void)subject;
	v->busy = false;
	if (r->err == UC_E_STALE) {
		v->looked = false; /* another device was first, or an earlier try of ours */
		v->retry_ms = client_now(c) + STALE_MS;
		return UC_OK;
	}
	if (r->err) {
		bool again = r->err == UC_E_NET || reply_is_transient(r);
		if (r->err != UC_E_NET)
			v->retry_ms = retry_at(c, r, again ? RETRY_MS : REFUSED_MS);
		if (!again)
			finished(c, r->err, r->text);
		return UC_OK;
	}
	v->app_version++;
	v->number++;
	v->stored_ms = client_now(c);
	v->unwritten = false;
	v->due_ms = 0;
	v->dirty = true;
	/* What changed meanwhile is looked at in its time. */
	vault_changed(c);
	finished(c, UC_OK, (struct view){ NULL, 0 });
	return UC_OK;
}

/* The padded size may not say more than a step; addresses of contacts are what can best be spared. */
static uc_err seal(struct uc_client *c, struct vault_put_request *q)
{
	struct vault *v = &c->vault;
	const struct vault_owner owner = owner_of(c);
	struct view_list wrap_to;
	struct view rows;
	uc_err err = UC_OK;
	TRY(vault_wrap_to(c, &c->call, &wrap_to));
	for (int addresses = 1; addresses >= 0; addresses--) {
		TRY(vault_rows_encode(c, addresses != 0, &c->call, &rows));
		err = vault_seal(&c->env, &owner, v->number + 1, VIEW_OF(v->key), &wrap_to,
				 &c->account.device, rows, &c->call, &q->vault);
		if (err != UC_E_TOO_LARGE)
			break;
	}
	q->version = v->app_version + 1;
	return err;
}

static uc_err too_large(struct uc_client *c)
{
	struct vault *v = &c->vault;
	if (!v->told)
		event_warning(c, UC_E_TOO_LARGE,
			      VIEW_LIT("there is too much to be kept for a recovery: what is new "
				       "is not stored"),
			      NULL);
	v->told = true;
	v->retry_ms = client_now(c) + REFUSED_MS;
	finished(c, UC_E_TOO_LARGE, (struct view){ NULL, 0 });
	return UC_OK;
}

static uc_err write_now(struct uc_client *c)
{
	struct vault *v = &c->vault;
	struct vault_put_request q;
	bool rekey = false;
	TRY(vault_collect(c, &rekey));
	if (rekey)
		TRY(vault_rekey(c));
	if (!v->unwritten) {
		v->due_ms = 0;
		v->dirty = true;
		finished(c, UC_OK, (struct view){ NULL, 0 });
		return UC_OK;
	}
	uc_err err = seal(c, &q);
	if (err == UC_E_TOO_LARGE)
		return too_large(c);
	TRY(err);
	v->busy = true;
	err = call_send(c, FRAME_VAULT_PUT, vault_put_request_element, &q, put_done, NULL);
	v->busy = !err;
	return err;
}

/* --- reading --- */

static void alarm(struct uc_client *c, uc_err err, const char *what)
{
	event_warning(c, err, view_str(what), NULL);
	c->vault.unwritten = true;
	due_at(c, client_now(c));
}

/* The key we have, or the one that a device has made since and wrapped to us. */
static uc_err open_rows(struct uc_client *c, const struct vault_envelope *e,
			struct vault_rows *rows)
{
	const struct vault_owner owner = owner_of(c);
	struct vault *v = &c->vault;
	uint8_t key[VAULT_KEY];
	uc_err err = vault_open(e, &owner, VIEW_OF(v->key), &c->call, rows);
	if (err != UC_E_DECRYPT)
		return err;
	err = vault_unwrap(e, &owner, VIEW_OF(c->account.intake_priv),
			   VIEW_OF(c->account.intake_pub), &c->call, key);
	if (!err)
		err = vault_open(e, &owner, VIEW_OF(key), &c->call, rows);
	if (!err) {
		memcpy(v->key, key, sizeof v->key);
		v->dirty = true;
	}
	wipe(key, sizeof key);
	return err;
}

/* Is there something of ours that was not in it?  Addresses are left out of a large one. */
static bool has_more(const struct vault *v, const struct vault_rows *in)
{
	size_t k = 0;
	for (size_t i = 0; i < v->n; i++) {
		const struct kept_row *r = &v->rows[i];
		const struct vault_row *x = in->rows.v;
		while (k < in->rows.n &&
		       vault_row_compare(x[k].vault_kind, x[k].id, r->kind, r->id) < 0)
			k++;
		bool there = k < in->rows.n &&
			     !vault_row_compare(x[k].vault_kind, x[k].id, r->kind, r->id);
		if (there ? x[k].row_version != r->version : r->kind != VAULT_ADDRESSES)
			return true;
	}
	return false;
}

static uc_err rows_take(struct uc_client *c, const struct vault_rows *in)
{
	for (size_t i = 0; i < in->rows.n; i++) {
		struct kept_row *row;
		TRY(vault_row_merge(c, &in->rows.v[i], &row));
		if (row)
			TRY(vault_row_apply(c, row, false));
	}
	c->vault.unwritten = has_more(&c->vault, in);
	c->vault.dirty = true;
	vault_changed(c);
	return UC_OK;
}

uc_err vault_take(struct uc_client *c, struct view plain)
{
	struct vault_rows rows;
	bool rekey = false;
	TRY(wire_decode(plain, &c->call, vault_rows_element, &rows));
	/* First what we have ourselves, with the versions that it has. */
	TRY(vault_collect(c, &rekey));
	return rows_take(c, &rows);
}

uc_err vault_rows_write(struct uc_client *c, struct arena *a, struct view *plain)
{
	bool rekey = false;
	TRY(vault_collect(c, &rekey));
	if (rekey)
		TRY(vault_rekey(c));
	return vault_rows_encode(c, true, a, plain);
}

static uc_err envelope_in(struct uc_client *c, const struct vault_envelope *e)
{
	struct vault *v = &c->vault;
	struct vault_rows rows;
	bool rekey = false;
	if (!devices_is_listed(c, e->device_key)) {
		alarm(c, UC_E_SIGNATURE,
		      "the app shows a vault that none of your devices has written");
		return UC_OK;
	}
	if (e->number < v->number) {
		alarm(c, UC_E_STALE, "the app shows an older vault than this device knows");
		return UC_OK;
	}
	if (e->number == v->number)
		return UC_OK;
	uc_err err = open_rows(c, e, &rows);
	/* What this device would write instead, the others could not read, and would write over. */
	if (err == UC_E_DECRYPT && !v->number) {
		if (!v->unread)
			event_warning(c, err,
				      VIEW_LIT("the vault of your account cannot be read by this "
					       "device: end it, and link it anew"),
				      NULL);
		v->unread = true;
		return UC_OK;
	}
	v->unread = false;
	if (err) {
		if (!err_is_hard(err))
			alarm(c, err, "the vault of your account cannot be read by this device");
		return err_is_hard(err) ? err : UC_OK;
	}
	TRY(vault_collect(c, &rekey));
	v->number = e->number;
	v->dirty = true;
	return rows_take(c, &rows);
}

static uc_err vault_in(struct uc_client *c, const struct vault_get_response *in)
{
	struct vault *v = &c->vault;
	const struct vault_owner owner = owner_of(c);
	struct vault_envelope e;
	uint64_t known = v->app_version;
	v->app_version = in->version;
	v->dirty = v->dirty || known != in->version;
	if (!in->version && known) {
		alarm(c, UC_E_STALE, "the app has lost what it kept for a recovery");
		return UC_OK;
	}
	if (!in->version)
		return UC_OK;
	uc_err err = vault_envelope_read(in->vault, &owner, &c->call, &e);
	if (err == UC_E_VERSION) {
		v->foreign = v->dirty = true;
		return UC_OK;
	}
	if (err_is_hard(err))
		return err;
	if (err) {
		alarm(c, err, "the app shows a vault that none of your devices has written");
		return UC_OK;
	}
	return envelope_in(c, &e);
}

static uc_err get_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct vault_get_response in;
	(void)subject;
	c->vault.busy = false;
	if (r->err || wire_decode(r->body, r->mem, vault_get_response_element, &in)) {
		if (r->err != UC_E_NET)
			c->vault.retry_ms = retry_at(c, r, RETRY_MS);
		return UC_OK;
	}
	c->vault.looked = true;
	uc_err err = vault_in(c, &in);
	return err_is_hard(err) ? err : UC_OK;
}

static uc_err look(struct uc_client *c)
{
	c->vault.busy = true;
	uc_err err =
		call_send(c, FRAME_VAULT_GET, empty_element, &(struct empty){ 0 }, get_done, NULL);
	c->vault.busy = !err;
	return err;
}

uc_err vault_drive(struct uc_client *c)
{
	struct vault *v = &c->vault;
	const struct account *a = &c->account;
	if (!account_is_active(c) || a->deleting || c->list_stale || !v->has_keys || v->foreign)
		return UC_OK;
	if (v->busy || waits_until(c, v->retry_ms))
		return UC_OK;
	if (!v->looked)
		return look(c);
	if (!v->due_ms || v->unread)
		return UC_OK;
	return waits_until(c, v->due_ms) ? UC_OK : write_now(c);
}

bool vault_is_idle(const struct uc_client *c)
{
	const struct vault *v = &c->vault;
	uint64_t now = env_now_ms(&c->env);
	if (!account_is_active(c) || !v->has_keys || v->foreign || v->unread || v->retry_ms > now)
		return true;
	return !v->busy && v->looked && (!v->due_ms || v->due_ms > now + SHARED_BETWEEN_MS);
}
