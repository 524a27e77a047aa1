/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator does, and another name for an account. */
#include "tests/unit/provider/apps.h"

#define NUMBER "+49 151 2345 6789"
#define OTHER  "+49 151 9999 9999"

/* --- suspending --- */

static void suspend(struct app *a, const char *name, bool is_suspended)
{
	uint8_t id[PROVIDER_ACCOUNT];
	expect_ok(provider_account_find(a->provider, view_str(name), id));
	expect_ok(provider_suspend(a->provider, VIEW_OF(id), is_suspended));
	apps_settle();
}

static uc_err recover(struct person *p)
{
	uint8_t signature[ED25519_SIGNATURE];
	struct view nobody = { NULL, 0 };
	struct recover_request q = { VIEW_OF(p->account.pub), VIEW_OF(signature) };
	struct recover_response r;
	p->c = client_connect(p->app);
	expect_ok(person_sign(p->c, SESSION_RECOVER, nobody, nobody, &p->account, signature));
	return client_ask(p->c, FRAME_RECOVER, recover_request_element, &q,
			  recover_response_element, &r);
}

TEST(who_is_suspended_is_out_and_stays_out)
{
	struct person rosa, tom;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	person_join(&tom, &apps[LENS], "tom");
	suspend(&apps[LENS], "Rosa", true);
	expect_eq(rosa.c->closed, WS_POLICY);
	expect(tom.c->session != NULL);
	for (int i = 0; i < 2; i++) {
		expect_err(person_sign_in(&rosa), UC_E_SUSPENDED);
		expect_err(recover(&rosa), UC_E_SUSPENDED);
		client_close(rosa.c);
		rosa.c = NULL;
		expect_err(person_sign_up(&rosa, NULL), UC_E_SUSPENDED);
		/* After a kill, too. */
		app_kill(&apps[LENS], false);
		app_start(&apps[LENS]);
	}
	/* Nor does anybody else get the handle. */
	struct person other;
	person_init(&other, &apps[LENS], "rosa");
	expect_err(person_sign_up(&other, NULL), UC_E_TAKEN);
	suspend(&apps[LENS], "rosa", false);
	expect_ok(person_sign_in(&rosa));
	apps_end();
}

TEST(who_is_recovering_when_suspended_goes)
{
	struct person rosa;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	client_close(rosa.c);
	expect_ok(recover(&rosa));
	suspend(&apps[LENS], "rosa", true);
	expect_eq(rosa.c->closed, WS_POLICY);
	apps_end();
}

static bool is_found(struct app *a, const char *name)
{
	struct name_id name_id;
	uint8_t id[ACCOUNT_ID];
	struct view normalised;
	struct account_record account;
	expect_ok(name_id_of(a->provider, view_str(name), &apps_mem, &name_id, &normalised));
	uc_err err = account_by_name(a->provider, &name_id, &apps_mem, id, &account);
	expect(!err || err == UC_E_NOT_FOUND);
	return !err;
}

TEST(who_is_suspended_is_neither_found_nor_reached)
{
	struct person rosa;
	struct set s;
	static const uint8_t grant[GRANT_ID] = { 1 };
	struct view uri = { NULL, 0 };
	struct request_address r;
	struct account_record account;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	struct provider *p = apps[LENS].provider;
	set_init(&s, rosa.app);
	expect_ok(set_put(&rosa, &s));
	expect_ok(set_address(&rosa, &s, grant, &uri));
	struct view request;
	expect_ok(account_get(p, VIEW_OF(rosa.account_id), &apps_mem, &account));
	struct request_address link = { .channel = CHANNEL_LINK, .expires_ms = test_now_ms + 1000 };
	expect_ok(address_make(p, VIEW_OF(rosa.account_id), &account, &link, &apps_mem, &request));
	expect_ok(address_open(p, request, test_now_ms, &apps_mem, &r, &account));
	struct key_material_request q = set_request(uri);
	struct key_material_response answer;
	for (int is_suspended = 1; is_suspended >= 0; is_suspended--) {
		suspend(&apps[LENS], "rosa", is_suspended != 0);
		expect_eq(is_found(&apps[LENS], "rosa"), !is_suspended);
		expect_err(address_open(p, request, test_now_ms, &apps_mem, &r, &account),
			   is_suspended ? UC_E_ADDRESS : UC_OK);
		expect_ok(address_redeem(p, uri, &q, &apps_mem, &answer));
		/* And what it had is still there afterwards. */
		expect_eq(answer.user_status,
			  is_suspended ? KEY_MATERIAL_USER_UNKNOWN : KEY_MATERIAL_SUCCESS);
	}
	apps_end();
}

