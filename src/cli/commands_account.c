/* SPDX-License-Identifier: Apache-2.0 */
/* The account: sign-up, recovery, its name. */
#include "cli/command.h"
#include "cli/print.h"

#include "base/secret.h"
#include "client/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CODE_WAIT_MS = 10000, CODE_MAX = 32 };

bool cli_open_new(struct cli *cli, const char *app)
{
	struct uc_account a;
	if (!profile_bind(&cli->profile, app, cli_flag(cli, "--passphrase")) ||
	    !link_open(&cli->profile, &cli->link) || !profile_keep(&cli->profile))
		return false;
	cli->client = link_client(cli->link);
	uc_err err = uc_account_get(cli->client, &a);
	if (!err && a.state == UC_ACCOUNT) {
		fprintf(stderr,
			"undercroft: profile %s has an account on %s already; choose "
			"another with -p\n",
			cli->profile.name, cli->profile.app);
		return false;
	}
	if (!err)
		err = link_connect(cli->link, 0, CLI_CONNECT_MS);
	if (err)
		cli_fail_offline(cli, err);
	return !err;
}

/* --- codes --- */

/* The last code for somebody in a file of lines "TIME IDENTIFIER CODE", as a local installation
 * writes it, and how many there are. */
static unsigned code_in_file(const char *path, const char *identifier, char out[CODE_MAX])
{
	char line[1024], to[512], code[CODE_MAX];
	unsigned n = 0;
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "%*s %511s %31s", to, code) == 2 && strcmp(to, identifier) == 0) {
			snprintf(out, CODE_MAX, "%s", code);
			n++;
		}
	fclose(f);
	return n;
}

struct code_wait {
	const char *path, *identifier;
	unsigned before; /* codes that lay there already */
	char code[CODE_MAX];
};

static bool code_is_there(void *ctx)
{
	struct code_wait *w = ctx;
	return code_in_file(w->path, w->identifier, w->code) > w->before;
}

static bool ask_for_code(char out[CODE_MAX])
{
	fputs("Code: ", stderr);
	fflush(stderr);
	if (!fgets(out, CODE_MAX, stdin))
		return false;
	out[strcspn(out, " \r\n")] = '\0';
	return out[0] != '\0';
}

/* A code given, or a fresh one: from the file a local installation writes, or the person. */
static bool get_code(struct cli *cli, const char *identifier, char out[CODE_MAX])
{
	const char *given = cli_option(cli, "--code"), *file = cli_option(cli, "--code-file");
	struct code_wait w = { file ? file : cli->profile.codes_file, identifier, 0, "" };
	struct ending e = { 0 };
	if (given) {
		snprintf(out, CODE_MAX, "%s", given);
		return true;
	}
	if (*w.path)
		w.before = code_in_file(w.path, identifier, w.code);
	uc_err err = cli_finish(cli, uc_request_code(cli->client, identifier, &e.op), &e);
	if (err) {
		cli_fail(cli, err, "ask for a code");
		return false;
	}
	if (!*w.path)
		return ask_for_code(out);
	err = link_run_looking(cli->link, code_is_there, &w, CODE_WAIT_MS);
	if (err) {
		fprintf(stderr, "undercroft: no code for %s arrived in %s\n", identifier, w.path);
		return false;
	}
	if (!cli->json)
		printf("The code sent to %s is %s (found in %s).\n", identifier, w.code, w.path);
	memcpy(out, w.code, CODE_MAX);
	return true;
}

static int run_code(struct cli *cli)
{
	struct ending w = { 0 };
	if (!cli_open_new(cli, cli->argv[0]))
		return CLI_FAILED;
	uc_err err = cli_finish(cli, uc_request_code(cli->client, cli->argv[1], &w.op), &w);
	if (err)
		return cli_fail(cli, err, "ask for a code");
	if (!cli->json)
		printf("A code is on its way to %s; sign up with --code.\n", cli->argv[1]);
	return CLI_OK;
}

/* --- sign-up and recovery --- */

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
		bool last = ++n % 6 == 0;
		printf("%s%2d %-*.*s%s", n % 6 == 1 ? "  " : " ", n, last ? 0 : 9, (int)length, w,
		       last ? "\n" : "");
		w += length + (w[length] == ' ');
	}
	if (n % 6)
		putchar('\n');
	putchar('\n');
}

/* The words are forgotten here only once they are out. */
static uc_err hand_out_words(struct cli *cli, const char *words)
{
	show_words(cli, words);
	return fflush(stdout) ? UC_E_IO : uc_recovery_confirmed(cli->client);
}

