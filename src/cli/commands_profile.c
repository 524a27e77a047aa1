/* SPDX-License-Identifier: Apache-2.0 */
/* What contacts see of one, and what they show: name, words, picture. */
#include "cli/command.h"
#include "cli/export_file.h"
#include "cli/print.h"

#include "base/text.h"
#include "mimi/portrait.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *kind_name(struct view picture)
{
	static const char *const names[] = {
		[PICTURE_OTHER] = "none",
		[PICTURE_JPEG] = "jpeg",
		[PICTURE_PNG] = "png",
		[PICTURE_WEBP] = "webp",
	};
	return names[picture_kind(picture)];
}

/* --- one's own --- */

/* One byte more than may be tells that there is more.  False after printing. */
static bool file_read(const char *path, uint8_t bytes[UC_PICTURE_MAX + 1], size_t *n)
{
	FILE *f = fopen(path, "re");
	if (!f) {
		fprintf(stderr, "undercroft: cannot read %s: %s\n", path, strerror(errno));
		return false;
	}
	*n = fread(bytes, 1, UC_PICTURE_MAX + 1, f);
	bool good = !ferror(f);
	int why = errno;
	fclose(f);
	if (!good)
		fprintf(stderr, "undercroft: cannot read %s: %s\n", path, strerror(why));
	return good;
}

static int picture_set(struct cli *cli, const char *path)
{
	static uint8_t bytes[UC_PICTURE_MAX + 1];
	size_t n = 0;
	bool none = !strcmp(path, "none");
	if (!none && !file_read(path, bytes, &n))
		return CLI_FAILED;
	/* A file of nothing is no way to say "none". */
	uc_err err = !none && !n ? UC_E_UNSUPPORTED : uc_picture_set(cli->client, bytes, n);
	if (!err)
		return CLI_OK;
	return cli_fail(cli, err,
			err == UC_E_TOO_LARGE     ? "a picture has at most 16 KiB"
			: err == UC_E_UNSUPPORTED ? "a picture is a JPEG, PNG or WebP file"
						  : "set the picture");
}

static int profile_print(struct cli *cli)
{
	struct uc_account a;
	uc_err err = uc_account_get(cli->client, &a);
	if (err)
		return cli_fail(cli, err, "read the account");
	if (cli->json) {
		print_json("profile", "name", a.profile_name, "about", a.about, "picture",
			   a.picture ? "yes" : "no", NULL);
		return CLI_OK;
	}
	printf("name ");
	print_text(stdout, a.profile_name);
	printf("\nabout ");
	print_text(stdout, a.about);
	printf("\npicture %s\n", a.picture ? "yes" : "none");
	return CLI_OK;
}

static int profile_set(struct cli *cli, const char *about, const char *picture)
{
	int status = picture ? picture_set(cli, picture) : CLI_OK;
	if (status)
		return status;
	uc_err err = about ? uc_about_set(cli->client, about) : UC_OK;
	if (err)
		return cli_fail(cli, err,
				err == UC_E_TOO_LARGE ? "at most 140 characters about oneself"
						      : "set the words about you");
	err = cli->argc ? uc_profile_set(cli->client, cli->argv[0]) : UC_OK;
	return err ? cli_fail(cli, err, "change the name") : CLI_OK;
}

static int run_profile(struct cli *cli)
{
	const char *about = cli_option(cli, "--about"), *picture = cli_option(cli, "--picture");
	bool changes = about || picture || cli->argc;
	int status = profile_set(cli, about, picture);
	/* Also when one of them was refused: what was set before it goes out. */
	uc_err err = link_settle(cli->link, CLI_SETTLE_MS);
	if (status)
		return status;
	if (changes && err)
		return cli_fail(cli, err, "tell it; it goes out with the next command");
	if (!changes || cli->json)
		return profile_print(cli);
	if (cli->argc)
		puts("Whoever knew you by the name before is told.");
	if (about || picture)
		puts("Your contacts are told, and nobody else.");
	return CLI_OK;
}

/* --- a contact --- */

struct shown {
	struct cli *cli;
	const struct uc_id *id;
	bool picture;
};

static bool contact_each(void *ctx, const struct uc_contact *c)
{
	struct shown *s = ctx;
	char app[64];
	if (!view_equal(VIEW_OF(c->id.b), VIEW_OF(s->id->b)))
		return true;
	profile_app_short(c->app, app, sizeof app);
	print_contact(s->cli->json, c, app);
	s->picture = c->picture != 0;
	if (s->cli->json)
		return false;
	if (c->about[0]) {
		fputs("  ", stdout);
		print_text(stdout, c->about);
		putchar('\n');
	}
	return false;
}

