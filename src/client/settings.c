/* SPDX-License-Identifier: Apache-2.0 */
#include "client/settings.h"

#include "client/account.h"
#include "client/ages.h"
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

bool settings_of_minor(struct uc_client *c)
{
	struct settings s = settings_known(c);
	s = settings_checked(&s, c->settings_checked, c->settings_attested);
	return settings_only_rooms(&s);
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

/* --- the contact code --- */

static struct code_made *code_of(struct uc_client *c, const struct settings *s)
{
	struct code_made *both[] = { &c->account.code_next, &c->account.code_now };
	for (size_t i = 0; s->code.n && i < 2; i++)
		if (*both[i]->text && view_equal(VIEW_OF(both[i]->tag), s->code))
			return both[i];
	return NULL;
}

/* Into the settings, and to be told to the app with them. */
static uc_err code_new(struct uc_client *c, struct settings *s)
{
	struct code_made *made = &c->account.code_next;
	TRY(env_random(&c->env, made->tag, sizeof made->tag));
	TRY(contact_code_make(&c->env, made->text));
	s->code = VIEW_OF(made->tag);
	c->account.dirty = true;
	return UC_OK;
}

static void code_next_done(struct uc_client *c, bool is_taken)
{
	struct code_made *next = &c->account.code_next;
	if (is_taken && *next->text)
		c->account.code_now = *next;
	wipe(next, sizeof *next);
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
	/* A code that another device made is not known here: then nobody has the one there is now. */
	if (s.code.n && !code_of(c, &s)) {
		TRY(code_new(c, &s));
		s.number++;
	}
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
	uc_err err =
		settings_verify(shown, view_str(a->app), VIEW_OF(a->account_key), &c->call, &s);
	if (!err && !known.number && devices_had(c, s.device_key))
		TRY(blob_set(&a->settings, shown)); /* of before a recovery: they go on */
	if (err || !device_is_listed(c, s.device_key))
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
	c->settings_checked = in.checked;
	c->settings_attested = in.attested;
	uc_err err = compare(c, in.statement);
	ages_seen(c);
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
		op_done(c, c->settings_op, r->err, r->err ? r->text : view_str(a->code_next.text));
	if (r->err && c->settings_op == c->finding.say_op)
		c->finding.say_op = 0;
	c->settings_op = 0;
	code_next_done(c, !r->err);
	return UC_OK;
}

/* The app, which keeps no code, is told it whenever it may not know it. */
static uc_err code_put(struct uc_client *c, struct settings_put_request *put)
{
	struct settings s;
	if (!put->statement.n)
		return UC_OK;
	TRY(wire_decode(put->statement, &c->call, settings_element, &s));
	const struct code_made *made = code_of(c, &s);
	put->code = made ? view_str(made->text) : put->code;
	return UC_OK;
}

uc_err settings_drive(struct uc_client *c)
{
	struct account *a = &c->account;
	struct settings_put_request put = { blob_view(&a->settings_next), { NULL, 0 } };
	if (!account_is_active(c) || c->settings_busy || c->list_stale || a->deleting)
		return UC_OK;
	if (!has_feature(c)) {
		if (!c->settings_seen)
			return compare(c, (struct view){ NULL, 0 });
		return UC_OK;
	}
	if (waits_until(c, c->settings_retry_ms) || (c->settings_seen && !put.statement.n))
		return UC_OK;
	TRY(code_put(c, &put));
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
		.has_code = s.code.n != 0,
		.app_showed_others = c->settings_contested,
		.find_by_number = s.find_by_number,
	};
	arena_reset(&c->call, mark);
	return UC_OK;
}

enum code_wish { CODE_AS_IT_IS, CODE_NEW, CODE_NONE };
struct set_call {
	const struct uc_settings *in; /* NULL: as they are */
	enum code_wish code;
	struct view seal; /* a guardian's; empty: as it is */
	uc_op *op;
};

static uc_err may_set(struct uc_client *c)
{
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (c->connection != UC_ONLINE || !c->settings_seen)
		return UC_E_NET;
	if (!has_feature(c))
		return UC_E_UNSUPPORTED;
	return c->account.settings_next.n ? UC_E_BUSY : UC_OK;
}

