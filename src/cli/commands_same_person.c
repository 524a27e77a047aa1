/* SPDX-License-Identifier: Apache-2.0 */
/* Two accounts of one person: linked by texts that the person carries from one profile to the other,
 * shown to contacts, withdrawn. */
#include "cli/command.h"
#include "cli/print.h"

#include <stdio.h>
#include <string.h>

enum { ATTEMPTS = 3 };

static char text_in[UC_LINK_TEXT_MAX], text_out[UC_LINK_TEXT_MAX];

/* An argument, or standard input for "-", without what stands around it. */
static const char *text_read(const char *argument)
{
	size_t n = strlen(argument);
	if (!strcmp(argument, "-"))
		n = fread(text_in, 1, sizeof text_in - 1, stdin);
	else if (n < sizeof text_in)
		memcpy(text_in, argument, n);
	else
		n = sizeof text_in - 1; /* too long in any case */
	while (n && strchr(" \t\r\n", text_in[n - 1]))
		n--;
	text_in[n] = '\0';
	return text_in + strspn(text_in, " \t\r\n");
}

/* The text alone on standard output, so that it can be passed on; what to do with it beside that. */
static void text_print(const struct cli *cli, const char *next, const char *hint)
{
	if (cli->json)
		print_json("same_person_text", "text", text_out, "next", next, NULL);
	else if (text_out[0])
		puts(text_out);
	fflush(stdout);
	if (!cli->json)
		fprintf(stderr, "%s\n", hint);
}

/* What is queued goes out, if the app is reached. */
static void send_now(struct cli *cli)
{
	if (!link_connect(cli->link, ATTEMPTS, CLI_CONNECT_MS) &&
	    !link_settle(cli->link, CLI_SETTLE_MS))
		return;
	fputs("undercroft: it goes out with the next command that reaches the app\n", stderr);
}

/* --- lists --- */

static const char *state_name(enum uc_link_state state)
{
	static const char *const names[] = { "offered", "signed", "linked", "withdrawn" };
	return (size_t)state < sizeof names / sizeof *names ? names[state] : "?";
}

static bool list_link(void *ctx, const struct uc_link *l)
{
	const struct cli *cli = ctx;
	char app[64];
	profile_app_short(l->app, app, sizeof app);
	print_link(cli->json, l, app, state_name(l->state));
	return true;
}

static int list(struct cli *cli)
{
	uc_err err = uc_links(cli->client, list_link, cli);
	return err ? cli_fail(cli, err, "list other accounts") : CLI_OK;
}

/* One of them: the only one that holds, or the one on that app. */
struct link_search {
	const char *app;
	struct uc_id found;
	unsigned fits;
};

static bool search_each(void *ctx, const struct uc_link *l)
{
	struct link_search *s = ctx;
	char app[64];
	profile_app_short(l->app, app, sizeof app);
	bool fits = s->app ? !strcmp(s->app, app) || !strcmp(s->app, l->app)
			   : l->state != UC_LINK_WITHDRAWN;
	if (!fits)
		return true;
	s->found = l->id;
	s->fits++;
	return true;
}

static bool find_link(struct cli *cli, const char *app, struct uc_id *out)
{
	struct link_search s = { .app = app };
	uc_err err = uc_links(cli->client, search_each, &s);
	if (err) {
		cli_fail(cli, err, "list other accounts");
		return false;
	}
	if (s.fits != 1) {
		fprintf(stderr,
			"undercroft: %s; `undercroft -p %s same-person` lists other accounts\n",
			s.fits ? "say of which app, behind the rest" : "there is none",
			cli->profile.name);
		return false;
	}
	*out = s.found;
	return true;
}

/* --- making --- */

static int run_offer(struct cli *cli)
{
	uc_err err = uc_link_begin(cli->client, cli_flag(cli, "--with-identifier"), text_out,
				   sizeof text_out);
	if (err)
		return cli_fail(cli, err, "offer");
	text_print(cli, "accept",
		   "In the profile of your other account, within ten minutes: "
		   "same-person accept TEXT");
	return CLI_OK;
}

static bool show_account(void *ctx, const struct uc_link *l)
{
	const struct cli *cli = ctx;
	char app[64];
	profile_app_short(l->app, app, sizeof app);
	if (cli->json) {
		print_json("same_person_offer", "app", app, "name", l->name, NULL);
		return true;
	}
	fputs("This says that ", stdout);
	print_text(stdout, l->name);
	fputs(" on ", stdout);
	print_text(stdout, app);
	puts(" and you are one person. If that is your own account, and nobody else's, say it "
	     "again with --yes.");
	return true;
}

