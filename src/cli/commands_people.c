/* SPDX-License-Identifier: Apache-2.0 */
/* Contact requests, contacts, safety numbers, blocking. */
#include "cli/command.h"
#include "cli/print.h"

#include <stdio.h>
#include <string.h>

static int run_ask(struct cli *cli)
{
	char app[256];
	struct cli_asked whom = { .code = cli_option(cli, "--code") };
	bool by_invitation = !uc_invitation_app(cli->argv[0], app, sizeof app);
	int at = by_invitation ? 1 : 2;
	if (cli->argc < at || cli->argc > at + 1 || (by_invitation && whom.code)) {
		fputs("usage: undercroft ask APP IDENTIFIER [TEXT], or ask LINK [TEXT]\n", stderr);
		return CLI_USAGE;
	}
	if (by_invitation) {
		whom.link = cli->argv[0];
	} else {
		whom.app = cli->argv[0];
		whom.identifier = cli->argv[1];
	}
	return cli_ask(cli, &whom, cli->argc > at ? cli->argv[at] : "", cli_option(cli, "--say"),
		       cli_flag(cli, "--wait"));
}

struct listing {
	struct cli *cli;
	unsigned number;
	bool all;
	const struct uc_id *contact; /* whose other accounts are listed */
};

static bool list_request(void *ctx, const struct uc_request *r)
{
	struct listing *l = ctx;
	char app[64];
	l->number++;
	profile_app_short(r->app, app, sizeof app);
	if (l->all || r->state == UC_REQUEST_OPEN || r->state == UC_REQUEST_WAITING)
		print_request(l->cli->json, l->number, r, app);
	return true;
}

static int run_requests(struct cli *cli)
{
	struct listing l = { .cli = cli, .all = cli_flag(cli, "--all") };
	uc_err err = uc_requests(cli->client, list_request, &l);
	return err ? cli_fail(cli, err, "list requests") : CLI_OK;
}

enum { REQUEST_WAIT_MS = 10000 };

static int run_accept(struct cli *cli)
{
	struct uc_id id;
	struct ending w = { 0 };
	const char *say = cli_option(cli, "--say");
	bool stay = say || cli_flag(cli, "--wait");
	if (!cli_find_request(cli, cli->argv[0], REQUEST_WAIT_MS, &id))
		return CLI_FAILED;
	uc_err err = cli_finish(cli, uc_accept(cli->client, &id, &w.op), &w);
	if (!err && !stay)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	if (err)
		return cli_fail(cli, err, "accept");
	if (!cli->json)
		puts(stay ? "Accepted; waiting for them to come online. Ctrl-C ends that."
			  : "Accepted. The conversation opens when they come online.");
	fflush(stdout);
	return stay ? cli_stay(cli, &id, say, false) : CLI_OK;
}

static int run_decline(struct cli *cli)
{
	struct uc_id id;
	uc_op op = 0;
	bool blocks = cli_flag(cli, "--block");
	/* What was declined before can still be blocked. */
	if (!(blocks ? cli_find_came(cli, cli->argv[0], &id)
		     : cli_find_request(cli, cli->argv[0], 0, &id)))
		return CLI_FAILED;
	uc_err err = blocks ? uc_request_block(cli->client, &id, &op)
			    : uc_decline(cli->client, &id, &op);
	int status = cli_wait(cli, err, &op, blocks ? "block" : "decline");
	if (!status && !cli->json)
		puts(blocks ? "Declined and blocked. They are not told."
			    : "Declined. They are not told.");
	return status;
}

static int run_withdraw(struct cli *cli)
{
	struct uc_id id;
	uc_op op = 0;
	if (!cli_find_sent(cli, cli->argv[0], &id))
		return CLI_FAILED;
	int status = cli_wait(cli, uc_request_withdraw(cli->client, &id, &op), &op,
			      "take the request back");
	if (!status && !cli->json)
		puts("Taken back. They are not told; whoever accepts it now reaches nobody.");
	return status;
}

/* What else a contact is called: by a name that they are known by here, if they are. */
struct known_search {
	const struct uc_id *id;
	char name[256];
};

