/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print.h"

#include "base/text.h"
#include "net/env_system.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

void print_text(FILE *to, const char *text)
{
	struct buf out;
	buf_init(&out, (size_t)8 << 20);
	text_add_escaped(&out, view_str(text), false);
	fwrite(out.p, 1, out.n, to);
	buf_done(&out);
}

void time_text(uint64_t ms, char out[TIME_TEXT])
{
	time_t t = (time_t)(ms / 1000), now = (time_t)(env_now_ms(env_system()) / 1000);
	struct tm then, today;
	localtime_r(&t, &then);
	localtime_r(&now, &today);
	const char *format = then.tm_year != today.tm_year   ? "%d %b %Y %H:%M"
			     : then.tm_yday != today.tm_yday ? "%d %b %H:%M"
							     : "%H:%M";
	strftime(out, TIME_TEXT, format, &then);
}

void print_time(FILE *to, uint64_t ms)
{
	char text[TIME_TEXT];
	time_text(ms, text);
	fputs(text, to);
}

const char *print_id(const struct uc_id *id, char out[17])
{
	for (int i = 0; i < 8; i++)
		snprintf(out + 2 * i, 3, "%02x", id->b[i]);
	return out;
}

/* Where JSON goes; NULL: standard output.  And whether something did not get there. */
static FILE *json_to;
static bool json_lost;

bool print_json_to(FILE *to)
{
	bool whole = !json_lost;
	json_to = to;
	json_lost = false;
	return whole;
}

static void set(json_t *o, const char *key, json_t *value)
{
	if (json_object_set_new(o, key, value))
		json_lost = true;
}

static json_t *object(const char *type)
{
	json_t *o = json_object();
	set(o, "type", json_string(type));
	return o;
}

/* Text that is not valid UTF-8 cannot be a JSON string: it is given escaped. */
static void set_text(json_t *o, const char *key, const char *value)
{
	json_t *s = json_string(value ? value : "");
	if (!s) {
		struct buf out;
		buf_init(&out, (size_t)8 << 20);
		text_add_escaped(&out, view_str(value), false);
		s = json_stringn((const char *)out.p, out.n);
		buf_done(&out);
	}
	set(o, key, s);
}

static void set_id(json_t *o, const char *key, const struct uc_id *id)
{
	char text[17];
	set_text(o, key, print_id(id, text));
}

static void set_number(json_t *o, const char *key, uint64_t n)
{
	set(o, key, json_integer((json_int_t)n));
}

static void set_bool(json_t *o, const char *key, bool b)
{
	set(o, key, json_boolean(b));
}

/* ASCII only, so that a terminal, too, shows no more than it should. */
static void put(json_t *o)
{
	char *line = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	FILE *to = json_to ? json_to : stdout;
	if (!line || fputs(line, to) < 0 || putc('\n', to) < 0)
		json_lost = true;
	if (!json_to)
		fflush(stdout);
	/* jansson hands out memory of its own allocator. */
	json_malloc_t take;
	json_free_t give;
	json_get_alloc_funcs(&take, &give);
	give(line);
}

void print_json(const char *type, ...)
{
	json_t *o = object(type);
	va_list args;
	va_start(args, type);
	for (const char *key; (key = va_arg(args, const char *));)
		set_text(o, key, va_arg(args, const char *));
	va_end(args);
	put(o);
}

static const char *const message_states[] = { "queued", "accepted", "failed", "received" };
static const char *const message_kinds[] = { "text", "reaction", "note", "file" };
static const char *const request_states[] = { "open", "accepted", "declined", "waiting",
					      "withdrawn" };
static const char *const room_states[] = { "joining", "open", "left" };
static const char *const says[] = { "account", "persona", "nothing" };

