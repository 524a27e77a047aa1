/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/reaching.h"

#include "mimi/contact_token.h"
#include "provider/curb.h"

enum { NEW_DAYS = 7 };

/* --- the table --- */

/* A number or an e-mail address costs whoever wants another; a handle is free. */
static bool is_fresh(const struct provider *p, const struct account_record *account)
{
	return p->config.names == NAME_HANDLE && !p->contact.new_ask &&
	       day_of(env_now_ms(p->env)) < account->created_day + NEW_DAYS;
}

uc_err sender_of(struct provider *p, struct view account_id, const struct account_record *account,
		 struct arena *a, struct contact_sender *out)
{
	struct settings s;
	struct curb curb;
	TRY(settings_of(p, account_id, a, &s));
	TRY(curb_get(p, account_id, account, a, &curb));
	*out = (struct contact_sender){
		.age_band = s.age_band,
		.is_checked = s.attested != ATTESTED_SELF,
		/* By days, which is all that is kept: one to two of them. */
		.is_new = !p->contact.new_ask &&
			  day_of(env_now_ms(p->env)) <= account->created_day + 1,
		.is_fresh = is_fresh(p, account),
		.is_off_minors = curb.is_off_minors,
	};
	return UC_OK;
}

static bool was_handed(const struct request_address *a)
{
	return a->channel == CHANNEL_LINK || a->channel == CHANNEL_ONCE;
}

static bool table_lets(const struct settings *to, const struct contact_sender *from,
		       enum reach_channel channel, bool wrong_code)
{
	const struct reach r = {
		.recipient = (enum age_band)to->age_band,
		.sender = (enum age_band)from->age_band,
		.channel = channel,
		.sender_is_new = from->is_new,
		.sender_is_fresh = from->is_fresh,
		.safety_hold = from->is_off_minors,
		.wrong_code = wrong_code,
		/* The guardian may: the person's device asks them before it shows anything. */
		.guardian_agrees = settings_has_guardian(to),
	};
	return reach_findable(&r);
}

bool letter_reaches(const struct settings *to, const struct request_address *through,
		    const struct contact_sender *from)
{
	bool handed = was_handed(through), found = through->channel == CHANNEL_LOOKUP;
	if (to->ask == ASK_NOBODY || (to->ask == ASK_HANDED && !handed))
		return false;
	/* An address of a look-up is worth no more than a look-up of now, with the code given then. */
	if (found && !to->find_by_name)
		return false;
	bool wrong_code = found && to->code.n && !view_equal(to->code, VIEW_OF(through->grant_id));
	/* A reply address came to whom it was sent to by being asked: as one that was found. */
	return table_lets(to, from, handed ? REACH_IN_PERSON : REACH_NAME, wrong_code);
}

static bool is_minor(uint8_t band)
{
	return band < AGE_ADULT;
}

bool letter_is_to_minor(const struct settings *to, const struct contact_sender *from)
{
	bool is_from_minor = is_minor(from->age_band) && (from->is_checked || !from->is_fresh);
	return is_minor(to->age_band) && !is_from_minor;
}

bool is_findable(const struct settings *s, bool code_fits)
{
	/* Who looks is not known: if those of 16 and 17 may ask, somebody may. */
	const struct contact_sender somebody = { .age_band = AGE_TEEN_B };
	return s->find_by_name && s->ask == ASK_ANYBODY &&
	       table_lets(s, &somebody, REACH_NAME, !code_fits);
}

bool is_discoverable(const struct settings *s)
{
	/* Everybody reads it, grown-ups too, and without a contact code. */
	const struct contact_sender grown_up = { .age_band = AGE_ADULT };
	return s->find_by_number && is_findable(s, !s->code.n) &&
	       table_lets(s, &grown_up, REACH_NAME, false);
}

/* --- budgets --- */

enum {
	BUCKETS = 3,
	BUCKETS_MORE = 3,                 /* that stand alone */
	TOKEN_DAYS = 3 * TOKEN_WEEK_DAYS, /* longer than its key */
};
/* Kinds in TABLE_SPENT, beside those of spent.h; stored: they never change. */
static const uint8_t bucket_tags[BUCKETS + BUCKETS_MORE] = { 8, 9, 10, 11, 12, 13 };
enum { BUCKET_BRING = BUCKETS, BUCKET_MINOR, BUCKET_LOOK };
static const struct curb nobody_is_curbed;

#define HOUR_US ((uint64_t)3600 * 1000 * 1000)

struct bucket {
	uint64_t step_us, room_us; /* one of it; all of it */
	uint64_t price_us;         /* what a request takes: more than one of it, of who is curbed */
	/* Its clock goes by so much at once: what is stored tells no nearer when somebody asked. */
	uint64_t grid_us;
	struct spent_record r;
};

