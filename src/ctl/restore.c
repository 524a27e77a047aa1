/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a backup back: all of it is checked first, then copied beside, then put in place.  Each store
 * is marked as a copy: the backbone gives it a new incarnation when it starts, so that whoever knows
 * more than the copy notices.  Root does all of it as whom the data belongs to, but for reading the backup
 * and for making a folder of keys where only root may. */
#include "ctl/ctl.h"
#include "ctl/files.h"
#include "ctl/manifest.h"
#include "net/env_system.h"
#include "provider/provider.h"
#include "server/folders.h"
#include "store/store_rocksdb.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct restore {
	struct ctl *ctl;
	const char *from;
	bool is_copying; /* else only looked at */
	bool keeps_keys; /* also where they are others */
	struct files_owner owner;
	const struct config_app *app;
	bool has[CONFIG_APPS_MAX];
	bool is_placed;            /* something is where it belongs */
	char what[FILES_PATH_MAX]; /* for the message, when it fails */
	uint64_t files, bytes;
};

static uc_err app_part(const struct restore *r, char out[FILES_PATH_MAX])
{
	int n = snprintf(out, FILES_PATH_MAX, "%s/restoring/%s", r->ctl->config.data, r->app->name);
	return n > 0 && n < FILES_PATH_MAX ? UC_OK : UC_E_TOO_LARGE;
}

static uc_err on_app(void *ctx, const struct manifest_app *a)
{
	struct restore *r = ctx;
	char path[FILES_PATH_MAX], below[FILES_PATH_MAX];
	struct config *c = &r->ctl->config;
	r->app = NULL;
	for (size_t i = 0; i < c->apps_n; i++) {
		if (!view_equal(view_str(c->apps[i].name), a->name) ||
		    !view_equal(view_str(c->apps[i].domain), a->domain))
			continue;
		r->app = &c->apps[i];
		/* Twice would be a mistake of ours, or somebody's doing. */
		if (!r->is_copying && r->has[i])
			return UC_E_MALFORMED;
		r->has[i] = true;
	}
	snprintf(r->what, sizeof r->what, "app %.*s", (int)a->name.n, (const char *)a->name.p);
	if (!r->app)
		return UC_E_CONFIG;
	if (!r->is_copying)
		return UC_OK;
	TRY(app_part(r, path));
	TRY(files_folder_make(path, &r->owner));
	for (int kind = 0; kind < CTL_KINDS; kind++) {
		if (!files_path(below, path, ctl_kind_names[kind]))
			return UC_E_TOO_LARGE;
		TRY(files_folder_make(below, &r->owner));
	}
	return UC_OK;
}

static uc_err to_of(const struct restore *r, const struct manifest_file *f,
		    char out[FILES_PATH_MAX])
{
	char part[FILES_PATH_MAX];
	TRY(app_part(r, part));
	bool is_key = view_equal(f->kind, VIEW_LIT("keys"));
	int n = snprintf(out, FILES_PATH_MAX, "%s%s%.*s/%.*s", is_key ? r->app->keys : part,
			 is_key ? "" : "/", is_key ? 0 : (int)f->kind.n, (const char *)f->kind.p,
			 (int)f->name.n, (const char *)f->name.p);
	return n > 0 && n < FILES_PATH_MAX ? UC_OK : UC_E_TOO_LARGE;
}

/* Of the backup, which may be root's alone; what is written is the owner's.  to NULL: only its hash. */
static uc_err source_copy(const struct restore *r, const char *from, const char *to, unsigned mode,
			  uint8_t hash[SHA256_BYTES], uint64_t *bytes)
{
	int fd;
	TRY(files_act_as(NULL));
	uc_err err = files_open(from, &fd);
	uc_err back = files_act_as(&r->owner);
	if (!err && back)
		close(fd);
	TRY(back);
	TRY(err);
	return files_copy_open(fd, to, mode, hash, bytes);
}

static uc_err keys_folder_make(const struct restore *r)
{
	if (!folder_make(r->app->keys))
		return UC_OK;
	TRY(files_act_as(NULL));
	uc_err err = files_folder_grant(r->app->keys, &r->owner);
	TRY(files_act_as(&r->owner));
	TRY(err);
	return folder_make(r->app->keys);
}

