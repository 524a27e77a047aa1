/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: phases, the table of requests, answers and events. */
#include "base/heap.h"
#include "provider/discovery.h"

static struct view number_view(const uint64_t *number)
{
	return view_make(number, sizeof *number);
}

/* --- by network address --- */

static uc_err count_from(struct session *s, struct view from)
{
	struct provider *p = s->provider;
	if (from.n != sizeof s->from || network_is_own_machine(from))
		return UC_OK;
	memcpy(s->from, from.p, sizeof s->from);
	s->has_from = s->is_counted = true;
	return rate_table_take(&p->networks, LIMIT_NETWORK_SESSION, from, env_now_ms(p->env))
		       ? UC_E_RATE
		       : UC_OK;
}

void session_uncount(struct session *s)
{
	if (s->is_counted)
		rate_table_give(&s->provider->networks, LIMIT_NETWORK_SESSION, VIEW_OF(s->from));
	s->is_counted = false;
}

/* The newest stand first, so that each is looked at some ten times in all. */
void sessions_forget_networks(struct provider *p, uint64_t now_ms)
{
	bool was_moved = now_ms < p->networks_forgotten_ms;
	if (!was_moved && now_ms - p->networks_forgotten_ms < 60 * 1000)
		return;
	p->networks_forgotten_ms = now_ms;
	for (struct session *s = p->sessions; s && !s->has_forgotten; s = s->next) {
		if (now_ms >= s->opened_ms && now_ms - s->opened_ms < RATE_NETWORK_MS)
			continue;
		wipe(s->from, sizeof s->from);
		s->has_from = s->is_counted = false;
		s->has_forgotten = true;
	}
}

/* What was asked for from where: a value of both, under a key of this process, that tells neither.  Whoever
 * reads memory would else have the one beside the other. */
static uc_err pair_key(struct provider *p, const uint8_t from[SESSION_FROM], struct view what,
		       uint8_t out[SHA256_BYTES])
{
	const struct view parts[] = { view_make(from, SESSION_FROM), what };
	if (!p->has_networks_key)
		TRY(env_random(p->env, p->networks_key, sizeof p->networks_key));
	p->has_networks_key = true;
	return hmac_sha256_parts(VIEW_OF(p->networks_key), parts, 2, out);
}

bool network_is_too_fast(struct call *c, enum provider_limit limit, struct view what)
{
	uint8_t pair[SHA256_BYTES];
	struct view key = VIEW_OF(c->s->from);
	if (!c->s->has_from)
		return false;
	uc_err err = what.n ? pair_key(c->p, c->s->from, what, pair) : UC_OK;
	if (err) {
		call_refuse(c, err, NULL, 0);
		return true;
	}
	if (what.n)
		key = VIEW_OF(pair);
	uint32_t wait = rate_table_take(&c->p->networks, limit, key, env_now_ms(c->p->env));
	if (wait)
		call_refuse(c, UC_E_RATE, NULL, wait);
	return wait != 0;
}

/* --- their life --- */

uc_err session_open(struct provider *p, void *connection, struct view from, struct session **out)
{
	if (p->is_suspended)
		return UC_E_BUSY;
	struct session *s = HEAP_NEW(struct session);
	if (!s)
		return UC_E_MEMORY;
	s->provider = p;
	s->connection = connection;
	s->phase = PHASE_NEW;
	s->opened_ms = env_now_ms(p->env);
	s->number = p->next_number++;
	uc_err err = count_from(s, from);
	if (!err)
		err = map_init(&s->finds, p->env);
	if (!err)
		err = env_random(p->env, s->challenge, sizeof s->challenge);
	if (!err)
		err = map_put(&p->by_number, number_view(&s->number), s);
	if (err) {
		heap_free_wiped(s, sizeof *s);
		return err;
	}
	s->next = p->sessions;
	if (s->next)
		s->next->previous = s;
	p->sessions = s;
	p->sessions_n++;
	metrics_add(p->config.metrics, METRIC_SESSIONS, 1);
	*out = s;
	return UC_OK;
}

