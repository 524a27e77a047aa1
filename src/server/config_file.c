/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration has to do with the file system. */
#include "server/config.h"

#include "server/web_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20 };

static void mistake(struct config_mistakes *m, unsigned line, const char *kind, const char *name,
		    const char *key, const char *path, const char *why)
{
	m->n++;
	buf_printf(m->out, "%s:", m->file);
	if (line)
		buf_printf(m->out, "%u:", line);
	if (kind)
		buf_printf(m->out, " [%s %s] %s:", kind, name, key);
	buf_printf(m->out, " %s: %s\n", path, why);
}

uc_err config_file_read(const char *file, struct buf *out)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return UC_E_IO;
	uc_err err = UC_OK;
	for (;;) {
		uint8_t *to = buf_reserve(out, 4096);
		ssize_t n = to ? read(fd, to, 4096) : -1;
		if (n < 0)
			err = to ? UC_E_IO : UC_E_TOO_LARGE;
		if (n <= 0)
			break;
		out->n += (size_t)n;
	}
	int why = errno;
	close(fd);
	errno = why;
	return err;
}

uc_err config_load(struct arena *a, const char *file, struct config_mistakes *m, struct config *out)
{
	struct buf text;
	struct view folder = { 0 };
	buf_init(&text, FILE_MAX_BYTES);
	errno = 0;
	uc_err err = config_file_read(file, &text);
	if (err) {
		mistake(m, 0, NULL, NULL, NULL, "cannot be read", strerror(errno ? errno : EFBIG));
		buf_done(&text);
		return UC_E_CONFIG;
	}
	const char *slash = strrchr(file, '/');
	err = arena_copy(a, view_make(file, slash ? (size_t)(slash - file) : 0), &folder);
	if (!err)
		err = config_read(a, buf_view(&text), slash == file ? "/" : (const char *)folder.p,
				  m, out);
	struct view path = { 0 };
	if (!err)
		err = arena_copy(a, view_str(file), &path);
	out->file = (const char *)path.p;
	buf_done(&text);
	return err;
}

static void readable_check(struct config_mistakes *m, unsigned line, const char *kind,
			   const char *name, const char *key, const char *path)
{
	struct stat st;
	if (stat(path, &st) || access(path, R_OK))
		mistake(m, line, kind, name, key, path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		mistake(m, line, kind, name, key, path, "is not a file");
}

/* A delivery command's program: the first word. */
static void command_check(struct config_mistakes *m, const struct config_app *app)
{
	char program[4096];
	struct view word;
	(void)view_cut(view_str(app->delivery), ' ', &word);
	snprintf(program, sizeof program, "%.*s", (int)word.n, (const char *)word.p);
	if (program[0] != '/')
		mistake(m, app->line, "app", app->name, "delivery", program,
			"does not start with a full path");
	else if (access(program, X_OK))
		mistake(m, app->line, "app", app->name, "delivery", program, strerror(errno));
}

/* All of it is read, so that a mistake shows before anything starts. */
static void web_check(struct config_mistakes *m, const struct config_app *app)
{
	struct buf at;
	struct web_files *files = NULL;
	buf_init(&at, 8192);
	const char *why = web_files_load(app->web, &at, &files);
	if (why)
		mistake(m, app->line, "app", app->name, "web",
			at.failed ? app->web : (const char *)at.p, why);
	web_files_free(files);
	buf_done(&at);
}

/* --- an app that begins while the rest runs --- */

/* Opened, since a process that has given up files is told so only then. */
static void open_check(struct config_mistakes *m, unsigned line, const char *section,
		       const char *name, const char *key, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	else
		mistake(m, line, section, name, key, path,
			errno == EACCES ? "is not open to the running server: a restart is needed"
					: strerror(errno));
}

static void keys_check(struct config_mistakes *m, const struct config_app *app)
{
	char path[4200];
	size_t before = m->n;
	snprintf(path, sizeof path, "%s/app.keys", app->keys);
	open_check(m, app->line, "app", app->name, "keys", path, O_RDONLY);
	snprintf(path, sizeof path, "%s/begun", app->keys);
	if (m->n == before)
		open_check(m, app->line, "app", app->name, "keys", path, O_WRONLY | O_CREAT);
	if (m->n == before)
		unlink(path);
}

void config_check_peers(const struct config *c, struct config_mistakes *m)
{
	for (size_t i = 0; i < c->peers_n; i++) {
		const struct config_peer *p = &c->peers[i];
		if (!p->is_removed)
			open_check(m, p->line, "peer", p->domain, "ca", p->ca, O_RDONLY);
	}
}

void config_check_added(const struct config *now, const struct config_app *app,
			struct config_mistakes *m)
{
	for (size_t i = 0; i < now->apps_n; i++)
		if (!now->apps[i].is_removed &&
		    view_equal(view_str(now->apps[i].domain), view_str(app->domain)))
			mistake(m, app->line, "app", app->name, "domain", app->domain,
				"is that of an app that runs: a restart is needed");
	open_check(m, app->line, "app", app->name, "certificate", app->certificate, O_RDONLY);
	open_check(m, app->line, "app", app->name, "private_key", app->private_key, O_RDONLY);
	if (app->reserved)
		open_check(m, app->line, "app", app->name, "reserved", app->reserved, O_RDONLY);
	keys_check(m, app);
}

uc_err config_check_files(const struct config *c, struct config_mistakes *m)
{
	for (size_t i = 0; i < c->apps_n; i++) {
		const struct config_app *app = &c->apps[i];
		readable_check(m, app->line, "app", app->name, "certificate", app->certificate);
		readable_check(m, app->line, "app", app->name, "private_key", app->private_key);
		if (app->reserved)
			readable_check(m, app->line, "app", app->name, "reserved", app->reserved);
		if (app->delivery)
			command_check(m, app);
		if (app->web)
			web_check(m, app);
	}
	for (size_t i = 0; i < c->peers_n; i++)
		readable_check(m, c->peers[i].line, "peer", c->peers[i].domain, "ca",
			       c->peers[i].ca);
	return m->n ? UC_E_CONFIG : UC_OK;
}
