/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/small_app.h"

#include "client/devices.h"
#include "client/words.h"
#include "mimi/device_list.h"
#include "mimi/settings.h"

static struct arena mem;

void small_app_init(struct small_app *a, const char *domain)
{
	memset(a, 0, sizeof *a);
	a->domain = domain;
}

struct turn {
	struct small_app *app;
	struct frame in;
	struct buf *out;
};

static uc_err answer(const struct turn *t, wire_element *walk, const void *body)
{
	return frame_add_response(t->out, t->in.type, t->in.id, walk, body);
}

static uc_err answer_empty(const struct turn *t)
{
	struct empty none = { 0 };
	return answer(t, empty_element, &none);
}

static uc_err session_check(const struct small_app *a, uint8_t purpose, struct view key,
			    struct view account_id, struct view subject, struct view signature)
{
	struct session_tbs tbs = { .purpose = purpose,
				   .domain = view_str(a->domain),
				   .account_id = account_id,
				   .subject = subject };
	struct view content;
	memcpy(tbs.challenge, a->challenge, CHALLENGE);
	TRY(wire_encode_to(&mem, session_tbs_element, &tbs, &content));
	return ed25519_verify(key, "Undercroft session", content, signature);
}

static struct view_list entries(const struct small_app *a, struct view *v)
{
	for (size_t i = 0; i < a->list_n; i++)
		v[i] = (struct view){ a->list[i].b, a->list[i].n };
	return (struct view_list){ v, a->list_n };
}

void small_app_list_put(struct small_app *a, const struct ed25519_key *by, uint8_t action,
			const struct ed25519_key *device, bool over_last)
{
	struct view v[SMALL_ENTRIES], made;
	struct device_list l;
	struct device_entry e = { .device_action = action, .device_key = VIEW_OF(device->pub) };
	struct arena kept;
	arena_init(&kept, 1 << 20, ARENA_PLAIN);
	a->list_n -= over_last;
	const struct view_list all = entries(a, v);
	expect_ok(
		device_list_verify(&all, view_str(a->domain), VIEW_OF(a->account_key), &kept, &l));
	expect_ok(device_entry_make(&l, view_str(a->domain), VIEW_OF(a->account_key), by, false,
				    test_now_ms, &e, &kept, &made));
	memcpy(a->list[a->list_n].b, made.p, made.n);
	a->list[a->list_n++].n = made.n;
	arena_done(&kept);
}

static uc_err list_append(struct small_app *a, struct view entry, struct view account_key)
{
	struct view v[SMALL_ENTRIES + 1];
	struct view_list all = entries(a, v);
	struct device_list l;
	if (a->list_n && view_equal(v[a->list_n - 1], entry))
		return UC_OK;
	if (a->list_n == SMALL_ENTRIES || entry.n > SMALL_ENTRY_BYTES)
		return UC_E_LIMIT;
	v[all.n++] = entry;
	TRY(device_list_verify(&all, view_str(a->domain), account_key, &mem, &l));
	memcpy(a->list[a->list_n].b, entry.p, entry.n);
	a->list[a->list_n++].n = entry.n;
	return UC_OK;
}

static uc_err hello(const struct turn *t)
{
	uint16_t features[] = { FEATURE_SETTINGS, FEATURE_AGES };
	size_t n = t->app->has_ages ? 2 : t->app->has_settings;
	struct hello_response out = { .version = FRAME_VERSION,
				      .domain = view_str(t->app->domain),
				      .names = t->app->code ? 1 : 2,
				      .features = { features, n },
				      .now_ms = test_now_ms + (uint64_t)t->app->skew_ms };
	TRY(env_random(test_env(), t->app->challenge, CHALLENGE));
	t->app->signed_in = t->app->recovering = false;
	memcpy(out.challenge, t->app->challenge, CHALLENGE);
	return answer(t, hello_response_element, &out);
}

