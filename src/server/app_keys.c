/* SPDX-License-Identifier: Apache-2.0 */
#include "server/app_keys.h"

#include "base/secret.h"
#include "base/text.h"
#include "provider/moderators_key.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

static uc_err moderators_write(const struct config_app *a, const struct provider_keys *k,
			       const struct secret *priv)
{
	struct buf text;
	buf_init_secret(&text, MODERATORS_KEY_FILE_MAX);
	uc_err err = moderators_key_write(secret_view(priv), VIEW_OF(k->moderators_pub), &text);
	if (!err)
		err = file_write(a, "moderators.key", buf_view(&text));
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
		err = moderators_write(a, k, moderators);
	if (!err)
		err = file_write(a, "app.keys", buf_view(&file));
	buf_done(&file);
	return err;
}

uc_err app_keys_replace(const struct config_app *a, const struct provider_keys *k)
{
	struct buf file;
	buf_init_secret(&file, FILE_MAX_BYTES);
	uc_err err = provider_keys_write(k, &file);
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

/* *n: 0 when it is not there. */
static uc_err file_read(const struct config_app *a, const char *name, uint8_t out[FILE_MAX_BYTES],
			size_t *n)
{
	char path[PATH_MAX_BYTES];
	path_make(path, a, name);
	*n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? UC_OK : UC_E_IO;
	ssize_t got = read(fd, out, FILE_MAX_BYTES);
	close(fd);
	if (got < 0)
		return UC_E_IO;
	*n = (size_t)got;
	return UC_OK;
}

uc_err app_keys_load(const struct config_app *a, struct provider_keys *out)
{
	uint8_t file[FILE_MAX_BYTES];
	size_t n;
	uc_err err = file_read(a, "app.keys", file, &n);
	if (!err)
		err = n ? provider_keys_read(view_make(file, n), out) : UC_E_IO;
	wipe(file, sizeof file);
	return err;
}

#define LIVES_HEAD "undercroft lives 1\n"

uc_err app_lives_read(const struct config_app *a, uint64_t *out)
{
	uint8_t file[FILE_MAX_BYTES];
	size_t n;
	uint64_t lives = 0;
	TRY(file_read(a, "lives", file, &n));
	struct view text = view_make(file, n), line;
	if (n && !view_starts_with(text, VIEW_LIT(LIVES_HEAD)))
		return UC_E_CORRUPT;
	if (n) {
		(void)view_cut(view_slice(text, sizeof LIVES_HEAD - 1, n), '\n', &line);
		if (decimal_read(line, &lives))
			return UC_E_CORRUPT;
	}
	*out = lives;
	return UC_OK;
}

uc_err app_lives_write(const struct config_app *a, uint64_t lives)
{
	char text[64];
	snprintf(text, sizeof text, LIVES_HEAD "%" PRIu64 "\n", lives);
	return file_write(a, "lives", view_str(text));
}
