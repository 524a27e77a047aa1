/* SPDX-License-Identifier: Apache-2.0 */
/* undercroftd: the backbone's program. */
#include "base/heap.h"
#include "net/env_system.h"
#include "net/tls_memory.h"
#include "server/app_keys.h"
#include "server/app_provider.h"
#include "server/app_reserved.h"
#include "server/daemon.h"

#include <stdio.h>

enum { OUTPUT_MAX = 1 << 20, CONFIG_ARENA_MAX = 4 << 20 };

static void usage(FILE *to)
{
	fputs("usage: undercroftd FILE                 run the backbone of this configuration\n"
	      "       undercroftd --check-config FILE  name each mistake in it, by file, line and "
	      "key\n"
	      "       undercroftd --print-config       print a commented example\n"
	      "       undercroftd --init FILE          make the folders and keys that are missing\n"
	      "       undercroftd --version\n\n"
	      "It stays in the foreground and logs to standard error.\n\n"
	      "example:\n"
	      "  undercroftd --print-config >undercroft.conf\n"
	      "  undercroftd --check-config undercroft.conf\n"
	      "  undercroftd --init undercroft.conf\n"
	      "  undercroftd undercroft.conf\n",
	      to);
}

static void print(FILE *to, const struct buf *b)
{
	fwrite(b->p, 1, b->n, to);
	fflush(to);
}

static int print_config(void)
{
	struct buf b;
	buf_init(&b, OUTPUT_MAX);
	config_add_example(&b);
	print(stdout, &b);
	buf_done(&b);
	return 0;
}

/* Reads the file and looks at what it names; prints all mistakes. */
static uc_err load(const char *file, struct arena *a, struct config *c)
{
	struct buf said;
	buf_init(&said, OUTPUT_MAX);
	struct config_mistakes m = { file, &said, 0 };
	uc_err err = config_load(a, file, &m, c);
	if (!err)
		err = config_check_files(c, &m);
	if (!err)
		err = app_reserved_check(c, &m);
	if (m.n)
		print(stderr, &said);
	buf_done(&said);
	return err;
}

static int init(const struct config *c)
{
	uc_err err = daemon_make_folders(c);
	for (size_t i = 0; !err && i < c->apps_n; i++) {
		err = app_keys_make(&c->apps[i], env_system());
		if (err)
			fprintf(stderr, "undercroftd: keys of %s in %s: %s\n", c->apps[i].name,
				c->apps[i].keys, uc_err_text(err));
	}
	return err ? 1 : 0;
}

enum todo { RUN, CHECK, INIT };

static int with_config(const char *file, enum todo what)
{
	struct arena a;
	static struct config c;
	arena_init(&a, CONFIG_ARENA_MAX, ARENA_PLAIN);
	int status = load(file, &a, &c) ? 1 : 0;
	if (!status && what == CHECK)
		printf("%s: no mistakes\n", file);
	if (!status && what == INIT)
		status = init(&c);
	if (!status && what == RUN)
		status = daemon_run(&c, &app_provider_kind);
	arena_done(&a);
	return status;
}

static bool is(const char *a, const char *b)
{
	return view_equal(view_str(a), view_str(b));
}

int main(int argc, char **argv)
{
	(void)tls_memory_use(); /* without it all works as well, but for what it is about */
	if (argc == 2 && (is(argv[1], "--help") || is(argv[1], "-h"))) {
		usage(stdout);
		return 0;
	}
	if (argc == 2 && is(argv[1], "--version")) {
		puts("undercroftd " UNDERCROFT_VERSION);
		return 0;
	}
	if (argc == 2 && is(argv[1], "--print-config"))
		return print_config();
	if (argc == 2 && argv[1][0] != '-')
		return with_config(argv[1], RUN);
	if (argc == 3 && is(argv[1], "--check-config"))
		return with_config(argv[2], CHECK);
	if (argc == 3 && is(argv[1], "--init"))
		return with_config(argv[2], INIT);
	usage(stderr);
	return 2;
}
