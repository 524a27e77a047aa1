/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that are removed: all that is in them, and nothing that they only lead to. */
#include "server/folders.h"
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[] = "/tmp/undercroft-folders.XXXXXX";

static const char *at(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", top, name);
	return path;
}

static void file_make(const char *name)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_EXCL, 0600);
	expect(fd >= 0 && !close(fd));
}

static bool is_there(const char *name)
{
	struct stat st;
	return !lstat(at(name), &st);
}

static void begin(void)
{
	expect(mkdtemp(top) != NULL);
	expect_ok(folder_make(at("own/a/b")));
	expect_ok(folder_make(at("other/deep")));
	file_make("own/a/b/file");
	file_make("other/file");
	file_make("other/deep/file");
}

static void end(void)
{
	folder_remove(top, 4);
	expect(access(top, F_OK));
	snprintf(top, sizeof top, "/tmp/undercroft-folders.XXXXXX");
}

TEST(all_that_is_in_it_goes)
{
	begin();
	folder_remove(at("own"), 2);
	expect(!is_there("own"));
	expect(is_there("other/deep/file"));
	end();
}

TEST(not_deeper_than_said)
{
	begin();
	folder_remove(at("own"), 1);
	expect(is_there("own/a/b/file"));
	end();
}

/* Whoever may write to the folder leads whoever removes it, root perhaps, to another. */
TEST(what_a_link_leads_to_stays)
{
	begin();
	expect(!symlink(at("other"), at("link")));
	expect(!symlink(at("other"), at("own/a/link")));
	folder_remove(at("link"), 2);
	folder_remove(at("own"), 2);
	expect(is_there("other/file") && is_there("other/deep/file"));
	expect(is_there("link"));
	expect(!is_there("own"));
	end();
}
