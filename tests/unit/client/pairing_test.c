/* SPDX-License-Identifier: Apache-2.0 */
/* Bringing another device in, from the side of the one that does: the vault knows the new one's box before it
 * stands on the list, whatever goes wrong. */
#include "client/vault_inside.h"
#include "mimi/device_list.h"
#include "mimi/pairing.h"
#include "tests/unit/client/small_app.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static struct small_app app;
static struct person p;
static struct arena mem;
static struct ed25519_key tablet;
static uint8_t box_priv[32], box_pub[32];
static struct view asked; /* as the new device has sealed it */
static char code[PAIRING_CODE_MAX];
static unsigned answers;

static struct vault_envelope envelope_now(void)
{
	const struct vault_owner owner = { view_str(app.domain), VIEW_OF(app.account_key) };
	struct vault_envelope e = { .version = 0 };
	expect_ok(vault_envelope_read(view_make(app.vault, app.vault_n), &owner, &mem, &e));
	return e;
}

static bool vault_knows(void)
{
	const struct vault_owner owner = { view_str(app.domain), VIEW_OF(app.account_key) };
	struct vault_envelope e = envelope_now();
	struct vault_rows rows;
	expect_ok(vault_open(&e, &owner, VIEW_OF(p.c->vault.key), &mem, &rows));
	for (size_t i = 0; i < rows.rows.n; i++)
		if (rows.rows.v[i].vault_kind == VAULT_DEVICE && !rows.rows.v[i].gone &&
		    view_equal(VIEW_OF(rows.rows.v[i].id), VIEW_OF(tablet.pub)))
			return true;
	return false;
}

static bool vault_opens(void)
{
	const struct vault_owner owner = { view_str(app.domain), VIEW_OF(app.account_key) };
	struct vault_envelope e = envelope_now();
	uint8_t key[VAULT_KEY];
	return !vault_unwrap(&e, &owner, VIEW_OF(box_priv), VIEW_OF(box_pub), &mem, key);
}

static bool is_listed(void)
{
	return app.list_n > 1;
}

/* The mailbox. */
static uc_err mailbox(struct small_app *a, const struct frame *in, struct arena *m, struct buf *out)
{
	const struct pair_look_response r = { asked };
	(void)a, (void)m;
	if (in->type == FRAME_PAIR_LOOK)
		return frame_add_response(out, in->type, in->id, pair_look_response_element, &r);
	if (in->type != FRAME_PAIR_ANSWER)
		return UC_E_UNSUPPORTED;
	answers++;
	return frame_add_response(out, in->type, in->id, empty_element, &(struct empty){ 0 });
}

/* The tablet shows a code. */
static void ask(void)
{
	struct pairing_code shown = { .domain = view_str(app.domain) };
	struct kem_key answer, box;
	struct view text;
	expect_ok(ed25519_generate(test_env(), &tablet));
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &answer));
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &box));
	memcpy(box_priv, box.priv.b, sizeof box_priv);
	memcpy(box_pub, box.pub, sizeof box_pub);
	expect_ok(env_random(test_env(), shown.secret, sizeof shown.secret));
	struct pairing_request r = { .version = 1,
				     .device_key = VIEW_OF(tablet.pub),
				     .intake_key = VIEW_OF(box_pub),
				     .answer_key = view_make(answer.pub, 32) };
	expect_ok(vault_device_sign(&tablet, view_str(app.domain), r.intake_key, &mem,
				    &r.box_signature));
	expect_ok(pairing_request_seal(test_env(), shown.secret, view_str(app.domain), &r, &mem,
				       &asked));
	expect_ok(pairing_code_write(&shown, &mem, &text));
	memcpy(code, text.p, text.n);
	code[text.n] = 0;
	kem_key_wipe(&answer);
	kem_key_wipe(&box);
}

static void begin(void)
{
	arena_init(&mem, 64 << 20, ARENA_PLAIN);
	small_app_init(&app, "lens.example");
	app.more = mailbox;
	answers = 0;
	person_sign_up(&p, &app);
	person_wait(&p, 10 * MINUTE);
	ask();
}

static void end(void)
{
	person_end(&p);
	arena_done(&mem);
}

static void add(void)
{
	uc_op op;
	expect_ok(uc_device_add(p.c, code, &op));
	expect_ok(person_talk(&p));
}

TEST(a_device_is_brought_in)
{
	begin();
	add();
	expect_ok(p.done_err);
	expect(is_listed() && answers == 1);
	person_wait(&p, SECOND);
	expect(vault_knows() && vault_opens());
	/* Once more, perhaps because its answer was lost: nothing is added twice. */
	uint64_t version = app.vault_version;
	add();
	expect_ok(p.done_err);
	expect_eq(app.list_n, 2);
	expect(app.vault_version <= version + 1);
	end();
}

/* Else whoever ends this device in that moment writes under a key that the new one never gets. */
TEST(it_is_not_listed_before_the_vault_knows_its_box)
{
	begin();
	app.refuse_type = FRAME_DEVICE_APPEND;
	app.refuse_with = UC_E_NET;
	app.refuse_times = 1;
	add();
	expect(!is_listed() && !answers);
	expect(vault_knows());
	/* It does not open it yet: the list does not say that it is one of ours. */
	expect(!vault_opens());
	add();
	expect_ok(p.done_err);
	expect(is_listed() && answers == 1);
	end();
}

TEST(without_the_vault_it_is_not_brought_in)
{
	begin();
	app.refuse_type = FRAME_VAULT_PUT;
	app.refuse_with = UC_E_LIMIT;
	app.refuse_times = 1;
	add();
	expect_err(p.done_err, UC_E_LIMIT);
	expect(!is_listed() && !answers);
	add();
	expect_ok(p.done_err);
	expect(is_listed() && answers == 1);
	end();
}

/* An app that always says that another was first, or whose connection is lost meanwhile. */
TEST(nobody_is_kept_waiting_for_the_vault)
{
	begin();
	app.refuse_type = FRAME_VAULT_PUT;
	app.refuse_with = UC_E_STALE;
	app.refuse_times = UINT32_MAX;
	unsigned done = p.done;
	add();
	expect_eq(p.done, done);
	expect(!uc_client_is_idle(p.c));
	for (int i = 0; i < 31 && p.done == done; i++)
		person_wait(&p, SECOND);
	expect_eq(p.done, done + 1);
	expect_err(p.done_err, UC_E_TIMEOUT);
	add();
	person_disconnect(&p);
	expect_eq(p.done, done + 2);
	expect_err(p.done_err, UC_E_NET);
	expect_ok(person_talk(&p));
	/* Closed while one waits: nothing is left of it. */
	add();
	expect_ok(person_open(&p));
	expect(!is_listed() && !answers);
	app.refuse_times = 0;
	expect_ok(person_talk(&p));
	add();
	expect_ok(p.done_err);
	expect(is_listed() && answers == 1);
	end();
}

/* What another device has written meanwhile is read first, and stands beside it. */
TEST(another_that_was_first_does_not_hinder_it)
{
	begin();
	app.refuse_type = FRAME_VAULT_PUT;
	app.refuse_with = UC_E_STALE;
	app.refuse_times = 2;
	unsigned done = p.done;
	add();
	for (int i = 0; i < 20 && p.done == done; i++)
		person_wait(&p, SECOND);
	expect_ok(p.done_err);
	expect(is_listed() && answers == 1 && vault_knows());
	end();
}