static void forget_finds(struct session *s)
{
	size_t at = 0;
	struct view client;
	void *value;
	while (map_next(&s->finds, &at, &client, &value))
		if (map_find(&s->provider->finders, client) == s)
			map_remove(&s->provider->finders, client);
	map_done(&s->finds);
}

void session_close(struct session *s)
{
	struct provider *p = s->provider;
	forget_finds(s);
	session_sign_out(p, s);
	map_remove(&p->by_number, number_view(&s->number));
	if (s->previous)
		s->previous->next = s->next;
	else
		p->sessions = s->next;
	if (s->next)
		s->next->previous = s->previous;
	p->sessions_n--;
	metrics_sub(p->config.metrics, METRIC_SESSIONS, 1);
	heap_free_wiped(s, sizeof *s);
}

bool session_is_signed_in(const struct session *s)
{
	return s->phase == PHASE_SIGNED_IN;
}

struct session *session_find(struct provider *p, uint64_t number)
{
	return map_find(&p->by_number, number_view(&number));
}

struct session *session_of_account(struct provider *p, const uint8_t account_id[ACCOUNT_ID],
				   struct session *after)
{
	return after ? after->account_next
		     : map_find(&p->by_account, view_make(account_id, ACCOUNT_ID));
}

void session_sign_out(struct provider *p, struct session *s)
{
	session_seats_close(p, s);
	discovery_forget(p, s);
	if (s->phase == PHASE_SIGNED_IN) {
		metrics_sub(p->config.metrics, METRIC_SIGNED_IN, 1);
		struct view account = VIEW_OF(s->account_id);
		struct session *first = map_find(&p->by_account, account);
		struct session **at = &first;
		while (*at && *at != s)
			at = &(*at)->account_next;
		if (*at)
			*at = s->account_next;
		/* Replacing a value that is there needs no memory. */
		if (!first || map_put(&p->by_account, account, first))
			map_remove(&p->by_account, account);
	}
	s->account_next = NULL;
	s->phase = PHASE_NEW;
}

void session_end(struct provider *p, struct session *s, uint16_t code)
{
	session_sign_out(p, s);
	p->config.out->close(p->config.ctx, s->connection, code);
}

static void send_frame(struct provider *p, struct session *s, struct buf *frame, uc_err err)
{
	if (!err && !frame->failed)
		p->config.out->send(p->config.ctx, s->connection, buf_view(frame));
	buf_done(frame);
}

void call_respond(struct call *c, wire_element *walk, const void *body)
{
	static const struct empty nothing;
	struct buf frame;
	buf_init(&frame, FRAME_MAX);
	uc_err err = frame_add_response(&frame, c->type, c->id, walk ? walk : empty_element,
					walk ? body : &nothing);
	if (err) {
		buf_done(&frame);
		call_refuse(c, err, NULL, 0);
		return;
	}
	metrics_request(c->p->config.metrics, c->type, UC_OK);
	send_frame(c->p, c->s, &frame, err);
}

void call_refuse(struct call *c, uc_err status, const char *text, uint32_t retry_after_s)
{
	struct buf frame;
	/* Else people look for the damage on their own device. */
	if (status == UC_E_CORRUPT && !text)
		text = "something that the app has stored of this is damaged; its operator can "
		       "mend it";
	buf_init(&frame, FRAME_MAX);
	if (status == UC_E_RATE && !retry_after_s)
		retry_after_s = 1; /* always with a time to come back */
	uc_err err =
		frame_add_refusal(&frame, c->type, c->id, status, view_str(text), retry_after_s);
	metrics_request(c->p->config.metrics, c->type, status);
	const struct request_rule *rule = status == UC_E_RATE ? request_rule_find(c->type) : NULL;
	if (rule)
		metrics_limited(c->p->config.metrics, rule->limit);
	send_frame(c->p, c->s, &frame, err);
}

