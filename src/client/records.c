/* SPDX-License-Identifier: Apache-2.0 */
/* Objects out of the store at opening, and into the turn's batch when they changed. */
#include "client/client.h"
#include "client/outbox_list.h"
#include "client/room_group.h"
#include "client/rooms.h"

#include "base/heap.h"

#define TABLE_ACCOUNT  "account"
#define TABLE_SET      "set"
#define TABLE_CONTACT  "contact"
#define TABLE_REQUEST  "request"
#define TABLE_ROOM     "room"
#define TABLE_MEMBERS  "room members"
#define TABLE_GROUP    "group"
#define TABLE_RATCHETS "group ratchets"
#define TABLE_REJOIN   "group rejoined"
#define TABLE_OUTBOX   "outbox"

/* wire_element of a typed walk */
#define ELEMENT(type)                                      \
	static void type##_record(struct wire *w, void *v) \
	{                                                  \
		wire_##type(w, v);                         \
	}
ELEMENT(account)
ELEMENT(set)
ELEMENT(contact)
ELEMENT(request)
ELEMENT(room)
ELEMENT(outgoing)

static void members_record(struct wire *w, void *v)
{
	wire_members(w, v);
}

static struct safe_place place(const char *table, struct view name)
{
	return (struct safe_place){ .table = table, .name = name };
}

static struct safe_place outbox_place(const struct room *r, uint64_t number)
{
	return (struct safe_place){ .table = TABLE_OUTBOX,
				    .owner = VIEW_OF(r->id.b),
				    .number = number };
}

/* --- saving --- */

static void sets_save(struct uc_client *c)
{
	for (struct set **at = &c->sets; *at;) {
		struct set *s = *at;
		struct safe_place p = place(TABLE_SET, VIEW_OF(s->set_id));
		if (s->state == SET_SPENT && !s->in_flight) {
			safe_delete(&c->safe, p);
			*at = s->next;
			set_free(s);
			continue;
		}
		if (s->dirty)
			safe_put_object(&c->safe, p, set_record, s);
		s->dirty = false;
		at = &s->next;
	}
}

static void outbox_save(struct uc_client *c, struct room *r)
{
	for (struct outgoing *o; (o = outgoing_changed(r));)
		safe_put_object(&c->safe, outbox_place(r, o->number), outgoing_record, o);
}

void outgoing_delete(struct uc_client *c, struct room *r, struct outgoing *o)
{
	safe_delete(&c->safe, outbox_place(r, o->number));
	outgoing_unchange(r, o);
	outgoing_content_done(r, o);
	if (o->in_flight)
		return; /* its answer is still to come, and names it */
	outgoing_remove(r, o);
	outgoing_free(o);
}

typedef uc_err group_part(struct room_group *g, struct buf *out);

/* Without a group the record goes. */
static void group_save(struct uc_client *c, const struct room *r, const char *table,
		       struct room_group *g, group_part *part)
{
	struct buf b;
	struct safe_place p = place(table, VIEW_OF(r->id.b));
	if (!g) {
		safe_delete(&c->safe, p);
		return;
	}
	buf_init_secret(&b, BLOB_MAX);
	uc_err err = part(g, &b);
	if (err)
		safe_fail(&c->safe, err);
	else
		safe_put(&c->safe, p, buf_view(&b));
	buf_done(&b);
}

/* A message moves the ratchets alone; the rest is as large as the room. */
static void groups_save(struct uc_client *c, struct room *r)
{
	struct rejoin *j = &r->rejoin;
	if (r->group_dirty)
		group_save(c, r, TABLE_GROUP, r->group, room_group_save_epoch);
	if (r->group_dirty || r->ratchets_dirty)
		group_save(c, r, TABLE_RATCHETS, r->group, room_group_save_ratchets);
	if (j->group_dirty)
		group_save(c, r, TABLE_REJOIN, j->group, room_group_save);
	r->group_dirty = r->ratchets_dirty = j->group_dirty = false;
}

