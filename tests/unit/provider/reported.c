/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/provider/reported.h"

#include "mimi/media_type.h"

static struct metrics counted;

struct abusive_message said(struct guest *by, const char *text)
{
	struct submit_message_request s = { .protocol = PROTOCOL_MLS10,
					    .sending_uri = by->participant };
	struct submit_message_response r = { .frank = NULL };
	struct abusive_message m = { .accepted_timestamp = 0 };
	struct mimi_content c;
	struct view data, aad, bytes;
	uint8_t tag[FRANKING_TAG];
	uint64_t seq;
	uc_err err;
	expect_ok(mimi_content_new(test_env(), by->participant, by->room, &apps_mem, &c));
	mimi_content_set_text(&c, view_str(text), false);
	expect_ok(mimi_content_write(&c, &apps_mem, &m.message_content));
	expect_ok(application_data_write(m.message_content, NULL, &apps_mem, &data));
	expect_ok(franking_tag(VIEW_OF(c.salt), data, tag));
	expect_ok(franking_aad_write(tag, &apps_mem, &aad));
	expect_ok(group_encrypt(by->g, aad, data, 256, &apps_mem, &s.app_message));
	expect_ok(wire_encode_to(&apps_mem, submit_message_request_element, &s, &bytes));
	expect_eq(guest_submit(by, bytes, &r, &seq, &err), SUBMIT_ACCEPTED);
	if (r.frank)
		m.frank = *r.frank;
	m.accepted_timestamp = r.accepted_timestamp;
	return m;
}

struct view report_why(const struct guest *accused, struct abusive_message *v, size_t n,
		       enum report_reason why)
{
	const struct abuse_report r = { .alleged_abuser_uri = accused->participant,
					.reason_code = (uint8_t)why,
					.note = VIEW_LIT("every day"),
					.messages = { v, n } };
	struct view bytes = { NULL, 0 };
	expect_ok(wire_encode_to(&apps_mem, abuse_report_element, &r, &bytes));
	return bytes;
}

struct view report_of(const struct guest *accused, struct abusive_message *v, size_t n)
{
	return report_why(accused, v, n, REPORT_HARASSMENT);
}

uc_err report(struct person *by, uint8_t to, struct view bytes, struct report_response *out)
{
	return report_file(by, to, the_room, bytes, out);
}

void everybody(void)
{
	the_people();
	guest_init(&r2, &rob, NULL);
	guest_init(&t1, &tom, NULL);
	guest_init(&i1, &ida, NULL);
	the_room_of((struct guest *[]){ &r2, &t1, &i1 }, 3);
	apps_wait(60000); /* openings are written */
}

uint64_t forged(void)
{
	return metric_count_get(&counted.value[METRIC_REPORTS_FORGED]);
}

uint64_t late(void)
{
	return metric_count_get(&counted.value[METRIC_REPORTS_LATE]);
}

void count_at(struct app *a)
{
	counted = (struct metrics){ 0 };
	for (int i = 0; i < APPS; i++)
		if (apps[i].provider)
			apps[i].provider->config.metrics = NULL;
	a->provider->config.metrics = &counted;
}
