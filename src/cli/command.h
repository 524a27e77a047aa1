/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal client's subcommands: one table row each. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/link.h"
#include "cli/profile.h"

#include <stdbool.h>
#include <stdio.h>

/* Exit statuses. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_OFFLINE = 3 };

/* What a subcommand works with. */
struct cli {
	struct profile profile;
	struct link *link; /* NULL for commands that need no connection */
	uc_client *client;
	bool json;
	int argc; /* arguments after the subcommand's name */
	char **argv;
};

enum needs {
	NEEDS_NOTHING,
	NEEDS_APP,     /* opens the profile's store, made for this app if need be */
	NEEDS_STORE,   /* an account; answers from the store alone */
	NEEDS_SIGN_IN, /* an account and the connection, all that waits received first */
};

struct command {
	const char *name;
	enum needs needs;
	int args_min, args_max; /* -1: any number */
	int (*run)(struct cli *cli);
	const char *arguments; /* for the usage line */
	const char *summary;
	const char *help; /* what it does, then examples */
};

extern const struct command commands_account[], commands_people[], commands_rooms[],
	commands_messages[];

/* --- options of a subcommand: "--name VALUE" or a bare "--flag" --- */

/* Removes the option from the arguments; NULL when it isn't there.  Exits on a missing value. */
const char *cli_option(struct cli *cli, const char *name);
bool cli_flag(struct cli *cli, const char *name);
/* Refuses options nobody took.  False after printing. */
bool cli_arguments_done(struct cli *cli, const struct command *command);

/* --- saying things --- */

/* An error in a sentence, on standard error (and as a JSON line with --json).  Returns CLI_FAILED. */
int cli_fail(struct cli *cli, uc_err err, const char *what);

/* Waits for the operation; prints its failure.  Returns an exit status. */
int cli_wait(struct cli *cli, uc_err started, uc_op op, const char *what);

/* --- finding things by what a person types --- */

/* A contact by name, or by APP:NAME where names clash, or by the start of its id in hex. */
bool cli_find_contact(struct cli *cli, const char *text, struct uc_id *out);
/* A room by name, by its number in `rooms`, or a contact's direct room. */
bool cli_find_room(struct cli *cli, const char *text, struct uc_id *out);
bool cli_find_member(struct cli *cli, const struct uc_id *room, const char *text,
		     struct uc_id *out);
/* An open incoming request by its number in `requests` or the asker's name. */
bool cli_find_request(struct cli *cli, const char *text, struct uc_id *out);

#endif
