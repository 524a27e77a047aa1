/* SPDX-License-Identifier: Apache-2.0 */
#include "client/barred.h"

#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/linked.h"
#include "client/rooms.h"
#include "client/sender_tags.h"
#include "client/strangers.h"
#include "client/turn.h"
#include "client/vault_inside.h"
#include "mimi/introduction.h"

#include "base/heap.h"

struct contact *barred_find(struct uc_client *c, const struct uc_id *account)
{
	for (struct contact *k = c->barred; k; k = k->next)
		if (!k->ended && id_equal(&k->id, account))
			return k;
	return NULL;
}

void barred_end(struct uc_client *c, const struct uc_id *account)
{
	struct contact *k = barred_find(c, account);
	if (!k)
		return;
	contact_changed(c, k);
	k->ended = true;
}

void barred_met(struct uc_client *c, struct contact *k)
{
	const struct contact *b = barred_find(c, &k->id);
	for (uint32_t i = 0; b && i < b->tag_count; i++)
		sender_tags_learn(k, VIEW_OF(b->tags[i]));
}

/* One that ends in this turn is not out of the list yet. */
static struct contact *made(struct uc_client *c, const struct uc_id *id)
{
	struct contact *k = c->barred;
	while (k && !id_equal(&k->id, id))
		k = k->next;
	if (k)
		return k;
	k = HEAP_NEW(struct contact);
	if (!k)
		return NULL;
	k->id = *id;
	k->next = c->barred;
	c->barred = k;
	return k;
}

struct account_of {
	const char *app, *name;
	const uint8_t *key;
	struct view tag; /* or empty */
};

/* has_row: another device of ours has it so; it stays beside a contact then, too, or the row would be seen as
 * gone, and all devices would unblock. */
static uc_err bar(struct uc_client *c, const struct account_of *who, bool has_row)
{
	struct uc_id id = contact_id(who->app, who->key);
	bool known = barred_find(c, &id) != NULL;
	if (!known && (has_row || !contact_find(c, &id))) {
		struct contact *k = made(c, &id);
		if (!k)
			return UC_E_MEMORY;
		TRY(text_set(k->app, sizeof k->app, view_str(who->app)));
		TRY(text_set(k->name, sizeof k->name, view_str(who->name)));
		memcpy(k->account_key, who->key, ED25519_KEY);
		k->blocked = true;
		k->ended = false;
		contact_changed(c, k);
	}
	TRY(linked_block(c, &id, true));
	sender_tags_blocked(c, &id, who->tag);
	requests_decline_hidden(c);
	return UC_OK;
}

uc_err barred_member(struct uc_client *c, const struct member *m, bool blocked)
{
	char app[DOMAIN_MAX];
	struct uc_id id = strangers_account(m);
	if (!m->introduced || m->persona || contact_find(c, &id) ||
	    text_set(app, sizeof app, uri_domain(view_str(m->participant))))
		return UC_E_NOT_ALLOWED;
	const struct account_of who = { .app = app, .name = m->name, .key = m->account_key };
	return blocked ? bar(c, &who, false) : linked_block(c, &id, false);
}

/* --- on all devices --- */

uc_err vault_barred_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct vault_contact x;
	char app[DOMAIN_MAX], name[PROFILE_BYTES];
	struct uc_id id;
	(void)recovering;
	TRY(vault_person_read(c, row, &x, app, name, &id));
	const struct account_of who = { .app = app, .name = name, .key = x.account_key.p };
	return bar(c, &who, true);
}

uc_err vault_barred_drop(struct uc_client *c, struct kept_row *row)
{
	struct uc_id id;
	memcpy(id.b, row->id, VAULT_ID);
	return barred_find(c, &id) ? linked_block(c, &id, false) : UC_OK;
}

/* --- for the owner --- */

struct block_call {
	const struct uc_id *request;
	uc_op *op;
};

static uc_err request_block(struct uc_client *c, void *arg)
{
	const struct block_call *in = arg;
	const struct request *q = request_find(c, in->request);
	struct introduction card;
	if (!q || !q->incoming)
		return UC_E_NOT_FOUND;
	if (q->state != REQUEST_OPEN && q->state != REQUEST_DECLINED)
		return UC_E_EXISTS;
	TRY(wire_decode(blob_view(&q->introduction), &c->call, introduction_element, &card));
	if (card.account_key.n != ED25519_KEY)
		return UC_E_INTRODUCTION;
	const struct account_of who = { q->app, q->name, card.account_key.p, sender_tags_of(q) };
	struct uc_id id = contact_id(who.app, who.key);
	if (!id_equal(&id, &q->contact))
		return UC_E_INTRODUCTION;
	*in->op = op_new(c);
	TRY(bar(c, &who, false));
	op_done_at(c, *in->op, UC_OK, (struct view){ NULL, 0 }, &q->id, NULL);
	return UC_OK;
}

uc_err uc_request_block(uc_client *c, const struct uc_id *request, uc_op *op)
{
	struct block_call in = { request, op };
	if (!c || !request || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, request_block, &in);
}
