/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/profile.h"

#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* One line of the apps file: NAME DOMAIN HOST:PORT CA-FILE [CODES-FILE]; '#' starts a comment. */
struct app_line {
	char name[64], domain[256], host[256], ca[512], codes[512];
	unsigned port;
};

static bool app_line_read(const char *line, struct app_line *a)
{
	char place[300];
	*a = (struct app_line){ 0 };
	int n = sscanf(line, " %63s %255s %299s %511s %511s", a->name, a->domain, place, a->ca,
		       a->codes);
	if (n < 4 || a->name[0] == '#')
		return false;
	char *colon = strrchr(place, ':');
	uint64_t port = 0;
	if (!colon || decimal_read(view_str(colon + 1), &port) || !port || port > 65535)
		return false;
	*colon = '\0';
	snprintf(a->host, sizeof a->host, "%s", place);
	a->port = (unsigned)port;
	return true;
}

const char *profile_apps_file(const char *given, char *out, size_t out_n)
{
	const char *env = getenv("UNDERCROFT_APPS"), *home = getenv("HOME");
	if (given || env)
		return given ? given : env;
	snprintf(out, out_n, "%s/.config/undercroft/apps.conf", home ? home : ".");
	return out;
}

/* Finds by short name or domain. */
static bool app_find(const char *apps_file, const char *app, struct app_line *out)
{
	char path[600], line[2000];
	FILE *f = fopen(profile_apps_file(apps_file, path, sizeof path), "re");
	if (!f)
		return false;
	bool found = false;
	while (!found && fgets(line, sizeof line, f))
		found = app_line_read(line, out) &&
			(strcmp(out->name, app) == 0 || strcmp(out->domain, app) == 0);
	fclose(f);
	return found;
}

void profile_app_domain(const char *app, const char *apps_file, char *out, size_t out_n)
{
	struct app_line a;
	snprintf(out, out_n, "%s", app_find(apps_file, app, &a) ? a.domain : app);
}

void profile_app_short(const char *domain, const char *apps_file, char *out, size_t out_n)
{
	struct app_line a;
	snprintf(out, out_n, "%s", app_find(apps_file, domain, &a) ? a.name : domain);
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

static bool write_file(const struct profile *p, const char *name, const void *bytes, size_t n)
{
	char path[700], fresh[710];
	snprintf(path, sizeof path, "%s/%s", p->dir, name);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, bytes, n) == (ssize_t)n && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	if (!good || rename(fresh, path)) {
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

bool profile_open(struct profile *p, const char *name, const char *home, const char *apps_file)
{
	*p = (struct profile){ 0 };
	if (!name_is_safe(name)) {
		fprintf(stderr, "undercroft: a profile's name has letters, digits, - and _ only\n");
		return false;
	}
	snprintf(p->name, sizeof p->name, "%s", name);
	const char *env = getenv("UNDERCROFT_HOME"), *user = getenv("HOME");
	if (home || env)
		snprintf(p->dir, sizeof p->dir, "%s/%s", home ? home : env, name);
	else
		snprintf(p->dir, sizeof p->dir, "%s/.local/share/undercroft/%s", user ? user : ".",
			 name);
	if (!make_folder(p->dir))
		return false;
	char domain[256] = "";
	size_t n = 0;
	if (read_file(p, "app", domain, sizeof domain - 1, &n)) {
		domain[strcspn(domain, "\n")] = '\0';
		struct app_line a;
		if (!app_find(apps_file, domain, &a)) {
			char path[600];
			fprintf(stderr,
				"undercroft: profile %s is on %s, which %s does not tell how to "
				"reach\n",
				name, domain, profile_apps_file(apps_file, path, sizeof path));
			return false;
		}
		take_app(p, &a);
	}
	p->has_key = read_file(p, "key", p->key, sizeof p->key, &n) && n == sizeof p->key;
	return true;
}

bool profile_bind(struct profile *p, const char *app, const char *apps_file)
{
	struct app_line a;
	if (!app_find(apps_file, app, &a)) {
		char path[600];
		fprintf(stderr, "undercroft: no app %s in %s\n", app,
			profile_apps_file(apps_file, path, sizeof path));
		return false;
	}
	if (p->app[0] && strcmp(p->domain, a.domain) != 0) {
		fprintf(stderr, "undercroft: profile %s is on %s already; choose another with -p\n",
			p->name, p->app);
		return false;
	}
	if (!p->has_key && !getenv("UNDERCROFT_PASSPHRASE")) {
		if (getrandom(p->key, sizeof p->key, 0) != (ssize_t)sizeof p->key ||
		    !write_file(p, "key", p->key, sizeof p->key))
			return false;
		p->has_key = true;
	}
	take_app(p, &a);
	char line[300];
	int n = snprintf(line, sizeof line, "%s\n", a.domain);
	return write_file(p, "app", line, (size_t)n);
}

bool profile_has_app(const struct profile *p)
{
	return p->app[0] != '\0';
}
