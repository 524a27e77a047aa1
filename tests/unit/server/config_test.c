/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config.h"
#include "tests/unit/harness.h"

#define AGE_KEY       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define OTHER_AGE_KEY "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"

static struct arena arena;
static struct config config;
static struct buf said;

static uc_err read_text(const char *text)
{
	struct config_mistakes m = { "x.conf", &said, 0 };
	arena_done(&arena);
	arena_init(&arena, 1 << 20, ARENA_PLAIN);
	buf_done(&said);
	buf_init(&said, 1 << 16);
	return config_read(&arena, view_str(text), "run", &m, &config);
}

static void expect_said(const char *text, const char *want)
{
	expect_err(read_text(text), UC_E_CONFIG);
	expect_bytes(buf_view(&said), view_str(want));
}

#define APP(name, port)                                                         \
	"[app " name "]\ndomain = " name ".localhost\nlisten = 127.0.0.1:" port \
	"\ncertificate = tls/" name ".pem\nprivate_key = /abs/" name            \
	".key\nnames = handle\nkeys = keys/" name "\n"

TEST(three_apps_are_read)
{
	expect_ok(read_text("# comment\n[backbone]\ndata = data\n\n" APP("dial", "8441") APP(
		"lens", "8442") APP("plaza", "8443") "[peer far.example]\nurl = "
						     "https://far.example:99\nca = far.pem\n"));
	expect_eq(config.apps_n, 3);
	expect_bytes(view_str(config.data), VIEW_LIT("run/data"));
	expect_bytes(view_str(config.apps[1].certificate), VIEW_LIT("run/tls/lens.pem"));
	expect_bytes(view_str(config.apps[1].private_key), VIEW_LIT("/abs/lens.key"));
	expect_bytes(view_str(config.apps[2].listen.host), VIEW_LIT("127.0.0.1"));
	expect_eq(config.apps[2].listen.port, 8443);
	expect_eq(config.peers[0].url.port, 99);
	expect_bytes(view_str(config.peers[0].ca), VIEW_LIT("run/far.pem"));
	expect_eq(config.log, CONFIG_LOG_INFO);
	expect(config.apps[0].limit_by_address);
	expect_eq(said.n, 0);
}

TEST(services_that_vouch_for_ages_have_a_name_and_a_key)
{
	expect_said("[backbone]\n"
		    "data = d\n"
		    "[age School]\n"
		    "key = " AGE_KEY "\n"
		    "[age shop.example]\n"
		    "key = " AGE_KEY "0\n"
		    "[age shop.example]\n"
		    "[age a.example]\n"
		    "key_before = zz\n"
		    "[age]\n",
		    "x.conf:3: [age School] is not a domain in lower case, such as dial.example\n"
		    "x.conf:6: [age shop.example] key: is not a key as `undercroftctl age-service "
		    "new` prints it, 64 hex digits\n"
		    "x.conf:7: [age shop.example] is there twice\n"
		    "x.conf:9: [age a.example] key_before: is not a key as `undercroftctl "
		    "age-service new` prints it, 64 hex digits\n"
		    "x.conf:8: [age a.example] key: is missing\n"
		    "x.conf:10: age: is not [backbone], [app NAME], [peer DOMAIN], [age NAME], "
		    "[limits] or [limits NAME]\n"
		    "x.conf: there is no [app NAME] section\n");
}

TEST(all_mistakes_are_said_with_line_and_key)
{
	expect_said(
		"data = early\n"
		"[backbone]\n"
		"dat = x\n"
		"threads = many\n"
		"log = loud\n"
		"log = info\n"
		"[app dial]\n"
		"domain = Dial\n"
		"listen = localhost:1\n"
		"certificate =\n"
		"private_key = k\n"
		"names = nick\n"
		"nonsense\n"
		"[app dial]\n"
		"bogus = 1\n"
		"[pear x]\n"
		"[backbone\n",
		"x.conf:1: data: stands before the first section\n"
		"x.conf:3: [backbone] dat: is not a key of this section\n"
		"x.conf:4: [backbone] threads: is not a number from 0 to 256\n"
		"x.conf:5: [backbone] log: is not error, info or debug\n"
		"x.conf:6: [backbone] log: is there twice\n"
		"x.conf:2: [backbone] data: is missing\n"
		"x.conf:8: [app dial] domain: is not a domain in lower case, such as dial.example\n"
		"x.conf:9: [app dial] listen: is not ADDRESS:PORT with a numeric address, such as "
		"127.0.0.1:8441\n"
		"x.conf:10: [app dial] certificate: is empty\n"
		"x.conf:12: [app dial] names: is not number, handle or address\n"
		"x.conf:13: [app dial] nonsense: is not a line of the form `key = value`\n"
		"x.conf:7: [app dial] keys: is missing\n"
		"x.conf:14: [app dial] is there twice\n"
		"x.conf:15: [app dial] bogus: is not a key of this section\n"
		"x.conf:16: pear x: is not [backbone], [app NAME], [peer DOMAIN], [age NAME], "
		"[limits] or [limits NAME]\n"
		"x.conf:17: [backbone: has no closing bracket\n");
}