TEST(operators_name_those_that_are_there)
{
	uint8_t id[PROVIDER_ACCOUNT] = { 7 };
	apps_begin();
	struct provider *p = apps[LENS].provider;
	expect_err(provider_account_find(p, VIEW_LIT("rosa"), id), UC_E_NOT_FOUND);
	expect_err(provider_account_find(p, VIEW_LIT("no name"), id), UC_E_NAME);
	expect_err(provider_suspend(p, VIEW_OF(id), true), UC_E_NOT_FOUND);
	expect_err(provider_suspend(p, VIEW_LIT("short"), true), UC_E_ARGUMENT);
	apps_end();
}

TEST(a_whole_app_is_suspended)
{
	struct person rosa;
	struct session *s = NULL;
	struct view nobody = { NULL, 0 };
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	provider_suspend_all(apps[LENS].provider, true);
	apps_settle();
	expect_eq(rosa.c->closed, WS_TRY_LATER);
	expect_err(session_open(apps[LENS].provider, &rosa, nobody, &s), UC_E_BUSY);
	expect_eq(peer_ask(&apps[LENS], &apps[DIAL], "identifierQuery", apps[LENS].domain, nobody,
			   NULL),
		  503);
	expect_eq(apps[LENS].last_retry_after_s, 300);
	/* What its keys are can still be asked. */
	expect_eq(peer_get(&apps[LENS], "/.well-known/mimi-protocol-directory", NULL), 200);
	provider_suspend_all(apps[LENS].provider, false);
	expect_ok(person_sign_in(&rosa));
	apps_end();
}

/* --- reserved names --- */

TEST(reserved_names_are_given_to_nobody)
{
	struct person rosa, boss;
	unsigned line = 9;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	struct provider *p = apps[LENS].provider;
	expect_ok(provider_reserve(p, VIEW_LIT("# the house\n\n  Support \r\nadmin\nrosa"), &line));
	expect_eq(line, 0);
	static const char *const names[] = { "support", "ADMIN", "Admin" };
	for (size_t i = 0; i < 3; i++) {
		person_init(&boss, &apps[LENS], names[i]);
		expect_err(person_sign_up(&boss, NULL), UC_E_TAKEN);
	}
	/* Who has one keeps it. */
	expect_ok(person_sign_in(&rosa));
	person_init(&boss, &apps[LENS], "administrator");
	expect_ok(person_sign_up(&boss, NULL));
	/* A list with a mistake is none: that of before holds. */
	expect_err(provider_reserve(p, VIEW_LIT("root\nno name\n"), &line), UC_E_NAME);
	expect_eq(line, 2);
	person_init(&boss, &apps[LENS], "root");
	expect_ok(person_sign_up(&boss, NULL));
	person_init(&boss, &apps[LENS], "admin");
	expect_err(person_sign_up(&boss, NULL), UC_E_TAKEN);
	expect_ok(provider_reserve(p, VIEW_LIT(""), &line));
	expect_ok(person_sign_up(&boss, NULL));
	apps_end();
}

/* --- another name --- */

static uc_err rename_to(struct person *p, const char *name, const char *code)
{
	struct name_change_request q = { view_str(name), view_str(code) };
	return client_ask(p->c, FRAME_NAME_CHANGE, name_change_request_element, &q, NULL, NULL);
}

