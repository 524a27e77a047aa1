/* SPDX-License-Identifier: Apache-2.0 */
#include "client/groups.h"

#include "client/account.h"
#include "client/chains.h"
#include "client/contacts.h"
#include "client/introductions.h"
#include "client/outbox.h"
#include "client/own_places.h"
#include "client/protocol.h"
#include "client/roles.h"
#include "client/room_asks.h"
#include "client/room_group.h"
#include "client/rooms.h"

#include "base/heap.h"

enum {
	ADD_AT_ONCE = 32,
	RETRY_MS = 2 * 1000,
	REFUSED_MS = 10 * 1000,
	COMMIT_STEP_MS = 400, /* between those who may commit others' proposals */
};

/* --- tasks --- */

static uc_err task_add(struct uc_client *c, struct room *r, uint8_t kind, uc_op op,
		       struct task **out)
{
	struct task **at = &r->tasks, *t = HEAP_NEW(struct task);
	if (!t)
		return UC_E_MEMORY;
	while (*at)
		at = &(*at)->next;
	*at = t;
	t->number = ++c->account.next_number;
	c->account.dirty = r->dirty = true;
	t->kind = kind;
	t->op = op;
	*out = t;
	return UC_OK;
}

void groups_task_end(struct uc_client *c, struct room *r, struct task *t, uc_err err,
		     struct view text)
{
	for (struct task **at = &r->tasks; *at; at = &(*at)->next) {
		if (*at != t)
			continue;
		*at = t->next;
		r->dirty = true;
		op_done_at(c, t->op, err, text, NULL, &r->id);
		if (err && !t->op)
			event_warning(c, err, text, &r->id);
		if (err)
			room_asks_failed(c, r, t);
		task_free(t);
		break;
	}
	groups_created(c, r);
}

void groups_created(struct uc_client *c, struct room *r)
{
	if (!r->create_op || r->state == ROOM_CREATING || !room_asks_alone(c, r))
		return;
	op_done_at(c, r->create_op, UC_OK,
		   r->tasks ? VIEW_LIT(ROOM_ASKED) : (struct view){ NULL, 0 }, NULL, &r->id);
	r->create_op = 0;
}

void groups_tasks_drop(struct uc_client *c, struct room *r, uc_err err)
{
	for (struct task *t = r->tasks, *next; t; t = next) {
		next = t->next;
		bool leaving = t->kind == TASK_LEAVE || t->kind == TASK_ASKED;
		if (t->in_flight)
			t->staged = true; /* its answer is still to come */
		else
			groups_task_end(c, r, t, leaving ? UC_OK : err, (struct view){ NULL, 0 });
	}
	r->pending.there = false;
	blob_done(&r->pending.update);
}

uc_err groups_add_packages(struct uc_client *c, struct room *r, struct view packages,
			   struct view participant, const struct uc_id *contact, uc_op op)
{
	struct task *t;
	TRY(task_add(c, r, TASK_ADD_PACKAGES, op, &t));
	TRY(text_set(t->participant, sizeof t->participant, participant));
	t->contact = *contact;
	return blob_set(&t->key_packages, packages);
}

uc_err groups_add_contact(struct uc_client *c, struct room *r, struct contact *k, uc_op op)
{
	struct task *t;
	TRY(task_add(c, r, TASK_ADD, op, &t));
	t->contact = k->id;
	return UC_OK;
}

uc_err groups_remove(struct uc_client *c, struct room *r, const char *participant, uc_op op)
{
	struct task *t;
	TRY(task_add(c, r, TASK_REMOVE, op, &t));
	return text_set(t->participant, sizeof t->participant, view_str(participant));
}

uc_err groups_role(struct uc_client *c, struct room *r, const char *participant, uint32_t role,
		   uc_op op)
{
	struct task *t;
	TRY(task_add(c, r, (uint8_t)(TASK_ROLE + role), op, &t));
	return text_set(t->participant, sizeof t->participant, view_str(participant));
}

uc_err groups_leave(struct uc_client *c, struct room *r, uc_op op)
{
	struct task *t;
	for (t = r->tasks; t; t = t->next)
		if (t->kind == TASK_LEAVE)
			return UC_OK;
	return task_add(c, r, TASK_LEAVE, op, &t);
}