TEST(network_addresses_need_not_be_counted_by)
{
	expect_ok(read_text("[backbone]\ndata = d\n" APP("dial", "1") "limit_by_address = no\n" APP(
		"lens", "2") "limit_by_address = yes\n" APP("plaza", "3")));
	expect(!config.apps[0].limit_by_address);
	expect(config.apps[1].limit_by_address);
	expect(config.apps[2].limit_by_address);
	expect_said("[backbone]\ndata = d\n" APP("dial", "1") "limit_by_address = maybe\n",
		    "x.conf:10: [app dial] limit_by_address: is not yes or no\n");
}

TEST(limits_are_for_all_apps_or_for_one)
{
	expect_ok(read_text("[backbone]\ndata = d\n[limits lens]\nmessage = 7   8\n" APP(
		"dial", "1") APP("lens", "2") "[limits]\nmessage = 600 240000\ncode = 1 1\n"));
	expect_eq(config.apps[0].limits[LIMIT_MESSAGE].burst, 600);
	expect_eq(config.apps[0].limits[LIMIT_MESSAGE].hour, 240000);
	expect_eq(config.apps[1].limits[LIMIT_MESSAGE].burst, 7);
	expect_eq(config.apps[1].limits[LIMIT_MESSAGE].hour, 8);
	expect_eq(config.apps[0].limits[LIMIT_CODE].burst, 1);
	expect_eq(config.apps[1].limits[LIMIT_CODE].hour, 1);
	for (size_t i = 0; i < LIMITS_N; i++) {
		if (i == LIMIT_MESSAGE || i == LIMIT_CODE)
			continue;
		expect_eq(config.apps[0].limits[i].hour, 0);
		expect_eq(config.apps[1].limits[i].hour, 0);
	}
	expect_ok(read_text("[backbone]\ndata = d\n" APP("dial", "1")));
	expect_eq(config.apps[0].limits[LIMIT_MESSAGE].hour, 0);
}

TEST(limits_that_cannot_be_counted_are_mistakes)
{
#define NUMBERS                                                                            \
	"is not two numbers from 1 to 1000000000, how many at once and how many an hour, " \
	"such as 600 120000\n"
	expect_said("[backbone]\ndata = d\n[limits]\nmessage = 600\ncode = 0 5\nlookup = 5 0\n"
		    "consent = 5 1000000001\naddress = 4294967297 5\nroom = 25 1\nupdate = 24 1\n"
		    "update = 24 1\nmesage = 1 1\nsign_up = 1 2 3\n[limits]\n[limits plaza]\n" APP(
			    "dial", "1"),
		    "x.conf:4: [limits] message: " NUMBERS "x.conf:5: [limits] code: " NUMBERS
		    "x.conf:6: [limits] lookup: " NUMBERS "x.conf:7: [limits] consent: " NUMBERS
		    "x.conf:8: [limits] address: " NUMBERS
		    "x.conf:9: [limits] room: allows more at once than comes back within a day: at "
		    "most 24 times what an hour allows\n"
		    "x.conf:11: [limits] update: is there twice\n"
		    "x.conf:12: [limits] mesage: is not a key of this section\n"
		    "x.conf:13: [limits] sign_up: " NUMBERS "x.conf:14: [limits] is there twice\n"
		    "x.conf:15: [limits plaza] is of an app that is not there\n");
#undef NUMBERS
}

static struct config before, after;
static struct config_changes changes;

