/* SPDX-License-Identifier: Apache-2.0 */
#include "server/app_keys.h"

#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 4096, PATH_MAX_BYTES = 4200 };

static void path_make(char out[PATH_MAX_BYTES], const struct config_app *a, const char *name)
{
	snprintf(out, PATH_MAX_BYTES, "%s/%s", a->keys, name);
}

static uc_err write_whole(int fd, struct view v)
{
	while (v.n) {
		ssize_t n = write(fd, v.p, v.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return UC_E_IO;
		v = view_slice(v, (size_t)n, v.n);
	}
	return fsync(fd) ? UC_E_IO : UC_OK;
}

/* Whole or not at all, for us alone. */
static uc_err file_write(const struct config_app *a, const char *name, struct view content)
{
	char path[PATH_MAX_BYTES], part[PATH_MAX_BYTES + 8];
	path_make(path, a, name);
	snprintf(part, sizeof part, "%s.new", path);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return UC_E_IO;
	uc_err err = write_whole(fd, content);
	if (close(fd) && !err)
		err = UC_E_IO;
	if (!err && rename(part, path))
		err = UC_E_IO;
	int folder = err ? -1 : open(a->keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		if (fsync(folder))
			err = UC_E_IO;
		close(folder);
	}
	return err;
}

static uc_err moderators_write(const struct config_app *a, const struct secret *priv)
{
	struct buf text;
	buf_init_secret(&text, FILE_MAX_BYTES);
	buf_add_str(&text, "undercroft moderators key 1\n");
	hex_add(&text, secret_view(priv));
	buf_add_byte(&text, '\n');
	uc_err err = text.failed ? text.failed : file_write(a, "moderators.key", buf_view(&text));
	buf_done(&text);
	return err;
}

static uc_err write_both(const struct config_app *a, const struct provider_keys *k,
			 const struct secret *moderators)
{
	struct buf file;
	buf_init_secret(&file, FILE_MAX_BYTES);
	uc_err err = provider_keys_write(k, &file);
	/* app.keys last: it says that all is there. */
	if (!err)
		err = moderators_write(a, moderators);
	if (!err)
		err = file_write(a, "app.keys", buf_view(&file));
	buf_done(&file);
	return err;
}

uc_err app_keys_make(const struct config_app *a, const struct env *env)
{
	char path[PATH_MAX_BYTES];
	struct provider_keys k;
	struct secret moderators = { .n = 0 };
	path_make(path, a, "app.keys");
	if (!access(path, F_OK))
		return UC_OK;
	TRY(provider_keys_generate(env, &k, &moderators));
	uc_err err = write_both(a, &k, &moderators);
	provider_keys_wipe(&k);
	secret_wipe(&moderators);
	return err;
}

uc_err app_keys_load(const struct config_app *a, struct provider_keys *out)
{
	char path[PATH_MAX_BYTES];
	uint8_t file[FILE_MAX_BYTES];
	path_make(path, a, "app.keys");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return UC_E_IO;
	ssize_t n = read(fd, file, sizeof file);
	close(fd);
	uc_err err = n < 0 ? UC_E_IO : provider_keys_read(view_make(file, (size_t)n), out);
	wipe(file, sizeof file);
	return err;
}
