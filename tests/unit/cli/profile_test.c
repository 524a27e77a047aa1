/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: folders, the apps file, and who may read what. */
#include "cli/profile.h"
#include "tests/unit/harness.h"

#include <sys/stat.h>
#include <unistd.h>

static char root[64];

static void begin(const char *apps)
{
	char path[128];
	snprintf(root, sizeof root, "/tmp/undercroft-profile-XXXXXX");
	expect(mkdtemp(root) != NULL);
	snprintf(path, sizeof path, "%s/apps", root);
	FILE *f = fopen(path, "we");
	expect(f != NULL);
	if (f) {
		fputs(apps, f);
		fclose(f);
	}
	setenv("UNDERCROFT_APPS", path, 1);
}

static void erase(const char *dir)
{
	static const char *const names[] = { "app", "key", "apps", "generation" };
	char path[700];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static bool is(const char *a, const char *b)
{
	return view_equal(view_str(a), view_str(b));
}

static unsigned mode(const char *dir, const char *name)
{
	char path[700];
	struct stat s = { 0 };
	snprintf(path, sizeof path, "%s/%s", dir, name);
	expect(!stat(path, &s));
	return s.st_mode & 0777;
}

TEST(a_new_profile)
{
	struct profile p, again;
	char text[512];
	begin("# comment\nlens lens.example lens.example:443 ca/lens.pem # none\n"
	      "dial dial.example 192.0.2.1:8441 /etc/ca.pem codes.txt\nbroken line\n"
	      "bad bad.example host:port ca.pem\n");
	expect(profile_open(&p, "rosa", root));
	expect(!profile_has_app(&p));
	expect(!profile_bind(&p, "nosuch", false));
	expect(!profile_bind(&p, "bad", false));
	expect(profile_bind(&p, "dial", false));
	expect(is(p.domain, "dial.example") && is(p.host, "192.0.2.1"));
	expect_eq(p.port, 8441);
	expect(is(p.ca_file, "/etc/ca.pem"));
	snprintf(text, sizeof text, "%s/codes.txt", root);
	expect(is(p.codes_file, text));
	expect(p.has_key);
	expect(profile_open(&again, "rosa", root) && !profile_has_app(&again));
	expect(profile_keep(&p));
	expect_eq(mode(p.dir, "."), 0700);
	expect_eq(mode(p.dir, "key"), 0600);
	expect(profile_open(&again, "rosa", root));
	expect(profile_has_app(&again) && is(again.domain, "dial.example"));
	expect(view_equal(VIEW_OF(p.key), VIEW_OF(again.key)));
	/* Another app is only tried; nothing of the key changes, and there is no other. */
	expect(profile_bind(&again, "lens", false) && is(again.app, "lens"));
	expect(view_equal(VIEW_OF(p.key), VIEW_OF(again.key)));
	expect(!profile_bind(&again, "lens", true));
	expect(profile_open(&again, "rosa", root) && is(again.app, "dial"));
	expect(profile_bind(&again, "dial.example", false));
	profile_app_ca(&again, "lens.example", text, sizeof text);
	expect(view_starts_with(view_str(text), view_str(root)));
	profile_app_ca(&again, "other.example", text, sizeof text);
	expect(is(text, "/etc/ca.pem"));
	profile_app_short("lens.example", text, sizeof text);
	expect(is(text, "lens"));
	profile_app_domain("other.example", text, sizeof text);
	expect(is(text, "other.example"));
	erase(p.dir);
	erase(root);
}

TEST(the_generation_of_the_store)
{
	struct profile p, again;
	begin("dial dial.example 192.0.2.1:8441 /etc/ca.pem\n");
	expect(profile_open(&p, "rosa", root) && profile_bind(&p, "dial", false));
	expect_eq(p.generation, 0);
	profile_generation_keep(&p, 12);
	expect_eq(mode(p.dir, "generation"), 0600);
	expect(profile_open(&again, "rosa", root));
	expect_eq(again.generation, 12);
	profile_generation_keep(&again, 11); /* never less */
	expect(profile_open(&p, "rosa", root));
	expect_eq(p.generation, 12);
	erase(p.dir);
	erase(root);
}

TEST(names_are_no_paths)
{
	struct profile p;
	begin("");
	expect(!profile_open(&p, "../rosa", root));
	expect(!profile_open(&p, "", root));
	expect(!profile_open(&p, "a/b", root));
	expect(!profile_open(&p, ".", root));
	erase(root);
}

TEST(where_data_lies)
{
	struct profile p;
	begin("");
	unsetenv("UNDERCROFT_HOME");
	setenv("XDG_DATA_HOME", "/data", 1);
	expect(profile_open(&p, "rosa", NULL));
	expect(is(p.dir, "/data/undercroft/rosa"));
	unsetenv("XDG_DATA_HOME");
	setenv("HOME", "/home/x", 1);
	expect(profile_open(&p, "rosa", NULL));
	expect(is(p.dir, "/home/x/.local/share/undercroft/rosa"));
	setenv("UNDERCROFT_HOME", "/people", 1);
	expect(profile_open(&p, "rosa", NULL));
	expect(is(p.dir, "/people/rosa"));
	erase(root);
}
