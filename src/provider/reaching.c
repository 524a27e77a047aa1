/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/reaching.h"

/* --- the table --- */

uc_err sender_of(struct provider *p, struct view account_id, const struct account_record *account,
		 struct arena *a, struct contact_sender *out)
{
	struct settings s;
	TRY(settings_of(p, account_id, a, &s));
	*out = (struct contact_sender){
		.version = 1,
		.age_band = s.age_band,
		/* By days, which is all that is kept: one to two of them. */
		.is_new = !p->contact.new_ask &&
			  day_of(env_now_ms(p->env)) <= account->created_day + 1,
	};
	return UC_OK;
}

static bool table_lets(uint8_t recipient, uint8_t sender, enum reach_channel channel, bool is_new)
{
	const struct reach r = {
		.recipient = (enum age_band)recipient,
		.sender = (enum age_band)sender,
		.channel = channel,
		.sender_is_new = is_new,
	};
	return reach_findable(&r);
}

bool letter_reaches(const struct settings *to, uint8_t channel, const struct contact_sender *from)
{
	bool was_handed = channel == CHANNEL_LINK;
	if (to->ask == ASK_NOBODY || (to->ask == ASK_HANDED && !was_handed))
		return false;
	/* An address of a look-up is worth no more than a look-up of now. */
	if (channel == CHANNEL_LOOKUP && !to->find_by_name)
		return false;
	/* A reply address came to whom it was sent to by being asked: as one that was found. */
	return table_lets(to->age_band, from->age_band, was_handed ? REACH_IN_PERSON : REACH_NAME,
			  from->is_new);
}

bool is_findable(const struct settings *s)
{
	/* Who looks is not known: if those of 16 and 17 may ask, somebody may. */
	return s->find_by_name && s->ask == ASK_ANYBODY &&
	       table_lets(s->age_band, AGE_TEEN_B, REACH_NAME, false);
}

bool is_discoverable(const struct settings *s)
{
	/* Everybody reads it, grown-ups too. */
	return s->find_by_number && is_findable(s) &&
	       table_lets(s->age_band, AGE_ADULT, REACH_NAME, false);
}

/* --- budgets --- */

enum { NEW_DAYS = 7, BUCKETS = 3 };
/* Kinds in TABLE_SPENT, beside those of spent.h; stored: they never change. */
static const uint8_t bucket_tags[BUCKETS] = { 8, 9, 10 };

struct bucket {
	uint64_t step_us, room_us; /* one of it; all of it */
	struct spent_record r;
};

/* At most n in so many days, of which `burst` at once. */
static void bucket_begin(struct bucket *b, uint64_t days, unsigned n, unsigned burst)
{
	if (!burst)
		burst = 1;
	b->step_us = days * DAY_MS * 1000 / (n > burst ? n - burst : 1);
	b->room_us = b->step_us * burst;
}

bool budget_is_kind(struct view kind)
{
	return kind.n == SHA256_BYTES / 2 ||
	       (kind.n == 1 && kind.p[0] >= bucket_tags[0] && kind.p[0] <= bucket_tags[2]);
}

/* A day's, a week's for a new account, and what nobody has answered, of 30 days. */
static uc_err buckets_read(struct provider *p, struct view subject,
			   const struct account_record *account, struct arena *a,
			   struct bucket v[BUCKETS])
{
	uint64_t now_ms = env_now_ms(p->env), now = now_ms * 1000;
	unsigned day = p->contact.day;
	bool is_new = day_of(now_ms) < account->created_day + NEW_DAYS;
	unsigned at_once = is_new ? day / 4 : day;
	/* A day's is full again after a day. */
	bucket_begin(&v[0], 1, at_once * 2, at_once);
	bucket_begin(&v[1], 7, is_new ? day * 3 / 4 : day * 7, at_once);
	bucket_begin(&v[2], 30, day * 3 / 2, day);
	for (size_t i = 0; i < BUCKETS; i++) {
		struct store_key k;
		struct spent_record r = { 0 };
		bool found;
		TRY(record_find(p->accounts,
				key_2(&k, TABLE_SPENT, subject, view_make(&bucket_tags[i], 1)),
				spent_record_element, a, &r, &found));
		if (r.empty_until_us < now)
			r.empty_until_us = now;
		/* Of a time when the clock was ahead. */
		if (r.empty_until_us > now + v[i].room_us)
			r.empty_until_us = now + v[i].room_us;
		v[i].r = r;
	}
	return UC_OK;
}

