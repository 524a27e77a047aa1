/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/find_app.h"

#include "mimi/directory.h"

#include <string.h>

enum { DAY_MS = 24 * 3600 * 1000 };

uint32_t find_app_today(void)
{
	return (uint32_t)(test_now_ms / DAY_MS);
}

/* --- the directory --- */

static uc_err directory(struct find_app *a, const struct frame *in, struct arena *mem,
			struct buf *out)
{
	static const uint8_t other[32] = { 7 };
	struct directory d = { .domain = view_str(a->app.domain),
			       .base_url = VIEW_LIT("https://dial.example"),
			       .lookup_key = VIEW_OF(other),
			       .hub_key = VIEW_OF(other),
			       .franking_key = VIEW_OF(other) };
	(void)mem;
	for (size_t i = 0; i < a->custodians; i++)
		d.discovery_keys[i] =
			a->custodians == 1 ? VIEW_OF(a->whole.pub.b) : VIEW_OF(a->half[i].pub.b);
	return small_app_directory(in, &d, out);
}

/* --- asking --- */

static uc_err one_answer(struct find_app *a, const struct oprf_key *k, struct view blinded,
			 struct arena *mem, struct discovery_answered *out)
{
	struct oprf_key other;
	size_t n = blinded.n / OPRF_ELEMENT;
	struct oprf_element *in = ARENA_ARRAY(mem, struct oprf_element, n);
	struct oprf_element *e = ARENA_ARRAY(mem, struct oprf_element, n);
	expect(in && e);
	memcpy(in, blinded.p, blinded.n);
	if (a->lie == LIE_OTHER_KEY)
		TRY(oprf_key_generate(test_env(), &other));
	TRY(discovery_evaluate(a->lie == LIE_OTHER_KEY ? &other : k, test_env(), in, n, e,
			       out->proof));
	if (a->lie == LIE_PROOF)
		out->proof[40] ^= 1;
	if (a->lie == LIE_ONE_CHANGED)
		e[n - 1] = e[0];
	if (a->lie == LIE_NO_ELEMENT)
		memset(e[n - 1].b, 0xff, OPRF_ELEMENT);
	out->evaluated = view_make(e, (n - (a->lie == LIE_SHORT)) * OPRF_ELEMENT);
	return UC_OK;
}

static void batch_count(struct find_app *a, struct view blinded)
{
	uint8_t hash[SHA256_BYTES];
	expect_ok(sha256(blinded, hash));
	a->batches++;
	a->numbers += (unsigned)(blinded.n / OPRF_ELEMENT);
	a->again += view_equal(VIEW_OF(hash), VIEW_OF(a->last_batch));
	memcpy(a->last_batch, hash, sizeof hash);
}

static uc_err evaluate(struct find_app *a, const struct frame *in, struct arena *mem,
		       struct buf *out)
{
	struct discovery_evaluate_request q;
	struct discovery_answered v[3];
	TRY(wire_decode(in->body, mem, discovery_evaluate_request_element, &q));
	size_t n = q.blinded.n / OPRF_ELEMENT;
	uint32_t wait = discovery_budget_take(&a->budget, (uint32_t)n, find_app_today());
	if (wait)
		return frame_add_refusal(out, in->type, in->id, UC_E_RATE, VIEW_LIT("later"),
					 wait * (DAY_MS / 1000));
	batch_count(a, q.blinded);
	for (size_t i = 0; i < a->custodians; i++)
		TRY(one_answer(a, a->custodians == 1 ? &a->whole : &a->half[i], q.blinded, mem,
			       &v[i]));
	v[a->custodians] = v[0];
	struct discovery_evaluate_response r = { { v,
						   a->custodians + (a->lie == LIE_CUSTODIANS) } };
	return frame_add_response(out, in->type, in->id, discovery_evaluate_response_element, &r);
}

/* --- filters --- */

void find_app_filter(struct find_app *a)
{
	struct fuse_head head = { .day = find_app_today(), .seed = 1 };
	uint64_t keys[FINDABLE_MAX];
	struct oprf_key other;
	struct arena mem;
	struct view made;
	memcpy(head.prf_key, a->whole.pub.b, sizeof head.prf_key);
	if (a->lie == LIE_FILTER_KEY) {
		expect_ok(oprf_key_generate(test_env(), &other));
		memcpy(head.prf_key, other.pub.b, sizeof head.prf_key);
	}
	head.day -= a->lie == LIE_FILTER_OLD;
	head.day += a->lie == LIE_FILTER_LATER ? 2 : 0;
	for (size_t i = 0; i < a->findable_n; i++) {
		struct discovery_value v;
		expect_ok(discovery_value_of(&a->whole, view_str(a->findable[i]), &v));
		keys[i] = discovery_filter_key(&v);
	}
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(fuse_filter_build(&head, keys, a->findable_n, &mem, &made));
	buf_done(&a->filter);
	buf_init(&a->filter, 1 << 20);
	buf_add(&a->filter, made.p, made.n - (a->lie == LIE_FILTER_CUT));
	if (a->lie == LIE_FILTER_LONG)
		buf_add_byte(&a->filter, 0);
	a->day = head.day;
	a->edition++;
	arena_done(&mem);
}

