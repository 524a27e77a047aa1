/* SPDX-License-Identifier: Apache-2.0 */
/* The one rule of what strangers do not send each other: what leads out of the app, by a click or typed
 * off.  It is asked of a request's text and of the name in it, where they are sent and where they come in. */
#ifndef MIMI_LINK_TEXT_H
#define MIMI_LINK_TEXT_H

#include "base/view.h"

/* Is there
 * - "://", or a word that begins with "www.", or
 * - what looks like a host name, also as a part of an address or a link: words of letters, digits and
 *   hyphens with one dot between each two, of which the last has two letters or more and nothing else
 *   (or begins with "xn--"): "evil.example/x", "me@mail.example", or
 * - four numbers with dots, as hosts have?
 * Dots are U+3002, U+FF0E and U+FF61, too, before words of Latin letters; full-width signs are as the plain
 * ones, and what is not seen is passed over.  "e.g.", "z.B.", "3.5", "well...then" and "J. Doe" are none;
 * "see you.Tomorrow" is one, as "evil.Com" would be: it wants a space. */
bool text_has_link(struct view text);

#endif
