/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/provider/numbers.h"

struct app *dial;
struct person rosa, tom;

void numbers_begin(void)
{
	apps_begin();
	dial = &apps[DIAL];
	expect_ok(provider_keys_make_discovery(&dial->keys, test_env()));
	expect_ok(provider_set_discovery(dial->provider, true, (struct view){ NULL, 0 }));
	person_join(&rosa, dial, ROSA);
	person_join(&tom, dial, TOM);
}

struct discovery_batch batch_of(const char *first, size_t n)
{
	static char texts[DISCOVERY_BATCH_MAX][16];
	static struct view numbers[DISCOVERY_BATCH_MAX];
	struct discovery_batch b = { .n = 0 };
	for (size_t i = 0; i < n; i++) {
		snprintf(texts[i], sizeof texts[i], "+4930%07zu", i);
		numbers[i] = i ? view_str(texts[i]) : view_str(first);
	}
	expect_ok(discovery_ask(test_env(), numbers, n, &apps_mem, &b));
	return b;
}

/* --- the filter --- */

uc_err filter_part(struct person *p, struct view key, uint64_t edition, uint64_t offset,
		   struct discovery_filter_response *r)
{
	struct discovery_filter_request q = { key, edition, offset };
	return client_ask(p->c, FRAME_DISCOVERY_FILTER, discovery_filter_request_element, &q,
			  discovery_filter_response_element, r);
}

struct fuse_filter filter_get(struct person *p, struct view key, uint64_t *edition)
{
	struct discovery_filter_response r;
	struct fuse_filter f = { .prints = NULL };
	struct buf whole;
	struct view kept = { NULL, 0 };
	buf_init(&whole, 1 << 20);
	expect_ok(filter_part(p, key, 0, 0, &r));
	*edition = r.edition;
	while (r.chunk.n) {
		expect_eq(r.offset, whole.n);
		buf_add_view(&whole, r.chunk);
		expect_ok(filter_part(p, key, r.edition, whole.n, &r));
	}
	expect_eq(whole.n, r.total);
	expect_ok(arena_copy(&apps_mem, buf_view(&whole), &kept));
	buf_done(&whole);
	expect_ok(fuse_filter_read(kept, &f));
	expect_eq(f.head.day, r.day);
	return f;
}

void filter_wait(void)
{
	for (int i = 0; i < 20; i++)
		apps_wait(1000);
}

/* --- wanting to be found --- */

uc_err discoverable(struct person *p, const char *number)
{
	struct discoverable_set_request q = { .on = number != NULL, .number = view_str(number) };
	return client_ask(p->c, FRAME_DISCOVERABLE_SET, discoverable_set_request_element, &q, NULL,
			  NULL);
}

uc_err settings_open(struct person *p, uint64_t number, enum age_band band)
{
	struct settings s = settings_said(p, number, band);
	s.find_by_name = s.find_by_number = true;
	return settings_put(p, &s);
}

struct discovery_value value_of(const char *number)
{
	struct discovery_value v = { { 0 } };
	expect_ok(discovery_value_of(&dial->keys.discovery.key, view_str(number), &v));
	return v;
}

size_t kept_values(const char *number)
{
	struct discovery_value v = value_of(number);
	return stored_count(dial->accounts, VIEW_OF(v.b));
}
