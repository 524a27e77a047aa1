/* SPDX-License-Identifier: Apache-2.0 */
/* What an app's stores say of one account, in a few lines: of those now, or of a backup.  Neither the
 * account's id nor what it is known by is printed. */
#include "ctl/account.h"
#include "ctl/account_view.h"
#include "ctl/ctl.h"
#include "ctl/files.h"
#include "ctl/view_table.h"

enum { CALL_BYTES = 16 << 20, LINE_BYTES = 4096 };

static void add_day(struct buf *out, uint64_t day)
{
	char text[32];
	ctl_day_text(day * 24 * 3600 * 1000, text);
	buf_add_str(out, text);
}

static void add_days(struct buf *out, const char *label, uint64_t from, uint64_t to)
{
	buf_printf(out, "%s ", label);
	add_day(out, from);
	if (from != to) {
		buf_add_str(out, " to ");
		add_day(out, to);
	}
}

/* Without a word where there is nothing to say. */
static void item_add(struct buf *out, const struct view_item *item,
		     const struct account_view_sum *sum)
{
	bool is_number =
		item->how == VIEW_COUNT || item->how == VIEW_EACH || item->how == VIEW_BYTES;
	bool is_word = item->how == VIEW_FLAG || item->how == VIEW_WORD;
	if (!sum->count || (!is_number && !is_word && !sum->most))
		return;
	if (out->n)
		buf_add_str(out, "; ");
	switch (item->how) {
	case VIEW_COUNT:
	case VIEW_EACH:
	case VIEW_BYTES:
		buf_printf(out, "%llu %s", (unsigned long long)sum->count, item->label);
		break;
	case VIEW_NUMBER:
		buf_printf(out, "%s %llu", item->label, (unsigned long long)sum->most);
		break;
	case VIEW_FLAG:
		buf_printf(out, "%s: %s", item->label, sum->most ? "yes" : "no");
		break;
	case VIEW_WORD:
		buf_printf(out, "%s: %s", item->label,
			   sum->most < item->words_n ? item->words[sum->most] : "?");
		break;
	case VIEW_FIRST:
		add_days(out, item->label, sum->least, sum->least);
		break;
	case VIEW_LAST:
		add_days(out, item->label, sum->most, sum->most);
		break;
	case VIEW_SPAN:
		add_days(out, item->label, sum->least, sum->most);
		break;
	}
}

static void line_print(const struct ctl *c, const char *line, struct buf *text)
{
	if (!text->n)
		buf_add_str(text, "nothing");
	int n = (int)text->n;
	if (c->json)
		printf("{\"type\":\"view\",\"line\":\"%s\",\"text\":\"%.*s\"}\n", line, n,
		       (const char *)text->p);
	else
		printf("%-8s %.*s\n", line, n, (const char *)text->p);
	buf_reset(text);
}

static void stores_add(struct buf *out, const struct account_view *v)
{
	buf_printf(out, "%llu of %llu records of accounts are of it, %llu bytes",
		   (unsigned long long)v->records, (unsigned long long)v->of_all,
		   (unsigned long long)v->bytes);
	if (v->beside)
		buf_printf(out, "; %llu others name it", (unsigned long long)v->beside);
	buf_printf(out, "; of %llu records of rooms %llu lead to it; SHA-256 of all that was read ",
		   (unsigned long long)v->rooms, (unsigned long long)v->in_rooms);
	for (size_t i = 0; i < sizeof v->state; i++)
		buf_printf(out, "%02x", v->state[i]);
}

static uc_err print(const struct ctl *c, const struct account_view *v)
{
	struct buf text;
	buf_init(&text, LINE_BYTES);
	for (size_t line = 0; line < view_lines_n; line++) {
		for (size_t i = 0; i < view_items_n; i++)
			if (view_items[i].line == line)
				item_add(&text, &view_items[i], &v->items[i]);
		line_print(c, view_lines[line], &text);
	}
	stores_add(&text, v);
	line_print(c, "stores", &text);
	uc_err err = text.failed;
	buf_done(&text);
	return err;
}

static uc_err view(const struct ctl *c, size_t app, struct store *const stores[CTL_KINDS],
		   struct arena *a)
{
	static struct account_view v;
	struct view id;
	TRY(ctl_account_find(&c->config.apps[app], stores[CTL_ACCOUNTS], c->argv[1], a, &id));
	TRY(account_view_make(stores[CTL_ACCOUNTS], stores[CTL_ROOMS], id, &v));
	return print(c, &v);
}

/* A backup has the folders of the data, and keys beside the stores. */
static bool backup_take(struct ctl *c, size_t app, char keys[FILES_PATH_MAX])
{
	const char *folder = c->argv[2];
	int n = snprintf(keys, FILES_PATH_MAX, "%s/%s/keys", folder, c->config.apps[app].name);
	if (n <= 0 || n >= FILES_PATH_MAX)
		return false;
	c->config.data = folder;
	c->config.apps[app].keys = keys;
	return true;
}

static uc_err both_open(const struct ctl *c, size_t app, struct store *stores[CTL_KINDS])
{
	for (int kind = 0; kind < CTL_KINDS; kind++)
		TRY(ctl_store_open(c, app, (enum ctl_kind)kind, &stores[kind]));
	return UC_OK;
}

int ctl_operator_view(struct ctl *c)
{
	static char keys[FILES_PATH_MAX];
	struct store *stores[CTL_KINDS] = { NULL };
	struct arena a;
	size_t app = 0;
	if (!ctl_app_find(c, c->argv[0], &app) || (c->argc > 2 && !backup_take(c, app, keys)))
		return CTL_USAGE;
	arena_init(&a, CALL_BYTES, ARENA_PLAIN);
	/* What goes wrong with opening is said there. */
	uc_err opened = both_open(c, app, stores);
	uc_err err = opened ? opened : view(c, app, stores, &a);
	arena_done(&a);
	for (int kind = 0; kind < CTL_KINDS; kind++)
		if (stores[kind])
			store_close(stores[kind]);
	if (err && !opened)
		fprintf(stderr, "undercroftctl: operator-view on %s: %s (%s)\n", c->argv[0],
			err == UC_E_NOT_FOUND ? "there is no such account" : uc_err_text(err),
			uc_err_name(err));
	return err ? CTL_FAILED : CTL_OK;
}
