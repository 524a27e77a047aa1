/* SPDX-License-Identifier: Apache-2.0 */
/* Files: sent with a message of their own, and saved. */
#include "cli/command.h"
#include "cli/export_file.h"
#include "cli/print.h"

#include "base/buf.h"
#include "base/heap.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- how far it has come --- */

struct progress {
	struct cli *cli;
	const struct uc_id *room;
	uint64_t number; /* of the message in it */
	uc_op op;        /* 0: none is waited for */
	bool has_ended, has_printed;
	uc_err err;
	enum uc_message_state state; /* of the message */
};

static void progress_show(struct progress *p, const struct uc_event *e)
{
	if (p->cli->json) {
		print_event(true, NULL, e);
	} else if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r%3" PRIu64 " %%", 100 * e->bytes_done / e->bytes_total);
		p->has_printed = true;
	}
}

static void progress_hear(void *ctx, const struct uc_event *e)
{
	struct progress *p = ctx;
	bool is_here = e->has_room && cli_id_equal(&e->room, p->room);
	if (p->op && e->kind == UC_EVENT_DONE && e->op == p->op) {
		p->has_ended = true;
		p->err = e->err;
	}
	if (e->kind == UC_EVENT_MESSAGE_STATE && is_here && e->message->number == p->number)
		p->state = e->message->state;
	if (e->kind == UC_EVENT_FILE && is_here && e->number == p->number && e->bytes_total)
		progress_show(p, e);
}

static bool progress_has_ended(void *ctx)
{
	const struct progress *p = ctx;
	return p->has_ended;
}

static void progress_end(struct progress *p)
{
	link_listen(p->cli->link, NULL, NULL);
	if (p->has_printed)
		fputs("\r      \r", stderr);
}

/* --- sending --- */

static bool read_file(const char *path, struct buf *out)
{
	uint8_t chunk[16384];
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	buf_init_secret(out, UC_FILE_MAX);
	while (fd >= 0 && !out->failed && (n = read(fd, chunk, sizeof chunk)) > 0)
		buf_add(out, chunk, (size_t)n);
	int why = errno;
	if (fd >= 0)
		close(fd);
	if (n == 0 && out->n)
		return true;
	if (out->failed)
		fprintf(stderr, "undercroft: %s: a file holds at most %d MiB\n", path,
			UC_FILE_MAX >> 20);
	else
		fprintf(stderr, "undercroft: cannot read %s: %s\n", path,
			n == 0 ? "it is empty" : strerror(why));
	buf_done(out);
	return false;
}

