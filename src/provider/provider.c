/* SPDX-License-Identifier: Apache-2.0 */
/* Life and clock of a provider, and its questions to other apps. */
#include "provider/provider.h"

#include "base/heap.h"
#include "base/planted.h"
#include "base/text.h"
#include "mimi/attachment.h"
#include "mimi/directory.h"
#include "provider/discovery.h"
#include "provider/reports.h"
#include "provider/room_work.h"
#include "provider/tokens.h"

enum { URL_MAX = 2048, DIRECTORY_MAX = 64 * 1024, SUSPENDED_RETRY_S = 300 };

static uc_err write_directory(struct provider *p)
{
	const struct provider_keys *k = p->config.keys;
	uint8_t tokens[TOKEN_KEYS_BYTES];
	TRY(tokens_publish(p, tokens));
	struct directory d = {
		.domain = p->domain,
		.base_url = buf_view(&p->base_url),
		.lookup_key = kem_public(&k->lookup_key),
		.hub_key = sign_public(&k->hub_key),
		.franking_key = sign_public(&k->franking_key),
		.token_keys = VIEW_OF(tokens),
	};
	if (discovery_is_on(p))
		d.discovery_keys[0] = VIEW_OF(k->discovery.key.pub.b);
	if (discovery_is_on(p) && p->discovery.custodian.n)
		d.discovery_keys[1] = VIEW_OF(p->discovery.other);
	directory_write(&p->directory, &d);
	return p->directory.failed;
}

uc_err provider_keys_rotated(struct provider *p)
{
	tokens_forget(p);
	buf_reset(&p->directory);
	TRY(write_directory(p));
	provider_certificate_renewed(p); /* it was signed as it was */
	return UC_OK;
}

void provider_set_limits(struct provider *p, const struct rate limits[LIMITS_N])
{
	for (size_t i = 0; i < LIMITS_N; i++)
		p->config.limits[i] = limits[i].hour ? limits[i] : limits_default[i];
}

void provider_set_handles(struct provider *p, const struct provider_handles *h)
{
	p->handles = (struct provider_handles){
		h->hold_days ? h->hold_days : HANDLE_HOLD_DAYS,
		h->held ? h->held : HANDLES_HELD,
		h->rest_days ? h->rest_days : HANDLE_REST_DAYS,
	};
}

void provider_set_contact(struct provider *p, const struct provider_contact *c)
{
	p->contact = *c;
	p->all_asked = false;
	if (!p->contact.day)
		p->contact.day = REQUESTS_DAY;
	if (!p->contact.minor_day)
		p->contact.minor_day = MINOR_ASKED_DAY;
}

uc_err provider_set_discovery(struct provider *p, bool is_on, struct view custodian)
{
	struct provider_discovery *d = &p->discovery;
	if (d->is_on == is_on && view_equal(buf_view(&d->custodian), custodian))
		return UC_OK;
	d->is_on = is_on;
	buf_reset(&d->custodian);
	buf_add_view(&d->custodian, custodian);
	TRY(d->custodian.failed);
	TRY(custody_open(p));
	filters_changed(p);
	return provider_keys_rotated(p);
}

bool provider_go_on(struct provider *p)
{
	if (p->failed)
		return false;
	fanout_untold(p);
	bool is_due = held_go_on(p);
	is_due = intake_go_on(p) || is_due;
	is_due = report_place_go_on(p) || is_due;
	return discovery_go_on(p) || is_due;
}

void provider_set_quota(struct provider *p, uint64_t account_bytes)
{
	p->config.account_bytes = account_bytes ? account_bytes : ACCOUNT_BYTES_DEFAULT;
}

