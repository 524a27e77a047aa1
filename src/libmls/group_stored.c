/* SPDX-License-Identifier: Apache-2.0 */
/* Groups at rest.  What the engine gives to be stored it gives once, so it is kept here until it was
 * handed out. */
#include "libmls/give.h"

#include "mls/group_journal.h"

#include <assert.h>

static_assert((int)MLS_JOURNAL_NAME == (int)GROUP_JOURNAL_NAME, "one length");

static uc_err take_whole(mls_group *m)
{
	struct buf journal, root;
	buf_init_secret(&journal, WIRE_OBJECT_MAX);
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	uc_err err = group_journal_snapshot(m->g, &journal, &root);
	if (err) {
		buf_done(&journal);
		buf_done(&root);
		return err;
	}
	/* In the place of whatever waited. */
	buf_done(&m->journal);
	buf_done(&m->root);
	m->journal = journal;
	m->root = root;
	m->has_journal = m->is_whole = true;
	return UC_OK;
}

static uc_err take_changes(mls_group *m)
{
	struct buf root;
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	uc_err err = group_journal_take(m->g, &m->journal, &root);
	if (err || !root.n) {
		buf_done(&root);
		return err;
	}
	buf_done(&m->root);
	m->root = root;
	return UC_OK;
}

static uc_err hand_out(struct call *c, mls_group *m, struct mls_writes *out)
{
	struct giver g = { .a = c->out->a };
	*out = (struct mls_writes){ .is_whole = m->is_whole,
				    .journal = give_bytes(&g, buf_view(&m->journal)),
				    .root = give_bytes(&g, buf_view(&m->root)) };
	TRY(g.failed);
	wipe(m->journal.p, m->journal.n);
	wipe(m->root.p, m->root.n);
	buf_reset(&m->journal);
	buf_reset(&m->root);
	m->is_whole = false;
	return UC_OK;
}

static uc_err writes(mls_group *m, bool whole, mls_out *out, struct mls_writes *result)
{
	struct call c;
	struct mls_writes fresh = { .is_whole = false };
	if (!m || !out || !result)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, m->client, out));
	whole = whole || !m->has_journal || group_journal_wants_snapshot(m->g);
	uc_err err = whole ? take_whole(m) : take_changes(m);
	if (!err) {
		err = hand_out(&c, m, &fresh);
		/* A second transaction may not be written before the root of the first. */
		m->has_journal = !err;
	}
	TRY(call_end(&c, err));
	*result = fresh;
	return UC_OK;
}

uc_err mls_group_writes(mls_group *group, mls_out *out, struct mls_writes *result)
{
	return writes(group, false, out, result);
}

uc_err mls_group_writes_whole(mls_group *group, mls_out *out, struct mls_writes *result)
{
	return writes(group, true, out, result);
}

uc_err mls_group_forget_after(mls_group *group, uint32_t messages)
{
	if (!group || !messages || group->client->inside)
		return UC_E_ARGUMENT;
	group_journal_forget_after(group->g, messages);
	return UC_OK;
}

static uc_err open_stored(mls_group *m, struct view root, struct view journal, size_t *used)
{
	const struct group_platform platform = group_object_platform(m);
	TRY(group_journal_open(&platform, root, journal, used, &m->g));
	m->has_journal = true;
	return UC_OK;
}

uc_err mls_group_open(mls_client *client, struct mls_bytes root, struct mls_bytes journal,
		      size_t *used, mls_group **group)
{
	struct call c;
	struct view root_in, journal_in;
	size_t so_far = 0;
	if (!used || !group)
		return UC_E_ARGUMENT;
	TRY(bytes_in(root, &root_in));
	TRY(bytes_in(journal, &journal_in));
	TRY(call_begin(&c, client, NULL));
	mls_group *m = group_object_new(client);
	uc_err err = m ? open_stored(m, root_in, journal_in, &so_far) : UC_E_MEMORY;
	if (err) {
		mls_group_free(m);
	} else {
		*used = so_far;
		*group = m;
	}
	return call_end(&c, err);
}

uc_err mls_journal_name(struct mls_bytes root, uint8_t name[MLS_JOURNAL_NAME])
{
	struct view in;
	uint8_t fresh[GROUP_JOURNAL_NAME];
	if (!name)
		return UC_E_ARGUMENT;
	TRY(bytes_in(root, &in));
	TRY(group_journal_name(in, fresh));
	for (size_t i = 0; i < sizeof fresh; i++)
		name[i] = fresh[i];
	return UC_OK;
}
