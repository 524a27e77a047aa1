/* SPDX-License-Identifier: Apache-2.0 */
/* Sending, reading, following. */
#include "cli/command.h"
#include "cli/print.h"

#include "base/buf.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum { TEXT_MAX = 64 * 1024 };

/* All of standard input, without a closing newline. */
static bool read_input(struct buf *out)
{
	char chunk[4096];
	size_t n;
	buf_init(out, TEXT_MAX);
	while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
		buf_add(out, chunk, n);
	if (out->n && out->p[out->n - 1] == '\n')
		out->n--;
	buf_add_byte(out, 0);
	if (!out->failed)
		return true;
	fprintf(stderr, "undercroft: a message holds at most %d bytes\n", TEXT_MAX);
	buf_done(out);
	return false;
}

/* Queued durably already; now let it go out. */
static int send_out(struct cli *cli, uc_err err, const struct uc_id *id)
{
	char hex[17];
	if (err)
		return cli_fail(cli, err,
				err == UC_E_CLOSED ? "the room was left, or is not joined yet"
						   : "send");
	if (!cli->offline)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	if (cli->json)
		print_json("sent", "id", print_id(id, hex), "state",
			   err || cli->offline ? "queued" : "accepted", NULL);
	if (err || cli->offline)
		fputs("undercroft: kept; it goes out with the next command that reaches the app\n",
		      stderr);
	return err || cli->offline ? CLI_OFFLINE : CLI_OK;
}

static int send_text(struct cli *cli, const struct uc_id *room, const char *text)
{
	struct uc_id id;
	uc_err err = uc_send(cli->client, room, text, &id);
	return send_out(cli, err, &id);
}

static int run_send(struct cli *cli)
{
	struct uc_id room;
	if (!cli_find_or_open_room(cli, cli->argv[0], &room))
		return CLI_FAILED;
	const char *file = cli_option(cli, "--file");
	if (file && cli->argc > 1) {
		fputs("undercroft: a file is a message of its own; the text is sent after it, or "
		      "before\n",
		      stderr);
		return CLI_USAGE;
	}
	if (file)
		return cli_send_file(cli, &room, file);
	if (cli->argc > 1 && strcmp(cli->argv[1], "-") != 0)
		return send_text(cli, &room, cli->argv[1]);
	struct buf text;
	if (!read_input(&text))
		return CLI_USAGE;
	int status = send_text(cli, &room, (const char *)text.p);
	buf_done(&text);
	return status;
}

/* --- about a message that is there --- */

struct finding {
	bool own; /* whose last one "last" is */
	bool found;
	struct uc_id id;
	uint64_t number;
};

static bool find_each(void *ctx, const struct uc_message *m)
{
	struct finding *f = ctx;
	bool wanted = f->number
			      ? m->number == f->number
			      : m->own == f->own && !m->deleted &&
					(m->kind == UC_MESSAGE_TEXT || m->kind == UC_MESSAGE_FILE);
	f->found = wanted && m->kind != UC_MESSAGE_NOTE;
	f->id = m->id;
	return false;
}

/* By its number in `read --numbers`, or "last". */
static bool find_message(struct cli *cli, const struct uc_id *room, const char *text, bool own,
			 struct uc_id *out)
{
	struct finding f = { .own = own };
	uint64_t from = uc_messages_last(cli->client, room);
	uc_err err = UC_OK;
	if (strcmp(text, "last") != 0) {
		if (decimal_read(view_str(text), &f.number) || f.number > from)
			f.number = 0;
		from = f.number;
	}
	for (; from && !err && !f.found; from = f.number ? 0 : from - 1)
		err = uc_messages(cli->client, room, from, 1, find_each, &f);
	if (err)
		cli_fail(cli, err, "find the message");
	else if (!f.found)
		fputs("undercroft: no such message; `read ROOM --numbers` shows their numbers\n",
		      stderr);
	*out = f.id;
	return f.found;
}

typedef uc_err change(uc_client *c, const struct uc_id *room, const struct uc_id *message,
		      const char *text, struct uc_id *id);

