/* SPDX-License-Identifier: Apache-2.0 */
/* What is one's own: taken along in a file, and erased. */
#include "cli/command.h"
#include "cli/export_file.h"
#include "cli/print.h"

#include "base/secret.h"
#include "net/env_system.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TRY_ATTEMPTS = 3, ROOMS_MAX = 4096, DELETE_MS = 150000 };

/* --- export: what the commands that list it print with --json --- */

struct part {
	const struct command *group;
	const char *name, *option; /* or NULL */
	const char *argument;      /* likewise */
};
static const struct part parts[] = {
	{ commands_account, "account", NULL, NULL },
	{ commands_people, "settings", NULL, NULL },
	{ commands_find, "findable", NULL, NULL },
	{ commands_devices, "devices", NULL, NULL },
	{ commands_same_person, "same-person", NULL, NULL },
	{ commands_invitations, "invitations", NULL, NULL },
	{ commands_find, "find", NULL, NULL },
	{ commands_people, "requests", "--all", NULL },
	{ commands_people, "contacts", NULL, NULL },
	{ commands_guardian, "guardian", NULL, NULL },
	{ commands_guardian, "guardian", NULL, "wards" },
	{ commands_rooms, "rooms", "--all", NULL },
};

static int part_run(const struct cli *cli, const struct part *part)
{
	struct cli one = *cli;
	const struct command *c = part->group;
	while (strcmp(c->name, part->name) != 0)
		c++;
	char word[16], *words[] = { word };
	snprintf(word, sizeof word, "%s", part->argument ? part->argument : "");
	one.argc = part->argument ? 1 : 0;
	one.argv = words;
	one.options_n = part->option ? 1 : 0;
	one.options[0] = (struct cli_option_given){ part->option, "" };
	return c->run(&one);
}

struct rooms {
	struct uc_id ids[ROOMS_MAX];
	size_t n, all;
};

static bool room_each(void *ctx, const struct uc_room *r)
{
	struct rooms *rooms = ctx;
	if (rooms->n < ROOMS_MAX)
		rooms->ids[rooms->n++] = r->id;
	rooms->all++;
	return true;
}

static bool member_each(void *ctx, const struct uc_member *m)
{
	char app[64];
	(void)ctx;
	profile_app_short(m->app, app, sizeof app);
	print_member(true, m, app, "");
	return true;
}

static bool message_each(void *ctx, const struct uc_message *m)
{
	print_message(true, ctx, m);
	return true;
}

/* One after the other: who is in it, then what was said, in order. */
static uc_err room_export(struct cli *cli, const struct uc_id *id)
{
	char hex[17], name[256];
	const char *known = cli_room_name(cli, id);
	snprintf(name, sizeof name, "%s", known ? known : "");
	print_json("in_room", "room_id", print_id(id, hex), "room", name, NULL);
	uc_err err = uc_members(cli->client, id, member_each, NULL);
	/* Of a room that was left, or is not joined yet, nobody is listed. */
	if (err && err != UC_E_NOT_FOUND && err != UC_E_CLOSED)
		return err;
	return uc_messages(cli->client, id, 1, SIZE_MAX, message_each, name);
}

static uc_err rooms_export(struct cli *cli)
{
	static struct rooms rooms;
	TRY(uc_rooms(cli->client, room_each, &rooms));
	if (rooms.n < rooms.all)
		return UC_E_LIMIT;
	for (size_t i = 0; i < rooms.n; i++)
		TRY(room_export(cli, &rooms.ids[i]));
	return UC_OK;
}

static void head_print(const struct cli *cli, bool reached)
{
	char now[24];
	snprintf(now, sizeof now, "%" PRIu64, env_now_ms(env_system()));
	print_json("export", "format", "1", "app", cli->profile.app, "domain", cli->profile.domain,
		   "made_ms", now, "received_first", reached ? "yes" : "no", "left_out",
		   "private keys, the recovery words and the keys of rooms: with those others "
		   "could be you, or read along",
		   NULL);
}

/* What the app has said of the account; what else servers hold, only they can tell. */
static uc_err app_print(const struct cli *cli, bool reached)
{
	struct uc_account a;
	struct uc_settings s;
	char devices[16], sets[16], key[65];
	TRY(uc_account_get(cli->client, &a));
	TRY(uc_settings_get(cli->client, &s));
	snprintf(devices, sizeof devices, "%u", a.devices);
	snprintf(sets, sizeof sets, "%u", a.sets_left);
	for (size_t i = 0; i < sizeof a.account_key; i++)
		snprintf(key + 2 * i, 3, "%02x", a.account_key[i]);
	print_json("at_the_app", "public_account_key", key, "devices", devices, "key_package_sets",
		   reached ? sets : "not asked", "settings_as_here",
		   !reached              ? "not asked"
		   : s.app_showed_others ? "no"
					 : "yes",
		   "more",
		   "This is what this device has been told. All that servers hold is listed in "
		   "docs/what-the-server-knows.md; the app's operator looks an account's up with "
		   "undercroftctl operator-view. Reports that you made are kept there, without "
		   "your name, and not here.",
		   NULL);
	return UC_OK;
}

static int content_print(struct cli *cli, bool reached)
{
	head_print(cli, reached);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		int status = part_run(cli, &parts[i]);
		if (status)
			return status;
	}
	uc_err err = cli_pictures_export(cli);
	if (!err)
		err = rooms_export(cli);
	if (!err)
		err = app_print(cli, reached);
	if (err)
		return cli_fail(cli, err, "export");
	print_json("export_end", NULL);
	return CLI_OK;
}

