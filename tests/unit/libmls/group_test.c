/* SPDX-License-Identifier: Apache-2.0 */
/* A group's life through the public interface. */
#include "tests/unit/libmls/crew.h"

TEST(people_meet_talk_and_part)
{
	for (uint16_t suite = 1; suite <= 7; suite++) {
		struct sailor crew[4];
		struct sailor *a = &crew[0];
		struct mls_change change;
		struct mls_made made;
		struct mls_received got;
		if (!mls_suite_name((sailor_begin(a, "probe", 1, NULL), a->client), suite)) {
			sailor_end(a);
			continue;
		}
		sailor_end(a);
		crew_begin(crew, 3, suite);
		sailor_begin(&crew[3], "late", suite, NULL);
		expect_eq(mls_group_member_count(a->group), 3);
		expect_eq(mls_group_epoch(a->group), 1);
		/* Somebody is removed and somebody is added, looked at before it is so. */
		struct mls_proposal both[2] = { { .type = MLS_REMOVE, .index = 1 },
						sailor_add(&crew[3], suite) };
		const struct mls_commit what = { .proposals = { both, 2 },
						 .authenticated_data = bytes_of("why") };
		expect_ok(mls_group_commit(a->group, &what, a->out, &made));
		expect_ok(mls_group_receive(crew[2].group, made.commit, crew[2].out, &got));
		change = got.change;
		expect_eq(change.left.n, 1);
		expect_bytes(view_of(change.left.v[0].credential.identity), VIEW_LIT("sailor 1"));
		expect_eq(change.joined.n, 1);
		expect_bytes(view_of(change.joined.v[0].credential.identity), VIEW_LIT("late"));
		expect_bytes(view_of(change.refs.v[0]), view_of(crew[3].package.ref));
		expect_eq(change.changed_count, 1);
		expect_bytes(view_of(change.changed[0].before.credential.identity),
			     VIEW_LIT("sailor 0"));
		expect(change.has_path && !change.is_external && !change.reinit);
		expect(!change.removes_us);
		expect_bytes(view_of(change.authenticated_data), VIEW_LIT("why"));
		expect_eq(change.before.epoch, 1);
		expect_eq(change.after.epoch, 2);
		expect_eq(mls_group_epoch(crew[2].group), 1);
		mls_group_staged_drop(crew[2].group);
		crew_deliver(crew, 4, a, &made);
		expect(!crew[1].group);
		expect_eq(mls_group_member_count(crew[3].group), 3);
		for (size_t i = 0; i < 4; i++)
			if (crew[i].group)
				sailor_restart(&crew[i]);
		crew_agrees(crew, 4);
		crew_end(crew, 4);
	}
}
