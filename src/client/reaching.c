/* SPDX-License-Identifier: Apache-2.0 */
#include "client/reaching.h"

#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/guardian.h"
#include "client/linked.h"
#include "client/settings.h"

enum reach_edge reaching_edge(struct uc_client *c, const struct uc_id *contact)
{
	if (linked_is_blocked(c, contact))
		return EDGE_BLOCKED;
	if (contact_find(c, contact))
		return EDGE_ACCEPTED;
	return requests_unanswered(c, contact) ? EDGE_REQUESTED : EDGE_NONE;
}

/* The app may have taken a guardian's seal, and let in what it keeps off without one, before this device has
 * heard of it. */
static bool has_guardian(struct uc_client *c, const struct settings *s)
{
	return settings_has_guardian(s) || (reaching_is_young(c) && guardian_is_underway(c));
}

static struct reach_said ask(struct uc_client *c, enum reach_edge edge, enum reach_channel channel,
			     bool agreed)
{
	struct settings s = settings_known(c);
	const struct reach r = { .recipient = (enum age_band)s.age_band,
				 .channel = channel,
				 .edge = edge,
				 .guardian_agrees = agreed };
	return reach_sender_unknown(&r, has_guardian(c, &s));
}

enum reaching reaching_letter(struct uc_client *c, const struct uc_id *contact)
{
	struct uc_id guardian;
	/* Who has the recovery key begins anew, and finds their guardian again. */
	bool is_free = guardian_known(c, &guardian) == GUARDIAN_UNKNOWN;
	struct reach_said s = ask(c, reaching_edge(c, contact), REACH_CHANNELS, is_free);
	if (s.most == REACH_DENY)
		return REACHING_NOTHING;
	return s.waits ? REACHING_WAITS : REACHING_SHOWN;
}

/* Whoever it is may be a grown-up: here the strictest reading holds. */
enum reaching reaching_member(struct uc_client *c, const struct uc_id *contact)
{
	enum reach_edge edge = reaching_edge(c, contact);
	/* That they have asked opens and closes nothing where both are. */
	struct reach_said s =
		ask(c, edge == EDGE_REQUESTED ? EDGE_NONE : edge, REACH_SHARED_ROOM, false);
	if (s.least == REACH_DENY)
		return REACHING_NOTHING;
	return s.waits ? REACHING_WAITS : REACHING_SHOWN;
}

/* Who holds a set was given it: by an address, as a contact, or as the answer to a letter. */
static enum reach_edge edge_of_set(struct uc_client *c, const struct uc_id *given_to)
{
	return id_is_zero(given_to) ? EDGE_ACCEPTED : reaching_edge(c, given_to);
}

bool reaching_brings(struct uc_client *c, const struct uc_id *given_to)
{
	return ask(c, edge_of_set(c, given_to), REACH_SHARED_ROOM, false).most == REACH_DELIVER;
}

bool reaching_stays(struct uc_client *c, const struct room *r, const struct uc_id *given_to)
{
	if (!reaching_brings(c, given_to))
		return false;
	/* An answer to a letter is for a conversation of two; and who lets nobody add them is added by
	 * nobody, also with what was given out before. */
	struct settings s = settings_known(c);
	return r->direct || (!id_is_zero(given_to) && settings_may_be_brought(&s));
}

bool reaching_is_young(struct uc_client *c)
{
	struct settings s = settings_known(c);
	return s.age_band == AGE_CHILD || s.age_band == AGE_TEEN_A;
}
