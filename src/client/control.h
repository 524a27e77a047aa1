/* SPDX-License-Identifier: Apache-2.0 */
/* What clients tell each other inside a room and nobody is shown: introductions, the room's name,
 * key addresses, other accounts of theirs, what they show of themselves.  Travels as MIMI content of media type application/undercroft-control. */
#ifndef CLIENT_CONTROL_H
#define CLIENT_CONTROL_H

#include "mimi/media_type.h"
#include "undercroft/undercroft.h"

#define CONTROL_MEDIA_TYPE "application/undercroft-control"

enum control_kind {
	CONTROL_INTRODUCTIONS = 1, /* one's own, or those of others that one has verified */
	CONTROL_NAME = 2,          /* the room is called something else */
	CONTROL_KEYS = 3,          /* key addresses, in a direct room */
	CONTROL_ASK = 4,           /* please introduce yourselves */
	CONTROL_LINK = 5,          /* in a direct room: another account is the sender's, too */
	CONTROL_UNLINK = 6,        /* that holds no more */
	CONTROL_GUARDIAN = 7,      /* in a direct room: between a ward and a guardian */
	CONTROL_HEADS = 8,    /* in a direct room: how far the sender is in other rooms of both */
	CONTROL_PORTRAIT = 9, /* in a direct room: a picture and words about oneself */
	CONTROL_ROOM_ASK =
		10, /* in a direct room: the sender wants to bring the other into a room */
	CONTROL_ROOM_GRANT = 11, /* in a direct room: a key address for that room alone */
};

enum control_guardian {
	GUARDIAN_OFFER = 1, /* be my guardian; the offer's number */
	GUARDIAN_WORD = 2,  /* struct guardian_word */
	GUARDIAN_ASK = 3,   /* struct guardian_ask, and the number of the offer that was accepted */
};
struct control_address {
	struct view address, participant;
	uint64_t expires_ms;
};
struct control_address_list {
	struct control_address *v;
	size_t n;
};
struct control_head {
	struct uc_id room;
	struct chain_head head;
};
struct control_head_list {
	struct control_head *v;
	size_t n;
};
struct control {
	uint16_t version; /* 1 */
	uint8_t control_kind;
	struct view_list introductions;        /* 1 */
	struct view name;                      /* 1: the room's, empty when not told; 2 */
	struct control_address_list addresses; /* 3; 11: one */
	struct view link;                      /* 5: link_statement; 6: link_withdrawal */
	uint8_t step;                          /* 7: enum control_guardian */
	struct view offer, body;               /* 7 */
	struct control_head_list heads;        /* 8 */
	struct view portrait;                  /* 9: struct portrait, padded */
	struct view room;                      /* 10, 11: its URI */
};
void wire_control(struct wire *w, struct control *m);
void control_element(struct wire *w, void *v);

#endif
