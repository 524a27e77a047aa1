/* SPDX-License-Identifier: Apache-2.0 */
/* Sending, reading, following. */
#include "cli/command.h"
#include "cli/print.h"

#include "base/buf.h"

#include <string.h>
#include <unistd.h>

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

static int send_text(struct cli *cli, const struct uc_id *room, const char *text)
{
	struct uc_id id;
	char hex[17];
	uc_err err = uc_send(cli->client, room, text, &id);
	if (err)
		return cli_fail(cli, err, "send");
	/* Queued durably already; now let it go out. */
	err = link_settle(cli->link, 20000);
	if (err)
		return cli_fail(cli, err, "kept, and sent when the app is reached again");
	if (cli->json)
		print_json("sent", "id", print_id(&id, hex), NULL);
	return CLI_OK;
}

static int run_send(struct cli *cli)
{
	struct uc_id room;
	if (!cli_find_room(cli, cli->argv[0], &room))
		return CLI_FAILED;
	if (cli->argc > 1 && strcmp(cli->argv[1], "-") != 0)
		return send_text(cli, &room, cli->argv[1]);
	struct buf text;
	if (!read_input(&text))
		return CLI_USAGE;
	int status = send_text(cli, &room, (const char *)text.p);
	buf_done(&text);
	return status;
}

/* Names of rooms, for lists over several of them. */
struct room_name {
	const struct uc_id *id;
	char name[256];
};

static bool name_each(void *ctx, const struct uc_room *r)
{
	struct room_name *n = ctx;
	if (!view_equal(VIEW_OF(r->id.b), VIEW_OF(n->id->b)))
		return true;
	snprintf(n->name, sizeof n->name, "%s", r->name);
	return false;
}

static const char *room_name(struct cli *cli, const struct uc_id *id, struct room_name *n)
{
	*n = (struct room_name){ .id = id };
	return uc_rooms(cli->client, name_each, n) ? "" : n->name;
}

struct reading {
	struct cli *cli;
	const char *room; /* printed before each message; NULL: one room only */
	uint64_t last;
};

static bool read_each(void *ctx, const struct uc_message *m)
{
	struct reading *r = ctx;
	print_message(r->cli->json, r->cli->json || r->room ? r->room : NULL, m);
	r->last = m->number;
	return true;
}

static int read_room(struct cli *cli, const struct uc_id *room, const char *name, uint64_t from)
{
	struct reading r = { .cli = cli, .room = name };
	uc_err err = uc_messages(cli->client, room, from, SIZE_MAX, read_each, &r);
	if (!err && r.last)
		err = uc_mark_read(cli->client, room, r.last);
	return err ? cli_fail(cli, err, "read") : CLI_OK;
}

struct unread {
	struct cli *cli;
	struct uc_id rooms[256];
	char names[256][64];
	uint32_t unread[256];
	size_t n;
};

static bool unread_each(void *ctx, const struct uc_room *r)
{
	struct unread *u = ctx;
	if (r->unread && u->n < 256) {
		snprintf(u->names[u->n], sizeof *u->names, "%s", r->name);
		u->unread[u->n] = r->unread;
		u->rooms[u->n++] = r->id;
	}
	return true;
}

static int run_read(struct cli *cli)
{
	if (cli->argc) {
		struct uc_id room;
		struct room_name name;
		const char *last = cli_option(cli, "--last");
		if (!cli_find_room(cli, cli->argv[0], &room))
			return CLI_FAILED;
		uint64_t end = uc_messages_last(cli->client, &room);
		uint64_t count = last ? strtoull(last, NULL, 10) : 50;
		return read_room(cli, &room, cli->json ? room_name(cli, &room, &name) : NULL,
				 end > count ? end - count + 1 : 1);
	}
	static struct unread u;
	u.cli = cli;
	u.n = 0;
	uc_err err = uc_rooms(cli->client, unread_each, &u);
	if (err)
		return cli_fail(cli, err, "read");
	for (size_t i = 0; i < u.n; i++) {
		uint64_t end = uc_messages_last(cli->client, &u.rooms[i]);
		uint64_t from = end > u.unread[i] ? end - u.unread[i] + 1 : 1;
		int status = read_room(cli, &u.rooms[i], u.names[i], from);
		if (status)
			return status;
	}
	if (!u.n && !cli->json)
		puts("Nothing new.");
	return CLI_OK;
}

