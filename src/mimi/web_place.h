/* SPDX-License-Identifier: Apache-2.0 */
/* Links that are handed over as text or as a picture of it:
 *
 *	https://APP[:PORT]/#/PLACE/REST
 *
 * What stands behind the # no browser sends to the server. */
#ifndef MIMI_WEB_PLACE_H
#define MIMI_WEB_PLACE_H

#include "base/buf.h"

enum web_place {
	WEB_LINK,   /* asks for contact (contact_link.h) */
	WEB_DEVICE, /* brings a further device in (pairing.h) */
};

/* Up to where the rest begins, which the caller appends.  port 0: the usual one. */
void web_place_add(struct buf *out, enum web_place place, struct view domain, uint16_t port);
/* As it is pasted: with space around it, and without the scheme, too.  Both in the text; the rest may be
 * empty.  False for what leads to no app, or to another place. */
bool UC_MUST_USE web_place_read(struct view text, enum web_place place, struct view *domain,
				struct view *rest);

#endif