void records_save(struct uc_client *c)
{
	if (c->account.dirty)
		safe_put_object(&c->safe, place(TABLE_ACCOUNT, VIEW_LIT("self")), account_record,
				&c->account);
	c->account.dirty = false;
	sets_save(c);
	for (struct contact *k = c->contacts; k; k = k->next) {
		if (k->dirty)
			safe_put_object(&c->safe, place(TABLE_CONTACT, VIEW_OF(k->id.b)),
					contact_record, k);
		k->dirty = false;
	}
	for (struct request *q = c->requests; q; q = q->next) {
		if (q->dirty)
			safe_put_object(&c->safe, place(TABLE_REQUEST, VIEW_OF(q->id.b)),
					request_record, q);
		q->dirty = false;
	}
	for (struct room *r = c->rooms; r; r = r->next) {
		if (r->dirty)
			safe_put_object(&c->safe, place(TABLE_ROOM, VIEW_OF(r->id.b)), room_record,
					r);
		if (r->members_dirty)
			safe_put_object(&c->safe, place(TABLE_MEMBERS, VIEW_OF(r->id.b)),
					members_record, r);
		r->dirty = r->members_dirty = false;
		groups_save(c, r);
		outbox_save(c, r);
	}
}

/* --- loading --- */

struct load {
	struct uc_client *c;
	struct room *room;
	uc_err err;
};

static uc_err decode(struct uc_client *c, struct view value, wire_element *walk, void *object)
{
	struct arena_mark mark = arena_mark(&c->call);
	uc_err err = wire_decode(value, &c->call, walk, object);
	arena_reset(&c->call, mark);
	return err == UC_E_VERSION || err == UC_E_MEMORY || !err ? err : UC_E_CORRUPT;
}

/* Lists whose order is of no meaning; and those that a person is shown with numbers, which must be
 * the same after a restart, whatever has come meanwhile. */
#define ADD_FIRST(type)                                             \
	static void type##_add(struct uc_client *c, struct type *o) \
	{                                                           \
		o->next = c->type##s;                               \
		c->type##s = o;                                     \
	}
#define ADD_IN_ORDER(type)                                                            \
	void type##_add(struct uc_client *c, struct type *o)                          \
	{                                                                             \
		struct type **at = &c->type##s;                                       \
		while (*at && in_order((*at)->number, &(*at)->id, o->number, &o->id)) \
			at = &(*at)->next;                                            \
		o->next = *at;                                                        \
		*at = o;                                                              \
	}
static bool in_order(uint64_t n, const struct uc_id *id, uint64_t m, const struct uc_id *other)
{
	return n < m || (n == m && view_compare(VIEW_OF(id->b), VIEW_OF(other->b)) < 0);
}
ADD_FIRST(set)
ADD_FIRST(contact)
ADD_IN_ORDER(request)
ADD_IN_ORDER(room)

