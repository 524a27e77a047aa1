/* SPDX-License-Identifier: Apache-2.0 */
#include "client/settings.h"

#include "client/account.h"
#include "client/devices.h"
#include "client/turn.h"

enum { RETRY_MS = 30 * 1000 };

/* What is kept was checked before it was. */
struct settings settings_known(struct uc_client *c)
{
	struct settings s;
	if (!c->account.settings.n ||
	    wire_decode(blob_view(&c->account.settings), &c->call, settings_element, &s))
		return settings_default(AGE_UNKNOWN);
	return s;
}

static bool has_feature(const struct uc_client *c)
{
	return c->features & 1u << FEATURE_SETTINGS;
}

static void later(struct uc_client *c, const struct reply *r)
{
	if (r->err != UC_E_NET)
		c->settings_retry_ms = retry_at(c, r, RETRY_MS);
}

static void alarm(struct uc_client *c, const char *what)
{
	c->settings_contested = true;
	event_warning(c, UC_E_STALE, view_str(what), NULL);
}

/* --- what the app shows --- */

static bool device_is_listed(struct uc_client *c, struct view device_key)
{
	struct view_list shown;
	struct device_list l;
	return !devices_shown(c, &c->call, &shown) &&
	       !device_list_verify(&shown, view_str(c->account.app),
				   VIEW_OF(c->account.account_key), &c->call, &l) &&
	       device_list_has(&l, device_key);
}

/* The app has others than this device knows: older ones, or ones nobody of ours made.  Those known here
 * are put there again. */
static uc_err put_back(struct uc_client *c, const char *what)
{
	alarm(c, what);
	if (!c->account.settings.n || c->account.settings_next.n)
		return UC_OK;
	struct settings s = settings_known(c);
	struct view again;
	/* Signed by this device: it has the session. */
	TRY(settings_make(&s, &c->account.device, &c->call, &again));
	TRY(blob_set(&c->account.settings_next, again));
	c->account.dirty = true;
	return UC_OK;
}

static uc_err compare(struct uc_client *c, struct view shown)
{
	struct account *a = &c->account;
	struct settings known = settings_known(c), s;
	c->settings_seen = true;
	if (view_equal(shown, blob_view(&a->settings)))
		return UC_OK;
	/* What was on its way when the connection went may have arrived. */
	if (a->settings_next.n && view_equal(shown, blob_view(&a->settings_next)))
		return UC_OK;
	if (!shown.n)
		return put_back(c, "the app has lost your settings of who may reach you");
	/* What nobody may have signed does not use up the numbers there are. */
	if (!wire_decode(shown, &c->call, settings_element, &s) && s.number < UINT64_MAX / 2)
		c->settings_number = s.number;
	if (settings_verify(shown, view_str(a->app), VIEW_OF(a->account_key), &c->call, &s) ||
	    !device_is_listed(c, s.device_key))
		return put_back(c, "the app shows settings of who may reach you that none of your "
				   "devices signed: look at them, and set them again");
	if (s.number <= known.number)
		return put_back(c, "the app shows older settings of who may reach you than this "
				   "device knows");
	TRY(blob_set(&a->settings, shown));
	a->dirty = true;
	c->finding.say_ms = 0;
	return UC_OK;
}

static uc_err get_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct settings_get_response in;
	(void)subject;
	c->settings_busy = false;
	if (r->err || wire_decode(r->body, r->mem, settings_get_response_element, &in)) {
		later(c, r);
		return UC_OK;
	}
	uc_err err = compare(c, in.statement);
	return err_is_hard(err) ? err : UC_OK;
}

/* --- what is put there --- */

static uc_err put_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct account *a = &c->account;
	(void)subject;
	c->settings_busy = false;
	if (r->err == UC_E_NET || (r->err && reply_is_transient(r))) {
		later(c, r);
		return UC_OK;
	}
	if (!r->err)
		TRY(blob_set(&a->settings, blob_view(&a->settings_next)));
	blob_done(&a->settings_next);
	a->dirty = true;
	c->finding.say_ms = 0;
	/* That we can be found is still to be said (findable.c). */
	if (r->err || c->settings_op != c->finding.say_op)
		op_done(c, c->settings_op, r->err, r->text);
	if (r->err && c->settings_op == c->finding.say_op)
		c->finding.say_op = 0;
	c->settings_op = 0;
	return UC_OK;
}

