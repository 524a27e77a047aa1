/* SPDX-License-Identifier: Apache-2.0 */
/* On the moderators' machine: which account is behind the participant of one report.  The offline key
 * opens what is in the file, which is of that participant in that room alone. */
#include "base/text.h"
#include "ctl/files.h"
#include "ctl/report_show.h"
#include "provider/openings.h"

#define KEY_MAGIC "undercroft moderators key 1\n"

enum { FILE_BYTES = 4 << 20, OPEN_ARENA_MAX = 64 << 20 };

static uc_err key_read(const char *path, struct arena *a, struct view *priv)
{
	struct buf b;
	struct view text, line;
	buf_init_secret(&b, 4096);
	uc_err err = files_read(path, &b);
	text = buf_view(&b);
	if (!err && !view_starts_with(text, VIEW_LIT(KEY_MAGIC)))
		err = UC_E_MALFORMED;
	if (!err) {
		(void)view_cut(view_slice(text, sizeof KEY_MAGIC - 1, text.n), '\n', &line);
		err = hex_read(a, line, priv);
	}
	buf_done(&b);
	return err;
}

static void account_print(const struct ctl *c, const char *which, struct view id)
{
	printf(c->json ? "{\"type\":\"account\",\"opening\":\"%s\",\"account\":\""
		       : "account at its %s opening: ",
	       which);
	ctl_print_hex(stdout, id);
	puts(c->json ? "\"}" : "");
}

static uc_err open_one(const struct ctl *c, const struct report_file *f,
		       const struct report_shown *s, struct view priv, const char *which,
		       struct view sealed, struct arena *a)
{
	const struct opening_context context = { s->record.room, s->report.alleged_abuser_uri };
	struct view id;
	TRY(opening_read(priv, VIEW_OF(f->moderators_pub), &context, sealed, a, &id));
	if (id.n != ACCOUNT_ID)
		return UC_E_CORRUPT;
	account_print(c, which, id);
	return UC_OK;
}

static uc_err file_open(const struct ctl *c, struct view bytes, struct view priv, struct arena *a)
{
	struct report_file f;
	struct report_shown s;
	if (!view_starts_with(bytes, VIEW_LIT(REPORT_FILE_MAGIC)))
		return UC_E_MALFORMED;
	TRY(wire_decode(view_slice(bytes, sizeof REPORT_FILE_MAGIC - 1, bytes.n), a,
			report_file_element, &f));
	TRY(report_shown_read(f.record, a, &s));
	report_show(c, f.number, &s, a);
	if (!s.record.first.n)
		return UC_E_NOT_FOUND;
	TRY(open_one(c, &f, &s, priv, "first", s.record.first, a));
	return open_one(c, &f, &s, priv, "latest", s.record.latest, a);
}

/* *at: which of the two an error is about. */
static uc_err run(const struct ctl *c, const char *file, const char *key, struct arena *a,
		  const char **at)
{
	struct buf b;
	struct view priv;
	*at = key;
	TRY(key_read(key, a, &priv));
	*at = file;
	buf_init(&b, FILE_BYTES);
	uc_err err = files_read(file, &b);
	if (!err)
		err = file_open(c, buf_view(&b), priv, a);
	buf_done(&b);
	return err;
}

static const char *what_is_wrong(uc_err err, bool with_key)
{
	if (err == UC_E_MALFORMED)
		return with_key ? "this is no moderators.key" : "this is no exported report";
	if (err == UC_E_DECRYPT || err == UC_E_KEY)
		return "it was sealed to another key: the moderators' key of the app that exported "
		       "it "
		       "opens it";
	if (err == UC_E_NOT_FOUND && !with_key)
		return "the participant is of another app: `reports pass` sends it the evidence";
	return uc_err_text(err);
}

int ctl_report_open(struct ctl *c)
{
	struct arena a;
	if (c->argc != 4 || !view_equal(view_str(c->argv[2]), VIEW_LIT("--key"))) {
		fputs("usage: undercroftctl reports open REPORT --key MODERATORS.KEY [--json]\n",
		      stderr);
		return CTL_USAGE;
	}
	arena_init(&a, OPEN_ARENA_MAX, ARENA_SECRET);
	const char *at;
	uc_err err = run(c, c->argv[1], c->argv[3], &a, &at);
	arena_done(&a);
	if (!err)
		return CTL_OK;
	fprintf(stderr, "undercroftctl: %s: %s (%s)\n", at, what_is_wrong(err, at == c->argv[3]),
		uc_err_name(err));
	return CTL_FAILED;
}
