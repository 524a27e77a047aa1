/* SPDX-License-Identifier: Apache-2.0 */
#include "client/vault.h"

#include "client/account.h"
#include "client/devices.h"
#include "client/pairing.h"
#include "client/vault_inside.h"

enum {
	RETRY_MS = 30 * 1000,
	REFUSED_MS = 3600 * 1000,
	/* After another was first, twice as long each time, up to REFUSED_MS. */
	STALE_MS = 1000,
	STALE_DOUBLINGS = 12,
	/* Where other devices wait for it: they are told of it at once. */
	SHARED_MS = 500,
	SHARED_BETWEEN_MS = 3000,
	/* So that the time of a writing does not tell what led to it. */
	SOON_MS = 20 * 1000,    /* after the first change, at least ... */
	JITTER_MS = 160 * 1000, /* ... and as much more by chance */
	BETWEEN_MS = 300 * 1000,
};
/* Between two that are read; past it no room would be left for those to come. */
static const uint64_t NUMBER_STEP = (uint64_t)1 << 40;

/* --- when --- */

void vault_due(struct uc_client *c, uint64_t ms)
{
	struct vault *v = &c->vault;
	if (v->due_ms && v->due_ms <= ms)
		return;
	v->due_ms = ms;
	v->dirty = true;
	wake_at(c, ms);
}

void vault_soon(struct uc_client *c)
{
	c->vault.retry_ms = 0;
	vault_due(c, client_now(c));
}

void vault_write(struct uc_client *c)
{
	struct vault *v = &c->vault;
	v->unwritten = v->dirty = v->rewrap = true;
	v->since = v->since || v->busy;
	vault_soon(c);
}

uc_err vault_is_stored(struct uc_client *c, bool *stored)
{
	const struct vault *v = &c->vault;
	TRY(vault_key_renew(c));
	*stored = v->looked && !v->busy && !v->unwritten;
	if (!*stored)
		vault_due(c, client_now(c));
	return UC_OK;
}

void vault_changed(struct uc_client *c)
{
	struct vault *v = &c->vault;
	uint64_t from = client_now(c), next = v->stored_ms + BETWEEN_MS;
	uint32_t dice = 0;
	v->again = v->busy;
	if (!v->has_keys)
		return;
	/* Also where it was to be written later, while there was one device. */
	if (devices_count(c) > 1) {
		bool soon = v->stored_ms > from || v->stored_ms + SHARED_BETWEEN_MS <= from;
		vault_due(c, soon ? from + SHARED_MS : v->stored_ms + SHARED_BETWEEN_MS);
		return;
	}
	if (v->due_ms)
		return;
	if (v->stored_ms && v->stored_ms <= from && next > from)
		from = next;
	if (env_random(&c->env, (uint8_t *)&dice, sizeof dice))
		dice = 0;
	vault_due(c, from + SOON_MS + dice % JITTER_MS);
}

void vault_signed_in(struct uc_client *c)
{
	struct vault *v = &c->vault;
	/* Nobody else writes the vault of one device. */
	v->looked = devices_count(c) < 2 && !v->foreign;
	v->read = false;
	v->dirty = v->dirty || v->foreign;
	v->foreign = false;
}

void vault_look_again(struct uc_client *c)
{
	struct vault *v = &c->vault;
	uint64_t soon = client_now(c) + STALE_MS;
	v->looked = v->read = v->foreign = false;
	/* One that could not be read or written may go now; who is told so often gains nothing by it. */
	if (!v->stale && v->retry_ms > soon)
		v->retry_ms = soon;
}

/* --- writing --- */

static void finished(struct uc_client *c, uc_err err, struct view text)
{
	op_done(c, c->vault.op, err, text);
	c->vault.op = 0;
	if (err)
		pairing_add_fail(c, err, text);
}