static json_t *message_json(const char *room, const struct uc_message *m)
{
	json_t *o = object("message");
	set_text(o, "room", room);
	set_id(o, "room_id", &m->room);
	set_number(o, "number", m->number);
	set_id(o, "id", &m->id);
	set_text(o, "state", message_states[m->state]);
	set_text(o, "kind", message_kinds[m->kind]);
	set_bool(o, "own", m->own);
	set_text(o, "sender", m->sender);
	set_bool(o, "introduced", m->introduced);
	set_number(o, "time_ms", m->time_ms);
	set_text(o, "text", m->text);
	if (m->kind == UC_MESSAGE_FILE) {
		set_text(o, "file_name", m->file_name);
		set_text(o, "file_type", m->file_type);
		set_number(o, "file_bytes", m->file_bytes);
	}
	if (m->has_reply)
		set_id(o, "in_reply_to", &m->in_reply_to);
	set_bool(o, "edited", m->edited);
	set_bool(o, "deleted", m->deleted);
	return o;
}

/* How large, in three digits or so. */
static void print_size(uint64_t bytes)
{
	if (bytes < 1000)
		printf("%" PRIu64 " bytes", bytes);
	else if (bytes < 1000000)
		printf("%.1f kB", (double)bytes / 1e3);
	else
		printf("%.1f MB", (double)bytes / 1e6);
}

static void print_said(const struct uc_message *m)
{
	if (m->kind != UC_MESSAGE_FILE || m->deleted) {
		print_text(stdout, m->deleted ? "(deleted)" : m->text);
		return;
	}
	fputs("file ", stdout);
	print_text(stdout, m->file_name);
	fputs(" (", stdout);
	print_size(m->file_bytes);
	fputs(", ", stdout);
	print_text(stdout, m->file_type);
	fputs(")", stdout);
}

void print_message(bool json, const char *room, const struct uc_message *m)
{
	if (json) {
		put(message_json(room, m));
		return;
	}
	fputs("[", stdout);
	print_time(stdout, m->time_ms);
	fputs("] ", stdout);
	if (room) {
		print_text(stdout, room);
		fputs(" | ", stdout);
	}
	if (m->kind == UC_MESSAGE_NOTE) {
		fputs("* ", stdout);
	} else {
		print_text(stdout, m->own ? "you" : m->sender);
		fputs(m->kind == UC_MESSAGE_REACTION ? " reacts " : ": ", stdout);
	}
	print_said(m);
	if (m->edited && !m->deleted)
		fputs(" (edited)", stdout);
	if (m->own && m->state != UC_MESSAGE_ACCEPTED && m->kind != UC_MESSAGE_NOTE)
		printf(" (%s)", m->state == UC_MESSAGE_FAILED ? "not sent" : "waiting");
	fputs("\n", stdout);
	fflush(stdout);
}

void print_request(bool json, unsigned number, const struct uc_request *r, const char *app)
{
	if (json) {
		json_t *o = object("request");
		set_number(o, "number", number);
		set_id(o, "id", &r->id);
		set_text(o, "direction", r->incoming ? "in" : "out");
		set_text(o, "state", request_states[r->state]);
		set_text(o, "app", app);
		set_text(o, "name", r->name);
		set_bool(o, "by_invitation", r->by_invitation);
		set_text(o, "text", r->text);
		set_number(o, "time_ms", r->time_ms);
		if (r->until_ms)
			set_number(o, "until_ms", r->until_ms);
		put(o);
		return;
	}
	printf("%2u  %-4s %-9s ", number, r->incoming ? "from" : "to", request_states[r->state]);
	print_text(stdout, r->name[0] ? r->name : r->incoming ? "someone" : "who made a link");
	fputs(" on ", stdout);
	print_text(stdout, app);
	if (r->incoming && r->by_invitation)
		fputs(", by a link of yours", stdout);
	if (r->text[0]) {
		fputs(": ", stdout);
		print_text(stdout, r->text);
	}
	fputs("\n", stdout);
}

