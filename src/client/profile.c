/* SPDX-License-Identifier: Apache-2.0 */
/* What contacts are shown of this person: another name, told wherever the one before was. */
#include "client/account.h"
#include "client/introductions.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/turn.h"

#include "mimi/names.h"

/* Who was told the name before: in a room where we are a persona, or are held back, nobody was. */
static bool knows_us(const struct uc_client *c, const struct room *r)
{
	return room_is_open(r) && !r->lost && r->introduced && r->says == SAYS_ACCOUNT &&
	       !strangers_veil(c, r);
}

static uc_err name_set(struct uc_client *c, void *arg)
{
	struct account *a = &c->account;
	struct view name;
	uc_err first = UC_OK;
	if (!account_is_active(c) || a->deleting)
		return UC_E_SIGNED_OUT;
	TRY(profile_name_normalise(view_str(arg), &c->call, &name));
	if (view_equal(name, view_str(a->profile_name)))
		return UC_OK;
	TRY(text_set(a->profile_name, sizeof a->profile_name, name));
	a->dirty = true;
	for (struct room *r = c->rooms; r; r = r->next) {
		uc_err err = knows_us(c, r) ? introductions_own(c, r) : UC_OK;
		if (err_is_hard(err))
			return err;
		if (err && !first)
			first = err; /* the others are told nevertheless */
	}
	return first;
}

uc_err uc_profile_set(uc_client *c, const char *profile_name)
{
	char copy[PROFILE_BYTES * 4];
	if (!c || !profile_name)
		return UC_E_ARGUMENT;
	/* It may be a string of ours, which the change itself would alter. */
	if (text_set(copy, sizeof copy, view_str(profile_name)))
		return UC_E_NAME;
	return turn_run(c, name_set, copy);
}