struct following {
	struct cli *cli;
	bool one; /* a single room */
	struct uc_id room;
};

static void follow_event(void *ctx, const struct uc_event *e)
{
	struct following *f = ctx;
	struct room_name name;
	const struct uc_id *room = e->message ? &e->message->room : e->has_room ? &e->room : NULL;
	if (f->one && room && !view_equal(VIEW_OF(room->b), VIEW_OF(f->room.b)))
		return;
	/* One's own messages were typed here; they are not repeated. */
	if (!f->cli->json && e->message && e->message->own)
		return;
	print_event(f->cli->json,
		    room && (!f->one || f->cli->json) ? room_name(f->cli, room, &name) : NULL, e);
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
	struct following f = { .cli = cli };
	const char *seconds = cli_option(cli, "--for");
	if (cli->argc) {
		f.one = true;
		if (!cli_find_room(cli, cli->argv[0], &f.room))
			return CLI_FAILED;
		link_read_lines(cli->link, follow_line, &f);
	}
	link_listen(cli->link, follow_event, &f);
	if (!cli->json)
		fprintf(stderr, f.one ? "Following; type a line to send it, Ctrl-C ends.\n"
				      : "Following; Ctrl-C ends.\n");
	uc_err err =
		link_run(cli->link, never, NULL, seconds ? strtoull(seconds, NULL, 10) * 1000 : 0);
	link_listen(cli->link, NULL, NULL);
	return err == UC_E_CLOSED || err == UC_E_TIMEOUT ? CLI_OK : cli_fail(cli, err, "follow");
}

static int run_sync(struct cli *cli)
{
	if (cli->json)
		print_json("synced", NULL);
	else
		puts("Up to date.");
	return CLI_OK;
}

const struct command commands_messages[] = {
	{ "send", NEEDS_SIGN_IN, 1, 2, run_send, "TO [TEXT]", "send a message",
	  "TO is a contact (the direct conversation), a group's name, or a number of `rooms`. "
	  "Without\n"
	  "TEXT, or with -, the message is standard input. It is kept before it is sent: without "
	  "a\n"
	  "connection it goes out with the next command.\n\n"
	  "examples:\n"
	  "  undercroft -p rosa send Tom \"Are the beans up?\"\n"
	  "  date | undercroft -p rosa send Allotment" },
	{ "read", NEEDS_SIGN_IN, 0, 1, run_read, "[ROOM] [--last N]", "read messages",
	  "Without ROOM: what is unread, of all rooms. With ROOM: its last messages (50 unless "
	  "told).\n\n"
	  "examples:\n"
	  "  undercroft -p tom read\n"
	  "  undercroft -p tom read Rosa --last 10 --json" },
	{ "follow", NEEDS_SIGN_IN, 0, 1, run_follow, "[ROOM] [--for SECONDS]",
	  "show what happens, live",
	  "Shows messages, requests and changes as they come, until Ctrl-C. With ROOM, only that "
	  "one,\n"
	  "and each line typed is sent to it.\n\n"
	  "examples:\n"
	  "  undercroft -p tom follow\n"
	  "  undercroft -p tom follow Rosa\n"
	  "  undercroft -p tom follow --json --for 60" },
	{ "sync", NEEDS_SIGN_IN, 0, 0, run_sync, "", "send and receive whatever waits",
	  "Connects, sends what is queued, receives what has come, ends.\n\n"
	  "example:\n  undercroft -p rosa sync" },
	{ 0 },
};