static int run_change(struct cli *cli, change *make, bool own)
{
	struct uc_id room, message, id;
	if (!cli_find_room(cli, cli->argv[0], &room) ||
	    !find_message(cli, &room, cli->argv[1], own, &message))
		return CLI_FAILED;
	uc_err err = make(cli->client, &room, &message, cli->argc > 2 ? cli->argv[2] : "", &id);
	if (own && err == UC_E_NOT_ALLOWED)
		return cli_fail(cli, err, "only your own messages can be changed");
	return send_out(cli, err, &id);
}

static uc_err delete_it(uc_client *c, const struct uc_id *room, const struct uc_id *message,
			const char *text, struct uc_id *id)
{
	(void)text;
	return uc_send_delete(c, room, message, id);
}

static int run_reply(struct cli *cli)
{
	return run_change(cli, uc_send_reply, false);
}

static int run_react(struct cli *cli)
{
	return run_change(cli, uc_send_reaction, false);
}

static int run_edit(struct cli *cli)
{
	return run_change(cli, uc_send_edit, true);
}

static int run_delete(struct cli *cli)
{
	return run_change(cli, delete_it, true);
}

/* --- reading --- */

struct reading {
	struct cli *cli;
	const char *room; /* printed before each message; NULL: one room only */
	bool numbers;
	uint64_t last;
};

static bool read_each(void *ctx, const struct uc_message *m)
{
	struct reading *r = ctx;
	if (r->numbers && !r->cli->json)
		printf("%4" PRIu64 " ", m->number);
	print_message(r->cli->json, r->cli->json || r->room ? r->room : NULL, m);
	r->last = m->number;
	return true;
}

static int read_room(struct cli *cli, const struct uc_id *room, const char *name, uint64_t from)
{
	struct reading r = { .cli = cli, .room = name, .numbers = cli_flag(cli, "--numbers") };
	uc_err err = uc_messages(cli->client, room, from, SIZE_MAX, read_each, &r);
	if (!err && r.last)
		err = uc_mark_read(cli->client, room, r.last);
	return err ? cli_fail(cli, err, "read") : CLI_OK;
}

enum { UNREAD_ROOMS_MAX = 256 };

struct unread {
	struct cli *cli;
	bool one; /* a single room */
	struct uc_id room;
	struct uc_id rooms[UNREAD_ROOMS_MAX];
	char names[UNREAD_ROOMS_MAX][256];
	uint64_t read_up_to[UNREAD_ROOMS_MAX];
	size_t n;
};

static bool unread_each(void *ctx, const struct uc_room *r)
{
	struct unread *u = ctx;
	if (u->one && !view_equal(VIEW_OF(r->id.b), VIEW_OF(u->room.b)))
		return true;
	if (r->unread && u->n < UNREAD_ROOMS_MAX) {
		snprintf(u->names[u->n], sizeof *u->names, "%s", r->name);
		u->read_up_to[u->n] = r->read_up_to;
		u->rooms[u->n++] = r->id;
	}
	return true;
}

static bool any_unread(void *ctx)
{
	struct unread *u = ctx;
	u->n = 0;
	return uc_rooms(u->cli->client, unread_each, u) || u->n;
}

static int read_unread(struct cli *cli, struct unread *u)
{
	int status = CLI_OK;
	any_unread(u);
	for (size_t i = 0; i < u->n && !status; i++)
		status = read_room(cli, &u->rooms[i], u->names[i], u->read_up_to[i] + 1);
	return status;
}

/* --wait: until there is something to read. */
static int wait_for_unread(struct cli *cli, struct unread *u, uint64_t limit_ms)
{
	if (!limit_ms || cli->offline || any_unread(u))
		return CLI_OK;
	uc_err err = link_run(cli->link, any_unread, u, limit_ms);
	if (!err)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	return err && err != UC_E_TIMEOUT ? cli_fail(cli, err, "read") : CLI_OK;
}

static int read_last(struct cli *cli, const struct uc_id *room, uint64_t count)
{
	uint64_t end = uc_messages_last(cli->client, room);
	return read_room(cli, room, cli->json ? cli_room_name(cli, room) : NULL,
			 end > count ? end - count + 1 : 1);
}

