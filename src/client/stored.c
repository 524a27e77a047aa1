/* SPDX-License-Identifier: Apache-2.0 */
#include "client/stored.h"

#include "client/stored_room.h"

#include "base/heap.h"
#include "base/text.h"

#define TEXT(w, array)  wire_text((w), (array), sizeof(array))
#define FIXED(w, array) wire_fixed((w), (array), sizeof(array))

/* Written as of the latest, read as of any; which one it is. */
static uint16_t record_version_to(struct wire *w, uint16_t latest)
{
	uint16_t version = latest;
	wire_u16(w, &version);
	if (!version || version > latest)
		wire_fail(w, UC_E_VERSION);
	return version;
}

static void record_version(struct wire *w)
{
	record_version_to(w, STORED_VERSION);
}

static void wire_ed25519_key(struct wire *w, struct ed25519_key *k)
{
	FIXED(w, k->seed);
	FIXED(w, k->pub);
}

static void wire_id(struct wire *w, struct uc_id *id)
{
	FIXED(w, id->b);
}

static void count_max(struct wire *w, uint32_t *n, uint32_t max)
{
	wire_u32(w, n);
	if (*n > max) {
		wire_fail(w, UC_E_CORRUPT);
		if (wire_reading(w))
			*n = 0;
	}
}

static void wire_code_made(struct wire *w, struct code_made *c)
{
	FIXED(w, c->tag);
	TEXT(w, c->text);
}

void wire_account(struct wire *w, struct account *a)
{
	uint16_t version = record_version_to(w, ACCOUNT_VERSION);
	wire_u8(w, &a->state);
	TEXT(w, a->app);
	wire_u8(w, &a->names);
	TEXT(w, a->identifier);
	TEXT(w, a->profile_name);
	FIXED(w, a->account_id);
	FIXED(w, a->account_key);
	wire_bool(w, &a->has_entropy);
	FIXED(w, a->entropy);
	wire_ed25519_key(w, &a->device);
	FIXED(w, a->intake_priv);
	FIXED(w, a->intake_pub);
	count_max(w, &a->request_key_count, REQUEST_KEYS);
	for (uint32_t i = 0; i < a->request_key_count; i++) {
		FIXED(w, a->request_keys[i].priv);
		FIXED(w, a->request_keys[i].pub);
		wire_bool(w, &a->request_keys[i].put);
	}
	wire_u64(w, &a->intake_cursor);
	wire_blob(w, &a->list);
	wire_u64(w, &a->next_number);
	TEXT(w, a->code);
	wire_bool(w, &a->deleting);
	if (version > 1) {
		wire_blob(w, &a->settings);
		wire_blob(w, &a->settings_next);
	}
	if (version > 2) {
		wire_code_made(w, &a->code_now);
		wire_code_made(w, &a->code_next);
	}
	if (version > 3)
		wire_bool(w, &a->waits_to_introduce);
	if (version > 4)
		wire_bool(w, &a->removes_silent);
}

void account_wipe(struct account *a)
{
	blob_done(&a->list);
	blob_done(&a->settings);
	blob_done(&a->settings_next);
	wipe(a, sizeof *a);
}

void wire_set(struct wire *w, struct set *s)
{
	uint16_t version = record_version_to(w, SET_VERSION);
	FIXED(w, s->set_id);
	FIXED(w, s->slot_id);
	wire_u8(w, &s->state);
	FIXED(w, s->set_key);
	wire_ed25519_key(w, &s->participant_key);
	TEXT(w, s->participant);
	TEXT(w, s->client);
	wire_u64(w, &s->not_after_ms);
	wire_blob(w, &s->key_package);
	wire_blob(w, &s->private_keys);
	wire_id(w, &s->given_to);
	if (version > 1)
		wire_u64(w, &s->given_until_ms);
	if (version > 2)
		wire_id(w, &s->room);
}

static void wire_key_address(struct wire *w, struct key_address *k)
{
	TEXT(w, k->address);
	TEXT(w, k->participant);
	wire_u64(w, &k->expires_ms);
}

