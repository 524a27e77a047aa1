/* SPDX-License-Identifier: Apache-2.0 */
#include "client/portraits.h"

#include "client/account.h"
#include "client/contacts.h"
#include "client/introductions.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/portrait.h"

_Static_assert((int)UC_PICTURE_MAX == (int)PICTURE_MAX, "as the header says");

/* Rooms of one hub in which something is on its way: else a thousand contacts would be a thousand pictures
 * in memory.  A hub that does not answer holds up its own alone. */
enum { AT_ONCE = 8 };

uint64_t picture_number(struct view picture)
{
	uint8_t hash[SHA256_BYTES];
	uint64_t n = 0;
	if (!picture.n || sha256(picture, hash))
		return 0;
	for (size_t i = 0; i < sizeof n; i++)
		n = n << 8 | hash[i];
	n >>= 11; /* a page counts in doubles */
	return n ? n : 1;
}

/* --- telling --- */

static bool is_empty(const struct own_portrait *p)
{
	return !p->about[0] && !p->picture.n;
}

/* Who never heard of one need not hear that there is none any more. */
static bool is_due(const struct own_portrait *p, const struct contact *k)
{
	if (!p->number || !k->has_direct || k->blocked)
		return false;
	if (is_empty(p))
		return k->told && k->told != p->number;
	return k->told != p->number || !id_equal(&k->told_in, &k->direct);
}

static bool is_busy(const struct uc_client *c, const struct room *beside)
{
	struct view hub = uri_domain(view_str(beside->uri));
	size_t n = 0;
	for (const struct room *r = c->rooms; r && n < AT_ONCE; r = r->next)
		n += r->outbox.unsent && view_equal(uri_domain(view_str(r->uri)), hub);
	return n == AT_ONCE; /* the answers make turns, too */
}

/* Under our account, to who has said there who they are. */
static bool may_tell(struct uc_client *c, const struct contact *k, const struct room *r)
{
	return r->introduced && r->says == SAYS_ACCOUNT && introductions_listener(c, r) == k &&
	       !is_busy(c, r);
}

static void told(struct uc_client *c, struct contact *k)
{
	k->told = c->portrait.number;
	k->told_in = k->direct;
	k->dirty = true;
}

static uc_err tell(struct uc_client *c, struct contact *k, struct room *r)
{
	const struct own_portrait *own = &c->portrait;
	struct portrait p = { .number = own->number,
			      .about = view_str(own->about),
			      .picture = blob_view(&own->picture) };
	struct control m = { .version = 1, .control_kind = CONTROL_PORTRAIT };
	struct arena_mark mark = arena_mark(&c->call);
	uc_err err = portrait_write(&p, &c->call, &m.portrait);
	if (!err)
		err = control_send(c, r, &m);
	arena_reset(&c->call, mark);
	TRY(err);
	told(c, k);
	return UC_OK;
}

uc_err portraits_drive(struct uc_client *c)
{
	uc_err first = UC_OK;
	if (c->account.deleting)
		return UC_OK;
	for (struct contact *k = c->contacts; k; k = k->next) {
		struct room *r = is_due(&c->portrait, k) ? room_find(c, &k->direct) : NULL;
		if (!r || !may_tell(c, k, r))
			continue;
		uc_err err = tell(c, k, r);
		if (err_is_hard(err))
			return err;
		if (err && !first)
			first = err; /* the others are told nevertheless */
	}
	return first;
}

void portraits_newcomer(struct uc_client *c, const struct room *r, const uint8_t *own)
{
	struct own_portrait *p = &c->portrait;
	struct contact *k = r->direct ? contact_find(c, &r->contact) : NULL;
	if (!k || !p->number)
		return;
	/* One of ours learns it by one room, and comes to all of them. */
	if (own && view_equal(VIEW_OF(p->device), (struct view){ own, ED25519_KEY }))
		return;
	if (own) {
		memcpy(p->device, own, sizeof p->device);
		p->dirty = true;
	}
	memset(&k->told_in, 0, sizeof k->told_in);
	k->dirty = true;
}

/* --- hearing --- */

static struct safe_place picture_place(const struct contact *k)
{
	return (struct safe_place){ .table = "picture", .name = VIEW_OF(k->id.b) };
}

void portraits_forget(struct uc_client *c, struct contact *k)
{
	if (k->picture)
		safe_delete(&c->safe, picture_place(k));
	k->portrait = k->picture = 0;
	memset(k->about, 0, sizeof k->about);
	memset(&k->told_in, 0, sizeof k->told_in);
	k->dirty = true;
}

