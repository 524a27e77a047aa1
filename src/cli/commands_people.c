/* SPDX-License-Identifier: Apache-2.0 */
/* Contact requests, contacts, safety numbers, blocking. */
#include "cli/command.h"
#include "cli/print.h"

#include <stdio.h>

static int run_ask(struct cli *cli)
{
	return cli_ask(cli, cli->argv[0], cli->argv[1], cli->argc > 2 ? cli->argv[2] : "",
		       cli_option(cli, "--say"), cli_flag(cli, "--wait"));
}

struct listing {
	struct cli *cli;
	unsigned number;
	bool all;
};

static bool list_request(void *ctx, const struct uc_request *r)
{
	struct listing *l = ctx;
	char app[64];
	l->number++;
	profile_app_short(r->app, app, sizeof app);
	if (l->all || r->state == UC_REQUEST_OPEN)
		print_request(l->cli->json, l->number, r, app);
	return true;
}

static int run_requests(struct cli *cli)
{
	struct listing l = { .cli = cli, .all = cli_flag(cli, "--all") };
	uc_err err = uc_requests(cli->client, list_request, &l);
	return err ? cli_fail(cli, err, "list requests") : CLI_OK;
}

enum { REQUEST_WAIT_MS = 10000 };

static int run_accept(struct cli *cli)
{
	struct uc_id id;
	struct ending w = { 0 };
	const char *say = cli_option(cli, "--say");
	bool stay = say || cli_flag(cli, "--wait");
	if (!cli_find_request(cli, cli->argv[0], REQUEST_WAIT_MS, &id))
		return CLI_FAILED;
	uc_err err = cli_finish(cli, uc_accept(cli->client, &id, &w.op), &w);
	if (!err && !stay)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	if (err)
		return cli_fail(cli, err, "accept");
	if (!cli->json)
		puts(stay ? "Accepted; waiting for them to come online. Ctrl-C ends that."
			  : "Accepted. The conversation opens when they come online.");
	fflush(stdout);
	return stay ? cli_stay(cli, &id, say, false) : CLI_OK;
}

static int run_decline(struct cli *cli)
{
	struct uc_id id;
	uc_op op = 0;
	if (!cli_find_request(cli, cli->argv[0], 0, &id))
		return CLI_FAILED;
	int status = cli_wait(cli, uc_decline(cli->client, &id, &op), &op, "decline");
	if (!status && !cli->json)
		puts("Declined. They are not told.");
	return status;
}

static bool list_contact(void *ctx, const struct uc_contact *c)
{
	struct listing *l = ctx;
	char app[64];
	profile_app_short(c->app, app, sizeof app);
	print_contact(l->cli->json, c, app);
	return true;
}

static int run_contacts(struct cli *cli)
{
	struct listing l = { .cli = cli };
	uc_err err = uc_contacts(cli->client, list_contact, &l);
	return err ? cli_fail(cli, err, "list contacts") : CLI_OK;
}

static int block(struct cli *cli, bool blocked)
{
	struct uc_id id;
	uc_op op = 0;
	if (!cli_find_contact(cli, cli->argv[0], &id))
		return CLI_FAILED;
	int status = cli_wait(cli, uc_block(cli->client, &id, blocked, &op), &op,
			      blocked ? "block" : "unblock");
	if (!status && !cli->json)
		puts(blocked ? "Blocked. They are not told." : "No longer blocked.");
	return status;
}

static int run_block(struct cli *cli)
{
	return block(cli, true);
}

static int run_unblock(struct cli *cli)
{
	return block(cli, false);
}

static int run_safety(struct cli *cli)
{
	struct uc_id id;
	char number[UC_SAFETY_NUMBER_MAX];
	bool verified = cli_flag(cli, "--verified");
	if (!cli_find_contact(cli, cli->argv[0], &id))
		return CLI_FAILED;
	uc_err err = uc_safety_number(cli->client, &id, number);
	if (!err && verified)
		err = uc_contact_verified(cli->client, &id, true);
	if (err)
		return cli_fail(cli, err, "safety number");
	if (cli->json)
		print_json("safety_number", "contact", cli->argv[0], "number", number, NULL);
	else
		printf("%s\n%s\n", number,
		       verified ? "Marked as verified."
				: "Compare it with what the other one sees, face to face or on a "
				  "call.");
	return CLI_OK;
}

/* clang-format off */
const struct command commands_people[] = {
	{ "ask", NEEDS_SIGN_IN, 2, 3, run_ask,
	  "APP IDENTIFIER [TEXT] [--say TEXT | --wait]",
	  "--say= --wait",
	  "ask somebody on any app to be a contact",
	  "Looks the number, handle or address up on APP, a name in the apps file or an app's\n"
	  "domain, and sends a sealed contact request with at most 140 characters of text. You\n"
	  "hear of it again only if they accept. --wait stays until then; --say also sends them\n"
	  "TEXT and stays until they have written. Ctrl-C ends the waiting, not the request.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa ask lens tom \"Hello Tom, it's Rosa\"\n"
	  "  undercroft -p tom ask plaza uwe@example.org --say \"Are the beans up?\"" },
	{ "requests", NEEDS_TRY, 0, 0, run_requests,
	  "[--all]",
	  "--all",
	  "list contact requests",
	  "Lists open requests with their numbers; --all also those answered.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p tom requests" },
	{ "accept", NEEDS_SIGN_IN, 1, 1, run_accept,
	  "REQUEST [--say TEXT | --wait]",
	  "--say= --wait",
	  "accept a contact request",
	  "REQUEST is its number in `requests` or the asker's name; one that hasn't arrived yet\n"
	  "is waited for, ten seconds. The conversation opens when the asker's device is online:\n"
	  "--wait stays until then, --say also sends TEXT.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p tom accept Rosa\n"
	  "  undercroft -p tom accept 1 --say \"Hello Rosa\"" },
	{ "decline", NEEDS_SIGN_IN, 1, 1, run_decline,
	  "REQUEST",
	  "",
	  "decline a contact request",
	  "Nothing is told to the one who asked.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p tom decline 1" },
	{ "contacts", NEEDS_TRY, 0, 0, run_contacts,
	  "",
	  "",
	  "list contacts",
	  "Lists people you are in contact with, and on which app they are.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa contacts --json" },
	{ "block", NEEDS_SIGN_IN, 1, 1, run_block,
	  "CONTACT",
	  "",
	  "block a contact",
	  "Takes back what lets them add you to groups, leaves the direct conversation, hides what\n"
	  "they send, tells them nothing.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p tom block Rosa" },
	{ "unblock", NEEDS_SIGN_IN, 1, 1, run_unblock,
	  "CONTACT",
	  "",
	  "undo block",
	  "They can be written to again, and ask again; the conversation is a new one.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p tom unblock Rosa" },
	{ "safety", NEEDS_STORE, 1, 1, run_safety,
	  "CONTACT [--verified]",
	  "--verified",
	  "show the safety number with a contact",
	  "Sixty digits that are the same for both of you, and differ when somebody sits between.\n"
	  "--verified remembers that you have compared them.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa safety Tom" },
	{ 0 },
};
/* clang-format on */
