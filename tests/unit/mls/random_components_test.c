/* SPDX-License-Identifier: Apache-2.0 */
/* Random lives of groups whose components change: what they are and what they ask of members, beside
 * a model of a few arrays, which says of each step whether it is taken and what the dictionary is
 * then.  UNDERCROFT_TEST_SEED replays one seed, UNDERCROFT_TEST_LONG plays many. */
#include "tests/unit/mls/members.h"

#include "mls/group_safe.h"
#include "mls/safe_aad.h"

enum { PEOPLE = 10, KINDS = 4, BYTES = 6, FIRST = 0x8001 };

static struct club c;
static uint64_t state;
/* The model. */
static struct {
	struct {
		bool there;
		size_t n;
		char bytes[64];
	} data[KINDS]; /* components FIRST + 0, ... */
	/* Sets of those, by bits; the lists are there or not. */
	bool asks_components, asks_safe_aad;
	unsigned components, safe_aad;
	unsigned knows[CLUB_MAX], knows_aad[CLUB_MAX];
	bool exported[CLUB_MAX][KINDS];
} m;

static uint32_t roll(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % n;
}

static struct view set_encoded(unsigned set)
{
	uint16_t *v = ARENA_ARRAY(&c.mem, uint16_t, KINDS);
	struct components_list l = { { v, 0 } };
	struct view out = { NULL, 0 };
	for (unsigned i = 0; i < KINDS; i++)
		if (set & 1u << i)
			v[l.component_ids.n++] = (uint16_t)(FIRST + i);
	expect_ok(wire_encode_to(&c.mem, components_list_element, &l, &out));
	return out;
}

/* --- the model against the group --- */

static struct extension_list dictionary_now(struct group_view g)
{
	return g.context->extensions;
}

static void same_as(const struct extension_list *l)
{
	struct view have;
	expect_eq(component_in(l, COMPONENT_APP_COMPONENTS, &have), m.asks_components);
	if (m.asks_components)
		expect_bytes(have, set_encoded(m.components));
	expect_eq(component_in(l, COMPONENT_SAFE_AAD, &have), m.asks_safe_aad);
	if (m.asks_safe_aad)
		expect_bytes(have, set_encoded(m.safe_aad));
	for (unsigned i = 0; i < KINDS; i++) {
		expect_eq(component_in(l, (uint16_t)(FIRST + i), &have), m.data[i].there);
		if (m.data[i].there)
			expect_bytes(have, view_make(m.data[i].bytes, m.data[i].n));
	}
	expect_ok(components_check(l));
}

static void check(void)
{
	for (size_t i = 0; i < PEOPLE; i++)
		if (c.people[i].g) {
			const struct extension_list l = dictionary_now(group_now(c.people[i].g));
			same_as(&l);
		}
	const struct extension_list l = dictionary_now(public_group_now(c.server));
	same_as(&l);
}

static bool fits(unsigned knows, unsigned knows_aad)
{
	return !(m.asks_components && m.components & ~knows) &&
	       !(m.asks_safe_aad && m.safe_aad & ~knows_aad);
}

static bool all_fit(void)
{
	bool all = true;
	for (size_t i = 0; i < PEOPLE; i++)
		all &= !c.people[i].g || fits(m.knows[i], m.knows_aad[i]);
	return all;
}

/* --- people --- */

static size_t any(bool member)
{
	size_t i;
	do
		i = roll(PEOPLE);
	while (!c.people[i].g == member);
	return i;
}

static void new_epoch(void)
{
	for (size_t i = 0; i < CLUB_MAX; i++)
		for (size_t k = 0; k < KINDS; k++)
			m.exported[i][k] = false;
}

static struct extension_list knowing(unsigned knows, unsigned knows_aad)
{
	struct extension_list l = { NULL, 0 };
	expect_ok(extensions_with_component(&l, COMPONENT_APP_COMPONENTS, set_encoded(knows),
					    &c.mem, &l));
	expect_ok(extensions_with_component(&l, COMPONENT_SAFE_AAD, set_encoded(knows_aad), &c.mem,
					    &l));
	return l;
}

/* Most know all. */
static unsigned some_set(void)
{
	return roll(3) ? (1u << KINDS) - 1 : roll(1u << KINDS);
}