/* --- KeyPackages of a contact --- */

struct fetch {
	struct room *room;
	struct task *task;
	char participant[URI_BYTES];
};

static uc_err fetched(struct uc_client *c, struct room *r, struct task *t, const char *promised,
		      const struct reply *reply)
{
	struct key_material_response_frame in;
	struct view packages, participant;
	TRY(reply->err);
	TRY(wire_decode(reply->body, reply->mem, key_material_response_frame_element, &in));
	TRY(key_material_read(in.response, reply->mem, &packages));
	TRY(room_group_packages_check(c, packages, reply->mem, &participant));
	if (!view_equal(participant, view_str(promised)))
		return UC_E_PROOF;
	TRY(text_set(t->participant, sizeof t->participant, participant));
	TRY(blob_set(&t->key_packages, packages));
	t->kind = TASK_ADD_PACKAGES;
	r->dirty = true;
	return UC_OK;
}

static uc_err fetch_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct fetch *f = subject;
	struct room *r = f->room;
	struct task *t = f->task;
	t->in_flight = false;
	uc_err err = t->staged ? UC_E_REMOVED : fetched(c, r, t, f->participant, reply);
	heap_free(f);
	if (err_is_hard(err))
		return err;
	/* Who has left since adds nobody any more. */
	if (r->state == ROOM_LEAVING || t->staged) {
		groups_task_end(c, r, t, t->staged ? UC_E_REMOVED : UC_E_CLOSED,
				(struct view){ NULL, 0 });
		return UC_OK;
	}
	/* An address is good once: the next attempt takes the next one, but where there is this one alone. */
	if (reply->err == UC_E_NET)
		return UC_OK;
	if (reply->err && reply_is_transient(reply)) {
		if (room_asks_has(c, t))
			room_asks_later(c, t, reply);
		else
			r->retry_ms = retry_at(c, reply, RETRY_MS);
		return UC_OK;
	}
	room_asks_used(r, t);
	if (err && err != UC_E_ADDRESS && err != UC_E_EXHAUSTED)
		groups_task_end(c, r, t, err, reply->text);
	return UC_OK;
}

static uc_err fetch(struct uc_client *c, struct room *r, struct task *t)
{
	struct contact *k = contact_find(c, &t->contact);
	struct key_address address;
	struct key_material_request_frame req = { .seat = r->seat };
	if (room_asks_has(c, t))
		address = t->bound;
	else if (!k || !contact_take_address(c, k, &address)) {
		if (room_asks_may(c, r, t, k))
			return room_asks_send(c, r, t, k);
		groups_task_end(c, r, t, UC_E_EXHAUSTED, (struct view){ NULL, 0 });
		return UC_OK;
	}
	req.target = view_str(address.address);
	TRY(room_group_key_material(c, r->group, req.target, &c->call, &req.request));
	struct fetch *f = HEAP_NEW(struct fetch);
	if (!f)
		return UC_E_MEMORY;
	*f = (struct fetch){ .room = r, .task = t };
	memcpy(f->participant, address.participant, sizeof f->participant);
	t->in_flight = true;
	uc_err err = call_send(c, FRAME_KEY_MATERIAL, key_material_request_frame_element, &req,
			       fetch_done, f);
	if (err) {
		t->in_flight = false;
		heap_free(f);
	}
	return err;
}

/* *busy: KeyPackages of some task are still awaited. */
static uc_err fetch_all(struct uc_client *c, struct room *r, bool *busy)
{
	for (struct task *t = r->tasks, *next; t; t = next) {
		next = t->next;
		if (t->kind == TASK_ADD && !t->in_flight && !waits_until(c, t->retry_ms))
			TRY(fetch(c, r, t));
	}
	*busy = false;
	for (const struct task *t = r->tasks; t; t = t->next)
		*busy = *busy || (t->kind == TASK_ADD && !room_asks_waits(c, t));
	return UC_OK;
}

/* --- staging --- */

static uc_err pending_set(struct uc_client *c, struct room *r, bool is_commit, struct view update,
			  const uint8_t hash[SHA256_BYTES])
{
	(void)c;
	r->pending.there = true;
	r->pending.is_commit = is_commit;
	r->pending.accepted = false;
	r->pending.epoch = room_group_epoch(r->group);
	memcpy(r->pending.hash, hash, SHA256_BYTES);
	r->dirty = r->group_dirty = true;
	return blob_set(&r->pending.update, update);
}