static void wire_room_asks(struct wire *w, struct contact *c)
{
	count_max(w, &c->ask_count, ROOM_ASKS);
	for (uint32_t i = 0; i < c->ask_count; i++) {
		TEXT(w, c->asks[i].room);
		wire_u64(w, &c->asks[i].time_ms);
	}
	wire_u32(w, &c->granted);
	wire_u64(w, &c->granted_day);
}

void wire_contact(struct wire *w, struct contact *c)
{
	uint16_t version = record_version_to(w, CONTACT_VERSION);
	wire_id(w, &c->id);
	TEXT(w, c->app);
	TEXT(w, c->name);
	FIXED(w, c->account_key);
	wire_blob(w, &c->list);
	wire_bool(w, &c->blocked);
	wire_bool(w, &c->verified);
	wire_bool(w, &c->has_direct);
	wire_id(w, &c->direct);
	FIXED(w, c->grant_id);
	wire_bool(w, &c->has_grant);
	count_max(w, &c->key_count, KEY_ADDRESSES);
	for (uint32_t i = 0; i < c->key_count; i++)
		wire_key_address(w, &c->keys[i]);
	if (version > 1)
		wire_bool(w, &c->identity_changed);
	if (version > 2) {
		wire_u64(w, &c->portrait);
		wire_u64(w, &c->picture);
		TEXT(w, c->about);
		wire_u64(w, &c->told);
		wire_id(w, &c->told_in);
	}
	if (version > 3) {
		count_max(w, &c->tag_count, SENDER_TAGS);
		for (uint32_t i = 0; i < c->tag_count; i++)
			FIXED(w, c->tags[i]);
	}
	if (version > 4)
		wire_room_asks(w, c);
}

void wire_own_portrait(struct wire *w, struct own_portrait *p)
{
	record_version(w);
	wire_u64(w, &p->number);
	TEXT(w, p->about);
	wire_blob(w, &p->picture);
	FIXED(w, p->device);
}

static void wire_linked_side(struct wire *w, struct linked_side *s)
{
	wire_id(w, &s->contact);
	TEXT(w, s->app);
	TEXT(w, s->name);
	TEXT(w, s->identifier);
	FIXED(w, s->account_key);
}

void wire_own_link(struct wire *w, struct own_link *l)
{
	record_version(w);
	wire_id(w, &l->id);
	wire_u8(w, &l->state);
	wire_u64(w, &l->number);
	FIXED(w, l->offer_id);
	wire_u64(w, &l->expires_ms);
	wire_bool(w, &l->tells_identifier);
	wire_linked_side(w, &l->other);
	wire_blob(w, &l->statement);
	wire_blob(w, &l->withdrawal);
	count_max(w, &l->shown_count, LINK_SHOWN_MAX);
	for (uint32_t i = 0; i < l->shown_count; i++) {
		wire_id(w, &l->shown[i].contact);
		wire_id(w, &l->shown[i].room);
		wire_bool(w, &l->shown[i].gone);
		wire_bool(w, &l->shown[i].told);
	}
}

void wire_linked(struct wire *w, struct linked *l)
{
	record_version(w);
	wire_id(w, &l->id);
	wire_id(w, &l->by);
	wire_u64(w, &l->number);
	wire_bool(w, &l->withdrawn);
	wire_bool(w, &l->blocked);
	for (size_t i = 0; i < LINK_SIDES; i++)
		wire_linked_side(w, &l->sides[i]);
}

