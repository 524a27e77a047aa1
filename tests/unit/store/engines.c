/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store/engines.h"

#include "store/store_rocksdb.h"

#include <dirent.h>
#include <ftw.h>
#include <unistd.h>

void place_init(struct place *p, int engine)
{
	*p = (struct place){ .engine = engine };
	p->options = (struct store_options){ .env = test_env(),
					     .schema = 1,
					     .check_shards = true,
					     .domain = VIEW_LIT("dial.example"),
					     .kind = VIEW_LIT("rooms"),
					     .memtable_bytes = 1 << 20 };
	if (engine == ENGINE_MEMORY) {
		p->memory = store_memory_new();
		p->options.memory = p->memory;
		p->options.driver = &store_memory_driver;
	} else {
		snprintf(p->dir, sizeof p->dir, "/tmp/store-test-XXXXXX");
		if (!mkdtemp(p->dir))
			abort();
		p->options.path = p->dir;
		p->options.driver = &store_rocksdb_driver;
	}
}

static int unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void place_done(struct place *p)
{
	store_memory_free(p->memory);
	if (p->dir[0])
		nftw(p->dir, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct store *place_open(struct place *p)
{
	struct store *s = NULL;
	expect_ok(store_open(&p->options, &s));
	if (!s)
		exit(1);
	return s;
}

static bool file_contains(const char *path, struct view bytes)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	fseek(f, 0, SEEK_END);
	long n = ftell(f);
	rewind(f);
	char *all = malloc((size_t)n + 1);
	size_t got = all ? fread(all, 1, (size_t)n, f) : 0;
	fclose(f);
	bool found = all && memmem(all, got, bytes.p, bytes.n);
	free(all);
	return found;
}

bool place_contains(const struct place *p, struct view bytes)
{
	DIR *d = p->dir[0] ? opendir(p->dir) : NULL;
	bool found = false;
	for (struct dirent *e; d && !found && (e = readdir(d));) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", p->dir, e->d_name);
		found = e->d_type == DT_REG && file_contains(path, bytes);
	}
	if (d)
		closedir(d);
	return found;
}
