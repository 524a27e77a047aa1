/* SPDX-License-Identifier: Apache-2.0 */
/* The account's devices: listed, named, ended; and what has happened to the list. */
#include "cli/command.h"
#include "cli/print.h"

#include "base/text.h"

#include <string.h>

/* The start of a device's key, in hex. */
static const char *key_text(const uint8_t key[32], char out[17])
{
	struct uc_id id;
	memcpy(id.b, key, sizeof id.b);
	return print_id(&id, out);
}

struct listing {
	struct cli *cli;
	unsigned number, wanted;
	struct uc_device found;
};

static bool list_device(void *ctx, const struct uc_device *d)
{
	struct listing *l = ctx;
	l->number++;
	if (!l->wanted)
		print_device(l->cli->json, l->number, d);
	else if (l->number == l->wanted)
		l->found = *d;
	return true;
}

/* By its number in `devices`. */
static uc_err find(struct cli *cli, const char *text, struct uc_device *out)
{
	struct listing l = { .cli = cli };
	uint64_t number = 0;
	if (decimal_read(view_str(text), &number) || !number || number > 10000)
		return UC_E_ARGUMENT;
	l.wanted = (unsigned)number;
	TRY(uc_devices(cli->client, list_device, &l));
	if (l.number < l.wanted)
		return UC_E_NOT_FOUND;
	*out = l.found;
	return UC_OK;
}

/* --- alarms --- */

static bool count_change(void *ctx, const struct uc_device_change *x)
{
	(void)x;
	++*(unsigned *)ctx;
	return true;
}

unsigned cli_device_changes(struct cli *cli)
{
	unsigned n = 0;
	return uc_device_changes(cli->client, count_change, &n) ? 0 : n;
}

static bool show_change(void *ctx, const struct uc_device_change *x)
{
	static const char *const kinds[] = { "", "added", "ended", "two_lists" };
	static const uint8_t recovery[32];
	const struct cli *cli = ctx;
	char key[17], by[17];
	key_text(x->device_key, key);
	key_text(x->by, by);
	bool words = view_equal(VIEW_OF(x->by), VIEW_OF(recovery));
	if (cli->json) {
		print_json("device_change", "kind", kinds[x->kind], "device", key, "by",
			   words ? "recovery key" : by, NULL);
		return true;
	}
	fputs("! ", stdout);
	print_time(stdout, x->time_ms);
	if (x->kind == UC_DEVICE_TWO_LISTS)
		printf("  the app shows another list of your devices than this one has seen\n");
	else
		printf("  device %s was %s by %s%s\n", key, kinds[x->kind],
		       words ? "your recovery key" : "device ", words ? "" : by);
	return true;
}

/* --- the command --- */

static int list(struct cli *cli)
{
	struct listing l = { .cli = cli };
	uc_err err = uc_device_changes(cli->client, show_change, cli);
	if (!err && !cli->json && cli_device_changes(cli))
		puts("Was that you? Then say `devices seen`. If not, end what you do not know.");
	if (!err)
		err = uc_devices(cli->client, list_device, &l);
	return err ? cli_fail(cli, err, "list devices") : CLI_OK;
}

static int end(struct cli *cli)
{
	struct uc_device d;
	uc_op op = 0;
	uc_err err = find(cli, cli->argv[1], &d);
	if (!err && d.is_this)
		err = UC_E_ARGUMENT;
	if (err)
		return cli_fail(cli, err, "find another device of that number in `devices`");
	int status =
		cli_wait(cli, uc_device_end(cli->client, d.device_key, &op), &op, "end the device");
	if (!status && !cli->json)
		puts("It is out. Links that you had made for others to ask by are void.");
	return status;
}

static int name(struct cli *cli)
{
	struct uc_device d;
	uc_err err = find(cli, cli->argv[1], &d);
	if (!err)
		err = uc_device_name(cli->client, d.device_key, cli->argv[2]);
	return err ? cli_fail(cli, err, "name the device") : CLI_OK;
}

static int run_devices(struct cli *cli)
{
	const char *what = cli->argc ? cli->argv[0] : "";
	if (!cli->argc)
		return list(cli);
	if (!strcmp(what, "end") && cli->argc == 2)
		return end(cli);
	if (!strcmp(what, "name") && cli->argc == 3)
		return name(cli);
	if (!strcmp(what, "seen") && cli->argc == 1) {
		uc_err err = uc_device_changes_seen(cli->client);
		return err ? cli_fail(cli, err, "forget what was seen") : CLI_OK;
	}
	fputs("undercroft: devices [end NUMBER | name NUMBER NAME | seen]\n", stderr);
	return CLI_USAGE;
}