/* Keys that are there stay: they may be newer.  But with others than the backup's nothing would fit, and
 * whether they are newer only the operator knows. */
static uc_err on_key(struct restore *r, const char *from, const char *to,
		     const struct manifest_file *f, uint8_t hash[SHA256_BYTES], uint64_t *bytes)
{
	uint8_t there[SHA256_BYTES];
	uint64_t there_bytes;
	struct stat st;
	bool is_there = !stat(to, &st);
	if (!r->is_copying || is_there) {
		bool is_compared =
			!r->keeps_keys && is_there && view_equal(f->name, VIEW_LIT("app.keys"));
		if (is_compared)
			TRY(files_hash(to, there, &there_bytes));
		if (is_compared && !view_equal(VIEW_OF(there), VIEW_OF(f->hash)))
			return UC_E_CONFLICT;
		return source_copy(r, from, NULL, 0, hash, bytes);
	}
	TRY(keys_folder_make(r));
	TRY(source_copy(r, from, to, f->mode, hash, bytes));
	return folder_sync(r->app->keys);
}

static uc_err on_file(void *ctx, const struct manifest_file *f)
{
	struct restore *r = ctx;
	char from[FILES_PATH_MAX], to[FILES_PATH_MAX];
	uint8_t hash[SHA256_BYTES];
	uint64_t bytes = 0;
	int n = snprintf(from, sizeof from, "%s/%s/%.*s/%.*s", r->from, r->app->name,
			 (int)f->kind.n, (const char *)f->kind.p, (int)f->name.n,
			 (const char *)f->name.p);
	if (n <= 0 || n >= FILES_PATH_MAX)
		return UC_E_TOO_LARGE;
	snprintf(r->what, sizeof r->what, "%s", from);
	TRY(to_of(r, f, to));
	if (view_equal(f->kind, VIEW_LIT("keys")))
		TRY(on_key(r, from, to, f, hash, &bytes));
	else
		TRY(source_copy(r, from, r->is_copying ? to : NULL, f->mode, hash, &bytes));
	if (bytes != f->bytes || !view_equal(VIEW_OF(hash), VIEW_OF(f->hash)))
		return UC_E_CORRUPT;
	r->files++;
	r->bytes += bytes;
	return UC_OK;
}

static uc_err walk(struct restore *r, struct view manifest, bool is_copying)
{
	struct manifest_reader reader = { r, on_app, on_file };
	r->is_copying = is_copying;
	r->files = r->bytes = 0;
	return manifest_read(manifest, &reader);
}

static uc_err places_check(struct restore *r)
{
	const struct config *c = &r->ctl->config;
	for (size_t i = 0; i < c->apps_n; i++) {
		for (int kind = 0; r->has[i] && kind < CTL_KINDS; kind++) {
			ctl_store_path(r->ctl, i, (enum ctl_kind)kind, r->what, sizeof r->what);
			if (!files_folder_is_empty(r->what))
				return UC_E_EXISTS;
		}
	}
	return UC_OK;
}

/* A store that knows that it is a copy, which one copied by hand, or while nothing ran, does not. */
static uc_err store_marked(struct restore *r, size_t app, enum ctl_kind kind, const char *path)
{
	struct store *s = NULL;
	char copy[FILES_PATH_MAX + 8];
	struct store_options o = {
		.driver = &store_rocksdb_driver,
		.env = env_system(),
		.path = path,
		.domain = view_str(r->ctl->config.apps[app].domain),
		.kind = view_str(ctl_kind_names[kind]),
		.schema = PROVIDER_SCHEMA,
	};
	TRY(store_open(&o, &s));
	bool is_marked = store_is_older(s);
	snprintf(copy, sizeof copy, "%s.copy", path);
	uc_err err = is_marked ? UC_OK : store_checkpoint(s, copy);
	store_close(s);
	if (err || is_marked)
		return err;
	folder_remove(path, 0);
	return rename(copy, path) ? UC_E_IO : UC_OK;
}

