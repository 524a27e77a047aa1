/* SPDX-License-Identifier: Apache-2.0 */
#include "client/session.h"

#include "client/account.h"
#include "client/chains.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/device_watch.h"
#include "client/finding.h"
#include "client/guardian.h"
#include "client/inbox.h"
#include "client/intake.h"
#include "client/invitations.h"
#include "client/links.h"
#include "client/pairing.h"
#include "client/portraits.h"
#include "client/pool.h"
#include "client/rooms.h"
#include "client/seats.h"
#include "client/settings.h"
#include "client/transfers.h"
#include "client/turn.h"
#include "client/vault.h"

#define SESSION_LABEL "Undercroft session"

enum { AWAY_MAX_S = 600 };

void session_set_connection(struct uc_client *c, enum uc_connection to)
{
	if (c->connection == to)
		return;
	c->connection = to;
	struct event_out *e = event_new(c, UC_EVENT_CONNECTION);
	if (e)
		e->event.connection = to;
}

uc_err session_sign(struct uc_client *c, uint8_t purpose, const struct ed25519_key *key,
		    struct view account_id, struct view subject,
		    uint8_t signature[ED25519_SIGNATURE])
{
	struct session_tbs tbs = {
		.purpose = purpose,
		.domain = view_str(c->account.app),
		.account_id = account_id,
		.subject = subject,
	};
	struct view content;
	memcpy(tbs.challenge, c->challenge, CHALLENGE);
	TRY(wire_encode_to(&c->call, session_tbs_element, &tbs, &content));
	return ed25519_sign(key, SESSION_LABEL, content, signature);
}

/* --- hello and sign-in --- */

static uc_err lost(struct uc_client *c, void *arg)
{
	(void)arg;
	if (c->connection == UC_OFFLINE)
		return UC_OK;
	frame_queue_clear(&c->frames);
	session_set_connection(c, UC_OFFLINE);
	uc_err err = calls_fail(c);
	pairing_add_fail(c, UC_E_NET, (struct view){ NULL, 0 });
	seats_lost(c);
	return err;
}

/* This connection leads nowhere: the owner is told, and tries another. */
static uc_err give_up(struct uc_client *c, uc_err err, struct view text)
{
	event_warning(c, err, text, NULL);
	return lost(c, NULL);
}

uc_err uc_client_disconnected(uc_client *c)
{
	return turn_run(c, lost, NULL);
}

static uc_err sign_in_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct sign_in_response in;
	(void)subject;
	bool gone = r->err == UC_E_REVOKED || r->err == UC_E_NOT_FOUND;
	uint8_t before = c->account.state;
	if (gone)
		account_gone(c, r->err);
	if (r->err == UC_E_NET || (gone && c->account.state == before))
		return UC_OK; /* as was told before */
	if (r->err)
		return give_up(c, r->err, r->text);
	if (wire_decode(r->body, r->mem, sign_in_response_element, &in))
		return give_up(c, UC_E_FRAME, VIEW_LIT("the answer to the sign-in makes no sense"));
	account_back(c);
	c->sets_left = in.sets_left;
	/* The app's store is an older copy: its numbers come again, and are not what was read. */
	if (in.intake_next && c->account.intake_cursor >= in.intake_next) {
		c->account.intake_cursor = in.intake_next - 1;
		c->account.dirty = true;
	}
	account_list_head(c, in.list_generation, in.list_position);
	return session_signed_in(c);
}

uc_err sign_in_send(struct uc_client *c)
{
	struct account *a = &c->account;
	uint8_t signature[ED25519_SIGNATURE];
	struct sign_in_request in = { .intake_cursor = a->intake_cursor };
	memcpy(in.account_id, a->account_id, ACCOUNT_ID);
	TRY(session_sign(c, SESSION_SIGN_IN, &a->device, VIEW_OF(a->account_id),
			 (struct view){ NULL, 0 }, signature));
	in.device_key = VIEW_OF(a->device.pub);
	in.signature = VIEW_OF(signature);
	TRY(call_send(c, FRAME_SIGN_IN, sign_in_request_element, &in, sign_in_done, NULL));
	return a->state == ACCOUNT_ACTIVE ? seats_open_early(c) : UC_OK;
}

