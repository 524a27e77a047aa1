/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/profile.h"

#include "base/secret.h"
#include "base/text.h"
#include "net/env_system.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 1200 };

/* One line of the apps file. */
struct app_line {
	char name[64], domain[256], host[256], ca[512], codes[512];
	unsigned port;
};

static const char *apps_file(char *out, size_t out_n)
{
	const char *given = getenv("UNDERCROFT_APPS"), *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	if (given && *given)
		snprintf(out, out_n, "%s", given);
	else if (config && *config)
		snprintf(out, out_n, "%s/undercroft/apps.conf", config);
	else
		snprintf(out, out_n, "%s/.config/undercroft/apps.conf", home ? home : ".");
	return out;
}

/* Takes a relative path from the folder of the apps file; false: too long. */
static bool path_complete(char *path, size_t path_n, const char *file)
{
	char whole[PATH_BYTES];
	const char *slash = strrchr(file, '/');
	if (!*path || *path == '/' || !slash)
		return true;
	int n = snprintf(whole, sizeof whole, "%.*s/%s", (int)(slash - file), file, path);
	return n > 0 && (size_t)n < path_n && snprintf(path, path_n, "%s", whole) == n;
}

static bool app_line_read(const char *line, const char *file, struct app_line *a)
{
	char place[256];
	*a = (struct app_line){ 0 };
	int n = sscanf(line, " %63s %255s %255s %511s %511s", a->name, a->domain, place, a->ca,
		       a->codes);
	if (n < 4 || a->name[0] == '#')
		return false;
	if (n < 5 || a->codes[0] == '#')
		a->codes[0] = '\0';
	char *colon = strrchr(place, ':');
	uint64_t port = 0;
	if (!colon || decimal_read(view_str(colon + 1), &port) || !port || port > 65535)
		return false;
	*colon = '\0';
	snprintf(a->host, sizeof a->host, "%s", place);
	a->port = (unsigned)port;
	return path_complete(a->ca, sizeof a->ca, file) &&
	       path_complete(a->codes, sizeof a->codes, file);
}

/* Finds by short name or domain. */
static bool app_find(const char *app, struct app_line *out)
{
	char path[PATH_BYTES], line[2000];
	FILE *f = fopen(apps_file(path, sizeof path), "re");
	if (!f)
		return false;
	bool found = false;
	while (!found && fgets(line, sizeof line, f))
		found = app_line_read(line, path, out) &&
			(strcmp(out->name, app) == 0 || strcmp(out->domain, app) == 0);
	fclose(f);
	return found;
}

void profile_app_domain(const char *app, char *out, size_t out_n)
{
	struct app_line a;
	snprintf(out, out_n, "%s", app_find(app, &a) ? a.domain : app);
}

void profile_app_short(const char *domain, char *out, size_t out_n)
{
	struct app_line a;
	snprintf(out, out_n, "%s", app_find(domain, &a) ? a.name : domain);
}

void profile_app_ca(const struct profile *p, const char *domain, char *out, size_t out_n)
{
	struct app_line a;
	snprintf(out, out_n, "%s", app_find(domain, &a) ? a.ca : p->ca_file);
}

static bool make_folder(const char *path)
{
	char part[600];
	for (size_t i = 1;; i++) {
		if (path[i] && path[i] != '/')
			continue;
		snprintf(part, sizeof part, "%.*s", (int)i, path);
		if (mkdir(part, 0700) && errno != EEXIST) {
			fprintf(stderr, "undercroft: cannot make the folder %s: %s\n", part,
				strerror(errno));
			return false;
		}
		if (!path[i])
			return true;
	}
}

static bool read_file(const struct profile *p, const char *name, void *out, size_t n, size_t *got)
{
	char path[700];
	snprintf(path, sizeof path, "%s/%s", p->dir, name);
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	*got = fread(out, 1, n, f);
	fclose(f);
	return true;
}

/* A new name in it outlives a loss of power: without its key a store is nothing. */
static bool folder_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

static bool write_file(const struct profile *p, const char *name, const void *bytes, size_t n)
{
	char path[700], fresh[710];
	snprintf(path, sizeof path, "%s/%s", p->dir, name);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, bytes, n) == (ssize_t)n && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	if (!good || rename(fresh, path) || !folder_sync(p->dir)) {
		fprintf(stderr, "undercroft: cannot write %s: %s\n", path, strerror(errno));
		return false;
	}
	return true;
}

static void take_app(struct profile *p, const struct app_line *a)
{
	snprintf(p->app, sizeof p->app, "%s", a->name);
	snprintf(p->domain, sizeof p->domain, "%s", a->domain);
	snprintf(p->host, sizeof p->host, "%s", a->host);
	p->port = (uint16_t)a->port;
	snprintf(p->ca_file, sizeof p->ca_file, "%s", a->ca);
	snprintf(p->codes_file, sizeof p->codes_file, "%s", a->codes);
}

static bool name_is_safe(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *c))
			return false;
	return name[0] && strlen(name) < sizeof((struct profile *)0)->name;
}

