/* SPDX-License-Identifier: Apache-2.0 */
/* Openings: whose a participant is, sealed so that the moderators' offline key alone reads it. */
#include "provider/openings.h"

#include "base/planted.h"
#include "mimi/sealed.h"
#include "provider/room_work.h"

static void wire_opening_context(struct wire *w, struct opening_context *c)
{
	wire_bytes(w, &c->room);
	wire_bytes(w, &c->participant);
}

void opening_context_element(struct wire *w, void *v)
{
	wire_opening_context(w, v);
}

/* Of the moderators' key, too: for another it is sealed anew. */
uc_err opener_make(const struct provider *p, const struct session *s, struct view secret,
		   uint8_t out[SEAT_OPENER])
{
	const struct view parts[] = { VIEW_LIT("Undercroft opener"),
				      VIEW_OF(p->config.keys->moderators_pub),
				      VIEW_OF(s->account_id) };
	uint8_t mac[SHA256_BYTES];
	if (PLANTED(opener_known))
		TRY(sha256(VIEW_OF(s->account_id), mac));
	else if (PLANTED(opener_keyed))
		TRY(hmac_sha256_parts(VIEW_OF(p->config.keys->name_key), parts, 3, mac));
	else
		TRY(hmac_sha256_parts(secret, parts, 3, mac));
	memcpy(out, mac, SEAT_OPENER);
	return UC_OK;
}

uc_err opening_seal(const struct provider *p, const struct opening_context *context,
		    struct view account_id, struct arena *a, struct view *sealed)
{
	struct view bytes;
	TRY(wire_encode_to(a, opening_context_element, context, &bytes));
	return label_seal(p->env, VIEW_OF(p->config.keys->moderators_pub), OPENING_LABEL, bytes,
			  account_id, a, sealed);
}

uc_err opening_make(struct provider *p, struct view room, struct view client,
		    const struct session *s, struct arena *a, struct view *sealed)
{
	struct opening_context c = { .room = room };
	TRY(uri_participant_of(client, &c.participant));
	return opening_seal(p, &c, VIEW_OF(s->account_id), a, sealed);
}

uc_err opening_read(struct view moderators_priv, struct view moderators_pub,
		    const struct opening_context *context, struct view sealed, struct arena *a,
		    struct view *account_id)
{
	struct view bytes;
	TRY(wire_encode_to(a, opening_context_element, context, &bytes));
	return label_open(moderators_priv, moderators_pub, OPENING_LABEL, bytes, sealed, a,
			  account_id);
}

uc_err opening_add(struct provider *p, struct store_batch *b, struct view room, struct view client,
		   struct view sealed, struct arena *a)
{
	struct store_key k;
	struct opening_record r = { .first = sealed };
	struct view participant;
	TRY(uri_participant_of(client, &participant));
	struct view key = key_2(&k, TABLE_OPENING, room, participant);
	uc_err err = record_get(p->rooms, key, opening_record_element, a, &r);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	r.latest = sealed;
	return record_put(b, key, opening_record_element, &r);
}
