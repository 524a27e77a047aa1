/* SPDX-License-Identifier: Apache-2.0 */
/* What a person shows contacts beside a name: words about themselves and a small picture.  It goes,
 * encrypted, from client to client in direct rooms alone.
 *
 * Padded to one of two sizes, so that the length of a message tells no more than whether there is a
 * picture: one that goes to many rooms would otherwise be known again by it.  Of the picture nothing is
 * looked at but its first bytes: who shows it has a decoder for that, in a place made for it. */
#ifndef MIMI_PORTRAIT_H
#define MIMI_PORTRAIT_H

#include "wire/wire.h"

enum {
	PICTURE_MAX = 16 * 1024,          /* bytes */
	PORTRAIT_PAD = 1024,              /* padded to this, ... */
	PORTRAIT_PAD_PICTURE = 17 * 1024, /* ... or with a picture to this */
};
enum picture_kind { PICTURE_OTHER, PICTURE_JPEG, PICTURE_PNG, PICTURE_WEBP };
struct portrait {
	uint16_t version;    /* 1: portrait_write sets it */
	uint64_t number;     /* a later one has a higher one; not 0 */
	struct view about;   /* normalised; empty: none */
	struct view picture; /* empty: none */
};
void wire_portrait(struct wire *w, struct portrait *p);
void portrait_element(struct wire *w, void *v);

/* By its first bytes. */
enum picture_kind picture_kind(struct view picture);
/* UC_E_TOO_LARGE; UC_E_UNSUPPORTED: none of those kinds.  Of no bytes: UC_OK, there is none. */
uc_err UC_MUST_USE picture_check(struct view picture);
/* Padded. */
uc_err UC_MUST_USE portrait_write(const struct portrait *p, struct arena *a, struct view *out);
/* And back: UC_E_MALFORMED for anything that portrait_write does not write. */
uc_err UC_MUST_USE portrait_read(struct view padded, struct arena *a, struct portrait *out);

#endif
