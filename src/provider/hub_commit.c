/* SPDX-License-Identifier: Apache-2.0 */
/* The hub takes a commit: checked on the public group, then everything that follows from it in one
 * batch (draft-ietf-mimi-protocol-06, update). */
#include "base/planted.h"
#include "provider/room_keys.h"

struct commitment {
	const struct hub_request *q;
	const struct handshake_bundle *b;
	const uint8_t *hash;
	struct public_group *group;
	struct membership m;
	struct view_list leaving; /* clients whose removal was accepted and is not in this commit */
	struct tree before;
	uint64_t timestamp, seq;
	bool races; /* planted: the next one is judged as if this had not been */
};

/* --- what it must bring --- */

/* Each added client finds its secrets in the Welcome, and nobody else does (RFC 9420, 12.4.3.1). */
static uc_err check_welcome(const struct commitment *n)
{
	struct welcome w;
	size_t added = 0;
	for (size_t i = 0; i < n->m.joined.n; i++)
		added += n->m.joined.v[i].key_package_ref.n != 0;
	if (!n->b->welcome.n)
		return added ? UC_E_NOT_FOUND : UC_OK;
	TRY(wire_decode(n->b->welcome, n->q->a, welcome_element, &w));
	if (w.secrets.n != added)
		return UC_E_UNEXPECTED;
	for (size_t i = 0; i < n->m.joined.n; i++) {
		struct view ref = n->m.joined.v[i].key_package_ref;
		bool found = !ref.n;
		for (size_t k = 0; !found && k < w.secrets.n; k++)
			found = view_equal(w.secrets.v[k].new_member, ref);
		if (!found)
			return UC_E_NOT_FOUND;
	}
	return UC_OK;
}

/* External joiners need external_pub; the tree stands beside, not inside. */
static uc_err check_info(const struct commitment *n)
{
	struct group_info info;
	struct view bytes = n->b->group_info_option.group_info;
	TRY(public_group_put_info(n->group, bytes));
	TRY(wire_decode(bytes, n->q->a, group_info_element, &info));
	if (!extension_find(&info.extensions, EXTENSION_EXTERNAL_PUB) ||
	    extension_find(&info.extensions, EXTENSION_RATCHET_TREE))
		return UC_E_UNEXPECTED;
	return UC_OK;
}

/* Quotas for our own seats are refused before acceptance; a client comes once. */
static uc_err check_seats(const struct commitment *n)
{
	struct provider *p = n->q->p;
	struct view domain;
	size_t ours = 0, left;
	TRY(uri_domain_of(n->q->client, &domain));
	if (n->m.after.n > DOMAINS_MAX_IN_ROOM && n->m.after.n > n->m.before.n)
		return UC_E_LIMIT;
	for (size_t i = 0; i < n->m.joined.n; i++) {
		const struct member *m = &n->m.joined.v[i];
		struct store_key k;
		bool there;
		if (!is_place(m->client, URI_CLIENT))
			return UC_E_TOO_LARGE;
		if (!is_own_domain(p, m->domain))
			continue;
		TRY(store_has(p->rooms, key_2(&k, TABLE_SEAT, n->q->room->uri, m->client), &there));
		if (there)
			return UC_E_EXISTS;
		ours++;
	}
	if (!ours)
		return UC_OK;
	if (!is_own_domain(p, domain) && peer_live_wait(p, domain, LIMIT_PEER_SEAT))
		return UC_E_RATE;
	TRY(seats_free_count(p, n->q->room->uri, n->q->a, &left));
	return ours <= left ? UC_OK : UC_E_LIMIT;
}

static uc_err list_leaving(struct commitment *n)
{
	struct group_view now = public_group_now(n->group);
	uint32_t at = 0, leaf;
	struct leaf_node node;
	size_t proposals = public_group_proposal_count(n->group);
	if (!proposals)
		return UC_OK;
	n->leaving.v = ARENA_ARRAY(n->q->a, struct view, proposals);
	if (!n->leaving.v)
		return UC_E_LIMIT;
	while (n->leaving.n < proposals && tree_next_leaf(now.tree, &at, &leaf, &node))
		if (leaf_is_leaving(n->group, leaf))
			TRY(arena_copy(n->q->a, node.credential.identity,
				       &n->leaving.v[n->leaving.n++]));
	return UC_OK;
}

