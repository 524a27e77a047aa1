/* SPDX-License-Identifier: Apache-2.0 */
/* Finding people by number where two apps hold half of the key each: neither finds anybody alone, and
 * one that is away or lies costs nobody their budget.  And, of one half or two, that a value is left on no
 * stack. */
#include "tests/unit/provider/numbers.h"

#include "mimi/directory.h"

#include <pthread.h>

static struct app *lens;

/* Lens holds the other half of Dial's key. */
static void split(void)
{
	numbers_begin();
	lens = &apps[LENS];
	expect_ok(provider_keys_make_custody(&lens->keys, test_env()));
	expect_ok(provider_set_custody(lens->provider, VIEW_LIT("plaza.example\ndial.example\n")));
	expect_ok(provider_set_discovery(dial->provider, true, lens->domain));
}

static struct discovery_keys split_keys(void)
{
	struct discovery_keys k = { .n = 2 };
	struct directory d;
	expect_ok(directory_read(buf_view(&dial->provider->directory), &apps_mem, &d));
	for (size_t i = 0; i < 2; i++) {
		expect_eq(d.discovery_keys[i].n, OPRF_ELEMENT);
		memcpy(k.pub[i].b, d.discovery_keys[i].p, OPRF_ELEMENT);
	}
	return k;
}

static uc_err split_ask(struct person *p, const struct discovery_batch *b,
			struct discovery_value *values)
{
	struct discovery_evaluate_request q = { view_make(b->blinded, b->n * OPRF_ELEMENT) };
	struct discovery_evaluate_response r = { { NULL, 0 } };
	struct discovery_answer a[2];
	struct discovery_keys k = split_keys();
	TRY(client_ask(p->c, FRAME_DISCOVERY_EVALUATE, discovery_evaluate_request_element, &q,
		       discovery_evaluate_response_element, &r));
	expect_eq(r.answers.n, 2);
	for (size_t i = 0; i < 2; i++) {
		a[i].n = r.answers.v[i].evaluated.n / OPRF_ELEMENT;
		a[i].evaluated = (const void *)r.answers.v[i].evaluated.p;
		memcpy(a[i].proof, r.answers.v[i].proof, sizeof a[i].proof);
	}
	return discovery_finish(b, &k, a, 2, values);
}

TEST(two_custodians_find_what_neither_finds_alone)
{
	struct discovery_value values[3], alone;
	struct oprf_element sum;
	uint64_t edition;
	bool found[3];
	split();
	/* Not before the other has said its key. */
	expect_err(discoverable(&rosa, ROSA), UC_E_UNSUPPORTED);
	apps_wait(1000);
	struct discovery_keys k = split_keys();
	expect_ok(discovery_keys_sum(&k, &sum));
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_err(discoverable(&rosa, TOM), UC_E_NOT_ALLOWED);
	expect_ok(discoverable(&rosa, ROSA));
	expect_ok(provider_filter_now(dial->provider));
	filter_wait();
	struct fuse_filter f = filter_get(&tom, VIEW_OF(sum.b), &edition);
	expect_eq(f.head.count, 1);
	struct discovery_batch b = batch_of(ROSA, 3);
	expect_ok(split_ask(&tom, &b, values));
	expect_ok(discovery_find(&f, &k, values, 3, found));
	expect(found[0] && !found[1] && !found[2]);
	/* Neither app has, or is asked for, a number; Dial's half gives another value. */
	expect_eq(stored_count(dial->accounts, VIEW_OF(values[0].b)), 1);
	alone = value_of(ROSA);
	expect_eq(stored_count(dial->accounts, VIEW_OF(alone.b)), 0);
	expect(!fuse_filter_has(&f, discovery_filter_key(&alone)));
	expect_eq(stored_count(lens->accounts, VIEW_OF(values[0].b)), 0);
	/* What was asked is counted at both, after a kill of both. */
	app_kill(dial, false);
	app_kill(lens, false);
	app_start(lens);
	expect_ok(provider_set_custody(lens->provider, VIEW_LIT("dial.example")));
	app_start(dial);
	expect_ok(provider_set_discovery(dial->provider, true, lens->domain));
	expect_ok(person_sign_in(&tom));
	expect_eq(dial->provider->discovery.has_other, true);
	struct discovery_batch more = batch_of(TOM, DISCOVERY_START - 2);
	expect_err(split_ask(&tom, &more, values), UC_E_RATE);
	apps_end();
}