uc_err session_signed_in(struct uc_client *c)
{
	c->failures = 0;
	c->away_s = c->away_jitter_s = 0;
	c->pool_known = c->settings_seen = c->settings_busy = false;
	c->finding.say_ms = 0;
	account_end_signed_in(c);
	vault_signed_in(c);
	session_set_connection(c, UC_ONLINE);
	return UC_OK;
}

static void features_take(struct uc_client *c, const struct u16_list *l)
{
	c->features = 0;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] < 32)
			c->features |= 1u << l->v[i];
}

static uc_err greeted(struct uc_client *c, const struct hello_response *h)
{
	struct account *a = &c->account;
	if (h->version != FRAME_VERSION)
		return give_up(c, UC_E_VERSION, VIEW_LIT("the server speaks another version"));
	if (!view_equal(h->domain, view_str(a->app)))
		return give_up(c, UC_E_PEER, VIEW_LIT("the server is another app's"));
	memcpy(c->challenge, h->challenge, CHALLENGE);
	features_take(c, &h->features);
	c->clock_skew_ms = (int64_t)(h->now_ms - client_now(c));
	TRY(device_watch_hello(c, h->now_ms));
	if (a->names != h->names) {
		a->names = h->names;
		a->dirty = true;
	}
	switch (a->state) {
	case ACCOUNT_ACTIVE:
	case ACCOUNT_GONE: /* the app may have been wrong, or put back what it had */
	case ACCOUNT_DELETED:
		return sign_in_send(c);
	default:
		c->failures = 0;
		session_set_connection(c, UC_GREETED);
		return account_resume(c);
	}
}

static uc_err hello_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct hello_response h;
	(void)subject;
	if (r->err == UC_E_NET)
		return UC_OK;
	if (r->err || wire_decode(r->body, r->mem, hello_response_element, &h))
		return give_up(c, r->err ? r->err : UC_E_FRAME, r->text);
	return greeted(c, &h);
}

static uc_err connected(struct uc_client *c, void *arg)
{
	(void)arg;
	if (c->connection != UC_OFFLINE)
		return UC_E_ARGUMENT;
	uint16_t features[] = { FEATURE_SEATS_OPEN, FEATURE_ENTRY_OWN, FEATURE_SETTINGS,
				FEATURE_TOKENS, FEATURE_AGES };
	session_set_connection(c, UC_CONNECTING);
	struct hello_request h = {
		.version_lowest = FRAME_VERSION_LOWEST,
		.version = FRAME_VERSION,
		.features = { features, sizeof features / sizeof *features },
		.software = view_str(c->software),
	};
	return call_send(c, FRAME_HELLO, hello_request_element, &h, hello_done, NULL);
}

uc_err uc_client_connected(uc_client *c)
{
	return turn_run(c, connected, NULL);
}

/* --- what comes in --- */

typedef uc_err event_handler(struct uc_client *c, struct view body);

static uc_err on_going_away(struct uc_client *c, struct view body)
{
	struct going_away_event e;
	if (wire_decode(body, &c->call, going_away_event_element, &e))
		return UC_E_FRAME;
	c->away_s = e.retry_after_s < AWAY_MAX_S ? e.retry_after_s : AWAY_MAX_S;
	c->away_jitter_s = e.jitter_s < AWAY_MAX_S ? e.jitter_s : AWAY_MAX_S;
	return UC_OK;
}

static uc_err on_device_list(struct uc_client *c, struct view body)
{
	struct device_list_event e;
	if (wire_decode(body, &c->call, device_list_event_element, &e))
		return UC_E_FRAME;
	account_list_head(c, e.list_generation, e.list_position);
	return UC_OK;
}

