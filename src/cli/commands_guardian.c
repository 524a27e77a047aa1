/* SPDX-License-Identifier: Apache-2.0 */
/* Guardians: named by somebody below 16, asked about each new contact and group. */
#include "cli/command.h"
#include "cli/print.h"

#include "base/view.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the ward --- */

struct search {
	struct uc_id id;
	char kept[256], short_app[64];
};

static bool find_name(void *ctx, const struct uc_contact *k)
{
	struct search *s = ctx;
	if (!view_equal(VIEW_OF(k->id.b), VIEW_OF(s->id.b)))
		return true;
	snprintf(s->kept, sizeof s->kept, "%s", k->name);
	profile_app_short(k->app, s->short_app, sizeof s->short_app);
	return false;
}

/* "?" for who is no contact of this device. */
static struct search name_of(struct cli *cli, const struct uc_id *contact)
{
	struct search s = { .id = *contact, .kept = "?", .short_app = "?" };
	if (uc_contacts(cli->client, find_name, &s))
		s.kept[0] = '?';
	return s;
}

static int show(struct cli *cli)
{
	static const char *const states[] = { "none", "offered", "named" };
	struct uc_guardian g;
	uc_err err = uc_guardian_get(cli->client, &g);
	if (err)
		return cli_fail(cli, err, "read who is the guardian");
	struct search who = name_of(cli, &g.contact);
	bool any = g.state != UC_GUARDIAN_NONE;
	if (cli->json) {
		print_json("guardian", "state", states[g.state], "contact", any ? who.kept : "",
			   "app", any ? who.short_app : "", NULL);
		return CLI_OK;
	}
	if (!any) {
		puts("There is no guardian.");
		return CLI_OK;
	}
	print_text(stdout, who.kept);
	printf(" on %s: %s\n", who.short_app,
	       g.state == UC_GUARDIAN_NAMED ? "your guardian" : "asked, not answered yet");
	return CLI_OK;
}

static int offer(struct cli *cli)
{
	struct uc_id id;
	uc_op op = 0;
	if (!cli_find_contact(cli, cli->argv[1], &id))
		return CLI_FAILED;
	int status = cli_wait(cli, uc_guardian_offer(cli->client, &id, &op), &op,
			      "ask them to be your guardian");
	if (!status && !cli->json)
		puts("Asked. Once they have accepted, they agree to each new contact and group.");
	return status;
}

/* --- the guardian --- */

struct asks {
	struct cli *cli;
	unsigned number, wanted;
	bool found;
	struct uc_id id;
};

static const char *kind_of(enum uc_ward_asks_for kind)
{
	switch (kind) {
	case UC_WARD_LETTER:
		return "letter";
	case UC_WARD_OWN:
		return "own";
	default:
		return "group";
	}
}

static void ask_print(unsigned number, const char *ward, const char *app,
		      const struct uc_ward_ask *q)
{
	printf("%2u  ", number);
	print_text(stdout, ward);
	fputs(q->kind == UC_WARD_LETTER ? " is asked by "
	      : q->kind == UC_WARD_OWN  ? " wants to ask "
					: " was brought into the group ",
	      stdout);
	print_text(stdout, q->name);
	printf(" on %s", app);
	if (q->text[0]) {
		fputs(": ", stdout);
		print_text(stdout, q->text);
	}
	fputs("\n", stdout);
}

static bool list_ask(void *ctx, const struct uc_ward_ask *q)
{
	struct asks *l = ctx;
	struct search ward = name_of(l->cli, &q->contact);
	char app[64], number[16];
	profile_app_short(q->app, app, sizeof app);
	snprintf(number, sizeof number, "%u", ++l->number);
	if (l->cli->json)
		print_json("ward_ask", "number", number, "ward", ward.kept, "kind",
			   kind_of(q->kind), "app", app, "name", q->name, "text", q->text, NULL);
	else
		ask_print(l->number, ward.kept, app, q);
	return true;
}

