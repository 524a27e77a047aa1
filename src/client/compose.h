/* SPDX-License-Identifier: Apache-2.0 */
/* MIMI content as this client writes and understands it. */
#ifndef CLIENT_COMPOSE_H
#define CLIENT_COMPOSE_H

#include "client/client.h"
#include "mimi/attachment.h"

enum { REACTION_MAX = 64 }; /* bytes */
enum content_kind {
	CONTENT_TEXT,
	CONTENT_REACTION,
	CONTENT_EDIT,    /* of another message; text is the new one */
	CONTENT_DELETE,  /* of another message */
	CONTENT_CONTROL, /* between clients: struct control */
	CONTENT_FILE,    /* as attachment.h has it */
	CONTENT_OTHER,   /* valid, but nothing this client shows */
};
struct content_parts {
	enum content_kind kind;
	struct uc_id id; /* message id */
	bool has_reply;
	struct uc_id in_reply_to;
	struct uc_id replaces;            /* edit and delete */
	struct view text;                 /* text, reaction, edit; control: its bytes */
	const struct external_part *file; /* of what is written */
	struct view file_type;
	/* What is read is gone from then on; relative: so long after it is read.  0: never. */
	uint64_t expires_ms;
	bool expires_relative;
};
uc_err UC_MUST_USE text_check(struct view text);
/* Writes new content (a fresh salt) for this room; sets parts->id. */
uc_err UC_MUST_USE content_write(struct uc_client *c, const struct room *r,
				 struct content_parts *parts, struct arena *a,
				 struct view *content);
/* Of a message that the hub took at that time.  UC_E_UNEXPECTED when it names another sender or room
 * than those it came from, or an end that makes no sense. */
uc_err UC_MUST_USE content_parse(const struct room *r, struct view sender, struct view content,
				 uint64_t timestamp, struct arena *a, struct content_parts *out);

#endif