static uc_err sign_up(const struct turn *t)
{
	struct small_app *a = t->app;
	struct sign_up_request in;
	struct sign_up_response out;
	TRY(wire_decode(t->in.body, &mem, sign_up_request_element, &in));
	TRY(session_check(a, SESSION_SIGN_UP, in.device_key, (struct view){ NULL, 0 },
			  in.device_list_entry, in.signature));
	bool again = a->there && view_equal(in.account_key, VIEW_OF(a->account_key));
	if (a->there && !again)
		return UC_E_TAKEN;
	if (!again && a->code && !view_equal(in.code, view_str(a->code)))
		return UC_E_CODE;
	TRY(list_append(a, in.device_list_entry, in.account_key));
	if (!again) {
		a->there = true;
		a->accounts++;
		memcpy(a->account_key, in.account_key.p, ED25519_KEY);
		memcpy(a->device_key, in.device_key.p, ED25519_KEY);
		memcpy(a->intake_key, in.intake_key.p, 32);
		TRY(env_random(test_env(), a->account_id, ACCOUNT_ID));
	}
	a->signed_in = true;
	memcpy(out.account_id, a->account_id, ACCOUNT_ID);
	return answer(t, sign_up_response_element, &out);
}

static uc_err sign_in(const struct turn *t)
{
	struct small_app *a = t->app;
	struct sign_in_request in;
	struct sign_in_response out = { .list_position = 0 };
	struct device_entry last;
	TRY(wire_decode(t->in.body, &mem, sign_in_request_element, &in));
	if (!a->there || !view_equal(VIEW_OF(in.account_id), VIEW_OF(a->account_id)))
		return UC_E_NOT_FOUND;
	if (!view_equal(in.device_key, VIEW_OF(a->device_key)))
		return UC_E_REVOKED;
	TRY(session_check(a, SESSION_SIGN_IN, in.device_key, VIEW_OF(in.account_id),
			  (struct view){ NULL, 0 }, in.signature));
	TRY(wire_decode((struct view){ a->list[a->list_n - 1].b, a->list[a->list_n - 1].n }, &mem,
			device_entry_element, &last));
	out.list_generation = last.list_generation;
	out.list_position = last.list_position;
	out.sets_left = (uint32_t)a->sets_n;
	out.intake_next = a->intake_next;
	a->signed_in = true;
	return answer(t, sign_in_response_element, &out);
}

static uc_err recover(const struct turn *t)
{
	struct small_app *a = t->app;
	struct view v[SMALL_ENTRIES];
	struct recover_request in;
	struct recover_response out = { .entries = entries(a, v) };
	TRY(wire_decode(t->in.body, &mem, recover_request_element, &in));
	if (!a->there || !view_equal(in.account_key, VIEW_OF(a->account_key)))
		return UC_E_NOT_FOUND;
	TRY(session_check(a, SESSION_RECOVER, in.account_key, (struct view){ NULL, 0 },
			  (struct view){ NULL, 0 }, in.signature));
	a->recovering = true;
	memcpy(out.account_id, a->account_id, ACCOUNT_ID);
	return answer(t, recover_response_element, &out);
}

static uc_err device_reset(const struct turn *t)
{
	struct small_app *a = t->app;
	struct device_reset_request in;
	TRY(wire_decode(t->in.body, &mem, device_reset_request_element, &in));
	if (!a->recovering)
		return UC_E_SIGNED_OUT;
	TRY(session_check(a, SESSION_SIGN_UP, in.device_key, VIEW_OF(a->account_id),
			  in.device_list_entry, in.signature));
	TRY(list_append(a, in.device_list_entry, VIEW_OF(a->account_key)));
	memcpy(a->device_key, in.device_key.p, ED25519_KEY);
	memcpy(a->intake_key, in.intake_key.p, 32);
	a->sets_n = 0;
	a->signed_in = true;
	return answer_empty(t);
}

static uc_err device_list_get(const struct turn *t)
{
	struct view v[SMALL_ENTRIES];
	struct device_list_get_response out = { entries(t->app, v) };
	return answer(t, device_list_get_response_element, &out);
}

/* As the real one: with a device that is ended all that was lent out is void. */
static uc_err device_append(const struct turn *t)
{
	struct small_app *a = t->app;
	struct device_append_request in;
	struct device_entry e;
	TRY(wire_decode(t->in.body, &mem, device_append_request_element, &in));
	TRY(wire_decode(in.device_list_entry, &mem, device_entry_element, &e));
	TRY(list_append(a, in.device_list_entry, VIEW_OF(a->account_key)));
	if (e.device_action == DEVICE_REVOKE) {
		a->sets_n = 0;
		memset(a->request_key, 0, sizeof a->request_key);
	}
	return answer_empty(t);
}