static uc_err apply(struct uc_client *c, const struct set_call *x, struct settings *s)
{
	if (x->in) {
		s->age_band = (uint8_t)x->in->age;
		s->ask = (uint8_t)x->in->ask;
		s->add = (uint8_t)x->in->add;
		s->find_by_name = x->in->find_by_name;
		s->find_by_number = x->in->find_by_number;
	} else if (x->seal.n) {
		s->guardian = x->seal;
		/* Without one, nobody below 16 is brought into groups. */
		if (!settings_has_guardian(s))
			s->add = ADD_NOBODY;
	} else if (!s->number) {
		/* Nobody has said how old they are: a code would close more than was meant. */
		return UC_E_NOT_ALLOWED;
	}
	if (x->code == CODE_NEW)
		return code_new(c, s);
	if (x->code == CODE_NONE)
		s->code = (struct view){ NULL, 0 };
	return UC_OK;
}

static uc_err set_make(struct uc_client *c, const struct set_call *x, struct view *made)
{
	struct account *a = &c->account;
	struct settings was = settings_known(c), now = was;
	TRY(apply(c, x, &now));
	now.app = view_str(a->app);
	now.account_key = VIEW_OF(a->account_key);
	/* After a recovery the app has some of a device that is gone: ours come after them. */
	if (was.number < c->settings_number)
		was.number = c->settings_number;
	now.number = was.number + 1;
	now.attested = ATTESTED_SELF;
	TRY(settings_make(&now, &a->device, &c->call, made));
	TRY(settings_verify(*made, now.app, now.account_key, &c->call, &now));
	TRY(settings_guardian_follow(&was, &now, &c->call));
	return settings_follow(&was, &now, c->settings_checked);
}

static uc_err change(struct uc_client *c, const struct set_call *x)
{
	struct view made;
	TRY(may_set(c));
	uc_err err = set_make(c, x, &made);
	if (err) {
		code_next_done(c, false);
		return err;
	}
	TRY(blob_set(&c->account.settings_next, made));
	c->settings_contested = false;
	c->account.dirty = true;
	if (x->op)
		*x->op = c->settings_op = op_new(c);
	return UC_OK;
}

uc_err settings_guardian(struct uc_client *c, struct view seal)
{
	const struct set_call x = { .seal = seal };
	return change(c, &x);
}

uc_err settings_change(struct uc_client *c, const struct uc_settings *in, uc_op *op)
{
	const struct set_call x = { .in = in, .op = op };
	return change(c, &x);
}

static uc_err set(struct uc_client *c, void *arg)
{
	return change(c, arg);
}

uc_err uc_settings_set(uc_client *c, const struct uc_settings *settings, uc_op *op)
{
	struct set_call in = { .in = settings, .op = op };
	if (!c || !settings || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, set, &in);
}

uc_err uc_contact_code_set(uc_client *c, bool wanted, uc_op *op)
{
	struct set_call in = { .code = wanted ? CODE_NEW : CODE_NONE, .op = op };
	if (!c || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, set, &in);
}

uc_err uc_contact_code(uc_client *c, char out[UC_CONTACT_CODE_MAX])
{
	if (!c || !out)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	struct arena_mark mark = arena_mark(&c->call);
	struct settings s = settings_known(c);
	const struct code_made *made = code_of(c, &s);
	arena_reset(&c->call, mark);
	return made ? text_set(out, UC_CONTACT_CODE_MAX, view_str(made->text)) : UC_E_NOT_FOUND;
}

uc_err uc_settings_default(uc_client *c, enum uc_age age, struct uc_settings *out)
{
	if (!c || !out || (unsigned)age >= AGE_BANDS)
		return UC_E_ARGUMENT;
	struct settings s = settings_begins((enum age_band)age, (enum name_kind)c->account.names);
	*out = (struct uc_settings){
		.age = age,
		.ask = (enum uc_may_ask)s.ask,
		.add = (enum uc_may_add)s.add,
		.find_by_name = s.find_by_name,
		.find_by_number = s.find_by_number,
	};
	return UC_OK;
}
