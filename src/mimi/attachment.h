/* SPDX-License-Identifier: Apache-2.0 */
/* A file beside a message: an ExternalPart of MIMI content, and the bytes it points at.
 *
 * At the URL lies what committed.h makes of the file and zeros behind it, so that its length says
 * little: AES-128-GCM, with the commitment to its key in front.  The part's aad is SHA-256 of the
 * file; its content_hash is SHA-256 of the bytes at the URL, as MIMI has it.  All of it stands in
 * the message, which is franked: whoever has the message has one file, or none.
 *
 * The URL is https://APP/v1/attachments/ID.  Nobody guesses ID, and nothing but the message leads to
 * it (docs/decisions/0152-attachments.md). */
#ifndef MIMI_ATTACHMENT_H
#define MIMI_ATTACHMENT_H

#include "base/env.h"
#include "crypto/committed.h"
#include "mimi/content.h"

#define ATTACHMENT_PATH "/v1/attachments/"

enum {
	ATTACHMENT_MAX = 16 << 20,        /* bytes of a file */
	ATTACHMENT_PADDED_LEAST = 4096,   /* of one with its zeros */
	ATTACHMENT_PART_MAX = 128 * 1024, /* in one frame, and in one record */
	ATTACHMENT_OVERHEAD = COMMITMENT + AEAD_TAG,
	/* A file of ATTACHMENT_MAX with its zeros, sealed. */
	ATTACHMENT_SEALED_MAX = ATTACHMENT_MAX + ATTACHMENT_OVERHEAD,
	ATTACHMENT_ID = 32,
	ATTACHMENT_KEY = 16,
	ATTACHMENT_NONCE = 12,
	ATTACHMENT_AES_128_GCM = 1, /* IANA AEAD numbers */
	ATTACHMENT_SHA_256 = 1,     /* IANA Named Information hash numbers */
	FILE_NAME_MAX = 120,        /* bytes of a name that is shown or given to a file */
	FILE_TYPE_MAX = 80,
};

/* What is at the URL of a file of n bytes, in bytes. */
size_t attachment_sealed_size(size_t n);

/* A part for a file, and what is to be put at its URL.  All of `out` lies in the arena but name and
 * type, which are borrowed; sealed: attachment_sealed_size bytes of the caller's.  UC_E_TOO_LARGE;
 * UC_E_ARGUMENT: no file is empty. */
uc_err UC_MUST_USE attachment_seal(const struct env *env, struct view domain, struct view file,
				   struct arena *a, struct external_part *out, uint8_t *sealed);

/* Where the bytes of a part are, if it is one that is opened here: of these algorithms and lengths.
 * UC_E_UNSUPPORTED for others. */
struct attachment {
	struct view domain; /* the app whose URL it is; part of the URL */
	uint8_t id[ATTACHMENT_ID];
	size_t size;   /* of the file */
	size_t sealed; /* of the bytes at the URL */
};
uc_err UC_MUST_USE attachment_of(const struct external_part *e, struct attachment *out);
/* The file in the bytes that were at the URL, into out (e->size bytes), which is wiped on failure:
 * first their hash, then the commitment to the key, then what is in them.  UC_E_DECRYPT: they are
 * not what the message speaks of. */
uc_err UC_MUST_USE attachment_open(const struct external_part *e, struct view sealed, uint8_t *out);

/* The last part of the path; UC_E_MALFORMED. */
uc_err UC_MUST_USE attachment_id_read(struct view text, uint8_t out[ATTACHMENT_ID]);

/* A name as it may be shown and given to a file, whatever somebody wrote: its last part, without what
 * steers a terminal, turns text around, cannot be seen, or means something to a shell or a file
 * system.  Never empty, never hidden, never a path; zero-terminated. */
void file_name_clean(struct view name, char out[FILE_NAME_MAX + 1]);
/* A media type as it may be shown: type/subtype alone; application/octet-stream for what is none. */
void file_type_clean(struct view type, char out[FILE_TYPE_MAX + 1]);

#endif
