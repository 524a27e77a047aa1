/* SPDX-License-Identifier: Apache-2.0 */
/* What a message says: draft-ietf-mimi-content-09, media type application/mimi-content.
 *
 * A message is its salt, what it does to earlier messages, and a tree of parts.  Reading refuses
 * what the draft calls malicious: UC_E_CBOR or UC_E_TEXT for bytes that are not deterministic CBOR
 * of this form, UC_E_LIMIT past a limit, UC_E_MALFORMED for values that make no sense.  What was
 * read is written again byte for byte. */
#ifndef MIMI_CONTENT_H
#define MIMI_CONTENT_H

#include "base/env.h"
#include "wire/wire.h"

#define TEXT_PLAIN    "text/plain;charset=utf-8"
#define TEXT_GFM_MIMI "text/markdown;variant=GFM-MIMI"

enum {
	CONTENT_SALT = 16,
	MESSAGE_ID = 32,
	MESSAGE_ID_SHA256 = 1, /* its first byte */
	CONTENT_TOPIC_MAX = 4096,
	CONTENT_PARTS_MAX = 1024,
	CONTENT_NESTING_MAX = 4,
	CONTENT_EXTENSIONS_MAX = 256,
	CONTENT_EXTENSION_NAME_MAX = 255,
	CONTENT_EXTENSION_VALUE_MAX = 4095,
	CONTENT_EXTENSION_LEVELS = 4, /* of the map itself and what is in it */
	CONTENT_YEAR_S = 366 * 24 * 3600,
};
enum content_extension_key { EXTENSION_SENDER_URI = 1, EXTENSION_ROOM_URI = 2 };

enum disposition {
	DISPOSITION_UNSPECIFIED = 0,
	DISPOSITION_RENDER = 1, /* as are those nobody knows */
	DISPOSITION_REACTION = 2,
	DISPOSITION_PROFILE = 3,
	DISPOSITION_INLINE = 4,
	DISPOSITION_ICON = 5,
	DISPOSITION_ATTACHMENT = 6,
	DISPOSITION_SESSION = 7,
	DISPOSITION_PREVIEW = 8,
};
enum cardinality { PART_NULL = 0, PART_SINGLE = 1, PART_EXTERNAL = 2, PART_MULTI = 3 };
enum part_semantics {
	PARTS_CHOOSE_ONE = 0,  /* the reader takes one of them */
	PARTS_SINGLE_UNIT = 1, /* all or none */
	PARTS_PROCESS_ALL = 2, /* as many as it can */
};

/* Bytes elsewhere, encrypted unless enc_alg is 0. */
struct external_part {
	struct view url;
	uint32_t expires; /* Unix time, seconds; 0: never */
	uint64_t size;    /* bytes; 0: not told */
	uint16_t enc_alg; /* IANA AEAD number; key, nonce and aad are empty without one */
	struct view key, nonce, aad;
	uint8_t hash_alg;         /* IANA Named Information hash number */
	struct view content_hash; /* of the bytes at the URL */
	struct view description, filename;
};

struct nested_part;
struct nested_part_list {
	struct nested_part *v;
	size_t n;
};
struct nested_part {
	uint8_t disposition; /* enum disposition */
	struct view language;
	uint8_t cardinality;
	uint32_t part_index;      /* counted depth first from 0; not on the wire, set by reading */
	struct view content_type; /* single, external */
	struct view content;      /* single */
	struct external_part external;
	uint8_t part_semantics;        /* multi */
	struct nested_part_list parts; /* multi: two at least */
};

struct content_extension {
	bool is_text;      /* the key: a name, or a number */
	int64_t number;    /* 1 to 255 of the IETF, negative ones private */
	struct view name;  /* private */
	struct view value; /* encoded CBOR */
};
struct content_extension_list {
	struct content_extension *v;
	size_t n;
};
struct content_expiration {
	bool relative; /* seconds after reading, otherwise Unix time */
	uint32_t time;
};
struct mimi_content {
	uint8_t salt[CONTENT_SALT];
	struct view replaces; /* message id; empty: null */
	struct view topic_id;
	struct content_expiration *expires; /* NULL: never */
	struct view in_reply_to;            /* message id; empty: null */
	struct content_extension_list extensions;
	struct nested_part body;
};
void cbor_mimi_content(struct wire *w, struct mimi_content *c);
void mimi_content_element(struct wire *w, void *v);

/* What is read borrows from the bytes; parts lie in the arena. */
uc_err UC_MUST_USE mimi_content_read(struct view bytes, struct arena *a, struct mimi_content *out);
uc_err UC_MUST_USE mimi_content_write(const struct mimi_content *c, struct arena *a,
				      struct view *bytes);
/* 1 || SHA-256(lengths, URIs, bytes, salt)[0..30], of the bytes as they came. */
uc_err UC_MUST_USE mimi_content_id(struct view bytes, const uint8_t salt[CONTENT_SALT],
				   struct view sender_uri, struct view room_uri,
				   uint8_t out[MESSAGE_ID]);
/* The URI in an extension; UC_E_NOT_FOUND. */
uc_err UC_MUST_USE mimi_content_uri(const struct mimi_content *c, enum content_extension_key key,
				    struct view *uri);
/* An absolute expiration within a year of the time the hub took the message at (ms). */
bool mimi_content_expires_sensibly(const struct mimi_content *c, uint64_t accepted_timestamp);

/* --- making --- */

/* An empty message, with a fresh salt, of this sender to this room; the URIs are copied. */
uc_err UC_MUST_USE mimi_content_new(const struct env *env, struct view sender_uri,
				    struct view room_uri, struct arena *a,
				    struct mimi_content *out);
/* Bodies; they borrow.  markdown: GFM-MIMI, in which `<` of a tag must stand as `&lt;`. */
void mimi_content_set_text(struct mimi_content *c, struct view text, bool markdown);
void mimi_content_set_single(struct mimi_content *c, struct view content_type, struct view content);
/* One emoji, to the message with this id. */
void mimi_content_set_reaction(struct mimi_content *c, struct view to, struct view emoji);
/* Takes back the message with this id, or a reaction. */
void mimi_content_set_delete(struct mimi_content *c, struct view id);
/* A reply sets in_reply_to beside its body; an edit sets replaces to the first version's id. */

/* --- reading --- */

/* Is it text/plain in UTF-8, or markdown, which may be shown as plain text? */
bool content_type_is_text(struct view content_type);
/* The part to show of a message, by each list's semantics, for a reader of texts; NULL: none. */
const struct nested_part *mimi_content_shown(const struct mimi_content *c);

#endif