TEST(nor_what_looks_like_them)
{
	static const char *const taken[] = { "Adm1n", "ad.min", "a-d_m.in", "adrnin",  "admiin",
					     "4dmln", "aclmin", "supp0rt",  "5upport", "suport" };
	struct person p, boss;
	unsigned line;
	apps_begin();
	person_join(&p, &apps[LENS], "admlin");
	expect_ok(provider_reserve(apps[LENS].provider, VIEW_LIT("admin\nsupport"), &line));
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
		person_init(&boss, &apps[LENS], taken[i]);
		expect_err(person_sign_up(&boss, NULL), UC_E_TAKEN);
	}
	expect_err(rename_to(&p, "a.dmin", NULL), UC_E_TAKEN);
	expect_ok(rename_to(&p, "badmin", NULL));
	/* Left while it was not reserved: its owner may go back. */
	expect_ok(rename_to(&p, "admlin", NULL));
	apps_end();
}

TEST(a_handle_is_changed_and_the_old_one_kept_for_a_while)
{
	struct person rosa, other;
	unsigned line;
	apps_begin();
	struct app *lens = &apps[LENS];
	person_join(&rosa, lens, "rosa");
	person_join(&other, lens, "tom");
	expect_err(rename_to(&rosa, "tom", NULL), UC_E_TAKEN);
	expect_err(rename_to(&rosa, "to m", NULL), UC_E_NAME);
	expect_ok(provider_reserve(lens->provider, VIEW_LIT("admin"), &line));
	expect_err(rename_to(&rosa, "admin", NULL), UC_E_TAKEN);
	expect_ok(rename_to(&rosa, "rosalind", NULL));
	expect_ok(rename_to(&rosa, "Rosalind", NULL)); /* said again */
	expect(is_found(lens, "rosalind") && !is_found(lens, "rosa") && is_found(lens, "tom"));
	expect_ok(person_sign_in(&rosa));
	/* Nobody steps into the old one at once; its owner may go back. */
	expect_err(rename_to(&other, "rosa", NULL), UC_E_TAKEN);
	expect_ok(rename_to(&rosa, "rosa", NULL));
	expect(is_found(lens, "rosa") && !is_found(lens, "rosalind"));
	expect_ok(rename_to(&rosa, "rosa.l", NULL));
	expect_err(rename_to(&rosa, "rosa.m", NULL), UC_E_RATE);
	expect(rosa.c->answer.retry_after_s > 0 && rosa.c->answer.retry_after_s <= 3601);
	expect(is_found(lens, "rosa.l") && !is_found(lens, "rosa.m"));
	/* A kill gives no change back. */
	app_kill(lens, false);
	app_start(lens);
	expect_ok(person_sign_in(&rosa));
	expect_ok(person_sign_in(&other));
	expect_err(rename_to(&rosa, "rosa.m", NULL), UC_E_RATE);
	test_now_ms += (uint64_t)29 * DAY_MS;
	for (int i = 0; i < 10; i++)
		apps_wait(1000);
	expect_err(rename_to(&other, "rosa", NULL), UC_E_TAKEN);
	test_now_ms += (uint64_t)2 * DAY_MS;
	for (int i = 0; i < 10; i++)
		apps_wait(1000);
	expect_ok(rename_to(&other, "rosa", NULL));
	expect(is_found(lens, "rosa") && is_found(lens, "rosa.l"));
	apps_end();
}

static void days_pass(int days)
{
	test_now_ms += (uint64_t)days * DAY_MS;
	for (int i = 0; i < 10; i++)
		apps_wait(1000);
}

/* However long somebody goes on changing, and whatever is killed meanwhile. */
TEST(an_account_holds_only_so_many_handles)
{
	struct person rosa, other;
	static const char *const names[] = { "rosa.a", "rosa.b", "rosa.c", "rosa.d" };
	apps_begin();
	struct app *lens = &apps[LENS];
	person_join(&rosa, lens, "rosa");
	person_join(&other, lens, "tom");
	for (size_t i = 0; i < 3; i++) {
		days_pass(1);
		expect_ok(person_sign_in(&rosa));
		expect_ok(rename_to(&rosa, names[i], NULL));
	}
	days_pass(1);
	expect_ok(person_sign_in(&rosa));
	expect_err(rename_to(&rosa, names[3], NULL), UC_E_RATE);
	expect(rosa.c->answer.retry_after_s > 26u * (DAY_MS / 1000));
	app_kill(lens, false);
	app_start(lens);
	expect_ok(person_sign_in(&rosa));
	expect_err(rename_to(&rosa, names[3], NULL), UC_E_RATE);
	expect(is_found(lens, "rosa.c") && !is_found(lens, "rosa.d"));
	/* Back to one of its own takes no further slot. */
	expect_ok(rename_to(&rosa, names[1], NULL));
	expect_err(rename_to(&rosa, names[3], NULL), UC_E_RATE);
	expect_ok(person_sign_in(&other));
	expect_err(rename_to(&other, names[0], NULL), UC_E_TAKEN);
	days_pass(28);
	expect_ok(person_sign_in(&rosa));
	expect_ok(rename_to(&rosa, names[3], NULL));
	apps_end();
}