static void dir_set(struct profile *p, const char *home)
{
	const char *given = home ? home : getenv("UNDERCROFT_HOME");
	const char *data = getenv("XDG_DATA_HOME"), *user = getenv("HOME");
	if (given && *given)
		snprintf(p->dir, sizeof p->dir, "%s/%s", given, p->name);
	else if (data && *data)
		snprintf(p->dir, sizeof p->dir, "%s/undercroft/%s", data, p->name);
	else
		snprintf(p->dir, sizeof p->dir, "%s/.local/share/undercroft/%s", user ? user : ".",
			 p->name);
}

static bool app_read(struct profile *p)
{
	char domain[256] = "", path[PATH_BYTES];
	struct app_line a;
	size_t n = 0;
	if (!read_file(p, "app", domain, sizeof domain - 1, &n))
		return true;
	domain[strcspn(domain, "\n")] = '\0';
	if (app_find(domain, &a)) {
		take_app(p, &a);
		return true;
	}
	fprintf(stderr, "undercroft: profile %s is on %s, and %s doesn't say how that is reached\n",
		p->name, domain, apps_file(path, sizeof path));
	return false;
}

static void generation_read(struct profile *p)
{
	char text[32] = "";
	size_t n = 0;
	if (!read_file(p, "generation", text, sizeof text - 1, &n))
		return;
	text[strcspn(text, "\n")] = '\0';
	if (decimal_read(view_str(text), &p->generation))
		p->generation = 0;
}

bool profile_open(struct profile *p, const char *name, const char *home)
{
	size_t n = 0;
	*p = (struct profile){ 0 };
	if (!name_is_safe(name)) {
		fprintf(stderr, "undercroft: a profile's name has letters, digits, - and _ only\n");
		return false;
	}
	snprintf(p->name, sizeof p->name, "%s", name);
	dir_set(p, home);
	if (!app_read(p))
		return false;
	p->has_key = read_file(p, "key", p->key, sizeof p->key, &n) && n == sizeof p->key;
	generation_read(p);
	return true;
}

void profile_generation_keep(const struct profile *p, uint64_t generation)
{
	char line[32];
	if (generation <= p->generation)
		return;
	int n = snprintf(line, sizeof line, "%" PRIu64 "\n", generation);
	if (!write_file(p, "generation", line, (size_t)n))
		return; /* it said so; an older copy would not be noticed */
}

static bool key_make(struct profile *p)
{
	if (env_random(env_system(), p->key, sizeof p->key)) {
		fprintf(stderr, "undercroft: the system gave no randomness\n");
		return false;
	}
	p->has_key = write_file(p, "key", p->key, sizeof p->key);
	return p->has_key;
}

static bool has_store(const struct profile *p)
{
	char path[700];
	struct stat st;
	snprintf(path, sizeof path, "%s/store.db", p->dir);
	return stat(path, &st) == 0;
}

bool profile_bind(struct profile *p, const char *app, bool passphrase)
{
	struct app_line a;
	char path[PATH_BYTES];
	if (!app_find(app, &a)) {
		fprintf(stderr, "undercroft: %s names no app %s\n", apps_file(path, sizeof path),
			app);
		return false;
	}
	if (passphrase && p->has_key) {
		fprintf(stderr, "undercroft: profile %s opens by its key file; choose another\n",
			p->name);
		return false;
	}
	take_app(p, &a);
	if (p->has_key || has_store(p))
		return true;
	if (!make_folder(p->dir) || (!passphrase && !key_make(p)))
		return false;
	p->new_passphrase = passphrase;
	return true;
}

bool profile_keep(const struct profile *p)
{
	char line[300];
	int n = snprintf(line, sizeof line, "%s\n", p->domain);
	return write_file(p, "app", line, (size_t)n);
}

bool profile_has_app(const struct profile *p)
{
	return p->app[0] != '\0';
}

/* --- the end --- */

/* With zeros in the place of what it held, as far as the disk writes in place. */
static int file_erase(const char *path)
{
	static const uint8_t zeros[16384];
	struct stat st;
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	int status = fstat(fd, &st);
	for (off_t at = 0; !status && at < st.st_size;) {
		size_t n = (size_t)(st.st_size - at);
		ssize_t written = write(fd, zeros, n < sizeof zeros ? n : sizeof zeros);
		status = written > 0 ? 0 : -1;
		at += written;
	}
	if (!status)
		status = fsync(fd);
	close(fd);
	return status ? status : unlink(path);
}

bool profile_erase(struct profile *p)
{
	/* The key first: without it the rest is nothing.  The app last, by which a profile is known to be
	 * there. */
	static const char *const names[] = {
		"key",      "key.new",        "store.db-wal", "store.db-shm", "store.db-journal",
		"store.db", "generation.new", "generation",   "app.new",      "app"
	};
	char path[700];
	wipe(p->key, sizeof p->key);
	p->has_key = false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", p->dir, names[i]);
		if (!file_erase(path))
			continue;
		fprintf(stderr, "undercroft: cannot erase %s: %s\n", path, strerror(errno));
		return false;
	}
	/* What others put there is theirs. */
	if (rmdir(p->dir) && errno != ENOTEMPTY && errno != EEXIST) {
		fprintf(stderr, "undercroft: cannot remove %s: %s\n", p->dir, strerror(errno));
		return false;
	}
	return true;
}