static bool list_ward(void *ctx, const struct uc_ward *w)
{
	struct cli *cli = ctx;
	struct search ward = name_of(cli, &w->contact);
	if (cli->json) {
		print_json("ward", "contact", ward.kept, "app", ward.short_app, "state",
			   w->accepted ? "accepted" : "offered", NULL);
		return true;
	}
	print_text(stdout, ward.kept);
	printf(" on %s%s\n", ward.short_app,
	       w->accepted ? "" : ": wants you for a guardian (guardian accept NAME)");
	return true;
}

static int wards(struct cli *cli)
{
	struct asks l = { .cli = cli };
	uc_err err = uc_wards(cli->client, list_ward, cli);
	if (!err)
		err = uc_ward_asks(cli->client, list_ask, &l);
	return err ? cli_fail(cli, err, "list whom you look after") : CLI_OK;
}

static int accept(struct cli *cli, bool yes)
{
	struct uc_id id;
	uc_op op = 0;
	if (!cli_find_contact(cli, cli->argv[1], &id))
		return CLI_FAILED;
	int status = cli_wait(cli, uc_ward_accept(cli->client, &id, yes, &op), &op,
			      yes ? "become their guardian" : "end that");
	if (!status && !cli->json)
		puts(yes ? "You are their guardian now: `guardian wards` shows what they ask."
			 : "You are not their guardian any more.");
	return status;
}

static bool find_ask(void *ctx, const struct uc_ward_ask *q)
{
	struct asks *l = ctx;
	if (++l->number != l->wanted)
		return true;
	l->found = true;
	l->id = q->id;
	return false;
}

static int answer(struct cli *cli, bool agree)
{
	struct asks l = { .cli = cli };
	char *end;
	unsigned long number = strtoul(cli->argv[1], &end, 10);
	uc_op op = 0;
	l.wanted = *end || number > UINT_MAX ? 0 : (unsigned)number;
	uc_err err = uc_ward_asks(cli->client, find_ask, &l);
	if (!err && !l.found)
		err = UC_E_NOT_FOUND;
	if (err)
		return cli_fail(cli, err, "find that number in `guardian wards`");
	int status = cli_wait(cli, uc_ward_answer(cli->client, &l.id, agree, &op), &op, "answer");
	if (!status && !cli->json)
		puts(agree ? "Agreed." : "Refused.");
	return status;
}

static int run_guardian(struct cli *cli)
{
	const char *what = cli->argc ? cli->argv[0] : "show";
	bool has_one = cli->argc == 2;
	if (!strcmp(what, "show") && cli->argc < 2)
		return show(cli);
	if (!strcmp(what, "wards") && cli->argc == 1)
		return wards(cli);
	if (!strcmp(what, "offer") && has_one)
		return offer(cli);
	if (!strcmp(what, "accept") && has_one)
		return accept(cli, true);
	if (!strcmp(what, "end") && has_one)
		return accept(cli, false);
	if (!strcmp(what, "agree") && has_one)
		return answer(cli, true);
	if (!strcmp(what, "refuse") && has_one)
		return answer(cli, false);
	fputs("undercroft: guardian [offer CONTACT | wards | accept CONTACT | end CONTACT | agree "
	      "NUMBER | refuse NUMBER]\n",
	      stderr);
	return CLI_USAGE;
}

/* clang-format off */
const struct command commands_guardian[] = {
	{ "guardian", NEEDS_SIGN_IN, 0, 2, run_guardian,
	  "[offer CONTACT | wards | accept CONTACT | end CONTACT | agree NUMBER | refuse NUMBER]",
	  "",
	  "name a guardian, or be one",
	  "Whoever is below 16 by their settings can ask a contact, on any app, to be their\n"
	  "guardian (offer). From then on each new contact, asked for by either side, and each\n"
	  "group that somebody brings them into waits for the guardian's word. The guardian is\n"
	  "shown the name, the app and the text of a request, and of a group its name and who is\n"
	  "in it: no message. Only the guardian can end it. Alone, it says who the guardian is.\n"
	  "\n"
	  "wards lists whom you look after and what they ask, by numbers; agree and refuse take\n"
	  "such a number; accept and end one of them.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p kim guardian offer Rosa\n"
	  "  undercroft -p rosa guardian accept Kim\n"
	  "  undercroft -p rosa guardian wards\n"
	  "  undercroft -p rosa guardian agree 1" },
	{ 0 },
};
/* clang-format on */
