/* SPDX-License-Identifier: Apache-2.0 */
/* What MLS operations cost in groups of some sizes, in CPU time of one thread, beside the floor of
 * their primitives measured in the same run (mls_floor.h says how it is counted).
 *
 * usage: bench-mls [--json] [--budget MS] [--suite N] [--largest N] [SIZE...]
 *
 * Plain groups of all sizes; rooms, whose rules are asked at each step, of up to 100, where the
 * suite is 1, which all our rooms have.  Where no sizes are given, also how commits grow with the
 * group, up to --largest members (50,000; 0: not at all; mls_scale.h).  Each
 * operation is repeated for the budget, five times at least.  Shown are the median, what the
 * quickest tenth stayed below, and the ratio of that to the floor, whose prices are taken so, too. */
#include "tests/bench/bench.h"
#include "tests/bench/mls_scale.h"

#include <stdlib.h>
#include <string.h>

static double budget_us = 150e3;
static const struct suite *suite;
static struct prices prices;
static size_t largest = 50000;

enum op {
	OP_KEY_PACKAGE,
	OP_CREATE,
	OP_ADD_COMMIT,
	OP_UPDATE_COMMIT,
	OP_PROCESS_ADD,
	OP_PROCESS_COMMIT,
	OP_HUB_COMMIT,
	OP_ENCRYPT,
	OP_DECRYPT,
	OP_JOIN,
	OP_EXTERNAL_JOIN,
	OP_SAVE,
	OP_LOAD,
	OP_HUB_SAVE,
	OP_HUB_LOAD,
	OPS,
};
static const char *const op_names[OPS] = {
	[OP_KEY_PACKAGE] = "key_package",
	[OP_CREATE] = "create",
	[OP_ADD_COMMIT] = "add_commit",
	[OP_UPDATE_COMMIT] = "update_commit",
	[OP_PROCESS_ADD] = "process_add",
	[OP_PROCESS_COMMIT] = "process_commit",
	[OP_HUB_COMMIT] = "hub_commit",
	[OP_ENCRYPT] = "encrypt_1kib",
	[OP_DECRYPT] = "decrypt_1kib",
	[OP_JOIN] = "join",
	[OP_EXTERNAL_JOIN] = "external_join",
	[OP_SAVE] = "save_epoch",
	[OP_LOAD] = "load",
	[OP_HUB_SAVE] = "hub_save",
	[OP_HUB_LOAD] = "hub_load",
};

struct run {
	struct crowd c;
	struct samples t[OPS];
	struct arena a; /* of one repetition */
};

static bool wants_more(const struct samples *s)
{
	return s->n < 5 || samples_sum(s) < budget_us;
}

static void clear(struct run *r)
{
	arena_done(&r->a);
}

/* --- the operations --- */

static void run_key_package(struct run *r)
{
	struct samples *t = &r->t[OP_KEY_PACKAGE];
	while (wants_more(t)) {
		struct view out;
		struct key_package_secrets secrets;
		cpu_start(t);
		crowd_key_package(&r->c, &r->c.people[0], &r->a, &out, &secrets);
		cpu_stop(t);
		clear(r);
	}
}

static void run_create(struct run *r)
{
	struct samples *t = &r->t[OP_CREATE];
	do {
		cpu_start(t);
		struct group *g = crowd_create(&r->c, &r->a);
		cpu_stop(t);
		group_free(g);
		clear(r);
	} while (samples_sum(t) < budget_us);
}

/* Person n is added, joins, and is gone again with the copy of the group that added it. */
static void run_add(struct run *r)
{
	struct samples *commit = &r->t[OP_ADD_COMMIT], *join = &r->t[OP_JOIN];
	struct crowd_member *fresh = &r->c.people[r->c.n];
	while (wants_more(commit) || wants_more(join)) {
		struct proposal v[2];
		struct made_commit made;
		struct commit_options o = { .proposals = v };
		struct group *g;
		crowd_add(&r->c, &r->a, v, &o.proposal_count);
		cpu_start(commit);
		MUST(group_commit(r->c.a, &o, &r->a, &made));
		cpu_stop(commit);
		const struct welcome_input in = { made.welcome, made.ratchet_tree,
						  fresh->key_package, &fresh->secrets };
		cpu_start(join);
		MUST(group_join(&r->c.platform, &in, &g));
		cpu_stop(join);
		group_free(g);
		struct samples *process = &r->t[OP_PROCESS_ADD];
		struct received got;
		cpu_start(process);
		MUST(group_receive(r->c.b, made.commit, &r->a, &got));
		cpu_stop(process);
		group_staged_drop(r->c.b);
		group_pending_drop(r->c.a);
		clear(r);
	}
}