/* What another text changes; the mistakes of both are none. */
static void compare(const char *one, const char *other)
{
	static struct config_change v[CONFIG_CHANGES_MAX];
	static struct arena keep;
	arena_done(&keep);
	expect_ok(read_text(one));
	before = config;
	keep = arena;
	arena_init(&arena, 1 << 20, ARENA_PLAIN);
	expect_ok(read_text(other));
	changes = (struct config_changes){ v, 0, false };
	config_compare(&before, &config, &after, &changes);
}

static bool changed(const char *section, const char *name, const char *key, bool needs_restart)
{
	for (size_t i = 0; i < changes.n; i++) {
		const struct config_change *c = &changes.v[i];
		if (view_equal(view_str(c->section), view_str(section)) &&
		    view_equal(view_str(c->name), view_str(name)) &&
		    view_equal(view_str(c->key), view_str(key)))
			return c->needs_restart == needs_restart;
	}
	return false;
}

#define PEER "[peer far.example]\nurl = https://far.example\nca = c\n"

TEST(what_is_another_is_told_and_what_may_change_changes)
{
	compare("[backbone]\ndata = d\n" APP("dial", "1") "title = Dial\n" APP("lens", "2") PEER,
		"[limits]\nroom = 5 6\n[backbone]\ndata = d\nlog = debug\nthreads = 3\n" APP(
			"dial", "9") "title = Other\naccount_bytes = 2000000\nsuspended = yes\n"
				     "reserved = r\n" APP("plaza", "4") PEER "title = Far\n");
	expect(changed("backbone", NULL, "log", false));
	expect(changed("backbone", NULL, "threads", true));
	expect(changed("app", "dial", "listen", true));
	expect(changed("app", "dial", "title", false));
	expect(changed("app", "dial", "account_bytes", false));
	expect(changed("app", "dial", "suspended", false));
	expect(changed("app", "dial", "reserved", false));
	expect(changed("limits", "dial", "room", false));
	expect(changed("app", "lens", NULL, false));
	expect(after.apps[1].is_removed && !after.apps[0].is_removed);
	expect(changed("app", "plaza", NULL, false));
	expect(changed("peer", "far.example", "title", false));
	expect_eq(changes.n, 11);
	/* What holds now: who there is and where, as before, and who has come. */
	expect_eq(after.apps_n, 3);
	expect_bytes(view_str(after.apps[1].name), VIEW_LIT("lens"));
	expect_bytes(view_str(after.apps[2].name), VIEW_LIT("plaza"));
	struct config_app copy;
	expect_ok(config_app_copy(&arena, &after.apps[2], &copy));
	expect_bytes(view_str(copy.domain), view_str(after.apps[2].domain));
	expect(copy.domain != after.apps[2].domain && copy.name != after.apps[2].name &&
	       copy.listen.host != after.apps[2].listen.host);
	expect_eq(copy.listen.port, 4);
	expect_eq(after.threads, before.threads);
	expect_eq(after.log, CONFIG_LOG_DEBUG);
	expect_eq(after.apps[0].listen.port, 1);
	expect(after.apps[0].is_suspended && after.apps[0].account_bytes == 2000000);
	expect_bytes(view_str(after.apps[0].title), VIEW_LIT("Other"));
	expect_bytes(view_str(after.apps[0].reserved), VIEW_LIT("run/r"));
	expect_eq(after.apps[0].limits[LIMIT_ROOM].hour, 6);
	expect_bytes(view_str(after.peers[0].title), VIEW_LIT("Far"));
	/* A limit of an app that goes is of no use. */
	expect_eq(after.apps[1].limits[LIMIT_ROOM].hour, 0);
}

/* Whatever app it is, all believe the same. */
TEST(services_that_vouch_for_ages_come_and_go)
{
#define AGES_BASE "[backbone]\ndata = d\n" APP("dial", "1") APP("lens", "2")
	compare(AGES_BASE "[age a.example]\nkey = " AGE_KEY "\n[age b.example]\nkey = " AGE_KEY
			  "\nkey_before = " AGE_KEY "\n",
		AGES_BASE "[age b.example]\nkey = " OTHER_AGE_KEY
			  "\n[age c.example]\nkey = " AGE_KEY "\n");
	expect(changed("age", "a.example", NULL, false));
	expect(changed("age", "b.example", "key", false));
	expect(changed("age", "b.example", "key_before", false));
	expect(changed("age", "c.example", NULL, false));
	expect_eq(changes.n, 4);
	for (size_t i = 0; i < 2; i++) {
		const struct provider_ages *ages = &after.apps[i].ages;
		expect_eq(ages->n, 2);
		expect_bytes(view_str(ages->v[0].name), VIEW_LIT("b.example"));
		expect_bytes(view_str(ages->v[1].name), VIEW_LIT("c.example"));
		expect_eq(ages->v[0].key[0], 0x3d);
		expect_eq(ages->v[1].key[0], 0xd7);
	}
	compare(AGES_BASE "[age a.example]\nkey = " AGE_KEY "\n", AGES_BASE);
	expect_eq(after.apps[0].ages.n, 0);
	compare(AGES_BASE, AGES_BASE);
	expect_eq(changes.n, 0);
#undef AGES_BASE
}