/* Kept from everybody, and by nothing that leads to whoever had it. */
TEST(the_handle_of_a_deleted_account_rests)
{
	struct person rosa, other;
	apps_begin();
	struct app *lens = &apps[LENS];
	person_join(&rosa, lens, "rosa");
	person_join(&other, lens, "tom");
	expect_ok(rename_to(&rosa, "rosalind", NULL));
	expect_ok(person_delete(&rosa));
	expect(!is_found(lens, "rosalind"));
	expect_ok(person_sign_in(&other));
	expect_err(rename_to(&other, "rosalind", NULL), UC_E_TAKEN);
	expect_err(rename_to(&other, "rosa", NULL), UC_E_TAKEN);
	days_pass(29);
	expect_eq(stored_count(lens->accounts, VIEW_OF(rosa.account_id)), 0);
	days_pass(2);
	expect_ok(person_sign_in(&other));
	expect_ok(rename_to(&other, "rosa", NULL));
	expect_err(rename_to(&other, "rosalind", NULL), UC_E_TAKEN);
	days_pass(58);
	expect_ok(person_sign_in(&other));
	expect_err(rename_to(&other, "rosalind", NULL), UC_E_TAKEN);
	days_pass(2);
	expect_ok(person_sign_in(&other));
	expect_ok(rename_to(&other, "rosalind", NULL));
	apps_end();
}

TEST(names_are_not_tried_out_by_changing)
{
	struct person rosa;
	uc_err err = UC_E_TAKEN;
	int n = 0;
	apps_begin();
	person_join(&rosa, &apps[LENS], "tom");
	person_join(&rosa, &apps[LENS], "rosa");
	for (; err == UC_E_TAKEN && n < 100; n++)
		err = rename_to(&rosa, "tom", NULL);
	expect_err(err, UC_E_RATE);
	expect_eq(n, 11);
	expect_ok(person_sign_in(&rosa)); /* by account, not by connection */
	expect_err(rename_to(&rosa, "free", NULL), UC_E_RATE);
	apps_end();
}

static uc_err rename_by_code(struct person *p, const char *number)
{
	struct code_request_request q = { view_str(number) };
	TRY(client_ask(p->c, FRAME_CODE_REQUEST, code_request_request_element, &q, NULL, NULL));
	return rename_to(p, number, apps[DIAL].code);
}

TEST(a_number_is_changed_by_a_code)
{
	struct person rosa, other;
	apps_begin();
	struct app *dial = &apps[DIAL];
	person_join(&rosa, dial, NUMBER);
	expect_err(rename_to(&rosa, OTHER, "00000000"), UC_E_CODE);
	expect_err(rename_to(&rosa, OTHER, NULL), UC_E_CODE);
	expect(is_found(dial, NUMBER) && !is_found(dial, OTHER));
	expect_ok(rename_by_code(&rosa, OTHER));
	expect(!is_found(dial, NUMBER) && is_found(dial, OTHER));
	/* A code is used once, and going back needs one, too. */
	expect_err(rename_to(&rosa, NUMBER, apps[DIAL].code), UC_E_CODE);
	/* Whoever proves the old number has it at once: it is theirs. */
	person_join(&other, dial, NUMBER);
	expect(is_found(dial, NUMBER) && is_found(dial, OTHER));
	/* And one that somebody has passes to whoever proves it, who has it alone. */
	struct account_record account;
	expect_ok(rename_by_code(&other, OTHER));
	expect(!is_found(dial, NUMBER) && is_found(dial, OTHER));
	uint8_t id[PROVIDER_ACCOUNT];
	expect_ok(provider_account_find(dial->provider, view_str(OTHER), id));
	expect_bytes(VIEW_OF(id), VIEW_OF(other.account_id));
	expect_ok(account_get(dial->provider, VIEW_OF(rosa.account_id), &apps_mem, &account));
	static const uint8_t none[32];
	expect_bytes(VIEW_OF(account.name_id), VIEW_OF(none));
	expect_ok(person_sign_in(&rosa));
	apps_end();
}