static void run_update(struct run *r)
{
	struct samples *commit = &r->t[OP_UPDATE_COMMIT], *process = &r->t[OP_PROCESS_COMMIT];
	struct samples *hub = &r->t[OP_HUB_COMMIT];
	const struct commit_options o = { .force_path = true };
	while (wants_more(commit) || wants_more(process)) {
		struct made_commit made;
		struct received got;
		struct public_received at_hub;
		cpu_start(commit);
		MUST(group_commit(r->c.a, &o, &r->a, &made));
		MUST(group_pending_apply(r->c.a));
		cpu_stop(commit);
		cpu_start(hub);
		MUST(public_group_receive(r->c.hub, made.commit, &r->a, &at_hub));
		MUST(public_group_check_info(r->c.hub, made.group_info));
		MUST(public_group_apply(r->c.hub));
		cpu_stop(hub);
		cpu_start(process);
		MUST(group_receive(r->c.b, made.commit, &r->a, &got));
		MUST(group_staged_apply(r->c.b));
		cpu_stop(process);
		clear(r);
	}
}

static void run_messages(struct run *r)
{
	static uint8_t text[1024];
	struct samples *seal = &r->t[OP_ENCRYPT], *open = &r->t[OP_DECRYPT];
	while (wants_more(seal) || wants_more(open)) {
		struct view message;
		struct received got;
		cpu_start(seal);
		MUST(group_encrypt(r->c.a, VIEW_LIT(""), VIEW_OF(text), 0, &r->a, &message));
		cpu_stop(seal);
		cpu_start(open);
		MUST(group_receive(r->c.b, message, &r->a, &got));
		cpu_stop(open);
		clear(r);
	}
}

/* b's place is taken by a new device of the same person; its commit goes nowhere. */
static void run_external(struct run *r)
{
	struct samples *t = &r->t[OP_EXTERNAL_JOIN];
	struct view info, tree, commit;
	struct arena kept;
	uint32_t leaf = group_own_leaf(r->c.b);
	arena_init(&kept, 64 << 20, ARENA_PLAIN);
	MUST(group_info_make(r->c.a, &kept, &info));
	MUST(group_ratchet_tree(r->c.a, &kept, &tree));
	crowd_renew(&r->c, &r->c.people[leaf]);
	while (wants_more(t)) {
		cpu_start(t);
		struct group *g = crowd_rejoin(&r->c, leaf, info, tree, leaf, &r->a, &commit);
		cpu_stop(t);
		group_free(g);
		clear(r);
	}
	arena_done(&kept);
}

static void run_storage(struct run *r)
{
	while (wants_more(&r->t[OP_LOAD])) {
		struct buf epoch, ratchets, public;
		struct group *g;
		struct public_group *p;
		buf_init_secret(&epoch, WIRE_OBJECT_MAX);
		buf_init_secret(&ratchets, WIRE_OBJECT_MAX);
		buf_init(&public, WIRE_OBJECT_MAX);
		cpu_start(&r->t[OP_SAVE]);
		MUST(group_save_epoch(r->c.a, &epoch));
		cpu_stop(&r->t[OP_SAVE]);
		MUST(group_save_ratchets(r->c.a, &ratchets));
		cpu_start(&r->t[OP_LOAD]);
		MUST(group_load(&r->c.platform, buf_view(&epoch), buf_view(&ratchets), &g));
		cpu_stop(&r->t[OP_LOAD]);
		cpu_start(&r->t[OP_HUB_SAVE]);
		MUST(public_group_save(r->c.hub, &public));
		cpu_stop(&r->t[OP_HUB_SAVE]);
		cpu_start(&r->t[OP_HUB_LOAD]);
		MUST(public_group_load(r->c.platform.env, r->c.platform.hooks, buf_view(&public),
				       &p));
		cpu_stop(&r->t[OP_HUB_LOAD]);
		group_free(g);
		public_group_free(p);
		buf_done(&epoch);
		buf_done(&ratchets);
		buf_done(&public);
	}
}

/* --- figures --- */