static uc_err account_delete(const struct turn *t)
{
	struct account_delete_request in;
	TRY(wire_decode(t->in.body, &mem, account_delete_request_element, &in));
	TRY(session_check(t->app, SESSION_DELETE, VIEW_OF(t->app->device_key),
			  VIEW_OF(t->app->account_id), (struct view){ NULL, 0 }, in.signature));
	t->app->there = false;
	return answer_empty(t);
}

static size_t set_find(const struct small_app *a, const uint8_t id[SET_ID])
{
	size_t i = 0;
	while (i < a->sets_n && !view_equal(VIEW_OF(a->sets[i].id), (struct view){ id, SET_ID }))
		i++;
	return i;
}

static uc_err pool_put(const struct turn *t)
{
	struct small_app *a = t->app;
	struct pool_put_request in;
	TRY(wire_decode(t->in.body, &mem, pool_put_request_element, &in));
	for (size_t i = 0; i < in.slots.n; i++) {
		if (set_find(a, in.slots.v[i].set_id) < a->sets_n)
			continue;
		if (a->sets_n == SMALL_SETS)
			return UC_E_LIMIT;
		memcpy(a->sets[a->sets_n++].id, in.slots.v[i].set_id, SET_ID);
	}
	return answer_empty(t);
}

static uc_err pool_status(const struct turn *t)
{
	struct pool_status_response out = { { t->app->sets, t->app->sets_n } };
	return answer(t, pool_status_response_element, &out);
}

static uc_err pool_take(const struct turn *t)
{
	struct small_app *a = t->app;
	struct pool_take_request in;
	struct view sealed = VIEW_LIT("sealed");
	struct pool_take_response out = { { &sealed, 1 } };
	TRY(wire_decode(t->in.body, &mem, pool_take_request_element, &in));
	size_t at = set_find(a, in.set_id);
	if (at == a->sets_n)
		return UC_E_NOT_FOUND;
	a->sets[at] = a->sets[--a->sets_n];
	return answer(t, pool_take_response_element, &out);
}

static uc_err request_key_put(const struct turn *t)
{
	struct request_key_put_request in;
	TRY(wire_decode(t->in.body, &mem, request_key_put_request_element, &in));
	memcpy(t->app->request_key, in.request_key.p, 32);
	return answer_empty(t);
}

/* The code of sign-up is the code here, too. */
static uc_err name_change(const struct turn *t)
{
	struct name_change_request in;
	TRY(wire_decode(t->in.body, &mem, name_change_request_element, &in));
	if (t->app->code && !view_equal(in.code, view_str(t->app->code)))
		return UC_E_CODE;
	return answer_empty(t);
}

/* Believes all of them. */
static uc_err report(const struct turn *t)
{
	struct report_request in;
	TRY(wire_decode(t->in.body, &mem, report_request_element, &in));
	if (t->in.body.n > sizeof t->app->report)
		return UC_E_LIMIT;
	memcpy(t->app->report, t->in.body.p, t->in.body.n);
	t->app->report_n = t->in.body.n;
	const struct report_response out = { REPORT_VERIFIED, in.to };
	return answer(t, report_response_element, &out);
}

/* Whatever it is. */
static uc_err settings_put(const struct turn *t)
{
	struct settings_put_request in;
	TRY(wire_decode(t->in.body, &mem, settings_put_request_element, &in));
	if (in.statement.n > SMALL_ENTRY_BYTES)
		return UC_E_LIMIT;
	memcpy(t->app->settings.b, in.statement.p, in.statement.n);
	t->app->settings.n = in.statement.n;
	return answer_empty(t);
}

/* As the real one does: one after the other. */
static uc_err vault_put(const struct turn *t)
{
	struct small_app *a = t->app;
	struct vault_put_request in;
	TRY(wire_decode(t->in.body, &mem, vault_put_request_element, &in));
	if (in.vault.n > sizeof a->vault)
		return UC_E_LIMIT;
	if (in.version != a->vault_version + 1)
		return UC_E_STALE;
	memcpy(a->vault, in.vault.p, in.vault.n);
	a->vault_n = in.vault.n;
	a->vault_version++;
	return answer_empty(t);
}

static uc_err vault_get(const struct turn *t)
{
	const struct small_app *a = t->app;
	struct vault_get_response out = { a->vault_version, { a->vault, a->vault_n } };
	if (!a->signed_in && !a->recovering)
		return UC_E_SIGNED_OUT;
	return answer(t, vault_get_response_element, &out);
}