static bool known_each(void *ctx, const struct uc_contact *c)
{
	struct known_search *s = ctx;
	if (!view_equal(VIEW_OF(c->id.b), VIEW_OF(s->id->b)))
		return true;
	snprintf(s->name, sizeof s->name, "%s", c->name);
	return false;
}

static bool list_linked(void *ctx, const struct uc_linked *linked)
{
	const struct listing *l = ctx;
	struct known_search s = { .id = &linked->contact };
	char app[64];
	profile_app_short(linked->app, app, sizeof app);
	if (linked->has_contact && uc_contacts(l->cli->client, known_each, &s))
		return false;
	print_linked(l->cli->json, l->contact, linked, app, linked->has_contact ? s.name : NULL);
	return true;
}

static bool list_contact(void *ctx, const struct uc_contact *c)
{
	struct listing *l = ctx;
	char app[64];
	profile_app_short(c->app, app, sizeof app);
	print_contact(l->cli->json, c, app);
	struct listing linked = { .cli = l->cli, .contact = &c->id };
	return !uc_contact_links(l->cli->client, &c->id, list_linked, &linked);
}

static int run_contacts(struct cli *cli)
{
	struct listing l = { .cli = cli };
	uc_err err = uc_contacts(cli->client, list_contact, &l);
	return err ? cli_fail(cli, err, "list contacts") : CLI_OK;
}

/* A persona, or who is no contact. */
static int block_member(struct cli *cli, const char *room_name, bool blocked)
{
	struct uc_id room, member;
	if (!cli_find_room(cli, room_name, &room) ||
	    !cli_find_member(cli, &room, cli->argv[0], &member))
		return CLI_FAILED;
	uc_err err = uc_member_block(cli->client, &room, &member, blocked);
	if (err)
		return cli_fail(cli, err, "block a member");
	if (!cli->json)
		puts(blocked ? "Blocked. They are not told." : "No longer blocked.");
	return CLI_OK;
}

static int block(struct cli *cli, bool blocked)
{
	struct uc_id id;
	uc_op op = 0;
	if (cli_flag(cli, "--in"))
		return block_member(cli, cli_option(cli, "--in"), blocked);
	if (!cli_find_contact(cli, cli->argv[0], &id))
		return CLI_FAILED;
	int status = cli_wait(cli, uc_block(cli->client, &id, blocked, &op), &op,
			      blocked ? "block" : "unblock");
	if (!status && !cli->json)
		puts(blocked ? "Blocked. They are not told." : "No longer blocked.");
	return status;
}

static int run_block(struct cli *cli)
{
	return block(cli, true);
}

static int run_unblock(struct cli *cli)
{
	return block(cli, false);
}

static int run_safety(struct cli *cli)
{
	struct uc_id id;
	char number[UC_SAFETY_NUMBER_MAX];
	bool verified = cli_flag(cli, "--verified");
	if (!cli_find_contact(cli, cli->argv[0], &id))
		return CLI_FAILED;
	uc_err err = uc_safety_number(cli->client, &id, number);
	if (!err && verified)
		err = uc_contact_verified(cli->client, &id, true);
	if (err)
		return cli_fail(cli, err, "safety number");
	if (cli->json)
		print_json("safety_number", "contact", cli->argv[0], "number", number, NULL);
	else
		printf("%s\n%s\n", number,
		       verified ? "Marked as verified."
				: "Compare it with what the other one sees, face to face or on a "
				  "call.");
	return CLI_OK;
}

/* --- who may reach me --- */

struct word {
	const char *text;
	int value;
};
static const struct word ages[] = {
	{ "child", UC_AGE_CHILD }, { "13-15", UC_AGE_13_TO_15 },  { "16-17", UC_AGE_16_AND_17 },
	{ "adult", UC_AGE_ADULT }, { "unknown", UC_AGE_UNKNOWN }, { NULL, 0 },
};
static const struct word askers[] = {
	{ "anybody", UC_ASK_ANYBODY },
	{ "handed", UC_ASK_HANDED },
	{ "nobody", UC_ASK_NOBODY },
	{ NULL, 0 },
};
static const struct word adders[] = {
	{ "contacts", UC_ADD_CONTACTS },
	{ "nobody", UC_ADD_NOBODY },
	{ NULL, 0 },
};
static const struct word yes_no[] = { { "no", 0 }, { "yes", 1 }, { NULL, 0 } };