void print_contact(bool json, const struct uc_contact *c, const char *app)
{
	if (json) {
		json_t *o = object("contact");
		set_id(o, "id", &c->id);
		set_text(o, "app", app);
		set_text(o, "name", c->name);
		set_bool(o, "blocked", c->blocked);
		set_bool(o, "stranger", c->stranger);
		set_bool(o, "verified", c->verified);
		set_bool(o, "identity_changed", c->identity_changed);
		set_bool(o, "direct", c->has_direct);
		set_text(o, "about", c->about);
		set_bool(o, "picture", c->picture != 0);
		put(o);
		return;
	}
	print_text(stdout, c->name);
	fputs(" on ", stdout);
	print_text(stdout, app);
	printf("%s%s%s\n", c->verified ? ", verified" : "", c->stranger ? ", no contact" : "",
	       c->blocked ? ", blocked" : "");
	if (c->identity_changed)
		puts("  Somebody else has answered in their place. Compare the safety number.");
}

void print_linked(bool json, const struct uc_id *contact, const struct uc_linked *l,
		  const char *app, const char *known_as)
{
	if (json) {
		json_t *o = object("same_person");
		set_id(o, "contact", contact);
		set_text(o, "app", app);
		set_text(o, "name", l->name);
		set_text(o, "identifier", l->identifier);
		set_bool(o, "is_contact", known_as != NULL);
		if (known_as)
			set_id(o, "other_contact", &l->contact);
		put(o);
		return;
	}
	fputs(known_as ? "  the same person as your contact " : "  also ", stdout);
	print_text(stdout, known_as ? known_as : l->name);
	fputs(" on ", stdout);
	print_text(stdout, app);
	if (l->identifier[0]) {
		fputs(", ", stdout);
		print_text(stdout, l->identifier);
	}
	fputs("\n", stdout);
}

void print_link(bool json, const struct uc_link *l, const char *app, const char *state)
{
	if (json) {
		json_t *o = object("link");
		set_id(o, "id", &l->id);
		set_text(o, "app", app);
		set_text(o, "name", l->name);
		set_text(o, "identifier", l->identifier);
		set_text(o, "state", state);
		set_number(o, "shown", l->shown);
		set_number(o, "waiting", l->waiting);
		put(o);
		return;
	}
	print_text(stdout, l->name);
	fputs(" on ", stdout);
	print_text(stdout, app);
	printf(", %s", state);
	if (l->shown)
		printf(", shown to %u", l->shown);
	if (l->waiting)
		printf(", %u to be told", l->waiting);
	fputs("\n", stdout);
}

void print_room(bool json, unsigned number, const struct uc_room *r)
{
	if (json) {
		json_t *o = object("room");
		set_number(o, "number", number);
		set_id(o, "id", &r->id);
		set_text(o, "name", r->name);
		set_bool(o, "direct", r->direct);
		set_text(o, "state", room_states[r->state]);
		set_bool(o, "consistent", r->consistent);
		set_number(o, "epoch", r->epoch);
		set_number(o, "members", r->members);
		set_number(o, "unread", r->unread);
		set_text(o, "says", says[r->says]);
		set_text(o, "persona", r->persona);
		put(o);
		return;
	}
	printf("%2u  ", number);
	print_text(stdout, r->name);
	if (r->direct)
		fputs(" (direct)", stdout);
	else
		printf(" (%u %s)", r->members, r->members == 1 ? "person" : "people");
	if (r->unread)
		printf(", %u unread", r->unread);
	if (r->state != UC_ROOM_OPEN)
		printf(", %s", room_states[r->state]);
	if (!r->consistent)
		fputs(", its log was tampered with, or is not the same for all", stdout);
	if (r->says == UC_SAYS_PERSONA) {
		fputs(", you are ", stdout);
		print_text(stdout, r->persona);
		fputs(" here only", stdout);
	}
	if (r->says == UC_SAYS_NOTHING && r->state == UC_ROOM_OPEN)
		fputs(", you are not introduced: see `introduce`", stdout);
	fputs("\n", stdout);
}