TEST(a_custodian_that_is_away_or_lies_costs_nobody_their_budget)
{
	struct discovery_value values[2];
	split();
	apps_wait(1000);
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	struct discovery_batch b = batch_of(ROSA, 2), all = batch_of(ROSA, DISCOVERY_START);
	lens->is_down = true;
	expect_err(split_ask(&tom, &b, values), UC_E_BUSY);
	expect_err(discoverable(&rosa, ROSA), UC_E_BUSY);
	expect_eq(kept_values(ROSA), 0);
	lens->is_down = false;
	/* Another key than it had. */
	lens->keys.custody.seed[0] ^= 1;
	expect_err(split_ask(&tom, &b, values), UC_E_PEER);
	expect_err(discoverable(&rosa, ROSA), UC_E_PEER);
	lens->keys.custody.seed[0] ^= 1;
	/* It does not know us any more. */
	expect_ok(provider_set_custody(lens->provider, VIEW_LIT("plaza.example")));
	expect_err(split_ask(&tom, &b, values), UC_E_PEER);
	expect_ok(provider_set_custody(lens->provider, VIEW_LIT("dial.example")));
	struct discovery_evaluate_request q = {
		view_make(all.blinded, all.n * OPRF_ELEMENT),
	};
	expect_ok(client_ask(tom.c, FRAME_DISCOVERY_EVALUATE, discovery_evaluate_request_element,
			     &q, NULL, NULL));
	expect_ok(discoverable(&rosa, ROSA));
	/* Since it has another key for good, it is asked for that with a change of ours. */
	lens->keys.custody.seed[0] ^= 1;
	expect_ok(provider_keys_rotate_discovery(&dial->keys, test_env()));
	provider_discovery_changed(dial->provider);
	apps_wait(20000);
	expect_ok(discoverable(&rosa, ROSA));
	apps_end();
}

/* Nobody is there, which is known before the asking is over. */
static void no_way_out(void *ctx, uint64_t token, struct view domain, const struct peer_request *q)
{
	struct app *a = ctx;
	(void)domain, (void)q;
	provider_response(a->provider, token, &(struct peer_response){ .status = 0 });
}

TEST(who_asks_is_told_though_the_custodian_fails_at_once)
{
	struct discovery_value values[2];
	split();
	apps_wait(1000);
	struct discovery_batch b = batch_of(ROSA, 2);
	const struct provider_outputs *out = dial->provider->config.out;
	struct provider_outputs none = *out;
	none.ask = no_way_out;
	dial->provider->config.out = &none;
	expect_err(split_ask(&tom, &b, values), UC_E_BUSY);
	expect_eq(dial->provider->discovery.jobs_n, 0);
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_err(discoverable(&rosa, ROSA), UC_E_BUSY);
	dial->provider->config.out = out;
	expect_ok(split_ask(&tom, &b, values));
	expect_ok(discoverable(&rosa, ROSA));
	apps_end();
}

static void no_answer(void *ctx, uint64_t token, struct view domain, const struct peer_request *q)
{
	(void)ctx, (void)token, (void)domain, (void)q;
}

/* Else it held a place of the batches for ever, and after enough of them nobody's could begin. */
TEST(a_custodian_that_never_answers_is_not_waited_for)
{
	struct discovery_value values[2];
	split();
	apps_wait(1000);
	struct discovery_batch b = batch_of(ROSA, 2);
	const struct provider_outputs *out = dial->provider->config.out;
	struct provider_outputs none = *out;
	none.ask = no_answer;
	dial->provider->config.out = &none;
	expect_err(split_ask(&tom, &b, values), UC_E_CLOSED);
	expect_eq(dial->provider->discovery.jobs_n, 1);
	apps_wait(ASK_TIMEOUT_MS);
	expect_eq(dial->provider->discovery.jobs_n, 0);
	dial->provider->config.out = out;
	/* It was told so, and has paid nothing. */
	expect_ok(split_ask(&tom, &b, values));
	apps_end();
}