static bool still_member(const struct room *r, const char *participant)
{
	const struct member *m = room_member_find(r, view_str(participant));
	return m && !m->gone;
}

/* Tasks that have become pointless end; those that fit into one commit are marked as staged. */
static void choose(struct uc_client *c, struct room *r, struct room_change *change)
{
	for (struct task *t = r->tasks, *next; t; t = next) {
		next = t->next;
		bool member = still_member(r, t->participant);
		if ((t->kind == TASK_REMOVE && !member) ||
		    (t->kind == TASK_ADD_PACKAGES && member)) {
			groups_task_end(c, r, t, UC_OK, (struct view){ NULL, 0 });
			continue;
		}
		t->staged = false;
		if (t->kind == TASK_ADD_PACKAGES && change->packages.n < ADD_AT_ONCE)
			change->packages.v[change->packages.n++] = blob_view(&t->key_packages);
		else if (t->kind == TASK_REMOVE && change->participants.n < ADD_AT_ONCE)
			change->participants.v[change->participants.n++] = view_str(t->participant);
		else
			continue;
		t->staged = true;
	}
}

/* By a commit of its own, judged by what the room is then: whether an owner stays depends on who goes. */
static void choose_role(struct uc_client *c, struct room *r, struct room_change *change)
{
	for (struct task *t = r->tasks, *next; t; t = next) {
		struct view who = view_str(t->participant);
		next = t->next;
		if (t->kind <= TASK_ROLE)
			continue;
		uint32_t role = t->kind - (uint32_t)TASK_ROLE;
		uint32_t now = room_group_role(r->group, who);
		if (now == ROLE_NONE || now == role) {
			groups_task_end(c, r, t, now ? UC_OK : UC_E_NOT_FOUND,
					(struct view){ NULL, 0 });
			continue;
		}
		change->roles.v[change->roles.n++] = (struct user_role_pair){ who, role };
		t->staged = true;
		return;
	}
}

static void stage_refused(struct uc_client *c, struct room *r, uc_err err)
{
	for (struct task *t = r->tasks, *next; t; t = next) {
		next = t->next;
		if (t->staged && !t->in_flight)
			groups_task_end(c, r, t, err, (struct view){ NULL, 0 });
	}
}

/* Is it our turn to commit what others have proposed? */
static bool commit_is_due(struct uc_client *c, struct room *r)
{
	if (!room_group_has_proposals(r->group))
		return false;
	if (!r->commit_ms)
		r->commit_ms = client_now(c) + (uint64_t)room_group_rank(r->group) * COMMIT_STEP_MS;
	return !waits_until(c, r->commit_ms);
}

static struct task *leave_task(const struct room *r)
{
	for (struct task *t = r->tasks; t; t = t->next)
		if (t->kind == TASK_LEAVE)
			return t;
	return NULL;
}

static uc_err stage_commit(struct uc_client *c, struct room *r, bool due)
{
	struct view packages[ADD_AT_ONCE], participants[ADD_AT_ONCE], clients[ADD_AT_ONCE], update;
	struct user_role_pair role;
	struct room_change change = { .packages = { packages, 0 },
				      .participants = { participants, 0 },
				      .clients = { clients, 0 },
				      .roles = { &role, 0 },
				      .keys_of = r };
	uint8_t hash[SHA256_BYTES];
	if (chain_is_behind(c, r))
		return UC_OK;
	bool shows =
		!r->shadow && !leave_task(r) && !waits_until(c, r->commit_ms) && chain_is_due(c, r);
	choose(c, r, &change);
	TRY(own_places_stale(c, r, leave_task(r) != NULL, ADD_AT_ONCE, &change.clients));
	if (!change.packages.n && !change.participants.n && !change.clients.n && !due)
		choose_role(c, r, &change);
	if (!change.packages.n && !change.participants.n && !change.clients.n && !change.roles.n &&
	    !due && !shows)
		return UC_OK;
	uc_err err = room_group_commit(c, r->group, &change, &c->call, &update, hash);
	if (!err)
		return pending_set(c, r, true, update, hash);
	if (err_is_hard(err))
		return err;
	stage_refused(c, r, err);
	r->commit_ms = client_now(c) + chain_refused_ms(c, r, REFUSED_MS);
	wake_at(c, r->commit_ms);
	return UC_OK;
}

