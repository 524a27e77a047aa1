/* SPDX-License-Identifier: Apache-2.0 */
/* The account: sign-up, recovery, devices, deletion. */
#include "cli/command.h"
#include "cli/print.h"

#include "base/secret.h"

#include <string.h>
#include <unistd.h>

enum { CONNECT_LIMIT_MS = 10000, OPERATION_LIMIT_MS = 30000 };

struct ending {
	uc_op op;
	bool done;
	uc_err err;
	char text[1024];
};

static void hear(void *ctx, const struct uc_event *e)
{
	struct ending *w = ctx;
	if (e->kind != UC_EVENT_DONE || e->op != w->op)
		return;
	w->done = true;
	w->err = e->err;
	snprintf(w->text, sizeof w->text, "%s", e->text);
}

static bool ended(void *ctx)
{
	return ((struct ending *)ctx)->done;
}

/* Like cli_wait, but keeps the text the operation ends with. */
static uc_err finish(struct cli *cli, uc_err started, struct ending *w)
{
	if (started)
		return started;
	link_listen(cli->link, hear, w);
	uc_err err = link_run(cli->link, ended, w, OPERATION_LIMIT_MS);
	link_listen(cli->link, NULL, NULL);
	return err ? err : w->err;
}

static bool open_new(struct cli *cli, const char *app)
{
	if (!profile_bind(&cli->profile, app, NULL) || !link_open(&cli->profile, &cli->link))
		return false;
	cli->client = link_client(cli->link);
	struct uc_account a;
	uc_err err = uc_account_get(cli->client, &a);
	if (!err && a.state == UC_ACCOUNT) {
		fprintf(stderr,
			"undercroft: profile %s has an account on %s already; choose another with "
			"-p\n",
			cli->profile.name, cli->profile.app);
		return false;
	}
	if (!err)
		err = link_connect(cli->link, CONNECT_LIMIT_MS);
	if (!err)
		return true;
	cli_fail(cli, err, "connect");
	if (link_trouble(cli->link)[0])
		fprintf(stderr, "undercroft: %s:%u: %s\n", cli->profile.host, cli->profile.port,
			link_trouble(cli->link));
	return false;
}

/* The last code in a file of lines "TIME IDENTIFIER CODE", as a local installation writes it. */
static bool code_in_file(const char *path, const char *identifier, char out[32])
{
	char line[1024], to[512], code[32];
	bool found = false;
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "%*s %511s %31s", to, code) == 2 && strcmp(to, identifier) == 0) {
			snprintf(out, 32, "%s", code);
			found = true;
		}
	fclose(f);
	return found;
}

static bool wait_for_code(const char *path, const char *identifier, char out[32])
{
	for (int i = 0; i < 100; i++) {
		if (code_in_file(path, identifier, out)) {
			fprintf(stderr,
				"Code %s, from %s (a local installation sends codes there).\n", out,
				path);
			return true;
		}
		usleep(100000);
	}
	fprintf(stderr, "undercroft: no code for %s arrived in %s\n", identifier, path);
	return false;
}

static bool ask_for_code(char out[32])
{
	fputs("Code: ", stderr);
	fflush(stderr);
	if (!fgets(out, 32, stdin))
		return false;
	out[strcspn(out, " \r\n")] = '\0';
	return out[0] != '\0';
}

/* An old code still lying in the file must not be taken for the new one: remember it before. */
static bool get_code(struct cli *cli, const char *identifier, const char *given, char out[32])
{
	if (given) {
		snprintf(out, 32, "%s", given);
		return true;
	}
	const char *file = cli->profile.codes_file;
	char old[32] = "";
	if (file[0])
		code_in_file(file, identifier, old);
	struct ending w = { 0 };
	uc_err err = finish(cli, uc_request_code(cli->client, identifier, &w.op), &w);
	if (err) {
		cli_fail(cli, err, "ask for a code");
		return false;
	}
	if (!file[0])
		return ask_for_code(out);
	for (int i = 0; old[0] && i < 30; i++) {
		if (code_in_file(file, identifier, out) && strcmp(out, old) != 0)
			break;
		usleep(100000);
	}
	return wait_for_code(file, identifier, out);
}

static void show_words(struct cli *cli, const char *words)
{
	if (cli->json) {
		print_json("recovery_key", "words", words, NULL);
		return;
	}
	puts("Your recovery key. Write it down; it is shown once and takes the account up again\n"
	     "when your devices are gone:\n");
	int n = 0;
	for (const char *w = words; *w;) {
		size_t length = strcspn(w, " ");
		printf("%s%2d %-9.*s", n % 6 ? " " : "  ", n + 1, (int)length, w);
		n++;
		if (n % 6 == 0)
			putchar('\n');
		w += length + (w[length] == ' ');
	}
	if (n % 6)
		putchar('\n');
	putchar('\n');
}