static uint64_t bucket_now(const struct provider *p, const struct bucket *b)
{
	uint64_t now = env_now_ms(p->env) * 1000;
	return now - now % b->grid_us;
}

/* At most n in so many days, of which `burst` at once. */
static void bucket_begin(struct bucket *b, uint64_t days, unsigned n, unsigned burst,
			 const struct curb *curb)
{
	unsigned price = curb_price(curb);
	if (!burst)
		burst = 1;
	b->step_us = days * DAY_MS * 1000 / (n > burst ? n - burst : 1);
	b->room_us = b->step_us * burst;
	b->price_us = b->step_us * (price < burst ? price : burst);
	b->grid_us = days > 1 ? 24 * HOUR_US : HOUR_US;
}

bool budget_is_kind(struct view kind)
{
	return kind.n == SHA256_BYTES / 2 || (kind.n == 1 && kind.p[0] >= bucket_tags[0] &&
					      kind.p[0] <= bucket_tags[BUCKET_LOOK]);
}

static uc_err bucket_read(struct provider *p, struct view subject, uint8_t tag, struct arena *a,
			  struct bucket *b)
{
	struct store_key k;
	struct spent_record r = { 0 };
	bool found;
	uint64_t now = bucket_now(p, b);
	TRY(record_find(p->accounts, key_2(&k, TABLE_SPENT, subject, view_make(&tag, 1)),
			spent_record_element, a, &r, &found));
	if (r.empty_until_us < now)
		r.empty_until_us = now;
	/* Of a time when the clock was ahead. */
	if (r.empty_until_us > now + b->room_us)
		r.empty_until_us = now + b->room_us;
	b->r = r;
	return UC_OK;
}

/* A day's, a week's for a new account, and what nobody has answered, of 30 days. */
static uc_err buckets_read(struct provider *p, struct view subject,
			   const struct account_record *account, const struct curb *curb,
			   struct arena *a, struct bucket v[BUCKETS])
{
	unsigned day = p->contact.day;
	bool is_new = day_of(env_now_ms(p->env)) < account->created_day + NEW_DAYS;
	unsigned at_once = is_new ? day / 4 : day;
	/* A day's is full again after a day. */
	bucket_begin(&v[0], 1, at_once * 2, at_once, curb);
	bucket_begin(&v[1], 7, is_new ? day * 3 / 4 : day * 7, at_once, curb);
	bucket_begin(&v[2], 30, day * 3 / 2, day, curb);
	for (size_t i = 0; i < BUCKETS; i++)
		TRY(bucket_read(p, subject, bucket_tags[i], a, &v[i]));
	return UC_OK;
}

static uint32_t buckets_wait(struct provider *p, const struct bucket *v, size_t n)
{
	uint64_t now = env_now_ms(p->env) * 1000, most = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t after = v[i].r.empty_until_us + v[i].price_us, grid = v[i].grid_us;
		if (after <= bucket_now(p, &v[i]) + v[i].room_us)
			continue;
		/* When its clock is so far. */
		uint64_t at = (after - v[i].room_us + grid - 1) / grid * grid;
		if (at - now > most)
			most = at - now;
	}
	return most ? (uint32_t)(most / 1000000 + 1) : 0;
}

static uc_err buckets_write(struct store_batch *b, struct view subject,
			    const struct bucket v[BUCKETS])
{
	struct store_key k;
	for (size_t i = 0; i < BUCKETS; i++)
		TRY(record_put(b, key_2(&k, TABLE_SPENT, subject, view_make(&bucket_tags[i], 1)),
			       spent_record_element, &v[i].r));
	return UC_OK;
}

static uc_err buckets_commit(struct provider *p, struct view subject, const struct bucket *v)
{
	struct store_batch b;
	store_batch_init(&b, subject);
	return finish_accounts(p, &b, buckets_write(&b, subject, v));
}

/* What stands in the place of a kind for as long as something is to be remembered. */
enum note {
	NOTE_ASKED = 1, /* a letter was counted and not accepted yet */
	NOTE_DRAWN = 2, /* a token was drawn for it, and it was not sent yet */
	NOTE_TOKEN = 3, /* a token came with a letter to this account */
};
static uc_err note_key(struct store_key *k, struct view account_id, enum note note, struct view one,
		       struct view other, struct view *out)
{
	const uint8_t head[] = { (uint8_t)note, (uint8_t)(one.n >> 8), (uint8_t)one.n };
	const struct view parts[] = { VIEW_OF(head), one, other };
	uint8_t hash[SHA256_BYTES];
	TRY(sha256_parts(parts, 3, hash));
	*out = key_2(k, TABLE_SPENT, account_id, view_make(hash, SHA256_BYTES / 2));
	return UC_OK;
}