static bool has_account(void *ctx)
{
	struct uc_account a;
	return uc_account_get(((struct cli *)ctx)->client, &a) ||
	       (a.state != UC_NO_ACCOUNT && a.state != UC_ACCOUNT_JOINING);
}

/* A sign-up that was interrupted goes on by itself; its words are still there. */
static uc_err sign_up_again(struct cli *cli)
{
	char words[1024];
	TRY(link_run_looking(cli->link, has_account, cli, CLI_CONNECT_MS));
	uc_err err = uc_recovery_words(cli->client, words, sizeof words);
	if (!err)
		err = hand_out_words(cli, words);
	wipe(words, sizeof words);
	return err;
}

static uc_err sign_up(struct cli *cli, const char *identifier, const char *code, const char *name)
{
	struct ending w = { 0 };
	uc_err err = cli_finish(cli, uc_sign_up(cli->client, identifier, code, name, &w.op), &w);
	if (!err)
		err = hand_out_words(cli, w.text);
	wipe(w.text, sizeof w.text);
	if (err == UC_E_EXISTS)
		err = sign_up_again(cli);
	return err ? err : link_settle(cli->link, CLI_SETTLE_MS);
}

static int ask_at_once(struct cli *cli)
{
	char app[64];
	const char *whom = cli_option(cli, "--ask"), *text = cli_option(cli, "--text");
	const char *colon = whom ? strchr(whom, ':') : NULL;
	if (!whom)
		return CLI_OK;
	if (!colon || (size_t)(colon - whom) >= sizeof app) {
		fputs("undercroft: --ask wants APP:IDENTIFIER, as in lens:tom\n", stderr);
		return CLI_USAGE;
	}
	snprintf(app, sizeof app, "%.*s", (int)(colon - whom), whom);
	const struct cli_asked asked = { .app = app, .identifier = colon + 1 };
	return cli_ask(cli, &asked, text ? text : "", cli_option(cli, "--say"),
		       cli_flag(cli, "--wait"));
}

static int run_sign_up(struct cli *cli)
{
	const char *name = cli_option(cli, "--name");
	const char *app = cli->argv[0], *identifier = cli->argv[1];
	char code[CODE_MAX] = "";
	struct uc_account a;
	if (!cli_open_new(cli, app))
		return CLI_FAILED;
	uc_err err = uc_account_get(cli->client, &a);
	if (err)
		return cli_fail(cli, err, "sign up");
	bool is_none = a.state == UC_NO_ACCOUNT || a.state == UC_ACCOUNT_JOINING;
	bool coded = is_none && a.names != UC_NAME_HANDLE;
	if (coded && !get_code(cli, identifier, code))
		return CLI_FAILED;
	err = sign_up(cli, identifier, coded ? code : NULL, name ? name : identifier);
	if (err)
		return cli_fail(cli, err, "sign up");
	if (cli->json)
		print_json("signed_up", "app", cli->profile.app, "identifier", identifier, NULL);
	else
		printf("Signed up on %s as %s.\n", cli->profile.app, identifier);
	fflush(stdout);
	return ask_at_once(cli);
}

/* Whether they are such words; if not, says which one is none. */
static bool words_fit(struct cli *cli, const char *words)
{
	uint8_t entropy[WORDS_ENTROPY];
	char what[64] = "recover: these words do not belong together in this order";
	int bad = 0;
	uc_err err = words_decode(view_str(words), entropy, &bad);
	wipe(entropy, sizeof entropy);
	if (err == UC_E_MALFORMED && bad)
		snprintf(what, sizeof what, "recover: word %d is missing or mistyped", bad);
	else if (err == UC_E_MALFORMED)
		snprintf(what, sizeof what, "recover: there are more than %d words", WORDS_COUNT);
	if (err)
		cli_fail(cli, err, what);
	return !err;
}

/* What has come back. */
struct returned {
	unsigned contacts, blocked, rooms, lost;
};

static bool count_contact(void *ctx, const struct uc_contact *k)
{
	struct returned *n = ctx;
	n->contacts += !k->blocked;
	n->blocked += k->blocked;
	return true;
}

static bool count_room(void *ctx, const struct uc_room *r)
{
	struct returned *n = ctx;
	bool lost = r->state == UC_ROOM_LEFT;
	n->rooms += !lost;
	n->lost += lost;
	return true;
}

