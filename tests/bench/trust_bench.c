/* SPDX-License-Identifier: Apache-2.0 */
/* What finding people by number costs, in CPU time of one thread, and how long somebody would have to
 * ask to find everybody; and what a token costs who draws, issues and redeems it (docs/performance.md).
 *
 * usage: bench-trust [--json] [--budget MS] [--contacts N] [--findable N]
 *
 * Each part is repeated for the budget, three times at least; shown are the median and what the
 * quickest tenth stayed below.  All figures of contacts are for a whole batch of --contacts (1,000),
 * the filter's for --findable people (1,000,000). */
#include "provider/limits.h"
#include "tests/bench/bench.h"
#include "trust/discovery.h"
#include "trust/tokens.h"

#include "net/env_system.h"

#include <stdlib.h>
#include <string.h>

/* A country's numbers, and what an account may ask for in the first of its years. */
enum { COUNTRY = 10000000, YEAR = DISCOVERY_START + 365 * DISCOVERY_DAILY + 366 * REQUESTS_DAY };

static double budget_us = 300e3;
static size_t contacts = DISCOVERY_BATCH_MAX, findable = 1000000;

struct run {
	const struct env *env;
	struct arena a;
	struct oprf_key whole, half[2];
	struct view *numbers;
	struct discovery_batch batch;
	struct oprf_element *evaluated[2];
	struct discovery_answer answers[2];
	struct discovery_value *values;
};

static bool wants_more(const struct samples *s)
{
	return s->n < 3 || samples_sum(s) < budget_us;
}

static void show_of(const char *full, struct samples *s, double times, double us, const char *unit)
{
	figure_print(&(struct figure){
		.name = full,
		.value = samples_quantile(s, 0.5) / times / us,
		.unit = unit,
		.low = samples_quantile(s, 0.1) / times / us,
	});
	samples_done(s);
}

/* Each sample counts `times`: shown is one of them, in units of `us` microseconds. */
static void show(const char *name, struct samples *s, double times, double us, const char *unit)
{
	char full[64];
	snprintf(full, sizeof full, "trust.discovery.%s", name);
	show_of(full, s, times, us, unit);
}

static void show_number(const char *name, double value, const char *unit)
{
	char full[64];
	snprintf(full, sizeof full, "trust.discovery.%s", name);
	figure_print(&(struct figure){ .name = full, .value = value, .unit = unit });
}

static void *taken(void *p)
{
	if (!p)
		bench_die("no room");
	return p;
}

static void numbers_make(struct run *r)
{
	r->numbers = taken(ARENA_ARRAY(&r->a, struct view, contacts));
	for (size_t i = 0; i < contacts; i++) {
		char text[32];
		int n = snprintf(text, sizeof text, "+4930%08zu", i * 7919);
		MUST(arena_copy(&r->a, view_make(text, (size_t)n), &r->numbers[i]));
	}
}

static void begin(struct run *r)
{
	arena_init(&r->a, (size_t)1 << 30, ARENA_PLAIN);
	MUST(oprf_key_generate(r->env, &r->whole));
	MUST(oprf_key_split(r->env, &r->whole, r->half));
	numbers_make(r);
	for (int i = 0; i < 2; i++)
		r->evaluated[i] = taken(ARENA_ARRAY(&r->a, struct oprf_element, contacts));
	r->values = taken(ARENA_ARRAY(&r->a, struct discovery_value, contacts));
}

static void run_blind(struct run *r)
{
	struct samples t = { 0 };
	while (wants_more(&t)) {
		cpu_start(&t);
		MUST(discovery_ask(r->env, r->numbers, contacts, &r->a, &r->batch));
		cpu_stop(&t);
	}
	show("client.blind", &t, 1, 1e3, "ms");
}

static void answer(struct run *r, const struct oprf_key *k, size_t custodian)
{
	struct discovery_answer *a = &r->answers[custodian];
	a->evaluated = r->evaluated[custodian];
	a->n = contacts;
	MUST(discovery_evaluate(k, r->env, r->batch.blinded, contacts, r->evaluated[custodian],
				a->proof));
}

static void run_server(struct run *r)
{
	struct samples t = { 0 };
	while (wants_more(&t)) {
		cpu_start(&t);
		answer(r, &r->whole, 0);
		cpu_stop(&t);
	}
	show("server", &t, 1, 1e3, "ms");
}

static void run_finish(struct run *r, const struct oprf_key *k, size_t custodians, const char *name)
{
	struct samples t = { 0 };
	struct discovery_keys keys = { .n = custodians };
	for (size_t i = 0; i < custodians; i++) {
		keys.pub[i] = k[i].pub;
		answer(r, &k[i], i);
	}
	while (wants_more(&t)) {
		cpu_start(&t);
		MUST(discovery_finish(&r->batch, &keys, r->answers, custodians, r->values));
		cpu_stop(&t);
	}
	show(name, &t, 1, 1e3, "ms");
}

/* One element each way for each number, and the proof. */
static void show_bytes(void)
{
	double up = (double)contacts * (double)OPRF_ELEMENT, down = up + (double)OPRF_PROOF;
	show_number("bytes.up", up, "bytes");
	show_number("bytes.down", down, "bytes");
}