static uc_err stage_leave(struct uc_client *c, struct room *r)
{
	struct view update;
	uint8_t hash[SHA256_BYTES];
	TRY(room_group_leave(c, r->group, &c->call, &update, hash));
	return pending_set(c, r, false, update, hash);
}

/* No commit of ours would be taken, for a key that somebody has shown who is none of ours any more: others take
 * its place out. */
static uc_err stage_removal(struct uc_client *c, struct room *r)
{
	uint32_t leaves[ADD_AT_ONCE];
	size_t n;
	struct view update;
	uint8_t hash[SHA256_BYTES];
	/* What stands in the log is committed first: then there is nothing more to ask for, or it is asked anew. */
	if (r->shadow || leave_task(r) || room_group_has_proposals(r->group) ||
	    !room_has_others(r) || !chain_may_ask(c, r))
		return UC_OK;
	TRY(own_places_strange(c, r, ADD_AT_ONCE, leaves, &n));
	if (!n || !chain_is_read(c, r))
		return UC_OK;
	uc_err err = room_group_removal(c, r->group, leaves, n, &c->call, &update, hash);
	if (err)
		return err_is_hard(err) ? err : UC_OK;
	chain_asked(c, r);
	return pending_set(c, r, false, update, hash);
}

/* What was said before leaving is said first; and of an account that goes the places of its other devices go
 * first, but where the hub refuses that. */
static bool may_leave(struct uc_client *c, struct room *r, bool busy)
{
	if (r->outbox.first || room_group_has_proposals(r->group))
		return false;
	if (!c->account.deleting)
		return true;
	const struct member *self = room_member_find(r, view_str(r->participant));
	return account_is_leaving(c) && !c->list_stale && !busy &&
	       (!self || self->leaves < 2 || waits_until(c, r->commit_ms));
}

/* --- sending --- */

static void pending_drop(struct room *r)
{
	room_group_drop_pending(r->group);
	r->pending.there = false;
	blob_done(&r->pending.update);
	for (struct task *t = r->tasks; t; t = t->next)
		t->staged = false;
	r->dirty = r->group_dirty = true;
}

/* It proposes our own leaving, which is a task until it is in the log, and no removal of places of ours. */
static bool is_leave(struct uc_client *c, const struct room *r)
{
	struct arena_mark mark = arena_mark(&c->call);
	bool leaves = !r->pending.is_commit && leave_task(r) &&
		      !room_group_is_removal(blob_view(&r->pending.update), &c->call);
	arena_reset(&c->call, mark);
	return leaves;
}

static void update_refused(struct uc_client *c, struct room *r, uc_err err, struct view text)
{
	bool is_commit = r->pending.is_commit, leaves = is_leave(c, r);
	for (struct task *t = r->tasks, *next; t; t = next) {
		next = t->next;
		if (is_commit ? t->staged : leaves && t->kind == TASK_LEAVE)
			groups_task_end(c, r, t, err, text);
	}
	pending_drop(r);
	r->commit_ms = client_now(c) + REFUSED_MS;
}

static uc_err update_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct room *r = subject;
	struct update_answer in;
	r->update_busy = false;
	/* Its entry may have come first, and something else be pending since. */
	bool same = view_equal(VIEW_OF(r->update_hash), VIEW_OF(r->pending.hash));
	if (!r->pending.there || !same || reply->err == UC_E_NET)
		return UC_OK;
	if (reply->err && (reply_is_transient(reply) || reply->err == UC_E_SEAT)) {
		r->retry_ms = retry_at(c, reply, RETRY_MS);
		return UC_OK;
	}
	if (reply->err || update_answer_read(reply->body, reply->mem, &in)) {
		update_refused(c, r, reply->err ? reply->err : UC_E_PEER, reply->text);
		return UC_OK;
	}
	switch (in.result) {
	case ANSWER_ACCEPTED:
		r->pending.accepted = r->dirty = true;
		return UC_OK;
	case ANSWER_EPOCH:
		/* Another commit was first; it is on its way to us and takes this one's place. */
		r->retry_ms = client_now(c) + RETRY_MS;
		return UC_OK;
	default:
		update_refused(c, r, UC_E_POLICY, in.text);
		return UC_OK;
	}
}