static uc_err filter(struct find_app *a, const struct frame *in, struct arena *mem, struct buf *out)
{
	struct discovery_filter_request q;
	TRY(wire_decode(in->body, mem, discovery_filter_request_element, &q));
	a->parts++;
	if (!view_equal(q.key, VIEW_OF(a->whole.pub.b)))
		return UC_E_NOT_FOUND;
	struct discovery_filter_response r = { .edition = a->edition,
					       .day = a->day + (a->lie == LIE_FILTER_DAY),
					       .total = a->filter.n };
	if (q.edition == a->edition)
		r.offset = q.offset;
	if (r.offset > r.total)
		return UC_E_ARGUMENT;
	if (a->lie == LIE_FILTER_HUGE)
		r.total = fuse_filter_size(FUSE_KEYS_MAX) + 1;
	if (a->lie != LIE_FILTER_EMPTY || !r.offset)
		r.chunk = view_slice(buf_view(&a->filter), (size_t)r.offset, a->part);
	r.offset += a->lie == LIE_FILTER_PLACE && r.offset;
	return frame_add_response(out, in->type, in->id, discovery_filter_response_element, &r);
}

static uc_err set(struct find_app *a, const struct frame *in, struct arena *mem, struct buf *out)
{
	struct discoverable_set_request q;
	TRY(wire_decode(in->body, mem, discoverable_set_request_element, &q));
	a->said++;
	snprintf(a->said_number, sizeof a->said_number, "%.*s", (int)q.number.n,
		 (const char *)q.number.p);
	TRY(a->said_answer);
	return frame_add_response(out, in->type, in->id, empty_element, &(struct empty){ 0 });
}

static uc_err more(struct small_app *small, const struct frame *in, struct arena *mem,
		   struct buf *out)
{
	struct find_app *a = (struct find_app *)small;
	static const struct {
		uint16_t type;
		uc_err (*run)(struct find_app *a, const struct frame *in, struct arena *mem,
			      struct buf *out);
	} table[] = {
		{ FRAME_DIRECTORY, directory },
		{ FRAME_DISCOVERY_EVALUATE, evaluate },
		{ FRAME_DISCOVERY_FILTER, filter },
		{ FRAME_DISCOVERABLE_SET, set },
	};
	expect(a->seen_n + in->body.n <= SEEN_BYTES);
	memcpy(a->seen + a->seen_n, in->body.p, in->body.n);
	a->seen_n += in->body.n;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].type == in->type)
			return table[i].run(a, in, mem, out);
	return UC_E_UNSUPPORTED;
}

bool find_app_saw(const struct find_app *a, const char *text)
{
	size_t n = strlen(text);
	for (size_t i = 0; i + n <= a->seen_n; i++)
		if (!memcmp(a->seen + i, text, n))
			return true;
	return false;
}

void find_app_key(struct find_app *a)
{
	expect_ok(oprf_key_generate(test_env(), &a->whole));
	expect_ok(oprf_key_split(test_env(), &a->whole, a->half));
}

void find_app_init(struct find_app *a)
{
	memset(a, 0, sizeof *a);
	small_app_init(&a->app, "dial.example");
	a->app.code = "123456";
	a->app.has_settings = true;
	a->app.more = more;
	a->custodians = 1;
	a->part = 64;
	buf_init(&a->filter, 1 << 20);
	find_app_key(a);
	test_now_ms = (uint64_t)20000 * DAY_MS + DAY_MS / 2;
}

void find_app_done(struct find_app *a)
{
	buf_done(&a->filter);
}

/* --- the person --- */

void find_person(struct person *p, struct find_app *a, const char *number)
{
	uc_op op;
	person_begin(p, &a->app);
	expect_ok(person_open(p));
	expect_ok(person_talk(p));
	expect_ok(uc_sign_up(p->c, number, "123456", "Rosa", &op));
	expect_ok(person_talk(p));
	expect_ok(p->done_err);
}

void find_restart(struct person *p)
{
	expect_ok(person_open(p));
	expect_ok(person_talk(p));
}

void find_tomorrow(struct person *p)
{
	test_now_ms += DAY_MS + DAY_MS / 2;
	expect_ok(uc_client_step(p->c));
	expect_ok(person_talk(p));
}