static uc_err fill(struct provider *p, const struct provider_config *config)
{
	p->config = *config;
	provider_set_limits(p, config->limits);
	provider_set_quota(p, config->account_bytes);
	provider_set_handles(p, &(struct provider_handles){ 0 });
	provider_set_contact(
		p, &(struct provider_contact){ true, true, RATE_MAX / 16, RATE_MAX / 16 });
	p->all_asked = true;
	p->env = config->env;
	p->accounts = config->accounts;
	p->rooms = config->rooms;
	buf_init(&p->domain_bytes, 256);
	buf_init(&p->base_url, URL_MAX);
	buf_init(&p->directory, DIRECTORY_MAX);
	buf_init(&p->pushes[0], WIRE_OBJECT_MAX);
	buf_init(&p->pushes[1], WIRE_OBJECT_MAX);
	buf_init(&p->sweep_from, STORE_KEY_MAX);
	buf_init(&p->index_from, STORE_KEY_MAX + 1);
	buf_init(&p->attachments_from, STORE_KEY_MAX + 1);
	buf_init(&p->discovery.custodian, DOMAIN_BYTES);
	buf_init(&p->discovery.custody_for, CUSTODY_BYTES);
	buf_add_view(&p->domain_bytes, config->domain);
	buf_add_view(&p->base_url, config->base_url);
	p->domain = buf_view(&p->domain_bytes);
	p->config.domain = p->domain;
	p->config.base_url = buf_view(&p->base_url);
	p->next_number = p->next_token = 1;
	TRY(map_init(&p->by_number, p->env));
	TRY(map_init(&p->by_account, p->env));
	TRY(map_init(&p->rooms_live, p->env));
	TRY(map_init(&p->finders, p->env));
	TRY(map_init(&p->reserved, p->env));
	TRY(rate_table_init(&p->rates, p->env, p->config.limits));
	TRY(rate_table_init(&p->networks, p->env, p->config.limits));
	p->networks.lets_pass = true;
	p->networks.forget_ms = RATE_NETWORK_MS;
	TRY(rooms_init(p));
	if (p->domain_bytes.failed || p->base_url.failed)
		return UC_E_ARGUMENT;
	TRY(index_open(p));
	return write_directory(p);
}

uc_err provider_new(const struct provider_config *config, struct provider **out)
{
	struct provider *p = HEAP_NEW(struct provider);
	if (!p)
		return UC_E_MEMORY;
	uc_err err = fill(p, config);
	if (err)
		provider_free(p);
	else
		*out = p;
	return err;
}

static void ask_free(struct ask *a)
{
	union {
		const uint8_t *shown;
		void *owned;
	} what = { .shown = a->what.p };
	heap_free_wiped(what.owned, a->what.n);
	heap_free(a);
}

void provider_free(struct provider *p)
{
	if (!p)
		return;
	while (p->sessions)
		session_close(p->sessions);
	while (p->asks) {
		struct ask *a = p->asks;
		p->asks = a->next;
		ask_free(a);
	}
	discovery_free(p);
	reports_forget(p);
	rooms_free(p);
	outbox_free(p);
	redeeming_free(p);
	held_free(p);
	pairings_free(p);
	tokens_free(p);
	known_directories_free(p);
	buf_done(&p->pushes[0]);
	buf_done(&p->pushes[1]);
	buf_done(&p->sweep_from);
	buf_done(&p->index_from);
	buf_done(&p->attachments_from);
	map_done(&p->by_number);
	map_done(&p->by_account);
	map_done(&p->rooms_live);
	map_done(&p->finders);
	map_done(&p->reserved);
	rate_table_done(&p->rates);
	rate_table_done(&p->networks);
	wipe(p->networks_key, sizeof p->networks_key);
	buf_done(&p->domain_bytes);
	buf_done(&p->base_url);
	buf_done(&p->directory);
	heap_free(p);
}

uc_err provider_sync(struct provider *p)
{
	uc_err err = p->failed;
	franks_end(p);
	if (!err && p->accounts_dirty)
		err = store_sync(p->accounts);
	bool lost = PLANTED(lost_sync) && env_now_ms(p->env) % 8 == 0;
	if (!err && p->rooms_dirty && !lost)
		err = store_sync(p->rooms);
	p->failed = err;
	TRY(err);
	p->accounts_dirty = p->rooms_dirty = false;
	return UC_OK;
}

