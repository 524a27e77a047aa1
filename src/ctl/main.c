/* SPDX-License-Identifier: Apache-2.0 */
/* undercroftctl: what an operator asks about a backbone's data. */
#include "ctl/ctl.h"

enum { OUTPUT_MAX = 1 << 20, CONFIG_ARENA_MAX = 4 << 20 };

static const struct ctl_command commands[] = {
	{ "status", 0, 0, ctl_status, "FILE [--json]", "whether it runs, and who is connected",
	  "Asks the running backbone; ends with status 1 when there is none.\n\n"
	  "examples:\n"
	  "  undercroftctl status undercroft.conf\n"
	  "  undercroftctl status undercroft.conf --json" },
	{ "apps", 0, 0, ctl_apps, "FILE [--json]", "the apps of the configuration",
	  "Their domains, addresses, what people are known by, and how long their certificates "
	  "are\n"
	  "good for.\n\n"
	  "example:\n"
	  "  undercroftctl apps undercroft.conf" },
	{ "queues", 0, 0, ctl_pass_on, "FILE [--json]", "what waits, and for whom",
	  "Messages on their way between the threads of the running backbone, followers of rooms\n"
	  "that are behind, other apps that letters wait for.\n\n"
	  "example:\n"
	  "  undercroftctl queues undercroft.conf" },
	{ "drain", 0, 0, ctl_pass_on, "FILE", "send all clients away, then stop",
	  "As SIGTERM does: tells clients when to come back, waits for what is under way, and\n"
	  "ends.\n\n"
	  "example:\n"
	  "  undercroftctl drain undercroft.conf" },
	{ "reload", 0, 0, ctl_pass_on, "FILE [--json]",
	  "read the configuration anew, and what it names",
	  "As SIGHUP does, and says each key that is another than before and whether it holds at\n"
	  "once or after a restart. Certificates and pages are read anew. With a mistake nothing\n"
	  "changes, and the mistakes are said.\n\n"
	  "example:\n"
	  "  undercroftctl reload undercroft.conf" },
	{ "suspend", 2, 2, ctl_pass_on, "FILE APP ACCOUNT|IDENTIFIER",
	  "let nobody in to an account",
	  "The account's devices are signed out and cannot sign in, nobody finds or reaches it. "
	  "All\n"
	  "that is stored stays, and its rooms go on without it.\n\n"
	  "example:\n"
	  "  undercroftctl suspend undercroft.conf dial +4915112345678" },
	{ "unsuspend", 2, 2, ctl_pass_on, "FILE APP ACCOUNT|IDENTIFIER", "let them in again",
	  "Undoes suspend.\n\n"
	  "example:\n"
	  "  undercroftctl unsuspend undercroft.conf dial +4915112345678" },
	{ "age", 3, 3, ctl_pass_on, "FILE APP ACCOUNT|IDENTIFIER BAND",
	  "say how old somebody is whom you have checked",
	  "BAND is child (below 13), 13-15, 16-17, adult, or none: not checked any more. It "
	  "counts\n"
	  "in the place of what the person says, and lets them ask as a minor at other apps, "
	  "which\n"
	  "saying does not. It goes before what services vouch for; none forgets both.\n\n"
	  "example:\n"
	  "  undercroftctl age undercroft.conf dial +4915112345678 16-17" },
	{ "age-service", 1, 5, ctl_age_service,
	  "new KEYFILE NAME | key KEYFILE | sign KEYFILE BAND REQUEST|- [--days DAYS] [--json]",
	  "vouch for people's ages, for apps that believe you",
	  "For a service that checks ages, on a machine of its own; no configuration is read. new\n"
	  "makes its key and prints the section that apps put into their configuration; key "
	  "prints\n"
	  "it again. sign takes the text that `undercroft age request NAME` gave somebody, and "
	  "BAND,\n"
	  "child (below 13), 13-15, 16-17 or adult, and prints the statement that they hand in "
	  "within\n"
	  "30 days, or DAYS. The text says neither account nor app; with - it is read from "
	  "standard\n"
	  "input.\n\n"
	  "examples:\n"
	  "  undercroftctl age-service new school.key school.example\n"
	  "  undercroftctl age-service sign school.key 16-17 age-request.gwFu..." },
	{ "curb", 2, 4, ctl_pass_on, "FILE APP ACCOUNT|IDENTIFIER [DAYS [minors]]",
	  "let an account ask few people, for a while",
	  "For 30 days, or DAYS, to the end of a week, the account asks a quarter of the people, "
	  "and\n"
	  "brings as few into groups; curbed again meanwhile, a quarter of that, then nobody. "
	  "With\n"
	  "minors, it reaches none of them, and nobody new on other apps. A fresh account under "
	  "its\n"
	  "name neither. `reports FILE APP decide N --action uphold` does it for a report.\n\n"
	  "example:\n"
	  "  undercroftctl curb undercroft.conf dial +4915112345678 60 minors" },
	{ "uncurb", 2, 2, ctl_pass_on, "FILE APP ACCOUNT|IDENTIFIER", "take all of that back",
	  "Undoes curb, and what upheld reports took.\n\n"
	  "example:\n"
	  "  undercroftctl uncurb undercroft.conf dial +4915112345678" },
	{ "reports", 1, 11, ctl_reports,
	  "FILE APP [list|show N|export N REPORT|decide N|pass N] [--json]",
	  "reports of abuse, and what is decided",
	  "Lists those that the app has; shows one: the reported messages, and nothing else of "
	  "the\n"
	  "room. Export writes one to a file, for the machine that has the moderators' key, where\n"
	  "`undercroftctl reports open REPORT --key MODERATORS.KEY` says whose account it is, "
	  "with\n"
	  "which suspend works; there, too, `undercroftctl reports key NEW.KEY` makes another "
	  "key and\n"
	  "prints what rotate-keys wants of it. Decide N --action none|warn|suspend [--note TEXT] "
	  "records what "
	  "was\n"
	  "decided, and does nothing else. Decide N --action uphold --account ACCOUNT [--days "
	  "DAYS]\n"
	  "[--note TEXT] records that it is right, and curbs the account, once for each report. "
	  "Pass sends the evidence to the participant's own app,\n"
	  "when that is another and the room lives here.\n\n"
	  "examples:\n"
	  "  undercroftctl reports undercroft.conf dial\n"
	  "  undercroftctl reports undercroft.conf dial show 3\n"
	  "  undercroftctl reports open report-3 --key moderators.key --key moderators-2025.key\n"
	  "  curl -o bytes https://dial.example/v1/attachments/...\n"
	  "  undercroftctl reports file report-3 1 bytes picture.jpg" },
	{ "rotate-keys", 1, 3, ctl_pass_on,
	  "FILE APP [names|rooms|discovery|retire|retire-anyway|moderators KEY]",
	  "make other keys: for addresses, names, rooms, finding by number",
	  "Makes other keys for the addresses that the app gives out, for look-ups and for the\n"
	  "hub's own franks. What was made with those in use goes on to open; what was made with\n"
	  "those before them does not. Addresses live for 100 days: once in 100 days nobody\n"
	  "notices, and twice in a row voids what somebody who has the keys could make.\n"
	  "With names: another key for the index of names, which is led to it while all goes on;\n"
	  "status says how far it is.\n"
	  "With rooms: another key that the app signs with in the rooms it hosts, and another\n"
	  "franking key. Each room is moved to them by whoever commits there next; status says "
	  "how\n"
	  "many are left. With retire: those before are forgotten, once none is. With\n"
	  "retire-anyway: also while some are left, in which nobody believes the app any more.\n"
	  "With moderators and what `reports key` printed on their machine: what opens from now "
	  "on is\n"
	  "sealed to that key. Keep the one before for what was sealed to it.\n"
	  "With discovery: another key for finding people by number. Who wants to be found says "
	  "so\n"
	  "again as they come; the filter under the key before is given out for a day still.\n\n"
	  "example:\n"
	  "  undercroftctl rotate-keys undercroft.conf dial names" },
	{ "compact", 1, 1, ctl_pass_on, "FILE APP", "have deleted bytes leave the disk now",
	  "The running backbone rewrites what holds deleted bytes, as it does twice a day "
	  "anyway.\n\n"
	  "example:\n"
	  "  undercroftctl compact undercroft.conf dial" },
	{ "build-filter", 1, 1, ctl_pass_on, "FILE APP",
	  "have those who can be found by number in the filter now",
	  "The running backbone makes the filter of who can be found by number, as it does once\n"
	  "a day anyway. Made at each change it would tell when who came; status says of which "
	  "day\n"
	  "it is.\n\n"
	  "example:\n"
	  "  undercroftctl build-filter undercroft.conf dial" },
	{ "backup", 1, 1, ctl_backup, "FILE DIR [--json]",
	  "copy all stores and keys, also while it runs",
	  "Fills the empty or new folder DIR: each app's stores as they were at one moment, its "
	  "keys,\n"
	  "and a manifest with a hash of every file, which restore checks. A running backbone goes "
	  "on\n"
	  "serving. Keep it as safe as the data: it opens all that data and keys together open.\n\n"
	  "example:\n"
	  "  undercroftctl backup undercroft.conf /backup/2026-11-26" },
	{ "restore", 1, 2, ctl_restore, "FILE DIR [--keep-keys] [--json]",
	  "put a backup back, while nothing runs",
	  "Checks all of the backup, then puts the stores where the configuration says, which\n"
	  "must be empty there, and keys that are missing. Other keys than the backup's are\n"
	  "refused; with --keep-keys they are newer ones, and stay. Stores get new incarnations:\n"
	  "clients and other apps notice that an older copy is back.\n\n"
	  "example:\n"
	  "  undercroftctl restore undercroft.conf /backup/2026-11-26" },
	{ "state", 0, 0, ctl_state, "FILE [--json]", "what each app stores, in numbers",
	  "Says whether the backbone runs, and for each app and store: its incarnation, the "
	  "number\n"
	  "and bytes of records in each table, of logs and their entries.\n\n"
	  "examples:\n"
	  "  undercroftctl state undercroft.conf\n"
	  "  undercroftctl state undercroft.conf --json" },
	{ "devices", 2, 2, ctl_devices, "FILE APP ACCOUNT|IDENTIFIER [--json]",
	  "the devices of an account",
	  "The account is named by its id, 32 hex digits, or by the number, handle or address it\n"
	  "signed up with. Verifies the signed device list.\n\n"
	  "examples:\n"
	  "  undercroftctl devices undercroft.conf dial +4915112345678\n"
	  "  undercroftctl devices undercroft.conf lens 5f0c2d6e8a4b1c3d9e7f60718293a4b5" },
	{ "operator-view", 2, 3, ctl_operator_view, "FILE APP ACCOUNT|IDENTIFIER [BACKUP] [--json]",
	  "all that the servers know of an account",
	  "Adds up, in eight lines at most, every record of the account in the app's stores, or "
	  "in\n"
	  "a backup's, as docs/inventory.json says of each field; searches all others for "
	  "whatever\n"
	  "stands for it; and prints a hash of all that was read. Neither the account's id nor\n"
	  "what it is known by is printed.\n\n"
	  "examples:\n"
	  "  undercroftctl operator-view undercroft.conf dial +4915112345678\n"
	  "  undercroftctl operator-view undercroft.conf dial +4915112345678 /backup/2026-11-26" },
	{ "check", 0, 1, ctl_check, "FILE [APP] [--json]", "verify every record",
	  "Reads all of each store: every record is decoded by its table's rules, logs have all "
	  "their\n"
	  "entries and their hash chains continue, signed device lists verify, what records refer "
	  "to\n"
	  "is there. Names what is wrong, and then ends with status 1.\n\n"
	  "example:\n"
	  "  undercroftctl check undercroft.conf" },
	{ "dump", 2, 2, ctl_dump, "FILE APP accounts|rooms", "write a store out, for all versions",
	  "Writes the whole store to standard output in the form that every later version reads.\n"
	  "It holds what the store holds: keep it as safe.\n\n"
	  "example:\n"
	  "  undercroftctl dump undercroft.conf dial rooms >dial-rooms.dump" },
	{ "erase-app", 1, 2, ctl_erase_app, "FILE APP --yes",
	  "erase the data of an app that was removed",
	  "Erases the folder of an app whose section is no longer in the configuration, after the\n"
	  "running backbone let it go by a reload. The app's keys stay where they are.\n\n"
	  "example:\n"
	  "  undercroftctl erase-app undercroft.conf plaza --yes" },
	{ "mend", 2, 2, ctl_mend, "FILE APP accounts|rooms",
	  "go on from what a damaged write-ahead log leaves",
	  "For a store that the backbone does not start with because its write-ahead log is "
	  "damaged\n"
	  "(UC_E_CORRUPT). What lies behind the damage is lost, though it was accepted: restore a\n"
	  "backup instead if it is younger than that. Stopped; the store counts as an older "
	  "copy.\n\n"
	  "example:\n"
	  "  undercroftctl mend undercroft.conf dial rooms" },
	{ "load", 3, 3, ctl_load, "FILE APP accounts|rooms DUMP", "make a store from a dump",
	  "While the backbone does not run, and where the store is empty. Takes dumps of this and "
	  "of\n"
	  "earlier versions.\n\n"
	  "example:\n"
	  "  undercroftctl load undercroft.conf dial rooms dial-rooms.dump" },
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static bool is(const char *a, const char *b)
{
	return view_equal(view_str(a), view_str(b));
}

static void usage(FILE *to)
{
	fputs("usage: undercroftctl COMMAND FILE ...\n\n", to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-13s %s\n", commands[i].name, commands[i].summary);
	fputs("\nFILE is the backbone's configuration. status, queues, drain, reload, suspend,\n"
	      "unsuspend, age, curb, uncurb, rotate-keys, compact, build-filter, and reports with "
	      "decide or pass, "
	      "speak\n"
	      "to the running backbone; restore, erase-app, mend and load write stores that are "
	      "not in\n"
	      "use; the others read. Each command takes --help.\n\n"
	      "examples:\n"
	      "  undercroftctl state undercroft.conf\n"
	      "  undercroftctl check undercroft.conf\n",
	      to);
}

static const struct ctl_command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (is(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static uc_err config_get(struct ctl *c, const char *file, struct arena *a)
{
	struct buf said;
	buf_init(&said, OUTPUT_MAX);
	struct config_mistakes m = { file, &said, 0 };
	uc_err err = config_load(a, file, &m, &c->config);
	if (said.n)
		fwrite(said.p, 1, said.n, stderr);
	buf_done(&said);
	return err;
}

static int run(struct ctl *c, const struct ctl_command *command)
{
	struct arena a;
	arena_init(&a, CONFIG_ARENA_MAX, ARENA_PLAIN);
	const char *file = c->argv[0];
	c->argv++;
	c->argc--;
	int status = config_get(c, file, &a) ? CTL_FAILED : command->run(c);
	arena_done(&a);
	if (fflush(stdout) && !status) {
		fputs("undercroftctl: the output could not be written\n", stderr);
		status = CTL_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	static struct ctl c;
	if (argc == 2 && (is(argv[1], "--help") || is(argv[1], "-h"))) {
		usage(stdout);
		return CTL_OK;
	}
	if (argc == 2 && is(argv[1], "--version")) {
		puts("undercroftctl " UNDERCROFT_VERSION);
		return CTL_OK;
	}
	const struct ctl_command *command = argc > 1 ? command_find(argv[1]) : NULL;
	if (!command) {
		usage(stderr);
		return CTL_USAGE;
	}
	c.command = command->name;
	c.file = argc > 2 ? argv[2] : "";
	c.argc = argc - 2;
	c.argv = argv + 2;
	bool help = ctl_take_word(&c, "--help");
	c.json = ctl_take_word(&c, "--json");
	if (!help && command->run == ctl_reports && c.argc && is(c.argv[0], "open"))
		return ctl_report_open(&c);
	if (!help && command->run == ctl_reports && c.argc && is(c.argv[0], "file"))
		return ctl_report_file(&c);
	if (!help && command->run == ctl_reports && c.argc && is(c.argv[0], "key"))
		return ctl_moderators_key(&c);
	if (!help && command->run == ctl_age_service)
		return ctl_age_service(&c);
	bool fits = c.argc >= 1 + command->args_min && c.argc <= 1 + command->args_max;
	if (help || !fits) {
		fprintf(help ? stdout : stderr, "usage: undercroftctl %s %s\n\n%s\n", command->name,
			command->arguments, command->help);
		return help ? CTL_OK : CTL_USAGE;
	}
	return run(&c, command);
}