static uc_err settings_get(const struct turn *t)
{
	struct settings_get_response out = { { t->app->settings.b, t->app->settings.n },
					     t->app->checked,
					     t->app->checked ? t->app->attested : 0 };
	return answer(t, settings_get_response_element, &out);
}

static uc_err seat_find(const struct turn *t)
{
	struct seat_find_response out = { { NULL, 0 } };
	return answer(t, seat_find_response_element, &out);
}

static uc_err carry_out(const struct turn *t)
{
	static const struct {
		uint16_t type;
		bool signed_in;
		uc_err (*run)(const struct turn *t);
	} table[] = {
		{ FRAME_HELLO, false, hello },
		{ FRAME_CODE_REQUEST, false, answer_empty },
		{ FRAME_SIGN_UP, false, sign_up },
		{ FRAME_SIGN_IN, false, sign_in },
		{ FRAME_RECOVER, false, recover },
		{ FRAME_DEVICE_RESET, false, device_reset },
		{ FRAME_DEVICE_LIST, true, device_list_get },
		{ FRAME_DEVICE_APPEND, true, device_append },
		{ FRAME_ACCOUNT_DELETE, true, account_delete },
		{ FRAME_POOL_PUT, true, pool_put },
		{ FRAME_POOL_STATUS, true, pool_status },
		{ FRAME_POOL_TAKE, true, pool_take },
		{ FRAME_REQUEST_KEY_PUT, true, request_key_put },
		{ FRAME_SEAT_FIND, true, seat_find },
		{ FRAME_NAME_CHANGE, true, name_change },
		{ FRAME_REPORT, true, report },
		{ FRAME_SETTINGS_PUT, true, settings_put },
		{ FRAME_SETTINGS_GET, true, settings_get },
		{ FRAME_VAULT_PUT, true, vault_put },
		{ FRAME_VAULT_GET, false, vault_get },
	};
	struct small_app *a = t->app;
	if (a->refuse_times && a->refuse_type == t->in.type) {
		a->refuse_times--;
		return a->refuse_with;
	}
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].type == t->in.type)
			return table[i].signed_in && !a->signed_in ? UC_E_SIGNED_OUT
								   : table[i].run(t);
	return a->more && a->signed_in ? a->more(a, &t->in, &mem, t->out) : UC_E_UNSUPPORTED;
}

uc_err small_app_directory(const struct frame *in, const struct directory *d, struct buf *out)
{
	struct buf json;
	buf_init(&json, 65536);
	directory_write(&json, d);
	struct directory_response r = { .document = buf_view(&json) };
	uc_err err = frame_add_response(out, in->type, in->id, directory_response_element, &r);
	buf_done(&json);
	return err;
}

bool small_app_take(struct small_app *a, struct view bytes, struct buf *out)
{
	struct turn t = { .app = a, .out = out };
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	expect_ok(wire_decode(bytes, &mem, frame_element, &t.in));
	bool answered = true;
	if (t.in.kind == FRAME_REQUEST) {
		uc_err err = carry_out(&t);
		if (err) {
			buf_reset(out);
			expect_ok(frame_add_refusal(out, t.in.type, t.in.id, err,
						    VIEW_LIT("refused"), 0));
		}
		answered = ++a->requests != a->silent_at;
	}
	arena_done(&mem);
	return answered;
}

/* --- the person --- */

static uint64_t now(void *ctx)
{
	(void)ctx;
	return test_now_ms;
}

static uc_err dice(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return env_random(test_env(), out, n);
}

void person_begin(struct person *p, struct small_app *app)
{
	memset(p, 0, sizeof *p);
	p->app = app;
	p->store = client_memory_new();
}

void person_end(struct person *p)
{
	uc_client_close(p->c);
	client_memory_free(p->store);
	p->c = NULL;
}

uc_err person_open(struct person *p)
{
	static const struct uc_platform platform = { .now_ms = now, .random = dice };
	static const uint8_t key[32] = { 9 };
	struct uc_options o = { .platform = &platform,
				.store_ops = client_memory_ops(),
				.store = p->store,
				.key = key,
				.app = p->app->domain,
				.software = "test 1" };
	uc_client_close(p->c);
	p->c = NULL;
	return uc_client_open(&o, &p->c);
}