/* After a failure the store takes no more writes, and what it holds is in doubt.  A record that rots is
 * none: what was to go with it was not written, and all else goes on. */
static void failure_note(struct provider *p, const struct store *s, uc_err err)
{
	if (err == UC_E_STORE || err == UC_E_FULL || (err == UC_E_CORRUPT && store_refuses(s)))
		p->failed = err;
}

uc_err commit_accounts(struct provider *p, struct store_batch *b)
{
	uc_err err = store_commit(p->accounts, b);
	store_batch_done(b);
	if (!err)
		p->accounts_dirty = true;
	failure_note(p, p->accounts, err);
	return err;
}

uc_err finish_accounts(struct provider *p, struct store_batch *b, uc_err err)
{
	if (!err)
		return commit_accounts(p, b);
	store_batch_done(b);
	return err;
}

uc_err commit_rooms(struct provider *p, struct store_batch *b)
{
	uc_err err = store_commit(p->rooms, b);
	store_batch_done(b);
	if (!err)
		p->rooms_dirty = true;
	failure_note(p, p->rooms, err);
	return err;
}

bool is_own_domain(const struct provider *p, struct view domain)
{
	return view_equal(domain, p->domain);
}

/* --- questions to other apps --- */

struct ask *ask_new(struct provider *p, ask_done *done)
{
	struct ask *a = HEAP_NEW(struct ask);
	if (!a)
		return NULL;
	a->token = p->next_token++;
	a->done = done;
	a->deadline_ms = env_now_ms(p->env) + ASK_TIMEOUT_MS;
	return a;
}

void ask_about(struct ask *a, struct view what)
{
	uint8_t *copy = heap_new(what.n);
	if (!copy)
		return;
	if (what.n)
		memcpy(copy, what.p, what.n);
	a->what = view_make(copy, what.n);
}

void ask_for_call(struct ask *a, struct call *c)
{
	a->session_number = c->s->number;
	a->type = c->type;
	a->id = c->id;
	c->later = true;
}

uc_err ask_check(struct provider *p, struct view domain)
{
	const size_t *asked = peer_asked(p, domain);
	return asked && *asked < ASKS_OF_OTHERS ? UC_OK : UC_E_BUSY;
}

static struct ask **bucket_of(struct provider *p, uint64_t token)
{
	return &p->asks_by_token[token % ASK_BUCKETS];
}

static void ask_add(struct provider *p, struct ask *a, struct view domain)
{
	struct ask **bucket = bucket_of(p, a->token);
	a->asked = a->session_number || a->relay ? peer_asked(p, domain) : NULL;
	if (a->asked)
		++*a->asked;
	a->previous = p->asks_last;
	if (a->previous)
		a->previous->next = a;
	else
		p->asks = a;
	p->asks_last = a;
	a->bucket_next = *bucket;
	*bucket = a;
	p->asks_n++;
}

static bool is_plain(uint8_t ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
	       ch == '-' || ch == '.' || ch == '_' || ch == '~';
}

static void add_escaped(struct buf *out, struct view target)
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t *to = buf_reserve(out, 3 * target.n);
	size_t n = 0;
	for (size_t i = 0; to && i < target.n; i++) {
		uint8_t ch = target.p[i];
		if (is_plain(ch)) {
			to[n++] = ch;
			continue;
		}
		to[n++] = '%';
		to[n++] = (uint8_t)hex[ch >> 4];
		to[n++] = (uint8_t)hex[ch & 15];
	}
	out->n += n;
}

void ask_send(struct provider *p, struct ask *a, struct view domain, const char *endpoint,
	      struct view target, struct view headers, struct view body)
{
	struct buf path;
	buf_init(&path, 8192);
	buf_add_str(&path, "/v1/");
	buf_add_str(&path, endpoint);
	buf_add_byte(&path, '/');
	add_escaped(&path, target);
	ask_add(p, a, domain);
	struct peer_request q = { .method = VIEW_LIT("POST"),
				  .path = buf_view(&path),
				  .headers = headers,
				  .body = body };
	p->config.out->ask(p->config.ctx, a->token, domain, &q);
	buf_done(&path);
}