/* By another device; what it is one of ours has to have signed. */
static uc_err on_vault(struct uc_client *c, struct view body)
{
	struct vault_event e;
	if (wire_decode(body, &c->call, vault_event_element, &e))
		return UC_E_FRAME;
	/* A lower one is of an app that was put back to an older state. */
	if (e.version != c->vault.app_version)
		vault_look_again(c);
	return UC_OK;
}

static uc_err event_dispatch(struct uc_client *c, const struct frame *f)
{
	static const struct {
		uint16_t type;
		event_handler *handler;
	} table[] = {
		{ FRAME_ENTRY, inbox_entry },         { FRAME_INTAKE, intake_event_in },
		{ FRAME_SEAT_READY, seats_ready },    { FRAME_SEAT_ENDED, seats_ended },
		{ FRAME_SET_TAKEN, pool_set_taken },  { FRAME_DEVICE_LIST_CHANGED, on_device_list },
		{ FRAME_VAULT_CHANGED, on_vault },    { FRAME_GOING_AWAY, on_going_away },
		{ FRAME_ENTRY_OWN, inbox_entry_own },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].type == f->type)
			return table[i].handler(c, f->body);
	return UC_OK; /* a later version's event */
}

static uc_err frame_in(struct uc_client *c, void *arg)
{
	const struct view *bytes = arg;
	struct frame f;
	if (c->connection == UC_OFFLINE)
		return UC_E_CLOSED;
	if (bytes->n > FRAME_MAX || wire_decode(*bytes, &c->call, frame_element, &f))
		return UC_E_FRAME;
	if (f.kind == FRAME_RESPONSE)
		return call_answer(c, &f);
	if (f.kind == FRAME_EVENT)
		return event_dispatch(c, &f);
	return UC_E_FRAME;
}

uc_err uc_client_receive(uc_client *c, const uint8_t *p, size_t n)
{
	struct view bytes = { p, n };
	return turn_run(c, frame_in, &bytes);
}

/* --- time --- */

static uc_err stepped(struct uc_client *c, void *arg)
{
	(void)arg;
	return calls_are_late(c) ? lost(c, NULL) : UC_OK;
}

uc_err uc_client_step(uc_client *c)
{
	return turn_run(c, stepped, NULL);
}

uint64_t uc_client_deadline_ms(const uc_client *c)
{
	return c->retry_ms;
}

uint64_t uc_client_reconnect_ms(uc_client *c)
{
	static const uint64_t first_ms = 250, longest_ms = 40 * 1000;
	uint64_t wait = first_ms << c->failures;
	uint64_t away_ms = (uint64_t)c->away_s * 1000,
		 jitter_ms = (uint64_t)c->away_jitter_s * 1000;
	uint8_t dice[2] = { 0 };
	if (wait < longest_ms)
		c->failures++;
	else
		wait = longest_ms;
	/* Once: whoever comes back spread stays so. */
	c->away_s = c->away_jitter_s = 0;
	if (env_random(&c->env, dice, sizeof dice))
		dice[0] = UINT8_MAX;
	uint64_t spread = (wait + jitter_ms) * (uint64_t)(dice[0] << 8 | dice[1]) / 65536;
	return away_ms + wait / 2 + spread;
}

void uc_client_network_changed(uc_client *c)
{
	c->failures = 0;
}

enum uc_connection uc_client_connection(const uc_client *c)
{
	return c->connection;
}

uc_err session_drive(struct uc_client *c)
{
	static uc_err (*const parts[])(struct uc_client *) = {
		account_drive, requests_drive,    guardian_drive, settings_drive,    contacts_drive,
		finding_drive, invitations_drive, links_drive,    portraits_drive,   chains_drive,
		rooms_drive,   transfers_drive,   pool_drive,     pairing_add_drive, vault_drive,
	};
	uc_err first = UC_OK;
	/* What waits for a guardian is known after the requests, and what they said goes into the settings.
	 * The pool comes after all: it takes out what they have reserved.  What one part cannot do
	 * must not hold up the others. */
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		uc_err err = parts[i](c);
		if (err_is_hard(err))
			return err;
		if (err && !first)
			first = err;
	}
	return first;
}