void wire_request(struct wire *w, struct request *r)
{
	uint16_t version = record_version_to(w, REQUEST_VERSION);
	wire_id(w, &r->id);
	wire_bool(w, &r->incoming);
	wire_u8(w, &r->state);
	TEXT(w, r->app);
	TEXT(w, r->name);
	TEXT(w, r->text);
	wire_u64(w, &r->time_ms);
	TEXT(w, r->target);
	TEXT(w, r->reply);
	FIXED(w, r->request_key);
	FIXED(w, r->answer_priv);
	FIXED(w, r->answer_pub);
	FIXED(w, r->set_id);
	wire_blob(w, &r->entry);
	wire_blob(w, &r->introduction);
	wire_id(w, &r->contact);
	wire_id(w, &r->room);
	if (version > 1)
		wire_u64(w, &r->number);
	if (version > 2) {
		TEXT(w, r->contact_code);
		wire_bool(w, &r->by_invitation);
		FIXED(w, r->check);
	}
	if (version > 3) {
		FIXED(w, r->card_salt);
		FIXED(w, r->card_tag);
		TEXT(w, r->card_address);
	}
	if (version > 4)
		FIXED(w, r->sender_tag);
	if (version > 5)
		wire_u64(w, &r->reply_until_ms);
}

void wire_invitation(struct wire *w, struct invitation *i)
{
	record_version_to(w, INVITATION_VERSION);
	wire_id(w, &i->id);
	wire_u8(w, &i->state);
	wire_bool(w, &i->once);
	FIXED(w, i->grant_id);
	FIXED(w, i->priv);
	FIXED(w, i->pub);
	TEXT(w, i->address);
	wire_u64(w, &i->time_ms);
	wire_u64(w, &i->expires_ms);
	wire_u32(w, &i->asked);
	wire_u64(w, &i->number);
}

void wire_kept_row(struct wire *w, struct kept_row *r)
{
	uint16_t version = record_version_to(w, KEPT_ROW_VERSION);
	wire_u8(w, &r->kind);
	FIXED(w, r->id);
	wire_u64(w, &r->version);
	wire_bool(w, &r->gone);
	wire_bool(w, &r->held);
	wire_blob(w, &r->data);
	if (version > 1)
		FIXED(w, r->own);
}

void wire_vault(struct wire *w, struct vault *v)
{
	uint16_t version = record_version_to(w, VAULT_VERSION);
	wire_bool(w, &v->has_keys);
	FIXED(w, v->key);
	FIXED(w, v->words_pub);
	wire_u64(w, &v->app_version);
	wire_u64(w, &v->number);
	wire_u64(w, &v->stored_ms);
	wire_u64(w, &v->due_ms);
	wire_bool(w, &v->foreign);
	wire_bool(w, &v->unwritten);
	if (version < 2)
		return;
	wire_u32(w, &v->key_generation);
	wire_u32(w, &v->key_position);
}

void wire_sought(struct wire *w, struct sought *s)
{
	record_version(w);
	TEXT(w, s->number);
	wire_bool(w, &s->has_value);
	FIXED(w, s->value.b);
	wire_bool(w, &s->looked);
	wire_bool(w, &s->found);
}

static void wire_asked(struct wire *w, struct asked_number *a)
{
	TEXT(w, a->number);
	FIXED(w, a->blind);
	FIXED(w, a->blinded.b);
}

void wire_finding(struct wire *w, struct finding *f)
{
	record_version(w);
	FIXED(w, f->key);
	wire_u64(w, &f->edition);
	wire_u64(w, &f->bytes);
	wire_u32(w, &f->day);
	wire_u32(w, &f->budget.spent);
	wire_u32(w, &f->budget.day);
	count_max(w, &f->asked_n, DISCOVERY_BATCH_MAX);
	if (wire_reading(w)) {
		f->asked = f->asked_n ? heap_new(f->asked_n * sizeof *f->asked) : NULL;
		if (f->asked_n && !f->asked) {
			f->asked_n = 0;
			wire_fail(w, UC_E_MEMORY);
		}
	}
	for (uint32_t i = 0; i < f->asked_n; i++)
		wire_asked(w, &f->asked[i]);
	FIXED(w, f->said);
	wire_bool(w, &f->refused);
}

static void wire_member(struct wire *w, struct member *m)
{
	TEXT(w, m->participant);
	wire_bool(w, &m->introduced);
	wire_bool(w, &m->gone);
	wire_id(w, &m->contact);
	TEXT(w, m->name);
	FIXED(w, m->account_key);
	wire_blob(w, &m->introduction);
}

