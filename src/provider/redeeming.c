/* SPDX-License-Identifier: Apache-2.0 */
/* The app that is asked.  A letter with a token waits here, in memory, for the app that sent it to say
 * whether the token is one of its own and unspent; that app waits for our answer meanwhile, and sends
 * the letter again when we were killed.  Several are redeemed at once when several wait.
 *
 * A token counts only if its key stands in the document that the app shows us: one that was issued with
 * a key of its own for one person is not even asked about. */
#include "provider/tokens.h"

#include "base/heap.h"
#include "base/secret.h"
#include "mimi/directory.h"
#include "provider/held.h"

enum {
	WAITING_MAX = 256,
	/* Of one app: else one that is slow to say what is good keeps all others out. */
	WAITING_OF_APP = 2 * REDEEM_AT_ONCE,
	LETTER_BYTES_MAX = 65536,
	WAIT_MS = 4 * ASK_TIMEOUT_MS, /* however often is asked meanwhile, it is over by then */
	/* So often at most a document is read anew for a key that is not in it. */
	LOOK_AGAIN_MS = 60 * 1000,
};

/* One letter, in the order they came. */
struct redeeming {
	struct redeeming *next;
	void *call; /* of the app that waits */
	struct buf domain, bytes;
	struct redemption redemption;
	enum token_class what;
	uint64_t asked_by; /* token of the ask whose answer is for it, too; 0: none yet */
	uint64_t until_ms;
};

static void letter_free(struct redeeming *l)
{
	buf_done(&l->domain);
	buf_done(&l->bytes);
	/* Its token may be unspent. */
	heap_free_wiped(l, sizeof *l);
}

void redeeming_free(struct provider *p)
{
	while (p->redeeming) {
		struct redeeming *l = p->redeeming;
		p->redeeming = l->next;
		letter_free(l);
	}
	p->redeeming_n = 0;
}

/* --- what comes of it --- */

static void forget(struct provider *p, struct redeeming *l)
{
	p->redeeming_n--;
	letter_free(l);
}

static void answer(struct provider *p, struct redeeming *l, int status)
{
	struct peer_response r = { .status = status };
	p->config.out->reply(p->config.ctx, l->call, &r);
	forget(p, l);
}

static int deliver(struct provider *p, const struct redeeming *l, bool is_good)
{
	struct arena scratch;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	int status = letter_redeemed(p, buf_view(&l->bytes), &l->redemption.token, is_good, l->what,
				     &scratch);
	arena_done(&scratch);
	return status;
}

/* The token was told to be good, or not. */
static void decided(struct provider *p, struct redeeming *l, bool is_good)
{
	struct held *h;
	struct peer_call c = { .p = p, .call = l->call };
	int status = held_begin(p, &h) ? 503 : held_peer(h, &c, deliver(p, l, is_good));
	if (c.later)
		forget(p, l);
	else
		answer(p, l, status);
}

/* Takes the first letter of an app out, of those that one ask was about, or of all: 0. */
static struct redeeming *take(struct provider *p, struct view domain, uint64_t asked_by)
{
	for (struct redeeming **at = &p->redeeming; *at; at = &(*at)->next) {
		struct redeeming *l = *at;
		if (!view_equal(buf_view(&l->domain), domain) ||
		    (asked_by && l->asked_by != asked_by))
			continue;
		*at = l->next;
		return l;
	}
	return NULL;
}

/* It cannot be told now: the app sends it again. */
static void give_up(struct provider *p, struct view domain)
{
	struct redeeming *l;
	while ((l = take(p, domain, 0)) != NULL)
		answer(p, l, 503);
}

void redeeming_expire(struct provider *p, uint64_t now_ms)
{
	while (p->redeeming && is_due(now_ms, p->redeeming->until_ms, WAIT_MS)) {
		struct redeeming *l = p->redeeming;
		p->redeeming = l->next;
		answer(p, l, 503);
	}
}

/* --- asking the issuer --- */

static void go_on(struct provider *p, struct view domain);

static void redeemed(struct provider *p, struct ask *ask, const struct peer_response *r)
{
	struct arena scratch;
	struct redeem_response in = { { NULL, 0 } };
	struct redeeming *l;
	size_t n = 0;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	bool is_told = r->status == 200 &&
		       !wire_decode(r->body, &scratch, redeem_response_element, &in) &&
		       in.results.n == ask->number;
	while (is_told && n < in.results.n && (l = take(p, ask->what, ask->token)) != NULL)
		decided(p, l, in.results.p[n++] == 1);
	arena_done(&scratch);
	if (is_told)
		go_on(p, ask->what);
	else
		give_up(p, ask->what);
}

static uc_err redeem_send(struct provider *p, struct view domain, struct arena *a)
{
	struct redemption v[REDEEM_AT_ONCE];
	struct view body;
	struct redeeming *of[REDEEM_AT_ONCE];
	size_t n = 0;
	for (struct redeeming *l = p->redeeming; l && n < REDEEM_AT_ONCE; l = l->next)
		if (view_equal(buf_view(&l->domain), domain)) {
			of[n] = l;
			v[n++] = l->redemption;
		}
	if (!n)
		return UC_OK;
	const struct redeem_request q = { { v, n } };
	uc_err err = wire_encode_to(a, redeem_request_element, &q, &body);
	wipe(v, sizeof v);
	TRY(err);
	struct ask *ask = ask_new(p, redeemed);
	if (!ask)
		return UC_E_MEMORY;
	ask_about(ask, domain);
	/* An answer is for these alone, also when some of them have waited for too long by then. */
	for (size_t i = 0; i < n; i++)
		of[i]->asked_by = ask->token;
	ask->number = n;
	ask_send(p, ask, domain, "redeemTokens", domain, (struct view){ NULL, 0 }, body);
	return UC_OK;
}

