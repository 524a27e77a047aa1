/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/files.h"
#include "net/env_system.h"
#include "provider/provider.h"
#include "provider/schema.h"
#include "store/store_rocksdb.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

const char *const ctl_kind_names[CTL_KINDS] = { "accounts", "rooms" };

void ctl_store_path(const struct ctl *c, size_t app, enum ctl_kind kind, char *out, size_t out_n)
{
	snprintf(out, out_n, "%s/%s/%s", c->config.data, c->config.apps[app].name,
		 ctl_kind_names[kind]);
}

uc_err ctl_store_open(const struct ctl *c, size_t app, enum ctl_kind kind, struct store **out)
{
	char path[4200];
	ctl_store_path(c, app, kind, path, sizeof path);
	struct store_options o = {
		.driver = &store_rocksdb_driver,
		.env = env_system(),
		.path = path,
		.domain = view_str(c->config.apps[app].domain),
		.kind = view_str(ctl_kind_names[kind]),
		.schema = PROVIDER_SCHEMA,
		.read_only = true,
	};
	uc_err err = store_open(&o, out);
	if (err)
		fprintf(stderr, "undercroftctl: %s: %s (%s)\n", path,
			err == UC_E_NOT_FOUND ? "there is no store; has the backbone run yet?"
					      : uc_err_text(err),
			uc_err_name(err));
	return err;
}

bool ctl_take_word(struct ctl *c, const char *word)
{
	for (int i = 0; i < c->argc; i++) {
		if (!view_equal(view_str(c->argv[i]), view_str(word)))
			continue;
		for (int k = i; k + 1 < c->argc; k++)
			c->argv[k] = c->argv[k + 1];
		c->argc--;
		return true;
	}
	return false;
}

bool ctl_app_find(const struct ctl *c, const char *text, size_t *out)
{
	for (size_t i = 0; i < c->config.apps_n; i++) {
		const struct config_app *a = &c->config.apps[i];
		if (view_equal(view_str(a->name), view_str(text)) ||
		    view_equal(view_str(a->domain), view_str(text))) {
			*out = i;
			return true;
		}
	}
	fprintf(stderr, "undercroftctl: the configuration has no app %s\n", text);
	return false;
}

bool ctl_store_named(const struct ctl *c, size_t *app, int *kind)
{
	if (!ctl_app_find(c, c->argv[0], app))
		return false;
	for (*kind = 0; *kind < CTL_KINDS; ++*kind)
		if (view_equal(view_str(ctl_kind_names[*kind]), view_str(c->argv[1])))
			return true;
	fprintf(stderr, "undercroftctl: there is no store %s; accounts or rooms\n", c->argv[1]);
	return false;
}

/* The lock's file holds the number of the process. */
static long pid_read(int fd)
{
	char text[32];
	uint64_t pid = 0;
	ssize_t n = read(fd, text, sizeof text);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	bool good = n > 0 && !decimal_read(view_make(text, (size_t)n), &pid) && pid < LONG_MAX;
	return good ? (long)pid : -1;
}

int ctl_lock(const struct ctl *c)
{
	char path[4200];
	snprintf(path, sizeof path, "%s/lock", c->config.data);
	struct files_owner owner = files_owner_of(c->config.data);
	int fd = -1;
	if (!files_act_as(&owner))
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	fprintf(stderr, "undercroftctl: %s: %s\n", path,
		fd >= 0 && errno == EWOULDBLOCK ? "the backbone runs; stop it first"
						: strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int ctl_store_change(const struct ctl *c,
		     uc_err (*change)(const struct ctl *c, size_t app, enum ctl_kind kind),
		     uc_err *err)
{
	size_t app = 0;
	int kind = 0;
	if (!ctl_store_named(c, &app, &kind))
		return CTL_USAGE;
	int lock = ctl_lock(c);
	if (lock < 0)
		return CTL_FAILED;
	*err = change(c, app, (enum ctl_kind)kind);
	close(lock);
	return *err ? CTL_FAILED : CTL_OK;
}

long ctl_running(const struct ctl *c)
{
	char path[4200];
	snprintf(path, sizeof path, "%s/lock", c->config.data);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	long pid = flock(fd, LOCK_SH | LOCK_NB) ? pid_read(fd) : 0;
	close(fd);
	return pid;
}

void ctl_day_text(uint64_t ms, char out[32])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	if (!gmtime_r(&t, &tm) || !strftime(out, 32, "%F", &tm))
		snprintf(out, 32, "?");
}

void ctl_print_hex(FILE *to, struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		fprintf(to, "%02x", v.p[i]);
}

void ctl_print_key(FILE *to, struct view key)
{
	const char *name = key.n ? table_name(key.p[0]) : NULL;
	fputs(name ? name : "?", to);
	fputc(' ', to);
	ctl_print_hex(to, view_slice(key, 1, key.n));
}
