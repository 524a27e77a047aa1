/* SPDX-License-Identifier: Apache-2.0 */
/* A store written out, and made again from that. */
#include "ctl/ctl.h"
#include "ctl/files.h"
#include "net/env_system.h"
#include "server/folders.h"
#include "store/store_rocksdb.h"

#include <unistd.h>

static uc_err write_out(void *ctx, struct view bytes)
{
	return fwrite(bytes.p, 1, bytes.n, ctx) == bytes.n ? UC_OK : UC_E_IO;
}

int ctl_dump(struct ctl *c)
{
	size_t app = 0;
	int kind = 0;
	struct store *s = NULL;
	if (!ctl_store_named(c, &app, &kind))
		return CTL_USAGE;
	if (isatty(STDOUT_FILENO)) {
		fputs("undercroftctl: a dump is no text; send the output to a file\n", stderr);
		return CTL_USAGE;
	}
	if (ctl_store_open(c, app, (enum ctl_kind)kind, &s))
		return CTL_FAILED;
	uc_err err = store_dump(s, write_out, stdout);
	store_close(s);
	if (err)
		fprintf(stderr, "undercroftctl: dump: %s\n", uc_err_text(err));
	return err ? CTL_FAILED : CTL_OK;
}

struct loading {
	const char *path;
	const struct files_owner *owner;
};

static uc_err load_content(void *ctx, struct view dump)
{
	const struct loading *l = ctx;
	TRY(files_act_as(l->owner));
	struct store_options o = { .driver = &store_rocksdb_driver,
				   .env = env_system(),
				   .path = l->path };
	return store_load(&o, dump);
}

/* Beside, then in its place: what is cut off leaves nothing there. */
static uc_err load(const struct ctl *c, size_t app, enum ctl_kind kind)
{
	char path[FILES_PATH_MAX], beside[FILES_PATH_MAX], folder[FILES_PATH_MAX];
	struct files_owner owner = files_owner_of(c->config.data);
	struct loading l = { beside, &owner };
	ctl_store_path(c, app, kind, path, sizeof path);
	if (!files_path(beside, c->config.data, "restoring") ||
	    !files_path(folder, c->config.data, c->config.apps[app].name))
		return UC_E_TOO_LARGE;
	if (!files_folder_is_empty(path))
		return UC_E_EXISTS;
	folder_remove(beside, 2);
	uc_err err = files_folder_make(folder, &owner);
	if (err == UC_E_EXISTS)
		err = UC_OK;
	/* The dump may be root's alone. */
	if (!err)
		err = files_act_as(NULL);
	if (!err)
		err = files_map(c->argv[2], load_content, &l);
	uc_err back = files_act_as(&owner);
	if (back)
		return back;
	rmdir(path);
	if (!err && rename(beside, path))
		err = UC_E_IO;
	if (err)
		folder_remove(beside, 2);
	return err ? err : folder_sync(folder);
}

int ctl_load(struct ctl *c)
{
	uc_err err = UC_OK;
	int status = ctl_store_change(c, load, &err);
	if (err)
		fprintf(stderr, "undercroftctl: %s: %s (%s)\n", c->argv[2],
			err == UC_E_EXISTS ? "the store is not empty: move it away first"
					   : uc_err_text(err),
			uc_err_name(err));
	return status;
}
