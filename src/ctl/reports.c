/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of abuse: looked at in the store, which may be in use; decided and passed on by the running
 * backbone; written out for the machine that has the moderators' key. */
#include "base/text.h"
#include "ctl/files.h"
#include "ctl/report_show.h"
#include "provider/provider.h"
#include "server/control.h"

#include <stdlib.h>

enum { RECORD_ARENA_MAX = 64 << 20, LIST_ARENA_MAX = 512 << 20, LIST_FIRST = 64 };

/* --- the list --- */

/* Who it is about, and by whom; then one for each whom it is about, and by how many. */
struct listed {
	struct view accused, reporter;
	size_t reporters;
};
struct listing {
	const struct ctl *c;
	struct arena *a; /* of the list */
	struct listed *v;
	size_t n, cap;
	bool print, is_damaged;
};

static int by_accused(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	return view_compare(x->accused, y->accused);
}

static int by_both(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int order = by_accused(x, y);
	return order ? order : view_compare(x->reporter, y->reporter);
}

static void reporters_count(struct listing *l)
{
	size_t n = 0;
	if (l->n)
		qsort(l->v, l->n, sizeof *l->v, by_both);
	for (size_t i = 0; i < l->n; i++) {
		struct listed one = l->v[i], *last = n ? &l->v[n - 1] : NULL;
		bool is_same = last && view_equal(last->accused, one.accused);
		one.reporters = 1;
		if (is_same)
			one.reporters = last->reporters + !view_equal(last->reporter, one.reporter);
		l->v[is_same ? n - 1 : n++] = one;
	}
	l->n = n;
}

static size_t reporters_of(const struct listing *l, struct view accused)
{
	const struct listed wanted = { .accused = accused };
	const struct listed *is =
		l->n ? bsearch(&wanted, l->v, l->n, sizeof *l->v, by_accused) : NULL;
	return is ? is->reporters : 0;
}

static uc_err listed_grow(struct listing *l)
{
	size_t cap = l->cap ? 2 * l->cap : LIST_FIRST;
	struct listed *v = ARENA_ARRAY(l->a, struct listed, cap);
	if (!v)
		return arena_error(l->a);
	if (l->n)
		memcpy(v, l->v, l->n * sizeof *v);
	l->v = v;
	l->cap = cap;
	return UC_OK;
}

/* Those of other apps say nothing of who reports. */
static uc_err listed_add(struct listing *l, const struct report_shown *s)
{
	if (!s->record.reporter.n)
		return UC_OK;
	if (l->n == l->cap)
		TRY(listed_grow(l));
	struct listed *to = &l->v[l->n];
	TRY(arena_copy(l->a, s->report.alleged_abuser_uri, &to->accused));
	TRY(arena_copy(l->a, s->record.reporter, &to->reporter));
	l->n++;
	return UC_OK;
}

/* The others are listed all the same. */
static void damaged_line(struct listing *l, uint64_t number)
{
	l->is_damaged = true;
	if (!l->print)
		return;
	if (l->c->json)
		printf("{\"type\":\"damaged\",\"number\":%llu}\n", (unsigned long long)number);
	fprintf(stderr,
		"undercroftctl: report %llu, or what lies right before it, is damaged: passed "
		"over\n",
		(unsigned long long)number);
}

static uc_err list_one(struct listing *l, const struct report_found *one)
{
	struct arena scratch;
	struct report_shown s;
	arena_init(&scratch, RECORD_ARENA_MAX, ARENA_PLAIN);
	uc_err err = one->is_damaged ? UC_E_CORRUPT : report_shown_read(one->value, &scratch, &s);
	if (!err && l->print)
		report_line(l->c, one->number, &s, reporters_of(l, s.report.alleged_abuser_uri));
	if (!err && !l->print)
		err = listed_add(l, &s);
	arena_done(&scratch);
	if (err == UC_E_CORRUPT) {
		damaged_line(l, one->number);
		return UC_OK;
	}
	return err;
}

static uc_err list_round(struct listing *l, struct store *s, struct view domain)
{
	struct report_walk w;
	struct report_found one;
	uc_err err = UC_OK;
	report_walk_begin(&w, s, domain);
	while (!err && report_walk_next(&w, &one))
		err = list_one(l, &one);
	uc_err walked = report_walk_end(&w);
	return err ? err : walked;
}

static uc_err do_list(const struct ctl *c, size_t app, struct store *s, struct arena *a)
{
	struct listing l = { .c = c, .a = a };
	struct view domain = view_str(c->config.apps[app].domain);
	TRY(list_round(&l, s, domain));
	reporters_count(&l);
	l.print = true;
	TRY(list_round(&l, s, domain));
	return l.is_damaged ? UC_E_CORRUPT : UC_OK;
}

/* --- one of them --- */

static uc_err number_read(const struct ctl *c, uint64_t *out)
{
	return c->argc > 2 && !decimal_read(view_str(c->argv[2]), out) ? UC_OK : UC_E_ARGUMENT;
}

static uc_err record_read(const struct ctl *c, size_t app, struct store *s, struct arena *a,
			  uint64_t *number, struct view *record)
{
	struct store_key k;
	TRY(number_read(c, number));
	return store_get(s, report_key(&k, view_str(c->config.apps[app].domain), *number), a,
			 record);
}