static void listen(struct person *p)
{
	struct uc_event e;
	while (uc_client_next_event(p->c, &e)) {
		if (e.kind == UC_EVENT_DONE) {
			p->done++;
			p->done_op = e.op;
			p->done_err = e.err;
			snprintf(p->words, sizeof p->words, "%s", e.text);
		}
		if (e.kind == UC_EVENT_WARNING) {
			p->warning = e.err;
			p->warnings++;
			p->limits += e.err == UC_E_LIMIT;
		}
		p->numbers_found += e.kind == UC_EVENT_NUMBER_FOUND;
		p->gone += e.kind == UC_EVENT_ACCOUNT_GONE;
		p->devices_changed += e.kind == UC_EVENT_DEVICES;
		p->device_alarms += e.kind == UC_EVENT_DEVICE;
		p->identity_changed += e.kind == UC_EVENT_IDENTITY_CHANGED;
	}
}

void person_disconnect(struct person *p)
{
	expect_ok(uc_client_disconnected(p->c));
	listen(p);
}

static uc_err exchange(struct person *p, bool *more)
{
	const uint8_t *bytes;
	size_t n;
	struct buf out;
	*more = uc_client_next_frame(p->c, &bytes, &n);
	if (!*more)
		return UC_OK;
	buf_init(&out, FRAME_MAX);
	uc_err err;
	if (!small_app_take(p->app, (struct view){ bytes, n }, &out)) {
		err = uc_client_disconnected(p->c);
		*more = false;
	} else {
		err = out.n ? uc_client_receive(p->c, out.p, out.n) : UC_OK;
	}
	buf_done(&out);
	listen(p);
	return err;
}

uc_err person_talk(struct person *p)
{
	bool more = true;
	unsigned rounds = 0;
	if (uc_client_connection(p->c) == UC_OFFLINE)
		TRY(uc_client_connected(p->c));
	listen(p);
	while (more && rounds++ < 500)
		TRY(exchange(p, &more));
	expect(rounds < 500);
	return UC_OK;
}

void person_again(struct person *p)
{
	person_disconnect(p);
	expect_ok(person_talk(p));
	expect_eq(uc_client_connection(p->c), UC_ONLINE);
}

void person_look(struct person *p)
{
	person_again(p);
	person_wait(p, 0);
	expect(uc_client_deadline_ms(p->c) > test_now_ms);
}

void person_wait(struct person *p, uint64_t ms)
{
	test_now_ms += ms;
	expect_ok(uc_client_step(p->c));
	expect_ok(person_talk(p));
}

void person_account(struct person *p, const char *name)
{
	struct account *a = &p->c->account;
	struct ed25519_key key;
	expect_ok(ed25519_generate(test_env(), &key));
	expect_ok(ed25519_generate(test_env(), &a->device));
	memcpy(a->account_key, key.pub, ED25519_KEY);
	expect_ok(text_set(a->profile_name, sizeof a->profile_name, view_str(name)));
	expect_ok(devices_first(p->c, &key));
	a->state = ACCOUNT_ACTIVE;
}

void person_sign_up(struct person *p, struct small_app *app)
{
	uc_op op;
	person_begin(p, app);
	expect_ok(person_open(p));
	expect_ok(person_talk(p));
	expect_ok(uc_sign_up(p->c, "rosa", NULL, "Rosa", &op));
	expect_ok(person_talk(p));
	expect_eq(p->done_op, op);
	expect_ok(p->done_err);
}

struct rotten {
	uint8_t key[SAFE_KEY_MAX];
	size_t key_n;
	size_t length; /* of what is looked for: nothing else has it */
};

static bool rotten_each(void *ctx, const uint8_t *key, size_t key_n, const uint8_t *value,
			size_t value_n)
{
	struct rotten *r = ctx;
	(void)value;
	if (value_n != r->length || key_n > sizeof r->key)
		return true;
	memcpy(r->key, key, key_n);
	r->key_n = key_n;
	return false;
}

void person_rots(struct person *p, struct safe_place at)
{
	static const uint8_t long_one[4321], rot = 1;
	const struct uc_store_ops *ops = client_memory_ops();
	struct rotten r = { .length = sizeof long_one + BOX_OVERHEAD };
	safe_put(&p->c->safe, at, VIEW_OF(long_one));
	expect_ok(safe_commit(&p->c->safe));
	expect_ok(ops->scan(p->store, NULL, 0, NULL, 0, rotten_each, &r));
	expect(r.key_n);
	struct uc_store_change change = { r.key, r.key_n, &rot, 1 };
	expect_ok(ops->commit(p->store, &change, 1));
}