static void print(struct run *r)
{
	struct shape s;
	shape_of(&r->c, &s);
	const struct count counts[OPS] = {
		[OP_KEY_PACKAGE] = count_key_package(),
		[OP_CREATE] = count_create(&s),
		[OP_ADD_COMMIT] = count_add_commit(&s),
		[OP_UPDATE_COMMIT] = count_update_commit(&s),
		[OP_PROCESS_ADD] = count_process_add(&s),
		[OP_PROCESS_COMMIT] = count_process_update(&s),
		[OP_HUB_COMMIT] = count_hub_update(&s),
		[OP_ENCRYPT] = count_encrypt(&s),
		[OP_DECRYPT] = count_decrypt(&s),
		[OP_JOIN] = count_join(&s),
		[OP_EXTERNAL_JOIN] = count_external_join(&s),
	};
	for (enum op i = 0; i < OPS; i++) {
		char name[64], of_suite[FIGURE_SUITE];
		snprintf(name, sizeof name, "mls.%s%s%zu.%s", figure_suite(suite, of_suite),
			 r->c.is_room ? "room" : "", r->c.n, op_names[i]);
		const struct figure f = { .name = name,
					  .value = samples_quantile(&r->t[i], 0.5),
					  .unit = "us",
					  .low = samples_quantile(&r->t[i], 0.1),
					  .floor = count_price(&counts[i], &prices) };
		figure_print(&f);
		samples_done(&r->t[i]);
	}
}

static void run_size(size_t n, bool is_room)
{
	static struct run r;
	memset(&r, 0, sizeof r);
	prices_measure(suite, &prices);
	arena_init(&r.a, (size_t)1 << 30, ARENA_SECRET);
	crowd_begin(&r.c, suite, n, is_room);
	run_key_package(&r);
	run_create(&r);
	crowd_fill(&r.c);
	run_update(&r);
	run_add(&r);
	run_messages(&r);
	run_external(&r);
	run_storage(&r);
	print(&r);
	crowd_end(&r.c);
}

/* --- the program --- */

enum { SIZES_MAX = 16 };
struct sizes {
	size_t v[SIZES_MAX], n;
};

static void usage(FILE *to)
{
	fputs("usage: bench-mls [--json] [--budget MS] [--suite N] [--largest N] [SIZE...]\n", to);
}

/* The sizes that are asked for; false when the arguments are no good. */
static bool arguments(int argc, char **argv, struct sizes *sizes, bool *json)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			*json = true;
		else if (!strcmp(argv[i], "--budget") && i + 1 < argc)
			budget_us = strtod(argv[++i], NULL) * 1e3;
		else if (!strcmp(argv[i], "--suite") && i + 1 < argc)
			suite = suite_find((uint16_t)strtoul(argv[++i], NULL, 10));
		else if (!strcmp(argv[i], "--largest") && i + 1 < argc)
			largest = strtoul(argv[++i], NULL, 10);
		else if (sizes->n < SIZES_MAX && strtoul(argv[i], NULL, 10) >= 2)
			sizes->v[sizes->n++] = strtoul(argv[i], NULL, 10);
		else
			return false;
	}
	return suite != NULL;
}

int main(int argc, char **argv)
{
	static const struct sizes usual = { { 2, 10, 100, 1000 }, 4 };
	struct sizes sizes = { .n = 0 };
	char title[24];
	bool json = false;
	suite = suite_find(SUITE_X25519_AES128);
	if (!arguments(argc, argv, &sizes, &json)) {
		usage(stderr);
		return 2;
	}
	bool is_usual = !sizes.n;
	if (is_usual) {
		sizes = usual;
		if (suite->id != SUITE_X25519_AES128)
			sizes.n--; /* a thousand would take minutes */
	}
	snprintf(title, sizeof title, "MLS, suite 0x%04x", suite->id);
	figure_begin(json, title);
	prices_measure(suite, &prices);
	prices_print(suite, &prices);
	for (size_t i = 0; i < sizes.n; i++)
		run_size(sizes.v[i], false);
	for (size_t i = 0; i < sizes.n && suite->id == SUITE_X25519_AES128; i++)
		if (sizes.v[i] >= 10 && sizes.v[i] <= 100)
			run_size(sizes.v[i], true);
	if (is_usual && suite->id == SUITE_X25519_AES128)
		scale_run(suite, largest, budget_us, &prices);
	return 0;
}