static const char *word_of(const struct word *words, int value)
{
	while (words->text && words->value != value)
		words++;
	return words->text ? words->text : "?";
}

/* Leaves *value alone when the option wasn't given; false after printing what it may be. */
static bool word_read(struct cli *cli, const char *option, const struct word *words, int *value)
{
	const char *given = cli_option(cli, option);
	if (!given)
		return true;
	for (const struct word *w = words; w->text; w++)
		if (!strcmp(w->text, given)) {
			*value = w->value;
			return true;
		}
	fprintf(stderr, "undercroft: %s is one of:", option);
	for (const struct word *w = words; w->text; w++)
		fprintf(stderr, " %s", w->text);
	fputc('\n', stderr);
	return false;
}

/* Of this account's devices alone: the app has no say in it, and does not learn it. */
static const struct own_setting {
	const char *option;
	struct word words[3];
	uc_err (*set)(uc_client *c, bool value);
} own_settings[] = {
	{ "--introduce", { { "self", 0 }, { "ask", 1 }, { NULL, 0 } }, uc_introduce_wait },
	{ "--not-introduced",
	  { { "show", 0 }, { "remove", 1 }, { NULL, 0 } },
	  uc_remove_not_introduced },
};
enum { INTRODUCE, NOT_INTRODUCED, OWN_SETTINGS };

static const char *own_word(struct cli *cli, int which)
{
	struct uc_account a = { .waits_to_introduce = false };
	if (uc_account_get(cli->client, &a))
		return "?";
	return word_of(own_settings[which].words,
		       which == INTRODUCE ? a.waits_to_introduce : a.removes_not_introduced);
}

static const struct own_setting *own_given(struct cli *cli)
{
	for (int i = 0; i < OWN_SETTINGS; i++)
		if (cli_flag(cli, own_settings[i].option))
			return &own_settings[i];
	return NULL;
}

static int own_set(struct cli *cli, const struct own_setting *s)
{
	int value = 0;
	if (cli->options_n > 1) {
		fprintf(stderr, "undercroft: %s is set alone\n", s->option);
		return CLI_USAGE;
	}
	if (!word_read(cli, s->option, s->words, &value))
		return CLI_USAGE;
	uc_err err = s->set(cli->client, value != 0);
	return err ? cli_fail(cli, err, "set that") : CLI_OK;
}

static void settings_print(struct cli *cli, const struct uc_settings *s)
{
	const char *age = word_of(ages, (int)s->age), *ask = word_of(askers, (int)s->ask);
	const char *add = word_of(adders, (int)s->add), *find = word_of(yes_no, s->find_by_name);
	char code[UC_CONTACT_CODE_MAX];
	if (uc_contact_code(cli->client, code))
		snprintf(code, sizeof code, "%s", s->has_code ? "set" : "none");
	if (cli->json) {
		print_json("settings", "said", s->said ? "yes" : "no", "age", age, "ask", ask,
			   "add", add, "find", find, "contact_code", code, "introduce",
			   own_word(cli, INTRODUCE), "not_introduced",
			   own_word(cli, NOT_INTRODUCED), NULL);
		return;
	}
	if (!s->said)
		puts("Nothing was said yet: the app's defaults hold.");
	else
		printf("age %s\nask %s\nadd %s\nfind %s\ncontact-code %s\n", age, ask, add, find,
		       code);
	printf("introduce %s\nnot-introduced %s\n", own_word(cli, INTRODUCE),
	       own_word(cli, NOT_INTRODUCED));
}

