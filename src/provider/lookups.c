/* SPDX-License-Identifier: Apache-2.0 */
/* Private look-ups: relayed without being read, and answered without showing whether anybody was
 * found.  Found or not, the same is read, sealed and sent. */
#include "mimi/lookup.h"
#include "mimi/uri.h"
#include "provider/reaching.h"

enum { LOOKUP_ADDRESS_DAYS = 30 };

/* --- answering --- */

static uc_err find(struct provider *p, const struct lookup_query *q, struct arena *a,
		   struct lookup_answer *out)
{
	uint8_t account_id[ACCOUNT_ID] = { 0 };
	struct name_id name = { .moves = p->config.keys->index_moves };
	struct account_record account = { .era = 0 };
	struct settings settings;
	struct view normalised, address;
	bool code_fits;
	struct request_address to = {
		.channel = CHANNEL_LOOKUP,
		.expires_ms = env_now_ms(p->env) + (uint64_t)LOOKUP_ADDRESS_DAYS * DAY_MS,
	};
	/* What is no name is looked for like one that nobody has. */
	bool is_name = !name_id_of(p, q->identifier, a, &name, &normalised);
	uc_err err = account_by_name(p, &name, a, account_id, &account);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	TRY(settings_asked(p, VIEW_OF(account_id), q->code, a, &settings, &code_fits));
	if (settings.code.n)
		memcpy(to.grant_id, settings.code.p, sizeof to.grant_id);
	TRY(address_make(p, VIEW_OF(account_id), &account, &to, a, &address));
	*out = (struct lookup_answer){ .version = 1 };
	if (!is_name || err || !account.request_key.n || !is_findable(&settings, code_fits))
		return UC_OK;
	out->found = true;
	out->request_address = address;
	out->request_key = account.request_key;
	return UC_OK;
}

/* Others may still have the directory of before the last rotation. */
static uc_err query_open(struct provider *p, struct view sealed, struct arena *a,
			 struct lookup_query *out)
{
	const struct provider_keys *k = p->config.keys;
	uc_err err = lookup_query_open(&k->lookup_key, p->domain, sealed, a, out);
	return err && k->before.is_there
		       ? lookup_query_open(&k->before.lookup_key, p->domain, sealed, a, out)
		       : err;
}

uc_err lookup_answer_make(struct provider *p, struct view sealed_query, struct arena *a,
			  struct view *sealed_answer)
{
	struct lookup_query q;
	struct lookup_answer answer;
	TRY(query_open(p, sealed_query, a, &q));
	TRY(find(p, &q, a, &answer));
	return lookup_answer_seal(p->env, q.answer_key, p->domain, &answer, a, sealed_answer);
}

static struct view sealed_of(const struct app_data_dictionary *d)
{
	const struct component_data_list *l = &d->component_data;
	return l->n == 1 && l->v[0].component_id == COMPONENT_SEALED_LOOKUP
		       ? l->v[0].data
		       : (struct view){ NULL, 0 };
}

int peer_identifier_query(struct peer_call *c)
{
	struct identifier_request q;
	struct component_data component = { .component_id = COMPONENT_SEALED_LOOKUP };
	struct identifier_response r = { .response_code = IDENTIFIER_SUCCESS,
					 .id_response_extensions = { { &component, 1 } } };
	if (wire_decode(c->body, c->a, identifier_request_element, &q))
		return 400;
	struct view query = sealed_of(&q.id_request_extensions);
	if (q.query_elements.n || !query.n) {
		/* A name in the clear is one that the asker's app has read. */
		r = (struct identifier_response){ .response_code = IDENTIFIER_UNSUPPORTED_FIELD };
	} else {
		uc_err err = lookup_answer_make(c->p, query, c->a, &component.data);
		if (err)
			return uc_err_class(err) == UC_CLASS_STORE ||
					       uc_err_class(err) == UC_CLASS_MEMORY
				       ? 503
				       : 400;
	}
	return wire_encode(c->out, identifier_response_element, &r) ? 503 : 200;
}

/* --- asking --- */

static uc_err asked(const struct peer_response *r, struct arena *a, struct lookup_response *out)
{
	struct identifier_response in;
	if (r->status == 400)
		return UC_E_MALFORMED;
	if (r->status == 429)
		return UC_E_RATE;
	if (r->status == 503)
		return UC_E_BUSY;
	if (r->status != 200 || wire_decode(r->body, a, identifier_response_element, &in))
		return UC_E_PEER;
	out->sealed_answer = sealed_of(&in.id_response_extensions);
	return out->sealed_answer.n ? UC_OK : UC_E_PEER;
}

/* Counted when the answer is there: what no app has answered costs nothing, and is asked again. */
static void tell(struct call *c, const struct lookup_response *r)
{
	uint32_t wait = 0;
	uc_err err = budget_look(c->p, VIEW_OF(c->s->account_id), true, &c->arena, &wait);
	if (wait)
		err = UC_E_RATE;
	if (err)
		call_refuse(c, err, NULL, wait);
	else
		call_respond(c, lookup_response_element, r);
}

static void lookup_done(struct provider *p, struct ask *ask, const struct peer_response *r)
{
	struct call space;
	struct lookup_response in;
	struct call *c = ask_call(p, ask, &space);
	if (!c)
		return;
	uc_err err = asked(r, &c->arena, &in);
	if (err)
		call_refuse(c, err, NULL, r->retry_after_s);
	else
		tell(c, &in);
	call_done(c);
}

static uc_err relay(struct call *c, const struct lookup_request *q)
{
	struct component_data component = { COMPONENT_SEALED_LOOKUP, q->sealed_query };
	struct identifier_request i = { .id_request_extensions = { { &component, 1 } } };
	struct view bytes;
	TRY(wire_encode_to(&c->arena, identifier_request_element, &i, &bytes));
	TRY(ask_check(c->p, q->domain));
	struct ask *ask = ask_new(c->p, lookup_done);
	if (!ask)
		return UC_E_MEMORY;
	ask_for_call(ask, c);
	ask_send(c->p, ask, q->domain, "identifierQuery", q->domain, (struct view){ NULL, 0 },
		 bytes);
	return UC_OK;
}

uc_err handle_lookup(struct call *c, struct view body)
{
	struct lookup_request q;
	struct lookup_response r;
	uint32_t wait = 0;
	TRY(wire_decode(body, &c->arena, lookup_request_element, &q));
	if (!domain_is_valid(q.domain))
		return UC_E_ARGUMENT;
	if (network_is_too_fast(c, LIMIT_NETWORK_LOOKUP, (struct view){ NULL, 0 }))
		return UC_OK;
	TRY(budget_look(c->p, VIEW_OF(c->s->account_id), false, &c->arena, &wait));
	if (wait) {
		call_refuse(c, UC_E_RATE, NULL, wait);
		return UC_OK;
	}
	if (!is_own_domain(c->p, q.domain))
		return relay(c, &q);
	TRY(lookup_answer_make(c->p, q.sealed_query, &c->arena, &r.sealed_answer));
	tell(c, &r);
	return UC_OK;
}