/* A commit with that result; then the model's epoch is over. */
static void expect_commit(size_t by, const struct commit_options *o, uc_err want)
{
	struct made_commit made;
	uc_err err = group_commit(c.people[by].g, o, &c.mem, &made);
	expect_err(err, want);
	if (err)
		return;
	club_deliver(&c, &c.people[by], &made);
	new_epoch();
}

/* --- steps --- */

/* Updates and removals, a few of them of one component; an AppEphemeral among them. */
static void change_data(void)
{
	struct proposal v[BYTES + 1];
	size_t n = 1 + roll(BYTES), updates[KINDS] = { 0 }, removals[KINDS] = { 0 };
	static const char *const words[] = { "", "a", "bc", "def" };
	const char *last[KINDS] = { NULL };
	bool twice = false, absent = false;
	for (size_t i = 0; i < n; i++) {
		unsigned k = roll(KINDS), op = roll(4) ? APP_DATA_UPDATE : APP_DATA_REMOVE;
		const char *word = words[roll(4)];
		v[i] = (struct proposal){ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
					  .app_data_update = { (uint16_t)(FIRST + k), (uint8_t)op,
							       view_str(word) } };
		op == APP_DATA_UPDATE ? updates[k]++ : removals[k]++;
		if (op == APP_DATA_UPDATE)
			last[k] = word;
	}
	v[n] = (struct proposal){ .proposal_type = PROPOSAL_APP_EPHEMERAL,
				  .app_ephemeral = { (uint16_t)(FIRST + roll(KINDS)),
						     VIEW_LIT("now") } };
	for (unsigned k = 0; k < KINDS; k++) {
		twice |= removals[k] > 1 || (removals[k] && updates[k]);
		absent |= removals[k] && !m.data[k].there;
	}
	const struct commit_options o = { .proposals = v,
					  .proposal_count = n + roll(2),
					  .force_path = roll(2) };
	uc_err want = twice ? UC_E_UNEXPECTED : absent ? UC_E_NOT_FOUND : UC_OK;
	size_t by = any(true);
	for (unsigned k = 0; !want && k < KINDS; k++) {
		if (removals[k])
			m.data[k].there = false;
		if (!last[k])
			continue;
		m.data[k].there = true;
		m.data[k].n = strlen(last[k]);
		memcpy(m.data[k].bytes, last[k], m.data[k].n);
	}
	expect_commit(by, &o, want);
}

/* What is asked of members: more, less, something else. */
static void change_requirements(void)
{
	bool *asks = roll(2) ? &m.asks_components : &m.asks_safe_aad;
	unsigned *set = asks == &m.asks_components ? &m.components : &m.safe_aad;
	uint16_t id = asks == &m.asks_components ? COMPONENT_APP_COMPONENTS : COMPONENT_SAFE_AAD;
	bool had = *asks, removes = !roll(3);
	unsigned before = *set;
	*asks = !removes;
	if (!removes)
		*set = roll(3) ? roll(2) << roll(KINDS) : roll(1u << KINDS);
	uc_err want = removes && !had ? UC_E_NOT_FOUND : all_fit() ? UC_OK : UC_E_UNSUPPORTED;
	const struct proposal p = { .proposal_type = PROPOSAL_APP_DATA_UPDATE,
				    .app_data_update = {
					    id, removes ? APP_DATA_REMOVE : APP_DATA_UPDATE,
					    removes ? view_make(NULL, 0) : set_encoded(*set) } };
	const struct commit_options o = { .proposals = &p, .proposal_count = 1 };
	if (want) {
		*asks = had;
		*set = before;
	}
	expect_commit(any(true), &o, want);
}

static void somebody_comes(void)
{
	if (club_count(&c) == PEOPLE)
		return;
	size_t i = any(false);
	struct person *p = club_person(&c, i);
	m.knows[i] = some_set();
	m.knows_aad[i] = some_set();
	p->leaf.extensions = knowing(m.knows[i], m.knows_aad[i]);
	bool may = fits(m.knows[i], m.knows_aad[i]);
	if (may && roll(2)) {
		club_join_external(&c, p, TREE_NONE);
		new_epoch();
		return;
	}
	const struct proposal add = add_of(&c, p);
	const struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	expect_commit(any(true), &o, may ? UC_OK : UC_E_UNSUPPORTED);
	p->key_package = view_make(NULL, 0);
}

