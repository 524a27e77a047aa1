/* SPDX-License-Identifier: Apache-2.0 */
#include "server/app_moderate.h"

#include "base/text.h"

/* By its id, in hex, or by what it signed up with. */
static uc_err account_of(struct provider *p, struct view text, uint8_t out[PROVIDER_ACCOUNT])
{
	struct arena scratch;
	struct view raw = { 0 };
	arena_init(&scratch, 4096, ARENA_PLAIN);
	bool is_id = text.n == 2 * (size_t)PROVIDER_ACCOUNT && !hex_read(&scratch, text, &raw);
	if (is_id)
		memcpy(out, raw.p, PROVIDER_ACCOUNT);
	arena_done(&scratch);
	return is_id ? UC_OK : provider_account_find(p, text, out);
}

static uc_err suspend_set(struct provider *p, const struct app_order *o, bool is_suspended)
{
	uint8_t account[PROVIDER_ACCOUNT];
	TRY(account_of(p, o->argument, account));
	return provider_suspend(p, VIEW_OF(account), is_suspended);
}

static uc_err do_suspend(struct provider *p, const struct app_order *o)
{
	return suspend_set(p, o, true);
}

static uc_err do_unsuspend(struct provider *p, const struct app_order *o)
{
	return suspend_set(p, o, false);
}

/* ACCOUNT [DAYS [minors]]. */
static uc_err do_curb(struct provider *p, const struct app_order *o)
{
	uint8_t account[PROVIDER_ACCOUNT];
	uint64_t days = CURB_DAYS;
	struct view who, days_text, minors = view_cut(o->argument, ' ', &who);
	minors = view_cut(minors, ' ', &days_text);
	bool off_minors = view_equal(minors, VIEW_LIT("minors"));
	TRY(account_of(p, who, account));
	if (days_text.n)
		TRY(decimal_read(days_text, &days));
	return (minors.n && !off_minors) || days > CURB_DAYS_MAX
		       ? UC_E_ARGUMENT
		       : provider_curb(p, VIEW_OF(account), (unsigned)days, off_minors);
}

static uc_err do_uncurb(struct provider *p, const struct app_order *o)
{
	uint8_t account[PROVIDER_ACCOUNT];
	TRY(account_of(p, o->argument, account));
	return provider_uncurb(p, VIEW_OF(account));
}

/* NUMBER ACCOUNT DAYS [NOTE]. */
static uc_err do_report_uphold(struct provider *p, const struct app_order *o)
{
	uint8_t account[PROVIDER_ACCOUNT];
	struct view number, who, days_text, note = view_cut(o->argument, ' ', &number);
	uint64_t n, days;
	note = view_cut(note, ' ', &who);
	note = view_cut(note, ' ', &days_text);
	TRY(decimal_read(number, &n));
	TRY(decimal_read(days_text, &days));
	TRY(account_of(p, who, account));
	return days > CURB_DAYS_MAX
		       ? UC_E_ARGUMENT
		       : provider_report_uphold(p, n, VIEW_OF(account), (unsigned)days, note);
}

/* NUMBER ACTION [NOTE]. */
static uc_err do_report_decide(struct provider *p, const struct app_order *o)
{
	static const char *const actions[] = { "none", "warn", "suspend" };
	struct view number, action, note = view_cut(o->argument, ' ', &number);
	uint64_t n;
	note = view_cut(note, ' ', &action);
	TRY(decimal_read(number, &n));
	for (uint8_t i = 0; i < 3; i++)
		if (view_equal(action, view_str(actions[i])))
			return provider_report_decide(p, n, (uint8_t)(i + 1), note);
	return UC_E_ARGUMENT;
}

static uc_err do_report_pass(struct provider *p, const struct app_order *o)
{
	uint64_t n;
	TRY(decimal_read(o->argument, &n));
	return provider_report_pass(p, n);
}

/* ACCOUNT BAND. */
static uc_err do_age(struct provider *p, const struct app_order *o)
{
	static const char *const bands[] = { "none", "child", "13-15", "16-17", "adult" };
	uint8_t account[PROVIDER_ACCOUNT];
	struct view who, band = view_cut(o->argument, ' ', &who);
	TRY(account_of(p, who, account));
	for (size_t i = 0; i < sizeof bands / sizeof *bands; i++)
		if (view_equal(band, view_str(bands[i])))
			return provider_check_age(p, VIEW_OF(account), (uint8_t)i);
	return UC_E_ARGUMENT;
}

uc_err app_moderate(struct provider *p, const struct app_order *o)
{
	static const struct {
		const char *name;
		uc_err (*run)(struct provider *p, const struct app_order *o);
	} orders[] = {
		{ "suspend", do_suspend },
		{ "unsuspend", do_unsuspend },
		{ "age", do_age },
		{ "curb", do_curb },
		{ "uncurb", do_uncurb },
		{ "report-uphold", do_report_uphold },
		{ "report-pass", do_report_pass },
		{ "report-decide", do_report_decide },
	};
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (view_equal(view_str(orders[i].name), o->name))
			return orders[i].run(p, o);
	return UC_E_UNSUPPORTED;
}