void print_member(bool json, const struct uc_member *m, const char *app, const char *role)
{
	if (json) {
		json_t *o = object("member");
		set_id(o, "id", &m->id);
		set_text(o, "app", app);
		set_text(o, "participant", m->participant);
		set_bool(o, "self", m->is_self);
		set_bool(o, "introduced", m->introduced);
		set_bool(o, "persona", m->persona);
		set_bool(o, "blocked", m->blocked);
		set_text(o, "name", m->name);
		set_number(o, "role", m->role);
		set_number(o, "devices", m->devices);
		put(o);
		return;
	}
	bool known = m->introduced || m->is_self;
	char id[17];
	if (known)
		print_text(stdout, m->name);
	else
		fputs("someone, not introduced,", stdout);
	fputs(m->persona ? ", by that name here only, on " : " on ", stdout);
	print_text(stdout, app);
	if (!known)
		printf(" (%s)", print_id(&m->id, id));
	if (m->is_self)
		fputs(m->introduced ? " (you)" : " (you, not introduced)", stdout);
	if (*role)
		printf(", %s", role);
	printf("%s%s\n", m->blocked ? ", blocked" : "", m->blocked && m->persona ? " here" : "");
}

const char *print_device_key(const uint8_t key[32], char out[17])
{
	struct uc_id id;
	memcpy(id.b, key, sizeof id.b);
	return print_id(&id, out);
}

void print_device(bool json, unsigned number, const struct uc_device *d)
{
	char key[17];
	print_device_key(d->device_key, key);
	if (json) {
		json_t *o = object("device");
		set_number(o, "number", number);
		set_text(o, "device", key);
		set_text(o, "name", d->name);
		set_bool(o, "this", d->is_this);
		set_number(o, "added_ms", d->added_ms);
		put(o);
		return;
	}
	printf("%2u  %s", number, key);
	if (*d->name) {
		fputs("  ", stdout);
		print_text(stdout, d->name);
	}
	printf("%s, since ", d->is_this ? " (this device)" : "");
	print_time(stdout, d->added_ms);
	fputs("\n", stdout);
}

/* "device KEY (2, old telephone)" */
static void print_known(const char *key, const struct device_known *k)
{
	printf("device %s", key);
	if (!k->number)
		return;
	printf(" (%u", k->number);
	if (*k->name) {
		fputs(", ", stdout);
		print_text(stdout, k->name);
	}
	fputs(")", stdout);
}

static bool is_recovery_key(const uint8_t by[32])
{
	static const uint8_t none[32];
	return view_equal(view_make(by, sizeof none), VIEW_OF(none));
}

void print_device_change(bool json, const struct uc_device_change *x,
			 const struct device_known *device, const struct device_known *by)
{
	static const char *const kinds[] = { "", "added", "ended", "two_lists", "hidden" };
	char key[17], signer[17];
	print_device_key(x->device_key, key);
	print_device_key(x->by, signer);
	bool words = is_recovery_key(x->by);
	if (json) {
		json_t *o = object("device_change");
		set_number(o, "number", x->number);
		set_text(o, "kind", kinds[x->kind]);
		set_text(o, "device", key);
		set_text(o, "device_name", device->name);
		set_text(o, "by", words ? "recovery key" : signer);
		set_text(o, "by_name", by->name);
		set_number(o, "time_ms", x->time_ms);
		put(o);
		return;
	}
	printf("! %2" PRIu64 "  ", x->number);
	print_time(stdout, x->time_ms);
	fputs("  ", stdout);
	if (x->kind == UC_DEVICE_TWO_LISTS) {
		fputs("the app shows another list of your devices than this one has seen\n",
		      stdout);
		return;
	}
	print_known(key, device);
	if (x->kind == UC_DEVICE_HIDDEN)
		fputs(" stands in a room as yours, and the app does not list it here: it was added "
		      "by ",
		      stdout);
	else
		printf(" was %s by ", kinds[x->kind]);
	if (words)
		fputs("your recovery key", stdout);
	else if (by->is_this)
		fputs("this device", stdout);
	else
		print_known(signer, by);
	fputs("\n", stdout);
}

