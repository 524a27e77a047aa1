/* SPDX-License-Identifier: Apache-2.0 */
/* The app's filter of those who want to be found: fetched in parts, looked into whole, then given back.
 * The app hears only which edition is here. */
#include "client/finding.h"

enum {
	HOUR_MS = 3600 * 1000,
	SPREAD_MS = 3 * HOUR_MS, /* not everybody at midnight */
	RETRY_MS = 30 * 1000,
	TRIES_MAX = 5, /* to fetch one whole, while new ones come in between */
};

void finding_filter_drop(struct finding *f)
{
	buf_done(&f->filter);
	f->filter_edition = 0;
	f->filter_bytes = 0;
}

static uint64_t spread(struct uc_client *c)
{
	uint8_t dice[4] = { 0 };
	if (env_random(&c->env, dice, sizeof dice))
		return 0;
	uint32_t n = (uint32_t)dice[0] << 24 | (uint32_t)dice[1] << 16 | (uint32_t)dice[2] << 8 |
		     dice[3];
	return n % SPREAD_MS;
}

/* The next one is of tomorrow; where it should be there already, in a while. */
static void look_later(struct uc_client *c)
{
	struct finding *f = &c->finding;
	const uint64_t day_ms = 24 * (uint64_t)HOUR_MS;
	uint64_t now = (uint64_t)((int64_t)client_now(c) + c->clock_skew_ms);
	uint64_t left = f->day < finding_day(c) ? HOUR_MS : day_ms - now % day_ms;
	f->look_ms = client_now(c) + left + spread(c);
	f->wanted = false;
}

bool finding_wants_filter(struct uc_client *c)
{
	struct finding *f = &c->finding;
	uint64_t now = client_now(c);
	if ((f->wanted && f->n > f->unasked) || (f->unlooked && !f->look_ms))
		return true;
	if (!f->unlooked && !f->look_ms && f->day >= finding_day(c))
		look_later(c);
	/* Not further ahead than it ever is: the clock was wrong then. */
	if (now < f->look_ms && f->look_ms < now + 28 * (uint64_t)HOUR_MS) {
		wake_at(c, f->look_ms);
		return false;
	}
	return f->unlooked || f->n > f->unasked;
}

static void found(struct uc_client *c, const struct sought *s)
{
	struct event_out *e = event_new(c, UC_EVENT_NUMBER_FOUND);
	if (e)
		e->event.text = event_text(e, view_str(s->number));
}

/* UC_E_KEY, UC_E_PEER, and what fuse_filter_read has; then nothing is changed. */
static uc_err look(struct uc_client *c)
{
	struct finding *f = &c->finding;
	struct fuse_filter filter;
	TRY(fuse_filter_read(buf_view(&f->filter), &filter));
	if (filter.head.day != f->filter_day)
		return UC_E_PEER;
	if (!view_equal(VIEW_OF(filter.head.prf_key), VIEW_OF(f->key)))
		return UC_E_KEY;
	for (struct sought *s = f->first; s; s = s->next) {
		if (!s->has_value)
			continue;
		bool hit = fuse_filter_has(&filter, discovery_filter_key(&s->value));
		if (hit && !s->found)
			found(c, s);
		s->dirty = s->dirty || !s->looked || hit != s->found;
		f->some_dirty = f->some_dirty || s->dirty;
		s->found = hit;
		s->looked = true;
	}
	f->unlooked = 0;
	f->edition = f->filter_edition;
	f->bytes = f->filter_bytes;
	f->day = f->filter_day;
	f->dirty = true;
	return UC_OK;
}

static void refuse(struct uc_client *c, uc_err err)
{
	finding_filter_drop(&c->finding);
	finding_alarm(c, err,
		      "the app's list of who can be found by number is not what it should be: it "
		      "was not looked into");
}

static uc_err whole(struct uc_client *c)
{
	uc_err err = look(c);
	if (err_is_hard(err))
		return err;
	if (err) {
		refuse(c, err);
		return UC_OK;
	}
	finding_filter_drop(&c->finding);
	c->finding.filter_tries = 0;
	look_later(c);
	return UC_OK;
}

/* The beginning of an edition. */
static uc_err begin(struct uc_client *c, const struct discovery_filter_response *in)
{
	struct finding *f = &c->finding;
	/* None yet, or no newer one: what is not looked for waits for the next. */
	if (!in->edition || (in->edition == f->edition && !in->chunk.n)) {
		look_later(c);
		return UC_OK;
	}
	finding_filter_drop(f);
	if (in->offset || in->total > fuse_filter_size(FUSE_KEYS_MAX) || in->day < f->day ||
	    in->day > finding_day(c) + 1)
		return UC_E_PEER;
	if (++f->filter_tries > TRIES_MAX) {
		f->filter_tries = 0;
		look_later(c);
		return UC_OK;
	}
	buf_init(&f->filter, (size_t)in->total);
	f->filter_edition = in->edition;
	f->filter_day = in->day;
	f->filter_bytes = (size_t)in->total;
	return UC_OK;
}

static uc_err part(struct uc_client *c, const struct discovery_filter_response *in)
{
	struct finding *f = &c->finding;
	if (!f->filter_edition || in->edition != f->filter_edition)
		TRY(begin(c, in));
	if (!f->filter_edition)
		return UC_OK;
	if (in->edition != f->filter_edition || in->day != f->filter_day ||
	    in->total != f->filter_bytes || in->offset != f->filter.n || !in->chunk.n ||
	    in->chunk.n > f->filter_bytes - f->filter.n)
		return UC_E_PEER;
	buf_add_view(&f->filter, in->chunk);
	TRY(f->filter.failed);
	return f->filter.n == f->filter_bytes ? whole(c) : UC_OK;
}

static uc_err filter_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct finding *f = &c->finding;
	struct discovery_filter_response in;
	(void)subject;
	f->busy = false;
	if (r->err == UC_E_NET)
		return UC_OK;
	if (r->err && reply_is_transient(r)) {
		f->retry_ms = retry_at(c, r, RETRY_MS);
		return UC_OK;
	}
	if (r->err) {
		finding_filter_drop(f);
		finding_fail(c, r->err, r->text);
		return UC_OK;
	}
	uc_err err = wire_decode(r->body, r->mem, discovery_filter_response_element, &in);
	if (!err)
		err = part(c, &in);
	if (err_is_hard(err))
		return err;
	if (err)
		refuse(c, err);
	return UC_OK;
}

uc_err finding_fetch(struct uc_client *c)
{
	struct finding *f = &c->finding;
	struct discovery_filter_request req = { .key = VIEW_OF(f->key) };
	if (f->filter_edition) {
		req.edition = f->filter_edition;
		req.offset = f->filter.n;
	} else if (!f->unlooked) { /* else what is new has to be looked for in it again */
		req.edition = f->edition;
		req.offset = f->bytes;
	}
	TRY(call_send(c, FRAME_DISCOVERY_FILTER, discovery_filter_request_element, &req,
		      filter_done, NULL));
	f->busy = true;
	return UC_OK;
}
