/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of abuse: of our own people, about rooms hosted here or elsewhere; of other apps, about rooms
 * hosted here; and passed on by a room's hub, about our own people.  A request card is a place, too:
 * its reply address, whose hub is the app of whoever wrote it.
 *
 * The hub alone can say that a message is genuine, by its MAC.  Another app asks it, with the tags and
 * without the words; if it does not answer, its signature still shows that it took something from that
 * participant then, and the report is kept as unconfirmed.  What does not verify is counted and
 * forgotten: as forged, or as too late where the key that could tell is gone. */
#include "provider/reports.h"

#include "provider/room_keys.h"
#include "provider/spent.h"

/* Statuses: forged; nobody can tell any more; and in the place of one that says nothing of the report. */
enum { FORBIDDEN = 403, GONE = 410, UNKNOWN_HERE = 401 };

struct view report_key(struct store_key *k, struct view domain, uint64_t number)
{
	key_1(k, TABLE_REPORT, domain);
	store_key_add_u64(k, number);
	return store_key_view(k);
}

uc_err report_key_read(struct view key, uint64_t *number)
{
	struct store_key_reader r;
	struct arena a;
	arena_init(&a, STORE_KEY_MAX, ARENA_PLAIN);
	store_key_read(&r, key);
	(void)store_key_read_bytes(&r, &a);
	*number = store_key_read_u64(&r);
	uc_err err = store_key_read_done(&r);
	arena_done(&a);
	return err;
}

/* --- those that are kept --- */

static uc_err record_commit(struct provider *p, uint64_t number, const struct report_record *r)
{
	struct store_key k;
	struct store_batch b;
	store_batch_init(&b, p->domain);
	uc_err err = record_put(&b, report_key(&k, p->domain, number), report_record_element, r);
	if (!err)
		return commit_rooms(p, &b);
	store_batch_done(&b);
	return err;
}

static uc_err record_of(struct provider *p, uint64_t number, struct arena *a,
			struct report_record *out)
{
	struct store_key k;
	return record_get(p->rooms, report_key(&k, p->domain, number), report_record_element, a,
			  out);
}

/* Ours, whose seats have been opened: that of another app there is none of. */
static uc_err openings_of(struct provider *p, struct view room, struct view participant,
			  struct arena *a, struct report_record *out)
{
	struct store_key k;
	struct opening_record o = { .first = { NULL, 0 } };
	bool found;
	TRY(record_find(p->rooms, key_2(&k, TABLE_OPENING, room, participant),
			opening_record_element, a, &o, &found));
	if (found) {
		out->first = o.first;
		out->latest = o.latest;
	}
	return UC_OK;
}

/* A report on its way. */
struct filing {
	struct provider *p;
	struct arena *a;
	struct view room, bytes; /* the MIMI AbuseReport */
	struct abuse_report report;
	struct frank_claims claims;
};

/* With who is behind it, as far as they are ours. */
static uc_err fill(const struct filing *f, struct report_record *r)
{
	struct view domain;
	if (!is_reported_card(f->room))
		return openings_of(f->p, f->room, f->report.alleged_abuser_uri, f->a, r);
	TRY(uri_domain_of(f->room, &domain));
	return is_own_domain(f->p, domain) ? reported_card_veil(f->p, &f->report, f->a, r) : UC_OK;
}

static uc_err keep(const struct filing *f, uint8_t verdict, struct view from, struct view reporter)
{
	struct provider *p = f->p;
	struct report_record r = { .received_ms = env_now_ms(p->env) / HOUR_MS * HOUR_MS,
				   .verdict = verdict,
				   .from = from,
				   .room = f->room,
				   .report = f->bytes,
				   .reporter = reporter };
	struct view encoded;
	struct report_share *share;
	TRY(report_place_know(p));
	TRY(fill(f, &r));
	TRY(wire_encode_to(f->a, report_record_element, &r, &encoded));
	if (report_place_is_full(p, from, encoded.n))
		return UC_E_BUSY;
	TRY(report_share_get(p, from, &share));
	TRY(record_commit(p, p->reports.next, &r));
	p->reports.next++;
	report_place_take(p, share, encoded.n);
	metrics_add(p->config.metrics, METRIC_REPORTS_VERIFIED, verdict != REPORT_UNCONFIRMED);
	return UC_OK;
}

