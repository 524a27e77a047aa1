/* SPDX-License-Identifier: Apache-2.0 */
/* Invitations: links that ask for contact. */
#include "cli/command.h"
#include "cli/print.h"
#include "cli/qr.h"

#include "base/buf.h"
#include "base/text.h"
#include "mimi/web_place.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINK_MAX = 1024 };

/* With the port that the app is reached at, where it is not the usual one. */
static void link_write(const struct cli *cli, const char *link, char out[LINK_MAX])
{
	struct view domain, rest;
	struct buf b;
	snprintf(out, LINK_MAX, "%s", link);
	if (cli->profile.port == 443 || !web_place_read(view_str(link), WEB_LINK, &domain, &rest))
		return;
	buf_init(&b, LINK_MAX - 1);
	web_place_add(&b, WEB_LINK, domain, cli->profile.port);
	buf_add_view(&b, rest);
	if (!b.failed)
		snprintf(out, LINK_MAX, "%.*s", (int)b.n, (const char *)b.p);
	buf_done(&b);
}

static bool may_draw(const struct cli *cli)
{
	if (!cli_flag(cli, "--qr") || (qr_is_built() && !cli->json))
		return true;
	fputs(qr_is_built() ? "undercroft: --qr is for people, --json is not\n"
			    : "undercroft: this program was built without libqrencode, which --qr "
			      "needs\n",
	      stderr);
	return false;
}

static int run_invite(struct cli *cli)
{
	uint64_t days = 0;
	struct ending w = { 0 };
	char link[LINK_MAX];
	bool once = cli_flag(cli, "--once");
	if (!cli_option_number(cli, "--days", &days))
		return CLI_USAGE;
	if (days > 90 || (!days && cli_option(cli, "--days"))) {
		fputs("undercroft: --days is 1 to 90\n", stderr);
		return CLI_USAGE;
	}
	if (!may_draw(cli))
		return CLI_USAGE;
	uc_err err = cli_finish(cli, uc_invite(cli->client, (uint32_t)days, once, &w.op), &w);
	if (err)
		return cli_fail(cli, err, "invite");
	link_write(cli, w.text, link);
	if (cli_flag(cli, "--qr") && !qr_print(stdout, link, isatty(STDOUT_FILENO)))
		fputs("undercroft: the link does not fit into a code\n", stderr);
	if (cli->json)
		print_json("invitation", "link", link, "once", once ? "yes" : "no", NULL);
	else
		printf("%s\n%s\n", link,
		       once ? "The first one who asks by it is let in, nobody after that."
			    : "Whoever has it may ask you. `undercroft invitations` lists it.");
	return CLI_OK;
}

struct listing {
	struct cli *cli;
	unsigned number, wanted;
	struct uc_id found;
};

static void show(struct cli *cli, unsigned number, const struct uc_invitation *i)
{
	char link[LINK_MAX];
	link_write(cli, i->link, link);
	if (cli->json) {
		char text[2][24];
		snprintf(text[0], sizeof text[0], "%u", number);
		snprintf(text[1], sizeof text[1], "%u", i->asked);
		print_json("invitation", "number", text[0], "link", link, "once",
			   i->once ? "yes" : "no", "used", i->used ? "yes" : "no", "asked", text[1],
			   NULL);
		return;
	}
	printf("%2u  until ", number);
	print_time(stdout, i->expires_ms);
	if (i->used)
		fputs(", used", stdout);
	else
		printf(", asked by %u%s\n    %s", i->asked, i->once ? ", for one" : "", link);
	putchar('\n');
}

static bool list_invitation(void *ctx, const struct uc_invitation *i)
{
	struct listing *l = ctx;
	l->number++;
	if (!l->wanted)
		show(l->cli, l->number, i);
	else if (l->number == l->wanted)
		l->found = i->id;
	return true;
}

static int run_invitations(struct cli *cli)
{
	struct listing l = { .cli = cli };
	uc_err err = uc_invitations(cli->client, list_invitation, &l);
	return err ? cli_fail(cli, err, "list invitations") : CLI_OK;
}

static int run_end(struct cli *cli)
{
	struct listing l = { .cli = cli };
	uint64_t number = 0;
	uc_op op = 0;
	if (decimal_read(view_str(cli->argv[0]), &number) || !number || number > 10000) {
		fputs("undercroft: which one? `undercroft invitations` numbers them\n", stderr);
		return CLI_USAGE;
	}
	l.wanted = (unsigned)number;
	uc_err err = uc_invitations(cli->client, list_invitation, &l);
	if (err || l.number < l.wanted)
		return cli_fail(cli, err ? err : UC_E_NOT_FOUND, "end the invitation");
	int status = cli_wait(cli, uc_invitation_end(cli->client, &l.found, &op), &op,
			      "end the invitation");
	if (!status && !cli->json)
		puts("Nobody is let in by it any more.");
	return status;
}

/* clang-format off */
const struct command commands_invitations[] = {
	{ "invite", NEEDS_SIGN_IN, 0, 0, run_invite,
	  "[--once] [--days N] [--qr]",
	  "--once --days= --qr",
	  "make a link by which others may ask you",
	  "Prints a link. Whoever has it, on whatever app, may ask you for contact, for 30 days or\n"
	  "N (1 to 90); with --once the first one alone. It tells nobody your number, handle or\n"
	  "address. They open it in a browser, or type it into `ask`; with --qr it is drawn as\n"
	  "a code, too, for them to scan from this screen.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa invite --once --days 2" },
	{ "invitations", NEEDS_TRY, 0, 0, run_invitations,
	  "",
	  "",
	  "list the links you have made",
	  "Those that still let somebody ask, and those of one person that were used; with their\n"
	  "numbers, how long they last and how many have asked by them.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa invitations" },
	{ "invitation-end", NEEDS_SIGN_IN, 1, 1, run_end,
	  "NUMBER",
	  "",
	  "take a link back",
	  "NUMBER is that in `invitations`. Nobody asks you by it any more; who has asked already is\n"
	  "not touched. Nobody is told.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa invitation-end 1" },
	{ 0 },
};
/* clang-format on */
