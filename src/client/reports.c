/* SPDX-License-Identifier: Apache-2.0 */
/* Reporting messages: what was kept of each when it was read, its content and its frank, goes to the
 * own app, to the hub through it, or to both (docs/reports.md).  Of the rest of the room nothing goes.
 * And reporting a request: the words of its card, and the reply address that they came with. */
#include "client/account.h"
#include "client/contact_requests.h"
#include "client/history.h"
#include "client/rooms.h"
#include "client/turn.h"

#include "base/heap.h"
#include "base/text.h"
#include "mimi/report.h"

enum { REPORT_ARENA_MAX = 64 * 1024 * 1024, AROUND_MAX = 4096 };

struct report_call {
	const struct uc_id *room, *request; /* one of both */
	const uint64_t *numbers;
	size_t count;
	unsigned to;
	enum uc_report_why why;
	const char *note;
	uc_op *op;
};

/* The operation that waits for the answer. */
struct reporting {
	uc_op op;
};

static struct view verdict_text(const struct report_response *r)
{
	static const char *const texts[3][4] = {
		{ "", "verified app", "verified hub", "verified app hub" },
		{ "", "confirmed app", "confirmed hub", "confirmed app hub" },
		{ "", "unconfirmed app", "unconfirmed hub", "unconfirmed app hub" },
	};
	bool known = r->verdict >= REPORT_VERIFIED && r->verdict <= REPORT_UNCONFIRMED;
	return view_str(known && r->told < 4 ? texts[r->verdict - 1][r->told] : "");
}

static uc_err answered(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct reporting *s = subject;
	struct report_response r;
	uc_op op = s->op;
	heap_free(s);
	uc_err err = reply->err;
	if (!err && (wire_decode(reply->body, reply->mem, report_response_element, &r) ||
		     !verdict_text(&r).n))
		err = UC_E_FRAME;
	op_done(c, op, err, err ? reply->text : verdict_text(&r));
	return UC_OK;
}

/* As it was read, by somebody else, who is the same for all of them. */
static uc_err message_take(struct uc_client *c, struct room *r, uint64_t number, struct arena *a,
			   struct abuse_report *out)
{
	struct message m = { 0 };
	struct abusive_message *to = &out->messages.v[out->messages.n];
	struct view accused;
	TRY(history_get(c, r, number, a, &m));
	if (m.own || m.deleted || !m.content.n || !m.frank.n || !m.frank_ms)
		return UC_E_NOT_FOUND;
	TRY(arena_copy(a, view_str(m.participant), &accused));
	if (out->messages.n && !view_equal(accused, out->alleged_abuser_uri))
		return UC_E_ARGUMENT;
	out->alleged_abuser_uri = accused;
	if (wire_decode(m.frank, a, frank_element, &to->frank))
		return UC_E_CORRUPT;
	to->message_content = m.content;
	to->head = m.head;
	to->accepted_timestamp = m.frank_ms;
	out->messages.n++;
	return UC_OK;
}

static uc_err send(struct uc_client *c, const struct report_call *in, struct view room,
		   struct view report)
{
	const struct report_request q = { room, (uint8_t)in->to, report };
	struct reporting *s = HEAP_NEW(struct reporting);
	if (!s)
		return UC_E_MEMORY;
	s->op = op_new(c);
	uc_err err = call_send(c, FRAME_REPORT, report_request_element, &q, answered, s);
	if (err)
		heap_free(s);
	else
		*in->op = s->op;
	return err;
}

static uc_err messages_take(struct uc_client *c, const struct report_call *in, struct arena *a,
			    struct abuse_report *out, struct view *place)
{
	struct room *r = room_find(c, in->room);
	if (!r)
		return UC_E_NOT_FOUND;
	out->messages.v = ARENA_ARRAY(a, struct abusive_message, in->count);
	if (!out->messages.v)
		return UC_E_MEMORY;
	for (size_t i = 0; i < in->count; i++)
		TRY(message_take(c, r, in->numbers[i], a, out));
	*place = view_str(r->uri);
	return report_heads_add(out, a);
}

/* As it is shown; one that an earlier version read has no salt, nor has one that the vault brought. */
static uc_err card_take(struct uc_client *c, const struct report_call *in, struct arena *a,
			struct abuse_report *out, struct view *place)
{
	const struct request *q = request_find(c, in->request);
	if (!q || !q->incoming || !*q->card_address || request_is_veiled(q))
		return UC_E_NOT_FOUND;
	memcpy(out->card.salt, q->card_salt, CARD_SALT);
	out->card.name = view_str(q->name);
	out->card.text = view_str(q->text);
	*place = out->alleged_abuser_uri = view_str(q->card_address);
	return report_card_add(out, a);
}

static uc_err make_and_send(struct uc_client *c, const struct report_call *in, struct arena *a)
{
	struct abuse_report report = { .reason_code = (uint8_t)in->why,
				       .note = view_str(in->note) };
	struct view bytes, place = { NULL, 0 };
	if (in->request)
		TRY(card_take(c, in, a, &report, &place));
	else
		TRY(messages_take(c, in, a, &report, &place));
	TRY(wire_encode_to(a, abuse_report_element, &report, &bytes));
	if (bytes.n > REPORT_MAX - AROUND_MAX)
		return UC_E_TOO_LARGE;
	return send(c, in, place, bytes);
}

static uc_err report(struct uc_client *c, void *arg)
{
	struct arena a;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (c->connection != UC_ONLINE)
		return UC_E_NET;
	arena_init(&a, REPORT_ARENA_MAX, ARENA_SECRET);
	uc_err err = make_and_send(c, arg, &a);
	arena_done(&a);
	return err;
}

static bool numbers_differ(const uint64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (numbers[i] == numbers[k])
				return false;
	return true;
}

static uc_err call(uc_client *c, struct report_call *in)
{
	if (!c || !in->op || !in->to || in->to > (UC_REPORT_TO_APP | UC_REPORT_TO_HUB) ||
	    in->why < UC_REPORT_SPAM || in->why > UC_REPORT_OTHER)
		return UC_E_ARGUMENT;
	if (strlen(in->note) > REPORT_NOTE_MAX)
		return UC_E_TOO_LARGE;
	if (!utf8_is_valid(view_str(in->note)))
		return UC_E_TEXT;
	return turn_run(c, report, in);
}

uc_err uc_report(uc_client *c, const struct uc_id *room, const uint64_t *numbers, size_t count,
		 uint32_t to, enum uc_report_why why, const char *note, uc_op *op)
{
	struct report_call in = { .room = room,
				  .numbers = numbers,
				  .count = count,
				  .to = to,
				  .why = why,
				  .note = note ? note : "",
				  .op = op };
	if (!room || !numbers || !count || count > UC_REPORT_MESSAGES_MAX ||
	    !numbers_differ(numbers, count))
		return UC_E_ARGUMENT;
	return call(c, &in);
}

uc_err uc_report_request(uc_client *c, const struct uc_id *request, uint32_t to,
			 enum uc_report_why why, const char *note, uc_op *op)
{
	struct report_call in = {
		.request = request, .to = to, .why = why, .note = note ? note : "", .op = op
	};
	return request ? call(c, &in) : UC_E_ARGUMENT;
}
