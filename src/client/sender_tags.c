/* SPDX-License-Identifier: Apache-2.0 */
#include "client/sender_tags.h"

#include "client/barred.h"
#include "client/contacts.h"

struct view sender_tags_of(const struct request *q)
{
	static const uint8_t none[SENDER_TAG];
	struct view tag = VIEW_OF(q->sender_tag);
	return view_equal(tag, VIEW_OF(none)) ? (struct view){ NULL, 0 } : tag;
}

/* In one order on all devices, and of too many the same ones. */
void sender_tags_learn(struct contact *k, struct view tag)
{
	uint32_t at = 0;
	if (tag.n != SENDER_TAG)
		return;
	while (at < k->tag_count && view_compare(VIEW_OF(k->tags[at]), tag) < 0)
		at++;
	if (at == SENDER_TAGS || (at < k->tag_count && view_equal(VIEW_OF(k->tags[at]), tag)))
		return;
	if (k->tag_count < SENDER_TAGS)
		k->tag_count++;
	memmove(k->tags[at + 1], k->tags[at], (k->tag_count - 1 - at) * SENDER_TAG);
	memcpy(k->tags[at], tag.p, SENDER_TAG);
	k->dirty = true;
}

void sender_tags_gather(struct uc_client *c, struct contact *k)
{
	for (const struct request *q = c->requests; q; q = q->next)
		if (id_equal(&q->contact, &k->id))
			sender_tags_learn(k, sender_tags_of(q));
}

static void blocked_by(struct uc_client *c, const struct uc_id *contact, struct view tag)
{
	struct contact *k = contact_find(c, contact), *b = barred_find(c, contact);
	if (k && k->blocked)
		sender_tags_learn(k, tag);
	if (b)
		sender_tags_learn(b, tag);
}

void sender_tags_blocked(struct uc_client *c, const struct uc_id *account, struct view tag)
{
	blocked_by(c, account, tag);
	/* No contact themselves, but another account of one. */
	for (const struct linked *l = c->linkeds; l; l = l->next)
		for (size_t i = 0; l->blocked && i < LINK_SIDES; i++)
			if (id_equal(&l->sides[i].contact, account))
				blocked_by(c, &l->sides[LINK_SIDES - 1 - i].contact, tag);
}

static bool is_of(const struct contact *list, struct view tag)
{
	for (const struct contact *k = list; k; k = k->next)
		for (uint32_t i = 0; k->blocked && !k->ended && i < k->tag_count; i++)
			if (view_equal(VIEW_OF(k->tags[i]), tag))
				return true;
	return false;
}

bool sender_tags_hide(const struct uc_client *c, struct view tag)
{
	return tag.n == SENDER_TAG && (is_of(c->contacts, tag) || is_of(c->barred, tag));
}