/* Still beside. */
static uc_err prepare(struct restore *r, size_t app)
{
	char part[FILES_PATH_MAX];
	r->app = &r->ctl->config.apps[app];
	TRY(app_part(r, part));
	for (int kind = 0; kind < CTL_KINDS; kind++) {
		if (!files_path(r->what, part, ctl_kind_names[kind]))
			return UC_E_TOO_LARGE;
		TRY(store_marked(r, app, (enum ctl_kind)kind, r->what));
		TRY(folder_sync(r->what));
	}
	return UC_OK;
}

static uc_err place(struct restore *r, size_t app)
{
	char part[FILES_PATH_MAX], from[FILES_PATH_MAX];
	r->app = &r->ctl->config.apps[app];
	TRY(app_part(r, part));
	if (!files_path(r->what, r->ctl->config.data, r->app->name))
		return UC_E_TOO_LARGE;
	uc_err err = files_folder_make(r->what, &r->owner);
	if (err != UC_E_EXISTS)
		TRY(err);
	for (int kind = 0; kind < CTL_KINDS; kind++) {
		if (!files_path(from, part, ctl_kind_names[kind]))
			return UC_E_TOO_LARGE;
		ctl_store_path(r->ctl, app, (enum ctl_kind)kind, r->what, sizeof r->what);
		rmdir(r->what);
		if (rename(from, r->what))
			return UC_E_IO;
		r->is_placed = true;
		TRY(folder_sync_above(r->what));
	}
	return UC_OK;
}

static uc_err restore_checked(struct restore *r, struct view manifest)
{
	char beside[FILES_PATH_MAX];
	const struct config *c = &r->ctl->config;
	if (!files_path(beside, c->data, "restoring"))
		return UC_E_TOO_LARGE;
	/* Of an earlier try that was cut off. */
	folder_remove(beside, 2);
	TRY(files_folder_make(beside, &r->owner));
	uc_err err = walk(r, manifest, true);
	for (size_t i = 0; !err && i < c->apps_n; i++)
		if (r->has[i])
			err = prepare(r, i);
	for (size_t i = 0; !err && i < c->apps_n; i++)
		if (r->has[i])
			err = place(r, i);
	folder_remove(beside, 2);
	return err ? err : folder_sync(c->data);
}

static uc_err restore(struct restore *r)
{
	struct buf manifest;
	char path[FILES_PATH_MAX];
	if (!files_path(path, r->from, MANIFEST_NAME))
		return UC_E_TOO_LARGE;
	snprintf(r->what, sizeof r->what, "%s", path);
	buf_init(&manifest, MANIFEST_MAX);
	uc_err err = files_act_as(NULL);
	if (!err)
		err = files_read(path, &manifest);
	uc_err back = files_act_as(&r->owner);
	if (!err)
		err = back;
	if (!err)
		err = walk(r, buf_view(&manifest), false);
	if (!err)
		err = places_check(r);
	if (!err)
		err = restore_checked(r, buf_view(&manifest));
	buf_done(&manifest);
	return err;
}

int ctl_restore(struct ctl *c)
{
	struct restore r = { .ctl = c, .keeps_keys = ctl_take_word(c, "--keep-keys") };
	if (c->argc != 1)
		return CTL_USAGE;
	r.from = c->argv[0];
	r.owner = files_owner_of(c->config.data);
	int lock = ctl_lock(c);
	if (lock < 0)
		return CTL_FAILED;
	uc_err err = restore(&r);
	close(lock);
	if (err)
		fprintf(stderr, "undercroftctl: %s: %s (%s)%s\n", r.what,
			err == UC_E_EXISTS ? "is not empty: move it away first"
			: err == UC_E_CONFLICT
				? "other keys are there: move them away, or --keep-keys"
			: err == UC_E_CONFIG ? "the configuration has no such app"
					     : uc_err_text(err),
			uc_err_name(err),
			r.is_placed ? "; a part is in place: move it away and begin again"
				    : "; nothing was restored");
	else if (c->json)
		printf("{\"type\":\"restored\",\"files\":%llu,\"bytes\":%llu}\n",
		       (unsigned long long)r.files, (unsigned long long)r.bytes);
	else
		printf("%llu files, %llu bytes; they get new incarnations with the next start\n",
		       (unsigned long long)r.files, (unsigned long long)r.bytes);
	return err ? CTL_FAILED : CTL_OK;
}
