/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/link_statement.h"

#include "mimi/names.h"
#include "mimi/tbs.h"
#include "mimi/uri.h"

#define OFFER_LABEL      "Undercroft link offer"
#define STATEMENT_LABEL  "Undercroft link statement"
#define WITHDRAWAL_LABEL "Undercroft link withdrawal"

enum { VERSION = 1 };

/* --- walks --- */

static void wire_version(struct wire *w, uint16_t *version)
{
	wire_u16(w, version);
	if (*version != VERSION)
		wire_fail(w, UC_E_VERSION);
}

static void wire_account(struct wire *w, struct link_account *a)
{
	wire_bytes(w, &a->app);
	wire_bytes(w, &a->account_key);
}

/* What is signed of a side ... */
static void wire_said(struct wire *w, struct link_side *s)
{
	wire_account(w, &s->account);
	wire_bytes(w, &s->profile_name);
	wire_bytes(w, &s->identifier);
	wire_bytes(w, &s->device_key);
}

/* ... and what proves it. */
static void wire_proof(struct wire *w, struct link_side *s)
{
	WIRE_LIST(w, &s->device_list, bytes_element);
	wire_bytes(w, &s->signature);
}

static void link_offer_tbs_element(struct wire *w, void *v)
{
	struct link_offer *o = v;
	wire_version(w, &o->version);
	wire_fixed(w, o->offer_id, sizeof o->offer_id);
	wire_u64(w, &o->number);
	wire_u64(w, &o->expires_ms);
	wire_said(w, &o->side);
}

void wire_link_offer(struct wire *w, struct link_offer *o)
{
	link_offer_tbs_element(w, o);
	wire_proof(w, &o->side);
}

void link_offer_element(struct wire *w, void *v)
{
	wire_link_offer(w, v);
}

static void link_statement_tbs_element(struct wire *w, void *v)
{
	struct link_statement *s = v;
	wire_version(w, &s->version);
	wire_u64(w, &s->number);
	wire_fixed(w, s->offer_id, sizeof s->offer_id);
	for (unsigned i = 0; i < LINK_SIDES; i++)
		wire_said(w, &s->sides[i]);
}

void wire_link_statement(struct wire *w, struct link_statement *s)
{
	link_statement_tbs_element(w, s);
	for (unsigned i = 0; i < LINK_SIDES; i++)
		wire_proof(w, &s->sides[i]);
}

void link_statement_element(struct wire *w, void *v)
{
	wire_link_statement(w, v);
}

static void link_withdrawal_tbs_element(struct wire *w, void *v)
{
	struct link_withdrawal *x = v;
	wire_version(w, &x->version);
	wire_u64(w, &x->number);
	for (unsigned i = 0; i < LINK_SIDES; i++)
		wire_account(w, &x->accounts[i]);
	wire_u8(w, &x->by);
	wire_bytes(w, &x->device_key);
}

void wire_link_withdrawal(struct wire *w, struct link_withdrawal *x)
{
	link_withdrawal_tbs_element(w, x);
	WIRE_LIST(w, &x->device_list, bytes_element);
	wire_bytes(w, &x->signature);
}

void link_withdrawal_element(struct wire *w, void *v)
{
	wire_link_withdrawal(w, v);
}

void wire_link_text(struct wire *w, struct link_text *t)
{
	wire_version(w, &t->version);
	wire_u8(w, &t->link_text_kind);
	wire_bytes(w, &t->body);
}

void link_text_element(struct wire *w, void *v)
{
	wire_link_text(w, v);
}

/* --- what must hold, whoever signed --- */

static uc_err account_check(const struct link_account *a)
{
	if (!domain_is_valid(a->app))
		return UC_E_MALFORMED;
	return a->account_key.n == ED25519_KEY ? UC_OK : UC_E_KEY;
}

/* Of one person, not of one app: there a person has one account. */
static uc_err accounts_check(const struct link_account *one, const struct link_account *other)
{
	TRY(account_check(one));
	TRY(account_check(other));
	return view_equal(one->app, other->app) ? UC_E_NOT_ALLOWED : UC_OK;
}

static bool identifier_is_normal(struct view text, struct arena *a)
{
	struct view normal;
	for (enum name_kind k = NAME_NUMBER; k <= NAME_ADDRESS; k++)
		if (!name_normalise(k, text, a, &normal) && view_equal(normal, text))
			return true;
	return false;
}

static uc_err said_check(const struct link_side *s, struct arena *a)
{
	struct view normal;
	TRY(account_check(&s->account));
	if (s->profile_name.n > LINK_NAME_BYTES || s->identifier.n > LINK_IDENTIFIER_BYTES)
		return UC_E_MALFORMED;
	TRY(profile_name_normalise(s->profile_name, a, &normal));
	if (!view_equal(normal, s->profile_name) ||
	    (s->identifier.n && !identifier_is_normal(s->identifier, a)))
		return UC_E_NAME;
	return UC_OK;
}

