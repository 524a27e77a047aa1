/* SPDX-License-Identifier: Apache-2.0 */
/* What other apps ask of rooms hosted here, for their clients; and how refusals travel. */
#include "base/text.h"
#include "provider/room_work.h"

static const struct {
	uc_err err;
	int status;
} statuses[] = {
	{ UC_E_MALFORMED, 400 }, { UC_E_NOT_ALLOWED, 403 }, { UC_E_NOT_FOUND, 404 },
	{ UC_E_TOO_LARGE, 413 }, { UC_E_RATE, 429 },        { UC_E_BUSY, 503 },
};

int peer_err_status(uc_err err)
{
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (statuses[i].err == err)
			return statuses[i].status;
	switch (uc_err_class(err)) {
	case UC_CLASS_STORE:
	case UC_CLASS_MEMORY:
	case UC_CLASS_NET:
		return 503;
	default:
		return 400;
	}
}

uc_err peer_status_err(int status)
{
	if (status == 200)
		return UC_OK;
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (statuses[i].status == status)
			return statuses[i].err;
	return status >= 400 && status < 500 ? UC_E_NOT_ALLOWED : UC_E_PEER;
}

bool header_number(struct view headers, const char *name, uint64_t *out)
{
	struct view text = header_find(headers, name);
	return text.n && !decimal_read(text, out);
}

void header_add_number(struct buf *headers, const char *name, uint64_t n)
{
	uint8_t digits[20]; /* of any n */
	size_t at = sizeof digits;
	do
		digits[--at] = (uint8_t)('0' + n % 10);
	while (n /= 10);
	buf_add_str(headers, name);
	buf_add_str(headers, ": ");
	buf_add(headers, digits + at, sizeof digits - at);
	buf_add_str(headers, "\r\n");
}

void header_add_client(struct buf *headers, struct view client)
{
	buf_add_str(headers, "undercroft-client: ");
	buf_add_view(headers, client);
	buf_add_str(headers, "\r\n");
}

/* The client whose app vouches for it: only the app in its URI can. */
static uc_err request_of(struct peer_call *c, struct hub_request *q)
{
	struct view domain;
	*q = (struct hub_request){ .p = c->p, .body = c->body, .a = c->a };
	q->client = header_find(c->headers, "undercroft-client");
	if (!is_place(q->client, URI_CLIENT))
		return UC_E_MALFORMED;
	TRY(uri_domain_of(q->client, &domain));
	if (!view_equal(domain, c->domain) || is_own_domain(c->p, domain))
		return UC_E_NOT_ALLOWED;
	return room_live_hosted(c->p, c->target, &q->room);
}

typedef uc_err hub_handler(const struct hub_request *q, struct hub_reply *out);

static int ask_hub(struct peer_call *c, hub_handler *handle)
{
	struct hub_request q;
	struct hub_reply r = { .seq = 0 };
	uc_err err = request_of(c, &q);
	if (!err)
		err = handle(&q, &r);
	c->retry_after_s = r.retry_after_s;
	if (err)
		return peer_err_status(err);
	if (r.seq)
		header_add_number(c->out_headers, "undercroft-sequence", r.seq);
	buf_add_view(c->out, r.body);
	return c->out->failed ? 503 : 200;
}

int peer_submit_message(struct peer_call *c)
{
	return ask_hub(c, hub_submit);
}

/* A seat of theirs was not opened for two months: the leaf should go.  404 when it has. */
static uc_err expired(const struct hub_request *q, struct hub_reply *out)
{
	struct view client = q->client;
	const struct view_list clients = { &client, 1 };
	const struct update_room_response r = { .response_code = UPDATE_SUCCESS,
						.accepted_timestamp = env_now_ms(q->p->env) };
	TRY(hub_expire(q->p, q->room, &clients, q->a));
	return wire_encode_to(q->a, update_room_response_element, &r, &out->body);
}

int peer_update(struct peer_call *c)
{
	bool is_expired = header_find(c->headers, "undercroft-expired").n != 0;
	return ask_hub(c, is_expired ? expired : hub_update);
}

int peer_group_info(struct peer_call *c)
{
	return ask_hub(c, hub_group_info);
}