TEST(peers_come_move_and_go)
{
	static const char near[] = "[peer near.example]\nurl = https://near.example:9\n";
	char now[1000], other[1000];
	snprintf(now, sizeof now, "%s%s%s", "[backbone]\ndata = d\npeer_ca = p\n" APP("dial", "1"),
		 PEER, near);
	snprintf(other, sizeof other, "%s%s",
		 "[backbone]\ndata = d\npeer_ca = q\n" APP(
			 "dial", "1") "[peer near.example]\nurl = https://elsewhere.example\n",
		 "[peer new.example]\nurl = https://new.example\ncustody = yes\n");
	compare(now, other);
	expect(changed("backbone", NULL, "peer_ca", false));
	expect(changed("peer", "far.example", NULL, false));
	expect(changed("peer", "near.example", "url", false));
	expect(changed("peer", "near.example", "ca", false));
	expect(changed("peer", "new.example", NULL, false));
	expect(changed("peer", "new.example", "custody", true));
	expect_eq(changes.n, 6);
	/* Whoever comes takes the place of who has gone. */
	expect_eq(after.peers_n, 2);
	expect_bytes(view_str(after.peers[0].domain), VIEW_LIT("new.example"));
	expect(!after.peers[0].is_removed && !after.peers[0].custody);
	expect_bytes(view_str(after.peers[1].url.host), VIEW_LIT("elsewhere.example"));
	expect_bytes(view_str(after.peers[1].ca), VIEW_LIT("run/q"));
	struct config_peer copy;
	expect_ok(config_peer_copy(&arena, &after.peers[1], &copy));
	expect_bytes(view_str(copy.url.host), VIEW_LIT("elsewhere.example"));
	expect(copy.domain != after.peers[1].domain && copy.url.host != after.peers[1].url.host &&
	       copy.ca != after.peers[1].ca);
}

TEST(nothing_is_another_than_itself)
{
	static const char text[] = "[backbone]\ndata = d\nlog = error\n" APP(
		"dial", "1") "web = w\nlisten_http = 127.0.0.1:3\n" PEER
			     "[limits dial]\nroom = 1 2\n";
	compare(text, text);
	expect_eq(changes.n, 0);
	/* Pages that begin or end are listened for in another way. */
	compare("[backbone]\ndata = d\n" APP("dial", "1"),
		"[backbone]\ndata = d\n" APP("dial", "1") "web = w\n");
	expect(changed("app", "dial", "web", true));
	expect(!after.apps[0].web);
	compare("[backbone]\ndata = d\n" APP("dial", "1") "web = v\n",
		"[backbone]\ndata = d\n" APP("dial", "1") "web = w\n");
	expect(changed("app", "dial", "web", false));
	expect_bytes(view_str(after.apps[0].web), VIEW_LIT("run/w"));
}

/* Each key is compared as what it is: a value of its own, and the first byte of another. */
TEST(each_key_is_compared)
{
	static const char *const lines[][2] = {
		{ "limit_by_address = yes\n", "limit_by_address = no\n" },
		{ "account_bytes = 1048576\n", "account_bytes = 1099511627776\n" },
		{ "certificate = a.pem\n", "certificate = b.pem\n" },
		{ "listen_http = 127.0.0.1:5\n", "listen_http = 127.0.0.2:5\n" },
		{ "listen_http = 127.0.0.1:5\n", "listen_http = 127.0.0.1:6\n" },
		{ "old_keys_days = 1\n", "old_keys_days = 257\n" },
		{ "handle_hold_days = 1\n", "handle_hold_days = 257\n" },
		{ "handles_held = 1\n", "handles_held = 16\n" },
		{ "handle_rest_days = 1\n", "handle_rest_days = 257\n" },
		{ "grown_ups = no\n", "grown_ups = yes\n" },
		{ "new_accounts_ask = no\n", "new_accounts_ask = yes\n" },
		{ "requests_day = 20\n", "requests_day = 276\n" },
		{ "minor_asked_day = 10\n", "minor_asked_day = 266\n" },
	};
	static char one[1000], other[1000];
#define BARE                                                                          \
	"[backbone]\ndata = d\n[app a]\ndomain = a.localhost\nlisten = 127.0.0.1:1\n" \
	"private_key = k\nnames = handle\nkeys = keys\nweb = w\n"
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *more = i == 2 ? "" : "certificate = c\n";
		snprintf(one, sizeof one, BARE "%s%s", more, lines[i][0]);
		snprintf(other, sizeof other, BARE "%s%s", more, lines[i][1]);
		compare(one, other);
		expect_eq(changes.n, 1);
	}
