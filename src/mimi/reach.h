/* SPDX-License-Identifier: Apache-2.0 */
/* Who can reach whom: the rules for first contact, as one table that app and client both ask, each with
 * what it knows.  The app knows ages, channels, settings and budgets of its own people, and of strangers
 * what their app vouches for; who knows or has blocked whom, the client alone knows (identity.md, 4
 * and 7).  The first rule that fits says the answer, and each says who enforces it.
 *
 * Whatever the answer, the one who asks sees the same: taken, and then silence or an answer. */
#ifndef MIMI_REACH_H
#define MIMI_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In years: below 13, 13 to 15, 16 and 17, 18 and above. */
enum age_band { AGE_CHILD, AGE_TEEN_A, AGE_TEEN_B, AGE_ADULT, AGE_UNKNOWN, AGE_BANDS };
/* How somebody came to the other's address. */
enum reach_channel {
	REACH_IN_PERSON,   /* a link or code that was handed over */
	REACH_NAME,        /* the exact handle, number or e-mail address */
	REACH_MATCH,       /* each has the other's number */
	REACH_SHARED_ROOM, /* they met in a room */
	REACH_SEARCH,
	REACH_CHANNELS
};
/* What is between the two already; known to the client. */
enum reach_edge { EDGE_NONE, EDGE_REQUESTED, EDGE_ACCEPTED, EDGE_BLOCKED, EDGES };

enum reach_answer {
	REACH_DENY,    /* nothing arrives; not findable this way */
	REACH_REQUEST, /* a sealed card, no KeyPackage */
	REACH_DELIVER, /* they are in contact: addresses and rooms */
};
enum reach_enforcer { BY_APP = 1, BY_CLIENT = 2 };

struct reach {
	enum age_band recipient, sender;
	enum reach_channel channel;
	enum reach_edge edge;
	bool safety_hold;     /* on the sender: reported by minors of late */
	bool sender_is_new;   /* an account of less than a day */
	bool sender_is_fresh; /* of less than a week, where another name is free */
	bool guardian_agrees; /* the recipient's, to this very sender */
	bool wrong_code;      /* the recipient has set a contact code, and it was not given */
	bool opted_in;        /* the recipient may be found by search */
};
struct reach_result {
	enum reach_answer answer;
	bool guardian_told; /* that there is a new contact, never of what is said */
	bool shown_first;   /* among the requests */
	uint8_t by;         /* enum reach_enforcer: either or both */
	const char *rule;   /* "R5" of docs/contact.md */
};
/* Never fails: what fits no rule is refused by the last. */
struct reach_result reach(const struct reach *r);

/* May the recipient be shown in answer to a look-up of this channel at all? */
bool reach_findable(const struct reach *r);

/* What a client can say, which knows neither the sender's age nor what their app says of them: the
 * answers to all of those whom the app could have let through. */
struct reach_said {
	enum reach_answer most,
		least; /* the most open of them, and the most closed of all there are */
	bool waits;    /* the guardian's word is needed for one of them, and is not there */
};
/* has_guardian: then the app lets through what a guardian may agree to.  Of *r the sender, and what the
 * app alone knows of it, is not looked at; channel REACH_CHANNELS: not known, a letter's. */
struct reach_said reach_sender_unknown(const struct reach *r, bool has_guardian);

#endif