static int run_read(struct cli *cli)
{
	static struct unread u;
	uint64_t seconds = 0, count = 50;
	u.cli = cli;
	if (!cli_option_number(cli, "--wait", &seconds) ||
	    !cli_option_number(cli, "--last", &count))
		return CLI_USAGE;
	if (cli->argc) {
		if (!cli_find_room(cli, cli->argv[0], &u.room))
			return CLI_FAILED;
		u.one = true;
	}
	int status = wait_for_unread(cli, &u, seconds * 1000);
	if (status)
		return status;
	if (u.one)
		return read_last(cli, &u.room, count);
	status = read_unread(cli, &u);
	if (!status && !u.n && !cli->json)
		puts("Nothing new.");
	return status;
}

struct following {
	struct cli *cli;
	bool one; /* a single room */
	struct uc_id room;
};

static void follow_event(void *ctx, const struct uc_event *e)
{
	struct following *f = ctx;
	const struct uc_id *room = e->message ? &e->message->room : e->has_room ? &e->room : NULL;
	if (f->one && room && !view_equal(VIEW_OF(room->b), VIEW_OF(f->room.b)))
		return;
	/* One's own messages were typed here; they are not repeated. */
	if (!f->cli->json && e->message && e->message->own)
		return;
	bool named = room && (!f->one || f->cli->json);
	print_event(f->cli->json, named ? cli_room_name(f->cli, room) : NULL, e);
	if (!e->message || e->kind != UC_EVENT_MESSAGE || e->message->own)
		return;
	struct uc_id read = e->message->room;
	uc_err err = uc_mark_read(f->cli->client, &read, e->message->number);
	if (err)
		cli_fail(f->cli, err, "mark as read");
}

