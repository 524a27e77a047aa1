/* SPDX-License-Identifier: Apache-2.0 */
/* The names people are found by, and the names they show: normalised here and nowhere else. */
#ifndef MIMI_NAMES_H
#define MIMI_NAMES_H

#include "base/arena.h"

enum name_kind { NAME_NUMBER = 1, NAME_HANDLE = 2, NAME_ADDRESS = 3 };

enum {
	HANDLE_MIN = 2,
	HANDLE_MAX = 30,       /* characters */
	ADDRESS_MAX = 254,     /* bytes */
	PROFILE_NAME_MAX = 64, /* characters */
	ABOUT_MAX = 140,       /* likewise */
};

/* NAME_NUMBER   E.164: '+' and 7 to 15 digits, the first not 0; spaces, hyphens, dots and
 *               parentheses are dropped, "00" in front becomes '+'.
 * NAME_HANDLE   the ASCII part of RFC 8265, UsernameCaseMapped: letters are lowered; letters,
 *               digits, '.', '_' and '-', beginning and ending with a letter or digit, no two signs
 *               in a row.
 * NAME_ADDRESS  an e-mail address of RFC 5321's dot-atoms, ASCII, all lowered.
 * UC_E_NAME when it is none. */
uc_err UC_MUST_USE name_normalise(enum name_kind kind, struct view text, struct arena *a,
				  struct view *out);
/* What a normalised name looks like at a glance: of handles, signs are dropped, characters that are
 * taken for others become those (0 is o; 1 and i are l; rn is m; vv is w; and so on), and what stands
 * there several times stands there once.  Two names with one skeleton may be mistaken for each other.
 * Numbers and addresses are their own. */
uc_err UC_MUST_USE name_skeleton(enum name_kind kind, struct view normalised, struct arena *a,
				 struct view *out);
/* A name to be shown (RFC 8266, in part): valid UTF-8 without control or invisible characters,
 * spaces trimmed and folded, 1 to PROFILE_NAME_MAX characters. */
uc_err UC_MUST_USE profile_name_normalise(struct view text, struct arena *a, struct view *out);
/* Words about oneself: likewise, 0 to ABOUT_MAX characters.  UC_E_TEXT, UC_E_TOO_LARGE. */
uc_err UC_MUST_USE about_normalise(struct view text, struct arena *a, struct view *out);

#endif
