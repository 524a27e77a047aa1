/* SPDX-License-Identifier: Apache-2.0 */
#include "server/app_reserved.h"

#include "mimi/names.h"
#include "provider/provider.h"

enum { LIST_MAX = 1 << 20, NAME_ARENA_MAX = 65536 };

static bool is_name(enum config_names names, struct view line)
{
	struct arena scratch;
	struct view normalised;
	arena_init(&scratch, NAME_ARENA_MAX, ARENA_PLAIN);
	uc_err err = name_normalise((enum name_kind)names, line, &scratch, &normalised);
	arena_done(&scratch);
	return !err;
}

static void list_check(const struct config_app *app, struct view lines, struct config_mistakes *m)
{
	struct view name;
	for (unsigned line = 1; provider_reserved_next(&lines, &name); line++) {
		if (!name.n || is_name(app->names, name))
			continue;
		m->n++;
		buf_printf(m->out, "%s:%u: [app %s] reserved: %s: line %u is no name of this app\n",
			   m->file, app->line, app->name, app->reserved, line);
	}
}

uc_err app_reserved_check(const struct config *c, struct config_mistakes *m)
{
	for (size_t i = 0; i < c->apps_n; i++) {
		struct buf names;
		if (!c->apps[i].reserved)
			continue;
		buf_init(&names, LIST_MAX);
		uc_err err = config_file_read(c->apps[i].reserved, &names);
		if (!err)
			list_check(&c->apps[i], buf_view(&names), m);
		buf_done(&names);
		TRY(err);
	}
	return m->n ? UC_E_CONFIG : UC_OK;
}