/* --- checking --- */

/* Whoever says that it is old gains nothing: it is refused as well, and counted. */
static uc_err counted(const struct filing *f, uc_err err)
{
	struct metrics *m = f->p->config.metrics;
	metrics_add(m, METRIC_REPORTS_FORGED, err == UC_E_FRANK);
	metrics_add(m, METRIC_REPORTS_LATE, err == UC_E_STALE || err == UC_E_NOT_FOUND);
	return err;
}

/* MIMI has a place for who reports.  Whoever fills it in is not passed on, nor kept. */
static uc_err unname(struct filing *f)
{
	if (!f->report.reporting_user.n)
		return UC_OK;
	f->report.reporting_user = (struct view){ NULL, 0 };
	return wire_encode_to(f->a, abuse_report_element, &f->report, &f->bytes);
}

static uc_err filing_read(struct filing *f)
{
	bool is_card = is_reported_card(f->room);
	metrics_add(f->p->config.metrics, METRIC_REPORTS_RECEIVED, 1);
	if (!is_card && !is_place(f->room, URI_ROOM))
		return UC_E_ARGUMENT;
	TRY(wire_decode(f->bytes, f->a, abuse_report_element, &f->report));
	if (f->report.is_card != is_card ||
	    (!is_card && !is_place(f->report.alleged_abuser_uri, URI_PARTICIPANT)))
		return UC_E_ARGUMENT;
	TRY(unname(f));
	return counted(f, report_claims(&f->report, f->room, f->a, &f->claims));
}

static uc_err claims_verify(const struct provider *p, const struct frank_claims *c,
			    struct view room, struct arena *a)
{
	const struct provider_keys *k = p->config.keys;
	if (is_reported_card(room))
		return card_claims_verify(p, c, room);
	struct report_keys keys = { .hub_frank = { &k->frank },
				    .franking = { sign_public(&k->franking_key) },
				    .from_ms = provider_keys_franks_from(k, env_now_ms(p->env)),
				    .signers_went = k->retired_n == RETIRED_FRANKING_MAX };
	if (k->before.is_there)
		keys.hub_frank[1] = &k->before.frank;
	if (k->rooms_before.is_there)
		keys.franking[1] = sign_public(&k->rooms_before.franking_key);
	for (size_t i = 0; i < k->retired_n; i++)
		keys.franking[2 + i] = VIEW_OF(k->retired[i].pub);
	return frank_claims_verify(c, room, &keys, a);
}

/* Rooms that we follow say with what key their hub signs.  UC_E_NOT_FOUND: we follow it no more, and nobody
 * here can tell; UC_E_FRANK. */
static uc_err signature_check(const struct filing *f)
{
	const struct room_state *state;
	struct room_live *r;
	if (is_reported_card(f->room))
		return UC_E_NOT_FOUND;
	TRY(room_live_get(f->p, f->room, &r));
	TRY(room_live_state(f->p, r, &state));
	return frank_claims_signed(&f->claims, f->room, state->franking_key, f->a);
}

/* --- of our own people --- */

/* In memory alone, and for a week at most: with it, accounts could be tried one by one. */
static uc_err mark_key(struct provider *p, struct view *out)
{
	struct provider_reports *r = &p->reports;
	uint64_t now = env_now_ms(p->env), week = (uint64_t)MARK_DAYS * DAY_MS;
	if (now >= r->mark_until_ms || now + week < r->mark_until_ms) {
		TRY(env_random(p->env, r->mark_key, sizeof r->mark_key));
		r->mark_until_ms = now + week;
	}
	*out = VIEW_OF(r->mark_key);
	return UC_OK;
}