/* Stages it, and reads all that is needed of it. */
static uc_err stage(struct commitment *n)
{
	struct public_received received;
	TRY(room_live_group(n->q->p, n->q->room, &n->group));
	TRY(list_leaving(n));
	TRY(public_group_receive(n->group, n->b->proposal_or_commit, n->q->a, &received));
	TRY(membership_read(received.change, n->q->a, &n->m));
	TRY(check_info(n));
	TRY(check_welcome(n));
	return check_seats(n);
}

/* --- what follows from it --- */

/* Those who come are told Welcome and tree in one frame. */
static uc_err check_size(const struct commitment *n)
{
	struct buf tree;
	if (!n->m.joined.n)
		return UC_OK;
	buf_init(&tree, WIRE_OBJECT_MAX);
	uc_err err = public_group_ratchet_tree(n->group, &tree);
	if (!err && n->b->welcome.n + tree.n > ENTRY_BYTES_MAX)
		err = UC_E_TOO_LARGE;
	buf_done(&tree);
	return err;
}

static uc_err put_all(struct commitment *n, struct log_step *s, struct hub_reply *out)
{
	struct fanout_message fanout = { .timestamp = n->timestamp,
					 .message = n->b->proposal_or_commit,
					 .wire_format = MLS_PUBLIC_MESSAGE,
					 .content_type = CONTENT_COMMIT };
	TRY(log_step_add(s, &fanout, n->hash));
	s->record.epoch_start = n->seq;
	TRY(check_size(n));
	TRY(tree_back_put(s, &n->before));
	TRY(seats_change(s, &n->m, n->b->welcome, n->q->proof));
	TRY(fanout_change(s, &n->m, n->timestamp, n->b->group_info_option.group_info,
			  n->b->welcome));
	/* A removal that was accepted is not lost because somebody's commit crossed it. */
	TRY(hub_propose_removals(s, &n->leaving, n->timestamp));
	TRY(room_keys_propose(s, n->timestamp));
	if (!n->races)
		TRY(log_step_put_group(s));
	return hub_update_accept(n->q, n->timestamp, n->seq, out);
}

/* Only what was accepted counts: refused ones do not use up what is others' of that app, too. */
static void count_seats(const struct commitment *n)
{
	struct provider *p = n->q->p;
	struct view domain;
	if (uri_domain_of(n->q->client, &domain) || is_own_domain(p, domain))
		return;
	for (size_t i = 0; i < n->m.joined.n; i++)
		if (is_own_domain(p, n->m.joined.v[i].domain))
			(void)peer_live_rate(p, domain, LIMIT_PEER_SEAT);
}

static uc_err apply(struct commitment *n, struct hub_reply *out)
{
	struct provider *p = n->q->p;
	struct room_live *r = n->q->room;
	struct log_step step;
	struct hub_reply made = { .seq = 0 };
	TRY(seats_announce(p, r->uri, &n->m.joined, n->q->a));
	tree_copy(public_group_now(n->group).tree, &n->before);
	n->races = PLANTED(epoch_race) && env_now_ms(p->env) % 4 == 0;
	if (!n->races)
		TRY(public_group_apply(n->group));
	room_live_moved(p, r);
	log_step_begin(&step, p, r, n->q->a);
	n->timestamp = log_step_now(&step);
	n->seq = step.record.next;
	uc_err err = put_all(n, &step, &made);
	if (err) {
		log_step_drop(&step);
		return err;
	}
	TRY(log_step_commit(&step));
	metrics_add(p->config.metrics, METRIC_HANDSHAKES_ACCEPTED, 1);
	count_seats(n);
	log_step_tell(&step);
	if (n->races)
		public_group_drop(n->group);
	seats_announced(p, r->uri, &n->m.joined);
	*out = made;
	return UC_OK;
}

uc_err hub_commit(const struct hub_request *q, const struct update_request *u,
		  const uint8_t hash[SHA256_BYTES], struct hub_reply *out)
{
	struct commitment n = { .q = q, .b = &u->bundle, .hash = hash };
	tree_init(&n.before, NULL);
	uc_err err = stage(&n);
	if (err) {
		if (n.group)
			public_group_drop(n.group);
		return hub_update_refuse(q, err, out);
	}
	err = apply(&n, out);
	tree_done(&n.before);
	if (err)
		room_live_drop(q->p, q->room);
	return err;
}