/* Two that write in turns, or an app that always says so, are not to keep each other busy. */
static uint64_t stale_wait(struct uc_client *c)
{
	struct vault *v = &c->vault;
	uint64_t ms = (uint64_t)STALE_MS << v->stale;
	uint16_t dice = 0;
	if (v->stale < STALE_DOUBLINGS)
		v->stale++;
	if (env_random(&c->env, (uint8_t *)&dice, sizeof dice))
		dice = 0;
	ms += ms * dice / 65536;
	return ms < REFUSED_MS ? ms : REFUSED_MS;
}

static uc_err put_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct vault *v = &c->vault;
	(void)subject;
	v->busy = false;
	if (r->err == UC_E_STALE) {
		v->looked = v->read =
			false; /* another device was first, or an earlier try of ours */
		v->retry_ms = client_now(c) + stale_wait(c);
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
	v->unwritten = v->since;
	v->rewrap = v->rewrap && v->since;
	v->due_ms = v->stale = v->unread = 0;
	v->dirty = true;
	if (v->again || v->since)
		vault_changed(c);
	finished(c, UC_OK, (struct view){ NULL, 0 });
	return UC_OK;
}

/* The padded size may not say more than a step; addresses of contacts are what can best be spared. */
static uc_err seal(struct uc_client *c, struct vault_put_request *q)
{
	struct vault *v = &c->vault;
	const struct vault_owner owner = vault_owner_of(c);
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
	uc_err err = vault_collect(c);
	if (err == UC_E_LIMIT)
		return too_large(c);
	TRY(err);
	TRY(vault_key_renew(c));
	if (!v->unwritten) {
		v->due_ms = v->stale = 0;
		v->dirty = true;
		finished(c, UC_OK, (struct view){ NULL, 0 });
		return UC_OK;
	}
	err = seal(c, &q);
	if (err == UC_E_TOO_LARGE)
		return too_large(c);
	TRY(err);
	v->busy = true;
	v->again = v->since = false;
	err = call_send(c, FRAME_VAULT_PUT, vault_put_request_element, &q, put_done, NULL);
	v->busy = !err;
	return err;
}

/* --- reading --- */

static void alarm(struct uc_client *c, uc_err err, const char *what)
{
	event_warning(c, err, view_str(what), NULL);
	c->vault.unwritten = true;
	vault_due(c, client_now(c));
}

static uc_err rows_take(struct uc_client *c, const struct vault_rows *in)
{
	struct vault *v = &c->vault;
	TRY(vault_rows_merge(c, in));
	TRY(vault_rows_apply(c, false));
	v->unwritten = vault_rows_more(v, in) || v->rewrap;
	v->dirty = true;
	if (v->unwritten)
		vault_changed(c);
	return UC_OK;
}

uc_err vault_take(struct uc_client *c, struct view plain)
{
	struct vault_rows rows;
	TRY(wire_decode(plain, &c->call, vault_rows_element, &rows));
	/* First what we have ourselves, with the versions that it has. */
	TRY(vault_collect(c));
	return rows_take(c, &rows);
}

uc_err vault_rows_write(struct uc_client *c, struct arena *a, struct view *plain)
{
	TRY(vault_collect(c));
	TRY(vault_key_renew(c));
	return vault_rows_encode(c, true, a, plain);
}

/* What a device of ours has written is not for us to write over: it does not know this one's box yet.  If
 * there is no other, nobody is to come who does. */
static uc_err unreadable(struct uc_client *c, uc_err err)
{
	static const char what[] = "the vault of your account cannot be read by this device";
	struct vault *v = &c->vault;
	if (devices_count(c) < 2) {
		alarm(c, err, what);
		return UC_OK;
	}
	/* Who was just brought in may be known there in a moment. */
	bool first = !v->unread++;
	if (!first && !v->told) {
		event_warning(c, err, view_str(what), NULL);
		v->told = true;
	}
	v->looked = false;
	v->retry_ms = client_now(c) + (first ? RETRY_MS : REFUSED_MS);
	finished(c, err, (struct view){ NULL, 0 });
	return UC_OK;
}

