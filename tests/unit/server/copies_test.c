/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that a backup was cut off before: they go, and those that are being carried stay. */
#include "server/copies.h"
#include "server/folders.h"
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char data[] = "/tmp/undercroft-copies.XXXXXX";

static const char *at(const char *name)
{
	static char path[200];
	snprintf(path, sizeof path, "%s/%s", data, name);
	return path;
}

static void copy_make(const char *name, time_t age_s)
{
	struct timespec when[2] = { { 0, UTIME_OMIT }, { time(NULL) - age_s, 0 } };
	char path[100];
	snprintf(path, sizeof path, "copies/%s/dial/rooms", name);
	expect_ok(folder_make(at(path)));
	snprintf(path, sizeof path, "copies/%s/dial/rooms/000007.sst", name);
	int fd = open(at(path), O_WRONLY | O_CREAT | O_EXCL, 0600);
	expect(fd >= 0 && !close(fd));
	snprintf(path, sizeof path, "copies/%s", name);
	expect(!utimensat(AT_FDCWD, at(path), when, 0));
}

static bool is_there(const char *name)
{
	struct stat st;
	return !lstat(at(name), &st);
}

TEST(those_that_nobody_carries_go)
{
	expect(mkdtemp(data) != NULL);
	copies_forget(data, COPIES_IDLE_S); /* there is no folder */
	copy_make("left", COPIES_IDLE_S + 5);
	copy_make("carried", COPIES_IDLE_S - 600);
	expect_ok(folder_make(at("dial/rooms")));
	copies_forget(data, COPIES_IDLE_S);
	expect(!is_there("copies/left"));
	expect(is_there("copies/carried/dial/rooms/000007.sst"));
	copies_forget(data, 0);
	expect(!is_there("copies/carried"));
	expect(is_there("dial/rooms"));
	folder_remove(data, 3);
}