/* Killed at each write, what is said again ends in the same. */
TEST(a_change_of_name_is_killed_at_every_write)
{
	unsigned points = 0;
	for (unsigned strike = 1; !points; strike++) {
		struct person rosa;
		apps_begin();
		struct app *dial = &apps[DIAL];
		person_join(&rosa, dial, NUMBER);
		struct code_request_request q = { VIEW_LIT(OTHER) };
		expect_ok(client_ask(rosa.c, FRAME_CODE_REQUEST, code_request_request_element, &q,
				     NULL, NULL));
		char code[16];
		memcpy(code, dial->code, sizeof code);
		kills_keep = strike % 2 != 0;
		dial->strike_in = strike;
		uc_err err = rename_to(&rosa, OTHER, code);
		if (dial->provider && !err)
			points = strike; /* nothing was struck */
		if (!dial->provider)
			app_start(dial);
		dial->strike_in = 0;
		expect_ok(person_sign_in(&rosa));
		err = rename_to(&rosa, OTHER, code);
		if (err == UC_E_CODE) /* spent, and the rest lost: a fresh one */
			err = rename_by_code(&rosa, OTHER);
		expect_ok(err);
		expect(!is_found(dial, NUMBER) && is_found(dial, OTHER));
		apps_end();
	}
	expect(points > 4 && points < 60);
}

/* --- quotas --- */

TEST(an_account_has_only_so_much_stored)
{
	struct person rosa;
	struct set s;
	static uint8_t bytes[600 * 1024];
	struct vault_put_request v = { 1, VIEW_OF(bytes) };
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	provider_set_quota(apps[LENS].provider, 512 * 1024);
	expect_err(client_ask(rosa.c, FRAME_VAULT_PUT, vault_put_request_element, &v, NULL, NULL),
		   UC_E_LIMIT);
	v.vault.n = 511 * 1024;
	expect_ok(client_ask(rosa.c, FRAME_VAULT_PUT, vault_put_request_element, &v, NULL, NULL));
	/* A smaller one in its place always; then there is room for a set. */
	set_init(&s, rosa.app);
	expect_err(set_put(&rosa, &s), UC_E_LIMIT);
	v.version = 2;
	v.vault.n = 500 * 1024;
	expect_ok(client_ask(rosa.c, FRAME_VAULT_PUT, vault_put_request_element, &v, NULL, NULL));
	expect_ok(set_put(&rosa, &s));
	v.version = 3;
	v.vault.n = 511 * 1024;
	expect_err(client_ask(rosa.c, FRAME_VAULT_PUT, vault_put_request_element, &v, NULL, NULL),
		   UC_E_LIMIT);
	provider_set_quota(apps[LENS].provider, 0);
	expect_ok(client_ask(rosa.c, FRAME_VAULT_PUT, vault_put_request_element, &v, NULL, NULL));
	/* Letters are let go, what concerns the devices is not. */
	provider_set_quota(apps[LENS].provider, 1);
	struct view id = VIEW_OF(rosa.account_id);
	expect_ok(intake_put(apps[LENS].provider, id, INTAKE_CONSENT, v.vault, &apps_mem));
	apps_settle();
	expect_eq(client_events(rosa.c, FRAME_INTAKE), 0);
	expect_ok(
		intake_put(apps[LENS].provider, id, INTAKE_DEVICE_LIST, VIEW_LIT("x"), &apps_mem));
	apps_settle();
	expect_eq(client_events(rosa.c, FRAME_INTAKE), 1);
	apps_end();
}
