/* SPDX-License-Identifier: Apache-2.0 */
/* undercroft: the terminal client.  Finds the subcommand, opens the profile, connects if the
 * subcommand needs it, runs it. */
#include "cli/command.h"
#include "cli/print.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TRY_ATTEMPTS = 3 };

static const struct command *const groups[] = {
	commands_account, commands_profile,     commands_devices,     commands_people,
	commands_find,    commands_invitations, commands_same_person, commands_guardian,
	commands_ages,    commands_rooms,       commands_messages,    commands_files,
	commands_reach,   commands_own_data,
};
static const char *const group_titles[] = {
	"account",
	"profile",
	"devices",
	"people",
	"finding people by number",
	"invitations",
	"accounts of one person",
	"guardians",
	"ages",
	"rooms",
	"messages",
	"files",
	"who sees and reaches you",
	"your data",
};

static void usage(FILE *to)
{
	fputs("usage: undercroft [-p PROFILE] [--json] [--home DIR] [--apps FILE] COMMAND ...\n",
	      to);
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
		fprintf(to, "\n%s\n", group_titles[g]);
		for (const struct command *c = groups[g]; c->name; c++)
			fprintf(to, "  %-14s %s\n", c->name, c->summary);
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

static void command_usage(const struct command *c)
{
	printf("usage: undercroft [-p PROFILE] [--json] %s %s\n\n%s\n", c->name, c->arguments,
	       c->help);
}

int cli_fail(struct cli *cli, uc_err err, const char *what)
{
	if (cli->json)
		print_json("error", "error", uc_err_name(err), "text", uc_err_text(err), "what",
			   what, NULL);
	fflush(stdout);
	fprintf(stderr, "undercroft: %s: %s (%s)\n", what, uc_err_text(err), uc_err_name(err));
	return CLI_FAILED;
}

int cli_fail_offline(struct cli *cli, uc_err err)
{
	const char *trouble = link_trouble(cli->link);
	cli_fail(cli, err, "connect");
	fprintf(stderr, "undercroft: %s at %s:%u%s%s\n", cli->profile.app, cli->profile.host,
		cli->profile.port, *trouble ? ": " : "", trouble);
	return CLI_OFFLINE;
}

static void hear_ending(void *ctx, const struct uc_event *e)
{
	struct ending *w = ctx;
	if (e->kind != UC_EVENT_DONE || e->op != w->op)
		return;
	w->done = true;
	w->err = e->err;
	w->has_request = e->has_request;
	w->request = e->request;
	w->has_room = e->has_room;
	w->room = e->room;
	snprintf(w->text, sizeof w->text, "%s", e->text);
}

static bool has_ended(void *ctx)
{
	return ((struct ending *)ctx)->done;
}

uc_err cli_finish(struct cli *cli, uc_err started, struct ending *w)
{
	return cli_finish_within(cli, started, w, CLI_OPERATION_MS);
}

uc_err cli_finish_within(struct cli *cli, uc_err started, struct ending *w, uint64_t limit_ms)
{
	if (started)
		return started;
	link_listen(cli->link, hear_ending, w);
	uc_err err = link_run(cli->link, has_ended, w, limit_ms);
	link_listen(cli->link, NULL, NULL);
	return err ? err : w->err;
}

int cli_wait(struct cli *cli, uc_err started, const uc_op *op, const char *what)
{
	struct ending w = { .op = *op };
	uc_err err = cli_finish(cli, started, &w);
	if (!err)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	return err ? cli_fail(cli, err, what) : CLI_OK;
}

static int no_account(const struct cli *cli)
{
	fprintf(stderr,
		"undercroft: profile %s has no account yet; `undercroft sign-up --help` "
		"tells how to get one\n",
		cli->profile.name);
	return CLI_USAGE;
}

static int was_deleted(struct cli *cli, uc_err err)
{
	int status = cli_fail(cli, err, "sign in");
	fputs("undercroft: the account was deleted, by this device or another of yours; "
	      "`undercroft "
	      "delete-account --yes` erases what is left of it here\n",
	      stderr);
	return status;
}

/* Signed in, and what waits received.  Something of a room that does not come to an end does not
 * keep us from the rest. */
static int connect_first(struct cli *cli, enum needs needs)
{
	uc_err err = link_connect(cli->link, needs == NEEDS_TRY ? TRY_ATTEMPTS : 0, CLI_CONNECT_MS);
	if (!err)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	if (err == UC_E_TIMEOUT && uc_client_connection(cli->client) == UC_ONLINE)
		err = UC_OK;
	if (!err)
		return CLI_OK;
	if (needs == NEEDS_SIGN_IN || uc_err_class(err) != UC_CLASS_NET)
		return err == UC_E_REVOKED     ? cli_fail(cli, err, "sign in")
		       : err == UC_E_NOT_FOUND ? was_deleted(cli, err)
					       : cli_fail_offline(cli, err);
	cli->offline = true;
	fprintf(stderr, "undercroft: %s is not reached (%s); this is what is here\n",
		cli->profile.app, link_trouble(cli->link));
	return CLI_OK;
}

static int open_account(struct cli *cli, enum needs needs)
{
	struct uc_account account;
	if (!profile_has_app(&cli->profile))
		return no_account(cli);
	if (!link_open(&cli->profile, &cli->link))
		return CLI_FAILED;
	cli->client = link_client(cli->link);
	uc_err err = uc_account_get(cli->client, &account);
	if (err)
		return cli_fail(cli, err, "read the account");
	if (account.state == UC_NO_ACCOUNT || account.state == UC_ACCOUNT_JOINING)
		return no_account(cli);
	return needs == NEEDS_STORE ? CLI_OK : connect_first(cli, needs);
}

static int run(struct cli *cli, const struct command *command)
{
	int status = command->needs == NEEDS_APP ? CLI_OK : open_account(cli, command->needs);
	if (!status && cli->client && strcmp(command->name, "devices") != 0 &&
	    cli_device_changes(cli))
		fputs("undercroft: something has happened to the list of your devices; see "
		      "`undercroft devices`\n",
		      stderr);
	if (!status)
		status = command->run(cli);
	if (cli->link)
		link_close(cli->link);
	if (fflush(stdout) && !status) {
		fputs("undercroft: the output could not be written\n", stderr);
		status = CLI_FAILED;
	}
	return status;
}

struct global {
	const char *profile, *home;
	bool json, help, wrong;
};

/* Global options stand before the subcommand.  Where that is. */
static int global_read(struct global *g, int argc, char **argv)
{
	int at = 1;
	for (; at < argc && argv[at][0] == '-'; at++) {
		const char *o = argv[at];
		bool more = at + 1 < argc;
		if (strcmp(o, "--json") == 0)
			g->json = true;
		else if ((strcmp(o, "-p") == 0 || strcmp(o, "--profile") == 0) && more)
			g->profile = argv[++at];
		else if (strcmp(o, "--home") == 0 && more)
			g->home = argv[++at];
		else if (strcmp(o, "--apps") == 0 && more)
			setenv("UNDERCROFT_APPS", argv[++at], 1);
		else if (strcmp(o, "--help") == 0 || strcmp(o, "-h") == 0)
			g->help = true;
		else
			g->wrong = true;
	}
	return at;
}

/* --help and --json may also stand behind the subcommand, before "--". */
static bool take_word(struct cli *cli, const char *word)
{
	for (int i = 0; i < cli->argc && strcmp(cli->argv[i], "--") != 0; i++) {
		if (strcmp(cli->argv[i], word) != 0)
			continue;
		for (int k = i; k + 1 < cli->argc; k++)
			cli->argv[k] = cli->argv[k + 1];
		cli->argc--;
		return true;
	}
	return false;
}

static int run_command(struct cli *cli, const struct command *command, const struct global *g)
{
	if (take_word(cli, "--help")) {
		command_usage(command);
		return CLI_OK;
	}
	cli->json = take_word(cli, "--json") || g->json;
	if (!cli_arguments_read(cli, command))
		return CLI_USAGE;
	const char *env = getenv("UNDERCROFT_PROFILE");
	const char *name = g->profile ? g->profile : env && *env ? env : "default";
	if (!profile_open(&cli->profile, name, g->home))
		return CLI_FAILED;
	return run(cli, command);
}

int main(int argc, char **argv)
{
	static struct cli cli;
	struct global g = { 0 };
	setlocale(LC_CTYPE, "");
	umask(077);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("undercroft " UNDERCROFT_VERSION);
		return CLI_OK;
	}
	int at = global_read(&g, argc, argv);
	if (g.help || g.wrong || at == argc) {
		usage(g.help ? stdout : stderr);
		return g.help ? CLI_OK : CLI_USAGE;
	}
	const struct command *command = command_find(argv[at]);
	if (!command) {
		fputs("undercroft: there is no command ", stderr);
		print_text(stderr, argv[at]);
		fputs("; `undercroft --help` lists them\n", stderr);
		return CLI_USAGE;
	}
	cli.argc = argc - at - 1;
	cli.argv = argv + at + 1;
	return run_command(&cli, command, &g);
}