static int run_accept_offer(struct cli *cli, const char *text)
{
	if (!cli_flag(cli, "--yes")) {
		uc_err looked = uc_link_look(cli->client, text, show_account, cli);
		return looked ? cli_fail(cli, looked, "look at the offer") : CLI_USAGE;
	}
	uc_err err = uc_link_accept(cli->client, text, cli_flag(cli, "--with-identifier"), text_out,
				    sizeof text_out);
	if (err)
		return cli_fail(cli, err, "accept");
	text_print(cli, "take", "In the profile that has offered: same-person take TEXT");
	return CLI_OK;
}

static bool keep_state(void *ctx, const struct uc_link *l)
{
	*(enum uc_link_state *)ctx = l->state;
	return true;
}

static int run_take(struct cli *cli, const char *text)
{
	enum uc_link_state state = UC_LINK_OFFERED;
	uc_err err = uc_link_look(cli->client, text, keep_state, &state);
	if (!err)
		err = uc_link_take(cli->client, text, text_out, sizeof text_out);
	if (err)
		return cli_fail(cli, err, "take");
	if (text_out[0])
		text_print(cli, "take",
			   "Linked. In the profile that has accepted, too: same-person take TEXT");
	else
		text_print(cli, "", "Taken. `same-person` lists your other accounts.");
	/* Making a link needs no app; of its end contacts may have to be told. */
	if (state == UC_LINK_WITHDRAWN)
		send_now(cli);
	return CLI_OK;
}

/* --- contacts --- */

static int run_show(struct cli *cli, const char *contact, const char *app)
{
	struct uc_id link, to;
	if (!cli_find_contact(cli, contact, &to) || !find_link(cli, app, &link))
		return CLI_FAILED;
	uc_err err = uc_link_show(cli->client, &link, &to);
	if (err)
		return cli_fail(cli, err, "show");
	send_now(cli);
	if (!cli->json)
		puts("Shown. They may keep what proves it, also when you withdraw it.");
	return CLI_OK;
}

static int run_withdraw(struct cli *cli, const char *app)
{
	struct uc_id link;
	if (!find_link(cli, app, &link))
		return CLI_FAILED;
	uc_err err = uc_link_withdraw(cli->client, &link, text_out, sizeof text_out);
	if (err)
		return cli_fail(cli, err, "withdraw");
	send_now(cli);
	text_print(cli, "take",
		   "Withdrawn. For those whom your other account has shown it: same-person take "
		   "TEXT in its profile");
	return CLI_OK;
}

static int run_same_person(struct cli *cli)
{
	const char *action = cli->argc ? cli->argv[0] : "";
	int n = cli->argc - 1;
	if (!cli->argc)
		return list(cli);
	if (!strcmp(action, "offer") && n == 0)
		return run_offer(cli);
	if (!strcmp(action, "accept") && n == 1)
		return run_accept_offer(cli, text_read(cli->argv[1]));
	if (!strcmp(action, "take") && n == 1)
		return run_take(cli, text_read(cli->argv[1]));
	if (!strcmp(action, "show") && (n == 1 || n == 2))
		return run_show(cli, cli->argv[1], n == 2 ? cli->argv[2] : NULL);
	if (!strcmp(action, "withdraw") && n <= 1)
		return run_withdraw(cli, n == 1 ? cli->argv[1] : NULL);
	fputs("undercroft: same-person knows offer, accept TEXT, take TEXT, show CONTACT and "
	      "withdraw\n",
	      stderr);
	return CLI_USAGE;
}

/* clang-format off */
const struct command commands_same_person[] = {
	{ "same-person", NEEDS_STORE, 0, 3, run_same_person,
	  "[offer | accept TEXT | take TEXT | show CONTACT [APP] | withdraw [APP]]",
	  "--with-identifier --yes",
	  "show contacts that another account is yours, too",
	  "Two accounts of yours, on two apps, are linked by texts that you carry from one\n"
	  "profile to the other; no app learns of it. One offers, the other accepts, the first\n"
	  "takes what came of that, and so does the other. Nobody sees it before you show it to a\n"
	  "contact, who is told the other account's app and name, and its number, handle or\n"
	  "address only if that account said --with-identifier. Withdrawing tells all whom this\n"
	  "profile has shown it; the text it prints tells the other profile. With - the text is\n"
	  "read from standard input. Without anything, lists your other accounts.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa same-person offer\n"
	  "  undercroft -p rosa-lens same-person accept TEXT --yes\n"
	  "  undercroft -p rosa same-person take TEXT\n"
	  "  undercroft -p rosa same-person show Tom\n"
	  "  undercroft -p rosa same-person withdraw" },
	{ 0 },
};
/* clang-format on */
