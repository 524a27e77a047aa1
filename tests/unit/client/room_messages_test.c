/* SPDX-License-Identifier: Apache-2.0 */
/* What a member does not believe of a message, and what its length tells. */
#include "client/room_group_inside.h"
#include "mimi/content.h"
#include "mimi/media_type.h"
#include "mls/group_state.h"

#include "tests/unit/client/trio.h"

static void not_believed(struct person *p, struct view message, const struct frank *frank,
			 uc_err err)
{
	struct room_entry e = { .timestamp = 77 };
	expect_err(person_entry(p, hub_fanout(&hub, message, frank), &hub.mem, &e), err);
	expect_eq(e.timestamp, 77);
}

/* A message with any tag, content and media type. */
static struct view forged(struct person *by, struct view data, const uint8_t tag[FRANKING_TAG])
{
	struct view aad = { NULL, 0 }, message = { NULL, 0 };
	expect_ok(franking_aad_write(tag, &hub.mem, &aad));
	expect_ok(group_encrypt(by->g->g, aad, data, 256, &hub.mem, &message));
	return message;
}

static struct view framed(struct view content, uint8_t tag[FRANKING_TAG])
{
	struct mimi_content m = { .salt = { 0 } };
	struct view data = { NULL, 0 };
	expect_ok(mimi_content_read(content, &hub.mem, &m));
	expect_ok(application_data_write(content, NULL, &hub.mem, &data));
	expect_ok(franking_tag(VIEW_OF(m.salt), data, tag));
	return data;
}

static struct view joined(const struct view parts[2])
{
	uint8_t *p = arena_take(&hub.mem, parts[0].n + parts[1].n);
	memcpy(p, parts[0].p, parts[0].n);
	memcpy(p + parts[0].n, parts[1].p, parts[1].n);
	return view_make(p, parts[0].n + parts[1].n);
}

static struct view salt_of(struct view data)
{
	static struct mimi_content m;
	struct chain_head head;
	struct view content = { NULL, 0 };
	expect_ok(application_data_read(data, &hub.mem, &content, &head));
	expect_ok(mimi_content_read(content, &hub.mem, &m));
	return VIEW_OF(m.salt);
}

TEST(messages_without_a_right_frank)
{
	uint8_t tag[FRANKING_TAG];
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	trio_commit(&rosa, &ida, NULL);
	struct view whose = view_str(tom.set.participant);
	struct view data = framed(person_says(&tom, "as it is", &hub.mem), tag);
	/* None at all; another's; another time; a signature that isn't one. */
	struct view m = forged(&tom, data, tag);
	struct frank right = hub_frank(&hub, m, whose), other;
	not_believed(&ida, m, NULL, UC_E_FRANK);
	m = forged(&tom, data, tag);
	other = hub_frank(&hub, m, view_str(rosa.set.participant));
	not_believed(&ida, m, &other, UC_E_FRANK);
	m = forged(&tom, data, tag);
	hub.clock++;
	not_believed(&ida, m, &right, UC_E_FRANK);
	hub.clock--;
	m = forged(&tom, data, tag);
	other = right;
	other.server_frank[0] ^= 1;
	not_believed(&ida, m, &other, UC_E_FRANK);
	m = forged(&tom, data, tag);
	other = right;
	other.franking_integrity_signature = (struct view){ NULL, 0 };
	other.franking_signature_ciphersuite = 0;
	not_believed(&ida, m, &other, UC_E_FRANK);
	/* Where the hub is one's own app it need not sign. */
	struct room_entry e;
	expect_ok(person_entry(&rosa, hub_fanout(&hub, m, &other), &hub.mem, &e));
	m = forged(&tom, data, tag);
	not_believed(&rosa, m, NULL, UC_E_FRANK);
	m = forged(&tom, data, tag);
	expect_ok(person_entry(&ida, hub_fanout(&hub, m, &right), &hub.mem, &e));
	trio_end();
}