/* Who has written it may have read more of the list of devices: ours is read again, once for each vault. */
static void catch_up(struct uc_client *c)
{
	struct vault *v = &c->vault;
	if (!v->ahead || v->ahead_number == v->number)
		return;
	v->ahead_number = v->number;
	c->list_stale = true;
	v->looked = v->read = false;
}

static uc_err envelope_in(struct uc_client *c, const struct vault_envelope *e)
{
	struct vault *v = &c->vault;
	struct vault_rows rows;
	bool good;
	if (!devices_is_listed(c, e->device_key)) {
		alarm(c, UC_E_SIGNATURE,
		      "the app shows a vault that none of your devices has written");
		return UC_OK;
	}
	if (e->number < v->number) {
		alarm(c, UC_E_STALE, "the app shows an older vault than this device knows");
		return UC_OK;
	}
	if (e->number - v->number > NUMBER_STEP) {
		alarm(c, UC_E_LIMIT, "the vault of your account cannot be read by this device");
		return UC_OK;
	}
	/* One of the same number may be another: of an app that was put back to an older state. */
	v->ahead = false;
	uc_err err = vault_open_rows(c, e, &rows, &good);
	if (err)
		return err_is_hard(err) ? err : unreadable(c, err);
	TRY(vault_collect(c));
	v->unread = 0;
	v->number = e->number;
	v->dirty = true;
	TRY(rows_take(c, &rows));
	/* Whoever was ended can read that one. */
	if (!good) {
		v->unwritten = true;
		vault_changed(c);
	}
	v->read = true;
	catch_up(c);
	return UC_OK;
}

/* Nobody can say who has written it: it is left alone on this connection, and looked at again on the next. */
static void foreign(struct uc_client *c)
{
	struct vault *v = &c->vault;
	v->foreign = v->dirty = true;
	if (!v->told)
		event_warning(
			c, UC_E_VERSION,
			VIEW_LIT("the vault of your account is of a later program: what is new "
				 "is not stored by this one"),
			NULL);
	v->told = true;
	finished(c, UC_E_VERSION, (struct view){ NULL, 0 });
}

static uc_err vault_in(struct uc_client *c, const struct vault_get_response *in)
{
	struct vault *v = &c->vault;
	const struct vault_owner owner = vault_owner_of(c);
	struct vault_envelope e;
	uint64_t known = v->app_version;
	v->app_version = in->version;
	v->dirty = v->dirty || known != in->version;
	if (!in->version && known) {
		alarm(c, UC_E_STALE, "the app has lost what it kept for a recovery");
		return UC_OK;
	}
	v->read = !in->version;
	if (v->read)
		return UC_OK;
	uc_err err = vault_envelope_read(in->vault, &owner, &c->call, &e);
	if (err == UC_E_VERSION) {
		foreign(c);
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
	if (!account_is_active(c) || c->list_stale || !v->has_keys || v->foreign)
		return UC_OK;
	if (v->busy || waits_until(c, v->retry_ms))
		return UC_OK;
	if (!v->looked)
		return look(c);
	if (!v->due_ms || a->deleting)
		return UC_OK;
	return waits_until(c, v->due_ms) ? UC_OK : write_now(c);
}

bool vault_was_read(const struct uc_client *c)
{
	const struct vault *v = &c->vault;
	bool later = v->retry_ms > env_now_ms(&c->env);
	return !v->has_keys || v->foreign || later || (v->looked && !v->busy);
}

bool vault_is_idle(const struct uc_client *c)
{
	const struct vault *v = &c->vault;
	uint64_t now = env_now_ms(&c->env);
	if (!account_is_active(c) || !v->has_keys || v->foreign || v->retry_ms > now)
		return true;
	return !v->busy && v->looked && (!v->due_ms || v->due_ms > now + SHARED_BETWEEN_MS);
}