/* Events that are not messages, for people; NULL: only with --json. */
static const char *event_sentence(const struct uc_event *e)
{
	switch (e->kind) {
	case UC_EVENT_REQUEST:
		return "a contact request arrived; see `requests`";
	case UC_EVENT_REQUEST_ACCEPTED:
		return "your contact request was accepted";
	case UC_EVENT_IDENTITY_CHANGED:
		return "somebody else answers where this contact did";
	case UC_EVENT_ROOM_JOINED:
		return "you are in";
	case UC_EVENT_ROOM_LEFT:
		return "you are no longer in it";
	case UC_EVENT_WARNING:
		return "warning";
	case UC_EVENT_NUMBER_FOUND:
		return "a number of yours can be found here";
	case UC_EVENT_GUARDIAN:
		return "about a guardian; see `guardian` and `guardian wards`";
	case UC_EVENT_DEVICE:
		return "the list of your devices has changed, and not by this one; see `devices`";
	case UC_EVENT_ACCOUNT_GONE:
		return e->err == UC_E_NOT_FOUND ? "the account was deleted"
						: "this device is no longer listed for the account";
	default:
		return NULL;
	}
}

static const char *room_change_sentence(const struct uc_event *e)
{
	if (e->kind != UC_EVENT_ROOM_CHANGED)
		return NULL;
	if (!strcmp(e->text, "introduce"))
		return "nobody there is told who you are before `introduce`";
	return strcmp(e->text, "role") ? NULL : "somebody has another role; see `members`";
}

static const char *event_name(enum uc_event_kind kind)
{
	static const char *const names[] = {
		[UC_EVENT_CONNECTION] = "connection",
		[UC_EVENT_DONE] = "done",
		[UC_EVENT_REQUEST] = "request",
		[UC_EVENT_REQUEST_ACCEPTED] = "request_accepted",
		[UC_EVENT_CONTACT] = "contact",
		[UC_EVENT_IDENTITY_CHANGED] = "identity_changed",
		[UC_EVENT_ROOM_JOINED] = "room_joined",
		[UC_EVENT_ROOM_CHANGED] = "room_changed",
		[UC_EVENT_ROOM_LEFT] = "room_left",
		[UC_EVENT_MEMBER_INTRODUCED] = "member_introduced",
		[UC_EVENT_MESSAGE] = "message",
		[UC_EVENT_MESSAGE_STATE] = "message_state",
		[UC_EVENT_DEVICES] = "devices",
		[UC_EVENT_WARNING] = "warning",
		[UC_EVENT_ACCOUNT_GONE] = "account_gone",
		[UC_EVENT_GUARDIAN] = "guardian",
		[UC_EVENT_DEVICE] = "device",
		[UC_EVENT_FILE] = "file",
		[UC_EVENT_NUMBER_FOUND] = "number_found",
	};
	return (size_t)kind < sizeof names / sizeof *names && names[kind] ? names[kind] : "other";
}

void print_event(bool json, const char *room, const struct uc_event *e)
{
	if (e->message && e->kind == UC_EVENT_MESSAGE) {
		print_message(json, room, e->message);
		return;
	}
	if (json) {
		json_t *o = e->message ? message_json(room, e->message) : object("event");
		set_text(o, "type", event_name(e->kind));
		if (room)
			set_text(o, "room", room);
		if (e->err)
			set_text(o, "error", uc_err_name(e->err));
		if (e->text && e->text[0] && !e->message)
			set_text(o, "text", e->text);
		if (e->kind == UC_EVENT_CONNECTION)
			set_number(o, "connection", (uint64_t)e->connection);
		if (e->kind == UC_EVENT_FILE) {
			set_number(o, "number", e->number);
			set_number(o, "bytes_done", e->bytes_done);
			set_number(o, "bytes_total", e->bytes_total);
		}
		put(o);
		return;
	}
	const char *change = room_change_sentence(e);
	const char *sentence = change ? change : event_sentence(e);
	if (!sentence)
		return;
	fputs("* ", stdout);
	if (room) {
		print_text(stdout, room);
		fputs(": ", stdout);
	}
	fputs(sentence, stdout);
	if (!change && e->text && e->text[0]) {
		fputs(": ", stdout);
		print_text(stdout, e->text);
	}
	fputs("\n", stdout);
	fflush(stdout);
}