void session_send_event(struct provider *p, struct session *s, uint16_t type, wire_element *walk,
			const void *body)
{
	struct buf frame;
	buf_init(&frame, FRAME_MAX);
	uc_err err = frame_add_event(&frame, type, walk, body);
	send_frame(p, s, &frame, err);
}

void call_done(struct call *c)
{
	arena_done(&c->arena);
}

uc_err session_challenge_check(struct provider *p, const struct session *s, uint8_t purpose,
			       struct view account_id, struct view subject, struct view key,
			       struct view signature)
{
	struct session_tbs tbs = { .purpose = purpose,
				   .domain = p->domain,
				   .account_id = account_id,
				   .subject = subject };
	struct buf bytes;
	memcpy(tbs.challenge, s->challenge, sizeof tbs.challenge);
	buf_init(&bytes, 65536);
	uc_err err = wire_encode(&bytes, session_tbs_element, &tbs);
	if (!err)
		err = ed25519_verify(key, "Undercroft session", buf_view(&bytes), signature);
	buf_done(&bytes);
	return err;
}

/* --- requests --- */

/* X(request, limit, by whom it is counted).  A request without a row does not compile.  Every one
 * counts for REQUEST, besides. */
/* clang-format off */
#define REQUEST_LIMITS(X) \
	X(HELLO,           REQUEST,      BY_SESSION) \
	X(CODE_REQUEST,    CODE,         BY_SESSION) \
	X(SIGN_UP,         SIGN_UP,      BY_SESSION) \
	X(SIGN_IN,         SIGN_IN,      BY_SESSION) \
	X(RECOVER,         SIGN_UP,      BY_SESSION) \
	X(DEVICE_RESET,    DEVICE,       BY_ACCOUNT) \
	X(DEVICE_LIST,     REQUEST,      BY_SESSION) \
	X(DEVICE_APPEND,   DEVICE,       BY_ACCOUNT) \
	X(ACCOUNT_DELETE,  REQUEST,      BY_SESSION) \
	X(VAULT_PUT,       VAULT,        BY_ACCOUNT) \
	X(VAULT_GET,       VAULT,        BY_ACCOUNT) \
	X(POOL_PUT,        POOL,         BY_ACCOUNT) \
	X(POOL_STATUS,     REQUEST,      BY_SESSION) \
	X(POOL_TAKE,       POOL,         BY_ACCOUNT) \
	X(REQUEST_KEY_PUT, GRANT,        BY_ACCOUNT) \
	X(ADDRESS_MAKE,    ADDRESS,      BY_HANDLER) /* each address */ \
	X(GRANT_REVOKE,    GRANT,        BY_ACCOUNT) \
	X(DIRECTORY,       DIRECTORY,    BY_HANDLER) /* what is asked of another app */ \
	X(LOOKUP,          LOOKUP,       BY_ACCOUNT) \
	X(CONSENT_REQUEST, CONSENT,      BY_HANDLER) /* what is sent; also after a restart */ \
	X(CONSENT_UPDATE,  CONSENT,      BY_HANDLER) \
	X(SEAT_FIND,       REQUEST,      BY_SESSION) \
	X(SEAT_OPEN,       REQUEST,      BY_SESSION) \
	X(SEAT_CLOSE,      REQUEST,      BY_SESSION) \
	X(ROOM_CREATE,     ROOM,         BY_ACCOUNT) \
	X(ROOM_UPDATE,     UPDATE,       BY_ACCOUNT) \
	X(ROOM_SUBMIT,     MESSAGE,      BY_HANDLER) /* by bytes, and in order */ \
	X(ROOM_GROUP_INFO, GROUP_INFO,   BY_ACCOUNT) \
	X(KEY_MATERIAL,    KEY_MATERIAL, BY_ACCOUNT) \
	X(NAME_CHANGE,     NAME_TRY,     BY_ACCOUNT) /* and NAME_CHANGE, also after a restart */ \
	X(SETTINGS_PUT,    GRANT,        BY_ACCOUNT) \
	X(SETTINGS_GET,    REQUEST,      BY_SESSION) \
	X(AGE_PRESENT,     GRANT,        BY_ACCOUNT) \
	X(SEATS_OPEN,      REQUEST,      BY_HANDLER) /* by how many */ \
	X(DISCOVERY_EVALUATE, DISCOVERY, BY_ACCOUNT) /* and by how many, also after a restart */ \
	X(DISCOVERY_FILTER, FILTER,      BY_ACCOUNT) \
	X(DISCOVERABLE_SET, GRANT,       BY_ACCOUNT) \
	X(TOKEN_ISSUE,     TOKEN,        BY_ACCOUNT) /* and each token as a letter */ \
	X(PAIR_OPEN,       PAIR,         BY_HANDLER) /* by network address */ \
	X(PAIR_LOOK,       PAIR,         BY_ACCOUNT) \
	X(PAIR_ANSWER,     PAIR,         BY_ACCOUNT) \
	X(PAIR_TAKE,       REQUEST,      BY_SESSION) \
	X(ATTACHMENT_PUT,  ATTACHMENT_PUT, BY_ACCOUNT) /* each part */ \
	X(ATTACHMENT_GET,  ATTACHMENT_GET, BY_ACCOUNT) \
	X(REPORT,          REPORT,       BY_HANDLER) /* also after a restart */