TEST(messages_that_say_what_is_not_so)
{
	uint8_t tag[FRANKING_TAG], another[FRANKING_TAG];
	struct mimi_content m;
	struct view content = { NULL, 0 };
	struct frank f;
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	struct view whose = view_str(tom.set.participant);
	/* The tag of another message. */
	framed(person_says(&tom, "harmless", &hub.mem), another);
	struct view message =
		forged(&tom, framed(person_says(&tom, "harm", &hub.mem), tag), another);
	f = hub_frank(&hub, message, whose);
	not_believed(&rosa, message, &f, UC_E_FRANK);
	/* Another sender's words, and another room's. */
	message = forged(&tom, framed(person_says(&rosa, "I said so", &hub.mem), tag), tag);
	f = hub_frank(&hub, message, whose);
	not_believed(&rosa, message, &f, UC_E_FRANK);
	f = hub_frank(&hub, message, view_str(rosa.set.participant));
	message = forged(&tom, framed(person_says(&rosa, "I said so", &hub.mem), tag), tag);
	not_believed(&rosa, message, &f, UC_E_FRANK);
	expect_ok(mimi_content_new(test_env(), whose, VIEW_LIT("mimi://dial.example/r/other"),
				   &hub.mem, &m));
	mimi_content_set_text(&m, VIEW_LIT("elsewhere"), false);
	expect_ok(mimi_content_write(&m, &hub.mem, &content));
	message = forged(&tom, framed(content, tag), tag);
	f = hub_frank(&hub, message, whose);
	not_believed(&rosa, message, &f, UC_E_FRANK);
	/* In the short form, which a report would not make of it again. */
	static const uint8_t typeless[2] = { 0 };
	struct view parts[2] = { VIEW_OF(typeless),
				 framed(person_says(&tom, "short", &hub.mem), tag) };
	parts[1] = view_slice(parts[1], 26, parts[1].n);
	struct view brief = joined(parts);
	expect_ok(franking_tag(salt_of(brief), brief, tag));
	message = forged(&tom, brief, tag);
	f = hub_frank(&hub, message, whose);
	not_believed(&rosa, message, &f, UC_E_FRANK);
	/* No content at all, or no tag. */
	message = forged(&tom, VIEW_LIT("\x00\x00\x02hi"), tag);
	f = hub_frank(&hub, message, whose);
	not_believed(&rosa, message, &f, UC_E_CBOR);
	expect_ok(group_encrypt(tom.g->g, VIEW_LIT(""),
				framed(person_says(&tom, "bare", &hub.mem), tag), 256, &hub.mem,
				&message));
	not_believed(&rosa, message, &f, UC_E_FRANK);
	/* An honest client does not even make them. */
	struct view submit = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	expect_err(room_group_encrypt(&tom.c, tom.g, content, NULL, &hub.mem, &submit, hash),
		   UC_E_ARGUMENT);
	trio_end();
}

/* A leaf's place may be another's when a late message is read. */
TEST(late_messages_are_their_senders)
{
	struct room_client now;
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	uint32_t place = room_group_own_leaf(tom.g);
	struct view late = trio_send(&tom, "on my way");
	trio_commit(&rosa, NULL, &tom);
	trio_commit(&rosa, &ida, NULL);
	expect_ok(room_group_client_at(rosa.g, place, &now));
	expect_bytes(now.participant, view_str(ida.set.participant));
	trio_reads(&rosa, late, &tom, "on my way");
	trio_end();
}

TEST(lengths_tell_little)
{
	struct view a = { NULL, 0 }, b = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	expect_ok(room_group_encrypt(&tom.c, tom.g,
				     person_says(&tom, "yes, with pleasure", &hub.mem), NULL,
				     &hub.mem, &a, hash));
	expect_ok(room_group_encrypt(&tom.c, tom.g, person_says(&tom, "oh yes", &hub.mem), NULL,
				     &hub.mem, &b, hash));
	expect_eq(a.n, b.n);
	/* How far they have read is in there, too, and in the same number of bytes. */
	const struct chain_head far = { 1000000, { 1, 2, 3 } };
	expect_ok(room_group_encrypt(&tom.c, tom.g, person_says(&tom, "oh no", &hub.mem), &far,
				     &hub.mem, &b, hash));
	expect_eq(a.n, b.n);
	trio_end();
}
