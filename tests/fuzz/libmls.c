/* SPDX-License-Identifier: Apache-2.0 */
/* Two members of one group by the public interface, told by the input what to do next, with messages
 * that were damaged on their way, and bytes that are none.  What fails hands nothing out. */
#include "tests/fuzz/fuzz.h"

#include "undercroft/mls_component.h"

enum { SLOTS = 8, OPERATIONS_MAX = 64 };

static uint64_t dice;

static uint64_t now(void *ctx)
{
	(void)ctx;
	return 1700000000000;
}

static uc_err roll(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		dice = dice * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(dice >> 56);
	}
	return UC_OK;
}

struct member {
	mls_client *client;
	mls_out *out;
	mls_signature_key *key;
	struct mls_identity identity;
	mls_group *group;
};
struct world {
	struct member member[2];
	mls_out *kept; /* what is in the slots */
	struct mls_bytes slot[SLOTS];
	const uint8_t *p;
	size_t left;
};

static void must(uc_err err)
{
	fuzz_expect(!err);
}

static uint8_t next(struct world *w)
{
	if (!w->left)
		return 0;
	w->left--;
	return *w->p++;
}

static void begin(struct member *m, const char *name)
{
	static const struct mls_platform platform = { .now_ms = now, .random = roll };
	const struct mls_options options = { .platform = &platform };
	must(mls_client_new(&options, &m->client));
	must(mls_out_new(0, &m->out));
	must(mls_signature_key_generate(m->client, 1, &m->key));
	m->identity.key = m->key;
	m->identity.credential.type = MLS_BASIC;
	m->identity.credential.identity = (struct mls_bytes){ (const uint8_t *)name, 3 };
}

static void meet(struct world *w)
{
	struct member *a = &w->member[0], *b = &w->member[1];
	struct mls_key_package_made package;
	struct mls_made made;
	const struct mls_create how = { .suite = 1, .identity = &a->identity };
	const struct mls_key_package_options o = { .identity = &b->identity, .suite = 1 };
	begin(a, "ann");
	begin(b, "bob");
	must(mls_out_new(0, &w->kept));
	must(mls_group_create(a->client, &how, &a->group));
	must(mls_key_package_make(b->client, &o, b->out, &package));
	const struct mls_proposal add = { .type = MLS_ADD, .key_package = package.message };
	const struct mls_commit what = { .proposals = { &add, 1 }, .tree_in_welcome = true };
	must(mls_group_commit(a->group, &what, a->out, &made));
	must(mls_group_pending_apply(a->group));
	const struct mls_join join = { .welcome = made.welcome,
				       .key_package_secret = package.secret };
	must(mls_group_join(b->client, &join, &b->group));
}

static void part(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		mls_group_free(w->member[i].group);
		mls_signature_key_free(w->member[i].key);
		mls_out_free(w->member[i].out);
		mls_client_free(w->member[i].client);
	}
	mls_out_free(w->kept);
}

/* --- what they do --- */

static void keep(struct world *w, struct mls_bytes message)
{
	must(mls_out_copy(w->kept, message.p, message.n, &w->slot[next(w) % SLOTS]));
}

static struct mls_proposal some_proposal(struct world *w)
{
	struct mls_proposal p = { .type = (uint16_t)(next(w) % 12), .index = next(w) % 4 };
	p.component_id = (uint16_t)(0x8000 | next(w) % 4);
	p.psk.type = (uint8_t)(next(w) % 4);
	p.reinit.suite = 1;
	p.data = (struct mls_bytes){ w->p, w->left < 4 ? w->left : 4 };
	return p;
}

static void propose(struct world *w, struct member *m)
{
	static const struct mls_bytes none;
	struct mls_bytes message = { NULL, 4711 };
	const struct mls_proposal p = some_proposal(w);
	uc_err err = p.type == MLS_UPDATE
			     ? mls_group_propose_update(m->group, NULL, m->out, &message)
			     : mls_group_propose(m->group, &p, none, m->out, &message);
	fuzz_expect(!err || message.n == 4711);
	if (!err)
		keep(w, message);
}

static void commit(struct world *w, struct member *m)
{
	struct mls_made made = { .commit = { NULL, 4711 } };
	const struct mls_proposal p = some_proposal(w);
	const uint8_t how = next(w);
	const struct mls_commit what = { .proposals = { &p, how & 1 },
					 .force_path = how & 2,
					 .without_stored = how & 4,
					 .stored_reinit = how & 8 };
	uc_err err = mls_group_commit(m->group, &what, m->out, &made);
	fuzz_expect(!err || made.commit.n == 4711);
	fuzz_expect(err || mls_group_has_pending(m->group));
	if (!err)
		keep(w, made.commit);
}