static void follow_line(void *ctx, const char *line)
{
	struct following *f = ctx;
	struct uc_id id;
	if (!*line)
		return;
	uc_err err = uc_send(f->cli->client, &f->room, line, &id);
	if (err)
		cli_fail(f->cli, err, "send");
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

static int run_follow(struct cli *cli)
{
	static struct unread u;
	struct following f = { .cli = cli };
	uint64_t seconds = 0;
	u.cli = cli;
	if (!cli_option_number(cli, "--for", &seconds))
		return CLI_USAGE;
	if (cli->argc) {
		f.one = true;
		if (!cli_find_room(cli, cli->argv[0], &f.room))
			return CLI_FAILED;
		link_read_lines(cli->link, follow_line, &f);
		u.one = true;
		u.room = f.room;
	}
	int status = read_unread(cli, &u);
	if (status)
		return status;
	link_listen(cli->link, follow_event, &f);
	if (cli->json)
		print_json("following", NULL);
	else
		fputs(f.one ? "Following; a line typed is sent, Ctrl-C ends.\n"
			    : "Following; Ctrl-C ends.\n",
		      stderr);
	uc_err err = link_run(cli->link, never, NULL, seconds * 1000);
	link_listen(cli->link, NULL, NULL);
	return err == UC_E_CLOSED || err == UC_E_TIMEOUT ? CLI_OK : cli_fail(cli, err, "follow");
}

/* --- reporting --- */

static uint32_t report_to(const char *text)
{
	static const char *const names[] = { "app", "hub", "both" };
	for (uint32_t i = 0; i < 3; i++)
		if (view_equal(view_str(text), view_str(names[i])))
			return i + 1; /* UC_REPORT_TO_APP, UC_REPORT_TO_HUB, their sum */
	fputs("undercroft: --to is app, hub or both\n", stderr);
	return 0;
}

static int report_why(const char *text)
{
	static const char *const names[] = { "spam", "harassment", "child", "threat", "other" };
	for (int i = 0; i < 5; i++)
		if (view_equal(view_str(text), view_str(names[i])))
			return UC_REPORT_SPAM + i;
	fputs("undercroft: --why is spam, harassment, child, threat or other\n", stderr);
	return 0;
}

static bool report_fits(const struct cli *cli, const char *request)
{
	if (request ? !cli->argc : cli->argc >= 2)
		return true;
	fputs("undercroft: a room and numbers of messages, or --request REQUEST\n", stderr);
	return false;
}

static bool report_numbers(const struct cli *cli, uint64_t numbers[UC_REPORT_MESSAGES_MAX])
{
	for (int i = 1; i < cli->argc; i++)
		if (i > UC_REPORT_MESSAGES_MAX ||
		    decimal_read(view_str(cli->argv[i]), &numbers[i - 1])) {
			fprintf(stderr,
				"undercroft: up to %d numbers, as `read ROOM --numbers` shows "
				"them\n",
				UC_REPORT_MESSAGES_MAX);
			return false;
		}
	return true;
}

/* What is said of messages, and of requests. */
static const struct reported_words {
	const char *verified, *unconfirmed, *hub, *not_hub, *forged, *late, *none, *silent;
} reported_messages = {
	"Your app's moderators have these messages, and know that they are genuine. It counts you "
	"as the one who reports.",
	"Your app has these messages. Nobody could confirm them yet: the room's app does not answer, "
	"or takes no more just now.",
	"The room's app has these messages, and is not told who reports them.",
	"The room's app does not have them: report them again later, with --to hub.",
	"it does not verify: the room's app did not send this so",
	"nobody can verify this any more: the room's app keeps what is needed for 90 days",
	"no such message of somebody else, or it was deleted",
	"the room's app does not answer, and nobody took the report; try again later",
}, reported_request = {
	"Your app's moderators have this request, and know that it is genuine. It counts you as the "
	"one who reports.",
	"Your app has this request.",
	"The app of whoever wrote it has this request, and is not told who reports it.",
	"The app of whoever wrote it does not have it: report it again later, with --to hub.",
	"it does not verify: the app of whoever wrote it did not send this so",
	"nobody can verify this any more",
	"this request came before requests could be reported",
	"the app of whoever wrote it does not answer, and nobody took the report; try again later",
};

static void report_print(const struct cli *cli, const struct reported_words *say, uint32_t whom,
			 const char *text)
{
	struct view verdict, told = view_cut(view_str(text), ' ', &verdict);
	bool unconfirmed = view_equal(verdict, VIEW_LIT("unconfirmed"));
	if (cli->json) {
		print_json("reported", "result", text, NULL);
		return;
	}
	if (view_starts_with(told, VIEW_LIT("app")))
		puts(unconfirmed ? say->unconfirmed : say->verified);
	if (told.n > 3 || view_equal(told, VIEW_LIT("hub")))
		puts(say->hub);
	else if (whom & UC_REPORT_TO_HUB && unconfirmed)
		puts(say->not_hub);
}

static uc_err report_ended_as(uc_err err, const struct reported_words *say, const char **what)
{
	*what = err == UC_E_FRANK       ? say->forged
		: err == UC_E_STALE     ? say->late
		: err == UC_E_NOT_FOUND ? say->none
		: err == UC_E_PEER      ? say->silent
		: err == UC_E_ARGUMENT  ? "the messages must be of one sender, each once"
		: err == UC_E_BUSY ? "an app that has to take the report takes no more just now; "
				     "try again later"
				   : "report";
	return err;
}

/* Messages of a room, or one request. */
static int run_report(struct cli *cli)
{
	struct uc_id place;
	uint64_t numbers[UC_REPORT_MESSAGES_MAX];
	struct ending w = { .op = 0 };
	const char *to = cli_option(cli, "--to"), *why = cli_option(cli, "--why"), *what;
	const char *request = cli_option(cli, "--request"), *note = cli_option(cli, "--note");
	const struct reported_words *say = request ? &reported_request : &reported_messages;
	uint32_t whom = report_to(to ? to : "app");
	int reason = report_why(why ? why : "other");
	if (!whom || !reason || !report_fits(cli, request) || !report_numbers(cli, numbers))
		return CLI_USAGE;
	if (!(request ? cli_find_came(cli, request, &place)
		      : cli_find_room(cli, cli->argv[0], &place)))
		return CLI_FAILED;
	uc_err err = request ? uc_report_request(cli->client, &place, whom,
						 (enum uc_report_why)reason, note, &w.op)
			     : uc_report(cli->client, &place, numbers, (size_t)cli->argc - 1, whom,
					 (enum uc_report_why)reason, note, &w.op);
	err = report_ended_as(cli_finish(cli, err, &w), say, &what);
	if (err)
		return cli_fail(cli, err, what);
	report_print(cli, say, whom, w.text);
	return CLI_OK;
}

static int run_sync(struct cli *cli)
{
	if (cli->json)
		print_json("synced", NULL);
	else
		puts("Up to date.");
	return CLI_OK;
}

/* clang-format off */
const struct command commands_messages[] = {
	{ "send", NEEDS_TRY, 1, 2, run_send,
	  "TO [TEXT] [--file PATH] [--type TYPE]",
	  "--file= --type=",
	  "send a message, or a file",
	  "TO is a contact (the direct conversation), a group's name, or a number of `rooms`.\n"
	  "Without TEXT, or with -, the message is standard input. It is kept before it is sent:\n"
	  "without a connection it goes out with the next command. A TEXT that begins with --\n"
	  "stands behind --. A message from standard input holds at most 64 KiB. --file sends a\n"
	  "file of up to 16 MiB instead, encrypted before it leaves; --type says its media type,\n"
	  "where its ending does not. The app keeps it for 30 days.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa send Tom \"Are the beans up?\"\n"
	  "  date | undercroft -p rosa send Allotment\n"
	  "  undercroft -p rosa send Tom --file beans.jpg" },
	{ "reply", NEEDS_TRY, 3, 3, run_reply,
	  "ROOM MESSAGE TEXT",
	  "",
	  "answer a message",
	  "MESSAGE is its number in `read ROOM --numbers`, or last: their last one.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p tom reply Rosa last \"They are.\"" },
	{ "react", NEEDS_TRY, 3, 3, run_react,
	  "ROOM MESSAGE EMOJI",
	  "",
	  "react to a message",
	  "MESSAGE is its number in `read ROOM --numbers`, or last: their last one.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p tom react Allotment 12 \u2764" },
	{ "edit", NEEDS_TRY, 3, 3, run_edit,
	  "ROOM MESSAGE TEXT",
	  "",
	  "change a message of your own",
	  "MESSAGE is its number in `read ROOM --numbers`, or last: your last one. Who has read\n"
	  "the old text has read it.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa edit Tom last \"Are the beans up yet?\"" },
	{ "delete", NEEDS_TRY, 2, 2, run_delete,
	  "ROOM MESSAGE",
	  "",
	  "delete a message of your own, for all",
	  "MESSAGE is its number in `read ROOM --numbers`, or last: your last one. The others'\n"
	  "clients forget it when they hear of it; who has read it has read it.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa delete Tom last" },
	{ "report", NEEDS_SIGN_IN, 0, -1, run_report,
	  "ROOM NUMBER...|--request REQUEST [--to app|hub|both] [--why REASON] [--note TEXT]",
	  "--request= --to= --why= --note=",
	  "report messages or a request of somebody to moderators",
	  "NUMBER is that of `read ROOM --numbers`; all of one sender. These messages go, with what\n"
	  "proves that they were sent so, the reason (spam, harassment, child, threat or other) and\n"
	  "the note; nothing else of the room. --to says to whom: your own app (unless told), which\n"
	  "knows that it is you; the app that the room lives at, which is not told; or both.\n"
	  "Whoever is reported is not told.\n"
	  "\n"
	  "REQUEST is its number in `requests` or the name in it: name and text go, and what proves\n"
	  "that they came with it. hub is then the app of whoever wrote it.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p tom report Allotment 12 13 --why harassment\n"
	  "  undercroft -p tom report --request 2 --to both --why harassment\n"
	  "  undercroft -p tom report Rosa 4 --to both --why threat --note \"since Monday\"" },
	{ "read", NEEDS_TRY, 0, 1, run_read,
	  "[ROOM] [--last N] [--numbers] [--wait SECONDS]",
	  "--last= --numbers --wait=",
	  "read messages",
	  "Without ROOM: what is unread, of all rooms. With ROOM: its last messages (50 unless\n"
	  "told), with --numbers each with its number. --wait stays until there is something\n"
	  "unread, for so long at the most.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p tom read\n"
	  "  undercroft -p tom read Rosa --last 10 --json" },
	{ "follow", NEEDS_SIGN_IN, 0, 1, run_follow,
	  "[ROOM] [--for SECONDS]",
	  "--for=",
	  "show what happens, live",
	  "Shows what is unread, then messages, requests and changes as they come, until Ctrl-C.\n"
	  "With ROOM, only that one, and each line typed is sent to it.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p tom follow\n"
	  "  undercroft -p tom follow Rosa\n"
	  "  undercroft -p tom follow --json --for 60" },
	{ "sync", NEEDS_SIGN_IN, 0, 0, run_sync,
	  "",
	  "",
	  "send and receive whatever waits",
	  "Connects, sends what is queued, receives what has come, ends.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa sync" },
	{ 0 },
};
/* clang-format on */
