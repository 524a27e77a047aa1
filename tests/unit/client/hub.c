/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/hub.h"

#include "mimi/content.h"

static const struct suite *suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

void hub_begin(struct hub *h)
{
	memset(h, 0, sizeof *h);
	arena_init(&h->mem, 64 << 20, ARENA_SECRET);
	expect_ok(sign_key_generate(suite(), test_env(), &h->key));
	expect_ok(sign_key_generate(suite(), test_env(), &h->frank));
	expect_ok(env_random(test_env(), h->frank_key, sizeof h->frank_key));
	h->clock = test_now_ms;
}

void hub_end(struct hub *h)
{
	public_group_free(h->p);
	arena_done(&h->mem);
}

void hub_take_room(struct hub *h, struct view group_info, struct view tree)
{
	expect_ok(public_group_new(test_env(), &room_hooks, group_info, tree, &h->p));
	struct group_view now = public_group_now(h->p);
	expect_ok(room_check(&now));
	h->info = group_info;
	h->waiting_n = 0;
}

struct view hub_fanout(struct hub *h, struct view message, const struct frank *frank)
{
	struct fanout_message f = { .timestamp = h->clock, .message = message };
	struct mls_message m;
	struct frank copy;
	struct view out = { NULL, 0 };
	expect_ok(wire_decode(message, &h->mem, mls_message_element, &m));
	f.wire_format = m.wire_format;
	f.content_type = m.wire_format == MLS_PUBLIC_MESSAGE ? m.public_message.content.content_type
							     : m.private_message.content_type;
	if (frank) {
		copy = *frank;
		f.frank = &copy;
	}
	expect_ok(wire_encode_to(&h->mem, fanout_message_element, &f, &out));
	return out;
}

uc_err hub_update(struct hub *h, struct view update, struct view *fanout)
{
	struct update_request u;
	struct public_received in;
	TRY(wire_decode(update, &h->mem, update_request_element, &u));
	TRY(public_group_receive(h->p, u.bundle.proposal_or_commit, &h->mem, &in));
	h->clock++;
	if (in.kind == PUBLIC_COMMIT) {
		TRY(public_group_check_info(h->p, u.bundle.group_info_option.group_info));
		TRY(public_group_apply(h->p));
		h->welcome = u.bundle.welcome;
		h->tree = u.bundle.ratchet_tree_option.ratchet_tree;
		h->info = u.bundle.group_info_option.group_info;
		h->waiting_n = 0;
	} else if (h->waiting_n < sizeof h->waiting / sizeof *h->waiting) {
		h->waiting[h->waiting_n++] =
			(struct pending_proposal){ u.bundle.proposal_or_commit, h->clock };
	}
	*fanout = hub_fanout(h, u.bundle.proposal_or_commit, NULL);
	return UC_OK;
}

/* Whether it may ask is the provider's to decide; that it says who asks is checked here. */
static uc_err asker_check(struct hub *h, const struct group_info_request *q)
{
	struct view tbs;
	TRY(wire_encode_to(&h->mem, group_info_request_tbs_element, q, &tbs));
	return verify_with_label(suite(), q->requesting_signature_key, "GroupInfoRequestTBS", tbs,
				 q->signature);
}