/* What is not said stays as it is; with another age, it is what that age begins with. */
static bool settings_read(struct cli *cli, struct uc_settings *s)
{
	int age = (int)s->age, ask, add, find;
	if (!word_read(cli, "--age", ages, &age))
		return false;
	if ((!s->said || age != (int)s->age) &&
	    uc_settings_default(cli->client, (enum uc_age)age, s))
		return false;
	ask = (int)s->ask;
	add = (int)s->add;
	find = s->find_by_name;
	if (!word_read(cli, "--ask", askers, &ask) || !word_read(cli, "--add", adders, &add) ||
	    !word_read(cli, "--find", yes_no, &find))
		return false;
	s->ask = (enum uc_may_ask)ask;
	s->add = (enum uc_may_add)add;
	s->find_by_name = find != 0;
	return true;
}

static const struct word codes[] = { { "none", 0 }, { "new", 1 }, { NULL, 0 } };

/* The others first: a code is of no use to whom the rules let nobody find. */
static int settings_set(struct cli *cli, const struct uc_settings *s, bool has_code)
{
	uc_op op = 0;
	int wanted = 0, status = CLI_OK;
	if (!word_read(cli, "--contact-code", codes, &wanted))
		return CLI_USAGE;
	if (cli->options_n > has_code)
		status = cli_wait(cli, uc_settings_set(cli->client, s, &op), &op, "set that");
	if (!status && has_code)
		status = cli_wait(cli, uc_contact_code_set(cli->client, wanted != 0, &op), &op,
				  s->said || cli->options_n > 1 ? "set that"
								: "say --age first; set that");
	return status;
}

static int run_settings(struct cli *cli)
{
	struct uc_settings s;
	const struct own_setting *own = own_given(cli);
	int status = own ? own_set(cli, own) : CLI_OK;
	if (status)
		return status;
	uc_err err = uc_settings_get(cli->client, &s);
	if (err)
		return cli_fail(cli, err, "read the settings");
	if (!cli->options_n || own) {
		settings_print(cli, &s);
		return CLI_OK;
	}
	if (!settings_read(cli, &s))
		return CLI_USAGE;
	status = settings_set(cli, &s, cli_flag(cli, "--contact-code"));
	if (!status && !uc_settings_get(cli->client, &s))
		settings_print(cli, &s);
	return status;
}

