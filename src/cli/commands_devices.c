/* SPDX-License-Identifier: Apache-2.0 */
/* The account's devices: listed, named, ended; and what has happened to the list. */
#include "cli/command.h"
#include "cli/print.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

struct listing {
	struct cli *cli;
	unsigned number;
	const char *wanted; /* NULL: all are shown */
	uint64_t wanted_number;
	bool there;
	struct uc_device found;
};

static bool list_device(void *ctx, const struct uc_device *d)
{
	struct listing *l = ctx;
	char key[17];
	l->number++;
	if (!l->wanted) {
		print_device(l->cli->json, l->number, d);
		return true;
	}
	l->there = l->number == l->wanted_number ||
		   !strcmp(print_device_key(d->device_key, key), l->wanted);
	if (l->there)
		l->found = *d;
	return !l->there;
}

/* By its number in `devices`, or the start of its key, which no change of the list makes another's. */
static uc_err find(struct cli *cli, const char *text, struct uc_device *out)
{
	struct listing l = { .cli = cli, .wanted = text };
	if (strlen(text) < 16 && decimal_read(view_str(text), &l.wanted_number))
		return UC_E_ARGUMENT;
	TRY(uc_devices(cli->client, list_device, &l));
	*out = l.found;
	return l.there ? UC_OK : UC_E_NOT_FOUND;
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

/* The devices that there are, by the numbers they have in `devices`. */
struct naming {
	const uint8_t *key;
	struct device_known *out;
	unsigned number;
};

static bool name_each(void *ctx, const struct uc_device *d)
{
	struct naming *n = ctx;
	n->number++;
	if (!view_equal(VIEW_OF(d->device_key), view_make(n->key, sizeof d->device_key)))
		return true;
	n->out->number = n->number;
	n->out->is_this = d->is_this;
	snprintf(n->out->name, sizeof n->out->name, "%s", d->name);
	return false;
}

static uc_err name_of(struct cli *cli, const uint8_t key[32], struct device_known *out)
{
	struct naming n = { key, out, 0 };
	*out = (struct device_known){ 0 };
	return uc_devices(cli->client, name_each, &n);
}

struct showing {
	struct cli *cli;
	uint64_t last;
	uc_err err;
};

static bool show_change(void *ctx, const struct uc_device_change *x)
{
	struct showing *s = ctx;
	struct device_known device, by;
	s->err = name_of(s->cli, x->device_key, &device);
	if (!s->err)
		s->err = name_of(s->cli, x->by, &by);
	if (s->err)
		return false;
	print_device_change(s->cli->json, x, &device, &by);
	s->last = x->number;
	return true;
}

/* --- the command --- */

static int list(struct cli *cli)
{
	struct listing l = { .cli = cli };
	struct showing s = { .cli = cli };
	uc_err err = uc_device_changes(cli->client, show_change, &s);
	if (!err)
		err = s.err;
	if (!err && !cli->json && s.last)
		printf("Was that you? Then say `devices seen %" PRIu64
		       "`. If not, end what you do not know.\n",
		       s.last);
	if (!err)
		err = uc_devices(cli->client, list_device, &l);
	return err ? cli_fail(cli, err, "list devices") : CLI_OK;
}

/* What has happened since the list was shown stays. */
static int seen(struct cli *cli)
{
	uint64_t number = 0;
	uc_err err = UC_E_ARGUMENT;
	if (!decimal_read(view_str(cli->argv[1]), &number))
		err = uc_device_changes_seen(cli->client, number);
	return err ? cli_fail(cli, err, "find something of that number before `devices`") : CLI_OK;
}

/* Done is done, though what follows from it (rooms, which others keep) may take longer. */
static int settled(struct cli *cli, const char *what)
{
	uc_err err = link_settle(cli->link, CLI_SETTLE_MS);
	if (err == UC_E_TIMEOUT && cli->json)
		print_json("still_on_its_way", NULL);
	else if (err == UC_E_TIMEOUT)
		puts("What is still on its way follows at the next `sync`.");
	return err && err != UC_E_TIMEOUT ? cli_fail(cli, err, what) : CLI_OK;
}

static int end(struct cli *cli)
{
	struct uc_device d;
	struct ending w = { 0 };
	uc_err err = find(cli, cli->argv[1], &d);
	if (!err && d.is_this)
		err = UC_E_ARGUMENT;
	if (err)
		return cli_fail(cli, err, "find another device of that number or key in `devices`");
	err = cli_finish(cli, uc_device_end(cli->client, d.device_key, &w.op), &w);
	if (err)
		return cli_fail(cli, err, "end the device");
	if (!cli->json)
		puts("It is out. Links that you had made for others to ask by are void.");
	return settled(cli, "end the device");
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
	if (!strcmp(what, "seen") && cli->argc == 2)
		return seen(cli);
	fputs("undercroft: devices [end DEVICE | name DEVICE NAME | seen NUMBER]\n", stderr);
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
	struct ending w = { 0 }, added = { 0 };
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
	err = cli_finish(cli, uc_device_add(cli->client, cli->argv[0], &added.op), &added);
	if (err)
		return cli_fail(cli, err, "add the device");
	if (cli->json)
		print_json("device_added", "device", w.text, NULL);
	else
		puts("It is one of your devices now.");
	fflush(stdout);
	return settled(cli, "add the device");
}

static int joined(struct cli *cli)
{
	if (cli->json)
		print_json("device_joined", "app", cli->profile.app, NULL);
	else
		puts("This is one of your devices now.");
	fflush(stdout);
	return settled(cli, "get its rooms");
}

/* By a code that was shown before, while the connection was made? */
static bool has_joined(struct cli *cli)
{
	struct uc_account a;
	return !uc_account_get(cli->client, &a) && a.state == UC_ACCOUNT;
}

static int run_become(struct cli *cli)
{
	char code[UC_DEVICE_CODE_MAX];
	struct ending w = { 0 };
	if (!cli_open_new(cli, cli->argv[0]))
		return CLI_FAILED;
	uc_err err = uc_device_join(cli->client, code, &w.op);
	if (err == UC_E_EXISTS && has_joined(cli))
		return joined(cli);
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
	return err ? cli_fail(cli, err, "become a device of an account") : joined(cli);
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
	  "[end DEVICE | name DEVICE NAME | seen NUMBER]",
	  "",
	  "list the account's devices, end one",
	  "Lists them with numbers, the start of each one's key, and since which day it is there.\n"
	  "Before them stands what another device has done to the list, that the app shows this\n"
	  "one another list than it has seen, or hides a device which stands in a room; and, a day\n"
	  "or two later, whom this one has let in: somebody else may have held it then. It stands\n"
	  "there until you say `devices seen` with the number of the last of them that you have\n"
	  "read: what came later stays. DEVICE is a\n"
	  "number or what is shown of a key. end puts another one out at once, and what it could\n"
	  "hand out is void, also the links that you have made. name calls one something, on this\n"
	  "device alone.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa devices\n"
	  "  undercroft -p rosa devices name 2 \"old telephone\"\n"
	  "  undercroft -p rosa devices seen 7\n"
	  "  undercroft -p rosa devices end 2" },
	{ 0 },
};
/* clang-format on */
