/* SPDX-License-Identifier: Apache-2.0 */
/* A store whose write-ahead log is damaged goes on from what is left. */
#include "ctl/ctl.h"
#include "net/env_system.h"
#include "provider/provider.h"
#include "store/store_rocksdb.h"

#include <sys/stat.h>

static uc_err mend(const struct ctl *c, size_t app, enum ctl_kind kind)
{
	char path[4200];
	ctl_store_path(c, app, kind, path, sizeof path);
	struct stat st;
	if (stat(path, &st))
		return UC_E_NOT_FOUND;
	struct store_options o = {
		.driver = &store_rocksdb_driver,
		.env = env_system(),
		.path = path,
		.domain = view_str(c->config.apps[app].domain),
		.kind = view_str(ctl_kind_names[kind]),
		.schema = PROVIDER_SCHEMA,
	};
	return store_mend(&o);
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
