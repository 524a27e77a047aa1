/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ticket_files.h"

#include "base/secret.h"
#include "server/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 4096, PATH_MAX_BYTES = 4200 };

static bool write_whole(int fd, struct view v)
{
	while (v.n) {
		ssize_t n = write(fd, v.p, v.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		v = view_slice(v, (size_t)n, v.n);
	}
	return !fsync(fd);
}

/* Whole or not at all, for us alone.  A copy that is lost with the power costs full handshakes only, so
 * the folder is not synced. */
static bool file_write(const char *path, struct view content)
{
	char part[PATH_MAX_BYTES + 8];
	snprintf(part, sizeof part, "%s.new", path);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	bool ok = write_whole(fd, content);
	ok = !close(fd) && ok;
	return ok && !rename(part, path);
}

static void path_make(char out[PATH_MAX_BYTES], const struct config_app *a)
{
	snprintf(out, PATH_MAX_BYTES, "%s/tickets.keys", a->keys);
}

static uc_err file_read(const struct config_app *a, struct ticket_keys *t)
{
	char path[PATH_MAX_BYTES];
	uint8_t file[FILE_MAX_BYTES];
	path_make(path, a);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? UC_OK : UC_E_IO;
	ssize_t n = read(fd, file, sizeof file);
	close(fd);
	uc_err err = n < 0 ? UC_E_IO : ticket_keys_read(t, view_make(file, (size_t)n));
	wipe(file, sizeof file);
	return err;
}

void ticket_files_care(const struct config_app *a, struct ticket_keys *t)
{
	char path[PATH_MAX_BYTES];
	struct buf text;
	bool changed = false;
	uc_err err = ticket_keys_rotate(t, &changed);
	if (err)
		log_error("tickets.failed", "app=%s error=%s", a->name, uc_err_name(err));
	if (err || !changed || !a->keys)
		return;
	path_make(path, a);
	buf_init_secret(&text, FILE_MAX_BYTES);
	ticket_keys_add(t, &text);
	if (text.failed || !file_write(path, buf_view(&text)))
		log_error("tickets.failed", "app=%s path=%s reason=\"%s\"", a->name, path,
			  strerror(errno));
	buf_done(&text);
}

uc_err ticket_files_open(const struct config_app *a, const struct env *env,
			 struct ticket_keys **out)
{
	TRY(ticket_keys_new(env, out));
	uc_err err = a->keys ? file_read(a, *out) : UC_OK;
	if (err)
		log_error("tickets.unread", "app=%s error=%s", a->name, uc_err_name(err));
	ticket_files_care(a, *out);
	return UC_OK;
}
