/* SPDX-License-Identifier: Apache-2.0 */
/* On the moderators' machine: a key of their own, and which account is behind the participant of one
 * report.  The offline key opens what is in the file, which is of that participant in that room alone. */
#include "base/text.h"
#include "ctl/files.h"
#include "ctl/report_show.h"
#include "mimi/uri.h"
#include "net/env_system.h"
#include "provider/moderators_key.h"
#include "provider/openings.h"

enum { FILE_BYTES = 4 << 20, OPEN_ARENA_MAX = 64 << 20, KEYS_MAX = 16 };

/* Those of before are asked for what was sealed before a change. */
struct keys {
	struct kem_key of[KEYS_MAX];
	size_t n;
};

static void complain(const char *at, const char *what, uc_err err)
{
	fprintf(stderr, "undercroftctl: %s: %s (%s)\n", at, what, uc_err_name(err));
}

/* --- keys --- */

static uc_err key_read(const char *path, struct kem_key *out)
{
	struct buf b;
	buf_init_secret(&b, MODERATORS_KEY_FILE_MAX);
	uc_err err = files_read(path, &b);
	if (!err)
		err = moderators_key_read(env_system(), buf_view(&b), out);
	buf_done(&b);
	if (err)
		complain(path,
			 err == UC_E_MALFORMED || err == UC_E_TOO_LARGE
				 ? "this is no moderators.key"
				 : uc_err_text(err),
			 err);
	return err;
}

static uc_err key_make(const char *path, struct kem_key *k)
{
	struct buf b;
	TRY(moderators_key_make(env_system(), k));
	buf_init_secret(&b, MODERATORS_KEY_FILE_MAX);
	uc_err err = moderators_key_write(secret_view(&k->priv), kem_public(k), &b);
	if (!err)
		err = files_write(path, buf_view(&b));
	buf_done(&b);
	return err;
}

int ctl_moderators_key(struct ctl *c)
{
	struct kem_key k = { .pub_n = 0 };
	if (c->argc != 2) {
		fputs("usage: undercroftctl reports key MODERATORS.KEY\n", stderr);
		return CTL_USAGE;
	}
	uc_err err = key_make(c->argv[1], &k);
	if (err) {
		complain(c->argv[1],
			 err == UC_E_EXISTS
				 ? "it is there already; it may be all that opens openings "
				   "of before"
				 : uc_err_text(err),
			 err);
	} else {
		ctl_print_hex(stdout, kem_public(&k));
		puts("");
	}
	kem_key_wipe(&k);
	return err ? CTL_FAILED : CTL_OK;
}

/* --- opening --- */

static void account_print(const struct ctl *c, const char *which, struct view id)
{
	printf(c->json ? "{\"type\":\"account\",\"opening\":\"%s\",\"account\":\""
		       : "account at its %s opening: ",
	       which);
	ctl_print_hex(stdout, id);
	puts(c->json ? "\"}" : "");
}

/* UC_E_DECRYPT: with none of the keys. */
static uc_err open_one(const struct ctl *c, const struct report_shown *s, const struct keys *keys,
		       const char *which, struct view sealed, struct arena *a)
{
	const struct opening_context context = { s->record.room, s->report.alleged_abuser_uri };
	struct view id;
	uc_err err = UC_E_DECRYPT;
	for (size_t i = 0; err && i < keys->n; i++)
		err = opening_read(secret_view(&keys->of[i].priv), kem_public(&keys->of[i]),
				   &context, sealed, a, &id);
	if (err)
		return err;
	if (id.n != ACCOUNT_ID)
		return UC_E_CORRUPT;
	account_print(c, which, id);
	return UC_OK;
}

/* One is enough to say who it is; that the other is under another key is said, too. */
static uc_err open_both(const struct ctl *c, const struct report_shown *s, const struct keys *keys,
			struct arena *a)
{
	const struct {
		const char *name;
		struct view sealed;
	} openings[] = { { "first", s->record.first }, { "latest", s->record.latest } };
	uc_err errs[2];
	for (size_t i = 0; i < 2; i++) {
		errs[i] = open_one(c, s, keys, openings[i].name, openings[i].sealed, a);
		if (errs[i] == UC_E_CORRUPT)
			return errs[i];
	}
	for (size_t i = 0; i < 2; i++)
		if (errs[i] && !errs[!i])
			fprintf(stderr,
				"undercroftctl: the %s opening was sealed to another key of the "
				"moderators; give that one with a further --key\n",
				openings[i].name);
	return errs[0] && errs[1] ? errs[1] : UC_OK;
}

static bool is_of(struct view participant, struct view app)
{
	struct view domain;
	return !uri_domain_of(participant, &domain) && view_equal(domain, app);
}

static uc_err file_open(const struct ctl *c, struct view bytes, const struct keys *keys,
			struct arena *a)
{
	struct report_file f;
	struct report_shown s;
	if (!view_starts_with(bytes, VIEW_LIT(REPORT_FILE_MAGIC)))
		return UC_E_MALFORMED;
	TRY(wire_decode(view_slice(bytes, sizeof REPORT_FILE_MAGIC - 1, bytes.n), a,
			report_file_element, &f));
	TRY(report_shown_read(f.record, a, &s));
	TRY(report_show(c, &f, true, &s, a));
	if (!s.record.first.n)
		return is_of(s.report.alleged_abuser_uri, f.domain) ? UC_E_SEAT : UC_E_NOT_FOUND;
	return open_both(c, &s, keys, a);
}

static const char *what_is_wrong(uc_err err)
{
	if (err == UC_E_MALFORMED)
		return "this is no exported report";
	if (err == UC_E_DECRYPT || err == UC_E_KEY)
		return "it was sealed to another key: the moderators' key of the app that exported "
		       "it, or one of before, opens it";
	if (err == UC_E_NOT_FOUND)
		return "the participant is of another app: `reports pass` sends it the evidence";
	if (err == UC_E_SEAT)
		return "nothing is kept of whose participant it was: it had left the room for good "
		       "before the report came";
	return uc_err_text(err);
}

static uc_err report_open(const struct ctl *c, const char *path, const struct keys *keys)
{
	struct buf b;
	struct arena a;
	buf_init(&b, FILE_BYTES);
	arena_init(&a, OPEN_ARENA_MAX, ARENA_SECRET);
	uc_err err = files_read(path, &b);
	if (!err)
		err = file_open(c, buf_view(&b), keys, &a);
	arena_done(&a);
	buf_done(&b);
	if (err)
		complain(path, what_is_wrong(err), err);
	return err;
}

/* REPORT, then --key and a file, once or more. */
static bool fits(const struct ctl *c)
{
	if (c->argc < 4 || c->argc % 2 || c->argc > 2 + 2 * KEYS_MAX)
		return false;
	for (int i = 2; i < c->argc; i += 2)
		if (!view_equal(view_str(c->argv[i]), VIEW_LIT("--key")))
			return false;
	return true;
}

int ctl_report_open(struct ctl *c)
{
	struct keys keys = { .n = 0 };
	uc_err err = UC_OK;
	if (!fits(c)) {
		fputs("usage: undercroftctl reports open REPORT --key MODERATORS.KEY "
		      "[--key OLDER.KEY ...] [--json]\n",
		      stderr);
		return CTL_USAGE;
	}
	for (int i = 3; !err && i < c->argc; i += 2)
		err = key_read(c->argv[i], &keys.of[keys.n++]);
	if (!err)
		err = report_open(c, c->argv[1], &keys);
	for (size_t i = 0; i < keys.n; i++)
		kem_key_wipe(&keys.of[i]);
	return err ? CTL_FAILED : CTL_OK;
}
