/* SPDX-License-Identifier: Apache-2.0 */
/* Who reaches whom, at the app: settings of an account, look-ups and letters under them. */
#include "mimi/settings.h"
#include "tests/unit/provider/letters.h"

static struct settings said(const struct person *p, uint64_t number, enum age_band band)
{
	struct settings s = settings_default(band);
	s.app = p->app->domain;
	s.account_key = VIEW_OF(p->account.pub);
	s.number = number;
	return s;
}

static uc_err put_bytes(struct person *p, struct view statement)
{
	struct settings_put_request q = { statement };
	return client_ask(p->c, FRAME_SETTINGS_PUT, settings_put_request_element, &q, NULL, NULL);
}

static uc_err put(struct person *p, const struct settings *s)
{
	struct view statement;
	expect_ok(settings_make(s, &p->phone.key, &apps_mem, &statement));
	return put_bytes(p, statement);
}

static struct view shown(struct person *p)
{
	struct settings_get_response r = { { NULL, 0 } };
	expect_ok(client_ask(p->c, FRAME_SETTINGS_GET, NULL, NULL, settings_get_response_element,
			     &r));
	return r.statement;
}

TEST(settings_are_the_devices_and_only_rise)
{
	struct person rosa, tom;
	struct view one, two, other;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	person_join(&tom, &apps[LENS], "tom");
	expect_eq(shown(&rosa).n, 0);
	struct settings s = said(&rosa, 1, AGE_ADULT);
	expect_ok(settings_make(&s, &rosa.phone.key, &apps_mem, &one));
	expect_ok(put_bytes(&rosa, one));
	expect_ok(put_bytes(&rosa, one)); /* said again */
	s.number = 5;
	expect_ok(settings_make(&s, &rosa.phone.key, &apps_mem, &two));
	expect_ok(put_bytes(&rosa, two));
	expect_err(put_bytes(&rosa, one), UC_E_STALE);
	s.ask = ASK_NOBODY;
	expect_err(put(&rosa, &s), UC_E_STALE);
	/* Another device's, another account's, another app's, changed, nothing of sense. */
	s.number = 6;
	expect_ok(settings_make(&s, &tom.phone.key, &apps_mem, &other));
	expect_err(put_bytes(&rosa, other), UC_E_KEY);
	struct settings of_tom = said(&tom, 6, AGE_ADULT), elsewhere = s;
	expect_err(put(&rosa, &of_tom), UC_E_KEY);
	elsewhere.app = apps[DIAL].domain;
	expect_err(put(&rosa, &elsewhere), UC_E_KEY);
	expect_ok(settings_make(&s, &rosa.phone.key, &apps_mem, &other));
	uint8_t bytes[1024];
	memcpy(bytes, other.p, other.n);
	bytes[other.n - 1] ^= 1;
	expect_err(put_bytes(&rosa, view_make(bytes, other.n)), UC_E_SIGNATURE);
	s.ask = 4;
	expect_err(put(&rosa, &s), UC_E_ARGUMENT);
	expect_bytes(shown(&rosa), two);
	app_kill(&apps[LENS], false);
	app_start(&apps[LENS]);
	expect_ok(person_sign_in(&rosa));
	expect_bytes(shown(&rosa), two);
	expect_ok(person_delete(&rosa));
	expect_eq(stored_count(apps[LENS].accounts, two), 0);
	apps_end();
}

TEST(minors_cannot_loosen)
{
	struct person rosa;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	struct settings s = said(&rosa, 1, AGE_TEEN_A);
	s.find_by_name = true;
	expect_err(put(&rosa, &s), UC_E_NOT_ALLOWED);
	s.find_by_name = false;
	s.add = ADD_CONTACTS;
	expect_err(put(&rosa, &s), UC_E_NOT_ALLOWED);
	s.add = ADD_NOBODY;
	expect_ok(put(&rosa, &s));
	static const enum age_band older[] = { AGE_TEEN_B, AGE_ADULT, AGE_UNKNOWN };
	for (size_t i = 0; i < sizeof older / sizeof *older; i++) {
		struct settings o = said(&rosa, 2, older[i]);
		expect_err(put(&rosa, &o), UC_E_NOT_ALLOWED);
	}
	s = said(&rosa, 2, AGE_CHILD);
	expect_ok(put(&rosa, &s));
	/* From 16 on one opens what one likes. */
	struct person tom;
	person_join(&tom, &apps[LENS], "tom");
	s = said(&tom, 1, AGE_TEEN_B);
	s.find_by_name = true;
	expect_ok(put(&tom, &s));
	apps_end();
}