static void wire_task(struct wire *w, struct task *t)
{
	wire_u64(w, &t->number);
	wire_u8(w, &t->kind);
	wire_id(w, &t->contact);
	TEXT(w, t->participant);
	wire_blob(w, &t->key_packages);
	wire_bool(w, &t->staged);
}

static void wire_task_asked(struct wire *w, struct task *t)
{
	wire_u32(w, &t->asks);
	wire_u64(w, &t->until_ms);
	wire_key_address(w, &t->bound);
}

static void wire_pending(struct wire *w, struct pending *p)
{
	wire_bool(w, &p->there);
	wire_bool(w, &p->is_commit);
	wire_u64(w, &p->epoch);
	FIXED(w, p->hash);
	wire_blob(w, &p->update);
	wire_bool(w, &p->accepted);
}

static void wire_rejoin(struct wire *w, struct rejoin *j)
{
	wire_u8(w, &j->step);
	TEXT(w, j->client);
	FIXED(w, j->seat_secret);
	FIXED(w, j->hash);
	wire_blob(w, &j->update);
	wire_u64(w, &j->seq);
	wire_u32(w, &j->count);
	wire_u64(w, &j->last_ms);
}

/* A chain of heap objects as a counted list; reading appends in order. */
#define WIRE_CHAIN(w, first, type, walk)                                   \
	do {                                                               \
		uint32_t count_ = 0;                                       \
		type **at_ = (first);                                      \
		if (!wire_reading(w))                                      \
			for (type *o_ = *(first); o_; o_ = o_->next)       \
				count_++;                                  \
		wire_u32((w), &count_);                                    \
		if (wire_reading(w))                                       \
			*at_ = NULL;                                       \
		for (uint32_t i_ = 0; i_ < count_ && !(w)->failed; i_++) { \
			if (wire_reading(w))                               \
				*at_ = HEAP_NEW(type);                     \
			if (!*at_)                                         \
				wire_fail((w), UC_E_MEMORY);               \
			else {                                             \
				walk((w), *at_);                           \
				at_ = &(*at_)->next;                       \
			}                                                  \
		}                                                          \
	} while (0)

static void wire_doubt(struct wire *w, struct doubt *d)
{
	wire_id(w, &d->by);
	wire_id(w, &d->who);
	wire_u64(w, &d->since_ms);
	wire_u64(w, &d->at);
	wire_u8(w, &d->slot);
}

/* Until version 7: one, of nobody knows whom. */
static void wire_only_doubt(struct wire *w, struct room *r)
{
	bool there = false;
	wire_bool(w, &there);
	if (!there)
		return;
	r->doubts = HEAP_NEW(struct doubt);
	if (!r->doubts) {
		wire_fail(w, UC_E_MEMORY);
		return;
	}
	wire_id(w, &r->doubts->by);
	wire_u64(w, &r->doubts->since_ms);
	wire_u64(w, &r->doubts->at);
}

static void wire_ahead(struct wire *w, struct ahead *a)
{
	wire_bool(w, &a->there);
	if (!a->there)
		return;
	wire_bool(w, &a->told);
	wire_id(w, &a->by);
	wire_chain_head(w, &a->head);
	wire_u64(w, &a->since_ms);
}

static void wire_room_heads(struct wire *w, struct room *r, uint16_t version)
{
	wire_bool(w, &r->forked);
	if (version > 7)
		WIRE_CHAIN(w, &r->doubts, struct doubt, wire_doubt);
	else
		wire_only_doubt(w, r);
	wire_ahead(w, &r->ahead);
	wire_u64(w, &r->heads_ms);
}

static void wire_participant_keys(struct wire *w, struct participant_keys *k)
{
	wire_blob(w, &k->chain);
	wire_u32(w, &k->generation);
	wire_u32(w, &k->position);
	if (k->chain.n)
		wire_ed25519_key(w, &k->last);
}

