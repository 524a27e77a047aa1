/* SPDX-License-Identifier: Apache-2.0 */
/* That we can be found by our number: signed in the settings, then said to the app with the number, and
 * said again whenever what the app has of it is gone: after other settings, another number, another key
 * of the app, or a change of devices. */
#include "client/finding.h"

#include "client/account.h"
#include "client/settings.h"
#include "client/turn.h"
#include "mimi/names.h"

enum { AGAIN_MS = 3600 * 1000, RETRY_MS = 30 * 1000, KEYS_MS = 12 * 3600 * 1000 };

static const uint8_t nothing[SHA256_BYTES];

static void said_set(struct finding *f, const uint8_t hash[SHA256_BYTES], bool refused)
{
	memcpy(f->said, hash, sizeof f->said);
	f->refused = refused;
	f->dirty = true;
}

static void end(struct uc_client *c, uc_err err, struct view text)
{
	struct finding *f = &c->finding;
	op_done(c, f->say_op, err, text);
	f->say_op = 0;
	f->say_number[0] = 0;
	f->say_ms = client_now(c) + AGAIN_MS;
}

/* What everybody can download names no minor; and who is not found by the number when it is typed, or
 * lets nobody ask, or only with a code, is not found so, either.  The app holds to the same. */
static bool may_be_found(uint8_t age_band, uint8_t ask, bool find_by_name)
{
	return age_band == AGE_ADULT && ask == ASK_ANYBODY && find_by_name;
}

static bool is_wanted(struct uc_client *c)
{
	struct settings s = settings_known(c);
	return s.find_by_number && !s.code.n && may_be_found(s.age_band, s.ask, s.find_by_name);
}

static uc_err number_of(struct uc_client *c, struct view *out)
{
	const struct finding *f = &c->finding;
	return name_normalise(NAME_NUMBER,
			      view_str(f->say_number[0] ? f->say_number : c->account.identifier),
			      &c->call, out);
}

/* Of all that what the app keeps depends on. */
static uc_err hash_now(struct uc_client *c, const struct discovery_keys *keys, struct view number,
		       uint8_t out[SHA256_BYTES])
{
	const struct account *a = &c->account;
	struct oprf_element sum;
	TRY(discovery_keys_sum(keys, &sum));
	uint8_t list[SHA256_BYTES], settings[SHA256_BYTES];
	TRY(sha256(blob_view(&a->list), list));
	TRY(sha256(blob_view(&a->settings), settings));
	struct view parts[] = { VIEW_OF(list), VIEW_OF(settings), VIEW_OF(sum.b), number };
	return hmac_sha256_parts(VIEW_LIT("Undercroft findable"), parts, 4, out);
}

static uc_err say_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct finding *f = &c->finding;
	struct account *a = &c->account;
	(void)subject;
	f->say_busy = false;
	if (r->err == UC_E_NET)
		return UC_OK;
	if (r->err && reply_is_transient(r)) {
		f->say_ms = retry_at(c, r, RETRY_MS);
		wake_at(c, f->say_ms);
		return UC_OK;
	}
	said_set(f, f->say_hash, r->err != UC_OK);
	if (!r->err && f->say_number[0]) {
		TRY(text_set(a->identifier, sizeof a->identifier, view_str(f->say_number)));
		a->dirty = true;
	}
	if (r->err && !f->say_op)
		event_warning(c, r->err,
			      VIEW_LIT("the app does not let you be found by your number, though "
				       "your settings say so"),
			      NULL);
	end(c, r->err, r->text);
	return UC_OK;
}

static uc_err say(struct uc_client *c, const struct discovery_keys *keys)
{
	struct finding *f = &c->finding;
	struct discoverable_set_request req = { .on = 1 };
	uc_err err = number_of(c, &req.number);
	if (err && !f->say_op && !f->refused) {
		event_warning(c, err,
			      VIEW_LIT("your settings say that you are found by your number, which "
				       "this device does not know"),
			      NULL);
		said_set(f, nothing, true);
	}
	if (!err)
		err = hash_now(c, keys, req.number, f->say_hash);
	if (err || view_equal(VIEW_OF(f->say_hash), VIEW_OF(f->said))) {
		end(c, err, (struct view){ NULL, 0 });
		return UC_OK;
	}
	TRY(call_send(c, FRAME_DISCOVERABLE_SET, discoverable_set_request_element, &req, say_done,
		      NULL));
	f->say_busy = true;
	return UC_OK;
}

uc_err findable_drive(struct uc_client *c)
{
	struct finding *f = &c->finding;
	uint64_t now = client_now(c);
	struct app_keys keys;
	if (!account_is_active(c) || f->say_busy || !c->settings_seen || c->list_stale ||
	    c->account.settings_next.n || (now < f->say_ms && f->say_ms <= now + AGAIN_MS))
		return UC_OK;
	if (!is_wanted(c)) {
		f->say_ms = now + AGAIN_MS;
		if (f->refused || !view_equal(VIEW_OF(f->said), VIEW_OF(nothing)))
			said_set(f, nothing, false);
		return UC_OK;
	}
	/* A key that has changed is seen in half a day; who waits is told of one that is there. */
	if (!directory_keys_within(c, c->account.app, KEYS_MS, &keys))
		return UC_OK;
	if (keys.discovery.n)
		return say(c, &keys.discovery);
	end(c, UC_E_UNSUPPORTED, VIEW_LIT("this app does not offer finding people by number"));
	return UC_OK;
}

/* --- for the owner --- */

struct set_call {
	bool findable;
	const char *number;
	uc_op *op;
};

static uc_err findable_set(struct uc_client *c, void *arg)
{
	const struct set_call *in = arg;
	struct finding *f = &c->finding;
	struct uc_settings s;
	struct view number;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (c->account.names != UC_NAME_NUMBER)
		return UC_E_UNSUPPORTED;
	if (c->connection != UC_ONLINE || !c->settings_seen)
		return UC_E_NET;
	if (f->say_op || f->say_busy || c->account.settings_next.n)
		return UC_E_BUSY;
	const char *text = in->number ? in->number : c->account.identifier;
	if (in->findable)
		TRY(name_normalise(NAME_NUMBER, view_str(text), &c->call, &number));
	TRY(uc_settings_get(c, &s));
	if (in->findable &&
	    (s.has_code || !may_be_found((uint8_t)s.age, (uint8_t)s.ask, s.find_by_name)))
		return UC_E_NOT_ALLOWED;
	bool is_so = s.find_by_number == in->findable;
	s.find_by_number = in->findable;
	if (is_so)
		*in->op = op_new(c);
	else
		TRY(settings_change(c, &s, in->op));
	if (!in->findable) {
		if (is_so)
			op_done(c, *in->op, UC_OK, (struct view){ NULL, 0 });
		return UC_OK;
	}
	f->say_op = *in->op;
	if (in->number)
		TRY(text_set(f->say_number, sizeof f->say_number, number));
	/* Also what was refused before. */
	said_set(f, nothing, false);
	f->say_ms = 0;
	return UC_OK;
}

uc_err uc_findable_set(uc_client *c, bool findable, const char *number, uc_op *op)
{
	struct set_call in = { findable, number, op };
	if (!c || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, findable_set, &in);
}
