/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of all stores and keys, also while the backbone serves: it makes the copies of its stores
 * itself, each as it is between two messages; here they are carried to where they shall lie. */
#include "ctl/ctl.h"
#include "ctl/files.h"
#include "ctl/manifest.h"
#include "net/env_system.h"
#include "base/text.h"
#include "server/control.h"
#include "server/folders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { LEFT_FREE = 64 << 20 };

struct backup {
	struct ctl *ctl;
	const char *to;     /* the backup's folder */
	const char *stores; /* where the stores to be copied lie, each app's in its folder */
	bool is_running;    /* and made them for this */
	struct buf manifest;
	/* the folder being copied */
	char from_folder[FILES_PATH_MAX], to_folder[FILES_PATH_MAX];
	const char *kind;
	uint64_t files, bytes;
};

static bool is_unfinished(struct view name)
{
	struct view end = VIEW_LIT(".new");
	return name.n > end.n && view_equal(view_slice(name, name.n - end.n, name.n), end);
}

/* The backbone, which needs some too, is to have the last of it. */
static uc_err room_look(const struct backup *b, const char *from)
{
	struct statvfs at;
	struct stat st;
	if (!b->is_running || stat(from, &st) || statvfs(b->to, &at))
		return UC_OK; /* whoever copies it says what is wrong */
	uint64_t left = (uint64_t)at.f_bavail * at.f_frsize;
	return left >= LEFT_FREE && left - LEFT_FREE >= (uint64_t)st.st_size ? UC_OK : UC_E_FULL;
}

static uc_err copy_one(void *ctx, const char *name, unsigned mode)
{
	struct backup *b = ctx;
	char from[FILES_PATH_MAX], to[FILES_PATH_MAX];
	struct manifest_file f = { .mode = mode,
				   .kind = view_str(b->kind),
				   .name = view_str(name) };
	/* The lock's file of the engine holds nothing, keys of tickets open connections of the last two
	 * days and nothing else; NAME.new is on its way to be another NAME; what somebody put there
	 * beside is not ours. */
	if (view_equal(f.name, VIEW_LIT("LOCK")) || view_equal(f.name, VIEW_LIT("tickets.keys")) ||
	    is_unfinished(f.name) || !manifest_name_is_safe(f.name))
		return UC_OK;
	if (!files_path(from, b->from_folder, name) || !files_path(to, b->to_folder, name))
		return UC_E_TOO_LARGE;
	TRY(room_look(b, from));
	TRY(files_copy(from, to, mode, NULL, f.hash, &f.bytes));
	/* Copies that nobody touches for an hour the backbone takes for left (server/copies.h). */
	if (b->is_running)
		utimensat(AT_FDCWD, b->stores, NULL, 0);
	manifest_add_file(&b->manifest, &f);
	b->files++;
	b->bytes += f.bytes;
	return b->manifest.failed;
}

static uc_err copy_folder(struct backup *b, const char *from, const char *to, const char *kind)
{
	b->kind = kind;
	if (!files_path(b->to_folder, to, kind))
		return UC_E_TOO_LARGE;
	snprintf(b->from_folder, sizeof b->from_folder, "%s", from);
	TRY(files_folder_make(b->to_folder, NULL));
	TRY(files_each(from, copy_one, b));
	return folder_sync(b->to_folder);
}

static uc_err copy_app(struct backup *b, const struct config_app *a)
{
	char to[FILES_PATH_MAX], from[FILES_PATH_MAX], store[FILES_PATH_MAX];
	if (!files_path(to, b->to, a->name) || !files_path(from, b->stores, a->name))
		return UC_E_TOO_LARGE;
	TRY(files_folder_make(to, NULL));
	manifest_add_app(&b->manifest, a->name, a->domain);
	for (int kind = 0; kind < CTL_KINDS; kind++) {
		if (!files_path(store, from, ctl_kind_names[kind]))
			return UC_E_TOO_LARGE;
		TRY(copy_folder(b, store, to, ctl_kind_names[kind]));
	}
	TRY(copy_folder(b, a->keys, to, "keys"));
	return folder_sync(to);
}

