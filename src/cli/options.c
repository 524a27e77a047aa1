/* SPDX-License-Identifier: Apache-2.0 */
/* A subcommand's arguments told apart: options, which may stand anywhere before "--", and the
 * rest. */
#include "cli/command.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* 0: not among the command's options; 1: a flag; 2: with a value. */
static int option_kind(const struct command *c, const char *name)
{
	struct view rest = view_str(c->options), word;
	while (rest.p) {
		rest = view_cut(rest, ' ', &word);
		bool valued = word.n && word.p[word.n - 1] == '=';
		if (view_equal(view_slice(word, 0, word.n - valued), view_str(name)))
			return valued ? 2 : 1;
	}
	return 0;
}

static bool option_take(struct cli *cli, const struct command *c, int *at)
{
	const char *name = cli->argv[*at];
	int kind = option_kind(c, name);
	bool missing = kind == 2 && *at + 1 >= cli->argc;
	if (!kind || missing || cli->options_n == CLI_OPTIONS_MAX) {
		fprintf(stderr, "undercroft: %s %s %s\n", missing ? name : c->name,
			missing ? "needs" : "does not know", missing ? "a value" : name);
		return false;
	}
	struct cli_option_given *o = &cli->options[cli->options_n++];
	o->name = name;
	o->value = kind == 2 ? cli->argv[++*at] : "";
	return true;
}

bool cli_arguments_read(struct cli *cli, const struct command *c)
{
	int n = 0;
	bool options = true;
	for (int i = 0; i < cli->argc; i++) {
		bool dashes = options && strncmp(cli->argv[i], "--", 2) == 0;
		if (dashes && !cli->argv[i][2])
			options = false;
		else if (dashes && !option_take(cli, c, &i))
			return false;
		else if (!dashes)
			cli->argv[n++] = cli->argv[i];
	}
	cli->argc = n;
	if (n >= c->args_min && (c->args_max < 0 || n <= c->args_max))
		return true;
	fprintf(stderr, "usage: undercroft [-p PROFILE] [--json] %s %s\n", c->name, c->arguments);
	return false;
}

const char *cli_option(const struct cli *cli, const char *name)
{
	for (int i = 0; i < cli->options_n; i++)
		if (strcmp(cli->options[i].name, name) == 0)
			return cli->options[i].value;
	return NULL;
}

bool cli_flag(const struct cli *cli, const char *name)
{
	return cli_option(cli, name) != NULL;
}

bool cli_option_number(const struct cli *cli, const char *name, uint64_t *value)
{
	const char *text = cli_option(cli, name);
	uint64_t n = 0;
	if (!text)
		return true;
	if (decimal_read(view_str(text), &n) || n > 100000000) {
		fprintf(stderr, "undercroft: %s needs a number\n", name);
		return false;
	}
	*value = n;
	return true;
}
