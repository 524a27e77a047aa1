/* SPDX-License-Identifier: Apache-2.0 */
/* Whose letters are of one name, for those who read them (mimi/sender_tag.h).  What a tag is made of is the
 * name's alone, whatever account has it, and the same under each key of the index of names. */
#ifndef PROVIDER_SENDER_TAG_H
#define PROVIDER_SENDER_TAG_H

#include "mimi/sender_tag.h"
#include "provider/inside.h"

/* A name, as tags are made of it: never stored as it is. */
struct sender_name {
	bool is_there;
	uint8_t b[POINT_HASH];
};
/* Of an account: the name it has, or the last one it had.  Nothing is there of one whose name is not known. */
uc_err UC_MUST_USE sender_name_of(struct provider *p, struct view account_id,
				  const struct account_record *account, struct arena *a,
				  struct sender_name *out);
/* Zeros of one that is not there. */
uc_err UC_MUST_USE sender_tag_make(const struct provider *p, const struct sender_name *from,
				   struct view reader_id, uint8_t tag[SENDER_TAG]);
/* The account's name passes to another: what its record keeps of it, in a form that leads to no other
 * account without the key.  Empty when it has none. */
uc_err UC_MUST_USE sender_name_leave(struct provider *p, struct view account_id,
				     const struct account_record *account, struct arena *a,
				     struct view *left);

#endif