static void receive(struct world *w, struct member *m)
{
	struct mls_bytes in = w->slot[next(w) % SLOTS], copy = { NULL, 0 };
	struct mls_received got = { .epoch = 4711 };
	size_t at = next(w) | (size_t)next(w) << 8;
	uint8_t change = next(w);
	must(mls_out_copy(w->kept, in.p, in.n, &copy));
	if (change && at < copy.n)
		((uint8_t *)(uintptr_t)copy.p)[at] ^= change;
	uc_err err = mls_group_receive(m->group, copy, m->out, &got);
	fuzz_expect(!err || got.epoch == 4711);
	fuzz_expect(err || got.kind != MLS_RECEIVED_COMMIT || mls_group_has_staged(m->group));
}

static void restart(struct member *m)
{
	struct mls_writes writes;
	mls_group *again = NULL;
	size_t used = 0;
	uint64_t epoch = mls_group_epoch(m->group);
	bool pending = mls_group_has_pending(m->group);
	must(mls_group_writes_whole(m->group, m->out, &writes));
	must(mls_group_open(m->client, writes.root, writes.journal, &used, &again));
	fuzz_expect(used == writes.journal.n && mls_group_epoch(again) == epoch &&
		    mls_group_has_pending(again) == pending);
	mls_group_free(m->group);
	m->group = again;
}

static void look(struct world *w, struct member *m)
{
	enum mls_when when = (enum mls_when)(next(w) % 3);
	struct mls_leaf_list members = { NULL, 4711 };
	struct mls_proposal_list proposals;
	struct mls_bytes b;
	if (mls_group_members(m->group, when, m->out, &members))
		fuzz_expect(members.n == 4711);
	must(mls_group_proposals(m->group, m->out, &proposals));
	if (!mls_safe_export(m->group, next(w), m->out, &b))
		fuzz_expect(b.n == 32);
}

/* What is left of the input, to everything that takes bytes of others. */
static void rubbish(struct world *w, struct member *m)
{
	const struct mls_bytes in = { w->p, w->left };
	struct mls_peek peek;
	struct mls_bytes_list refs;
	struct mls_group_info info;
	struct mls_key_package k;
	struct mls_received got;
	struct mls_part part = { next(w), next(w), in };
	mls_group *g = NULL;
	mls_public_group *p = NULL;
	size_t used;
	const struct mls_join join = { .welcome = in, .key_package_secret = in };
	bool readable = !mls_peek(in, &peek);
	if (!mls_welcome_refs(in, m->out, &refs) || !mls_group_info_inspect(in, m->out, &info))
		fuzz_expect(readable);
	fuzz_expect(mls_key_package_inspect(m->client, in, m->out, &k) || readable);
	fuzz_expect(mls_group_receive(m->group, in, m->out, &got) || readable);
	fuzz_expect(mls_group_join(m->client, &join, &g));
	fuzz_expect(mls_group_open(m->client, in, in, &used, &g));
	fuzz_expect(mls_public_group_new(m->client, in, in, &p));
	fuzz_expect(mls_public_group_open(m->client, (struct mls_part_list){ &part, 1 }, &p));
	w->left = 0;
}

static void protect(struct world *w, struct member *m)
{
	struct mls_bytes message = { NULL, 4711 };
	const struct mls_bytes text = { w->p, w->left };
	uc_err err = mls_group_protect(m->group, text, text, next(w), m->out, &message);
	fuzz_expect(!err || message.n == 4711);
	if (!err)
		keep(w, message);
}

static void act(struct world *w)
{
	uint8_t what = next(w);
	struct member *m = &w->member[what & 1];
	bool had;
	switch (what >> 1 & 15) {
	case 0:
		protect(w, m);
		break;
	case 1:
	case 2:
		propose(w, m);
		break;
	case 3:
	case 4:
		commit(w, m);
		break;
	case 5:
		had = mls_group_has_pending(m->group);
		fuzz_expect(!mls_group_pending_apply(m->group) == had);
		break;
	case 6:
		mls_group_pending_drop(m->group);
		break;
	case 7:
		had = mls_group_has_staged(m->group);
		fuzz_expect(!mls_group_staged_apply(m->group) == had);
		break;
	case 8:
		mls_group_staged_drop(m->group);
		break;
	case 9:
		restart(m);
		break;
	case 10:
		look(w, m);
		break;
	case 11:
		mls_group_forget_past(m->group);
		break;
	case 12:
		rubbish(w, m);
		break;
	default:
		receive(w, m);
	}
	mls_out_clear(m->out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world w = { .p = data, .left = n };
	dice = 1;
	meet(&w);
	for (int i = 0; w.left && i < OPERATIONS_MAX; i++)
		act(&w);
	part(&w);
	return 0;
}