void wire_room(struct wire *w, struct room *r)
{
	uint16_t version = record_version_to(w, ROOM_VERSION);
	wire_id(w, &r->id);
	TEXT(w, r->uri);
	wire_bool(w, &r->direct);
	wire_bool(w, &r->made);
	wire_u8(w, &r->state);
	TEXT(w, r->name);
	TEXT(w, r->client);
	TEXT(w, r->participant);
	wire_ed25519_key(w, &r->participant_key);
	FIXED(w, r->seat_secret);
	wire_bool(w, &r->seat_known);
	wire_bool(w, &r->own_hub);
	wire_u64(w, &r->seq);
	FIXED(w, r->chain);
	wire_bool(w, &r->consistent);
	wire_bool(w, &r->lost);
	wire_bool(w, &r->stuck);
	wire_bool(w, &r->missed);
	wire_rejoin(w, &r->rejoin);
	wire_bool(w, &r->shadow);
	wire_u64(w, &r->start);
	wire_id(w, &r->contact);
	wire_bool(w, &r->introduced);
	wire_bool(w, &r->keys_given);
	wire_u64(w, &r->next_message);
	wire_u64(w, &r->read_up_to);
	wire_u64(w, &r->last_ms);
	wire_u64(w, &r->expires_ms);
	wire_u32(w, &r->unread);
	FIXED(w, r->set_id);
	wire_pending(w, &r->pending);
	if (version < 3) {
		WIRE_CHAIN(w, &r->members, struct member, wire_member);
		r->newcomer = r->next_message;
	}
	WIRE_CHAIN(w, &r->tasks, struct task, wire_task);
	if (version > 1)
		wire_u64(w, &r->number);
	if (version > 3)
		wire_bool(w, &r->fleeing);
	if (version > 4) {
		wire_u8(w, &r->says);
		TEXT(w, r->persona);
	}
	if (version > 5)
		wire_room_heads(w, r, version);
	if (version > 6)
		wire_bool(w, &r->restored);
	if (version > 8)
		wire_u64(w, &r->unshown);
	if (version > 9)
		wire_u64(w, &r->close_ms);
	for (struct task *t = r->tasks; version > 10 && t && !w->failed; t = t->next)
		wire_task_asked(w, t);
	if (version > 11) {
		wire_participant_keys(w, &r->keys);
		wire_participant_keys(w, &r->keys_next);
		wire_u64(w, &r->keys_ms);
	}
}

static void wire_member_clients(struct wire *w, struct member *m)
{
	wire_u32(w, &m->leaves);
	count_max(w, &m->client_count, MEMBER_CLIENTS_MAX);
	if (wire_reading(w) && m->client_count) {
		m->clients = heap_new(m->client_count * sizeof *m->clients);
		if (!m->clients) {
			m->client_count = 0;
			wire_fail(w, UC_E_MEMORY);
		}
	}
	for (uint32_t i = 0; i < m->client_count; i++) {
		FIXED(w, m->clients[i].name);
		FIXED(w, m->clients[i].device_key);
	}
}

void wire_members(struct wire *w, struct room *r)
{
	uint16_t version = record_version_to(w, MEMBERS_VERSION);
	WIRE_CHAIN(w, &r->members, struct member, wire_member);
	if (version > 1)
		wire_u64(w, &r->newcomer);
	else
		r->newcomer = r->next_message; /* not known: it may have been just now */
	for (struct member *m = r->members; version > 2 && m && !w->failed; m = m->next) {
		wire_bool(w, &m->admitted);
		wire_u64(w, &m->since_ms);
	}
	for (struct member *m = r->members; version > 3 && m && !w->failed; m = m->next) {
		wire_bool(w, &m->persona);
		wire_bool(w, &m->blocked);
	}
	for (struct member *m = r->members; version > 4 && m && !w->failed; m = m->next)
		wire_member_clients(w, m);
	for (struct member *m = r->members; version > 5 && m && !w->failed; m = m->next)
		wire_u64(w, &m->asked_ms);
	for (struct member *m = r->members; version > 6 && m && !w->failed; m = m->next)
		wire_bool(w, &m->wrote);
}