TEST(a_custodian_answers_those_it_is_one_of_and_only_so_much)
{
	struct discovery_evaluate_request q = { .blinded = { NULL, 0 } };
	struct discovery_custody_response of_dial, of_plaza;
	struct view body, answer;
	uint8_t identity[OPRF_ELEMENT] = { 0 };
	split();
	expect_ok(wire_encode_to(&apps_mem, discovery_evaluate_request_element, &q, &body));
	expect_eq(peer_ask(lens, lens, "custodyEvaluate", lens->domain, body, &answer), 403);
	expect_eq(peer_ask(lens, dial, "custodyEvaluate", lens->domain, body, &answer), 200);
	expect_ok(wire_decode(answer, &apps_mem, discovery_custody_response_element, &of_dial));
	expect_eq(peer_ask(lens, &apps[PLAZA], "custodyEvaluate", lens->domain, body, &answer),
		  200);
	expect_ok(wire_decode(answer, &apps_mem, discovery_custody_response_element, &of_plaza));
	expect(!view_equal(of_dial.key, of_plaza.key));
	q.blinded = VIEW_OF(identity);
	expect_ok(wire_encode_to(&apps_mem, discovery_evaluate_request_element, &q, &body));
	expect_eq(peer_ask(lens, dial, "custodyEvaluate", lens->domain, body, &answer), 400);
	expect_eq(peer_ask(lens, dial, "custodyEvaluate", lens->domain, VIEW_LIT("no"), &answer),
		  400);
	struct discovery_batch b = batch_of(ROSA, DISCOVERY_BATCH_MAX);
	q.blinded = view_make(b.blinded, b.n * OPRF_ELEMENT);
	expect_ok(wire_encode_to(&apps_mem, discovery_evaluate_request_element, &q, &body));
	struct rate limits[LIMITS_N] = { [LIMIT_PEER_NUMBERS] = { 1500, 100 } };
	provider_set_limits(lens->provider, limits);
	expect_eq(peer_ask(lens, dial, "custodyEvaluate", lens->domain, body, &answer), 200);
	expect_eq(peer_ask(lens, dial, "custodyEvaluate", lens->domain, body, &answer), 429);
	app_kill(lens, false);
	app_start(lens);
	expect_ok(provider_set_custody(lens->provider, VIEW_LIT("dial.example")));
	provider_set_limits(lens->provider, limits);
	expect_eq(peer_ask(lens, dial, "custodyEvaluate", lens->domain, body, &answer), 429);
	apps_end();
}

static uint32_t spent_by(const struct person *p)
{
	struct numbers_record r = { 0 };
	struct store_key k;
	bool found;
	expect_ok(record_find(dial->accounts, key_1(&k, TABLE_NUMBERS, VIEW_OF(p->account_id)),
			      numbers_record_element, &apps_mem, &r, &found));
	return r.spent;
}

TEST(neither_a_repeat_nor_what_is_no_batch_is_given_back)
{
	struct discovery_value values[2];
	split();
	apps_wait(1000);
	struct discovery_batch b = batch_of(ROSA, 2);
	expect_ok(split_ask(&tom, &b, values));
	expect_eq(spent_by(&tom), 2);
	lens->is_down = true;
	expect_err(split_ask(&tom, &b, values), UC_E_BUSY);
	expect_eq(spent_by(&tom), 2);
	/* What was given back is paid when it comes again. */
	b = batch_of(TOM, 2);
	expect_err(split_ask(&tom, &b, values), UC_E_BUSY);
	expect_eq(spent_by(&tom), 2);
	lens->is_down = false;
	expect_ok(split_ask(&tom, &b, values));
	expect_eq(spent_by(&tom), 4);
	/* The other custodian refuses it before we have come to what is wrong. */
	struct discovery_batch many = batch_of(ROSA, 900);
	memset(many.blinded[899].b, 0xff, OPRF_ELEMENT);
	expect_err(split_ask(&tom, &many, values), UC_E_MALFORMED);
	lens->is_down = true;
	many.blinded[0] = b.blinded[0];
	expect_err(split_ask(&tom, &many, values), UC_E_RATE);
	expect_eq(spent_by(&tom), 904);
	apps_end();
}

