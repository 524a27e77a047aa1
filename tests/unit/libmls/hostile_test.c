/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from anybody: cut off, changed, of another kind, someone else's. */
#include "tests/unit/libmls/crew.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519

static const struct mls_bytes nothing;

/* Everything that takes bytes, with these. */
static void try_all(struct sailor *s, struct mls_bytes in)
{
	struct mls_received got;
	struct mls_peek peek;
	struct mls_bytes_list refs;
	struct mls_group_info info;
	struct mls_key_package k;
	struct mls_made made;
	mls_group *g = NULL;
	mls_public_group *p = NULL;
	const struct mls_join join = { .welcome = in, .key_package_secret = s->package.secret };
	const struct mls_join join_with = { .welcome = in, .key_package_secret = in };
	const struct mls_join_external outside = { .group_info = in, .identity = &s->identity };
	/* These may well read what was changed; the last checks a signature. */
	uc_err seen = mls_peek(in, &peek);
	if (!seen)
		seen = mls_welcome_refs(in, s->out, &refs);
	if (seen)
		seen = mls_group_info_inspect(in, s->out, &info);
	expect(mls_key_package_inspect(s->client, in, s->out, &k));
	expect(!seen || uc_err_class(seen) <= UC_CLASS_CRYPTO);
	if (!mls_group_receive(s->group, in, s->out, &got))
		mls_group_staged_drop(s->group);
	expect(mls_group_join(s->client, &join, &g));
	expect(mls_group_join(s->client, &join_with, &g));
	expect(mls_group_join_external(s->client, &outside, s->out, &made, &g));
	expect(mls_public_group_new(s->client, in, nothing, &p));
	expect(!g && !p);
	mls_out_clear(s->out);
}

static void mangle(struct sailor *s, struct mls_bytes message, size_t step)
{
	uint8_t *copy = malloc(message.n + 1);
	expect(copy);
	for (size_t i = 0; copy && i < message.n; i += step) {
		memcpy(copy, message.p, message.n);
		try_all(s, (struct mls_bytes){ copy, i });
		copy[i] ^= 0x81;
		try_all(s, (struct mls_bytes){ copy, message.n });
	}
	free(copy);
}

TEST(what_is_cut_off_or_changed_is_refused)
{
	struct sailor crew[3];
	struct mls_bytes said, proposed, info;
	struct mls_made made;
	mls_out *kept;
	crew_begin(crew, 2, SUITE);
	sailor_begin(&crew[2], "newcomer", SUITE, NULL);
	expect_ok(mls_out_new(0, &kept));
	const struct mls_proposal add = sailor_add(&crew[2], SUITE);
	const struct mls_commit what = { .proposals = { &add, 1 } };
	/* In memory of its own: try_all clears the sailors'. */
	expect_ok(mls_group_protect(crew[0].group, bytes_of("said"), nothing, 32, kept, &said));
	expect_ok(mls_group_propose_update(crew[0].group, NULL, kept, &proposed));
	expect_ok(mls_group_commit(crew[0].group, &what, kept, &made));
	expect_ok(mls_group_info(crew[0].group, false, false, kept, &info));
	crew[1].package.secret = nothing;
	mangle(&crew[1], said, 1);
	mangle(&crew[1], proposed, 3);
	mangle(&crew[1], made.commit, 11);
	mangle(&crew[1], made.welcome, 7);
	mangle(&crew[1], info, 7);
	/* And all of it is still what it was. */
	struct mls_received got;
	expect_ok(mls_group_receive(crew[1].group, said, crew[1].out, &got));
	expect_ok(mls_group_receive(crew[1].group, proposed, crew[1].out, &got));
	expect_ok(mls_group_receive(crew[1].group, made.commit, crew[1].out, &got));
	mls_out_free(kept);
	crew_end(crew, 3);
}