/* What waits is received first, if the app is reached: also an account that the app does not know any
 * more leaves with what is here. */
static bool receive_first(struct cli *cli)
{
	return !link_connect(cli->link, TRY_ATTEMPTS, CLI_CONNECT_MS) &&
	       !link_settle(cli->link, CLI_SETTLE_MS);
}

static int run_export(struct cli *cli)
{
	static struct export_file f;
	struct cli quiet = *cli;
	if (!export_file_begin(&f, cli->argv[0]))
		return CLI_FAILED;
	bool reached = receive_first(cli);
	quiet.json = true;
	print_json_to(f.to);
	int status = content_print(&quiet, reached);
	bool whole = print_json_to(NULL);
	if (!export_file_end(&f, !status && whole)) {
		if (!status && !whole)
			fputs("undercroft: not everything could be written\n", stderr);
		return CLI_FAILED;
	}
	if (cli->json)
		print_json("exported", "file", f.path, "received_first", reached ? "yes" : "no",
			   NULL);
	else
		printf("Everything of profile %s is in %s%s.\nWhoever has that file can read it "
		       "all.\n",
		       cli->profile.name, f.path,
		       reached ? "" : ", as far as it has come here: the app was not reached");
	return CLI_OK;
}

/* --- erasing --- */

/* The store is closed before its files go. */
static int erase_here(struct cli *cli)
{
	link_close(cli->link);
	cli->link = NULL;
	cli->client = NULL;
	if (profile_erase(&cli->profile))
		return CLI_OK;
	fputs("undercroft: undercroft delete-account --yes --only-here goes on with it\n", stderr);
	return CLI_FAILED;
}

static int delete_failed(struct cli *cli, uc_err err, uc_err reached)
{
	bool ended = err == UC_E_REVOKED || err == UC_E_SIGNED_OUT;
	int status = reached && !ended ? cli_fail_offline(cli, reached)
				       : cli_fail(cli, err, "delete the account");
	bool goes_on = err == UC_E_TIMEOUT || err == UC_E_NET || err == UC_E_CLOSED;
	if (ended)
		fputs("undercroft: the app does not know this device any more; --only-here erases "
		      "what is here\n",
		      stderr);
	else if (goes_on)
		fputs("undercroft: the account is still to be deleted: that goes on with whatever "
		      "command reaches the app next, and ends with this one\n",
		      stderr);
	return status;
}

/* What was asked for without a connection is done with the next one, like all else. */
static int delete_at_app(struct cli *cli)
{
	struct ending w = { 0 };
	uc_err reached = link_connect(cli->link, 0, CLI_CONNECT_MS);
	if (!reached)
		reached = link_settle(cli->link, CLI_SETTLE_MS);
	if (reached == UC_E_TIMEOUT && uc_client_connection(cli->client) == UC_ONLINE)
		reached = UC_OK;
	if (reached == UC_E_NOT_FOUND) /* it was deleted before */
		reached = UC_OK;
	uc_err err = reached == UC_E_REVOKED ? reached : uc_account_delete(cli->client, &w.op);
	if (!err)
		err = reached ? UC_E_NET : cli_finish_within(cli, UC_OK, &w, DELETE_MS);
	return err ? delete_failed(cli, err, reached) : CLI_OK;
}

static int run_delete(struct cli *cli)
{
	bool only_here = cli_flag(cli, "--only-here");
	if (!cli_flag(cli, "--yes")) {
		fprintf(stderr,
			"undercroft: this %s for good; `undercroft export` takes along what is "
			"there. Repeat it with --yes\n",
			only_here ? "erases what is stored here" : "deletes the account");
		return CLI_USAGE;
	}
	int status = only_here ? CLI_OK : delete_at_app(cli);
	if (!status)
		status = erase_here(cli);
	if (!status && !cli->json)
		puts(only_here ? "What was stored here is erased; the account is as it was."
			       : "The account is deleted, and what was stored here is erased.");
	return status;
}

/* clang-format off */
const struct command commands_own_data[] = {
	{ "export", NEEDS_STORE, 1, 1, run_export,
	  "FILE",
	  "",
	  "take your data along in one file",
	  "Writes all that this profile holds of you to FILE, one JSON object a line: the account,\n"
	  "settings, devices, contacts, requests, pictures, rooms, who is in them, and every message.\n"
	  "FILE is new and readable for you alone, and there whole or not at all. No key and no\n"
	  "recovery words are in it. What waits is received first; without a connection, what is\n"
	  "here.\n"
	  "docs/export.md tells what each line is.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa export rosa.jsonl" },
	{ "delete-account", NEEDS_STORE, 0, 0, run_delete,
	  "--yes [--only-here]",
	  "--yes --only-here",
	  "delete the account for good",
	  "Ends your other devices, takes all of them and this one out of all rooms, deletes the\n"
	  "account and its name at the app, then overwrites and removes what is stored here. What\n"
	  "is interrupted goes on with the next command that reaches the app. On a device of an\n"
	  "account that another one has deleted it erases what is stored here. With --only-here\n"
	  "the app is not told, and the account stays as it is there: for a device that is no\n"
	  "longer listed, or an app that is gone.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa export rosa.jsonl\n"
	  "  undercroft -p rosa delete-account --yes" },
	{ 0 },
};
/* clang-format on */
