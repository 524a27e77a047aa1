/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of request cards.  The reply address that a card came with is all that is needed: it was made
 * here, so it names the account, and its owner's device had the card's tag sealed into it before the
 * card could go.  The address does not stay in what is kept: with the app's own key it would lead to the
 * account, which only the moderators' key shall. */
#include "provider/reports.h"

#include "base/text.h"
#include "provider/openings.h"
#include "provider/room_work.h"

enum { VEILED = 20 };

bool is_reported_card(struct view place)
{
	struct uri u;
	return !uri_read(place, &u) && u.kind == URI_REQUEST_ADDRESS;
}

uc_err card_claims_verify(const struct provider *p, const struct frank_claims *c, struct view place)
{
	struct request_address r;
	uint8_t tag[FRANKING_TAG] = { 0 };
	if (c->claims.n != 1 || !view_equal(c->sender_uri, place))
		return UC_E_FRANK;
	uc_err err = reply_address_read(p, place, &r);
	if (err)
		return err == UC_E_ADDRESS ? UC_E_STALE : UC_E_FRANK;
	memcpy(tag, r.grant_id, CARD_TAG);
	return view_equal_ct(VIEW_OF(tag), VIEW_OF(c->claims.v[0].franking_tag)) ? UC_OK
										 : UC_E_FRANK;
}

/* The same for the same card, and of no use for anything else. */
static uc_err veil(const struct provider *p, struct view place, struct arena *a, struct view *out)
{
	const struct view parts[] = { VIEW_LIT("Undercroft reported card"), place };
	uint8_t hash[SHA256_BYTES];
	struct buf name;
	TRY(sha256_parts(parts, 2, hash));
	buf_init(&name, URI_MAX);
	base32_add(&name, view_make(hash, VEILED));
	const struct uri u = { .kind = URI_REQUEST_ADDRESS,
			       .domain = p->domain,
			       .name = buf_view(&name) };
	uc_err err = name.failed ? name.failed : uri_make(a, &u, out);
	buf_done(&name);
	return err;
}

uc_err reported_card_veil(const struct provider *p, const struct abuse_report *report,
			  struct arena *a, struct report_record *r)
{
	struct abuse_report veiled = *report;
	struct request_address from;
	TRY(reply_address_read(p, r->room, &from));
	TRY(veil(p, r->room, a, &r->room));
	veiled.alleged_abuser_uri = r->room;
	TRY(wire_encode_to(a, abuse_report_element, &veiled, &r->report));
	const struct opening_context context = { r->room, r->room };
	TRY(opening_seal(p, &context, VIEW_OF(from.account_id), a, &r->first));
	r->latest = r->first;
	return UC_OK;
}
