/* SPDX-License-Identifier: Apache-2.0 */
/* Every cell of the table of who can reach whom, against a grid written by hand. */
#include "mimi/reach.h"

#include "tests/unit/harness.h"

#include <string.h>

/* Of two who have nothing to do with each other: a letter for each channel, in person, name, match,
 * shared room, search.  . nothing; r a request; g a request, and the guardian is told; f a request
 * shown first. */
typedef const char *grid[AGE_BANDS][AGE_BANDS]; /* recipient, sender */
/* clang-format off */
static const grid strangers = {
	/* sender:       child    13-15    16, 17   adult    unknown */
	[AGE_CHILD]   = { ".....", ".....", ".....", ".....", "....." },
	[AGE_TEEN_A]  = { "gggg.", "gggg.", "gggg.", ".....", "....." },
	[AGE_TEEN_B]  = { "rrrr.", "rrrr.", "rrrr.", "r.rr.", "r.rr." },
	[AGE_ADULT]   = { "rrfr.", "rrfr.", "rrfr.", "rrfr.", "rrfr." },
	[AGE_UNKNOWN] = { "rrrr.", "rrrr.", "rrrr.", "r.rr.", "r.rr." },
};
static const grid guardian_agrees = {
	[AGE_CHILD]   = { "gggg.", "gggg.", "gggg.", "gggg.", "gggg." },
	[AGE_TEEN_A]  = { "gggg.", "gggg.", "gggg.", "g..g.", "g..g." },
	[AGE_TEEN_B]  = { "rrrr.", "rrrr.", "rrrr.", "r.rr.", "r.rr." },
	[AGE_ADULT]   = { "rrfr.", "rrfr.", "rrfr.", "rrfr.", "rrfr." },
	[AGE_UNKNOWN] = { "rrrr.", "rrrr.", "rrrr.", "r.rr.", "r.rr." },
};
/* clang-format on */

static char letter(const struct reach_result *x)
{
	if (x->answer == REACH_DELIVER)
		return 'd';
	if (x->answer == REACH_DENY)
		return '.';
	return x->guardian_told ? 'g' : x->shown_first ? 'f' : 'r';
}

static bool is_minor(enum age_band b)
{
	return b != AGE_ADULT; /* whose age nobody knows is treated as one */
}

/* Calls `each` for all 500 cells. */
static void cells(struct reach base, void (*each)(const struct reach *r))
{
	for (int to = 0; to < AGE_BANDS; to++)
		for (int from = 0; from < AGE_BANDS; from++)
			for (int c = 0; c < REACH_CHANNELS; c++)
				for (int e = 0; e < EDGES; e++) {
					struct reach r = base;
					r.recipient = (enum age_band)to;
					r.sender = (enum age_band)from;
					r.channel = (enum reach_channel)c;
					r.edge = (enum reach_edge)e;
					each(&r);
				}
}

static char between(const grid g, const struct reach *r)
{
	switch (r->edge) {
	case EDGE_BLOCKED:
		return '.';
	case EDGE_ACCEPTED:
		return 'd';
	case EDGE_REQUESTED:
		return '.';
	default:
		return g[r->recipient][r->sender][r->channel];
	}
}

static void expect_cell(const struct reach *r, char want)
{
	struct reach_result x = reach(r);
	if (letter(&x) != want)
		test_fail(__FILE__, __LINE__, "%d from %d by %d, edge %d: %c by %s, not %c",
			  r->recipient, r->sender, r->channel, r->edge, letter(&x), x.rule, want);
	expect(x.by);
}

static void as_strangers(const struct reach *r)
{
	expect_cell(r, between(strangers, r));
}

TEST(every_cell_is_as_the_grid_says)
{
	cells((struct reach){ 0 }, as_strangers);
}

static void as_agreed(const struct reach *r)
{
	expect_cell(r, between(guardian_agrees, r));
}

TEST(a_guardian_opens_what_only_a_guardian_may)
{
	cells((struct reach){ .guardian_agrees = true }, as_agreed);
}

static void as_held(const struct reach *r)
{
	bool held = is_minor(r->recipient) && r->edge != EDGE_ACCEPTED;
	expect_cell(r, held ? '.' : between(strangers, r));
}

TEST(who_is_on_hold_reaches_no_minor)
{
	cells((struct reach){ .safety_hold = true }, as_held);
}

static void as_new(const struct reach *r)
{
	bool kept_off = r->channel != REACH_IN_PERSON && r->edge != EDGE_ACCEPTED;
	expect_cell(r, kept_off ? '.' : between(strangers, r));
}

TEST(an_account_of_today_reaches_those_alone_who_handed_it_their_link)
{
	cells((struct reach){ .sender_is_new = true }, as_new);
}

static void as_fresh(const struct reach *r)
{
	bool grown = r->sender == AGE_ADULT || r->sender == AGE_UNKNOWN;
	bool kept_off = grown && r->recipient < AGE_ADULT && r->edge != EDGE_ACCEPTED;
	expect_cell(r,
		    kept_off ? '.' : between(r->guardian_agrees ? guardian_agrees : strangers, r));
}

