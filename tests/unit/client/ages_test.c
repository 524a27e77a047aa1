/* SPDX-License-Identifier: Apache-2.0 */
/* Ages that services vouch for: what is asked, what goes to the app and what does not, what it says of it. */
#include "mimi/age_statement.h"
#include "mimi/settings.h"
#include "tests/unit/client/small_app.h"

#include "base/text.h"

static struct small_app app;
static struct person kim;
static struct ed25519_key school;
static struct arena mem;
static struct age_present_request handed_in; /* as the app was given it */
static uint8_t handed_bytes[512];
static unsigned times;
static uc_err app_says;

static uc_err take(struct small_app *a, const struct frame *in, struct arena *m, struct buf *out)
{
	struct empty nothing = { 0 };
	if (in->type != FRAME_AGE_PRESENT)
		return UC_E_UNSUPPORTED;
	expect_ok(wire_decode(in->body, m, age_present_request_element, &handed_in));
	expect(handed_in.statement.n <= sizeof handed_bytes);
	memcpy(handed_bytes, handed_in.statement.p, handed_in.statement.n);
	handed_in.statement.p = handed_bytes;
	times++;
	if (app_says)
		return app_says;
	a->checked = 1 + AGE_TEEN_B;
	a->attested = ATTESTED_SERVICE;
	return frame_add_response(out, in->type, in->id, empty_element, &nothing);
}

static void begin(void)
{
	uc_op op;
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	times = 0;
	app_says = UC_OK;
	small_app_init(&app, "lens.example");
	app.has_settings = app.has_ages = true;
	app.more = take;
	person_begin(&kim, &app);
	expect_ok(person_open(&kim));
	expect_ok(person_talk(&kim));
	expect_ok(uc_sign_up(kim.c, "kim", NULL, "Kim", &op));
	expect_ok(person_talk(&kim));
	expect_ok(ed25519_generate(test_env(), &school));
}

static void end(void)
{
	person_end(&kim);
	arena_done(&mem);
}

static const char *request(const char *service)
{
	static char text[UC_AGE_TEXT_MAX];
	expect_ok(uc_age_request(kim.c, service, text, sizeof text));
	return text;
}

/* What a service makes of it. */
static const char *signed_for(const char *text, enum age_band band, uint32_t days_ago)
{
	static char out[UC_AGE_TEXT_MAX];
	struct age_request r = { 0 };
	struct view bytes = { NULL, 0 };
	struct buf b;
	uint32_t today = (uint32_t)(test_now_ms / 86400000);
	expect_ok(age_text_read(AGE_TEXT_REQUEST, view_str(text), &mem, &bytes));
	expect_ok(wire_decode(bytes, &mem, age_request_element, &r));
	struct age_statement s = { .service = r.service,
				   .age_band = (uint8_t)band,
				   .issued_day = today - days_ago,
				   .expires_day = today - days_ago + AGE_DAYS };
	memcpy(s.commitment, r.commitment, sizeof s.commitment);
	expect_ok(age_statement_make(&s, &school, &mem, &bytes));
	buf_init(&b, sizeof out - 1);
	expect_ok(age_text_write(AGE_TEXT_STATEMENT, bytes, &b));
	memcpy(out, b.p, b.n);
	out[b.n] = 0;
	buf_done(&b);
	return out;
}

static uc_err present(const char *text)
{
	uc_op op;
	TRY(uc_age_present(kim.c, text, &op));
	expect_ok(person_talk(&kim));
	expect_eq(kim.done_op, op);
	return kim.done_err;
}

static struct uc_age_known known(void)
{
	struct uc_age_known k = { UC_AGE_BY_NOBODY, UC_AGE_CHILD };
	expect_ok(uc_age_known(kim.c, &k));
	return k;
}

TEST(what_is_handed_in_is_for_this_account_and_counts)
{
	begin();
	expect_eq(known().by, UC_AGE_BY_NOBODY);
	expect_eq(known().age, UC_AGE_UNKNOWN);
	expect_ok(present(signed_for(request("school.example"), AGE_TEEN_B, 0)));
	expect_eq(times, 1);
	struct age_statement s = { 0 };
	expect_ok(age_statement_verify(handed_in.statement, VIEW_OF(school.pub), &mem, &s));
	const struct age_subject of = { VIEW_LIT("school.example"), VIEW_LIT("lens.example"),
					VIEW_OF(app.account_key), VIEW_OF(handed_in.salt) };
	expect_ok(age_statement_check(&s, &of, (uint32_t)(test_now_ms / 86400000)));
	expect_eq(known().by, UC_AGE_BY_SERVICE);
	expect_eq(known().age, UC_AGE_16_AND_17);
	/* Not known while it is not connected; then as the app says it. */
	struct uc_age_known k;
	person_disconnect(&kim);
	expect_ok(person_talk(&kim));
	app.attested = ATTESTED_APP;
	person_disconnect(&kim);
	expect_ok(person_talk(&kim));
	expect_ok(uc_age_known(kim.c, &k));
	expect_eq(k.by, UC_AGE_BY_APP);
	/* What no app would say is nobody's word. */
	app.attested = 9;
	person_disconnect(&kim);
	expect_ok(person_talk(&kim));
	expect_eq(known().by, UC_AGE_BY_NOBODY);
	end();
}

