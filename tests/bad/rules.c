/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bad/rules.h"

#include <string.h>

static const struct row {
	const char *name;
	uc_err error;
	const char *also;
} rows[] = {
#define RULE(id, section, error, also, says) { #id, error, also },
#include "wire/forms.def"

#include "mls/rules.def"
#undef RULE
};

static bool off[RULE_COUNT];
/* So far, in this program: inputs that nothing but their rule refuses; those that others of its row,
 * or a tag or path that is missing, would refuse as well; those whose rule others stand on. */
static size_t alone, together, grounds;
static bool with_others;

__attribute__((destructor)) static void told(void)
{
	printf("wrong inputs: %zu by one rule alone, %zu by others too, %zu by a ground of "
	       "others\n",
	       alone, together, grounds);
}

bool rule_is_off(enum mls_rule rule)
{
	return off[rule];
}

/* The forms are the first of the rules. */
bool form_is_off(enum wire_form form)
{
	return off[form];
}

/* The first that something broke, since that was forgotten: RULE_COUNT for none.  A form comes before
 * the rule that what was read should have it. */
static enum mls_rule broken = RULE_COUNT, broken_form = RULE_COUNT;

bool rule_broken(enum mls_rule rule)
{
	enum mls_rule *first = (size_t)rule < FORM_COUNT ? &broken_form : &broken;
	if (*first == RULE_COUNT)
		*first = rule;
	return true;
}

uc_err rule_judged(enum mls_rule rule, uc_err err)
{
	if (err && broken == RULE_COUNT && (size_t)rule >= FORM_COUNT)
		broken = rule;
	return err;
}

bool form_broken(enum wire_form form)
{
	return rule_broken((enum mls_rule)form);
}

void rule_forget(void)
{
	broken = broken_form = RULE_COUNT;
}

void rule_was(enum mls_rule rule, const char *file, int line)
{
	enum mls_rule was = (size_t)rule < FORM_COUNT ? broken_form : broken;
	if (was != rule)
		test_fail(file, line, "%s: it is %s that refused", rows[rule].name,
			  was == RULE_COUNT ? "no rule" : rows[was].name);
}

void rules_on(void)
{
	memset(off, 0, sizeof off);
}

void rules_off(void)
{
	for (size_t i = 0; i < RULE_COUNT; i++)
		off[i] = true;
}

uc_err rule_error(enum mls_rule rule)
{
	return rows[rule].error;
}

/* What follows stands on the check. */
static bool is_ground(enum mls_rule rule)
{
	return rows[rule].also[0] == '-';
}

static void also_off(enum mls_rule rule)
{
	struct view names = view_str(rows[rule].also), name;
	while (!is_ground(rule) && names.n && names.p[0] != ' ') {
		size_t n = 0;
		while (n < names.n && names.p[n] != ' ' && names.p[n] != ':')
			n++;
		name = view_slice(names, 0, n);
		/* What comes after a colon is why. */
		names = n < names.n ? view_slice(names, n + 1, names.n - n - 1)
				    : (struct view){ NULL, 0 };
		size_t i = 0;
		while (i < RULE_COUNT && !view_equal(view_str(rows[i].name), name))
			i++;
		expect(i < RULE_COUNT);
		if (i < RULE_COUNT)
			off[i] = true;
	}
}

void rule_switch_off_others(enum mls_rule rule)
{
	together++;
	also_off(rule);
}

void rule_stands(enum mls_rule rule)
{
	(void)rule;
	grounds++;
}

static bool as_well[RULE_COUNT];

void rule_off_as_well(enum mls_rule rule)
{
	as_well[rule] = true;
}

void rule_switch_off(enum mls_rule rule)
{
	off[rule] = true;
	also_off(rule);
}

bool rule_switch_alone(enum mls_rule rule)
{
	if (is_ground(rule)) {
		grounds++;
		return false;
	}
	alone++;
	off[rule] = true;
	return true;
}

void rule_switch_others(enum mls_rule rule)
{
	alone--;
	together++;
	also_off(rule);
}

/* --- one reader, with some rules off --- */

/* A copy of p's group, as it is at rest. */
static struct group *copy_of(struct club *c, const struct person *p)
{
	struct buf epoch, ratchets;
	struct group *copy = NULL;
	buf_init_secret(&epoch, WIRE_OBJECT_MAX);
	buf_init_secret(&ratchets, WIRE_OBJECT_MAX);
	expect_ok(group_save_epoch(p->g, &epoch));
	expect_ok(group_save_ratchets(p->g, &ratchets));
	expect_ok(group_load(&c->platform, buf_view(&epoch), buf_view(&ratchets), &copy));
	buf_done(&epoch);
	buf_done(&ratchets);
	return copy;
}

static uc_err person_reads(struct club *c, const struct person *p, struct view message)
{
	struct received got;
	struct group *copy = copy_of(c, p);
	uc_err err = copy ? group_receive(copy, message, &c->mem, &got) : UC_E_MEMORY;
	group_free(copy);
	return err;
}

static uc_err server_reads(struct club *c, struct view message)
{
	struct buf saved;
	struct public_group *copy = NULL;
	struct public_received got;
	buf_init(&saved, WIRE_OBJECT_MAX);
	expect_ok(public_group_save(c->server, &saved));
	uc_err err = public_group_load(test_env(), &c->hooks, buf_view(&saved), &copy);
	if (!err)
		err = public_group_receive(copy, message, &c->mem, &got);
	public_group_free(copy);
	buf_done(&saved);
	return err;
}

