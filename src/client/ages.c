/* SPDX-License-Identifier: Apache-2.0 */
/* Ages that services vouch for: requests, and what is handed in.  Nothing is kept of either: the salt follows
 * from this device's key and the service's name, so that the same is asked again, and only here. */
#include "client/ages.h"

#include "client/account.h"
#include "client/settings.h"
#include "client/turn.h"
#include "mimi/age_statement.h"
#include "mimi/uri.h"

#define A_DAY_MS ((uint64_t)24 * 3600 * 1000)

static uc_err salt_of(struct uc_client *c, struct view service, uint8_t out[AGE_SALT])
{
	const struct view parts[] = { VIEW_LIT("Undercroft age salt 1"), service };
	return hmac_sha256_parts(VIEW_OF(c->account.device.seed), parts, 2, out);
}

static struct age_subject subject_of(struct uc_client *c, struct view service,
				     const uint8_t salt[AGE_SALT])
{
	return (struct age_subject){ service, view_str(c->account.app),
				     VIEW_OF(c->account.account_key), view_make(salt, AGE_SALT) };
}

/* --- asking --- */

struct request_call {
	const char *service;
	struct buf out;
};

static uc_err request_make(struct uc_client *c, struct request_call *in)
{
	struct age_request r = { .version = 1, .service = view_str(in->service) };
	uint8_t salt[AGE_SALT];
	struct view bytes;
	TRY(salt_of(c, r.service, salt));
	const struct age_subject subject = subject_of(c, r.service, salt);
	uc_err err = age_commit(&subject, r.commitment);
	wipe(salt, sizeof salt);
	TRY(err);
	TRY(wire_encode_to(&c->call, age_request_element, &r, &bytes));
	return age_text_write(AGE_TEXT_REQUEST, bytes, &in->out);
}

static uc_err request(struct uc_client *c, void *arg)
{
	return account_is_active(c) ? request_make(c, arg) : UC_E_SIGNED_OUT;
}

uc_err uc_age_request(uc_client *c, const char *service, char *out, size_t out_n)
{
	struct request_call in = { .service = service };
	if (!c || !service || !out || !out_n)
		return UC_E_ARGUMENT;
	buf_init(&in.out, out_n - 1);
	uc_err err = turn_run(c, request, &in);
	if (!err) {
		memcpy(out, in.out.p, in.out.n);
		out[in.out.n] = 0;
	}
	buf_done(&in.out);
	return err;
}

/* --- handing in --- */

static uc_err present_done(struct uc_client *c, void *subject, const struct reply *r)
{
	(void)subject;
	c->age_taken = !r->err;
	if (r->err) {
		op_done(c, c->age_op, r->err, r->text);
		c->age_op = 0;
		return UC_OK;
	}
	c->settings_seen = false;
	return UC_OK;
}

void ages_seen(struct uc_client *c)
{
	if (!c->age_taken)
		return;
	op_done(c, c->age_op, UC_OK, (struct view){ NULL, 0 });
	c->age_op = 0;
	c->age_taken = false;
}

/* What is not for this account, or not for today, the app need not see. */
static uc_err present_check(struct uc_client *c, struct view bytes, uint8_t salt[AGE_SALT])
{
	struct age_statement s;
	TRY(wire_decode(bytes, &c->call, age_statement_element, &s));
	TRY(salt_of(c, s.service, salt));
	const struct age_subject subject = subject_of(c, s.service, salt);
	return age_statement_check(&s, &subject, (uint32_t)(client_now(c) / A_DAY_MS));
}

struct present_call {
	const char *statement;
	uc_op *op;
};
static uc_err present(struct uc_client *c, void *arg)
{
	const struct present_call *in = arg;
	struct age_present_request q;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (c->connection != UC_ONLINE)
		return UC_E_NET;
	if (!(c->features & 1u << FEATURE_AGES))
		return UC_E_UNSUPPORTED;
	if (c->age_op)
		return UC_E_BUSY;
	TRY(age_text_read(AGE_TEXT_STATEMENT, view_str(in->statement), &c->call, &q.statement));
	TRY(present_check(c, q.statement, q.salt));
	TRY(call_send(c, FRAME_AGE_PRESENT, age_present_request_element, &q, present_done, NULL));
	*in->op = c->age_op = op_new(c);
	return UC_OK;
}

uc_err uc_age_present(uc_client *c, const char *statement, uc_op *op)
{
	struct present_call in = { statement, op };
	if (!c || !statement || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, present, &in);
}

uc_err uc_age_known(uc_client *c, struct uc_age_known *out)
{
	static const enum uc_age_by by[] = {
		[0] = UC_AGE_BY_NOBODY,
		[ATTESTED_SELF] = UC_AGE_BY_NOBODY,
		[ATTESTED_APP] = UC_AGE_BY_APP,
		[ATTESTED_SERVICE] = UC_AGE_BY_SERVICE,
	};
	if (!c || !out)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	if (!c->settings_seen)
		return UC_E_NET;
	bool is_one = c->settings_attested < sizeof by / sizeof *by && c->settings_checked &&
		      c->settings_checked <= AGE_UNKNOWN;
	*out = (struct uc_age_known){ UC_AGE_BY_NOBODY, UC_AGE_UNKNOWN };
	if (is_one && by[c->settings_attested] != UC_AGE_BY_NOBODY)
		*out = (struct uc_age_known){ by[c->settings_attested],
					      (enum uc_age)(c->settings_checked - 1) };
	return UC_OK;
}