static uint32_t buckets_wait(struct provider *p, const struct bucket v[BUCKETS])
{
	uint64_t now = env_now_ms(p->env) * 1000, most = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		uint64_t after = v[i].r.empty_until_us + v[i].step_us, room = now + v[i].room_us;
		if (after > room && after - room > most)
			most = after - room;
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

/* Stands for a letter that was counted and not accepted yet, by the reply address in it; for as long as
 * it may be answered. */
static struct view asked_key(struct store_key *k, struct view account_id,
			     const uint8_t hash[SHA256_BYTES])
{
	return key_2(k, TABLE_SPENT, account_id, view_make(hash, SHA256_BYTES / 2));
}

struct view name_subject(struct view account_id, const struct account_record *account)
{
	static const uint8_t none[sizeof account->name_id];
	struct view name = VIEW_OF(account->name_id);
	return view_equal(name, VIEW_OF(none)) ? account_id : name;
}

static uc_err asked_write(struct provider *p, struct store_batch *b, struct view account_id,
			  struct view reply_address, const struct bucket own[BUCKETS])
{
	struct spent_record asked = {
		.empty_until_us = (env_now_ms(p->env) + (uint64_t)KEEP_DAYS * DAY_MS) * 1000
	};
	struct store_key k;
	uint8_t hash[SHA256_BYTES];
	TRY(sha256(reply_address, hash));
	TRY(record_put(b, asked_key(&k, account_id, hash), spent_record_element, &asked));
	return buckets_write(b, account_id, own);
}

uc_err budget_take(struct provider *p, struct view account_id, const struct account_record *account,
		   struct view reply_address, struct arena *a, uint32_t *wait_s)
{
	struct bucket own[BUCKETS], names[BUCKETS];
	struct store_batch b;
	struct view name = name_subject(account_id, account);
	TRY(buckets_read(p, account_id, account, a, own));
	TRY(buckets_read(p, name, account, a, names));
	uint32_t wait = buckets_wait(p, own), other = buckets_wait(p, names);
	*wait_s = wait > other ? wait : other;
	if (*wait_s)
		return UC_OK;
	for (size_t i = 0; i < BUCKETS; i++) {
		own[i].r.empty_until_us += own[i].step_us;
		names[i].r.empty_until_us += names[i].step_us;
	}
	/* A kill in between costs one of the name; it gives none back. */
	TRY(buckets_commit(p, name, names));
	store_batch_init(&b, account_id);
	return finish_accounts(p, &b, asked_write(p, &b, account_id, reply_address, own));
}

/* What was full already holds no more than it did. */
static void buckets_give(struct bucket v[BUCKETS])
{
	for (size_t i = 0; i < BUCKETS; i++)
		v[i].r.empty_until_us -=
			v[i].r.empty_until_us < v[i].step_us ? v[i].r.empty_until_us : v[i].step_us;
}

uc_err budget_back(struct provider *p, struct store_batch *b, struct view account_id,
		   const struct account_record *account, struct view reply_address, struct arena *a)
{
	struct bucket own[BUCKETS], names[BUCKETS];
	struct view name = name_subject(account_id, account);
	struct store_key k;
	uint8_t hash[SHA256_BYTES];
	bool has_asked;
	TRY(sha256(reply_address, hash));
	struct view key = asked_key(&k, account_id, hash);
	TRY(store_has(p->accounts, key, &has_asked));
	store_delete(b, key);
	TRY(buckets_read(p, account_id, account, a, own));
	TRY(buckets_read(p, name, account, a, names));
	/* As much is written when there is nothing to give: that the asker has gone is not told. */
	if (has_asked) {
		buckets_give(own);
		buckets_give(names);
	}
	TRY(buckets_write(b, account_id, own));
	return buckets_commit(p, name, names);
}