uc_err settings_drive(struct uc_client *c)
{
	struct account *a = &c->account;
	struct settings_put_request put = { blob_view(&a->settings_next) };
	if (!account_is_active(c) || c->settings_busy || c->list_stale || a->deleting)
		return UC_OK;
	if (!has_feature(c)) {
		if (!c->settings_seen)
			return compare(c, (struct view){ NULL, 0 });
		return UC_OK;
	}
	if (waits_until(c, c->settings_retry_ms) || (c->settings_seen && !put.statement.n))
		return UC_OK;
	c->settings_busy = true;
	uc_err err = c->settings_seen
			     ? call_send(c, FRAME_SETTINGS_PUT, settings_put_request_element, &put,
					 put_done, NULL)
			     : call_send(c, FRAME_SETTINGS_GET, empty_element, &(struct empty){ 0 },
					 get_done, NULL);
	c->settings_busy = !err;
	return err;
}

/* --- for the owner --- */

uc_err uc_settings_get(uc_client *c, struct uc_settings *out)
{
	if (!c || !out)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	struct arena_mark mark = arena_mark(&c->call);
	struct settings s = settings_known(c);
	*out = (struct uc_settings){
		.said = s.number != 0,
		.age = (enum uc_age)s.age_band,
		.ask = (enum uc_may_ask)s.ask,
		.add = (enum uc_may_add)s.add,
		.find_by_name = s.find_by_name,
		.app_showed_others = c->settings_contested,
		.find_by_number = s.find_by_number,
	};
	arena_reset(&c->call, mark);
	return UC_OK;
}

uc_err settings_change(struct uc_client *c, const struct uc_settings *in, uc_op *op)
{
	struct account *a = &c->account;
	struct settings was = settings_known(c), now = was;
	struct view made;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (c->connection != UC_ONLINE || !c->settings_seen)
		return UC_E_NET;
	if (!has_feature(c))
		return UC_E_UNSUPPORTED;
	if (a->settings_next.n)
		return UC_E_BUSY;
	now.app = view_str(a->app);
	now.account_key = VIEW_OF(a->account_key);
	/* After a recovery the app has some of a device that is gone: ours come after them. */
	if (was.number < c->settings_number)
		was.number = c->settings_number;
	now.number = was.number + 1;
	now.attested = ATTESTED_SELF;
	now.age_band = (uint8_t)in->age;
	now.ask = (uint8_t)in->ask;
	now.add = (uint8_t)in->add;
	now.find_by_name = in->find_by_name;
	now.find_by_number = in->find_by_number;
	TRY(settings_make(&now, &a->device, &c->call, &made));
	TRY(settings_verify(made, now.app, now.account_key, &c->call, &now));
	TRY(settings_follow(&was, &now));
	TRY(blob_set(&a->settings_next, made));
	c->settings_contested = false;
	a->dirty = true;
	*op = c->settings_op = op_new(c);
	return UC_OK;
}

struct set_call {
	const struct uc_settings *in;
	uc_op *op;
};

static uc_err set(struct uc_client *c, void *arg)
{
	const struct set_call *x = arg;
	return settings_change(c, x->in, x->op);
}

uc_err uc_settings_set(uc_client *c, const struct uc_settings *settings, uc_op *op)
{
	struct set_call in = { settings, op };
	if (!c || !settings || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, set, &in);
}

uc_err uc_settings_default(enum uc_age age, struct uc_settings *out)
{
	if (!out || (unsigned)age >= AGE_BANDS)
		return UC_E_ARGUMENT;
	struct settings s = settings_default((enum age_band)age);
	*out = (struct uc_settings){
		.age = age,
		.ask = (enum uc_may_ask)s.ask,
		.add = (enum uc_may_add)s.add,
		.find_by_name = s.find_by_name,
		.find_by_number = s.find_by_number,
	};
	return UC_OK;
}
