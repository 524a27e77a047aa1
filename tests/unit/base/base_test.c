/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/map.h"
#include "base/secret.h"
#include "base/text.h"

#include "tests/unit/harness.h"

TEST(views_compare_like_bytes)
{
	expect(view_compare(VIEW_LIT("a"), VIEW_LIT("ab")) < 0);
	expect(view_compare(VIEW_LIT("b"), VIEW_LIT("ab")) > 0);
	expect(view_equal_ct(VIEW_LIT("abc"), VIEW_LIT("abc")));
	expect(!view_equal_ct(VIEW_LIT("abc"), VIEW_LIT("ab")));
	expect(!view_equal_ct(VIEW_LIT("abc"), VIEW_LIT("")));
	struct view head, rest = view_cut(VIEW_LIT("k=v=w"), '=', &head);
	expect_bytes(head, VIEW_LIT("k"));
	expect_bytes(rest, VIEW_LIT("v=w"));
}

TEST(an_arena_keeps_its_limit_and_zeroes_what_it_reuses)
{
	struct arena a;
	arena_init(&a, 10000, ARENA_SECRET);
	struct arena_mark m = arena_mark(&a);
	uint8_t *p = arena_take(&a, 100);
	memset(p, 7, 100);
	arena_reset(&a, m);
	p = arena_take(&a, 100);
	for (int i = 0; i < 100; i++)
		expect_eq(p[i], 0);
	expect(arena_take(&a, 20000) == NULL);
	expect(arena_take_array(&a, SIZE_MAX / 4, 16) == NULL);
	size_t n = 0;
	while (arena_take(&a, 64))
		n++;
	expect(n > 100 && a.used_bytes <= 10000);
	arena_done(&a);
	expect_eq(a.used_bytes, 0);
}

static void digits(const char *plain, const char *b32, const char *b64)
{
	struct buf out;
	struct arena a;
	struct view back;
	buf_init(&out, 1000);
	arena_init(&a, 4096, ARENA_PLAIN);
	base32_add(&out, view_str(plain));
	expect_bytes(buf_view(&out), view_str(b32));
	expect_ok(base32_read(&a, buf_view(&out), &back));
	expect_bytes(back, view_str(plain));
	buf_reset(&out);
	base64url_add(&out, view_str(plain));
	expect_bytes(buf_view(&out), view_str(b64));
	expect_ok(base64url_read(&a, buf_view(&out), &back));
	expect_bytes(back, view_str(plain));
	arena_done(&a);
	buf_done(&out);
}

TEST(base32_and_base64_follow_rfc_4648)
{
	digits("", "", "");
	digits("f", "my", "Zg");
	digits("fo", "mzxq", "Zm8");
	digits("foo", "mzxw6", "Zm9v");
	digits("foob", "mzxw6yq", "Zm9vYg");
	digits("fooba", "mzxw6ytb", "Zm9vYmE");
	digits("foobar", "mzxw6ytboi", "Zm9vYmFy");
	struct arena a;
	struct view v;
	arena_init(&a, 4096, ARENA_PLAIN);
	expect_err(base64url_read(&a, VIEW_LIT("Zh"), &v), UC_E_MALFORMED);
	expect_err(base64url_read(&a, VIEW_LIT("Z"), &v), UC_E_MALFORMED);
	expect_err(base32_read(&a, VIEW_LIT("mzxw6yt"), &v), UC_E_MALFORMED);
	expect_err(hex_read(&a, VIEW_LIT("abc"), &v), UC_E_MALFORMED);
	expect_ok(hex_read(&a, VIEW_LIT("aBcD"), &v));
	arena_done(&a);
}