static int picture_save(struct cli *cli, const struct uc_id *id, const char *path)
{
	static uint8_t bytes[UC_PICTURE_MAX];
	static struct export_file f;
	size_t n;
	uc_err err = uc_picture(cli->client, id, bytes, sizeof bytes, &n);
	if (err)
		return cli_fail(cli, err, "they show no picture");
	if (!export_file_begin(&f, path))
		return CLI_FAILED;
	bool written = fwrite(bytes, 1, n, f.to) == n;
	if (!export_file_end(&f, written))
		return CLI_FAILED;
	struct view picture = { bytes, n };
	if (cli->json)
		print_json("picture_saved", "file", f.path, "kind", kind_name(picture), NULL);
	else
		printf("Their picture (%s) is in %s.\n", kind_name(picture), f.path);
	return CLI_OK;
}

static int run_contact(struct cli *cli)
{
	struct uc_id id;
	const char *save = cli_option(cli, "--save-picture");
	if (!cli_find_contact(cli, cli->argv[0], &id))
		return CLI_FAILED;
	struct shown s = { .cli = cli, .id = &id };
	uc_err err = uc_contacts(cli->client, contact_each, &s);
	if (err)
		return cli_fail(cli, err, "show the contact");
	if (save)
		return picture_save(cli, &id, save);
	if (s.picture && !cli->json)
		puts("  They show a picture: --save-picture FILE");
	return CLI_OK;
}

/* --- export --- */

struct pictures {
	struct cli *cli;
	uc_err err;
};

static uc_err picture_print(struct cli *cli, const struct uc_id *contact)
{
	static uint8_t bytes[UC_PICTURE_MAX];
	struct buf text;
	char hex[17] = "";
	size_t n;
	TRY(uc_picture(cli->client, contact, bytes, sizeof bytes, &n));
	struct view picture = { bytes, n };
	buf_init(&text, 2 * UC_PICTURE_MAX);
	base64url_add(&text, picture);
	buf_add(&text, "", 1);
	uc_err err = text.failed;
	if (!err)
		print_json("picture", "of", contact ? print_id(contact, hex) : "self", "kind",
			   kind_name(picture), "base64url", (const char *)text.p, NULL);
	buf_done(&text);
	return err;
}

static bool picture_each(void *ctx, const struct uc_contact *c)
{
	struct pictures *p = ctx;
	p->err = c->picture ? picture_print(p->cli, &c->id) : UC_OK;
	return !p->err;
}

uc_err cli_pictures_export(struct cli *cli)
{
	struct pictures p = { .cli = cli };
	struct uc_account a;
	TRY(uc_account_get(cli->client, &a));
	if (a.picture)
		TRY(picture_print(cli, NULL));
	TRY(uc_contacts(cli->client, picture_each, &p));
	return p.err;
}

/* clang-format off */
const struct command commands_profile[] = {
	{ "profile", NEEDS_SIGN_IN, 0, 1, run_profile,
	  "[NAME] [--about TEXT] [--picture FILE | --picture none]",
	  "--about= --picture=",
	  "name, words and a picture for others to see",
	  "NAME is what contacts see, and who is in groups with you. All who knew you by the one\n"
	  "before are told, inside the rooms; no app is. TEXT (at most 140 characters) and the\n"
	  "picture (a JPEG, PNG or WebP file of at most 16 KiB) are shown to contacts alone, and\n"
	  "to none that you have blocked. The file goes to them as it is: what a camera has\n"
	  "written into it of when and where it was taken should be taken out before. An empty\n"
	  "TEXT, or `none`, takes them back. Without anything to change: what they are now.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa profile \"Rosa L.\"\n"
	  "  undercroft -p rosa profile --about \"On the water until Sunday\" --picture rosa.jpg\n"
	  "  undercroft -p rosa profile --picture none" },
	{ "contact", NEEDS_TRY, 1, 1, run_contact,
	  "CONTACT [--save-picture FILE]",
	  "--save-picture=",
	  "what a contact shows of themselves",
	  "Their name, app, and what they say about themselves. With --save-picture their picture\n"
	  "goes to FILE, which is new. Nobody has looked into it: open it with a program that\n"
	  "you trust with files of strangers.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa contact Tom --save-picture tom.jpg" },
	{ 0 },
};
/* clang-format on */
