/* SPDX-License-Identifier: Apache-2.0 */
/* Objects out of the store at opening, and into the turn's batch when they changed. */
#include "client/client.h"
#include "client/contacts.h"
#include "client/finding.h"
#include "client/heads.h"
#include "client/outbox_list.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/transfers.h"
#include "client/vault.h"

#include "base/heap.h"

#define TABLE_ACCOUNT    "account"
#define TABLE_SET        "set"
#define TABLE_CONTACT    "contact"
#define TABLE_BARRED     "barred" /* no contacts, and blocked */
#define TABLE_REQUEST    "request"
#define TABLE_INVITATION "invitation"
#define TABLE_FINDING    "finding"
#define TABLE_SOUGHT     "sought"
#define TABLE_ROOM       "room"
#define TABLE_LINK       "link"   /* other accounts of this person */
#define TABLE_LINKED     "linked" /* those of contacts */
#define TABLE_MEMBERS    "room members"
#define TABLE_GROUP      "group" /* the root of its journal */
#define TABLE_JOURNAL    "group journal"
#define TABLE_RATCHETS   "group ratchets" /* of a time before there were journals */
#define TABLE_REJOIN     "group rejoined"
#define TABLE_OUTBOX     "outbox"
#define TABLE_GUARDIAN   "guardian"
#define TABLE_VAULT      "vault"
#define TABLE_PORTRAIT   "portrait" /* our own */

/* A room's journal in all its rows: some three times what a snapshot may be. */
enum { JOURNAL_MAX = 4 * BLOB_MAX };

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
ELEMENT(finding)
ELEMENT(sought)
ELEMENT(invitation)
ELEMENT(room)
ELEMENT(own_link)
ELEMENT(linked)
ELEMENT(outgoing)
ELEMENT(guardianship)
ELEMENT(vault)
ELEMENT(own_portrait)

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

static struct safe_place journal_place(const struct room *r, uint64_t number)
{
	return (struct safe_place){ .table = TABLE_JOURNAL,
				    .owner = VIEW_OF(r->id.b),
				    .number = number };
}

/* --- saving --- */

/* Whoever was given it may need another one. */
static void set_changed(struct uc_client *c, const struct set *s)
{
	struct contact *k = id_is_zero(&s->given_to) ? NULL : contact_find(c, &s->given_to);
	if (k)
		k->has_enough = false;
}

static void contact_free(struct contact *k)
{
	blob_done(&k->list);
	heap_free(k);
}

