/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ctl/desk.h"

#include "provider/provider.h"
#include "store/store_rocksdb.h"
#include "tests/unit/harness.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

struct ctl desk;
char desk_said[DESK_SAID_MAX];
static char data[64];

void desk_begin(void)
{
	char path[128];
	snprintf(data, sizeof data, "/tmp/undercroft-ctl-XXXXXX"); /* mkdtemp fills it in */
	expect(mkdtemp(data) != NULL);
	snprintf(path, sizeof path, "%s/dial", data);
	expect(!mkdir(path, 0700));
	desk = (struct ctl){ .config = { .data = data, .apps_n = 1 } };
	desk.config.apps[0] = (struct config_app){ .name = "dial", .domain = "dial.example" };
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *f)
{
	(void)s;
	(void)kind;
	(void)f;
	return remove(path);
}

void desk_end(void)
{
	nftw(data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct store *desk_open(enum ctl_kind kind)
{
	char path[4200];
	struct store *s = NULL;
	ctl_store_path(&desk, 0, kind, path, sizeof path);
	struct store_options o = {
		.driver = &store_rocksdb_driver,
		.env = test_env(),
		.path = path,
		.domain = VIEW_LIT("dial.example"),
		.kind = view_str(ctl_kind_names[kind]),
		.schema = PROVIDER_SCHEMA,
	};
	expect_ok(store_open(&o, &s));
	return s;
}

void desk_close(struct store *s)
{
	expect_ok(store_sync(s));
	store_close(s);
}

void desk_put(struct store *s, struct view key, struct view value)
{
	struct store_batch b;
	store_batch_init(&b, (struct view){ 0 });
	store_put(&b, key, value);
	expect_ok(store_commit(s, &b));
	store_batch_done(&b);
}

static void read_said(const char *path)
{
	FILE *f = fopen(path, "re");
	expect(f != NULL);
	size_t n = f ? fread(desk_said, 1, sizeof desk_said - 1, f) : 0;
	desk_said[n] = 0;
	expect(n < sizeof desk_said - 1);
	if (f)
		fclose(f);
}

unsigned desk_lines_with(const char *what)
{
	unsigned n = 0;
	for (const char *at = desk_said; (at = strstr(at, what)); n++)
		at += strcspn(at, "\n");
	return n;
}

int desk_run(int (*command)(struct ctl *c))
{
	char path[128];
	snprintf(path, sizeof path, "%s/said", data);
	fflush(stdout);
	int out = dup(STDOUT_FILENO);
	expect(freopen(path, "we", stdout) != NULL);
	int status = command(&desk);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	read_said(path);
	return status;
}