static int recovered_tell(struct cli *cli)
{
	struct returned n = { 0 };
	char contacts[16], blocked[16], rooms[16], lost[16];
	uc_err err = uc_contacts(cli->client, count_contact, &n);
	if (!err)
		err = uc_rooms(cli->client, count_room, &n);
	if (err)
		return cli_fail(cli, err, "recover");
	snprintf(contacts, sizeof contacts, "%u", n.contacts);
	snprintf(blocked, sizeof blocked, "%u", n.blocked);
	snprintf(rooms, sizeof rooms, "%u", n.rooms);
	snprintf(lost, sizeof lost, "%u", n.lost);
	if (cli->json) {
		print_json("recovered", "app", cli->profile.app, "contacts", contacts, "blocked",
			   blocked, "rooms", rooms, "rooms_lost", lost, NULL);
		return CLI_OK;
	}
	puts("The account is back on this device; all its earlier devices have ended.");
	printf("Back with it: contacts: %s, blocked: %s, rooms: %s.\n", contacts, blocked, rooms);
	if (n.lost)
		printf("Rooms that cannot be come back into: %s.\n", lost);
	puts("What was said in the rooms before is not on this device.");
	return CLI_OK;
}

static int run_recover(struct cli *cli)
{
	char words[1024];
	const char *name = cli_option(cli, "--name");
	struct ending w = { 0 };
	if (!cli_open_new(cli, cli->argv[0]))
		return CLI_FAILED;
	if (isatty(STDIN_FILENO))
		fputs("Recovery key (24 words, then Enter):\n", stderr);
	setvbuf(stdin, NULL, _IONBF, 0); /* no buffer keeps the words */
	if (!fgets(words, sizeof words, stdin))
		return CLI_USAGE;
	words[strcspn(words, "\r\n")] = '\0';
	if (!words_fit(cli, words)) {
		wipe(words, sizeof words);
		return CLI_FAILED;
	}
	uc_err err = cli_finish(
		cli, uc_recover(cli->client, words, name ? name : cli->profile.name, &w.op), &w);
	wipe(words, sizeof words);
	wipe(w.text, sizeof w.text);
	/* One that was interrupted has gone on by itself as soon as there was a connection. */
	struct uc_account a;
	if (err == UC_E_EXISTS && !uc_account_get(cli->client, &a) && a.state == UC_ACCOUNT)
		err = UC_OK;
	if (!err)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	if (err)
		return cli_fail(cli, err, "recover");
	return recovered_tell(cli);
}

/* --- the vault --- */

static void vault_print(const struct uc_vault *v)
{
	if (!v->can_store) {
		puts("What the account needs after a recovery is not kept from this device.");
		return;
	}
	if (!v->stored_ms) {
		puts("What the account needs after a recovery was not stored from here yet.");
		return;
	}
	fputs("What the account needs after a recovery was last stored ", stdout);
	print_time(stdout, v->stored_ms);
	puts(v->waits ? ", and is looked at again soon." : ".");
}

static int run_vault(struct cli *cli)
{
	struct uc_vault v;
	char when[32];
	uc_err err;
	if (cli_flag(cli, "--store")) {
		uc_op op = 0;
		int status =
			cli_wait(cli, uc_vault_store(cli->client, &op), &op, "store the vault");
		if (status)
			return status;
	}
	err = uc_vault_get(cli->client, &v);
	if (err)
		return cli_fail(cli, err, "vault");
	snprintf(when, sizeof when, "%" PRIu64, v.stored_ms);
	if (cli->json) {
		print_json("vault", "stored_ms", when, "waits", v.waits ? "yes" : "no", "kept",
			   v.can_store ? "yes" : "no", NULL);
		return CLI_OK;
	}
	vault_print(&v);
	return CLI_OK;
}

static int run_recovery_key(struct cli *cli)
{
	char words[1024];
	uc_err err = uc_recovery_words(cli->client, words, sizeof words);
	if (!err)
		err = hand_out_words(cli, words);
	wipe(words, sizeof words);
	return err ? cli_fail(cli, err, "the recovery key was shown before and is not kept here")
		   : CLI_OK;
}

static int run_account(struct cli *cli)
{
	struct uc_account a;
	char devices[16];
	uc_err err = uc_account_get(cli->client, &a);
	if (err)
		return cli_fail(cli, err, "account");
	snprintf(devices, sizeof devices, "%u", a.devices);
	if (cli->json) {
		print_json("account", "app", cli->profile.app, "identifier", a.identifier, "name",
			   a.profile_name, "about", a.about, "picture", a.picture ? "yes" : "no",
			   "state",
			   a.state == UC_ACCOUNT           ? "open"
			   : a.state == UC_ACCOUNT_DELETED ? "deleted"
							   : "gone",
			   "devices", devices, NULL);
		return CLI_OK;
	}
	print_text(stdout, a.profile_name);
	printf(", %s on %s%s\n", a.identifier[0] ? a.identifier : "recovered", cli->profile.app,
	       a.state == UC_ACCOUNT
		       ? ""
		       : ": this device is no longer listed, or the account is deleted");
	if (!a.recovery_confirmed)
		puts("Its recovery key was not shown yet: undercroft recovery-key");
	struct uc_vault v;
	err = uc_vault_get(cli->client, &v);
	if (err)
		return cli_fail(cli, err, "account");
	vault_print(&v);
	return CLI_OK;
}

