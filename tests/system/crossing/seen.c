/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what crossed, with the walks of the program itself, and says which fields of which structs stood
 * in it: crossing-seen < LINES.  A line is the name of a struct, or "frame", "notify" (several
 * fanout_message one after the other), a blank, and its bytes in hex.  Prints "STRUCT FIELD" for each
 * that was not empty (all zero) at least once, and "unread STRUCT ERROR" for what does not fit. */
#include "tests/system/crossing/seen.h"

#include "base/heap.h"
#include "mimi/contact_token.h"
#include "mimi/frames.h"
#include "mimi/report.h"
#include "provider/schema.h"

#include <stdio.h>

enum { OBJECT_MAX = 4096, MEMORY_MAX = 256 << 20, FIELDS_MAX = 2000, LINE_MAX = 64 << 20 };

struct walk {
	const char *name;
	wire_element *walk;
};
#define FRAME_WALK(name) { #name, name##_element },
#define WALK(name)                    \
	{                             \
#name, name##_element \
	}
static const struct walk walks[] = {
	FRAME_WALKS(FRAME_WALK) WALK(consent_entry),
	WALK(update_request),
	WALK(update_room_response),
	WALK(submit_message_request),
	WALK(submit_message_response),
	WALK(frank),
	WALK(frank_proof),
	WALK(fanout_message),
	WALK(key_material_request),
	WALK(key_material_response),
	WALK(group_info_request),
	WALK(group_info_response),
	WALK(identifier_request),
	WALK(identifier_response),
	WALK(abuse_report),
	WALK(frank_claims),
	WALK(redeem_request),
	WALK(redeem_response),
	WALK(follow_start),
};

/* What lies in a field as bytes. */
static const struct {
	const char *type, *field, *walk;
} inner[] = {
	{ "consent_request_request", "consent_entry", "consent_entry" },
	{ "consent_update_request", "consent_entry", "consent_entry" },
	{ "room_update_request", "update", "update_request" },
	{ "room_update_response", "response", "update_room_response" },
	{ "room_submit_request", "message", "submit_message_request" },
	{ "room_submit_response", "response", "submit_message_response" },
	{ "room_group_info_request", "request", "group_info_request" },
	{ "room_group_info_response", "response", "group_info_response" },
	{ "key_material_request_frame", "request", "key_material_request" },
	{ "key_material_response_frame", "response", "key_material_response" },
	{ "log_entry", "fanout", "fanout_message" },
	{ "entry_own_event", "frank", "frank" },
	{ "report_request", "report", "abuse_report" },
};

static const struct {
	uint16_t type;
	const char *walk;
} requests[] = {
#define REQUEST(name, walk, number, phase, limit) { number, #walk },
	FRAME_REQUESTS(REQUEST)
}, others[] = {
#define OTHER(name, walk, number)                 { number, #walk },
	FRAME_NOTICES(OTHER) FRAME_EVENTS(OTHER)
};

static bool is_seen[FIELDS_MAX];

static void read_one(const char *name, struct view bytes);

static wire_element *walk_find(const char *name)
{
	for (size_t i = 0; i < sizeof walks / sizeof *walks; i++)
		if (!strcmp(walks[i].name, name))
			return walks[i].walk;
	return NULL;
}

/* Those that carry nothing have no walk of their own. */
static void read_body(const char *walk, const char *end, struct view body)
{
	char name[128];
	snprintf(name, sizeof name, "%s%s_frame", walk, end);
	if (!walk_find(name))
		snprintf(name, sizeof name, "%s%s", walk, end);
	read_one(walk_find(name) ? name : "empty", body);
}

static void read_frame_body(const struct frame *f)
{
	if (f->kind == FRAME_REQUEST || f->kind == FRAME_RESPONSE) {
		for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
			if (requests[i].type == f->type && !f->status)
				read_body(requests[i].walk,
					  f->kind == FRAME_REQUEST ? "_request" : "_response",
					  f->body);
		return;
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i].type == f->type)
			read_body(others[i].walk, "", f->body);
}

static void look_inside(const char *type, const char *field, const void *object, const void *at)
{
	const struct frank *f = object;
	for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
		if (!strcmp(inner[i].type, type) && !strcmp(inner[i].field, field))
			read_one(inner[i].walk, *(const struct view *)at);
	if (!strcmp(type, "frank") && !strcmp(field, "franking_integrity_signature") &&
	    f->franking_signature_ciphersuite == FRANK_TREE_SUITE)
		read_one("frank_proof", f->franking_integrity_signature);
}

/* A view without bytes is empty wherever it points. */
static bool is_empty(const uint8_t *p, size_t n, bool is_view)
{
	size_t i = 0;
	if (is_view)
		return !((const struct view *)(const void *)p)->n;
	while (i < n && !p[i])
		i++;
	return i == n;
}

void crossing_seen(const struct wire *w, const char *type, const void *object)
{
	if (w->mode != WIRE_READ || w->failed)
		return;
	for (size_t i = 0; crossing_fields[i].type; i++) {
		const struct crossing_field *f = &crossing_fields[i];
		const uint8_t *at = (const uint8_t *)object + f->at;
		if (strcmp(f->type, type) != 0 || is_empty(at, f->n, f->is_view))
			continue;
		is_seen[i] = true;
		look_inside(type, f->name, object, at);
	}
}

static uc_err read_walk(wire_element *walk, struct view bytes, bool is_list, struct arena *mem)
{
	_Alignas(max_align_t) uint8_t object[OBJECT_MAX] = { 0 };
	struct wire w;
	wire_reader(&w, bytes, mem);
	do {
		memset(object, 0, sizeof object);
		walk(&w, object);
	} while (is_list && !w.failed && w.p < w.end);
	uc_err err = wire_finish(&w);
	if (!err && walk == frame_element)
		read_frame_body((const struct frame *)(const void *)object);
	return err;
}

static void read_one(const char *name, struct view bytes)
{
	bool is_list = !strcmp(name, "notify");
	wire_element *walk = !strcmp(name, "frame") ? frame_element
						    : walk_find(is_list ? "fanout_message" : name);
	struct arena mem;
	arena_init(&mem, MEMORY_MAX, ARENA_PLAIN);
	uc_err err = walk ? read_walk(walk, bytes, is_list, &mem) : UC_E_NOT_FOUND;
	arena_done(&mem);
	if (err)
		printf("unread %s %s\n", name, uc_err_name(err));
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Into its own place. */
static struct view from_hex(char *hex)
{
	size_t n = 0;
	uint8_t *out = (uint8_t *)hex;
	for (; digit(hex[2 * n]) >= 0 && digit(hex[2 * n + 1]) >= 0; n++)
		out[n] = (uint8_t)(digit(hex[2 * n]) << 4 | digit(hex[2 * n + 1]));
	return view_make(out, n);
}

int main(void)
{
	static char line[LINE_MAX];
	while (fgets(line, sizeof line, stdin)) {
		char *blank = strchr(line, ' ');
		if (!blank)
			return 2;
		*blank = 0;
		read_one(line, from_hex(blank + 1));
	}
	for (size_t i = 0; crossing_fields[i].type; i++)
		if (is_seen[i])
			printf("%s %s\n", crossing_fields[i].type, crossing_fields[i].name);
	return 0;
}