/* Theirs counts as ours does, or whoever's clock was wrong once would not be heard for years. */
static uint64_t number_here(struct uc_client *c, const struct contact *k, uint64_t theirs)
{
	uint64_t now = client_now(c), n = theirs < now ? theirs : now;
	return n > k->portrait ? n : k->portrait + 1;
}

uc_err portrait_in(struct uc_client *c, struct contact *k, struct view padded)
{
	struct portrait p;
	TRY(portrait_read(padded, &c->call, &p));
	if (p.number <= k->portrait)
		return UC_OK; /* of another room or device, and older */
	uint64_t picture = picture_number(p.picture);
	bool same = picture == k->picture && view_equal(p.about, view_str(k->about));
	k->portrait = number_here(c, k, p.number);
	k->dirty = true;
	if (same)
		return UC_OK;
	TRY(text_set(k->about, sizeof k->about, p.about));
	if (picture && picture != k->picture)
		safe_put(&c->safe, picture_place(k), p.picture);
	if (!picture && k->picture)
		safe_delete(&c->safe, picture_place(k));
	k->picture = picture;
	contact_changed(c, k);
	return UC_OK;
}

/* The device that has set it tells it to all who were told before. */
static void told_by_another(struct uc_client *c)
{
	for (struct contact *k = c->contacts; k; k = k->next)
		if (k->has_direct && !k->blocked)
			told(c, k);
}

uc_err portrait_own_in(struct uc_client *c, const struct room *r, struct view padded)
{
	struct own_portrait *own = &c->portrait;
	struct contact *k = contact_find(c, &r->contact);
	struct portrait p;
	TRY(portrait_read(padded, &c->call, &p));
	if (p.number == own->number && k && id_equal(&k->direct, &r->id))
		told(c, k);
	if (p.number <= own->number)
		return UC_OK;
	TRY(text_set(own->about, sizeof own->about, p.about));
	TRY(blob_set(&own->picture, p.picture));
	own->number = p.number;
	own->dirty = true;
	told_by_another(c);
	return UC_OK;
}

/* --- for the owner --- */

static uc_err changed(struct uc_client *c)
{
	uint64_t now = client_now(c);
	struct own_portrait *p = &c->portrait;
	p->number = now > p->number ? now : p->number + 1;
	p->dirty = true;
	return UC_OK;
}

static bool may_change(const struct uc_client *c)
{
	return account_is_active(c) && !c->account.deleting;
}

static uc_err about_set(struct uc_client *c, void *arg)
{
	struct view about;
	if (!may_change(c))
		return UC_E_SIGNED_OUT;
	TRY(about_normalise(*(struct view *)arg, &c->call, &about));
	if (view_equal(about, view_str(c->portrait.about)))
		return UC_OK;
	TRY(text_set(c->portrait.about, sizeof c->portrait.about, about));
	return changed(c);
}

uc_err uc_about_set(uc_client *c, const char *about)
{
	struct view text = view_str(about ? about : "");
	return c && about ? turn_run(c, about_set, &text) : UC_E_ARGUMENT;
}

static uc_err picture_set(struct uc_client *c, void *arg)
{
	const struct view *picture = arg;
	if (!may_change(c))
		return UC_E_SIGNED_OUT;
	TRY(picture_check(*picture));
	if (view_equal(*picture, blob_view(&c->portrait.picture)))
		return UC_OK;
	TRY(blob_set(&c->portrait.picture, *picture));
	return changed(c);
}

uc_err uc_picture_set(uc_client *c, const uint8_t *picture, size_t n)
{
	struct view v = { picture, n };
	return c && (picture || !n) ? turn_run(c, picture_set, &v) : UC_E_ARGUMENT;
}

static uc_err picture_find(struct uc_client *c, const struct uc_id *contact, struct arena *a,
			   struct view *out)
{
	if (!contact) {
		*out = blob_view(&c->portrait.picture);
		return out->n ? UC_OK : UC_E_NOT_FOUND;
	}
	const struct contact *k = contact_find(c, contact);
	uc_err err =
		k && k->picture ? safe_get(&c->safe, picture_place(k), a, out) : UC_E_NOT_FOUND;
	/* A damaged one is none. */
	return err == UC_E_CORRUPT ? UC_E_NOT_FOUND : err;
}

uc_err uc_picture(uc_client *c, const struct uc_id *contact, uint8_t *out, size_t out_n, size_t *n)
{
	struct view picture;
	if (!c || !out || !n)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	struct arena_mark mark = arena_mark(&c->call);
	uc_err err = picture_find(c, contact, &c->call, &picture);
	if (!err && picture.n > out_n)
		err = UC_E_TOO_LARGE;
	if (!err) {
		memcpy(out, picture.p, picture.n);
		*n = picture.n;
	}
	arena_reset(&c->call, mark);
	return err;
}
