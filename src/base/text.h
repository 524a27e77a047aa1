/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text and text as bytes: hex, base32, base64, UTF-8, and showing others' text safely. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

/* Lower-case hex appended to out. */
void hex_add(struct buf *out, struct view v);
/* Either case; UC_E_MALFORMED for odd length or another character. */
uc_err UC_MUST_USE hex_read(struct arena *a, struct view text, struct view *out);

/* RFC 4648 base32, lower case, no padding: for names in URIs. */
void base32_add(struct buf *out, struct view v);
uc_err UC_MUST_USE base32_read(struct arena *a, struct view text, struct view *out);

/* RFC 4648 base64url, no padding. */
void base64url_add(struct buf *out, struct view v);
uc_err UC_MUST_USE base64url_read(struct arena *a, struct view text, struct view *out);

/* Shortest forms only, no surrogates, up to U+10FFFF. */
bool utf8_is_valid(struct view v);
/* One code point from *v, which moves on; UINT32_MAX when it is not valid or *v is empty. */
uint32_t utf8_next(struct view *v);

/* Appends others' text so that a terminal shows it and nothing else: control characters, line and
 * paragraph separators, bidirectional and invisible format characters and invalid bytes appear as
 * \u{..} or \x..; a newline as \n unless keep_newlines. */
void text_add_escaped(struct buf *out, struct view text, bool keep_newlines);

/* Decimal digits only; UC_E_MALFORMED for anything else or past UINT64_MAX. */
uc_err UC_MUST_USE decimal_read(struct view text, uint64_t *out);

#endif