static uc_err manifest_start(struct backup *b)
{
	uint8_t hash[SHA256_BYTES];
	uint64_t bytes;
	char made[32] = "?";
	time_t now = (time_t)(env_now_ms(env_system()) / 1000);
	struct tm tm;
	TRY(files_hash(b->ctl->file, hash, &bytes));
	if (gmtime_r(&now, &tm))
		strftime(made, sizeof made, "%Y-%m-%dT%H:%M:%SZ", &tm);
	manifest_begin(&b->manifest, made, hash);
	return UC_OK;
}

static uc_err copy_all(struct backup *b)
{
	char path[FILES_PATH_MAX];
	const struct config *c = &b->ctl->config;
	TRY(manifest_start(b));
	for (size_t i = 0; i < c->apps_n; i++) {
		uc_err err = copy_app(b, &c->apps[i]);
		if (err) {
			fprintf(stderr, "undercroftctl: %s, %s: %s\n", c->apps[i].name, b->kind,
				uc_err_text(err));
			return err;
		}
	}
	/* Last: without it the folder is no backup. */
	TRY(manifest_end(&b->manifest));
	if (!files_path(path, b->to, MANIFEST_NAME))
		return UC_E_TOO_LARGE;
	TRY(files_write(path, buf_view(&b->manifest)));
	return folder_sync(b->to);
}

/* Has each app of the running backbone put a copy of its stores into DATA/copies/NAME. */
static int copies_make(struct ctl *c, const char *name)
{
	char line[256];
	for (size_t i = 0; i < c->config.apps_n; i++) {
		snprintf(line, sizeof line, "copy %s %s", c->config.apps[i].name, name);
		int status = ctl_order(c, line);
		if (status)
			return status;
	}
	return CTL_OK;
}

static int backup_running(struct backup *b)
{
	char name[33], stores[FILES_PATH_MAX], line[64];
	uint8_t random[8];
	if (env_random(env_system(), random, sizeof random))
		return CTL_FAILED;
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(name + 2 * i, 3, "%02x", random[i]);
	snprintf(stores, sizeof stores, "%s/copies/%s", b->ctl->config.data, name);
	b->stores = stores;
	b->is_running = true;
	int status = copies_make(b->ctl, name);
	if (!status && copy_all(b))
		status = CTL_FAILED;
	folder_remove(stores, 2);
	snprintf(line, sizeof line, "copied %s", name);
	return status ? status : ctl_order(b->ctl, line);
}

/* Nobody may start meanwhile. */
static int backup_stopped(struct backup *b)
{
	int lock = ctl_lock(b->ctl);
	if (lock < 0)
		return CTL_FAILED;
	b->stores = b->ctl->config.data;
	/* The backup is whose the operator is, and root's as a rule. */
	int status = files_act_as(NULL) || copy_all(b) ? CTL_FAILED : CTL_OK;
	close(lock);
	return status;
}

int ctl_backup(struct ctl *c)
{
	struct backup b = { .ctl = c, .to = c->argv[0], .kind = "configuration" };
	if (!files_folder_is_empty(b.to)) {
		fprintf(stderr, "undercroftctl: %s is not an empty folder\n", b.to);
		return CTL_FAILED;
	}
	uc_err err = files_folder_make(b.to, NULL);
	if (err && err != UC_E_EXISTS) {
		fprintf(stderr, "undercroftctl: %s: %s\n", b.to, uc_err_text(err));
		return CTL_FAILED;
	}
	buf_init(&b.manifest, MANIFEST_MAX);
	int status = ctl_running(c) ? backup_running(&b) : backup_stopped(&b);
	buf_done(&b.manifest);
	if (status)
		fprintf(stderr, "undercroftctl: there is no backup\n");
	else if (c->json)
		printf("{\"type\":\"backup\",\"apps\":%zu,\"files\":%llu,\"bytes\":%llu}\n",
		       c->config.apps_n, (unsigned long long)b.files, (unsigned long long)b.bytes);
	else
		printf("%zu apps, %llu files, %llu bytes\n", c->config.apps_n,
		       (unsigned long long)b.files, (unsigned long long)b.bytes);
	return status;
}