/* clang-format off */
const struct command commands_people[] = {
	{ "ask", NEEDS_SIGN_IN, 1, 3, run_ask,
	  "APP IDENTIFIER [TEXT] [--code CODE] [--say TEXT | --wait]\n"
	  "       undercroft ask LINK [TEXT] [--say TEXT | --wait]",
	  "--code= --say= --wait",
	  "ask somebody on any app to be a contact",
	  "Looks the number, handle or address up on APP, a name in the apps file or an app's\n"
	  "domain, and sends a sealed contact request with at most 140 characters of text; or asks\n"
	  "whoever made LINK. CODE is the contact code they gave you, if they have set one. You\n"
	  "hear of it again only if they accept. --wait stays until then; --say also sends them\n"
	  "TEXT and stays until they have written. Ctrl-C ends the waiting, not the request.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa ask lens tom \"Hello Tom, it's Rosa\"\n"
	  "  undercroft -p rosa ask lens tom --code 7KQX-M0RA\n"
	  "  undercroft -p tom ask plaza uwe@example.org --say \"Are the beans up?\"" },
	{ "requests", NEEDS_TRY, 0, 0, run_requests,
	  "[--all]",
	  "--all",
	  "list contact requests",
	  "Lists open requests with their numbers, and those that wait for a guardian's word;\n"
	  "--all also those answered.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p tom requests" },
	{ "accept", NEEDS_SIGN_IN, 1, 1, run_accept,
	  "REQUEST [--say TEXT | --wait]",
	  "--say= --wait",
	  "accept a contact request",
	  "REQUEST is its number in `requests` or the asker's name; one that hasn't arrived yet\n"
	  "is waited for, ten seconds. The conversation opens when the asker's device is online:\n"
	  "--wait stays until then, --say also sends TEXT.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p tom accept Rosa\n"
	  "  undercroft -p tom accept 1 --say \"Hello Rosa\"" },
	{ "decline", NEEDS_SIGN_IN, 1, 1, run_decline,
	  "REQUEST [--block]",
	  "--block",
	  "decline a contact request",
	  "Nothing is told to the one who asked. --block hides all that comes from them, too, as\n"
	  "block does of a contact, also after it was declined; contacts lists them, unblock NAME\n"
	  "undoes it, and makes them no contact. requests --all numbers those of before, too.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p tom decline 1\n"
	  "  undercroft -p tom decline Rosa --block" },
	{ "withdraw", NEEDS_SIGN_IN, 1, 1, run_withdraw,
	  "REQUEST",
	  "",
	  "take back a request that you have sent",
	  "REQUEST is its number in `requests`, or whom it is for. Who accepts it from now on\n"
	  "reaches nobody, and is told nothing; what has not left your app is not sent. Who has\n"
	  "read it has read it. It is taken back on the device that has written it.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa withdraw 2" },
	{ "contacts", NEEDS_TRY, 0, 0, run_contacts,
	  "",
	  "",
	  "list contacts",
	  "Lists people you are in contact with, and on which app they are; then who is none and\n"
	  "was blocked for what they asked.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa contacts --json" },
	{ "block", NEEDS_SIGN_IN, 1, 1, run_block,
	  "CONTACT | MEMBER --in ROOM",
	  "--in=",
	  "block a contact, or somebody in a group",
	  "Takes back what lets them add you to groups, leaves the direct conversation, hides what\n"
	  "they send, tells them nothing. Accounts that they have shown to be theirs, or show\n"
	  "later, are blocked with it; so are letters of whoever has the same number, handle or\n"
	  "address on your app, by another account. A MEMBER is somebody in a group who is no\n"
	  "contact, and blocked in the same way; but of a persona, what it writes in that room from\n"
	  "then on is hidden, and nothing else: nobody knows who it is.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p tom block Rosa\n"
	  "  undercroft -p tom block Moth --in \"Night owls\"" },
	{ "unblock", NEEDS_SIGN_IN, 1, 1, run_unblock,
	  "CONTACT | MEMBER --in ROOM",
	  "--in=",
	  "undo block",
	  "They can be written to again, and ask again.  Within hours the conversation goes on,\n"
	  "later it is a new one. Who was no contact is none then either.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p tom unblock Rosa" },
	{ "safety", NEEDS_STORE, 1, 1, run_safety,
	  "CONTACT [--verified]",
	  "--verified",
	  "show the safety number with a contact",
	  "Sixty digits that are the same for both of you, and differ when somebody sits between.\n"
	  "--verified remembers that you have compared them.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa safety Tom" },
	{ "settings", NEEDS_SIGN_IN, 0, 0, run_settings,
	  "[--age AGE] [--ask WHO] [--add WHO] [--find YES-OR-NO] [--contact-code new|none]\n"
	  "       undercroft settings --introduce self|ask\n"
	  "       undercroft settings --not-introduced show|remove",
	  "--age= --ask= --add= --find= --contact-code= --introduce= --not-introduced=",
	  "show or set who may reach you",
	  "Your device signs them, and says so if the app shows others. AGE is child (below\n"
	  "13), 13-15, 16-17, adult or unknown; with another one, all else becomes what that\n"
	  "age begins with. Who may ask: anybody whom the rules let, handed (only who got a\n"
	  "link or code from you), nobody. Who may add you to groups: contacts, nobody. --find:\n"
	  "do people find you by your exact number, handle or address? By an e-mail address it\n"
	  "begins with no. Below 18 nobody becomes older again, and below 16 nothing is opened. --contact-code new makes a code, in the\n"
	  "place of the one before: you are found only by who gives it with your name, as in\n"
	  "`ask --code`; for all others there is nobody. --introduce, which stays on this device:\n"
	  "in groups that others bring you into, do you show at once who you are, or does it ask,\n"
	  "that is, wait for `introduce`? --not-introduced, likewise: who writes in a group, and\n"
	  "has not said who they are an hour after being asked, is taken out where you may do so,\n"
	  "and hidden where not (remove), or shown as not introduced (show).\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa settings --age adult\n"
	  "  undercroft -p rosa settings --ask handed --find no\n"
	  "  undercroft -p tom settings --contact-code new\n"
	  "  undercroft -p rosa settings --not-introduced remove" },
	{ 0 },
};
/* clang-format on */
