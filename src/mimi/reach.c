/* SPDX-License-Identifier: Apache-2.0 */
/* The table.  A row fits when each of its sets holds the case's value; the first that fits counts. */
#include "mimi/reach.h"

#define BIT(x) (1u << (x))

enum {
	ANY = 0xff,
	MINOR = BIT(AGE_CHILD) | BIT(AGE_TEEN_A) | BIT(AGE_TEEN_B),
	NOT_MET = BIT(REACH_NAME) | BIT(REACH_SEARCH),
	NOT_HANDED = ANY & ~BIT(REACH_IN_PERSON),
	NOT_THERE = NOT_HANDED & ~BIT(REACH_SHARED_ROOM),
};
/* Facts of a case: a row asks for some to be there, and for some to be missing. */
enum {
	HOLD = 1,
	NEW = 2,
	AGREED = 4,
	WRONG_CODE = 8,
	OPTED_IN = 16,
	FRESH = 32,
	UNSAID = 64,
};
enum { TOLD = 1, FIRST = 2 };

static const struct rule {
	const char *name;
	uint8_t recipient, sender, channel, edge; /* sets */
	uint8_t with, without;                    /* facts */
	uint8_t answer, also, by;
} rules[] = {
	{ "R1", ANY, ANY, ANY, BIT(EDGE_BLOCKED), 0, 0, REACH_DENY, 0, BY_CLIENT },
	{ "R2", ANY, ANY, ANY, BIT(EDGE_ACCEPTED), 0, 0, REACH_DELIVER, 0, BY_CLIENT },
	{ "R3", MINOR, ANY, ANY, ANY, HOLD, 0, REACH_DENY, 0, BY_APP },
	/* Asked once, and not answered: nothing more is shown. */
	{ "R2a", ANY, ANY, ANY, BIT(EDGE_REQUESTED), 0, 0, REACH_DENY, 0, BY_CLIENT },
	/* For all, minors too: an account made for the purpose reaches nobody at once. */
	{ "R10", ANY, ANY, NOT_HANDED, ANY, NEW, 0, REACH_DENY, 0, BY_APP },
	/* Where another account is free: not by a link either, whoever agrees. */
	{ "R15", MINOR, BIT(AGE_ADULT), ANY, ANY, FRESH, UNSAID, REACH_DENY, 0, BY_APP },
	{ "R4", BIT(AGE_CHILD), ANY, ANY, ANY, 0, AGREED, REACH_DENY, 0, BY_APP | BY_CLIENT },
	{ "R14", MINOR, ANY, BIT(REACH_SEARCH), ANY, 0, 0, REACH_DENY, 0, BY_APP },
	{ "R4", BIT(AGE_CHILD), ANY, ANY, ANY, AGREED, 0, REACH_REQUEST, TOLD, BY_APP | BY_CLIENT },
	/* A guardian may agree to who hands over a link, and (R13) to who is in a room. */
	{ "R5", BIT(AGE_TEEN_A), BIT(AGE_ADULT), NOT_THERE, ANY, 0, 0, REACH_DENY, 0, BY_APP },
	{ "R5", BIT(AGE_TEEN_A), BIT(AGE_ADULT), ANY, ANY, 0, AGREED, REACH_DENY, 0,
	  BY_APP | BY_CLIENT },
	{ "R5", BIT(AGE_TEEN_A), BIT(AGE_ADULT), ANY, ANY, 0, 0, REACH_REQUEST, TOLD,
	  BY_APP | BY_CLIENT },
	{ "R6", BIT(AGE_TEEN_A), ANY, ANY, ANY, WRONG_CODE, 0, REACH_DENY, 0, BY_APP },
	{ "R6", BIT(AGE_TEEN_A), ANY, ANY, ANY, 0, 0, REACH_REQUEST, TOLD, BY_APP },
	{ "R7", BIT(AGE_TEEN_B), BIT(AGE_ADULT), NOT_MET, ANY, 0, 0, REACH_DENY, 0, BY_APP },
	{ "R8", BIT(AGE_TEEN_B), ANY, ANY, ANY, WRONG_CODE, 0, REACH_DENY, 0, BY_APP },
	{ "R8", BIT(AGE_TEEN_B), ANY, ANY, ANY, 0, 0, REACH_REQUEST, 0, BY_APP },
	{ "R11", ANY, ANY, ANY, ANY, WRONG_CODE, 0, REACH_DENY, 0, BY_APP },
	{ "R11", ANY, ANY, BIT(REACH_NAME) | BIT(REACH_IN_PERSON), ANY, 0, 0, REACH_REQUEST, 0,
	  BY_APP },
	{ "R12", ANY, ANY, BIT(REACH_MATCH), ANY, 0, 0, REACH_REQUEST, FIRST, BY_APP | BY_CLIENT },
	/* No app knows who is in which room. */
	{ "R13", ANY, ANY, BIT(REACH_SHARED_ROOM), ANY, 0, 0, REACH_REQUEST, 0, BY_CLIENT },
	{ "R14", ANY, ANY, BIT(REACH_SEARCH), ANY, OPTED_IN, 0, REACH_REQUEST, 0, BY_APP },
	{ "R14", ANY, ANY, ANY, ANY, 0, 0, REACH_DENY, 0, BY_APP },
};