TEST(hostile_text_is_shown_escaped)
{
	struct buf out;
	buf_init(&out, 1000);
	text_add_escaped(&out,
			 VIEW_LIT("a\x1b[31m\xe2\x80\xae"
				  "b\nc\xff\\\xc3\xa9"),
			 false);
	expect_bytes(buf_view(&out), VIEW_LIT("a\\u{1b}[31m\\u{202e}b\\nc\\xff\\\\\xc3\xa9"));
	buf_reset(&out);
	text_add_escaped(&out, VIEW_LIT("\0\xf3\xa0\x80\x81"), false);
	expect_bytes(buf_view(&out), VIEW_LIT("\\u{0}\\u{e0001}"));
	buf_done(&out);
	expect(!utf8_is_valid(VIEW_LIT("\xc0\x80")));
	expect(!utf8_is_valid(VIEW_LIT("\xed\xa0\x80")));
	expect(utf8_is_valid(VIEW_LIT("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80")));
}

TEST(a_map_holds_what_was_put)
{
	struct map m;
	static int values[1000];
	char key[16];
	expect_ok(map_init(&m, test_env()));
	for (int i = 0; i < 1000; i++)
		expect_ok(map_put(&m, view_make(key, (size_t)snprintf(key, sizeof key, "k%d", i)),
				  &values[i]));
	for (int i = 0; i < 1000; i += 2)
		expect(map_remove(&m, view_make(key, (size_t)snprintf(key, sizeof key, "k%d",
								      i))) == &values[i]);
	expect_eq(m.n, 500);
	for (int i = 0; i < 1000; i++)
		expect(map_find(&m, view_make(key, (size_t)snprintf(key, sizeof key, "k%d", i))) ==
		       (i % 2 ? &values[i] : NULL));
	size_t at = 0, seen = 0;
	struct view k;
	void *v;
	while (map_next(&m, &at, &k, &v))
		seen++;
	expect_eq(seen, 500);
	map_done(&m);
}

TEST(every_error_has_a_name_and_a_class)
{
#define CHECK(name, number, text)                      \
	expect(strcmp(uc_err_name(name), #name) == 0); \
	expect(uc_err_class(name) >= UC_CLASS_USAGE && uc_err_class(name) <= UC_CLASS_MEMORY);
	UC_ERRORS(CHECK)
#undef CHECK
}

/* --- accounts --- */

TEST(an_account_refuses_what_is_beyond_its_limit)
{
	struct heap_account a = { .limit_bytes = 100 };
	void *p = heap_new_in(&a, 60), *q;
	expect(p && a.used_bytes == 60);
	q = heap_new_in(&a, 41);
	expect(!q && a.used_bytes == 60);
	expect_eq(heap_account_error(&a), UC_E_LIMIT);
	q = heap_new_in(&a, 40);
	expect(q && a.used_bytes == 100);
	expect_eq(heap_account_error(&a), UC_E_MEMORY); /* no limit was in the way */
	heap_free_in(&a, p, 60);
	heap_free_wiped_in(&a, q, 40);
	heap_free_in(&a, NULL, 7);
	expect_eq(a.used_bytes, 0);
	p = heap_new_in(NULL, 1000);
	expect(p);
	heap_free_in(NULL, p, 1000);
}

TEST(an_arena_of_an_account_stays_within_both_limits)
{
	struct heap_account account = { .limit_bytes = 3000 };
	struct arena a, b;
	arena_init_in(&a, &account, 1 << 20, ARENA_SECRET);
	arena_init_in(&b, &account, 1 << 20, ARENA_PLAIN);
	expect(arena_take(&a, 500));
	size_t used = account.used_bytes;
	expect(used >= 500 && used == a.used_bytes);
	/* The next block would be twice as long; what is left is made do with. */
	expect(arena_take(&b, 1500));
	expect_eq(account.used_bytes, a.used_bytes + b.used_bytes);
	expect(!arena_take(&a, 1500) && account.used_bytes <= 3000);
	expect_eq(arena_error(&a), UC_E_LIMIT);
	arena_done(&b);
	expect_eq(account.used_bytes, used);
	expect(arena_take(&a, 1500));
	arena_done(&a);
	expect_eq(account.used_bytes, 0);
}