TEST(a_peek_reads_the_head)
{
	struct sailor crew[2];
	struct mls_bytes b;
	struct mls_made made;
	struct mls_peek peek = { .epoch = 0 };
	crew_begin(crew, 2, SUITE);
	const struct mls_proposal p = { .type = MLS_REMOVE, .index = 1 };
	const struct mls_commit what = { .proposals = { &p, 1 } };
	expect_ok(mls_group_protect(crew[0].group, bytes_of("x"), bytes_of("aad"), 0, crew[0].out,
				    &b));
	expect_ok(mls_peek(b, &peek));
	expect_eq(peek.wire_format, MLS_WIRE_PRIVATE);
	expect_eq(peek.content_type, MLS_APPLICATION);
	expect_eq(peek.epoch, 1);
	expect_bytes(view_of(peek.group_id), VIEW_LIT("the crew"));
	expect_bytes(view_of(peek.authenticated_data), VIEW_LIT("aad"));
	expect_ok(mls_group_propose(crew[0].group, &p, bytes_of("why"), crew[0].out, &b));
	expect_ok(mls_peek(b, &peek));
	expect_eq(peek.wire_format, MLS_WIRE_PUBLIC);
	expect_eq(peek.content_type, MLS_PROPOSAL);
	expect_eq(peek.proposal_type, MLS_REMOVE);
	expect_eq(peek.sender.type, MLS_MEMBER);
	expect_eq(peek.sender.index, 0);
	expect_bytes(view_of(peek.authenticated_data), VIEW_LIT("why"));
	expect_ok(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	expect_ok(mls_peek(made.commit, &peek));
	expect_eq(peek.content_type, MLS_COMMIT);
	expect_ok(mls_peek(made.group_info, &peek));
	expect_eq(peek.wire_format, MLS_WIRE_GROUP_INFO);
	expect_eq(peek.suite, SUITE);
	expect_eq(peek.epoch, 2);
	(void)sailor_add(&crew[1], SUITE);
	expect_ok(mls_peek(crew[1].package.message, &peek));
	expect_eq(peek.wire_format, MLS_WIRE_KEY_PACKAGE);
	expect_eq(peek.suite, SUITE);
	peek.epoch = 4711;
	expect_err(mls_peek(nothing, &peek), UC_E_MALFORMED);
	expect_err(mls_peek(bytes_of("\x01\x02\x03"), &peek), UC_E_MALFORMED);
	expect_err(mls_peek((struct mls_bytes){ (const uint8_t[]){ 0, 2, 0, 1 }, 4 }, &peek),
		   UC_E_VERSION);
	expect_err(mls_peek((struct mls_bytes){ (const uint8_t[]){ 0, 1, 0, 9 }, 4 }, &peek),
		   UC_E_MALFORMED);
	expect_eq(peek.epoch, 4711);
	struct mls_group_info info;
	expect_ok(mls_group_info_inspect(made.group_info, crew[0].out, &info));
	expect(info.has_external_pub && !info.has_ratchet_tree);
	expect_eq(info.context.epoch, 2);
	expect_eq(info.signer, 0);
	crew_end(crew, 2);
}

TEST(messages_of_another_group_are_none_of_ours)
{
	struct sailor crew[2], other[2];
	struct mls_bytes b;
	struct mls_received got;
	crew_begin(crew, 2, SUITE);
	for (size_t i = 0; i < 2; i++)
		sailor_begin(&other[i], i ? "y" : "x", SUITE, NULL);
	sailor_create(&other[0], SUITE, "elsewhere", (struct mls_extensions){ NULL, 0 });
	expect_ok(mls_group_protect(other[0].group, bytes_of("x"), nothing, 0, other[0].out, &b));
	expect_err(mls_group_receive(crew[0].group, b, crew[0].out, &got), UC_E_UNEXPECTED);
	/* Nor is one of the same name. */
	mls_group_free(other[0].group);
	sailor_create(&other[0], SUITE, "the crew", (struct mls_extensions){ NULL, 0 });
	struct mls_proposal add = sailor_add(&other[1], SUITE);
	const struct mls_commit what = { .proposals = { &add, 1 } };
	crew_commit(other, 2, &other[0], &what);
	expect_ok(mls_group_protect(other[0].group, bytes_of("x"), nothing, 0, other[0].out, &b));
	expect_err(mls_group_receive(crew[0].group, b, crew[0].out, &got), UC_E_DECRYPT);
	expect_ok(mls_group_propose_update(other[0].group, NULL, other[0].out, &b));
	expect(mls_group_receive(crew[0].group, b, crew[0].out, &got));
	crew_agrees(crew, 2);
	crew_end(other, 2);
	crew_end(crew, 2);
}

TEST(secrets_are_exported_alike)
{
	struct sailor crew[2];
	uint8_t a[40], b[40], c[40];
	struct mls_bytes x, y;
	crew_begin(crew, 2, SUITE);
	expect_ok(mls_group_export(crew[0].group, "label", bytes_of("ctx"), a, sizeof a));
	expect_ok(mls_group_export(crew[1].group, "label", bytes_of("ctx"), b, sizeof b));
	expect_ok(mls_group_export(crew[1].group, "label", bytes_of("other"), c, sizeof c));
	expect_bytes(VIEW_OF(a), VIEW_OF(b));
	expect(!view_equal(VIEW_OF(a), VIEW_OF(c)));
	expect_ok(mls_group_resumption_psk(crew[0].group, 1, crew[0].out, &x));
	expect_ok(mls_group_resumption_psk(crew[1].group, 1, crew[1].out, &y));
	expect_bytes(view_of(x), view_of(y));
	crew_end(crew, 2);
}