void reports_forget(struct provider *p)
{
	report_place_forget(p);
	wipe(&p->reports, sizeof p->reports);
}

/* The same for all reports of one account about one participant, as long as the key is there; once it is
 * gone, nobody finds out whose they were. */
static uc_err reporter_mark(struct provider *p, struct view account_id, struct view accused,
			    uint8_t out[REPORTER_MARK])
{
	const struct view parts[] = { VIEW_LIT("Undercroft reporter"), accused, account_id };
	uint8_t mac[SHA256_BYTES];
	struct view key;
	TRY(mark_key(p, &key));
	TRY(hmac_sha256_parts(key, parts, 3, mac));
	memcpy(out, mac, REPORTER_MARK);
	return UC_OK;
}

static void answer(struct call *c, uint8_t verdict, uint8_t told)
{
	const struct report_response r = { verdict, told };
	call_respond(c, report_response_element, &r);
}

static uc_err filed_here(struct call *c, const struct filing *f, uint8_t to)
{
	uint8_t mark[REPORTER_MARK];
	struct view none = { NULL, 0 };
	TRY(counted(f, claims_verify(f->p, &f->claims, f->room, f->a)));
	TRY(reporter_mark(f->p, VIEW_OF(c->s->account_id), f->report.alleged_abuser_uri, mark));
	TRY(keep(f, REPORT_VERIFIED, none, to & REPORT_TO_APP ? VIEW_OF(mark) : none));
	answer(c, REPORT_VERIFIED, to);
	return UC_OK;
}

/* What is needed when the hub has answered. */
struct report_asked {
	uint8_t to;
	bool is_signed;
	uint8_t mark[REPORTER_MARK];
	struct view room, report;
};
static void wire_report_asked(struct wire *w, struct report_asked *r)
{
	wire_u8(w, &r->to);
	wire_bool(w, &r->is_signed);
	wire_fixed(w, r->mark, sizeof r->mark);
	wire_bytes(w, &r->room);
	wire_bytes(w, &r->report);
}
WIRE_ELEMENT(report_asked)

/* An app that knows the one which asks says with each answer of which store it is.  One that knows it no more
 * forbids it everything, and says nothing of what it was asked. */
static int status_said(const struct peer_response *r)
{
	uint64_t store;
	bool is_known = header_number(r->headers, "undercroft-store", &store);
	return r->status == FORBIDDEN && !is_known ? UNKNOWN_HERE : r->status;
}

/* It is there, and takes no more just now; or says nothing that is of use.  As often as it is asked by all of
 * this app the reporter has not asked. */
static uc_err untaken(uc_err err)
{
	return err == UC_E_RATE || err == UC_E_BUSY ? UC_E_BUSY : UC_E_PEER;
}

/* What the hub has not heard it will be told when the reporter asks again. */
static uc_err judged(struct provider *p, const struct report_asked *q,
		     const struct peer_response *said, struct arena *a, struct report_response *out)
{
	struct filing f = { .p = p, .a = a, .room = q->room, .bytes = q->report };
	struct view none = { NULL, 0 };
	int status = status_said(said);
	uc_err err = peer_status_err(status);
	TRY(wire_decode(f.bytes, a, abuse_report_element, &f.report));
	if (status == GONE || status == FORBIDDEN)
		return counted(&f, status == GONE ? UC_E_STALE : UC_E_FRANK);
	if (err && !(q->to & REPORT_TO_APP && q->is_signed))
		return untaken(err);
	out->verdict = err ? REPORT_UNCONFIRMED : REPORT_CONFIRMED;
	out->told = err ? REPORT_TO_APP : q->to;
	return q->to & REPORT_TO_APP ? keep(&f, out->verdict, none, VIEW_OF(q->mark)) : UC_OK;
}