/* --- a further device --- */

static bool says_yes(void)
{
	char line[16];
	fputs("Is this the device in your hands? [y/N] ", stderr);
	fflush(stderr);
	return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int run_link(struct cli *cli)
{
	struct ending w = { 0 };
	uc_op op = 0;
	uc_err err = cli_finish(cli, uc_device_look(cli->client, cli->argv[0], &w.op), &w);
	if (err)
		return cli_fail(cli, err, "look for the device of that code");
	if (!cli->json)
		printf("Device %s is to read and write all that this one does, and may end this "
		       "one.\n",
		       w.text);
	fflush(stdout);
	if (!cli_flag(cli, "--yes") && !says_yes())
		return CLI_FAILED;
	int status =
		cli_wait(cli, uc_device_add(cli->client, cli->argv[0], &op), &op, "add the device");
	if (status)
		return status;
	if (cli->json)
		print_json("device_added", "device", w.text, NULL);
	else
		puts("It is one of your devices now.");
	return CLI_OK;
}

static int joined(struct cli *cli)
{
	if (cli->json)
		print_json("device_joined", "app", cli->profile.app, NULL);
	else
		puts("This is one of your devices now.");
	return CLI_OK;
}

static int run_become(struct cli *cli)
{
	char code[UC_DEVICE_CODE_MAX];
	struct ending w = { 0 };
	if (!cli_open_new(cli, cli->argv[0]))
		return CLI_FAILED;
	uc_err err = uc_device_join(cli->client, code, &w.op);
	if (err == UC_E_EXISTS && uc_client_connection(cli->client) == UC_ONLINE)
		return joined(cli); /* by a code that was shown before */
	if (err)
		return cli_fail(cli, err, "become a device of an account");
	if (cli->json)
		print_json("device_code", "code", code, NULL);
	else
		printf("On a device of your account, within ten minutes: undercroft "
		       "link-device\n\n  %s\n\n"
		       "Show this to nobody else: whoever enters it has this device in their "
		       "account.\n",
		       code);
	fflush(stdout);
	err = cli_finish_within(cli, UC_OK, &w, CLI_JOIN_MS);
	if (!err)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	/* It has joined; what rooms are still on their way come with whatever it does next. */
	if (err && !(err == UC_E_TIMEOUT && w.done))
		return cli_fail(cli, err, "become a device of an account");
	return joined(cli);
}

/* clang-format off */
const struct command commands_devices[] = {
	{ "become-device", NEEDS_APP, 1, 1, run_become,
	  "APP [--passphrase]",
	  "--passphrase",
	  "make this profile a further device of your account",
	  "Shows a code, which is entered on a device that the account has already (link-device),\n"
	  "and waits for it, ten minutes at most. Contacts, blocks, settings and rooms follow then;\n"
	  "what was said before is not here. Whoever is given the code could make this profile a\n"
	  "device of an account of theirs: show it to nobody.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa2 become-device dial" },
	{ "link-device", NEEDS_SIGN_IN, 1, 1, run_link,
	  "CODE [--yes]",
	  "--yes",
	  "let another device into your account",
	  "CODE is what the new device shows (become-device); spaces and hyphens in it do not\n"
	  "matter. Asks once more before it does anything, but for --yes. From then on both read\n"
	  "and write in all rooms, and either can end the other (devices).\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa link-device https://dial.localhost/#/device/abcd-..." },
	{ "devices", NEEDS_TRY, 0, 3, run_devices,
	  "[end NUMBER | name NUMBER NAME | seen]",
	  "",
	  "list the account's devices, end one",
	  "Lists them with numbers, and since which day each is there. Before them stands what\n"
	  "another device has done to the list, or that the app shows this one another list than\n"
	  "it has seen; it stands there until you say `devices seen`. end puts another device out\n"
	  "at once, and what it could hand out is void, also the links that you have made. name\n"
	  "calls one something, on this device alone.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa devices\n"
	  "  undercroft -p rosa devices name 2 \"old telephone\"\n"
	  "  undercroft -p rosa devices end 2" },
	{ 0 },
};
/* clang-format on */
