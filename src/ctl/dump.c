/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/ctl.h"

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
	if (!ctl_app_find(c, c->argv[0], &app))
		return CTL_USAGE;
	while (kind < CTL_KINDS &&
	       !view_equal(view_str(ctl_kind_names[kind]), view_str(c->argv[1])))
		kind++;
	if (kind == CTL_KINDS) {
		fprintf(stderr, "undercroftctl: there is no store %s; accounts or rooms\n",
			c->argv[1]);
		return CTL_USAGE;
	}
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