/* The report is kept although its reporter has gone meanwhile. */
static void hub_said(struct provider *p, struct ask *ask, const struct peer_response *said)
{
	struct call space, *c = ask_call(p, ask, &space);
	struct report_asked q;
	struct report_response r = { 0 };
	struct arena scratch;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = wire_decode(ask->what, &scratch, report_asked_element, &q);
	if (!err)
		err = judged(p, &q, said, &scratch, &r);
	arena_done(&scratch);
	if (!c)
		return;
	if (err)
		call_refuse(c, err, NULL, said->retry_after_s);
	else
		answer(c, r.verdict, r.told);
	call_done(c);
}

static uc_err ask_hub_of(struct call *c, const struct filing *f, uint8_t to, struct view hub)
{
	struct report_asked q = {
		.to = to, .is_signed = !signature_check(f), .room = f->room, .report = f->bytes
	};
	struct view what, claims;
	struct buf headers;
	TRY(reporter_mark(f->p, VIEW_OF(c->s->account_id), f->report.alleged_abuser_uri, q.mark));
	TRY(wire_encode_to(f->a, report_asked_element, &q, &what));
	TRY(wire_encode_to(f->a, frank_claims_element, &f->claims, &claims));
	TRY(ask_check(f->p, hub));
	struct ask *ask = ask_new(f->p, hub_said);
	if (!ask)
		return UC_E_MEMORY;
	ask_about(ask, what);
	ask_for_call(ask, c);
	buf_init(&headers, 256);
	header_add_store(f->p, &headers);
	bool all = to & REPORT_TO_HUB;
	ask_send(f->p, ask, hub, all ? "reportAbuse" : "confirmFranks", f->room, buf_view(&headers),
		 all ? f->bytes : claims);
	buf_done(&headers);
	return UC_OK;
}

uc_err handle_report(struct call *c, struct view body)
{
	struct report_request q;
	struct filing f = { .p = c->p, .a = &c->arena };
	struct view hub;
	uint32_t wait_s = 0;
	TRY(wire_decode(body, &c->arena, report_request_element, &q));
	if (!q.to || q.to & ~(REPORT_TO_APP | REPORT_TO_HUB))
		return UC_E_ARGUMENT;
	if (q.report.n > REPORT_MAX)
		return UC_E_TOO_LARGE;
	TRY(spent_now_many(c->p, VIEW_OF(c->s->account_id), SPENT_REPORT,
			   1 + (uint32_t)(q.report.n / REPORT_UNIT_BYTES), &c->arena, &wait_s));
	if (wait_s) {
		call_refuse(c, UC_E_RATE, NULL, wait_s);
		return UC_OK;
	}
	f.room = q.room;
	f.bytes = q.report;
	TRY(filing_read(&f));
	TRY(uri_domain_of(f.room, &hub));
	return is_own_domain(c->p, hub) ? filed_here(c, &f, q.to) : ask_hub_of(c, &f, q.to, hub);
}

/* --- of other apps --- */

/* Of a room hosted here, from whoever had a reader in it; the reporter is not named. */
static uc_err as_hub(const struct filing *f, struct view from)
{
	TRY(counted(f, claims_verify(f->p, &f->claims, f->room, f->a)));
	return keep(f, REPORT_VERIFIED, from, (struct view){ NULL, 0 });
}

/* The hub alone brings it, and can sign what it likes: a signature that is not by the key that the room names
 * here is nobody's forgery, but by a key of before, or by one that is still on its way. */
static uc_err evidence_check(const struct filing *f)
{
	uc_err err = signature_check(f);
	return err == UC_E_FRANK ? UC_E_STALE : err;
}

/* Evidence about one of ours, from the hub that has verified it; and it has signed it, or it would say
 * something else here than to its readers.  Once the room has ended here, its key and the opening of the accused
 * have gone, too: then it is too late, and not forged. */
static uc_err as_accuseds_app(const struct filing *f, struct view from)
{
	struct view domain;
	TRY(uri_domain_of(f->report.alleged_abuser_uri, &domain));
	if (!is_own_domain(f->p, domain))
		return UC_E_NOT_ALLOWED;
	TRY(counted(f, evidence_check(f)));
	return keep(f, REPORT_CONFIRMED, from, (struct view){ NULL, 0 });
}

