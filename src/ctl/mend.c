/* SPDX-License-Identifier: Apache-2.0 */
/* A store whose write-ahead log is damaged goes on from what is left. */
#include "ctl/ctl.h"
#include "ctl/files.h"
#include "net/env_system.h"
#include "provider/provider.h"
#include "store/store_rocksdb.h"

#include <unistd.h>

static uc_err mend(const struct ctl *c, size_t app, enum ctl_kind kind)
{
	char path[4200];
	ctl_store_path(c, app, kind, path, sizeof path);
	if (access(path, F_OK))
		return UC_E_NOT_FOUND;
	struct files_owner owner = files_owner_of(path);
	struct store_options o = {
		.driver = &store_rocksdb_driver,
		.env = env_system(),
		.path = path,
		.domain = view_str(c->config.apps[app].domain),
		.kind = view_str(ctl_kind_names[kind]),
		.schema = PROVIDER_SCHEMA,
	};
	uc_err err = store_mend(&o);
	uc_err given = files_give(path, &owner); /* what root made is the backbone's */
	return err ? err : given;
}

int ctl_mend(struct ctl *c)
{
	uc_err err = UC_OK;
	int status = ctl_store_change(c, mend, &err);
	if (err)
		fprintf(stderr, "undercroftctl: mend: %s (%s)\n", uc_err_text(err),
			uc_err_name(err));
	else if (status == CTL_OK)
		puts("It goes on from what is left, as from an older copy. Now: undercroftctl "
		     "check");
	return status;
}