void ask_get(struct provider *p, struct ask *a, struct view domain, struct view path,
	     struct view headers)
{
	ask_add(p, a, domain);
	struct peer_request q = { .method = VIEW_LIT("GET"), .path = path, .headers = headers };
	p->config.out->ask(p->config.ctx, a->token, domain, &q);
}

static struct ask *ask_take(struct provider *p, uint64_t token)
{
	struct ask **at = bucket_of(p, token);
	while (*at && (*at)->token != token)
		at = &(*at)->bucket_next;
	struct ask *a = *at;
	if (!a)
		return NULL;
	*at = a->bucket_next;
	if (a->previous)
		a->previous->next = a->next;
	else
		p->asks = a->next;
	if (a->next)
		a->next->previous = a->previous;
	else
		p->asks_last = a->previous;
	if (a->asked)
		--*a->asked;
	p->asks_n--;
	return a;
}

void provider_response(struct provider *p, uint64_t token, const struct peer_response *r)
{
	struct ask *a = ask_take(p, token);
	if (!a)
		return;
	a->done(p, a, r);
	ask_free(a);
}

/* They have the same time each: the first asked is the first due. */
static void asks_expire(struct provider *p, uint64_t now_ms)
{
	static const struct peer_response nobody = { .status = 0 };
	while (p->asks && is_due(now_ms, p->asks->deadline_ms, ASK_TIMEOUT_MS))
		provider_response(p, p->asks->token, &nobody);
}

struct call *ask_call(struct provider *p, struct ask *a, struct call *space)
{
	struct session *s = session_find(p, a->session_number);
	if (!s)
		return NULL;
	*space = (struct call){ .p = p, .s = s, .type = a->type, .id = a->id };
	arena_init(&space->arena, CALL_ARENA_MAX, ARENA_PLAIN);
	return space;
}

struct view header_find(struct view headers, const char *name)
{
	size_t n = strlen(name);
	while (headers.n) {
		struct view line;
		headers = view_cut(headers, '\n', &line);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n <= n || line.p[n] != ':')
			continue;
		size_t i = 0;
		while (i < n && (line.p[i] | 0x20) == (uint8_t)(name[i] | 0x20))
			i++;
		if (i < n)
			continue;
		line = view_slice(line, n + 1, line.n);
		while (line.n && line.p[0] == ' ')
			line = view_slice(line, 1, line.n);
		return line;
	}
	return (struct view){ NULL, 0 };
}

/* --- questions from other apps --- */

static const struct peer_rule peer_rules[] = {
	{ "keyMaterial", peer_key_material, 65536, LIMIT_PEER_KEY_MATERIAL, false },
	{ "update", peer_update, FRAME_MAX, LIMIT_PEER_UPDATE, false },
	{ "submitMessage", peer_submit_message, MESSAGE_MAX, LIMIT_PEER_MESSAGE, false },
	{ "notify", peer_notify, WIRE_OBJECT_MAX, LIMIT_PEER_ENTRY, true }, /* each entry */
	{ "groupInfo", peer_group_info, 65536, LIMIT_PEER_GROUP_INFO, false },
	{ "follow", peer_follow, 1024, LIMIT_PEER_START, false },
	{ "requestConsent", peer_request_consent, 65536, LIMIT_PEER_CONSENT, false },
	{ "updateConsent", peer_update_consent, 1048576, LIMIT_PEER_CONSENT, false },
	{ "identifierQuery", peer_identifier_query, 65536, LIMIT_PEER_LOOKUP, false },
	{ "reportAbuse", peer_report_abuse, 1048576, LIMIT_PEER_REPORT, false },
	{ "confirmFranks", peer_confirm_franks, 65536, LIMIT_PEER_REPORT, false },
	{ "custodyEvaluate", peer_custody_evaluate, 65536, LIMIT_PEER_NUMBERS, true },
	{ "redeemTokens", peer_redeem_tokens, 16384, LIMIT_PEER_TOKEN, true }, /* each token */
};
enum { PEER_RULES_N = sizeof peer_rules / sizeof *peer_rules };

