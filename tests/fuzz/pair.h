/* SPDX-License-Identifier: Apache-2.0 */
/* Two members of a group, made once, whose stored state is then bent. */
#ifndef TESTS_FUZZ_PAIR_H
#define TESTS_FUZZ_PAIR_H

#include "tests/fuzz/env.h"

#include "mls/group.h"

static const struct group_platform platform = { .env = &env };

static struct leaf_parameters parameters(const struct sign_key *key, struct view name)
{
	static uint16_t version = 1, suite = SUITE_X25519_AES128, credential = CREDENTIAL_BASIC;
	return (struct leaf_parameters){
		.signature_key = key,
		.credential = { .credential_type = CREDENTIAL_BASIC, .identity = name },
		.capabilities = { .versions = { &version, 1 },
				  .cipher_suites = { &suite, 1 },
				  .credentials = { &credential, 1 } },
	};
}

/* Added by the first, and in its group. */
static struct group *second_member(struct group *first, const struct suite *s, struct arena *a)
{
	const struct extension_list none = { NULL, 0 };
	struct key_package_secrets secrets;
	struct sign_key key;
	struct view package;
	struct made_commit made;
	struct group *g = NULL;
	struct key_package k;
	must(sign_key_generate(s, &env, &key));
	const struct leaf_parameters leaf = parameters(&key, VIEW_LIT("tom"));
	must(key_package_make(s, &env, &leaf, 3600, &none, a, &package, &secrets));
	must(wire_decode(package, a, key_package_element, &k));
	const struct proposal add = { .proposal_type = PROPOSAL_ADD, .key_package = k };
	const struct commit_options options = { .proposals = &add, .proposal_count = 1 };
	must(group_commit(first, &options, a, &made));
	const struct welcome_input in = { made.welcome, made.ratchet_tree, package, &secrets };
	must(group_join(&platform, &in, &g));
	must(group_pending_apply(first));
	return g;
}

static void next_epoch(struct group *by, struct group *other, struct arena *a)
{
	const struct commit_options path = { .force_path = true };
	struct made_commit made;
	struct received r;
	must(group_commit(by, &path, a, &made));
	must(group_receive(other, made.commit, a, &r));
	must(group_staged_apply(other));
	must(group_pending_apply(by));
}

/* Four bytes each: where (16 bits, from the end when the operation is odd), what, with what. */
static struct view changed(struct view from, struct view how, struct arena *a)
{
	uint8_t *p = arena_take(a, from.n + 1);
	size_t n = from.n;
	fuzz_expect(p && n);
	memcpy(p, from.p, n);
	for (; how.n >= 4 && n; how = view_slice(how, 4, SIZE_MAX)) {
		size_t at = ((size_t)how.p[0] << 8 | how.p[1]) % n;
		at = how.p[2] & 1 ? n - 1 - at : at;
		switch (how.p[2] >> 1 & 3) {
		case 0:
			p[at] ^= how.p[3];
			break;
		case 1:
			p[at] = how.p[3];
			break;
		case 2:
			memmove(p + at, p + at + 1, n - at - 1);
			n--;
			break;
		default:
			n = at;
		}
	}
	return view_make(p, n);
}

#endif