#undef BARE
}

TEST(browsers_are_served_from_a_folder)
{
	expect_ok(read_text("[backbone]\ndata = d\n" APP("dial", "1") "web = web/dial\n" APP(
		"lens",
		"2") "web = /abs/lens\nlisten_http = 127.0.0.1:8452\n" APP("plaza",
									   "3") "web = "
										"w\nlisten_http = "
										"[::1]:8453\n"));
	expect_bytes(view_str(config.apps[0].web), VIEW_LIT("run/web/dial"));
	expect(!config.apps[0].listen_http.host);
	expect_bytes(view_str(config.apps[1].web), VIEW_LIT("/abs/lens"));
	expect_bytes(view_str(config.apps[1].listen_http.host), VIEW_LIT("127.0.0.1"));
	expect_eq(config.apps[1].listen_http.port, 8452);
	expect_bytes(view_str(config.apps[2].listen_http.host), VIEW_LIT("::1"));
}

TEST(apps_and_peers_have_titles_for_people)
{
	expect_ok(read_text(
		"[backbone]\ndata = d\n" APP("dial", "1") "title = D\xc3\xaf"
							  "al one\n[peer far.example]\nurl "
							  "= https://far.example\nca = "
							  "c\nnames = address\ntitle = "
							  "Far\n"));
	expect_bytes(view_str(config.apps[0].title), VIEW_LIT("D\xc3\xaf"
							      "al one"));
	expect_bytes(view_str(config.peers[0].title), VIEW_LIT("Far"));
	expect_eq(config.peers[0].names, CONFIG_NAMES_ADDRESS);
	static const char *const bad[] = {
		"a\"b", "a\\b", "a\x1b[31mb", "a\x7fz",
		"12345678901234567890123456789012345678901234567890123456789012345"
	};
	static char text[1000];
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text,
			 "[backbone]\ndata = d\n" APP("dial", "1") "title = %s\n", bad[i]);
		expect_said(text,
			    "x.conf:10: [app dial] title: is not a title of at most 64 bytes, "
			    "without quotes, backslashes and control characters\n");
	}
}

TEST(plain_http_is_for_this_machine_alone)
{
	static const char *const bad[] = { "0.0.0.0",   "10.0.0.1", "192.168.1.1",
					   "128.0.0.1", "[::]",     "[::ffff:127.0.0.1]",
					   "[fe80::1]", "[::2]" };
	static char text[1000];
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text,
			 "[backbone]\ndata = d\n" APP("dial", "1") "web = w\nlisten_http = %s:1\n",
			 bad[i]);
		expect_said(
			text,
			"x.conf:11: [app dial] listen_http: is not an address of this machine "
			"alone, such as 127.0.0.1:8451: without TLS whoever is on the way reads "
			"and changes what is sent\n");
	}
	expect_said(
		"[backbone]\ndata = d\n" APP("dial", "1") "web = w\nlisten_http = localhost:1\n",
		"x.conf:11: [app dial] listen_http: is not ADDRESS:PORT with a numeric address, "
		"such as 127.0.0.1:8441\n");
	expect_ok(read_text("[backbone]\ndata = d\n" APP(
		"dial", "1") "web = w\nlisten_http = 127.255.0.9:1\n"));
}

