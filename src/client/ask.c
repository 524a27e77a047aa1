/* SPDX-License-Identifier: Apache-2.0 */
/* The owner asks somebody: by their name, with a contact code or without, or by a link of theirs. */
#include "client/account.h"
#include "client/contact_requests.h"
#include "client/turn.h"

#include "base/text.h"
#include "mimi/card.h"
#include "mimi/link_text.h"

enum { TEXT_CHARACTERS = 140 };

static size_t characters(struct view v)
{
	size_t n = 0;
	while (v.n && utf8_next(&v) != UINT32_MAX)
		n++;
	return n;
}

struct ask_call {
	const char *app, *identifier, *code, *text;
	uc_op *op;
};

/* With the name that goes with it. */
static uc_err text_check(const struct uc_client *c, const char *text)
{
	if (!utf8_is_valid(view_str(text)))
		return UC_E_ARGUMENT;
	if (text_has_link(view_str(text)))
		return UC_E_TEXT;
	if (text_has_link(view_str(c->account.profile_name)))
		return UC_E_NOT_ALLOWED;
	return characters(view_str(text)) > TEXT_CHARACTERS ? UC_E_TOO_LARGE : UC_OK;
}

static uc_err code_check(const char *code)
{
	uint8_t read[CONTACT_CODE];
	uc_err err =
		strlen(code) < CODE_BYTES ? contact_code_read(view_str(code), read) : UC_E_CODE;
	wipe(read, sizeof read);
	return *code ? err : UC_OK;
}

static uc_err ask(struct uc_client *c, void *arg)
{
	const struct ask_call *in = arg;
	struct request *q;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (strlen(in->app) >= DOMAIN_MAX || strlen(in->identifier) >= IDENTIFIER_BYTES ||
	    !utf8_is_valid(view_str(in->identifier)) || !utf8_is_valid(view_str(in->app)))
		return UC_E_ARGUMENT;
	TRY(text_check(c, in->text));
	TRY(code_check(in->code));
	TRY(request_new(c, false, &q));
	TRY(text_set(q->app, sizeof q->app, view_str(in->app)));
	TRY(text_set(q->name, sizeof q->name, view_str(in->identifier)));
	TRY(text_set(q->text, sizeof q->text, view_str(in->text)));
	TRY(text_set(q->contact_code, sizeof q->contact_code, view_str(in->code)));
	request_begin(c, q, in->op);
	return UC_OK;
}

uc_err uc_ask_with_code(uc_client *c, const char *app, const char *identifier, const char *code,
			const char *text, uc_op *op)
{
	struct ask_call in = { app, identifier, code ? code : "", text ? text : "", op };
	if (!c || !app || !*app || !identifier || !*identifier || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, ask, &in);
}

uc_err uc_ask(uc_client *c, const char *app, const char *identifier, const char *text, uc_op *op)
{
	return uc_ask_with_code(c, app, identifier, NULL, text, op);
}

/* What a link says takes the place of a look-up. */
static uc_err ask_by_invitation(struct uc_client *c, void *arg)
{
	const struct ask_call *in = arg;
	struct contact_link l;
	struct request *q;
	uint8_t own[CONTACT_LINK_CHECK];
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	TRY(contact_link_read(view_str(in->identifier), &c->call, &l));
	TRY(text_check(c, in->text));
	TRY(contact_link_check(l.address, VIEW_OF(c->account.account_key), own));
	if (view_equal(VIEW_OF(own), VIEW_OF(l.check)) || l.domain.n >= DOMAIN_MAX ||
	    l.address.n >= ADDRESS_BYTES)
		return UC_E_ARGUMENT;
	TRY(request_new(c, false, &q));
	TRY(text_set(q->app, sizeof q->app, l.domain));
	TRY(text_set(q->text, sizeof q->text, view_str(in->text)));
	TRY(text_set(q->target, sizeof q->target, l.address));
	memcpy(q->request_key, l.request_key, sizeof q->request_key);
	memcpy(q->check, l.check, sizeof q->check);
	q->by_invitation = true;
	request_begin(c, q, in->op);
	return UC_OK;
}

uc_err uc_ask_by_invitation(uc_client *c, const char *link, const char *text, uc_op *op)
{
	struct ask_call in = { .identifier = link, .text = text ? text : "", .op = op };
	if (!c || !link || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, ask_by_invitation, &in);
}

uc_err uc_invitation_app(const char *link, char *out, size_t out_n)
{
	struct contact_link l;
	struct arena a;
	if (!link || !out)
		return UC_E_ARGUMENT;
	arena_init(&a, 16384, ARENA_PLAIN);
	uc_err err = contact_link_read(view_str(link), &a, &l);
	if (!err)
		err = text_set(out, out_n, l.domain);
	arena_done(&a);
	return err;
}