TEST(a_grown_up_of_this_week_reaches_no_minor)
{
	cells((struct reach){ .sender_is_fresh = true }, as_fresh);
	cells((struct reach){ .sender_is_fresh = true, .guardian_agrees = true }, as_fresh);
}

static void as_uncoded(const struct reach *r)
{
	/* Whom adults at 16 and 17 meet in a room or match is asked for the code, too. */
	char open = between(strangers, r);
	expect_cell(r, open == 'd' ? 'd' : '.');
}

TEST(whoever_lacks_the_contact_code_is_refused)
{
	cells((struct reach){ .wrong_code = true }, as_uncoded);
}

static void as_searched(const struct reach *r)
{
	bool adult =
		r->recipient == AGE_ADULT && r->channel == REACH_SEARCH && r->edge == EDGE_NONE;
	expect_cell(r, adult ? 'r' : between(strangers, r));
}

TEST(search_finds_adults_who_want_it_and_no_minor)
{
	cells((struct reach){ .opted_in = true }, as_searched);
}

/* Whatever the facts, one more reason against never opens what was closed. */
static void as_monotone(const struct reach *r)
{
	static const size_t against[] = { offsetof(struct reach, safety_hold),
					  offsetof(struct reach, sender_is_new),
					  offsetof(struct reach, sender_is_fresh),
					  offsetof(struct reach, wrong_code) };
	for (unsigned facts = 0; facts < 64; facts++) {
		struct reach a = *r;
		a.safety_hold = facts & 1;
		a.sender_is_new = facts & 2;
		a.guardian_agrees = facts & 4;
		a.wrong_code = facts & 8;
		a.opted_in = facts & 16;
		a.sender_is_fresh = facts & 32;
		for (size_t i = 0; i < sizeof against / sizeof against[0]; i++) {
			struct reach b = a;
			memcpy((char *)&b + against[i], &(bool){ true }, sizeof(bool));
			if (reach(&b).answer > reach(&a).answer)
				test_fail(__FILE__, __LINE__, "a reason against has opened %s",
					  reach(&b).rule);
			expect(!reach_findable(&b) || reach_findable(&a));
		}
	}
}

TEST(a_reason_against_never_opens_anything)
{
	cells((struct reach){ 0 }, as_monotone);
}

/* An answer to a stranger may not depend on what only the client knows. */
static void as_findable(const struct reach *r)
{
	struct reach other = *r;
	other.edge = EDGE_NONE;
	expect(reach_findable(r) == reach_findable(&other));
}

TEST(being_found_does_not_depend_on_blocks_or_contacts)
{
	cells((struct reach){ 0 }, as_findable);
}

/* --- what a client can say, which does not know who it is --- */

/* Letters first, then rooms: . nothing arrives; w the guardian is asked first; s it is shown (of rooms:
 * one may be in them together).  By edge: none, requested, accepted, blocked. */
static const char *const unknown[AGE_BANDS][2][2] = {
	/*                without a guardian     with one */
	[AGE_CHILD] = { { "..s.", "..s." }, { "w.s.", "w.s." } },
	[AGE_TEEN_A] = { { "s.s.", "..s." }, { "w.s.", "w.s." } },
	[AGE_TEEN_B] = { { "s.s.", "s.s." }, { "s.s.", "s.s." } },
	[AGE_ADULT] = { { "s.s.", "s.s." }, { "s.s.", "s.s." } },
	[AGE_UNKNOWN] = { { "s.s.", "s.s." }, { "s.s.", "s.s." } },
};

static char said(enum age_band to, enum reach_edge edge, bool room, bool guardian, bool agrees)
{
	const struct reach r = { .recipient = to,
				 .edge = edge,
				 .channel = room ? REACH_SHARED_ROOM : REACH_CHANNELS,
				 .guardian_agrees = agrees };
	struct reach_said s = reach_sender_unknown(&r, guardian);
	if ((room ? s.least : s.most) == REACH_DENY)
		return '.';
	return s.waits ? 'w' : 's';
}

TEST(who_does_not_know_the_sender_asks_for_all_there_may_be)
{
	for (int to = 0; to < AGE_BANDS; to++)
		for (int x = 0; x < EDGES * 4; x++) {
			int edge = x / 4;
			bool room = x & 1, guardian = x & 2;
			char want = unknown[to][guardian][room][edge];
			char is = said((enum age_band)to, (enum reach_edge)edge, room, guardian,
				       false);
			if (is != want)
				test_fail(__FILE__, __LINE__,
					  "to %d, edge %d, room %d, guardian %d: %c", to, edge,
					  room, guardian, is);
			/* Agreed to: what waited is shown, and nothing else. */
			is = said((enum age_band)to, (enum reach_edge)edge, room, guardian, true);
			if (guardian)
				expect_eq(is, want == 'w' ? 's' : want);
		}
}
