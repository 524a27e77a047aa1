/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal client's subcommands: one table row each. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/link.h"
#include "cli/profile.h"

#include "base/view.h"

#include <stdbool.h>
#include <stdio.h>

/* Exit statuses. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_OFFLINE = 3 };

enum {
	CLI_CONNECT_MS = 10000,
	CLI_SETTLE_MS = 20000,
	CLI_OPERATION_MS = 60000,
	CLI_STAY_MS = 600000, /* --wait and --say */
	CLI_JOIN_MS = 620000, /* a code of a further device, and a little more */
	CLI_OPTIONS_MAX = 16,
};

struct cli_option_given {
	const char *name, *value;
};

/* What a subcommand works with. */
struct cli {
	struct profile profile;
	struct link *link; /* NULL for commands that need no connection */
	uc_client *client;
	bool json;
	bool offline; /* NEEDS_TRY: the app could not be reached */
	int argc;     /* arguments after the subcommand's name, without options */
	char **argv;
	struct cli_option_given options[CLI_OPTIONS_MAX];
	int options_n;
};

enum needs {
	NEEDS_APP,     /* opens the profile's store itself, made for an app if need be */
	NEEDS_STORE,   /* an account; answers from the store alone */
	NEEDS_TRY,     /* an account; receives all that waits, if the app is reached */
	NEEDS_SIGN_IN, /* an account and the connection, all that waits received first */
};

struct command {
	const char *name;
	enum needs needs;
	int args_min, args_max; /* -1: any number */
	int (*run)(struct cli *cli);
	const char *arguments; /* for the usage line */
	const char *options;   /* those it takes, by spaces; "--name=" has a value */
	const char *summary;
	const char *help; /* what it does, then examples */
};

extern const struct command commands_account[], commands_profile[], commands_devices[],
	commands_people[], commands_find[], commands_invitations[], commands_same_person[],
	commands_guardian[], commands_ages[], commands_rooms[], commands_messages[],
	commands_files[], commands_reach[], commands_own_data[];

static inline bool cli_id_equal(const struct uc_id *a, const struct uc_id *b)
{
	return view_equal(VIEW_OF(a->b), VIEW_OF(b->b));
}

/* What has happened to the list of devices and was not seen yet (commands_devices.c). */
unsigned cli_device_changes(struct cli *cli);

/* One's own picture and those of contacts, a JSON line each. */
uc_err cli_pictures_export(struct cli *cli);
/* `send --file` (commands_files.c).  Returns an exit status. */
int cli_send_file(struct cli *cli, const struct uc_id *room, const char *path);

/* Opens a profile that is to get an account on that app, and connects.  False after printing. */
bool cli_open_new(struct cli *cli, const char *app);

/* --- options.c --- */

/* Tells options from arguments; both must be as the table says.  False after printing. */
bool cli_arguments_read(struct cli *cli, const struct command *command);
/* NULL when it wasn't given. */
const char *cli_option(const struct cli *cli, const char *name);
bool cli_flag(const struct cli *cli, const char *name);
/* Leaves *value alone when it wasn't given.  False after printing that it is no number. */
bool cli_option_number(const struct cli *cli, const char *name, uint64_t *value);

/* --- saying things --- */

/* An error in a sentence, on standard error (and as a JSON line with --json).  Returns CLI_FAILED. */
int cli_fail(struct cli *cli, uc_err err, const char *what);
/* The same for a connection that wasn't made.  Returns CLI_OFFLINE. */
int cli_fail_offline(struct cli *cli, uc_err err);

/* How an operation ended. */
struct ending {
	uc_op op;
	bool done;
	uc_err err;
	char text[1024]; /* may hold a recovery key: to be wiped */
	bool has_request, has_room;
	struct uc_id request, room;
};
/* Runs until it has, or fails; prints nothing. */
uc_err cli_finish(struct cli *cli, uc_err started, struct ending *w);
uc_err cli_finish_within(struct cli *cli, uc_err started, struct ending *w, uint64_t limit_ms);
/* Waits for the operation and for what follows from it; prints its failure.  Returns an exit
 * status. */
int cli_wait(struct cli *cli, uc_err started, const uc_op *op, const char *what);

/* --- conversations (talk.c) --- */

/* Stays until the request is accepted and its conversation open, with `say` (or NULL) sent to it
 * and, when `answer`, until they have written (otherwise their first words, if they come at once,
 * are let come first); shows what happens meanwhile. */
int cli_stay(struct cli *cli, const struct uc_id *request, const char *say, bool answer);
/* Who is asked, and how they were come by. */
struct cli_asked {
	const char *link;             /* or NULL, and then: */
	const char *app, *identifier; /* as typed */
	const char *code;             /* contact code, or NULL */
};
/* Asks, then stays if told to: with a text to say, or to wait. */
int cli_ask(struct cli *cli, const struct cli_asked *whom, const char *text, const char *say,
	    bool wait);
/* A room's name, for lists over several of them, or NULL; lives until the next call. */
const char *cli_room_name(struct cli *cli, const struct uc_id *room);

/* --- finding things by what a person types --- */

/* A contact by name, or by APP:NAME where names clash, or by the start of its id in hex. */
bool cli_find_contact(struct cli *cli, const char *text, struct uc_id *out);
/* A room by name, by its number in `rooms`, or a contact's direct room. */
bool cli_find_room(struct cli *cli, const char *text, struct uc_id *out);
/* The same; a contact without a direct room gets one. */
bool cli_find_or_open_room(struct cli *cli, const char *text, struct uc_id *out);
/* Who leaves that group would leave others behind without an owner. */
bool cli_is_last_owner(struct cli *cli, const struct uc_id *room);
bool cli_find_member(struct cli *cli, const struct uc_id *room, const char *text,
		     struct uc_id *out);
/* An open incoming request by its number in `requests` or the asker's name; waits for one to
 * arrive. */
bool cli_find_request(struct cli *cli, const char *text, uint64_t limit_ms, struct uc_id *out);
/* One of one's own that waits, by its number in `requests` or whom it is for. */
bool cli_find_sent(struct cli *cli, const char *text, struct uc_id *out);
/* One that came in, answered or not. */
bool cli_find_came(struct cli *cli, const char *text, struct uc_id *out);

#endif