static unsigned facts(const struct reach *r)
{
	return (r->safety_hold ? HOLD : 0u) | (r->sender_is_new ? NEW : 0u) |
	       (r->guardian_agrees ? AGREED : 0u) | (r->wrong_code ? WRONG_CODE : 0u) |
	       (r->opted_in ? OPTED_IN : 0u) | (r->sender_is_fresh ? FRESH : 0u) |
	       (r->recipient == AGE_UNKNOWN ? UNSAID : 0u);
}

struct reach_result reach(const struct reach *r)
{
	/* R9: whose age nobody knows is reached like those of 16, and reaches like a grown-up. */
	enum age_band to = r->recipient == AGE_UNKNOWN ? AGE_TEEN_B : r->recipient;
	enum age_band from = r->sender == AGE_UNKNOWN ? AGE_ADULT : r->sender;
	unsigned f = facts(r);
	const struct rule *x = rules;
	while (!(x->recipient & BIT(to) && x->sender & BIT(from) && x->channel & BIT(r->channel) &&
		 x->edge & BIT(r->edge) && (f & x->with) == x->with && !(f & x->without)))
		x++;
	return (struct reach_result){
		.answer = (enum reach_answer)x->answer,
		.guardian_told = x->also & TOLD,
		.shown_first = x->also & FIRST,
		.by = x->by,
		.rule = x->name,
	};
}

bool reach_findable(const struct reach *r)
{
	struct reach stranger = *r;
	stranger.edge = EDGE_NONE;
	return reach(&stranger).answer != REACH_DENY;
}

/* --- for who does not know the sender --- */

static void say_one(const struct reach *r, bool has_guardian, struct reach_said *s)
{
	struct reach x = *r;
	x.guardian_agrees = r->guardian_agrees || has_guardian;
	enum reach_answer open = reach(&x).answer;
	x.guardian_agrees = r->guardian_agrees;
	if (open > s->most)
		s->most = open;
	if (open < s->least)
		s->least = open;
	s->waits = s->waits || (open != REACH_DENY && reach(&x).answer == REACH_DENY);
}

struct reach_said reach_sender_unknown(const struct reach *r, bool has_guardian)
{
	struct reach_said s = { .most = REACH_DENY, .least = REACH_DELIVER };
	/* The ways that a letter comes. */
	const unsigned ways = r->channel == REACH_CHANNELS
				      ? BIT(REACH_IN_PERSON) | BIT(REACH_NAME) | BIT(REACH_MATCH)
				      : BIT(r->channel);
	for (unsigned from = AGE_CHILD; from < AGE_UNKNOWN; from++)
		for (unsigned channel = 0; channel < REACH_CHANNELS; channel++) {
			const struct reach x = { .recipient = r->recipient,
						 .sender = (enum age_band)from,
						 .channel = (enum reach_channel)channel,
						 .edge = r->edge,
						 .guardian_agrees = r->guardian_agrees };
			if (ways & BIT(channel))
				say_one(&x, has_guardian, &s);
		}
	return s;
}