/* What whoever holds the whole key computes for a number, asked by nobody. */
static void run_offline(struct run *r)
{
	struct samples t = { 0 };
	while (wants_more(&t)) {
		cpu_start(&t);
		for (size_t i = 0; i < contacts; i++)
			MUST(discovery_value_of(&r->whole, r->numbers[i], &r->values[i]));
		cpu_stop(&t);
	}
	double each_us = samples_quantile(&t, 0.5) / (double)contacts;
	show("value", &t, (double)contacts, 1, "us");
	show_number("country.with_key", each_us * (double)COUNTRY / 60e6, "min");
}

static void run_filter(struct run *r)
{
	struct samples build = { 0 }, look = { 0 };
	struct fuse_head head = { .day = 1, .seed = 1 };
	struct fuse_filter f;
	size_t hits = 0, bytes = 0;
	uint64_t *keys = taken(ARENA_ARRAY(&r->a, uint64_t, findable));
	do {
		struct arena_mark mark = arena_mark(&r->a);
		struct view made;
		MUST(env_random(r->env, (uint8_t *)keys, findable * sizeof *keys));
		cpu_start(&build);
		MUST(fuse_filter_build(&head, keys, findable, &r->a, &made));
		cpu_stop(&build);
		MUST(fuse_filter_read(made, &f));
		bytes = made.n;
		cpu_start(&look);
		for (size_t i = 0; i < findable; i++)
			hits += fuse_filter_has(&f, keys[i]);
		cpu_stop(&look);
		arena_reset(&r->a, mark);
	} while (wants_more(&build));
	if (hits != build.n * findable)
		bench_die("a key is not found");
	show("filter.build", &build, 1, 1e3, "ms");
	show("filter.look", &look, (double)findable, 1e-3, "ns");
	show_number("filter.bytes", (double)bytes, "bytes");
	show_number("filter.bits", (double)bytes * 8 / (double)findable, "bits");
}

/* One of a batch, as large as they may be, and one alone. */
static void run_tokens(const struct run *r, size_t n, const char *names[4])
{
	struct samples draw = { 0 }, issue = { 0 }, finish = { 0 }, verify = { 0 };
	struct token_draw draws[TOKENS_AT_ONCE];
	struct oprf_element blinded[TOKENS_AT_ONCE], evaluated[TOKENS_AT_ONCE];
	struct token tokens[TOKENS_AT_ONCE];
	uint8_t proof[OPRF_PROOF];
	struct view issuer = VIEW_LIT("lens.example");
	while (wants_more(&verify)) {
		cpu_start(&draw);
		MUST(tokens_draw(r->env, &r->whole.pub, issuer, draws, n));
		cpu_stop(&draw);
		for (size_t i = 0; i < n; i++)
			blinded[i] = draws[i].blinded;
		cpu_start(&issue);
		MUST(tokens_issue(&r->whole, r->env, blinded, n, evaluated, proof));
		cpu_stop(&issue);
		cpu_start(&finish);
		MUST(tokens_finish(&r->whole.pub, draws, evaluated, n, proof, tokens));
		cpu_stop(&finish);
		cpu_start(&verify);
		for (size_t i = 0; i < n; i++)
			MUST(token_verify(&r->whole, issuer, &tokens[i]));
		cpu_stop(&verify);
	}
	show_of(names[0], &draw, (double)n, 1, "us");
	show_of(names[1], &issue, (double)n, 1, "us");
	show_of(names[2], &finish, (double)n, 1, "us");
	show_of(names[3], &verify, (double)n, 1, "us");
}

static bool arguments(int argc, char **argv, bool *json)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			*json = true;
		else if (!strcmp(argv[i], "--budget") && i + 1 < argc)
			budget_us = strtod(argv[++i], NULL) * 1e3;
		else if (!strcmp(argv[i], "--contacts") && i + 1 < argc)
			contacts = strtoul(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--findable") && i + 1 < argc)
			findable = strtoul(argv[++i], NULL, 10);
		else
			return false;
	}
	return contacts && contacts <= DISCOVERY_BATCH_MAX && findable && findable <= FUSE_KEYS_MAX;
}

int main(int argc, char **argv)
{
	struct run r = { .env = env_system() };
	bool json = false;
	if (!arguments(argc, argv, &json)) {
		fputs("usage: bench-trust [--json] [--budget MS] [--contacts N] [--findable N]\n",
		      stderr);
		return 2;
	}
	figure_begin(json, "finding by number, and tokens");
	begin(&r);
	run_blind(&r);
	run_server(&r);
	run_finish(&r, &r.whole, 1, "client.finish");
	run_finish(&r, r.half, 2, "client.finish.split");
	show_bytes();
	run_filter(&r);
	run_offline(&r);
	show_number("country.asking", (double)COUNTRY / (double)YEAR, "years");
	run_tokens(&r, 1,
		   (const char *[]){ "trust.token.draw", "trust.token.issue", "trust.token.finish",
				     "trust.token.redeem" });
	run_tokens(&r, TOKENS_AT_ONCE,
		   (const char *[]){ "trust.token.draw.batch", "trust.token.issue.batch",
				     "trust.token.finish.batch", "trust.token.redeem.batch" });
	arena_done(&r.a);
	return 0;
}