uc_err hub_group_info(struct hub *h, struct view request, struct view *response)
{
	struct group_info_request q;
	struct group_info_response r = { .version = PROTOCOL_MLS10,
					 .status = GROUP_INFO_SUCCESS,
					 .room_id = public_group_now(h->p).context->group_id,
					 .cipher_suite = suite()->id,
					 .hub_sender = { .signature_key = sign_public(&h->key) } };
	struct group_info_ratchet_tree_tbe tbe = { .group_info = h->info };
	struct view plain, tbs;
	struct buf tree;
	TRY(wire_decode(request, &h->mem, group_info_request_element, &q));
	TRY(asker_check(h, &q));
	buf_init(&tree, WIRE_OBJECT_MAX);
	uc_err err = public_group_ratchet_tree(h->p, &tree);
	tbe.ratchet_tree_option = (struct ratchet_tree_option){ .representation = RATCHET_TREE_FULL,
								.ratchet_tree = buf_view(&tree) };
	tbe.pending_proposals = (struct pending_proposal_list){ h->waiting, h->waiting_n };
	if (!err)
		err = wire_encode_to(&h->mem, group_info_ratchet_tree_tbe_element, &tbe, &plain);
	buf_done(&tree);
	TRY(err);
	r.hub_sender.credential =
		(struct credential){ .credential_type = CREDENTIAL_BASIC,
				     .identity = VIEW_LIT("mimi://dial.example") };
	TRY(encrypt_with_label(suite(), test_env(), q.group_info_public_key,
			       "GroupInfo and ratchet_tree encryption", r.room_id, plain, &h->mem,
			       &r.encrypted_groupinfo_and_tree.kem_output,
			       &r.encrypted_groupinfo_and_tree.ciphertext));
	TRY(wire_encode_to(&h->mem, group_info_response_tbs_element, &r, &tbs));
	TRY(sign_with_label(suite(), &h->key, test_env(), "GroupInfoResponseTBS", tbs, &h->mem,
			    &r.signature));
	return wire_encode_to(&h->mem, group_info_response_element, &r, response);
}

struct frank hub_frank(struct hub *h, struct view message, struct view sender_uri)
{
	struct mls_message m;
	struct frank f = { 0 };
	uint8_t tag[FRANKING_TAG] = { 0 };
	const struct server_franking_context context = {
		.sender_uri = sender_uri,
		.room_uri = public_group_now(h->p).context->group_id,
		.accepted_timestamp = h->clock,
	};
	expect_ok(wire_decode(message, &h->mem, mls_message_element, &m));
	expect_ok(franking_aad_read(m.private_message.authenticated_data, &h->mem, tag));
	expect_ok(frank_make(h->frank_key, &h->frank, test_env(), tag, &context, &h->mem, &f));
	return f;
}

uc_err hub_submit(struct hub *h, struct view submit, struct view *fanout)
{
	struct submit_message_request s;
	TRY(wire_decode(submit, &h->mem, submit_message_request_element, &s));
	h->clock++;
	struct frank f = hub_frank(h, s.app_message, s.sending_uri);
	*fanout = hub_fanout(h, s.app_message, &f);
	return UC_OK;
}

/* --- people --- */

void person_begin(struct person *p, const char *app, uint64_t seed)
{
	memset(p, 0, sizeof *p);
	test_seed(seed);
	p->c.env = *test_env();
	expect_ok(text_set(p->c.account.app, sizeof p->c.account.app, view_str(app)));
	expect_ok(ed25519_generate(test_env(), &p->set.participant_key));
	expect_ok(room_group_key_package(&p->c, &p->set));
}

void person_end(struct person *p)
{
	room_group_free(p->g);
	blob_done(&p->set.key_package);
	blob_done(&p->set.private_keys);
}

void person_restart(struct person *p)
{
	struct buf b;
	buf_init_secret(&b, BLOB_MAX);
	expect_ok(room_group_save(p->g, &b));
	room_group_free(p->g);
	p->g = NULL;
	expect_ok(room_group_load(&p->c, buf_view(&b), (struct view){ NULL, 0 }, &p->g));
	buf_done(&b);
}

struct view person_package(struct arena *a, const struct person *p)
{
	struct view package = blob_view(&p->set.key_package), out = { NULL, 0 };
	expect_ok(wire_encode_to(a, bytes_element, &package, &out));
	return out;
}

uc_err person_entry(struct person *p, struct view fanout, struct arena *a, struct room_entry *out)
{
	return room_group_entry(&p->c, p->g, fanout, p->own_hub, a, out);
}

struct view person_says(struct person *p, const char *text, struct arena *a)
{
	struct mimi_content m;
	struct view out = { NULL, 0 };
	expect_ok(mimi_content_new(&p->c.env, view_str(p->set.participant), room_group_uri(p->g), a,
				   &m));
	mimi_content_set_text(&m, view_str(text), false);
	expect_ok(mimi_content_write(&m, a, &out));
	return out;
}