/* --- what is left behind --- */

/* Something is run on a stack of its own, which is looked through then. */
enum { STACK_BYTES = 1 << 20, PIECE = 8 };
static uint8_t stack[STACK_BYTES] __attribute__((aligned(4096)));
static struct buf turn_on;
static uint64_t held_token;
static struct view held;

static void *run_turn_on(void *ctx)
{
	(void)ctx;
	provider_frame(dial->provider, rosa.c->session, buf_view(&turn_on));
	return NULL;
}

static void *run_answer(void *ctx)
{
	provider_response(dial->provider, held_token, ctx);
	return NULL;
}

static void on_stack(void *(*run)(void *ctx), void *ctx)
{
	pthread_attr_t attributes;
	pthread_t thread;
	memset(stack, 0, sizeof stack);
	expect_eq(pthread_attr_init(&attributes), 0);
	expect_eq(pthread_attr_setstack(&attributes, stack, sizeof stack), 0);
	expect_eq(pthread_create(&thread, &attributes, run, ctx), 0);
	expect_eq(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attributes);
}

/* How many pieces of Rosa's value are there. */
static size_t left_on_stack(void)
{
	struct discoverable_record r = { 0 };
	struct store_key k;
	size_t n = 0;
	apps_settle();
	expect_ok(record_get(dial->accounts,
			     key_1(&k, TABLE_DISCOVERABLE, VIEW_OF(rosa.account_id)),
			     discoverable_record_element, &apps_mem, &r));
	for (size_t piece = 0; piece < sizeof r.value; piece += PIECE)
		for (size_t i = 0; i + PIECE <= STACK_BYTES; i++)
			n += view_equal(view_make(stack + i, PIECE),
					view_make(r.value + piece, PIECE));
	return n;
}

static void hold(void *ctx, uint64_t token, struct view domain, const struct peer_request *q)
{
	(void)ctx, (void)domain;
	held_token = token;
	expect_ok(arena_copy(&apps_mem, q->body, &held));
}

static void turn_on_init(void)
{
	const struct discoverable_set_request q = { .on = 1, .number = VIEW_LIT(ROSA) };
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	buf_init(&turn_on, 4096);
	expect_ok(frame_add_request(&turn_on, FRAME_DISCOVERABLE_SET, 1,
				    discoverable_set_request_element, &q));
}

/* Twice: the first time functions of libraries are looked for, which puts registers onto the stack. */
TEST(a_value_is_left_on_no_stack)
{
	numbers_begin();
	turn_on_init();
	on_stack(run_turn_on, NULL);
	on_stack(run_turn_on, NULL);
	expect_eq(left_on_stack(), 0);
	buf_done(&turn_on);
	apps_end();
}

static void *run_filter(void *ctx)
{
	(void)ctx;
	for (int i = 0; i < 20; i++)
		filter_tick(dial->provider, test_now_ms);
	return NULL;
}

TEST(nor_by_the_filter_that_it_goes_into)
{
	numbers_begin();
	expect_ok(settings_open(&rosa, 1, AGE_ADULT));
	expect_ok(discoverable(&rosa, ROSA));
	for (int i = 0; i < 2; i++) {
		expect_ok(provider_filter_now(dial->provider));
		on_stack(run_filter, NULL);
		expect(!dial->provider->discovery.build);
	}
	expect_eq(left_on_stack(), 0);
	apps_end();
}

TEST(nor_is_one_of_two_halves)
{
	split();
	apps_wait(1000);
	turn_on_init();
	const struct provider_outputs *out = dial->provider->config.out;
	struct provider_outputs holds = *out;
	holds.ask = hold;
	dial->provider->config.out = &holds;
	for (int i = 0; i < 2; i++) {
		struct peer_response r = { .status = 200 };
		provider_frame(dial->provider, rosa.c->session, buf_view(&turn_on));
		expect_eq(peer_ask(lens, dial, "custodyEvaluate", lens->domain, held, &r.body),
			  200);
		on_stack(run_answer, &r);
	}
	dial->provider->config.out = out;
	expect_eq(left_on_stack(), 0);
	buf_done(&turn_on);
	apps_end();
}