const struct peer_rule *peer_rule_at(size_t i)
{
	return i < PEER_RULES_N ? &peer_rules[i] : NULL;
}

bool peer_is_too_fast(struct peer_call *c, enum provider_limit limit)
{
	return peer_are_too_many(c, limit, 1);
}

bool peer_are_too_many(struct peer_call *c, enum provider_limit limit, uint32_t units)
{
	c->retry_after_s = peer_live_rate_many(c->p, c->domain, limit, units);
	return c->retry_after_s != 0;
}

bool peer_target_read(struct view text, struct arena *a, struct view *out)
{
	uint8_t *p = arena_take(a, text.n + 1);
	size_t n = 0;
	if (!p)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '%') {
			p[n++] = text.p[i];
			continue;
		}
		struct view byte;
		if (i + 2 >= text.n || hex_read(a, view_slice(text, i + 1, 2), &byte))
			return false;
		p[n++] = byte.p[0];
		i += 2;
	}
	*out = view_make(p, n);
	return true;
}

static const struct peer_rule *rule_find(struct view path, struct view *target)
{
	for (size_t i = 0; i < PEER_RULES_N; i++) {
		struct view name = view_str(peer_rules[i].name);
		if (path.n > name.n + 5 && view_equal(view_slice(path, 4, name.n), name) &&
		    path.p[4 + name.n] == '/') {
			*target = view_slice(path, 5 + name.n, path.n);
			return &peer_rules[i];
		}
	}
	return NULL;
}

static int answer(struct provider *p, struct view domain, const struct peer_request *q,
		  struct peer_call *c)
{
	struct view escaped;
	if (view_equal(q->method, VIEW_LIT("GET")) &&
	    view_equal(q->path, VIEW_LIT("/.well-known/mimi-protocol-directory")))
		return peer_directory(c);
	bool is_attachment = view_equal(q->method, VIEW_LIT("GET")) &&
			     view_starts_with(q->path, VIEW_LIT(ATTACHMENT_PATH));
	if (!domain.n && !is_attachment)
		return 403;
	if (p->is_suspended) {
		c->retry_after_s = SUSPENDED_RETRY_S;
		return 503;
	}
	if (is_attachment && domain.n && peer_is_too_fast(c, LIMIT_PEER_REQUEST))
		return 429;
	if (is_attachment)
		return peer_attachment(c,
				       view_slice(q->path, sizeof ATTACHMENT_PATH - 1, q->path.n));
	const struct peer_rule *e =
		view_starts_with(q->path, VIEW_LIT("/v1/")) ? rule_find(q->path, &escaped) : NULL;
	if (!e || !view_equal(q->method, VIEW_LIT("POST")))
		return 404;
	if (q->body.n > e->body_max)
		return 413;
	if (!peer_target_read(escaped, c->a, &c->target))
		return 400;
	if (peer_is_too_fast(c, LIMIT_PEER_REQUEST) ||
	    (!e->by_handler && peer_is_too_fast(c, e->limit)))
		return 429;
	return e->handle(c);
}

/* Those that are answered later count as answered well: what comes of them is the other app's. */
static void count(const struct provider *p, struct view path, int status)
{
	static const struct {
		int status;
		uc_err err;
	} meant[] = {
		{ 400, UC_E_MALFORMED }, { 403, UC_E_NOT_ALLOWED }, { 404, UC_E_NOT_FOUND },
		{ 409, UC_E_CONFLICT },  { 410, UC_E_STALE },       { 413, UC_E_TOO_LARGE },
		{ 429, UC_E_RATE },      { 503, UC_E_BUSY },
	};
	struct view target;
	const struct peer_rule *e = path.n > 4 ? rule_find(path, &target) : NULL;
	uc_err err = status < 300 ? UC_OK : UC_E_UNEXPECTED;
	for (size_t i = 0; i < sizeof meant / sizeof *meant; i++)
		if (meant[i].status == status)
			err = meant[i].err;
	if (!e)
		return;
	metrics_request(p->config.metrics, METRIC_PEER_KIND + (unsigned)(e - peer_rules), err);
	if (err == UC_E_RATE)
		metrics_limited(p->config.metrics, e->limit);
}