/* By its ending; what a name says is a hint and no more. */
static const char *type_guess(const char *path)
{
	static const char *const types[][2] = {
		{ ".txt", "text/plain" },  { ".pdf", "application/pdf" },
		{ ".png", "image/png" },   { ".jpg", "image/jpeg" },
		{ ".jpeg", "image/jpeg" }, { ".gif", "image/gif" },
		{ ".webp", "image/webp" }, { ".mp3", "audio/mpeg" },
		{ ".ogg", "audio/ogg" },   { ".m4a", "audio/mp4" },
		{ ".mp4", "video/mp4" },   { ".zip", "application/zip" },
	};
	const char *dot = strrchr(path, '.');
	for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
		if (!strcasecmp(dot, types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

static bool state_each(void *ctx, const struct uc_message *m)
{
	*(enum uc_message_state *)ctx = m->state;
	return false;
}

/* What else there is to do, in other rooms, is not waited for. */
static bool is_out(void *ctx)
{
	const struct progress *p = ctx;
	return p->state != UC_MESSAGE_QUEUED || link_is_settled(p->cli->link);
}

/* Queued durably already; now let it go out. */
static int file_out(struct cli *cli, const struct uc_id *room, const struct uc_id *id)
{
	char hex[17];
	struct progress p = { .cli = cli,
			      .room = room,
			      .number = uc_messages_last(cli->client, room),
			      .state = UC_MESSAGE_QUEUED };
	if (!cli->offline) {
		link_listen(cli->link, progress_hear, &p);
		uc_err err = link_run_looking(cli->link, is_out, &p, CLI_STAY_MS);
		progress_end(&p);
		if (err && err != UC_E_TIMEOUT && err != UC_E_CLOSED)
			return cli_fail(cli, err, "send");
	}
	uc_err err = uc_messages(cli->client, room, p.number, 1, state_each, &p.state);
	if (err)
		return cli_fail(cli, err, "send");
	if (p.state == UC_MESSAGE_FAILED)
		return cli_fail(cli, UC_E_NOT_ALLOWED,
				"the app or the room does not take this file");
	if (cli->json)
		print_json("sent", "id", print_id(id, hex), "state",
			   p.state == UC_MESSAGE_ACCEPTED ? "accepted" : "queued", NULL);
	if (p.state == UC_MESSAGE_ACCEPTED)
		return CLI_OK;
	fputs("undercroft: kept; it goes out with the next command that reaches the app\n", stderr);
	return CLI_OFFLINE;
}

int cli_send_file(struct cli *cli, const struct uc_id *room, const char *path)
{
	const char *type = cli_option(cli, "--type");
	struct buf file;
	struct uc_id id;
	if (!read_file(path, &file))
		return CLI_FAILED;
	uc_err err = uc_send_file(cli->client, room, path, type ? type : type_guess(path), file.p,
				  file.n, &id);
	buf_done(&file);
	if (err)
		return cli_fail(cli, err,
				err == UC_E_CLOSED ? "the room was left, or is not joined yet"
						   : "send");
	return file_out(cli, room, &id);
}

/* --- saving --- */

struct wanted {
	bool found;
	uint64_t number, bytes;
	char name[256], type[128];
};

static bool wanted_each(void *ctx, const struct uc_message *m)
{
	struct wanted *w = ctx;
	w->found = m->number == w->number && m->kind == UC_MESSAGE_FILE && !m->deleted &&
		   m->file_bytes;
	if (!w->found)
		return false;
	w->bytes = m->file_bytes;
	snprintf(w->name, sizeof w->name, "%s", m->file_name);
	snprintf(w->type, sizeof w->type, "%s", m->file_type);
	return false;
}

static bool wanted_find(struct cli *cli, const struct uc_id *room, const char *number,
			struct wanted *w)
{
	if (decimal_read(view_str(number), &w->number) || !w->number)
		return false;
	return !uc_messages(cli->client, room, w->number, 1, wanted_each, w) && w->found;
}

/* Where to: as told; in the folder that was told, or in this one, under the file's own name. */
static bool path_make(const char *told, const char *name, char *out, size_t n)
{
	struct stat is;
	bool is_folder = told && !stat(told, &is) && S_ISDIR(is.st_mode);
	int made = !told       ? snprintf(out, n, "./%s", name)
		   : is_folder ? snprintf(out, n, "%s/%s", told, name)
			       : snprintf(out, n, "%s", told);
	if (made < 0 || (size_t)made >= n) {
		fputs("undercroft: that path is too long\n", stderr);
		return false;
	}
	if (access(out, F_OK))
		return true;
	fprintf(stderr, "undercroft: cannot write %s: it exists, and is not overwritten\n", out);
	return false;
}

static uc_err fetch(struct cli *cli, const struct uc_id *room, const struct wanted *w)
{
	struct progress p = { .cli = cli, .room = room, .number = w->number };
	TRY(uc_file_fetch(cli->client, room, w->number, &p.op));
	link_listen(cli->link, progress_hear, &p);
	uc_err err = link_run(cli->link, progress_has_ended, &p, CLI_STAY_MS);
	progress_end(&p);
	return err ? err : p.err;
}

static int fetch_failed(struct cli *cli, uc_err err)
{
	static const struct {
		uc_err err;
		const char *what;
	} whats[] = {
		{ UC_E_NOT_FOUND, "the sender's app has that file no more" },
		{ UC_E_DECRYPT, "what came is not the file that was sent; nothing was saved" },
		{ UC_E_PEER, "the sender's app does not answer" },
		{ UC_E_TIMEOUT, "it takes long; what has come is kept, save again for the rest" },
	};
	for (size_t i = 0; i < sizeof whats / sizeof *whats; i++)
		if (whats[i].err == err)
			return cli_fail(cli, err, whats[i].what);
	return cli_fail(cli, err, "fetch the file");
}

/* Under its name it is whole, or not there. */
static bool write_file(const char *path, const uint8_t *bytes, size_t n)
{
	static struct export_file f;
	if (!export_file_begin(&f, path))
		return false;
	return export_file_end(&f, fwrite(bytes, 1, n, f.to) == n);
}

static int save(struct cli *cli, const struct uc_id *room, const struct wanted *w, const char *path)
{
	uint8_t *bytes = heap_new((size_t)w->bytes);
	uc_err err = bytes ? uc_file_read(cli->client, room, w->number, bytes, (size_t)w->bytes)
			   : UC_E_MEMORY;
	bool is_written = !err && write_file(path, bytes, (size_t)w->bytes);
	heap_free_wiped(bytes, (size_t)w->bytes);
	if (err)
		return fetch_failed(cli, err);
	if (!is_written)
		return CLI_FAILED; /* it stays here, for another try */
	err = uc_file_drop(cli->client, room, w->number);
	if (err)
		return cli_fail(cli, err, "forget what was fetched");
	if (cli->json)
		print_json("saved", "file", path, "name", w->name, "media_type", w->type, NULL);
	else
		printf("Saved as %s; it was not opened.\n", path);
	return CLI_OK;
}

static int run_save(struct cli *cli)
{
	char path[EXPORT_PATH_MAX];
	struct uc_id room;
	struct wanted w = { .found = false };
	if (!cli_find_room(cli, cli->argv[0], &room))
		return CLI_FAILED;
	if (!wanted_find(cli, &room, cli->argv[1], &w)) {
		fputs("undercroft: no file there; `read ROOM --numbers` shows the numbers of "
		      "messages\n",
		      stderr);
		return CLI_FAILED;
	}
	if (!path_make(cli->argc > 2 ? cli->argv[2] : NULL, w.name, path, sizeof path))
		return CLI_FAILED;
	uc_err err = fetch(cli, &room, &w);
	return err ? fetch_failed(cli, err) : save(cli, &room, &w, path);
}

/* clang-format off */
const struct command commands_files[] = {
	{ "save", NEEDS_SIGN_IN, 2, 3, run_save,
	  "ROOM NUMBER [PATH]",
	  "",
	  "fetch and keep a file that somebody sent",
	  "NUMBER is that of `read ROOM --numbers`. PATH is a file that is not there yet, or a\n"
	  "folder; without it, the file's own name in this folder. The file is fetched through your\n"
	  "own app, so that the sender's app does not learn your address, then checked, and written\n"
	  "for you alone; nothing opens it. What a stranger sends may be harmful all the same.\n"
	  "Broken off, the next time goes on where this one ended.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p tom save Rosa 7\n"
	  "  undercroft -p tom save Rosa 7 ~/beans.jpg" },
	{ 0 },
};
/* clang-format on */