static uc_err report_taken(struct peer_call *c)
{
	struct filing f = { .p = c->p, .a = c->a, .room = c->target, .bytes = c->body };
	struct view hub;
	TRY(filing_read(&f));
	TRY(uri_domain_of(f.room, &hub));
	if (is_own_domain(c->p, hub))
		return as_hub(&f, c->domain);
	return view_equal(hub, c->domain) ? as_accuseds_app(&f, c->domain) : UC_E_NOT_ALLOWED;
}

/* Forged is not allowed, a room that we follow no more is not found, and what nobody can tell is gone: of all
 * others it is worth asking again. */
static int status_of(uc_err err)
{
	if (err == UC_E_STALE)
		return GONE;
	return err == UC_E_FRANK ? FORBIDDEN : err ? peer_err_status(err) : 200;
}

int peer_report_abuse(struct peer_call *c)
{
	return status_of(report_taken(c));
}

static uc_err franks_confirmed(struct peer_call *c)
{
	struct frank_claims claims;
	struct view hub;
	bool is_known = is_place(c->target, URI_ROOM) || is_reported_card(c->target);
	if (!is_known || uri_domain_of(c->target, &hub) || !is_own_domain(c->p, hub))
		return UC_E_NOT_FOUND;
	TRY(wire_decode(c->body, c->a, frank_claims_element, &claims));
	return claims_verify(c->p, &claims, c->target, c->a);
}

int peer_confirm_franks(struct peer_call *c)
{
	return status_of(franks_confirmed(c));
}

/* --- what moderators do --- */

/* It is counted with what it is longer by, since so it goes. */
static uc_err record_change(struct provider *p, uint64_t number, const struct report_record *r,
			    struct arena *a)
{
	struct store_key k;
	struct report_share *share = NULL;
	struct view before, now;
	bool is_counted = report_place_has(p, number);
	if (is_counted)
		TRY(report_share_get(p, r->from, &share));
	TRY(store_get(p->rooms, report_key(&k, p->domain, number), a, &before));
	TRY(wire_encode_to(a, report_record_element, r, &now));
	TRY(record_commit(p, number, r));
	if (is_counted) {
		report_place_take(p, share, now.n);
		report_place_free(p, r->from, before.n);
	}
	return UC_OK;
}

static uc_err decide(struct provider *p, uint64_t number, uint8_t action, struct view note,
		     struct arena *a)
{
	struct report_record r;
	TRY(record_of(p, number, a, &r));
	r.action = action;
	r.note = note;
	r.decided_ms = env_now_ms(p->env);
	TRY(record_change(p, number, &r, a));
	metrics_add(p->config.metrics, METRIC_REPORTS_ACTED, action != REPORT_NO_ACTION);
	return UC_OK;
}

uc_err provider_report_decide(struct provider *p, uint64_t number, uint8_t action, struct view note)
{
	struct arena scratch;
	if (!action || action > REPORT_SUSPENDED || note.n > REPORT_NOTE_MAX)
		return UC_E_ARGUMENT;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = decide(p, number, action, note, &scratch);
	arena_done(&scratch);
	return err;
}

/* Written first: what fails after that is done by hand, and nothing counts twice. */
static uc_err uphold(struct provider *p, uint64_t number, struct view account_id, unsigned days,
		     struct view note, struct arena *a)
{
	struct report_record r;
	struct abuse_report report;
	struct account_record account;
	struct view domain;
	TRY(record_of(p, number, a, &r));
	TRY(wire_decode(r.report, a, abuse_report_element, &report));
	TRY(uri_domain_of(report.alleged_abuser_uri, &domain));
	if (!is_own_domain(p, domain) || r.verdict == REPORT_UNCONFIRMED)
		return UC_E_NOT_ALLOWED;
	if (r.action == REPORT_UPHELD)
		return UC_E_EXISTS;
	TRY(account_get(p, account_id, a, &account));
	TRY(decide(p, number, REPORT_UPHELD, note, a));
	return provider_curb(p, account_id, days, report.reason_code == REPORT_CHILD);
}