const char *provider_request_name(unsigned kind)
{
	if (kind >= METRIC_PEER_KIND)
		return kind - METRIC_PEER_KIND < PEER_RULES_N
			       ? peer_rules[kind - METRIC_PEER_KIND].name
			       : NULL;
	const struct frame_rule *rule = frame_rule_find((uint16_t)kind);
	return rule ? rule->name : NULL;
}

void provider_request(struct provider *p, struct view domain, const struct peer_request *q,
		      void *call)
{
	struct arena scratch;
	struct buf out, headers;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	buf_init(&out, WIRE_OBJECT_MAX);
	buf_init(&headers, 8192);
	struct peer_call c = { .p = p,
			       .call = call,
			       .domain = domain,
			       .headers = q->headers,
			       .body = q->body,
			       .a = &scratch,
			       .out = &out,
			       .out_headers = &headers };
	peer_heard(p, domain, q->headers);
	int status = answer(p, domain, q, &c);
	if (domain.n && !c.later)
		header_add_store(p, &headers);
	count(p, q->path, status);
	if (status == 429 && !c.retry_after_s)
		c.retry_after_s = 1; /* always with a time to come back */
	if (!c.later) {
		struct peer_response r = { .status = status,
					   .retry_after_s = c.retry_after_s,
					   .headers = buf_view(&headers),
					   .body = buf_view(&out) };
		p->config.out->reply(p->config.ctx, call, &r);
	}
	buf_done(&headers);
	buf_done(&out);
	arena_done(&scratch);
}

static void backlog_count(struct provider *p)
{
	metrics_set(p->config.metrics, METRIC_ASKS_OPEN, p->asks_n);
	metrics_set(p->config.metrics, METRIC_OUTBOX_BACKLOG, outbox_domains(p));
}

void provider_tick(struct provider *p, uint64_t now_ms)
{
	asks_expire(p, now_ms);
	redeeming_expire(p, now_ms);
	pairings_expire(p, now_ms);
	/* A new week: until it can be said, the keys of the last one are good, too. */
	if (tokens_are_old(p))
		(void)!provider_keys_rotated(p);
	outbox_run(p, now_ms);
	rooms_tick(p, now_ms);
	backlog_count(p);
	/* Also when nobody comes: addresses are not kept for longer than they count. */
	rate_table_sweep(&p->networks, now_ms);
	sessions_forget_networks(p, now_ms);
	if (!p->clock_doubted) {
		accounts_sweep(p, now_ms);
		reports_sweep(p, now_ms);
		attachments_sweep(p, now_ms);
	}
	index_tick(p);
	custody_tick(p, now_ms);
	filter_tick(p, now_ms);
}

void provider_doubt_clock(struct provider *p, bool is_doubted)
{
	p->clock_doubted = is_doubted;
}

void provider_going_away(struct provider *p, uint32_t retry_after_s, uint32_t jitter_s)
{
	struct going_away_event e = { retry_after_s, jitter_s };
	for (struct session *s = p->sessions; s; s = s->next)
		session_send_event(p, s, FRAME_GOING_AWAY, going_away_event_element, &e);
	seats_flush(p);
}

void provider_count(const struct provider *p, struct provider_counts *out)
{
	*out = (struct provider_counts){ .sessions = p->sessions_n,
					 .rooms_loaded = p->rooms_live.n };
	for (const struct session *s = p->sessions; s; s = s->next) {
		out->signed_in += s->phase == PHASE_SIGNED_IN;
		out->seats_open += s->seats.n;
	}
	out->asks_open = p->asks_n;
}