static void somebody_goes(void)
{
	if (club_count(&c) < 3)
		return;
	size_t by = any(true), who;
	do
		who = any(true);
	while (who == by);
	const struct proposal remove = remove_of(&c.people[who]);
	const struct commit_options o = { .proposals = &remove, .proposal_count = 1 };
	expect_commit(by, &o, UC_OK);
}

static void somebody_learns(void)
{
	size_t i = any(true);
	unsigned knows = some_set(), knows_aad = some_set();
	const struct extension_list l = knowing(knows, knows_aad);
	const struct commit_options o = { .leaf_extensions = &l };
	bool may = fits(knows, knows_aad);
	expect_commit(i, &o, may ? UC_OK : UC_E_UNSUPPORTED);
	if (may) {
		m.knows[i] = knows;
		m.knows_aad[i] = knows_aad;
	}
}

static void somebody_talks(void)
{
	struct safe_aad_item items[KINDS];
	struct view aad, message, said;
	size_t n = 0, by = any(true);
	for (unsigned k = 0; k < KINDS; k++)
		if (roll(2))
			items[n++] = (struct safe_aad_item){ (uint16_t)(FIRST + KINDS - 1 - k),
							     VIEW_LIT("item") };
	expect_ok(safe_aad_make(items, n, &c.mem, &aad));
	expect_err(group_encrypt(c.people[by].g, VIEW_LIT("free"), VIEW_LIT("words"), 0, &c.mem,
				 &message),
		   m.asks_safe_aad ? UC_E_MALFORMED : UC_OK);
	expect_ok(group_encrypt(c.people[by].g, aad, VIEW_LIT("words"), 0, &c.mem, &message));
	for (size_t i = 0; i < PEOPLE; i++) {
		struct received got = { .epoch = 0 };
		if (!c.people[i].g || i == by)
			continue;
		expect_ok(group_receive(c.people[i].g, message, &c.mem, &got));
		for (size_t k = 0; k < n; k++)
			expect(safe_aad_find(got.authenticated_data, items[k].component_id, &said));
	}
}

static void somebody_exports(void)
{
	unsigned k = roll(KINDS);
	struct secret first = { .n = 0 }, next;
	for (size_t i = 0; i < PEOPLE; i++) {
		struct person *p = &c.people[i];
		if (!p->g || roll(3) == 0)
			continue;
		uc_err want = m.exported[i][k] ? UC_E_NOT_FOUND : UC_OK;
		expect_err(group_safe_export(p->g, (uint16_t)(FIRST + k), &next), want);
		person_restart(&c, p);
		m.exported[i][k] = true;
		if (want)
			continue;
		if (first.n)
			expect(secret_equal(&first, &next));
		first = next;
	}
}

static void live(uint64_t seed, size_t steps)
{
	static void (*const kinds[])(void) = {
		change_data,   change_data,     change_requirements, somebody_comes,
		somebody_goes, somebody_learns, somebody_talks,      somebody_exports,
	};
	int before = test_failures();
	state = seed;
	test_seed(seed);
	memset(&m, 0, sizeof m);
	club_begin(&c, suite_at(suite_at(seed % 7) ? seed % 7 : 0));
	club_person(&c, 0)->leaf.extensions = knowing(m.knows[0] = 15, m.knows_aad[0] = 15);
	struct extension_list l = club_extensions(&c, NULL);
	club_create(&c, &l);
	for (size_t i = 0; i < steps && test_failures() == before; i++) {
		struct arena_mark mark = arena_mark(&c.mem);
		kinds[roll(sizeof kinds / sizeof *kinds)]();
		check();
		club_agrees(&c);
		arena_reset(&c.mem, mark);
		/* What lay there is made again when it is needed. */
		for (size_t k = 0; k < PEOPLE; k++)
			c.people[k].leaf.extensions = (struct extension_list){ NULL, 0 };
	}
	if (test_failures() != before)
		fprintf(stderr, "  seed %llu, %zu members\n", (unsigned long long)seed,
			club_count(&c));
	club_end(&c);
}

TEST(random_components)
{
	const char *one = getenv("UNDERCROFT_TEST_SEED");
	bool is_long = getenv("UNDERCROFT_TEST_LONG") != NULL;
	if (one) {
		live(strtoull(one, NULL, 10), 400);
		return;
	}
	for (uint64_t seed = 1; seed <= (is_long ? 300 : 14); seed++)
		live(seed, is_long ? 200 : 60);
}