static void none_but(enum mls_rule rule, int asked, bool rule_too)
{
	rules_on();
	if (asked & (NO_TAG | NO_PATH))
		off[RULE_CONFIRMATION_TAG] = true;
	if (asked & NO_PATH)
		off[RULE_PATH_REQUIRED] = true;
	if (asked & BEHIND)
		also_off(rule);
	for (size_t i = 0; i < RULE_COUNT; i++)
		off[i] |= as_well[i];
	off[rule] = rule_too;
}

/* What p says, or the server where p is NULL. */
static uc_err reads(struct club *c, const struct person *p, struct view message)
{
	return p ? person_reads(c, p, message) : server_reads(c, message);
}

static void reader(struct club *c, const struct person *p, struct view message, enum mls_rule rule,
		   int asked)
{
	none_but(rule, asked, false);
	rule_forget();
	uc_err err = reads(c, p, message);
	rule_was(rule, __FILE__, __LINE__);
	if (err != rows[rule].error)
		test_fail(__FILE__, __LINE__, "%s: %s says %s, not %s", rows[rule].name,
			  p ? p->name : "the server", uc_err_name(err),
			  uc_err_name(rows[rule].error));
	if (is_ground(rule) || asked & STANDS) {
		rules_on();
		return;
	}
	none_but(rule, asked, true);
	err = reads(c, p, message);
	if (err) {
		with_others = true;
		also_off(rule);
		err = reads(c, p, message);
	}
	if (err)
		test_fail(__FILE__, __LINE__, "%s: off, and %s still says %s", rows[rule].name,
			  p ? p->name : "the server", uc_err_name(err));
	rules_on();
}

void breaks(struct club *c, const struct person *by, struct view message, enum mls_rule rule,
	    int asked)
{
	struct arena_mark mark = arena_mark(&c->mem);
	bool first = !(asked & BEHIND);
	with_others = asked & (NO_TAG | NO_PATH | BEHIND);
	for (size_t i = 0; i < RULE_COUNT; i++)
		with_others |= as_well[i];
	if (asked & MEMBERS && first)
		refused_by_members(c, by, message, rows[rule].error);
	if (asked & SERVER && first)
		refused_by_server(c, message, rows[rule].error);
	for (size_t i = 0; (asked & MEMBERS) && i < CLUB_MAX; i++)
		if (c->people[i].g && &c->people[i] != by)
			reader(c, &c->people[i], message, rule, asked);
	if (asked & SERVER)
		reader(c, NULL, message, rule, asked);
	memset(as_well, 0, sizeof as_well);
	if (is_ground(rule) || asked & STANDS)
		grounds++;
	else
		*(with_others ? &together : &alone) += 1;
	arena_reset(&c->mem, mark);
}

void breaks_commit(struct club *c, struct person *by, const struct proposal *v, size_t n,
		   enum mls_rule rule)
{
	struct made_commit made = { .commit = { NULL, 0 } };
	const struct commit_options o = { .proposals = v, .proposal_count = n };
	struct view before = person_saved(c, by);
	uc_err err = group_commit(by->g, &o, &c->mem, &made);
	if (!err && group_proposal_count(by->g)) {
		/* What waited and does not fit was left out. */
		expect(made.change.proposals.n < n + group_proposal_count(by->g));
		group_pending_drop(by->g);
	} else {
		expect_err(err, rows[rule].error);
		expect_bytes(person_saved(c, by), before);
	}
	off[rule] = true;
	err = group_commit(by->g, &o, &c->mem, &made);
	if (err) {
		also_off(rule);
		err = group_commit(by->g, &o, &c->mem, &made);
	}
	rules_on();
	if (err) {
		test_fail(__FILE__, __LINE__, "%s: off, and it cannot be made: %s", rows[rule].name,
			  uc_err_name(err));
		return;
	}
	group_pending_drop(by->g);
	breaks(c, by, made.commit, rule, ALL);
}

void breaks_path(struct club *c, const struct person *by, struct view message, enum mls_rule rule)
{
	refused_by_members(c, by, message, rows[rule].error);
	breaks(c, by, message, rule, SERVER);
}

void breaks_stored(struct club *c, struct person *by, const struct proposal *v, size_t n,
		   enum mls_rule rule, int asked)
{
	struct made_commit made = { .commit = { NULL, 0 } };
	const struct commit_options o = { .proposals = v, .proposal_count = n, .force_path = true };
	off[rule] = true;
	uc_err err = group_commit(by->g, &o, &c->mem, &made);
	rules_on();
	expect_ok(err);
	group_pending_drop(by->g);
	if (!err)
		breaks(c, by, made.commit, rule, asked);
}

/* The tag comes from one who reads it without asking for the rule, or for a tag. */
struct view tagged(struct club *c, struct person *by, const struct sign_key *key,
		   struct view message, enum mls_rule rule)
{
	struct forge f = forge_begin(c, by, CONTENT_COMMIT);
	struct mls_message m;
	struct received got;
	const struct person *reader = c->people;
	uint8_t *tag = arena_take(&c->mem, HASH_MAX);
	while (reader == by || !reader->g)
		reader++;
	struct group *copy = copy_of(c, reader);
	off[rule] = off[RULE_CONFIRMATION_TAG] = off[RULE_CONFIRMATION_TAG_LENGTH] = true;
	expect_ok(group_receive(copy, message, &c->mem, &got));
	rules_on();
	expect_ok(wire_decode(message, &c->mem, mls_message_element, &m));
	f.content = m.public_message.content;
	f.key = key;
	if (copy->staged)
		expect_ok(confirmation_tag_make(
			c->suite, &copy->staged->secrets,
			copy->staged->state.context.confirmed_transcript_hash, tag));
	f.confirmation_tag = view_make(tag, c->suite->nh);
	group_free(copy);
	return forge_public(&f);
}