static int run_sign_up(struct cli *cli)
{
	const char *name = cli_option(cli, "--name"), *given = cli_option(cli, "--code");
	const char *app = cli->argv[0], *identifier = cli->argv[1];
	char code[32] = "";
	if (!open_new(cli, app))
		return CLI_FAILED;
	struct uc_account a;
	uc_err err = uc_account_get(cli->client, &a);
	if (err)
		return cli_fail(cli, err, "sign up");
	bool coded = a.names != UC_NAME_HANDLE;
	if (coded && !get_code(cli, identifier, given, code))
		return CLI_FAILED;
	struct ending w = { 0 };
	err = finish(cli,
		     uc_sign_up(cli->client, identifier, coded ? code : NULL,
				name ? name : identifier, &w.op),
		     &w);
	if (err)
		return cli_fail(cli, err, "sign up");
	show_words(cli, w.text);
	wipe(w.text, sizeof w.text);
	err = uc_recovery_confirmed(cli->client);
	if (!err)
		err = link_settle(cli->link, OPERATION_LIMIT_MS);
	if (err)
		return cli_fail(cli, err, "sign up");
	if (!cli->json)
		printf("Signed up on %s as %s.\n", cli->profile.app, identifier);
	return CLI_OK;
}

static int run_recover(struct cli *cli)
{
	char words[1024];
	const char *name = cli_option(cli, "--name");
	if (!open_new(cli, cli->argv[0]))
		return CLI_FAILED;
	if (isatty(STDIN_FILENO))
		fputs("Recovery key (24 words, then Enter):\n", stderr);
	if (!fgets(words, sizeof words, stdin))
		return CLI_USAGE;
	words[strcspn(words, "\r\n")] = '\0';
	struct ending w = { 0 };
	uc_err err = finish(
		cli, uc_recover(cli->client, words, name ? name : cli->profile.name, &w.op), &w);
	wipe(words, sizeof words);
	if (!err)
		err = link_settle(cli->link, OPERATION_LIMIT_MS);
	if (err)
		return cli_fail(cli, err, "recover");
	if (!cli->json)
		puts("The account is back on this device; all its earlier devices have ended.");
	return CLI_OK;
}

static int run_account(struct cli *cli)
{
	struct uc_account a;
	uc_err err = uc_account_get(cli->client, &a);
	if (err)
		return cli_fail(cli, err, "account");
	if (a.state == UC_NO_ACCOUNT) {
		fputs("undercroft: no account yet\n", stderr);
		return CLI_FAILED;
	}
	char devices[16];
	snprintf(devices, sizeof devices, "%u", a.devices);
	if (cli->json) {
		print_json("account", "app", cli->profile.app, "identifier", a.identifier, "name",
			   a.profile_name, "state", a.state == UC_ACCOUNT ? "open" : "gone",
			   "devices", devices, NULL);
		return CLI_OK;
	}
	print_text(stdout, a.profile_name);
	printf(", %s on %s%s\n", a.identifier[0] ? a.identifier : "recovered", cli->profile.app,
	       a.state == UC_ACCOUNT ? "" : ": this device is no longer listed");
	return CLI_OK;
}

static bool list_device(void *ctx, const struct uc_device *d)
{
	print_device(((struct cli *)ctx)->json, d);
	return true;
}

static int run_devices(struct cli *cli)
{
	uc_err err = uc_devices(cli->client, list_device, cli);
	return err ? cli_fail(cli, err, "list devices") : CLI_OK;
}

static int run_delete(struct cli *cli)
{
	if (!cli_flag(cli, "--yes")) {
		fputs("undercroft: this deletes the account for good; repeat it with --yes\n",
		      stderr);
		return CLI_USAGE;
	}
	uc_op op = 0;
	int status = cli_wait(cli, uc_account_delete(cli->client, &op), op, "delete the account");
	if (!status && !cli->json)
		puts("The account is deleted.");
	return status;
}

const struct command commands_account[] = {
	{ "sign-up", NEEDS_APP, 2, 2, run_sign_up, "APP IDENTIFIER [--name NAME] [--code CODE]",
	  "get an account on an app",
	  "APP is a name in the apps file. IDENTIFIER is a number in international form, a handle, "
	  "or an\n"
	  "e-mail address, as the app wants. A number or address gets a code, which is asked for;\n"
	  "a local installation writes it to a file, from where it is read. NAME is what contacts "
	  "see.\n"
	  "Prints the recovery key, once.\n\n"
	  "examples:\n"
	  "  undercroft -p rosa sign-up dial +4915112345678 --name Rosa\n"
	  "  undercroft -p tom sign-up lens tom --name Tom\n"
	  "  undercroft -p uwe sign-up plaza uwe@example.org --name Uwe --code 123456" },
	{ "recover", NEEDS_APP, 1, 1, run_recover, "APP [--name NAME]",
	  "take an account up again with its recovery key",
	  "Reads the 24 words from standard input. The account keeps its identity and name; "
	  "devices,\n"
	  "rooms and contacts of before are not on this device.\n\n"
	  "example:\n  undercroft -p rosa2 recover dial --name Rosa < words" },
	{ "account", NEEDS_STORE, 0, 0, run_account, "", "show the account of this profile",
	  "example:\n  undercroft -p rosa account" },
	{ "devices", NEEDS_SIGN_IN, 0, 0, run_devices, "", "list the account's devices",
	  "example:\n  undercroft -p rosa devices" },
	{ "delete-account", NEEDS_SIGN_IN, 0, 0, run_delete, "--yes", "delete the account for good",
	  "Leaves all rooms, then deletes the account and its name at the app.\n\n"
	  "example:\n  undercroft -p rosa delete-account --yes" },
	{ 0 },
};
