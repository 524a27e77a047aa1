/* SPDX-License-Identifier: Apache-2.0 */
/* undercroft: the terminal client.  Finds the subcommand, opens the profile, connects if the
 * subcommand needs it, runs it. */
#include "cli/command.h"
#include "cli/print.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command *const groups[] = { commands_account, commands_people, commands_rooms,
						commands_messages };
static const char *const group_titles[] = { "account", "people", "rooms", "messages" };

enum { SETTLE_MS = 20000, CONNECT_MS = 10000, OPERATION_MS = 60000 };

static void usage(FILE *to)
{
	fputs("usage: undercroft [-p PROFILE] [--json] [--home DIR] [--apps FILE] COMMAND ...\n",
	      to);
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
		fprintf(to, "\n%s\n", group_titles[g]);
		for (const struct command *c = groups[g]; c->name; c++)
			fprintf(to, "  %-12s %s\n", c->name, c->summary);
	}
	fputs("\nEach command takes --help. A profile is one person on one app; several live side "
	      "by side:\n"
	      "  undercroft -p rosa sign-up dial +4915112345678 --name Rosa\n"
	      "  undercroft -p tom sign-up lens tom --name Tom\n"
	      "  undercroft -p rosa ask lens tom \"Hello Tom, it's Rosa\"\n",
	      to);
}

static const struct command *command_find(const char *name)
{
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
		for (const struct command *c = groups[g]; c->name; c++)
			if (strcmp(c->name, name) == 0)
				return c;
	return NULL;
}

static void command_usage(const struct command *c, FILE *to)
{
	fprintf(to, "usage: undercroft [-p PROFILE] [--json] %s %s\n\n%s\n", c->name, c->arguments,
		c->help);
}

static void take_out(struct cli *cli, int at, int count)
{
	for (int i = at; i + count < cli->argc; i++)
		cli->argv[i] = cli->argv[i + count];
	cli->argc -= count;
}

/* Options end at "--". */
static int option_at(const struct cli *cli, const char *name)
{
	for (int i = 0; i < cli->argc && strcmp(cli->argv[i], "--") != 0; i++)
		if (strcmp(cli->argv[i], name) == 0)
			return i;
	return -1;
}

const char *cli_option(struct cli *cli, const char *name)
{
	int at = option_at(cli, name);
	if (at < 0)
		return NULL;
	if (at + 1 >= cli->argc) {
		fprintf(stderr, "undercroft: %s needs a value\n", name);
		exit(CLI_USAGE);
	}
	const char *value = cli->argv[at + 1];
	take_out(cli, at, 2);
	return value;
}

bool cli_flag(struct cli *cli, const char *name)
{
	int at = option_at(cli, name);
	if (at < 0)
		return false;
	take_out(cli, at, 1);
	return true;
}

bool cli_arguments_done(struct cli *cli, const struct command *command)
{
	int end = option_at(cli, "--");
	for (int i = 0; i < (end < 0 ? cli->argc : end); i++)
		if (strncmp(cli->argv[i], "--", 2) == 0) {
			fprintf(stderr, "undercroft: %s does not know %s\n", command->name,
				cli->argv[i]);
			return false;
		}
	int dashes = 0;
	for (; end >= 0 && dashes < 1; dashes++)
		take_out(cli, end, 1);
	if (cli->argc < command->args_min ||
	    (command->args_max >= 0 && cli->argc > command->args_max)) {
		command_usage(command, stderr);
		return false;
	}
	return true;
}

int cli_fail(struct cli *cli, uc_err err, const char *what)
{
	if (cli->json)
		print_json("error", "error", uc_err_name(err), "text", uc_err_text(err), "what",
			   what, NULL);
	fprintf(stderr, "undercroft: %s: %s (%s)\n", what, uc_err_text(err), uc_err_name(err));
	return CLI_FAILED;
}

/* The end of one operation. */
struct waiting {
	uc_op op;
	bool done;
	uc_err err;
	char text[1024];
};

static void hear_done(void *ctx, const struct uc_event *e)
{
	struct waiting *w = ctx;
	if (e->kind != UC_EVENT_DONE || e->op != w->op)
		return;
	w->done = true;
	w->err = e->err;
	snprintf(w->text, sizeof w->text, "%s", e->text);
}