static int run_change_identifier(struct cli *cli)
{
	struct uc_account a;
	char code[CODE_MAX] = "";
	uc_op op = 0;
	uc_err err = uc_account_get(cli->client, &a);
	if (err)
		return cli_fail(cli, err, "read the account");
	if (a.names != UC_NAME_HANDLE && !get_code(cli, cli->argv[0], code))
		return CLI_FAILED;
	int status = cli_wait(cli, uc_account_rename(cli->client, cli->argv[0], code, &op), &op,
			      "change the name");
	if (!status && !cli->json)
		printf("You are found as %s from now on.\n", cli->argv[0]);
	return status;
}

/* clang-format off */
const struct command commands_account[] = {
	{ "sign-up", NEEDS_APP, 2, 2, run_sign_up,
	  "APP IDENTIFIER [--name NAME] [--code CODE | --code-file FILE] [--passphrase]\n"
	  "           [--ask APP:IDENTIFIER [--text TEXT] [--say TEXT | --wait]]",
	  "--name= --code= --code-file= --passphrase --ask= --text= --say= --wait",
	  "get an account on an app",
	  "APP is a name in the apps file. IDENTIFIER is a number in international form, a\n"
	  "handle (2 to 30 letters, digits and single . _ -), or an e-mail address, as the\n"
	  "app wants. A number or address gets a code, which is asked for; of a local\n"
	  "installation it is read from the file its codes go to. NAME is what contacts see.\n"
	  "Prints the recovery key, once. With --passphrase the profile's store opens by a\n"
	  "passphrase (asked for, or UNDERCROFT_PASSPHRASE) instead of a key file. --ask sends\n"
	  "a contact request at once; --text, --say and --wait are as in `ask`.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p tom sign-up lens tom --name Tom\n"
	  "  undercroft -p rosa sign-up dial +4915112345678 --name Rosa --ask lens:tom\n"
	  "  undercroft -p uwe sign-up plaza uwe@example.org --name Uwe --code 12345678" },
	{ "code", NEEDS_APP, 2, 2, run_code,
	  "APP IDENTIFIER",
	  "",
	  "ask for a sign-up code",
	  "For when it cannot be typed into sign-up itself.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p uwe code plaza uwe@example.org\n"
	  "  undercroft -p uwe sign-up plaza uwe@example.org --code 12345678" },
	{ "recover", NEEDS_APP, 1, 1, run_recover,
	  "APP [--name NAME] [--passphrase]",
	  "--name= --passphrase",
	  "take an account up again with its recovery key",
	  "Reads the 24 words from standard input. The account keeps its identity and name; all\n"
	  "its earlier devices end. Contacts, blocks, rooms, guardians, wards and linked accounts\n"
	  "come back as they last were in the account's vault (see `vault`); what was said in the\n"
	  "rooms does not, and invitations have ended.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa2 recover dial --name Rosa < words" },
	{ "vault", NEEDS_TRY, 0, 0, run_vault,
	  "[--store]",
	  "--store",
	  "when what a recovery brings back was stored",
	  "Contacts, blocks, rooms and the like are kept at the app, sealed: only the recovery\n"
	  "key and the account's devices open it. It is stored by itself, some minutes after\n"
	  "something has changed, while a client runs; with --store now.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa vault --store" },
	{ "recovery-key", NEEDS_STORE, 0, 0, run_recovery_key,
	  "",
	  "",
	  "show the recovery key, if it wasn't yet",
	  "Only needed when the sign-up was interrupted before it showed the words.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa recovery-key" },
	{ "account", NEEDS_STORE, 0, 0, run_account,
	  "",
	  "",
	  "show the account of this profile",
	  "Answers from what is stored here.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa account" },
	{ "change-identifier", NEEDS_SIGN_IN, 1, 1, run_change_identifier,
	  "IDENTIFIER [--code CODE | --code-file FILE]",
	  "--code= --code-file=",
	  "be found by another number, handle or address",
	  "A number or address gets a code, as for sign-up. The old name leads to the account\n"
	  "no more; an old handle is given to nobody else for 30 days. Contacts and rooms stay.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa change-identifier +4915112345678" },
	{ 0 },
};
/* clang-format on */
