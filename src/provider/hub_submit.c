/* SPDX-License-Identifier: Apache-2.0 */
/* The hub takes an application message: once, from a participant who may write, in this epoch
 * (draft-ietf-mimi-protocol-06, submitMessage). */
#include "mimi/franking.h"
#include "provider/repeats.h"

struct submission {
	const struct hub_request *q;
	struct submit_message_request m;
	struct private_message *message;
	const struct room_sender *sender;
	uint8_t tag[FRANKING_TAG];
	uint8_t hash[SHA256_BYTES];
};

static uc_err respond(const struct submission *s, const struct submit_message_response *r,
		      struct hub_reply *out)
{
	return wire_encode_to(s->q->a, submit_message_response_element, r, &out->body);
}

static struct submit_message_response accepted(uint64_t timestamp, struct frank *frank)
{
	return (struct submit_message_response){ .protocol = PROTOCOL_MLS10,
						 .status_code = SUBMIT_ACCEPTED,
						 .accepted_timestamp = timestamp,
						 .frank = frank };
}

/* SUBMIT_ACCEPTED when the rules let it pass. */
static uc_err judge(struct submission *s, struct submit_message_response *out)
{
	const struct hub_request *q = s->q;
	struct public_group *g;
	out->protocol = PROTOCOL_MLS10;
	out->status_code = SUBMIT_NOT_ALLOWED;
	TRY(room_live_group(q->p, q->room, &g));
	const struct group_context *context = public_group_now(g).context;
	TRY(room_live_sender(q->p, q->room, q->client, &s->sender));
	if (!s->sender || s->sender->leaving || !room_role_may_send(s->sender->role) ||
	    !view_equal(s->m.sending_uri, s->sender->participant) ||
	    !view_equal(s->message->group_id, context->group_id) ||
	    s->message->epoch > context->epoch)
		return UC_OK;
	if (s->message->epoch < context->epoch) {
		out->status_code = SUBMIT_EPOCH_TOO_OLD;
		out->current_epoch = context->epoch;
		return UC_OK;
	}
	if (!franking_aad_read(s->message->authenticated_data, q->a, s->tag))
		out->status_code = SUBMIT_ACCEPTED;
	return UC_OK;
}

static uc_err frank(const struct submission *s, const struct log_step *step, uint64_t *timestamp,
		    struct frank *out)
{
	const struct frank_wanted w = {
		.room = s->q->room,
		.sender_uri = s->sender->participant,
		.message = s->m.app_message,
		.tag = s->tag,
		.now_ms = log_step_now(step),
		.earliest_ms = step->record.last_ms,
	};
	return frank_get(s->q->p, &w, s->q->a, timestamp, out);
}

static uc_err append(struct submission *s, struct log_step *step, struct hub_reply *out)
{
	struct frank made;
	struct fanout_message fanout = { .message = s->m.app_message,
					 .wire_format = MLS_PRIVATE_MESSAGE,
					 .content_type = CONTENT_APPLICATION,
					 .frank = &made };
	TRY(frank(s, step, &fanout.timestamp, &made));
	const struct submit_message_response r = accepted(fanout.timestamp, &made);
	TRY(respond(s, &r, out));
	out->seq = step->record.next;
	TRY(log_step_add(step, &fanout, s->hash));
	return log_step_own(step, s->q->client, fanout.timestamp, &made);
}

static uc_err accept(struct submission *s, struct hub_reply *out)
{
	struct log_step step;
	struct hub_reply made = { .seq = 0 };
	log_step_begin(&step, s->q->p, s->q->room, s->q->a);
	uc_err err = append(s, &step, &made);
	if (err) {
		log_step_drop(&step);
		return err;
	}
	TRY(log_step_commit(&step));
	metrics_add(s->q->p->config.metrics, METRIC_MESSAGES_ACCEPTED, 1);
	log_step_tell(&step);
	*out = made;
	return UC_OK;
}

static uc_err read(struct submission *s)
{
	struct arena *a = s->q->a;
	struct mls_message *m = ARENA_NEW(a, struct mls_message);
	if (!m)
		return UC_E_LIMIT;
	TRY(wire_decode(s->q->body, a, submit_message_request_element, &s->m));
	if (s->m.app_message.n > MESSAGE_MAX)
		return UC_E_TOO_LARGE;
	TRY(wire_decode(s->m.app_message, a, mls_message_element, m));
	s->message = &m->private_message;
	return sha256(s->m.app_message, s->hash);
}

uc_err hub_submit(const struct hub_request *q, struct hub_reply *out)
{
	struct submission s = { .q = q };
	struct fanout_message before;
	struct submit_message_response r = { .protocol = 0 };
	uint64_t seq;
	TRY(read(&s));
	uc_err err = repeats_find(q->p, q->room, repeats_mark(s.hash), s.m.app_message, q->a,
				  &before, &seq);
	if (!err && before.content_type == CONTENT_APPLICATION) {
		r = accepted(before.timestamp, before.frank);
		out->seq = seq;
		return respond(&s, &r, out);
	}
	if (err && err != UC_E_NOT_FOUND)
		return err;
	TRY(judge(&s, &r));
	if (r.status_code != SUBMIT_ACCEPTED) {
		out->seq = 0;
		return respond(&s, &r, out);
	}
	out->retry_after_s =
		rate_take_many(&q->room->messages, &q->p->config.limits[LIMIT_ROOM_MESSAGE],
			       rate_units_of(q->body.n), env_now_ms(q->p->env));
	return out->retry_after_s ? UC_E_RATE : accept(&s, out);
}