static uc_err pending_send(struct uc_client *c, struct room *r)
{
	struct room_update_request req = { .seat = r->seat,
					   .update = blob_view(&r->pending.update) };
	if (r->update_busy || r->pending.accepted)
		return UC_OK;
	r->update_busy = true;
	memcpy(r->update_hash, r->pending.hash, sizeof r->update_hash);
	return call_send(c, FRAME_ROOM_UPDATE, room_update_request_element, &req, update_done, r);
}

/* Who leaves adds and removes nobody any more. */
static void others_forget(struct uc_client *c, struct room *r)
{
	for (struct task *t = r->tasks, *next; t; t = next) {
		next = t->next;
		if (t->kind != TASK_LEAVE && !t->in_flight)
			groups_task_end(c, r, t, t->kind == TASK_ASKED ? UC_OK : UC_E_CLOSED,
					(struct view){ NULL, 0 });
	}
}

uc_err groups_drive(struct uc_client *c, struct room *r)
{
	bool busy;
	if (waits_until(c, r->retry_ms))
		return UC_OK;
	if (!r->pending.there && leave_task(r)) {
		others_forget(c, r);
		if (!room_misses_us(c, r)) {
			rooms_left(c, r);
			return UC_OK;
		}
	}
	if (!r->pending.there) {
		bool due = commit_is_due(c, r);
		TRY(room_asks_drive(c, r));
		TRY(fetch_all(c, r, &busy));
		if (!busy || due)
			TRY(stage_commit(c, r, due));
		if (!r->pending.there && leave_task(r) && may_leave(c, r, busy))
			TRY(stage_leave(c, r));
		if (!r->pending.there)
			TRY(stage_removal(c, r));
	}
	return r->pending.there ? pending_send(c, r) : UC_OK;
}

/* --- what the log says --- */

void groups_proposal_seen(struct uc_client *c, struct room *r, const uint8_t hash[SHA256_BYTES])
{
	struct pending *p = &r->pending;
	if (!p->there || p->is_commit || !view_equal(VIEW_OF(p->hash), (struct view){ hash, 32 }))
		return;
	bool leaves = is_leave(c, r);
	p->there = false;
	r->dirty = true;
	blob_done(&p->update);
	if (!leaves)
		return;
	/* Our own wish to leave stands in the log; whoever commits next takes us out. */
	groups_task_end(c, r, leave_task(r), UC_OK, (struct view){ NULL, 0 });
	/* What was awaited when it was made, and came in vain, too. */
	others_forget(c, r);
	r->state = ROOM_LEAVING;
	r->dirty = true;
	outbox_fail(c, r);
}

/* Who was added by an address of that contact must introduce themselves as that contact. */
static void member_expect(struct room *r, const struct task *t)
{
	struct member *m = room_member_find(r, view_str(t->participant));
	if (!m || m->introduced)
		return;
	m->contact = t->contact;
	r->members_dirty = true;
}

uc_err groups_commit_applied(struct uc_client *c, struct room *r)
{
	bool added = false;
	r->pending.there = false;
	blob_done(&r->pending.update);
	for (struct task *t = r->tasks, *next; t; t = next) {
		next = t->next;
		if (!t->staged)
			continue;
		if (t->kind == TASK_ADD_PACKAGES) {
			added = true;
			member_expect(r, t);
		}
		if (t->kind > TASK_ROLE)
			roles_told(c, r, view_str(t->participant));
		groups_task_end(c, r, t, UC_OK, (struct view){ NULL, 0 });
	}
	r->dirty = true;
	return added ? introductions_forward(c, r) : UC_OK;
}

uc_err groups_commit_lost(struct uc_client *c, struct room *r)
{
	if (r->pending.there)
		pending_drop(r);
	if (r->state != ROOM_LEAVING)
		return UC_OK;
	/* That commit left out our wish to go, which ended with its epoch: once more. */
	r->state = ROOM_OPEN;
	r->dirty = true;
	return groups_leave(c, r, 0);
}