static bool is_done(void *ctx)
{
	return ((struct waiting *)ctx)->done;
}

int cli_wait(struct cli *cli, uc_err started, uc_op op, const char *what)
{
	if (started)
		return cli_fail(cli, started, what);
	struct waiting w = { .op = op };
	link_listen(cli->link, hear_done, &w);
	uc_err err = link_run(cli->link, is_done, &w, OPERATION_MS);
	link_listen(cli->link, NULL, NULL);
	if (err)
		return cli_fail(cli, err, what);
	if (w.err)
		return cli_fail(cli, w.err, what);
	err = link_settle(cli->link, SETTLE_MS);
	return err ? cli_fail(cli, err, what) : CLI_OK;
}

static int no_account(const struct cli *cli)
{
	fprintf(stderr,
		"undercroft: profile %s has no account yet; `undercroft -p %s sign-up --help` "
		"tells how to get one\n",
		cli->profile.name, cli->profile.name);
	return CLI_USAGE;
}

static int connect_first(struct cli *cli)
{
	struct uc_account account;
	uc_err err = uc_account_get(cli->client, &account);
	if (err)
		return cli_fail(cli, err, "read the account");
	if (account.state == UC_NO_ACCOUNT)
		return no_account(cli);
	err = link_connect(cli->link, CONNECT_MS);
	if (!err)
		err = link_settle(cli->link, SETTLE_MS);
	if (!err)
		return CLI_OK;
	cli_fail(cli, err, "connect");
	if (link_trouble(cli->link)[0])
		fprintf(stderr, "undercroft: %s:%u: %s\n", cli->profile.host, cli->profile.port,
			link_trouble(cli->link));
	return CLI_OFFLINE;
}

static int run(struct cli *cli, const struct command *command)
{
	if (command->needs == NEEDS_STORE || command->needs == NEEDS_SIGN_IN) {
		if (!profile_has_app(&cli->profile))
			return no_account(cli);
		if (!link_open(&cli->profile, &cli->link))
			return CLI_FAILED;
		cli->client = link_client(cli->link);
	}
	int status = command->needs == NEEDS_SIGN_IN ? connect_first(cli) : CLI_OK;
	if (!status)
		status = command->run(cli);
	if (cli->link)
		link_close(cli->link);
	return status;
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	struct cli cli = { .argc = argc - 1, .argv = argv + 1 };
	int first = 0; /* global options stand before the subcommand */
	const char *profile = getenv("UNDERCROFT_PROFILE"), *home = NULL;
	for (; first < cli.argc && cli.argv[first][0] == '-'; first++) {
		const char *o = cli.argv[first];
		bool more = first + 1 < cli.argc;
		if (strcmp(o, "--json") == 0)
			cli.json = true;
		else if ((strcmp(o, "-p") == 0 || strcmp(o, "--profile") == 0) && more)
			profile = cli.argv[++first];
		else if (strcmp(o, "--home") == 0 && more)
			home = cli.argv[++first];
		else if (strcmp(o, "--apps") == 0 && more)
			setenv("UNDERCROFT_APPS", cli.argv[++first], 1);
		else {
			bool asked = strcmp(o, "--help") == 0 || strcmp(o, "-h") == 0;
			usage(asked ? stdout : stderr);
			return asked ? CLI_OK : CLI_USAGE;
		}
	}
	if (first == cli.argc) {
		usage(stderr);
		return CLI_USAGE;
	}
	const struct command *command = command_find(cli.argv[first]);
	if (!command) {
		fprintf(stderr,
			"undercroft: there is no command %s; `undercroft --help` lists them\n",
			cli.argv[first]);
		return CLI_USAGE;
	}
	cli.argc -= first + 1;
	cli.argv += first + 1;
	if (cli_flag(&cli, "--help")) {
		command_usage(command, stdout);
		return CLI_OK;
	}
	cli.json |= cli_flag(&cli, "--json");
	if (!profile_open(&cli.profile, profile ? profile : "default", home, NULL))
		return CLI_FAILED;
	return run(&cli, command);
}