static uc_err statement_check(const struct link_statement *s, struct arena *a)
{
	for (unsigned i = 0; i < LINK_SIDES; i++)
		TRY(said_check(&s->sides[i], a));
	TRY(accounts_check(&s->sides[LINK_OFFERS].account, &s->sides[LINK_ACCEPTS].account));
	return s->number ? UC_OK : UC_E_MALFORMED;
}

static uc_err withdrawal_check(const struct link_withdrawal *x)
{
	if (x->by >= LINK_SIDES || !x->number)
		return UC_E_MALFORMED;
	return accounts_check(&x->accounts[LINK_OFFERS], &x->accounts[LINK_ACCEPTS]);
}

/* The device is on the account's own list, and has signed. */
static uc_err proof_check(const struct link_account *account, const struct view_list *list,
			  struct view device_key, const char *label, struct view content,
			  struct view signature, struct arena *a)
{
	struct device_list devices;
	uc_err err = device_list_verify(list, account->app, account->account_key, a, &devices);
	if (err)
		return err == UC_E_MEMORY ? err : UC_E_SIGNATURE;
	if (!device_list_has(&devices, device_key))
		return UC_E_SIGNATURE;
	return ed25519_verify(device_key, label, content, signature) ? UC_E_SIGNATURE : UC_OK;
}

/* --- offers --- */

uc_err link_offer_make(const struct link_offer *in, const struct ed25519_key *device,
		       struct arena *a, struct view *encoded)
{
	struct link_offer made = *in;
	made.version = VERSION;
	made.side.device_key = VIEW_OF(device->pub);
	TRY(said_check(&made.side, a));
	TRY(tbs_sign(device, OFFER_LABEL, link_offer_tbs_element, &made, a, &made.side.signature));
	return wire_encode_to(a, link_offer_element, &made, encoded);
}

uc_err link_offer_verify(struct view encoded, struct arena *a, struct link_offer *out)
{
	struct link_offer in;
	struct view content;
	TRY(wire_decode(encoded, a, link_offer_element, &in));
	TRY(said_check(&in.side, a));
	TRY(wire_encode_to(a, link_offer_tbs_element, &in, &content));
	TRY(proof_check(&in.side.account, &in.side.device_list, in.side.device_key, OFFER_LABEL,
			content, in.side.signature, a));
	*out = in;
	return UC_OK;
}

/* --- statements --- */

uc_err link_statement_make(const struct link_statement *in, unsigned side,
			   const struct ed25519_key *device, struct arena *a, struct view *encoded)
{
	struct link_statement made = *in;
	if (side >= LINK_SIDES || !view_equal(made.sides[side].device_key, VIEW_OF(device->pub)))
		return UC_E_KEY;
	made.version = VERSION;
	TRY(statement_check(&made, a));
	TRY(tbs_sign(device, STATEMENT_LABEL, link_statement_tbs_element, &made, a,
		     &made.sides[side].signature));
	return wire_encode_to(a, link_statement_element, &made, encoded);
}

uc_err link_statement_verify(struct view encoded, bool whole, struct arena *a,
			     struct link_statement *out)
{
	struct link_statement in;
	struct view content;
	TRY(wire_decode(encoded, a, link_statement_element, &in));
	TRY(statement_check(&in, a));
	TRY(wire_encode_to(a, link_statement_tbs_element, &in, &content));
	for (unsigned i = 0; i < LINK_SIDES; i++) {
		const struct link_side *s = &in.sides[i];
		if (i == LINK_OFFERS && !whole) {
			if (s->signature.n)
				return UC_E_SIGNATURE;
			continue;
		}
		TRY(proof_check(&s->account, &s->device_list, s->device_key, STATEMENT_LABEL,
				content, s->signature, a));
	}
	*out = in;
	return UC_OK;
}

/* --- withdrawals --- */

uc_err link_withdrawal_make(const struct link_withdrawal *in, const struct ed25519_key *device,
			    struct arena *a, struct view *encoded)
{
	struct link_withdrawal made = *in;
	made.version = VERSION;
	made.device_key = VIEW_OF(device->pub);
	TRY(withdrawal_check(&made));
	TRY(tbs_sign(device, WITHDRAWAL_LABEL, link_withdrawal_tbs_element, &made, a,
		     &made.signature));
	return wire_encode_to(a, link_withdrawal_element, &made, encoded);
}

uc_err link_withdrawal_verify(struct view encoded, struct arena *a, struct link_withdrawal *out)
{
	struct link_withdrawal in;
	struct view content;
	TRY(wire_decode(encoded, a, link_withdrawal_element, &in));
	TRY(withdrawal_check(&in));
	TRY(wire_encode_to(a, link_withdrawal_tbs_element, &in, &content));
	TRY(proof_check(&in.accounts[in.by], &in.device_list, in.device_key, WITHDRAWAL_LABEL,
			content, in.signature, a));
	*out = in;
	return UC_OK;
}