void wire_outgoing(struct wire *w, struct outgoing *o)
{
	uint16_t version = record_version_to(w, OUTGOING_VERSION);
	wire_u64(w, &o->number);
	wire_u64(w, &o->message);
	wire_id(w, &o->id);
	wire_blob(w, &o->content);
	wire_u64(w, &o->epoch);
	FIXED(w, o->hash);
	wire_blob(w, &o->submit);
	wire_bool(w, &o->accepted);
	wire_u64(w, &o->seq);
	if (version > 1)
		wire_bool(w, &o->again);
}

void wire_message(struct wire *w, struct message *m)
{
	uint16_t version = record_version_to(w, MESSAGE_VERSION);
	wire_u64(w, &m->number);
	wire_id(w, &m->id);
	wire_u8(w, &m->state);
	wire_u8(w, &m->kind);
	wire_bool(w, &m->own);
	wire_bool(w, &m->edited);
	wire_bool(w, &m->deleted);
	TEXT(w, m->participant);
	wire_u64(w, &m->time_ms);
	wire_u64(w, &m->seq);
	wire_u64(w, &m->expires_ms);
	wire_bool(w, &m->has_reply);
	wire_id(w, &m->in_reply_to);
	wire_bytes(w, &m->text);
	wire_bytes(w, &m->content);
	wire_bytes(w, &m->frank);
	if (version > 1)
		wire_u64(w, &m->frank_ms);
	else
		m->frank_ms = m->edited ? 0 : m->time_ms;
	if (version > 2)
		wire_chain_head(w, &m->head);
}

static void wire_ward(struct wire *w, struct ward *x)
{
	wire_id(w, &x->contact);
	wire_bool(w, &x->accepted);
	FIXED(w, x->offer);
	wire_ed25519_key(w, &x->key);
}

static void wire_ward_ask(struct wire *w, struct ward_ask *x)
{
	wire_id(w, &x->id);
	wire_id(w, &x->contact);
	wire_u64(w, &x->time_ms);
	wire_blob(w, &x->ask);
}

static void wire_awaited(struct wire *w, struct awaited *x)
{
	wire_id(w, &x->of);
	wire_bool(w, &x->is_room);
	wire_u64(w, &x->from);
	wire_id(w, &x->told_in);
	wire_id(w, &x->subject);
}

void wire_guardianship(struct wire *w, struct guardianship *g)
{
	uint16_t version = record_version_to(w, GUARDIANSHIP_VERSION);
	wire_bool(w, &g->has_offer);
	wire_id(w, &g->offered);
	FIXED(w, g->offer);
	wire_blob(w, &g->seal);
	wire_bool(w, &g->has_guardian);
	wire_id(w, &g->guardian);
	FIXED(w, g->key);
	WIRE_CHAIN(w, &g->wards, struct ward, wire_ward);
	WIRE_CHAIN(w, &g->asks, struct ward_ask, wire_ward_ask);
	WIRE_CHAIN(w, &g->awaited, struct awaited, wire_awaited);
	for (struct awaited *x = g->awaited; x && !w->failed; x = x->next)
		if (version > 1)
			FIXED(w, x->number);
		else
			memcpy(x->number, x->of.b, sizeof x->number);
}

void guardianship_done(struct guardianship *g)
{
	for (struct ward *x; (x = g->wards); heap_free_wiped(x, sizeof *x))
		g->wards = x->next;
	for (struct ward_ask *x; (x = g->asks); heap_free(x)) {
		g->asks = x->next;
		blob_done(&x->ask);
	}
	for (struct awaited *x; (x = g->awaited); heap_free(x))
		g->awaited = x->next;
	blob_done(&g->seal);
}

void message_element(struct wire *w, void *v)
{
	wire_message(w, v);
}