/* clang-format on */

enum {
#define REQUEST_LIMIT(name, limit, by) REQUEST_##name##_LIMIT = LIMIT_##limit,
	REQUEST_LIMITS(REQUEST_LIMIT)
#undef REQUEST_LIMIT
#define REQUEST_BY(name, limit, by) REQUEST_##name##_BY = (by),
		REQUEST_LIMITS(REQUEST_BY)
#undef REQUEST_BY
};

/* By number, which are few and small. */
static const struct request_rule request_rules[] = {
#define REQUEST_RULE(name, walk, number, phase, max)                                     \
	[number] = { number, handle_##walk, (enum provider_limit)REQUEST_##name##_LIMIT, \
		     (enum request_counts)REQUEST_##name##_BY },
	FRAME_REQUESTS(REQUEST_RULE)
#undef REQUEST_RULE
};

const struct request_rule *request_rule_find(uint16_t type)
{
	return type < sizeof request_rules / sizeof *request_rules && request_rules[type].handle
		       ? &request_rules[type]
		       : NULL;
}

/* Seconds to wait.  Messages keep their order when they are refused: their handler does it. */
static uint32_t request_count(struct call *c)
{
	struct session *s = c->s;
	struct provider *p = c->p;
	const struct request_rule *rule = request_rule_find(c->type);
	uint64_t now = env_now_ms(p->env);
	if (c->type == FRAME_ROOM_SUBMIT)
		return 0;
	if (c->wait_s)
		return c->wait_s;
	if (rule->by == BY_SESSION && rule->limit != LIMIT_REQUEST)
		return rate_take(&s->rates[rule->limit], &p->config.limits[rule->limit], now);
	if (rule->by == BY_ACCOUNT)
		return rate_table_take(&p->rates, rule->limit, VIEW_OF(s->account_id), now);
	return 0;
}

/* Recovery stands beside sign-in: what a recovering session may do, a signed-in one may, too,
 * but a device is reset only under recovery. */
static bool phase_allows(const struct session *s, const struct frame_rule *rule)
{
	if (rule->type == FRAME_DEVICE_RESET)
		return s->phase == PHASE_RECOVERING;
	if (rule->type == FRAME_HELLO)
		return s->phase == PHASE_NEW;
	return s->phase >= rule->phase;
}

static void request(struct provider *p, struct session *s, const struct frame *f)
{
	const struct frame_rule *rule = frame_rule_find(f->type);
	struct call c = { .p = p, .s = s, .type = f->type, .id = f->id };
	arena_init(&c.arena, CALL_ARENA_MAX, ARENA_SECRET);
	uint64_t number = s->number;
	uint32_t wait = 0;
	uc_err err = UC_OK;
	c.wait_s = rate_take(&s->rates[LIMIT_REQUEST], &p->config.limits[LIMIT_REQUEST],
			     env_now_ms(p->env));
	if (!rule)
		call_refuse(&c, UC_E_UNSUPPORTED, "this app does not know such a request", 0);
	else if (!phase_allows(s, rule))
		call_refuse(&c, s->phase < rule->phase ? UC_E_SIGNED_OUT : UC_E_UNEXPECTED, NULL,
			    0);
	else if (f->body.n > rule->body_max)
		call_refuse(&c, UC_E_TOO_LARGE, NULL, 0);
	else if ((wait = request_count(&c)) != 0)
		call_refuse(&c, UC_E_RATE, NULL, wait);
	else
		err = request_rule_find(f->type)->handle(&c, f->body);
	if (err && session_find(p, number))
		call_refuse(&c, err, NULL, 0);
	arena_done(&c.arena);
}

static void notice(struct provider *p, struct session *s, const struct frame *f)
{
	if (s->phase != PHASE_SIGNED_IN)
		return;
	if (f->type == FRAME_SEAT_ACK)
		notice_seat_ack(p, s, f->body);
	else if (f->type == FRAME_INTAKE_ACK)
		notice_intake_ack(p, s, f->body);
}

void provider_frame(struct provider *p, struct session *s, struct view bytes)
{
	struct frame f;
	struct arena scratch;
	arena_init(&scratch, 4096, ARENA_PLAIN);
	uc_err err = wire_decode(bytes, &scratch, frame_element, &f);
	arena_done(&scratch);
	if (err || (f.kind != FRAME_REQUEST && f.kind != FRAME_NOTICE)) {
		session_end(p, s, WS_PROTOCOL);
		return;
	}
	if (s->phase == PHASE_NEW && f.type != FRAME_HELLO) {
		session_end(p, s, WS_POLICY);
		return;
	}
	if (f.kind == FRAME_REQUEST)
		request(p, s, &f);
	else
		notice(p, s, &f);
}

static const uint16_t features_known[] = { FEATURE_SEATS_OPEN, FEATURE_ENTRY_OWN, FEATURE_SETTINGS,
					   FEATURE_TOKENS, FEATURE_AGES };

/* Those that the client has said, too; how many. */
static size_t features_take(struct session *s, const struct u16_list *said, uint16_t *out)
{
	size_t n = 0;
	s->features = 0;
	for (size_t i = 0; i < sizeof features_known / sizeof *features_known; i++)
		for (size_t k = 0; k < said->n && !(s->features & 1u << features_known[i]); k++)
			if (said->v[k] == features_known[i]) {
				s->features |= 1u << features_known[i];
				out[n++] = features_known[i];
			}
	return n;
}

uc_err handle_hello(struct call *c, struct view body)
{
	struct hello_request q;
	TRY(wire_decode(body, &c->arena, hello_request_element, &q));
	if (q.version_lowest > FRAME_VERSION || q.version < FRAME_VERSION_LOWEST) {
		call_refuse(c, UC_E_VERSION, "this app speaks version 1 of the protocol", 0);
		return UC_OK;
	}
	uint16_t features[sizeof features_known / sizeof *features_known];
	struct hello_response r = {
		.version = q.version < FRAME_VERSION ? q.version : FRAME_VERSION,
		.domain = c->p->domain,
		.names = c->p->config.names,
		.features = { features, features_take(c->s, &q.features, features) },
		.now_ms = env_now_ms(c->p->env),
	};
	memcpy(r.challenge, c->s->challenge, sizeof r.challenge);
	c->s->phase = PHASE_GREETED;
	call_respond(c, hello_response_element, &r);
	return UC_OK;
}
