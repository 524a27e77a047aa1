/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/provider/reports_kept.h"

uc_err report_file(struct person *by, uint8_t to, struct view place, struct view bytes,
		   struct report_response *out)
{
	const struct report_request q = { place, to, bytes };
	*out = (struct report_response){ 0 };
	return client_ask(by->c, FRAME_REPORT, report_request_element, &q, report_response_element,
			  out);
}

struct report_record kept(struct app *a, uint64_t number)
{
	struct report_record r = { .version = 0 };
	struct store_key k;
	expect_ok(record_get(a->rooms, report_key(&k, a->domain, number), report_record_element,
			     &apps_mem, &r));
	return r;
}

uc_err uphold(struct app *a, uint64_t number, const struct person *who)
{
	return provider_report_uphold(a->provider, number, VIEW_OF(who->account_id), CURB_DAYS,
				      VIEW_LIT("as it was shown"));
}

struct curb curbed(const struct person *who)
{
	struct curb c = { 0 };
	struct account_record account = { 0 };
	struct view id = VIEW_OF(who->account_id);
	expect_ok(account_get(who->app->provider, id, &apps_mem, &account));
	expect_ok(curb_get(who->app->provider, id, &account, &apps_mem, &c));
	return c;
}

size_t count(struct app *a)
{
	return table_count(a, TABLE_REPORT);
}