/* Letters whose token is of no key in the document are told at once; the others are left. */
static void keys_check(struct provider *p, struct view domain, const struct token_keys *k)
{
	uint64_t now = env_now_ms(p->env);
	for (struct redeeming **at = &p->redeeming; *at;) {
		struct redeeming *l = *at;
		if (!view_equal(buf_view(&l->domain), domain) ||
		    token_keys_find(k, l->redemption.token.token_key_id, now, &l->what)) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		decided(p, l, false);
	}
}

static void documented(struct provider *p, struct ask *ask, const struct peer_response *r)
{
	if (directory_keep(p, ask->what, r))
		give_up(p, ask->what);
	else
		go_on(p, ask->what);
}

static uc_err document_ask(struct provider *p, struct view domain)
{
	struct ask *ask = ask_new(p, documented);
	if (!ask)
		return UC_E_MEMORY;
	ask_about(ask, domain);
	directory_fetch(p, ask, domain);
	return UC_OK;
}

/* A key may be newer than the document that we have: two rotations, or an older copy put back. */
static bool may_be_newer(struct provider *p, struct view domain, const struct token_keys *k)
{
	uint64_t now = env_now_ms(p->env);
	enum token_class what;
	bool is_unknown = false;
	for (const struct redeeming *l = p->redeeming; l && !is_unknown; l = l->next)
		is_unknown = view_equal(buf_view(&l->domain), domain) &&
			     !token_keys_find(k, l->redemption.token.token_key_id, now, &what);
	return is_unknown && directory_is_older(p, domain, LOOK_AGAIN_MS);
}

static uc_err ask_on(struct provider *p, struct view domain, struct arena *a)
{
	struct directory d;
	struct token_keys k = { 0 };
	uc_err err = directory_known(p, domain, a, &d);
	if (err == UC_E_NOT_FOUND)
		return document_ask(p, domain);
	TRY(err);
	/* An app that publishes none has issued none. */
	if (d.token_keys.n)
		TRY(token_keys_read(d.token_keys, &k));
	if (may_be_newer(p, domain, &k))
		return document_ask(p, domain);
	keys_check(p, domain, &k);
	return redeem_send(p, domain, a);
}

/* With what waits of that app and was not asked about yet. */
static void go_on(struct provider *p, struct view domain)
{
	struct arena scratch;
	bool any = false;
	for (const struct redeeming *l = p->redeeming; l && !any; l = l->next)
		any = view_equal(buf_view(&l->domain), domain);
	if (!any)
		return;
	/* What is sent has tokens in it that may be unspent. */
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_SECRET);
	if (ask_on(p, domain, &scratch))
		give_up(p, domain);
	arena_done(&scratch);
}

/* --- what comes in --- */

/* Stands for the letter where the token is redeemed, and says nothing of it to who has no key of ours;
 * another once an older copy of our stores, which does not know what came, was put back. */
static uc_err use_of(struct provider *p, struct view bytes, uint8_t out[REDEEM_USE])
{
	uint8_t mac[SHA256_BYTES];
	const struct view parts[] = { VIEW_LIT("Undercroft token use 1"),
				      store_incarnation(p->accounts), bytes };
	TRY(hmac_sha256_parts(VIEW_OF(p->config.keys->address_key), parts, 3, mac));
	memcpy(out, mac, REDEEM_USE);
	return UC_OK;
}

/* Others may still have the directory of before the last rotation. */
static uc_err token_open(struct provider *p, struct view sealed, struct view bytes, struct arena *a,
			 struct token *out)
{
	const struct provider_keys *k = p->config.keys;
	uc_err err = contact_token_open(&k->lookup_key, bytes, sealed, a, out);
	return err && k->before.is_there
		       ? contact_token_open(&k->before.lookup_key, bytes, sealed, a, out)
		       : err;
}

static uc_err letter_new(struct peer_call *c, struct view bytes, const struct token *t,
			 struct redeeming **out)
{
	struct redeeming *l = HEAP_NEW(struct redeeming);
	if (!l)
		return UC_E_MEMORY;
	l->call = c->call;
	l->until_ms = env_now_ms(c->p->env) + WAIT_MS;
	l->redemption.token = *t;
	buf_init(&l->domain, 256);
	buf_init(&l->bytes, LETTER_BYTES_MAX);
	buf_add_view(&l->domain, c->domain);
	buf_add_view(&l->bytes, bytes);
	uc_err err = l->domain.failed ? l->domain.failed : l->bytes.failed;
	if (!err)
		err = use_of(c->p, bytes, l->redemption.use);
	if (err)
		letter_free(l);
	else
		*out = l;
	return err;
}

static uc_err letter_add(struct peer_call *c, struct view bytes, const struct token *t)
{
	struct provider *p = c->p;
	struct redeeming *l;
	size_t of_app = 0;
	struct redeeming **at = &p->redeeming;
	for (; *at; at = &(*at)->next)
		of_app += view_equal(buf_view(&(*at)->domain), c->domain);
	if (p->redeeming_n >= WAITING_MAX || of_app >= WAITING_OF_APP)
		return UC_E_BUSY;
	TRY(letter_new(c, bytes, t, &l));
	*at = l;
	p->redeeming_n++;
	c->later = true;
	/* Else it goes with those that come next. */
	if (!of_app)
		go_on(p, c->domain);
	return UC_OK;
}

uc_err letter_redeem(struct peer_call *c, struct view sealed, struct view bytes)
{
	struct arena scratch;
	struct token t;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_SECRET);
	uc_err err = token_open(c->p, sealed, bytes, &scratch, &t) ? UC_E_DECRYPT
								   : letter_add(c, bytes, &t);
	arena_done(&scratch);
	wipe(&t, sizeof t);
	return err;
}