static uc_err do_show(const struct ctl *c, size_t app, struct store *s, struct arena *a)
{
	struct report_shown shown;
	struct report_file f = { .domain = view_str(c->config.apps[app].domain) };
	TRY(record_read(c, app, s, a, &f.number, &f.record));
	TRY(report_shown_read(f.record, a, &shown));
	return report_show(c, &f, false, &shown, a);
}

static uc_err file_write(const char *path, const struct report_file *f)
{
	struct buf b;
	buf_init(&b, 4 << 20);
	buf_add_str(&b, REPORT_FILE_MAGIC);
	uc_err err = wire_encode(&b, report_file_element, f);
	if (!err)
		err = files_write(path, buf_view(&b));
	buf_done(&b);
	return err;
}

static uc_err do_export(const struct ctl *c, size_t app, struct store *s, struct arena *a)
{
	struct report_file f = { .domain = view_str(c->config.apps[app].domain) };
	if (c->argc != 4)
		return UC_E_ARGUMENT;
	TRY(record_read(c, app, s, a, &f.number, &f.record));
	return file_write(c->argv[3], &f);
}

/* --- what the backbone does --- */

static int order(const struct ctl *c, const char *name, const char *rest)
{
	struct buf line;
	buf_init(&line, CONTROL_LINE_MAX);
	buf_printf(&line, "%s %s %s%s%s", name, c->argv[0], c->argv[2], *rest ? " " : "", rest);
	bool bad = line.failed || memchr(line.p, '\n', line.n);
	buf_add_byte(&line, 0);
	int status = bad || line.failed ? CTL_USAGE : ctl_order(c, (char *)line.p);
	buf_done(&line);
	return status;
}

static const char *option(const struct ctl *c, const char *name)
{
	for (int i = 3; i + 1 < c->argc; i += 2)
		if (view_equal(view_str(c->argv[i]), view_str(name)))
			return c->argv[i + 1];
	return NULL;
}

static int uphold(const struct ctl *c)
{
	const char *account = option(c, "--account"), *days = option(c, "--days");
	const char *note = option(c, "--note");
	struct buf rest;
	if (!account || c->argc != 7 + (note ? 2 : 0) + (days ? 2 : 0))
		return CTL_USAGE;
	buf_init(&rest, CONTROL_LINE_MAX);
	buf_printf(&rest, "%s ", account);
	if (days)
		buf_printf(&rest, "%s", days);
	else
		buf_printf(&rest, "%d", CURB_DAYS);
	buf_printf(&rest, "%s%s", note ? " " : "", note ? note : "");
	buf_add_byte(&rest, 0);
	int status = rest.failed ? CTL_USAGE : order(c, "report-uphold", (char *)rest.p);
	buf_done(&rest);
	return status;
}

static int decide(const struct ctl *c)
{
	const char *action = option(c, "--action"), *note = option(c, "--note");
	struct buf rest;
	if (action && view_equal(view_str(action), VIEW_LIT("uphold")))
		return uphold(c);
	if (!action || c->argc != (note ? 7 : 5))
		return CTL_USAGE;
	buf_init(&rest, CONTROL_LINE_MAX);
	buf_printf(&rest, "%s%s%s", action, note ? " " : "", note ? note : "");
	buf_add_byte(&rest, 0);
	int status = rest.failed ? CTL_USAGE : order(c, "report-decide", (char *)rest.p);
	buf_done(&rest);
	return status;
}

/* --- the command --- */

static const struct {
	const char *name;
	uc_err (*look)(const struct ctl *c, size_t app, struct store *s, struct arena *a);
	int args;
} looks[] = { { "list", do_list, 2 }, { "show", do_show, 3 }, { "export", do_export, 4 } };

static int look(const struct ctl *c, size_t app, size_t which)
{
	struct store *s = NULL;
	struct arena a;
	if (c->argc != looks[which].args && !(c->argc == 1 && !which))
		return CTL_USAGE;
	if (ctl_store_open(c, app, CTL_ROOMS, &s))
		return CTL_FAILED;
	arena_init(&a, LIST_ARENA_MAX, ARENA_PLAIN);
	uc_err err = looks[which].look(c, app, s, &a);
	arena_done(&a);
	store_close(s);
	if (err)
		fprintf(stderr, "undercroftctl: %s (%s)\n",
			err == UC_E_NOT_FOUND ? "there is no such report" : uc_err_text(err),
			uc_err_name(err));
	return err ? CTL_FAILED : CTL_OK;
}

int ctl_reports(struct ctl *c)
{
	size_t app = 0;
	uint64_t number;
	struct view what = c->argc > 1 ? view_str(c->argv[1]) : VIEW_LIT("list");
	if (!ctl_app_find(c, c->argv[0], &app))
		return CTL_USAGE;
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
		if (view_equal(what, view_str(looks[i].name)))
			return look(c, app, i);
	if (number_read(c, &number))
		return CTL_USAGE;
	if (view_equal(what, VIEW_LIT("decide")))
		return decide(c);
	if (view_equal(what, VIEW_LIT("pass")) && c->argc == 3)
		return order(c, "report-pass", "");
	fputs("undercroftctl: list, show, export, decide or pass\n", stderr);
	return CTL_USAGE;
}
