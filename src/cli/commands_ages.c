/* SPDX-License-Identifier: Apache-2.0 */
/* Ages that services vouch for: what the app goes by, requests for a service, what it has made of one. */
#include "cli/command.h"
#include "cli/print.h"
#include "cli/qr.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const ages[] = { "child", "13-15", "16-17", "adult", "unknown" };
static const char *const by_names[] = { "nobody", "app", "service" };

static int show(struct cli *cli)
{
	struct uc_age_known known;
	uc_err err = uc_age_known(cli->client, &known);
	if (err && err != UC_E_NET)
		return cli_fail(cli, err, "ask how old you are for the app");
	const char *age = err ? "unknown" : ages[known.age];
	const char *by = err ? "?" : by_names[known.by];
	if (cli->json)
		print_json("age", "age", age, "by", by, NULL);
	else if (err)
		puts("The app is not reached: it says that when you sign in.");
	else if (known.by == UC_AGE_BY_NOBODY)
		puts("The app goes by what you say in `undercroft settings`.");
	else
		printf("%s, as %s\n", age,
		       known.by == UC_AGE_BY_APP ? "the app has checked"
						 : "a service has said that the app believes");
	return CLI_OK;
}

static int request(struct cli *cli, const char *service)
{
	char text[UC_AGE_TEXT_MAX];
	bool draws = cli_flag(cli, "--qr");
	if (draws && (cli->json || !qr_is_built())) {
		fputs(cli->json ? "undercroft: --qr is for people, --json is not\n"
				: "undercroft: this program was built without libqrencode, which "
				  "--qr needs\n",
		      stderr);
		return CLI_USAGE;
	}
	uc_err err = uc_age_request(cli->client, service, text, sizeof text);
	if (err)
		return cli_fail(cli, err, "make a request");
	if (draws && !qr_print(stdout, text, isatty(STDOUT_FILENO)))
		fputs("undercroft: it does not fit into a code\n", stderr);
	if (cli->json)
		print_json("age_request", "text", text, NULL);
	else
		puts(text);
	fflush(stdout);
	if (!cli->json)
		fputs("For the service; it says neither your account nor your app. What it gives "
		      "you: age present STATEMENT\n",
		      stderr);
	return CLI_OK;
}

/* An argument, or standard input for "-", without what stands around it. */
static const char *text_read(const char *argument, char text[UC_AGE_TEXT_MAX])
{
	size_t n = strlen(argument);
	if (!strcmp(argument, "-"))
		n = fread(text, 1, UC_AGE_TEXT_MAX - 1, stdin);
	else if (n < UC_AGE_TEXT_MAX)
		memcpy(text, argument, n);
	else
		return argument; /* refused for its length */
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	text[n] = '\0';
	return text + strspn(text, " \t\r\n");
}

static int present(struct cli *cli, const char *argument)
{
	char text[UC_AGE_TEXT_MAX];
	uc_op op = 0;
	if (cli->offline)
		return cli_fail_offline(cli, UC_E_NET);
	uc_err err = uc_age_present(cli->client, text_read(argument, text), &op);
	int status = cli_wait(cli, err, &op, "hand that in");
	return status ? status : show(cli);
}

static int run_age(struct cli *cli)
{
	const char *what = cli->argc ? cli->argv[0] : "show";
	if (!strcmp(what, "show") && cli->argc < 2)
		return show(cli);
	if (!strcmp(what, "request") && cli->argc == 2)
		return request(cli, cli->argv[1]);
	if (!strcmp(what, "present") && cli->argc == 2)
		return present(cli, cli->argv[1]);
	fputs("undercroft: age [request SERVICE | present STATEMENT]\n", stderr);
	return CLI_USAGE;
}

/* clang-format off */
const struct command commands_ages[] = {
	{ "age", NEEDS_TRY, 0, 2, run_age,
	  "[request SERVICE [--qr] | present STATEMENT]",
	  "--qr",
	  "have your age vouched for",
	  "A service that your app believes (a school, a shop, whoever checks papers; the app's\n"
	  "operator says which) can vouch for how old you are. request prints a text for it, by\n"
	  "its name, with --qr drawn as a code, too: it tells the service neither your account nor\n"
	  "your app, and nobody else can use it. What the service makes of it you hand in with\n"
	  "present, on the same device; with - it is read from standard input. From then on the\n"
	  "app goes by it: what is closed for that age is closed at once, nothing opens by itself;\n"
	  "up to it you may say to be older in `settings`. Alone, it says what the app goes by.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p kim age request school.example --qr\n"
	  "  undercroft -p kim age present age-statement.iAFu...\n"
	  "  undercroft -p kim age" },
	{ 0 },
};
/* clang-format on */
