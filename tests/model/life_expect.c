/* SPDX-License-Identifier: Apache-2.0 */
/* How a letter must be received: the model's own list of reasons, in the order in which RFC 9420 and
 * group.h have them. */
#include "tests/model/life.h"

#include "mls/group_inside.h"

static struct verdict always(uc_err err)
{
	return (struct verdict){ err, err };
}

static struct verdict either(uc_err a, uc_err b)
{
	return (struct verdict){ a, b };
}

static uint64_t number_of(const struct life *l, int state)
{
	return l->states[state].e.epoch;
}

static bool of_one_group(const struct life *l, int a, int b)
{
	return view_equal(l->states[a].e.group_id, l->states[b].e.group_id);
}

/* Is the state one of those that the person has the resumption_psk of? */
static bool has_resumption(const struct person *p, int state)
{
	for (int i = 0; i < GROUP_RESUMPTION_EPOCHS; i++)
		if (p->entered[i] == state)
			return true;
	return false;
}

/* Of another branch, whose epoch has the same number: there is a key, and it is the wrong one. */
static bool has_another(const struct person *p, int state)
{
	const struct life *l = p->life;
	for (int i = 0; i < GROUP_RESUMPTION_EPOCHS; i++)
		if (p->entered[i] != NOBODY && of_one_group(l, p->entered[i], state) &&
		    number_of(l, p->entered[i]) == number_of(l, state))
			return true;
	return false;
}

uc_err expect_keys(const struct person *p, const struct letter *m)
{
	bool another = false;
	if (m->psk[1] && p->number % 2 == 0)
		return UC_E_PSK;
	for (size_t i = 0; i < m->resumption_n; i++) {
		if (has_resumption(p, m->resumption[i]))
			continue;
		if (!has_another(p, m->resumption[i]))
			return UC_E_PSK;
		another = true;
	}
	return another ? UC_E_DECRYPT : UC_OK;
}

uc_err expect_joined(const struct person *p, const struct letter *m)
{
	const struct life *l = p->life;
	uc_err err = expect_keys(p, m);
	if (err || p->at == NOBODY || l->states[p->at].e.is_closed)
		return err;
	return of_one_group(l, p->at, m->in) ? UC_E_EXISTS : UC_OK;
}

static bool removes(const struct letter *m, int64_t leaf)
{
	for (size_t i = 0; i < m->change.removed.n; i++)
		if (m->change.removed.v[i] == leaf)
			return true;
	return false;
}

static bool is_of(const struct letter *m, const struct person *p)
{
	return m->from == p->number && !m->change.is_external;
}

/* A handshake of an epoch before this one, which is past; of commits more is known. */
static struct verdict late(const struct life *l, const struct taken *t, const struct letter *m)
{
	for (size_t i = 0; m->kind == LETTER_COMMIT && i < t->n; i++)
		if (number_of(l, l->letters[t->v[i]].in) == number_of(l, m->in))
			return always(&l->letters[t->v[i]] == m ? UC_E_REPLAY : UC_E_FORK);
	return always(UC_E_EPOCH_PAST);
}

static struct verdict words(const struct person *p, const struct letter *m)
{
	const struct life *l = p->life;
	const int have[3] = { p->at, p->past[0], p->past[1] };
	for (int i = 0; i < 3; i++) {
		if (have[i] == NOBODY || number_of(l, have[i]) != number_of(l, m->in))
			continue;
		if (have[i] == p->at && l->states[p->at].e.is_closed)
			return always(UC_E_CLOSED);
		if (have[i] != m->in) /* of another branch */
			return always(UC_E_DECRYPT);
		if (m->from == p->number)
			return always(UC_E_OWN);
		return always(p->used[m - l->letters] ? UC_E_DECRYPT : UC_OK);
	}
	return always(number_of(l, m->in) > number_of(l, p->at) ? UC_E_EPOCH_FUTURE
								: UC_E_EPOCH_PAST);
}

/* Of this epoch's number, but of another branch, whose keys and context are others. */
static struct verdict of_a_branch(const struct letter *m)
{
	if (m->is_private)
		return always(UC_E_DECRYPT);
	if (m->change.is_external)
		return always(UC_E_SIGNATURE);
	return always(UC_E_MAC);
}

static struct verdict commit(const struct person *p, const struct letter *m)
{
	const struct life *l = p->life;
	int64_t leaf = slow_find(&l->states[p->at].e.tree, view_str(p->name));
	for (size_t i = 0; i < m->refs_n; i++)
		if (!p->stored[m->refs[i]])
			return always(UC_E_NOT_FOUND);
	if (removes(m, leaf))
		return always(UC_OK);
	return always(expect_keys(p, m));
}

/* While another commit is staged, everything waits, but what competes with it is told apart, and so
 * is what is late whatever is done with it. */
static struct verdict beside_staged(const struct person *p, const struct letter *m)
{
	const struct life *l = p->life;
	if (p->staged == m - l->letters || !of_one_group(l, m->in, p->at))
		return always(UC_E_PENDING);
	if (m->kind == LETTER_WORDS)
		return words(p, m).err == UC_E_EPOCH_PAST ? always(UC_E_EPOCH_PAST)
							  : always(UC_E_PENDING);
	if (number_of(l, m->in) < number_of(l, p->at))
		return late(l, &p->taken, m);
	bool competes = m->kind == LETTER_COMMIT && m->in == p->at && !is_of(m, p);
	return always(competes ? UC_E_FORK : UC_E_PENDING);
}

struct verdict expect_received(const struct person *p, const struct letter *m)
{
	const struct life *l = p->life;
	int number = (int)(m - l->letters);
	if (p->pending == number)
		return always(UC_OK);
	if (p->at == NOBODY)
		return always(UC_E_REMOVED);
	if (p->staged != NOBODY)
		return beside_staged(p, m);
	if (!of_one_group(l, m->in, p->at))
		return always(UC_E_UNEXPECTED);
	if (m->kind == LETTER_WORDS)
		return words(p, m);
	if (number_of(l, m->in) > number_of(l, p->at))
		return always(UC_E_EPOCH_FUTURE);
	if (number_of(l, m->in) < number_of(l, p->at))
		return late(l, &p->taken, m);
	/* Only a private one is opened late; in a closed epoch nothing was ever sent. */
	if (m->in != p->at)
		return l->states[p->at].e.is_closed ? either(UC_E_CLOSED, of_a_branch(m).err)
						    : of_a_branch(m);
	if (is_of(m, p))
		return always(UC_E_OWN);
	if (m->kind == LETTER_COMMIT)
		return commit(p, m);
	if (p->stored[number])
		return always(m->is_private ? UC_E_DECRYPT : UC_E_REPLAY);
	return always(UC_OK);
}

struct verdict expect_server(const struct life *l, const struct letter *m)
{
	int at = l->server.at;
	if (m->is_private || m->kind == LETTER_WORDS || !of_one_group(l, m->in, at))
		return always(UC_E_UNEXPECTED);
	if (number_of(l, m->in) > number_of(l, at))
		return always(UC_E_EPOCH_FUTURE);
	if (number_of(l, m->in) < number_of(l, at))
		return late(l, &l->server.taken, m);
	/* The sender's leaf may be blank there. */
	if (m->in != at)
		return either(UC_E_SIGNATURE, UC_E_NOT_FOUND);
	if (m->kind == LETTER_PROPOSAL)
		return always(l->server.stored[m - l->letters] ? UC_E_REPLAY : UC_OK);
	for (size_t i = 0; i < m->refs_n; i++)
		if (!l->server.stored[m->refs[i]])
			return always(UC_E_NOT_FOUND);
	return always(UC_OK);
}
