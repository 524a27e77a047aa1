/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web_files.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[200];
static struct buf at;
static struct web_files *files;

/* A folder of its own for each test. */
static void begin(void)
{
	static int n;
	char name[20];
	snprintf(name, sizeof name, "web%d", n++);
	snprintf(folder, sizeof folder, "%s", test_path(name));
	expect(!mkdir(folder, 0700));
	buf_init(&at, 4096);
	files = NULL;
}

static void end(void)
{
	web_files_free(files);
	files = NULL;
	buf_done(&at);
}

static const char *path_in(const char *name)
{
	static char path[600];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void folder_put(const char *name)
{
	expect(!mkdir(path_in(name), 0700));
}

static void file_put(const char *name, struct view content)
{
	int fd = open(path_in(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	expect(fd >= 0 && write(fd, content.p, content.n) == (ssize_t)content.n);
	close(fd);
}

/* What an app needs at the least. */
static void small_app_put(void)
{
	file_put("index.html", VIEW_LIT("<!doctype html>"));
	folder_put("assets");
	file_put("assets/app-0123.js", VIEW_LIT("let a;"));
}

static void expect_refused(const char *path, const char *why)
{
	const char *said = web_files_load(folder, &at, &files);
	expect_bytes(view_str(said), view_str(why));
	expect(!files);
	if (said)
		expect_bytes(view_str((const char *)at.p), view_str(path_in(path)));
	end();
}

TEST(a_folder_becomes_a_table)
{
	begin();
	small_app_put();
	file_put("assets/app-0123.js.br", VIEW_LIT("BR"));
	file_put("assets/app-0123.js.gz", VIEW_LIT("GZ!"));
	file_put("assets/core-4567.wasm", VIEW_LIT("\0asm"));
	file_put("app.webmanifest", VIEW_LIT("{}"));
	file_put(".env", VIEW_LIT("secret"));
	folder_put(".git");
	file_put(".git/config", VIEW_LIT("secret"));
	expect(!web_files_load(folder, &at, &files));
	expect_eq(web_files_count(files), 4);
	expect_eq(web_files_bytes(files), 15 + 6 + 2 + 3 + 4 + 2);

	const struct web_file *f = web_files_find(files, VIEW_LIT("/"));
	expect_bytes(view_str(f->type), VIEW_LIT("text/html; charset=utf-8"));
	expect_bytes(f->bodies[WEB_IDENTITY].bytes, VIEW_LIT("<!doctype html>"));
	expect(!f->bodies[WEB_BR].bytes.p && !f->bodies[WEB_GZIP].bytes.p);
	expect(!f->is_immutable);

	f = web_files_find(files, VIEW_LIT("/assets/app-0123.js"));
	expect_bytes(view_str(f->type), VIEW_LIT("text/javascript; charset=utf-8"));
	expect_bytes(f->bodies[WEB_BR].bytes, VIEW_LIT("BR"));
	expect_bytes(f->bodies[WEB_GZIP].bytes, VIEW_LIT("GZ!"));
	expect(f->is_immutable);
	/* SHA-256 of this form; the others have their own. */
	expect_bytes(view_str(f->bodies[WEB_IDENTITY].etag),
		     VIEW_LIT("\"f355802cb6d444e175a567588ee4182ae21c1a063ff93a9526bf14b15e9392fa"
			      "\""));
	expect(!view_equal(view_str(f->bodies[WEB_BR].etag), view_str(f->bodies[WEB_GZIP].etag)));

	f = web_files_find(files, VIEW_LIT("/assets/core-4567.wasm"));
	expect_bytes(view_str(f->type), VIEW_LIT("application/wasm"));
	f = web_files_find(files, VIEW_LIT("/app.webmanifest"));
	expect_bytes(view_str(f->type), VIEW_LIT("application/manifest+json"));
	expect(!f->is_immutable);
	end();
}

TEST(only_what_is_in_the_table_is_found)
{
	static const char *const others[] = {
		"",
		"//",
		"/index.html",
		"/.env",
		"/.git/config",
		"/assets",
		"/assets/",
		"/assets/app-0123.js.br",
		"/assets/app-0123.js/",
		"/assets/../index.html",
		"/assets/./app-0123.js",
		"//assets/app-0123.js",
		"/ASSETS/app-0123.js",
		"/assets/app-0123.JS",
		"/assets%2fapp-0123.js",
		"/assets/%61pp-0123.js",
		"/../web/index.html",
		"/etc/passwd",
		"assets/app-0123.js",
	};
	begin();
	small_app_put();
	file_put("assets/app-0123.js.br", VIEW_LIT("BR"));
	file_put(".env", VIEW_LIT("secret"));
	expect(!web_files_load(folder, &at, &files));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (web_files_find(files, view_str(others[i])))
			test_fail(__FILE__, __LINE__, "%s is found", others[i]);
	expect(!web_files_find(files, VIEW_LIT("/assets/app-0123.js\0")));
	expect(!web_files_find(files, VIEW_LIT("/\0")));
	expect(web_files_find(files, VIEW_LIT("/assets/app-0123.js")) != NULL);
	end();
}

TEST(a_file_may_be_made)
{
	begin();
	small_app_put();
	expect(!web_files_load(folder, &at, &files));
	expect_ok(web_files_add(files, "/made.json", VIEW_LIT("[]")));
	expect_err(web_files_add(files, "/made.json", VIEW_LIT("{}")), UC_E_EXISTS);
	expect_err(web_files_add(files, "/", VIEW_LIT("{}")), UC_E_EXISTS);
	expect_err(web_files_add(files, "/made.key", VIEW_LIT("{}")), UC_E_ARGUMENT);
	const struct web_file *f = web_files_find(files, VIEW_LIT("/made.json"));
	expect_bytes(f->bodies[WEB_IDENTITY].bytes, VIEW_LIT("[]"));
	expect_bytes(view_str(f->type), VIEW_LIT("application/json"));
	expect(f->bodies[WEB_IDENTITY].etag[0] == '"' && !f->is_immutable);
	end();
}

TEST(what_is_read_stays_as_it_was)
{
	begin();
	small_app_put();
	expect(!web_files_load(folder, &at, &files));
	file_put("index.html", VIEW_LIT("another page"));
	expect_bytes(web_files_find(files, VIEW_LIT("/"))->bodies[WEB_IDENTITY].bytes,
		     VIEW_LIT("<!doctype html>"));
	end();
}

TEST(a_folder_that_is_none)
{
	begin();
	snprintf(folder + strlen(folder), 20, "/missing");
	expect_bytes(view_str(web_files_load(folder, &at, &files)),
		     VIEW_LIT("No such file or directory"));
	expect_bytes(view_str((const char *)at.p), view_str(folder));
	end();
	begin();
	file_put("file", VIEW_LIT("x"));
	snprintf(folder + strlen(folder), 20, "/file");
	expect_bytes(view_str(web_files_load(folder, &at, &files)), VIEW_LIT("Not a directory"));
	end();
}

TEST(a_folder_without_its_page)
{
	begin();
	file_put("app.js", VIEW_LIT("x"));
	const char *why = web_files_load(folder, &at, &files);
	expect_bytes(view_str(why), VIEW_LIT("has no index.html"));
	expect_bytes(view_str((const char *)at.p), view_str(folder));
	end();
}

TEST(links_are_refused_but_the_folder_may_be_one)
{
	begin();
	small_app_put();
	expect(!symlink("/etc/hostname", path_in("assets/b.js")));
	expect_refused("assets/b.js", "is a symbolic link");
	begin();
	small_app_put();
	expect(!symlink("/etc", path_in("etc")));
	expect_refused("etc", "is a symbolic link");
	begin();
	small_app_put();
	char real[200];
	snprintf(real, sizeof real, "%s", folder);
	snprintf(folder + strlen(folder), 20, ".current");
	expect(!symlink(real, folder));
	expect(!web_files_load(folder, &at, &files));
	end();
}

TEST(what_is_no_file_is_refused)
{
	begin();
	small_app_put();
	expect(!mkfifo(path_in("pipe.js"), 0600));
	expect_refused("pipe.js", "is neither a file nor a folder");
}

TEST(names_and_endings_that_are_not_known_are_refused)
{
	static const char name[] = "has a name that is not of letters, digits, '.', '-' and '_'";
	static const char *const bad[] = { "a b.js",  "a%20b.js", "a\nb.js", "\xc3\xa4.js",
					   "a\"b.js", "a~.js",    "a+b.js" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		begin();
		small_app_put();
		file_put(bad[i], VIEW_LIT("x"));
		expect_refused(bad[i], name);
	}
	begin();
	small_app_put();
	file_put("server.key", VIEW_LIT("x"));
	expect_refused("server.key", "has an ending that is not known");
	begin();
	small_app_put();
	file_put("noending", VIEW_LIT("x"));
	expect_refused("noending", "has an ending that is not known");
	begin();
	small_app_put();
	file_put("old.js.br", VIEW_LIT("x"));
	expect_refused("old.js.br", "is compressed, and what it was made of is missing");
}

TEST(a_file_that_cannot_be_read_is_named)
{
	if (!getuid()) {
		test_skip("the superuser reads everything");
		return;
	}
	begin();
	small_app_put();
	expect(!chmod(path_in("assets/app-0123.js"), 0));
	expect_refused("assets/app-0123.js", "Permission denied");
}

TEST(folders_have_a_depth)
{
	begin();
	small_app_put();
	folder_put("a");
	folder_put("a/b");
	folder_put("a/b/c");
	file_put("a/b/c/d.js", VIEW_LIT("x"));
	expect(!web_files_load(folder, &at, &files));
	expect(web_files_find(files, VIEW_LIT("/a/b/c/d.js")) != NULL);
	web_files_free(files);
	files = NULL;
	folder_put("a/b/c/d");
	expect_refused("a/b/c/d", "lies too deep");
}

TEST(folders_have_a_size)
{
	begin();
	small_app_put();
	file_put("large.js", VIEW_LIT("x"));
	/* Sparse: it takes no room on the disk. */
	expect(!truncate(path_in("large.js"), WEB_BYTES_MAX + 1));
	expect_refused("large.js", "makes the folder too large");
	begin();
	small_app_put();
	for (int i = 0; i < WEB_FILES_MAX; i++) {
		char name[40];
		snprintf(name, sizeof name, "f%d.js", i);
		file_put(name, VIEW_LIT("x"));
	}
	expect_bytes(view_str(web_files_load(folder, &at, &files)),
		     VIEW_LIT("is one file too many"));
	expect(!files);
	end();
}