static uc_err note_put(struct provider *p, struct store_batch *b, struct view key, uint64_t days)
{
	/* By the day alone, at its end: whose time is known to the second is found elsewhere by it. */
	uint64_t until = day_of(env_now_ms(p->env)) + days + 1;
	struct spent_record r = { .empty_until_us = until * DAY_MS * 1000 };
	return record_put(b, key, spent_record_element, &r);
}

/* By both addresses: whoever accepts proves to be the one who was asked. */
static uc_err letter_key(struct store_key *k, struct view account_id, enum note note,
			 const struct budget_letter *l, struct view *out)
{
	return note_key(k, account_id, note, l->reply_address, l->target, out);
}

struct view name_subject(struct view account_id, const struct account_record *account)
{
	static const uint8_t none[sizeof account->name_id];
	struct view name = VIEW_OF(account->name_id);
	return view_equal(name, VIEW_OF(none)) ? account_id : name;
}

static uc_err asked_write(struct provider *p, struct store_batch *b, struct view account_id,
			  const struct budget_letter *l, bool is_drawn,
			  const struct bucket own[BUCKETS])
{
	struct store_key k;
	struct view key;
	TRY(letter_key(&k, account_id, NOTE_ASKED, l, &key));
	TRY(note_put(p, b, key, KEEP_DAYS));
	if (is_drawn) {
		TRY(letter_key(&k, account_id, NOTE_DRAWN, l, &key));
		TRY(note_put(p, b, key, TOKEN_DAYS));
	}
	return buckets_write(b, account_id, own);
}

/* At the last level nothing is left, until the first of its reports is over. */
static uint32_t curbed_wait(const struct provider *p, const struct curb *c)
{
	uint64_t now = env_now_ms(p->env);
	return !curb_price(c) && c->until_ms > now ? (uint32_t)((c->until_ms - now) / 1000 + 1) : 0;
}

uc_err budget_take(struct provider *p, struct view account_id, const struct account_record *account,
		   const struct budget_letter *l, bool is_drawn, struct arena *a, uint32_t *wait_s)
{
	struct bucket own[BUCKETS], names[BUCKETS];
	struct store_batch b;
	struct curb curb;
	struct view name = name_subject(account_id, account);
	TRY(curb_get(p, account_id, account, a, &curb));
	*wait_s = curbed_wait(p, &curb);
	if (*wait_s)
		return UC_OK;
	TRY(buckets_read(p, account_id, account, &curb, a, own));
	TRY(buckets_read(p, name, account, &curb, a, names));
	uint32_t wait = buckets_wait(p, own, BUCKETS), other = buckets_wait(p, names, BUCKETS);
	*wait_s = wait > other ? wait : other;
	if (*wait_s)
		return UC_OK;
	for (size_t i = 0; i < BUCKETS; i++) {
		own[i].r.empty_until_us += own[i].price_us;
		names[i].r.empty_until_us += names[i].price_us;
	}
	/* A kill in between costs one of the name; it gives none back. */
	TRY(buckets_commit(p, name, names));
	store_batch_init(&b, account_id);
	return finish_accounts(p, &b, asked_write(p, &b, account_id, l, is_drawn, own));
}

/* A request is taken from one that stands alone. */
static uc_err alone_commit(struct provider *p, struct view subject, uint8_t tag, struct bucket *one)
{
	struct store_key k;
	struct store_batch b;
	one->r.empty_until_us += one->price_us;
	store_batch_init(&b, subject);
	return finish_accounts(p, &b,
			       record_put(&b, key_2(&k, TABLE_SPENT, subject, view_make(&tag, 1)),
					  spent_record_element, &one->r));
}

static uc_err bring_take(struct provider *p, struct view subject, const struct curb *c,
			 struct arena *a, uint32_t *wait_s)
{
	struct bucket one;
	const uint8_t tag = bucket_tags[BUCKET_BRING];
	unsigned day = p->contact.day;
	bucket_begin(&one, 1, day * 2, day, c);
	TRY(bucket_read(p, subject, tag, a, &one));
	*wait_s = buckets_wait(p, &one, 1);
	return *wait_s ? UC_OK : alone_commit(p, subject, tag, &one);
}

uc_err budget_bring(struct provider *p, struct view account_id,
		    const struct account_record *account, struct arena *a, uint32_t *wait_s)
{
	struct curb curb;
	TRY(curb_get(p, account_id, account, a, &curb));
	*wait_s = curbed_wait(p, &curb);
	if (!curb.level || *wait_s)
		return UC_OK;
	return bring_take(p, name_subject(account_id, account), &curb, a, wait_s);
}