TEST(a_request_is_the_same_each_time_and_another_for_each_service)
{
	char first[UC_AGE_TEXT_MAX], small[8];
	begin();
	snprintf(first, sizeof first, "%s", request("school.example"));
	expect_bytes(view_str(request("school.example")), view_str(first));
	expect_ok(person_open(&kim)); /* kept by nobody, and the same after a restart */
	expect_bytes(view_str(request("school.example")), view_str(first));
	struct age_request one = { 0 }, other = { 0 };
	struct view bytes = { NULL, 0 };
	expect_ok(age_text_read(AGE_TEXT_REQUEST, view_str(first), &mem, &bytes));
	expect_ok(wire_decode(bytes, &mem, age_request_element, &one));
	expect_ok(age_text_read(AGE_TEXT_REQUEST, view_str(request("shop.example")), &mem, &bytes));
	expect_ok(wire_decode(bytes, &mem, age_request_element, &other));
	expect(!view_equal(VIEW_OF(one.commitment), VIEW_OF(other.commitment)));
	static const char *const bad[] = { "", "School", "a b", "-", "school..example" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_err(uc_age_request(kim.c, bad[i], first, sizeof first), UC_E_ARGUMENT);
	expect_err(uc_age_request(kim.c, "school.example", small, sizeof small), UC_E_TOO_LARGE);
	expect_err(uc_age_request(kim.c, "school.example", small, 0), UC_E_ARGUMENT);
	expect_err(uc_age_request(kim.c, NULL, first, sizeof first), UC_E_ARGUMENT);
	end();
}

TEST(what_is_not_ours_is_not_shown_to_the_app)
{
	char own[UC_AGE_TEXT_MAX];
	begin();
	const char *text = signed_for(request("school.example"), AGE_ADULT, 0);
	snprintf(own, sizeof own, "%s", text);
	expect_err(present(signed_for(request("school.example"), AGE_ADULT, AGE_DAYS + 2)),
		   UC_E_STALE);
	own[strlen(own) - 100] ^= 1;
	expect(present(own));
	static const char *const bad[] = { "", "x", "age-statement.", "age-statement.AAAA",
					   "age-statement.!!!!" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect(present(bad[i]));
	expect(present(request("school.example")));
	char large[2000];
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = 0;
	expect_err(present(large), UC_E_TOO_LARGE);
	/* Another account's: its device has another key. */
	static struct small_app elsewhere;
	struct person eve;
	uc_op op;
	snprintf(own, sizeof own, "%s", signed_for(request("school.example"), AGE_ADULT, 0));
	small_app_init(&elsewhere, "lens.example");
	elsewhere.has_settings = elsewhere.has_ages = true;
	elsewhere.more = take;
	person_begin(&eve, &elsewhere);
	expect_ok(person_open(&eve));
	expect_ok(person_talk(&eve));
	expect_err(uc_age_present(eve.c, own, &op), UC_E_SIGNED_OUT);
	expect_ok(uc_sign_up(eve.c, "eve", NULL, "Eve", &op));
	expect_ok(person_talk(&eve));
	expect_err(uc_age_present(eve.c, own, &op), UC_E_KEY);
	person_end(&eve);
	expect_eq(times, 0);
	end();
}

TEST(what_the_app_refuses_is_said)
{
	begin();
	app_says = UC_E_NOT_ALLOWED;
	expect_err(present(signed_for(request("school.example"), AGE_ADULT, 0)), UC_E_NOT_ALLOWED);
	expect_eq(known().by, UC_AGE_BY_NOBODY);
	/* An app of before knows of none. */
	app.has_ages = false;
	person_disconnect(&kim);
	expect_ok(person_talk(&kim));
	expect_err(present(signed_for(request("school.example"), AGE_ADULT, 0)), UC_E_UNSUPPORTED);
	end();
}