#define LOAD_EACH(type)                                                           \
	static bool load_##type(void *ctx, uint64_t number, struct view value)    \
	{                                                                         \
		struct load *l = ctx;                                             \
		struct type *o = HEAP_NEW(struct type);                           \
		(void)number;                                                     \
		l->err = o ? decode(l->c, value, type##_record, o) : UC_E_MEMORY; \
		if (o)                                                            \
			type##_add(l->c, o);                                      \
		return !l->err;                                                   \
	}
LOAD_EACH(set)
LOAD_EACH(contact)
LOAD_EACH(request)
LOAD_EACH(room)

static bool load_outgoing(void *ctx, uint64_t number, struct view value)
{
	struct load *l = ctx;
	struct outgoing *o = HEAP_NEW(struct outgoing);
	(void)number;
	l->err = o ? decode(l->c, value, outgoing_record, o) : UC_E_MEMORY;
	if (o)
		outgoing_append(l->room, o);
	return !l->err;
}

/* ratchets: the table of the second part; a group of a time before it was divided has none, and is
 * to be saved anew.  *out stays NULL when there is no group, or when it is damaged. */
static uc_err group_load_from(struct uc_client *c, const struct room *r, const char *table,
			      const char *ratchets, struct room_group **out, bool *is_whole)
{
	struct arena a;
	struct view state = { NULL, 0 }, second = { NULL, 0 };
	arena_init(&a, BLOB_MAX * 4, ARENA_SECRET);
	uc_err err = safe_get(&c->safe, place(table, VIEW_OF(r->id.b)), &a, &state);
	if (!err && ratchets)
		err = safe_get(&c->safe, place(ratchets, VIEW_OF(r->id.b)), &a, &second);
	*is_whole = state.n && err == UC_E_NOT_FOUND;
	if (!err || *is_whole)
		err = room_group_load(c, state, second, out);
	arena_done(&a);
	return err == UC_E_NOT_FOUND || err == UC_E_CORRUPT ? UC_OK : err;
}

/* A room of a time before members had a record brings them along. */
static uc_err members_load(struct uc_client *c, struct room *r)
{
	struct arena a;
	struct view value;
	arena_init(&a, BLOB_MAX, ARENA_SECRET);
	uc_err err = safe_get(&c->safe, place(TABLE_MEMBERS, VIEW_OF(r->id.b)), &a, &value);
	if (!err)
		err = decode(c, value, members_record, r);
	else if (err == UC_E_NOT_FOUND)
		r->members_dirty = r->members != NULL;
	arena_done(&a);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

/* One room's damage is mended by joining it anew; the others go on. */
static void room_mend(struct uc_client *c, struct room *r)
{
	struct rejoin *j = &r->rejoin;
	bool on_its_way = j->step == REJOIN_SENT || j->step == REJOIN_ACCEPTED;
	if ((on_its_way && !j->group) || (j->step == REJOIN_SEATED && !r->group)) {
		j->step = REJOIN_NONE;
		r->dirty = true;
	}
	if (r->group || (r->state != ROOM_OPEN && r->state != ROOM_LEAVING))
		return;
	r->stuck = r->dirty = true;
	room_lost(c, r, UC_E_CORRUPT, NULL);
}

static uc_err room_load(struct load *l, struct room *r)
{
	struct uc_client *c = l->c;
	l->room = r;
	TRY(safe_scan(&c->safe, TABLE_OUTBOX, VIEW_OF(r->id.b), 0, load_outgoing, l));
	TRY(l->err);
	TRY(members_load(c, r));
	bool is_whole;
	TRY(group_load_from(c, r, TABLE_REJOIN, NULL, &r->rejoin.group, &is_whole));
	TRY(group_load_from(c, r, TABLE_GROUP, TABLE_RATCHETS, &r->group, &is_whole));
	r->group_dirty = r->group && is_whole;
	room_mend(c, r);
	return UC_OK;
}

static uc_err table_load(struct load *l, const char *table, safe_each *each)
{
	TRY(safe_scan(&l->c->safe, table, (struct view){ NULL, 0 }, 0, each, l));
	return l->err;
}

static uc_err account_load(struct uc_client *c)
{
	struct arena a;
	struct view value;
	arena_init(&a, BLOB_MAX, ARENA_SECRET);
	uc_err err = safe_get(&c->safe, place(TABLE_ACCOUNT, VIEW_LIT("self")), &a, &value);
	if (!err)
		err = decode(c, value, account_record, &c->account);
	arena_done(&a);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

uc_err records_load(struct uc_client *c)
{
	struct load l = { .c = c };
	TRY(account_load(c));
	TRY(table_load(&l, TABLE_SET, load_set));
	TRY(table_load(&l, TABLE_CONTACT, load_contact));
	TRY(table_load(&l, TABLE_REQUEST, load_request));
	TRY(table_load(&l, TABLE_ROOM, load_room));
	for (struct room *r = c->rooms; r; r = r->next)
		TRY(room_load(&l, r));
	return UC_OK;
}

/* --- giving back --- */

void set_free(struct set *s)
{
	if (!s)
		return;
	blob_done(&s->key_package);
	blob_done(&s->private_keys);
	heap_free_wiped(s, sizeof *s);
}

void outgoing_free(struct outgoing *o)
{
	blob_done(&o->content);
	blob_done(&o->submit);
	heap_free(o);
}

void task_free(struct task *t)
{
	blob_done(&t->key_packages);
	heap_free(t);
}

static void member_free(struct member *m)
{
	blob_done(&m->introduction);
	heap_free(m);
}

static void contact_free(struct contact *k)
{
	blob_done(&k->list);
	heap_free(k);
}

static void request_free(struct request *q)
{
	blob_done(&q->entry);
	blob_done(&q->introduction);
	heap_free_wiped(q, sizeof *q);
}

#define FREE_LIST(type, list, free_one) \
	while (list) {                  \
		type *o_ = (list);      \
		(list) = o_->next;      \
		free_one(o_);           \
	}

static void room_free(struct room *r)
{
	FREE_LIST(struct member, r->members, member_free)
	FREE_LIST(struct task, r->tasks, task_free)
	FREE_LIST(struct outgoing, r->outbox.first, outgoing_free)
	blob_done(&r->pending.update);
	blob_done(&r->rejoin.update);
	room_group_free(r->rejoin.group);
	set_free(r->rejoin.set);
	room_group_free(r->group);
	heap_free_wiped(r, sizeof *r);
}

void records_free(struct uc_client *c)
{
	FREE_LIST(struct set, c->sets, set_free)
	FREE_LIST(struct contact, c->contacts, contact_free)
	FREE_LIST(struct request, c->requests, request_free)
	FREE_LIST(struct room, c->rooms, room_free)
	account_wipe(&c->account);
}