static void sets_save(struct uc_client *c)
{
	for (struct set **at = &c->sets; *at;) {
		struct set *s = *at;
		struct safe_place p = place(TABLE_SET, VIEW_OF(s->set_id));
		if (s->dirty)
			set_changed(c, s);
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

static void barred_save(struct uc_client *c)
{
	for (struct contact **at = &c->barred; *at;) {
		struct contact *k = *at;
		struct safe_place p = place(TABLE_BARRED, VIEW_OF(k->id.b));
		if (k->ended) {
			safe_delete(&c->safe, p);
			*at = k->next;
			contact_free(k);
			continue;
		}
		if (k->dirty)
			safe_put_object(&c->safe, p, contact_record, k);
		k->dirty = false;
		at = &k->next;
	}
}

static void invitations_save(struct uc_client *c)
{
	for (struct invitation **at = &c->invitations; *at;) {
		struct invitation *i = *at;
		struct safe_place p = place(TABLE_INVITATION, VIEW_OF(i->id.b));
		if (i->gone && !i->in_flight) {
			safe_delete(&c->safe, p);
			*at = i->next;
			heap_free_wiped(i, sizeof *i);
			continue;
		}
		if (i->dirty)
			safe_put_object(&c->safe, p, invitation_record, i);
		i->dirty = false;
		at = &i->next;
	}
}

static void own_link_free(struct own_link *l)
{
	blob_done(&l->statement);
	blob_done(&l->withdrawal);
	heap_free(l);
}

static void links_save(struct uc_client *c)
{
	for (struct own_link **at = &c->links; *at;) {
		struct own_link *l = *at;
		struct safe_place p = place(TABLE_LINK, VIEW_OF(l->id.b));
		if (l->state == LINK_OVER) {
			safe_delete(&c->safe, p);
			*at = l->next;
			own_link_free(l);
			continue;
		}
		if (l->dirty)
			safe_put_object(&c->safe, p, own_link_record, l);
		l->dirty = false;
		at = &l->next;
	}
	for (struct linked *l = c->linkeds; l; l = l->next) {
		if (l->dirty)
			safe_put_object(&c->safe, place(TABLE_LINKED, VIEW_OF(l->id.b)),
					linked_record, l);
		l->dirty = false;
	}
}

static void finding_save(struct uc_client *c)
{
	struct finding *f = &c->finding;
	if (f->dirty)
		safe_put_object(&c->safe, place(TABLE_FINDING, VIEW_LIT("self")), finding_record,
				f);
	if (f->forget)
		safe_delete_all(&c->safe, TABLE_SOUGHT, (struct view){ NULL, 0 });
	for (struct sought *s = f->some_dirty ? f->first : NULL; s; s = s->next) {
		if (s->dirty)
			safe_put_object(&c->safe, place(TABLE_SOUGHT, view_str(s->number)),
					sought_record, s);
		s->dirty = false;
	}
	f->dirty = f->some_dirty = f->forget = false;
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

/* All there was of it, of whatever time. */
static void group_delete(struct uc_client *c, struct room *r)
{
	safe_delete(&c->safe, place(TABLE_GROUP, VIEW_OF(r->id.b)));
	safe_delete(&c->safe, place(TABLE_RATCHETS, VIEW_OF(r->id.b)));
	safe_delete_all(&c->safe, TABLE_JOURNAL, VIEW_OF(r->id.b));
	r->journal_rows = 0;
}

static void group_save(struct uc_client *c, struct room *r)
{
	struct room_group_change change;
	uc_err err = room_group_take(r->group, &change);
	if (err) {
		safe_fail(&c->safe, err);
		return;
	}
	if (change.whole)
		group_delete(c, r);
	if (change.journal.n)
		safe_put(&c->safe, journal_place(r, r->journal_rows++), buf_view(&change.journal));
	if (change.root.n)
		safe_put(&c->safe, place(TABLE_GROUP, VIEW_OF(r->id.b)), buf_view(&change.root));
	room_group_change_done(&change);
}

static void rejoin_save(struct uc_client *c, const struct room *r)
{
	struct safe_place p = place(TABLE_REJOIN, VIEW_OF(r->id.b));
	struct buf b;
	if (!r->rejoin.group) {
		safe_delete(&c->safe, p);
		return;
	}
	buf_init_secret(&b, BLOB_MAX);
	uc_err err = room_group_save(r->rejoin.group, &b);
	if (err)
		safe_fail(&c->safe, err);
	else
		safe_put(&c->safe, p, buf_view(&b));
	buf_done(&b);
}

static void groups_save(struct uc_client *c, struct room *r)
{
	if (r->group_dirty && r->group)
		group_save(c, r);
	else if (r->group_dirty)
		group_delete(c, r);
	if (r->rejoin.group_dirty)
		rejoin_save(c, r);
	r->group_dirty = r->rejoin.group_dirty = false;
}

static void vault_save(struct uc_client *c)
{
	if (c->vault.dirty)
		safe_put_object(&c->safe, place(TABLE_VAULT, VIEW_LIT("self")), vault_record,
				&c->vault);
	c->vault.dirty = false;
	vault_rows_save(c);
}

void records_save(struct uc_client *c)
{
	vault_watch(c);
	vault_save(c);
	if (c->account.dirty)
		safe_put_object(&c->safe, place(TABLE_ACCOUNT, VIEW_LIT("self")), account_record,
				&c->account);
	c->account.dirty = false;
	if (c->guardian.dirty)
		safe_put_object(&c->safe, place(TABLE_GUARDIAN, VIEW_LIT("self")),
				guardianship_record, &c->guardian);
	c->guardian.dirty = false;
	if (c->portrait.dirty)
		safe_put_object(&c->safe, place(TABLE_PORTRAIT, VIEW_LIT("self")),
				own_portrait_record, &c->portrait);
	c->portrait.dirty = false;
	sets_save(c);
	finding_save(c);
	transfers_save(c);
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
	barred_save(c);
	invitations_save(c);
	links_save(c);
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
ADD_IN_ORDER(invitation)
ADD_IN_ORDER(room)

void own_link_add(struct uc_client *c, struct own_link *l)
{
	struct own_link **at = &c->links;
	while (*at && view_compare(VIEW_OF((*at)->id.b), VIEW_OF(l->id.b)) < 0)
		at = &(*at)->next;
	l->next = *at;
	*at = l;
}

void linked_add(struct uc_client *c, struct linked *l)
{
	l->next = c->linkeds;
	c->linkeds = l;
}

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
LOAD_EACH(invitation)
LOAD_EACH(room)
LOAD_EACH(own_link)
LOAD_EACH(linked)

static bool load_barred(void *ctx, uint64_t number, struct view value)
{
	struct load *l = ctx;
	struct contact *k = HEAP_NEW(struct contact);
	(void)number;
	l->err = k ? decode(l->c, value, contact_record, k) : UC_E_MEMORY;
	if (k) {
		k->next = l->c->barred;
		l->c->barred = k;
	}
	return !l->err;
}

static bool load_sought(void *ctx, uint64_t number, struct view value)
{
	struct load *l = ctx;
	struct sought *s = HEAP_NEW(struct sought);
	(void)number;
	l->err = s ? decode(l->c, value, sought_record, s) : UC_E_MEMORY;
	if (!l->err)
		l->err = finding_add(l->c, s);
	if (l->err)
		heap_free(s);
	return !l->err;
}

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

/* The rows of a room's journal, one behind the other. */
struct rows {
	struct room *room;
	struct buf all;
};

static bool load_row(void *ctx, uint64_t number, struct view value)
{
	struct rows *rows = ctx;
	rows->room->journal_rows = number + 1;
	buf_add_view(&rows->all, value);
	return !rows->all.failed;
}

static uc_err journal_load(struct uc_client *c, struct room *r, struct view root)
{
	struct rows rows = { .room = r };
	buf_init_secret(&rows.all, JOURNAL_MAX);
	uc_err err = safe_scan(&c->safe, TABLE_JOURNAL, VIEW_OF(r->id.b), 0, load_row, &rows);
	if (!err)
		err = rows.all.failed;
	if (!err)
		err = room_group_load(c, root, buf_view(&rows.all), &r->group);
	buf_done(&rows.all);
	return err;
}

/* It is to be saved anew, so that no key stays behind in the older form. */
static uc_err older_load(struct uc_client *c, struct room *r, struct view state, struct arena *a)
{
	struct view ratchets = { NULL, 0 };
	uc_err err = safe_get(&c->safe, place(TABLE_RATCHETS, VIEW_OF(r->id.b)), a, &ratchets);
	if (!err || err == UC_E_NOT_FOUND)
		err = room_group_load(c, state, ratchets, &r->group);
	r->group_dirty = !err;
	return err;
}

static uc_err group_load_into(struct uc_client *c, struct room *r, struct arena *a)
{
	struct view state;
	bool is_older;
	TRY(safe_get(&c->safe, place(TABLE_GROUP, VIEW_OF(r->id.b)), a, &state));
	TRY(room_group_is_older(state, &is_older));
	return is_older ? older_load(c, r, state, a) : journal_load(c, r, state);
}

static uc_err rejoin_load(struct uc_client *c, struct room *r, struct arena *a)
{
	struct view state;
	TRY(safe_get(&c->safe, place(TABLE_REJOIN, VIEW_OF(r->id.b)), a, &state));
	TRY(room_group_is_older(state, &r->rejoin.group_dirty));
	return room_group_load(c, state, (struct view){ NULL, 0 }, &r->rejoin.group);
}

/* A group stays NULL when there is none, or when it is damaged. */
static uc_err groups_load(struct uc_client *c, struct room *r)
{
	struct arena a;
	arena_init(&a, BLOB_MAX * 8, ARENA_SECRET);
	uc_err err = rejoin_load(c, r, &a);
	if (!err || err == UC_E_NOT_FOUND || err == UC_E_CORRUPT)
		err = group_load_into(c, r, &a);
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
	TRY(groups_load(c, r));
	room_mend(c, r);
	return UC_OK;
}

static uc_err table_load(struct load *l, const char *table, safe_each *each)
{
	TRY(safe_scan(&l->c->safe, table, (struct view){ NULL, 0 }, 0, each, l));
	return l->err;
}

/* What there is one of. */
static uc_err self_load(struct uc_client *c, const char *table, wire_element *walk, void *object)
{
	struct arena a;
	struct view value;
	arena_init(&a, BLOB_MAX, ARENA_SECRET);
	uc_err err = safe_get(&c->safe, place(table, VIEW_LIT("self")), &a, &value);
	if (!err)
		err = decode(c, value, walk, object);
	arena_done(&a);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

uc_err records_load(struct uc_client *c)
{
	struct load l = { .c = c };
	TRY(self_load(c, TABLE_ACCOUNT, account_record, &c->account));
	TRY(self_load(c, TABLE_FINDING, finding_record, &c->finding));
	TRY(table_load(&l, TABLE_SOUGHT, load_sought));
	TRY(self_load(c, TABLE_GUARDIAN, guardianship_record, &c->guardian));
	TRY(self_load(c, TABLE_VAULT, vault_record, &c->vault));
	TRY(vault_rows_load(c));
	TRY(self_load(c, TABLE_PORTRAIT, own_portrait_record, &c->portrait));
	TRY(table_load(&l, TABLE_SET, load_set));
	TRY(table_load(&l, TABLE_CONTACT, load_contact));
	TRY(table_load(&l, TABLE_BARRED, load_barred));
	TRY(table_load(&l, TABLE_REQUEST, load_request));
	TRY(table_load(&l, TABLE_INVITATION, load_invitation));
	TRY(table_load(&l, TABLE_ROOM, load_room));
	TRY(table_load(&l, TABLE_LINK, load_own_link));
	TRY(table_load(&l, TABLE_LINKED, load_linked));
	TRY(transfers_load(c));
	for (struct room *r = c->rooms; r; r = r->next)
		TRY(room_load(&l, r));
	vault_watch_begin(c);
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
	heap_free(m->clients);
	heap_free(m);
}

static void invitation_free(struct invitation *i)
{
	heap_free_wiped(i, sizeof *i);
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
	blob_done(&r->keys.chain);
	blob_done(&r->keys_next.chain);
	room_group_free(r->rejoin.group);
	set_free(r->rejoin.set);
	room_group_free(r->group);
	heads_free(r);
	heap_free_wiped(r, sizeof *r);
}

void records_free(struct uc_client *c)
{
	FREE_LIST(struct set, c->sets, set_free)
	FREE_LIST(struct contact, c->contacts, contact_free)
	FREE_LIST(struct contact, c->barred, contact_free)
	FREE_LIST(struct request, c->requests, request_free)
	FREE_LIST(struct invitation, c->invitations, invitation_free)
	FREE_LIST(struct room, c->rooms, room_free)
	FREE_LIST(struct own_link, c->links, own_link_free)
	FREE_LIST(struct linked, c->linkeds, heap_free)
	transfers_free(c);
	finding_free(c);
	guardianship_done(&c->guardian);
	vault_done(&c->vault);
	blob_done(&c->portrait.picture);
	account_wipe(&c->account);
}
