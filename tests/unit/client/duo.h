/* SPDX-License-Identifier: Apache-2.0 */
/* Rosa has brought Tom into a room, and says things there. */
#ifndef TESTS_UNIT_CLIENT_DUO_H
#define TESTS_UNIT_CLIENT_DUO_H

#include "client/compose.h"
#include "client/control.h"
#include "client/room_group.h"
#include "tests/unit/client/small_app.h"

extern struct person rosa, tom;
extern struct arena mem;
extern struct room *hers, *his;
extern struct set *his_set;
extern struct room_client her_leaf;

/* given_to: whose key address has brought him in; NULL: of a conversation, his answer to a letter. */
void duo_begin(bool direct, struct uc_id *given_to);
void duo_end(void);
/* Is he to be asked who he is, in what he is brought into from then on?  Till duo_end. */
extern bool duo_he_waits;
/* What he decides when his place is found, and its Welcome has not come. */
extern void (*duo_meanwhile)(struct uc_client *c);

struct told {
	unsigned alarms, contacts, introduced, renamed, roles, messages, warnings;
	char text[160];
};
/* A turn of his, and what it tells. */
struct told duo_turn(uc_err (*work)(struct uc_client *, void *), void *arg);

/* Her introduction in his room, by this name. */
struct view duo_introduction(const char *name);
struct told duo_says(const struct room_client *by, const struct control *m);
struct told duo_introduces(const struct room_client *by, struct view introduction,
			   const char *room);

struct words {
	struct content_parts parts;
	struct view content;
	uint64_t at_ms;
};
struct told duo_writes(struct words *w);
/* Work of hers: another place beside hers, by whoever has her participant's key; arg: or other keys, of a struct
 * participant_keys, or NULL. */
uc_err duo_second_place(struct uc_client *c, void *arg);
/* Her leaf in his group, once he is in it or has read it again. */
void duo_leaf(void);

#endif