uc_err provider_report_uphold(struct provider *p, uint64_t number, struct view account_id,
			      unsigned days, struct view note)
{
	struct arena scratch;
	if (account_id.n != ACCOUNT_ID || !days || days > CURB_DAYS_MAX || note.n > REPORT_NOTE_MAX)
		return UC_E_ARGUMENT;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = uphold(p, number, account_id, days, note, &scratch);
	arena_done(&scratch);
	return err;
}

/* Of all other answers it is worth asking again. */
static uint8_t passed_by(int status)
{
	switch (status) {
	case 200:
		return REPORT_PASSED;
	case FORBIDDEN:
		return REPORT_PASSED_REFUSED;
	case GONE:
		return REPORT_PASSED_UNKNOWN;
	case 404:
		return REPORT_PASSED_LATE;
	default:
		return REPORT_NOT_PASSED;
	}
}

static void passed(struct provider *p, struct ask *ask, const struct peer_response *said)
{
	struct arena scratch;
	struct report_record r;
	uint8_t now = passed_by(status_said(said));
	if (now == REPORT_NOT_PASSED)
		return;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = record_of(p, ask->number, &scratch, &r);
	if (!err && r.passed != REPORT_PASSED) {
		r.passed = now;
		err = record_change(p, ask->number, &r, &scratch);
	}
	(void)err; /* a store that has failed says so itself */
	arena_done(&scratch);
}

/* The accused's app believes the franking key that the room names now, and what was said before the last
 * change is signed with another one: what this app has verified it signs anew. */
static uc_err signed_anew(struct provider *p, struct report_record *r, struct abuse_report *report,
			  struct arena *a)
{
	const struct room_state *state;
	const struct sign_key *key;
	struct room_live *room;
	if (report->is_card || room_live_get(p, r->room, &room))
		return UC_OK;
	TRY(room_live_state(p, room, &state));
	TRY(room_franking_key(p, room, &key));
	/* The key that the room names is gone: what it has signed stays as it is. */
	if (!view_equal(sign_public(key), state->franking_key))
		return UC_OK;
	for (size_t i = 0; i < report->messages.n; i++) {
		struct abusive_message *m = &report->messages.v[i];
		const struct server_franking_context at = { report->alleged_abuser_uri, r->room,
							    m->accepted_timestamp };
		if (frank_signed(&m->frank, &at, sign_public(key), a))
			TRY(frank_sign(&m->frank, key, p->env, &at, a));
	}
	return wire_encode_to(a, abuse_report_element, report, &r->report);
}

static uc_err pass(struct provider *p, uint64_t number, struct arena *a)
{
	struct report_record r;
	struct abuse_report report;
	struct view domain;
	struct buf headers;
	TRY(record_of(p, number, a, &r));
	TRY(wire_decode(r.report, a, abuse_report_element, &report));
	TRY(uri_domain_of(report.alleged_abuser_uri, &domain));
	/* The hub alone can vouch for it; of a card that is the app it goes to. */
	bool vouched = r.verdict == REPORT_VERIFIED || report.is_card;
	if (!vouched || is_own_domain(p, domain))
		return UC_E_NOT_ALLOWED;
	TRY(signed_anew(p, &r, &report, a));
	struct ask *ask = ask_new(p, passed);
	if (!ask)
		return UC_E_MEMORY;
	ask->number = number;
	buf_init(&headers, 256);
	header_add_store(p, &headers);
	ask_send(p, ask, domain, "reportAbuse", r.room, buf_view(&headers), r.report);
	buf_done(&headers);
	return UC_OK;
}

uc_err provider_report_pass(struct provider *p, uint64_t number)
{
	struct arena scratch;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = pass(p, number, &scratch);
	arena_done(&scratch);
	return err;
}
