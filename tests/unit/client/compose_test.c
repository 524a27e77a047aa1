/* SPDX-License-Identifier: Apache-2.0 */
/* What this client writes, another of its kind understands; what names somebody else, nobody. */
#include "client/compose.h"

#include "client/control.h"
#include "mimi/content.h"

#include "tests/unit/harness.h"

#define SENDER "mimi://dial.example/p/rosa"
#define ROOM   "mimi://lens.example/r/den"

static struct arena mem;
static struct uc_client client;
static struct room room;

static void begin(void)
{
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	client.env = *test_env();
	memcpy(room.uri, ROOM, sizeof ROOM);
	memcpy(room.participant, SENDER, sizeof SENDER);
}

static const struct uc_id first = { { MESSAGE_ID_SHA256, 7, 8 } };
static const struct uc_id second = { { MESSAGE_ID_SHA256, 9 } };

TEST(each_kind_is_understood)
{
	const struct content_parts rows[] = {
		{ .kind = CONTENT_TEXT, .text = VIEW_LIT("hello") },
		{ .kind = CONTENT_TEXT,
		  .has_reply = true,
		  .in_reply_to = first,
		  .text = VIEW_LIT("h\u00e9 \U0001f33b") },
		{ .kind = CONTENT_REACTION,
		  .has_reply = true,
		  .in_reply_to = first,
		  .text = VIEW_LIT("\U0001f33b") },
		{ .kind = CONTENT_EDIT, .replaces = first, .text = VIEW_LIT("hullo") },
		{ .kind = CONTENT_EDIT,
		  .replaces = first,
		  .has_reply = true,
		  .in_reply_to = second,
		  .text = VIEW_LIT("hullo") },
		{ .kind = CONTENT_DELETE, .replaces = first },
		{ .kind = CONTENT_CONTROL, .text = VIEW_LIT("\x00\xff") },
	};
	begin();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct content_parts p = rows[i], back;
		struct view content;
		expect_ok(content_write(&client, &room, &p, &mem, &content));
		expect_ok(content_parse(&room, VIEW_LIT(SENDER), content, 0, &mem, &back));
		expect_eq(back.kind, rows[i].kind);
		expect_bytes(VIEW_OF(back.id.b), VIEW_OF(p.id.b));
		expect_eq(back.has_reply, rows[i].has_reply);
		expect_bytes(VIEW_OF(back.in_reply_to.b), VIEW_OF(rows[i].in_reply_to.b));
		expect_bytes(VIEW_OF(back.replaces.b), VIEW_OF(rows[i].replaces.b));
		expect_bytes(back.text, rows[i].text);
	}
	arena_done(&mem);
}

TEST(the_same_text_twice_is_two_messages)
{
	struct content_parts p = { .kind = CONTENT_TEXT, .text = VIEW_LIT("hello") }, q = p;
	struct view content;
	begin();
	expect_ok(content_write(&client, &room, &p, &mem, &content));
	expect_ok(content_write(&client, &room, &q, &mem, &content));
	expect(!view_equal(VIEW_OF(p.id.b), VIEW_OF(q.id.b)));
	arena_done(&mem);
}

TEST(another_sender_or_room_is_refused)
{
	struct content_parts p = { .kind = CONTENT_TEXT, .text = VIEW_LIT("hello") };
	struct content_parts back = { .kind = CONTENT_OTHER };
	struct room other;
	struct mimi_content m;
	struct view content;
	begin();
	other = room;
	memcpy(other.uri, "mimi://lens.example/r/pit", 26);
	expect_ok(content_write(&client, &room, &p, &mem, &content));
	expect_err(content_parse(&room, VIEW_LIT(SENDER "x"), content, 0, &mem, &back),
		   UC_E_UNEXPECTED);
	expect_err(content_parse(&other, VIEW_LIT(SENDER), content, 0, &mem, &back),
		   UC_E_UNEXPECTED);
	/* Nor may it be left open. */
	expect_ok(mimi_content_read(content, &mem, &m));
	m.extensions.n = 1;
	expect_ok(mimi_content_write(&m, &mem, &content));
	expect_err(content_parse(&room, VIEW_LIT(SENDER), content, 0, &mem, &back),
		   UC_E_UNEXPECTED);
	expect_err(content_parse(&room, VIEW_LIT(SENDER), VIEW_LIT("hello"), 0, &mem, &back),
		   UC_E_CBOR);
	expect_eq(back.kind, CONTENT_OTHER);
	arena_done(&mem);
}

static void body_gives(const struct nested_part *body, struct view replaces, uc_err err,
		       enum content_kind kind)
{
	struct mimi_content m;
	struct content_parts back = { .kind = CONTENT_OTHER };
	struct view content;
	begin();
	expect_ok(mimi_content_new(test_env(), VIEW_LIT(SENDER), VIEW_LIT(ROOM), &mem, &m));
	m.body = *body;
	m.replaces = replaces;
	expect_ok(mimi_content_write(&m, &mem, &content));
	expect_err(content_parse(&room, VIEW_LIT(SENDER), content, 0, &mem, &back), err);
	expect_eq(back.kind, kind);
	arena_done(&mem);
}

TEST(content_of_others)
{
	struct nested_part text = { .cardinality = PART_SINGLE,
				    .content_type = VIEW_LIT(TEXT_GFM_MIMI),
				    .content = VIEW_LIT("*hi*") };
	struct nested_part bad = text, image = text, null = { .cardinality = PART_NULL };
	bad.content = VIEW_LIT("\xff");
	image.content_type = VIEW_LIT("image/png");
	struct nested_part both[] = { image, text }, control[] = { text, text };
	struct nested_part multi = { .cardinality = PART_MULTI, .parts = { both, 2 } };
	struct nested_part hidden = { .cardinality = PART_MULTI, .parts = { control, 2 } };
	control[0].content_type = VIEW_LIT(CONTROL_MEDIA_TYPE);
	body_gives(&text, (struct view){ 0 }, UC_OK, CONTENT_TEXT);
	body_gives(&text, VIEW_OF(first.b), UC_OK, CONTENT_EDIT);
	body_gives(&bad, (struct view){ 0 }, UC_E_TEXT, CONTENT_OTHER);
	body_gives(&image, (struct view){ 0 }, UC_OK, CONTENT_OTHER);
	body_gives(&null, (struct view){ 0 }, UC_OK, CONTENT_OTHER);
	body_gives(&null, VIEW_OF(first.b), UC_OK, CONTENT_DELETE);
	body_gives(&multi, (struct view){ 0 }, UC_OK, CONTENT_TEXT);
	/* Control stands alone, or is nothing. */
	body_gives(&hidden, (struct view){ 0 }, UC_OK, CONTENT_TEXT);
}