uc_err budget_look(struct provider *p, struct view account_id, bool is_counted, struct arena *a,
		   uint32_t *wait_s)
{
	const uint8_t tag = bucket_tags[BUCKET_LOOK];
	unsigned day = p->contact.day;
	struct account_record account;
	struct bucket own, names;
	*wait_s = 0;
	/* No rules were set, so it could not be used up. */
	if (p->all_asked)
		return UC_OK;
	TRY(account_get(p, account_id, a, &account));
	struct view name = name_subject(account_id, &account);
	bool has_name = !view_equal(name, account_id);
	bucket_begin(&own, 1, day * 2, day, &nobody_is_curbed);
	names = own;
	TRY(bucket_read(p, account_id, tag, a, &own));
	TRY(bucket_read(p, name, tag, a, &names));
	uint32_t wait = buckets_wait(p, &own, 1), other = buckets_wait(p, &names, 1);
	*wait_s = wait > other ? wait : other;
	if (*wait_s || !is_counted)
		return UC_OK;
	/* A kill in between costs one of the name; it gives none back. */
	if (has_name)
		TRY(alone_commit(p, name, tag, &names));
	return alone_commit(p, account_id, tag, &own);
}

uc_err budget_minor_asked(struct provider *p, struct store_batch *b, struct view account_id,
			  bool is_counted, struct arena *a, bool *is_over)
{
	struct bucket one;
	struct store_key k;
	const uint8_t tag = bucket_tags[BUCKET_MINOR];
	unsigned day = p->contact.minor_day;
	bucket_begin(&one, 1, day * 2, day, &nobody_is_curbed);
	TRY(bucket_read(p, account_id, tag, a, &one));
	*is_over = is_counted && buckets_wait(p, &one, 1);
	if (*is_over)
		return UC_OK;
	one.r.empty_until_us += is_counted ? one.price_us : 0;
	struct view key = key_2(&k, TABLE_SPENT, account_id, view_make(&tag, 1));
	if (one.r.empty_until_us > bucket_now(p, &one))
		return record_put(b, key, spent_record_element, &one.r);
	store_delete(b, key);
	return UC_OK;
}

/* What was full already holds no more than it did.  Of who is curbed no more than others pay comes back: by letters of
 * before, which cost as much, there would be more than there was. */
static void buckets_give(struct bucket v[BUCKETS])
{
	for (size_t i = 0; i < BUCKETS; i++)
		v[i].r.empty_until_us -=
			v[i].r.empty_until_us < v[i].step_us ? v[i].r.empty_until_us : v[i].step_us;
}

uc_err budget_back(struct provider *p, struct store_batch *b, struct view account_id,
		   const struct account_record *account, const struct budget_letter *l,
		   struct arena *a)
{
	struct bucket own[BUCKETS], names[BUCKETS];
	struct view name = name_subject(account_id, account), key;
	struct store_key k;
	struct curb curb;
	bool has_asked;
	TRY(letter_key(&k, account_id, NOTE_ASKED, l, &key));
	TRY(store_has(p->accounts, key, &has_asked));
	store_delete(b, key);
	TRY(curb_get(p, account_id, account, a, &curb));
	TRY(buckets_read(p, account_id, account, &curb, a, own));
	TRY(buckets_read(p, name, account, &curb, a, names));
	/* As much is written when there is nothing to give: that the asker has gone is not told. */
	if (has_asked) {
		buckets_give(own);
		buckets_give(names);
	}
	TRY(buckets_write(b, account_id, own));
	return buckets_commit(p, name, names);
}

uc_err budget_drawn(struct provider *p, struct view account_id, const struct budget_letter *l,
		    bool *is_drawn)
{
	struct store_key k;
	struct store_batch b;
	struct view key;
	TRY(letter_key(&k, account_id, NOTE_DRAWN, l, &key));
	TRY(store_has(p->accounts, key, is_drawn));
	if (!*is_drawn)
		return UC_OK;
	store_batch_init(&b, account_id);
	store_delete(&b, key);
	return commit_accounts(p, &b);
}

uc_err budget_mark_token(struct provider *p, struct store_batch *b, struct view account_id,
			 struct view nonce, bool is_nobody, bool *is_spent)
{
	struct store_key k;
	struct view key;
	TRY(note_key(&k, account_id, NOTE_TOKEN, nonce, (struct view){ NULL, 0 }, &key));
	TRY(store_has(p->accounts, key, is_spent));
	if (!*is_spent)
		TRY(note_put(p, b, key, TOKEN_DAYS));
	if (is_nobody)
		store_delete(b, key);
	return UC_OK;
}
