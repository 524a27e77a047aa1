/* SPDX-License-Identifier: Apache-2.0 */
/* undercroftctl reports: what is damaged is said, and keeps none of the others from being listed. */
#include "ctl/ctl.h"
#include "ctl/report_show.h"
#include "mimi/media_type.h"
#include "provider/provider.h"
#include "store/store_rocksdb.h"
#include "tests/unit/harness.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ctl ctl;
static char data[64];
static struct arena mem;
static char printed[8192];

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *f)
{
	(void)s;
	(void)kind;
	(void)f;
	return remove(path);
}

static struct store *begin(void)
{
	char path[4200];
	struct store *s = NULL;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	snprintf(data, sizeof data, "/tmp/undercroft-ctl-XXXXXX");
	expect(mkdtemp(data) != NULL);
	snprintf(path, sizeof path, "%s/dial", data);
	expect(!mkdir(path, 0700));
	ctl = (struct ctl){ .config = { .data = data, .apps_n = 1 } };
	ctl.config.apps[0] = (struct config_app){ .name = "dial", .domain = "dial.example" };
	ctl_store_path(&ctl, 0, CTL_ROOMS, path, sizeof path);
	struct store_options o = {
		.driver = &store_rocksdb_driver,
		.env = test_env(),
		.path = path,
		.domain = VIEW_LIT("dial.example"),
		.kind = view_str(ctl_kind_names[CTL_ROOMS]),
		.schema = PROVIDER_SCHEMA,
	};
	expect_ok(store_open(&o, &s));
	return s;
}

static void end(void)
{
	nftw(data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_done(&mem);
}

/* Of a request, which has no messages that would have to be made. */
static struct report_record record(void)
{
	const struct view place = VIEW_LIT("mimi://dial.example/q/aaaa");
	struct abuse_report r = { .alleged_abuser_uri = place,
				  .reason_code = REPORT_SPAM,
				  .is_card = true,
				  .card = { .name = VIEW_LIT("Eva"), .text = VIEW_LIT("hello") } };
	struct report_record k = { .received_ms = 1, .verdict = REPORT_VERIFIED, .room = place };
	expect_ok(report_card_add(&r, &mem));
	expect_ok(wire_encode_to(&mem, abuse_report_element, &r, &k.report));
	return k;
}

static void put(struct store *s, uint64_t number, struct view value)
{
	struct store_batch b;
	struct store_key k;
	store_batch_init(&b, VIEW_LIT("dial.example"));
	store_put(&b, report_key(&k, VIEW_LIT("dial.example"), number), value);
	expect_ok(store_commit(s, &b));
	store_batch_done(&b);
}

static int list(void)
{
	char dial[] = "dial", out[80];
	char *arguments[] = { dial, NULL };
	ctl.argv = arguments;
	ctl.argc = 1;
	ctl.json = true;
	snprintf(out, sizeof out, "%s/out", data);
	fflush(stdout);
	int before = dup(STDOUT_FILENO);
	expect(freopen(out, "we", stdout) != NULL);
	int status = ctl_reports(&ctl);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	FILE *f = fopen(out, "re");
	expect(f != NULL);
	size_t n = f ? fread(printed, 1, sizeof printed - 1, f) : 0;
	printed[n] = 0;
	if (f)
		fclose(f);
	return status;
}

TEST(those_behind_a_damaged_one_are_listed)
{
	struct view good;
	struct store *s = begin();
	struct report_record r = record();
	expect_ok(wire_encode_to(&mem, report_record_element, &r, &good));
	for (uint64_t i = 1; i <= 3; i++)
		put(s, i, good);
	expect_ok(store_sync(s));
	store_close(s);
	expect_eq(list(), CTL_OK);
	expect(!strstr(printed, "damaged"));
	end();
	s = begin();
	r = record();
	expect_ok(wire_encode_to(&mem, report_record_element, &r, &good));
	put(s, 1, good);
	put(s, 2, VIEW_LIT("no report"));
	put(s, 3, good);
	expect_ok(store_sync(s));
	store_close(s);
	expect_eq(list(), CTL_FAILED);
	expect(strstr(printed, "{\"type\":\"damaged\",\"number\":2}") != NULL);
	expect(strstr(printed, "\"number\":1,") != NULL);
	expect(strstr(printed, "\"number\":3,") != NULL);
	end();
}

/* What was decided is no part of it; all else is: words, who, verdict, whose report. */
TEST(two_that_differ_have_not_the_same_check)
{
	uint8_t is[REPORT_CHECK], other[REPORT_CHECK];
	struct report_file f = { .domain = VIEW_LIT("dial.example"), .number = 3 };
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	struct report_shown s = { .record = record() }, t;
	expect_ok(report_check(&f, &s, &mem, is));
	t = s;
	t.record.action = REPORT_WARNED;
	t.record.note = VIEW_LIT("as it was shown");
	t.record.decided_ms = 7;
	t.record.passed = REPORT_PASSED;
	expect_ok(report_check(&f, &t, &mem, other));
	expect_bytes(VIEW_OF(other), VIEW_OF(is));
	for (int i = 0; i < 6; i++) {
		struct report_file g = f;
		uint8_t words[512];
		t = s;
		expect(s.record.report.n <= sizeof words);
		memcpy(words, s.record.report.p, s.record.report.n);
		words[s.record.report.n - 1] ^= 1;
		if (i == 0)
			t.record.report = view_make(words, s.record.report.n);
		else if (i == 1)
			t.record.room = VIEW_LIT("mimi://dial.example/q/aaab");
		else if (i == 2)
			t.record.verdict = REPORT_UNCONFIRMED;
		else if (i == 3)
			t.record.first = VIEW_LIT("sealed");
		else if (i == 4)
			g.number = 4;
		else
			g.domain = VIEW_LIT("lens.example");
		expect_ok(report_check(&g, &t, &mem, other));
		expect(!view_equal(VIEW_OF(other), VIEW_OF(is)));
	}
	arena_done(&mem);
}