TEST(numbers_are_found_where_there_are_some_and_by_a_peer)
{
	expect_said("[backbone]\ndata = d\n" APP("dial", "1") "discovery = yes\n",
		    "x.conf:3: [app dial] discovery: is of no use: people are not known by "
		    "numbers\n");
	expect_said("[backbone]\ndata = d\n" APP("dial", "1") "discovery = perhaps\n",
		    "x.conf:10: [app dial] discovery: is not yes or no\n");
	expect_said("[backbone]\ndata = d\n" APP("dial", "1") "discovery_custodian = lens.a\n",
		    "x.conf:3: [app dial] discovery_custodian: is no [peer] of this file\n");
	expect_ok(read_text("[backbone]\ndata = d\npeer_ca = p\n" APP(
		"dial", "1") "discovery_custodian = lens.a\n[peer lens.a]\n"
			     "url = https://a:1\ncustody = yes\n"));
	expect_bytes(view_str(config.apps[0].discovery_custodian), VIEW_LIT("lens.a"));
	expect(config.peers[0].custody);
}

TEST(plain_http_has_an_address_of_its_own)
{
	expect_said("[backbone]\ndata = d\n" APP("dial", "1") "listen_http = 127.0.0.1:9\n",
		    "x.conf:3: [app dial] listen_http: is of no use without `web`\n");
	expect_said(
		"[backbone]\ndata = d\n" APP("dial", "1") "web = w\nlisten_http = 127.0.0.1:1\n",
		"x.conf:3: [app dial] listen_http: is where it listens with TLS\n");
	expect_said(
		"[backbone]\ndata = d\n" APP(
			"dial",
			"1") "web = w\nlisten_http = 127.0.0.1:9\n" APP("lens",
									"9") "web = w\nlisten_http "
									     "= 127.0.0.1:1\n",
		"x.conf:12: [app lens] listen: is that of another app\n"
		"x.conf:12: [app lens] listen_http: is that of another app\n");
	expect_said(
		"[backbone]\ndata = d\n" APP(
			"dial",
			"1") "web = w\nlisten_http = 127.0.0.1:9\n" APP("lens",
									"2") "web = w\nlisten_http "
									     "= 127.0.0.1:9\n",
		"x.conf:12: [app lens] listen_http: is that of another app\n");
}

TEST(apps_and_peers_do_not_collide)
{
	expect_said(
		"[backbone]\ndata = d\n" APP("dial", "1")
			APP("lens",
			    "1") "delivery = /bin/true\n[peer lens.localhost]\nurl = https://a\n",
		"x.conf:10: [app lens] listen: is that of another app\n"
		"x.conf:10: [app lens] delivery: is of no use: handles need no code\n"
		"x.conf:18: [peer lens.localhost] ca: is missing, and [backbone] has no peer_ca\n"
		"x.conf:18: [peer lens.localhost] is an app of this backbone\n");
	expect_said("", "x.conf: there is no [backbone] section\n"
			"x.conf: there is no [app NAME] section\n");
}

TEST(hostile_text_is_shown_escaped)
{
	expect_said("[backbone]\ndata = d\n\x1b[31m = x\n" APP("dial", "1"),
		    "x.conf:3: [backbone] \\u{1b}[31m: is not a key of this section\n");
}

TEST(the_example_is_valid)
{
	struct buf b;
	buf_init(&b, 1 << 16);
	config_add_example(&b);
	buf_add_byte(&b, 0);
	expect_ok(read_text((const char *)b.p));
	expect_eq(said.n, 0);
	buf_done(&b);
}

TEST(files_are_checked)
{
	struct config_mistakes m = { "x.conf", &said, 0 };
	expect_ok(read_text("[backbone]\ndata = d\n" APP("dial", "1")));
	config.apps[0].private_key = "/";
	expect_err(config_check_files(&config, &m), UC_E_CONFIG);
	expect_bytes(buf_view(&said),
		     VIEW_LIT("x.conf:3: [app dial] certificate: run/tls/dial.pem: No such file or "
			      "directory\nx.conf:3: [app dial] private_key: /: is not a file\n"));
	buf_reset(&said);
	config.apps[0].certificate = config.apps[0].private_key = "/etc/passwd";
	config.apps[0].web = "/nonexistent";
	expect_err(config_check_files(&config, &m), UC_E_CONFIG);
	expect_bytes(buf_view(&said), VIEW_LIT("x.conf:3: [app dial] web: /nonexistent: No such "
					       "file or directory\n"));
	buf_reset(&said);
	expect_err(config_load(&arena, "/nonexistent/x.conf", &m, &config), UC_E_CONFIG);
	arena_done(&arena);
	buf_done(&said);
}
