/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/provider/guests.h"

#include "base/text.h"
#include "mimi/content.h"
#include "mimi/media_type.h"

enum { DAY_S = 24 * 3600, SALT = 16 };

struct view the_room;

static const struct suite *suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

static struct group_platform platform(void)
{
	return (struct group_platform){ .env = test_env(), .hooks = &room_hooks };
}

/* --- who --- */

static void name(struct guest *g)
{
	struct uri u = { .kind = URI_CLIENT, .domain = g->person->app->domain };
	uint8_t client[CLIENT_NAME];
	struct buf b;
	buf_init(&b, 64);
	expect_ok(env_random(test_env(), client, sizeof client));
	base32_add(&b, VIEW_OF(client));
	expect_ok(arena_copy(&apps_mem, buf_view(&b), &u.client));
	buf_done(&b);
	expect_ok(participant_name(VIEW_OF(g->first.pub), &apps_mem, &u.name));
	expect_ok(uri_make(&apps_mem, &u, &g->client));
	expect_ok(uri_participant_of(g->client, &g->participant));
}

void guest_init(struct guest *g, struct person *p, const struct guest *as)
{
	const struct extension_list none = { NULL, 0 };
	*g = (struct guest){ .person = p, .suite = suite(), .room = the_room, .ack = true };
	if (as)
		g->first = as->first;
	else
		expect_ok(ed25519_generate(test_env(), &g->first));
	expect_ok(sign_key_generate(suite(), test_env(), &g->leaf_key));
	expect_ok(env_random(test_env(), g->secret, sizeof g->secret));
	name(g);
	expect_ok(participant_prove(&g->first, g->client, sign_public(&g->leaf_key), &apps_mem,
				    &g->component));
	expect_ok(room_leaf_parameters(&g->leaf_key, g->client, g->component, &apps_mem, &g->leaf));
	expect_ok(key_package_make(suite(), test_env(), &g->leaf, 30 * DAY_S, &none, &apps_mem,
				   &g->key_package, &g->secrets));
}

struct view seat_signature(struct guest *g, const struct sign_key *key)
{
	struct seat_tbs tbs = { .room = g->room, .client = g->client };
	struct view bytes, signature = { NULL, 0 };
	memcpy(tbs.challenge, g->person->c->challenge, sizeof tbs.challenge);
	expect_ok(sha256(VIEW_OF(g->secret), tbs.secret_hash));
	expect_ok(wire_encode_to(&apps_mem, seat_tbs_element, &tbs, &bytes));
	expect_ok(sign_with_label(suite(), key, test_env(), "Undercroft seat", bytes, &apps_mem,
				  &signature));
	return signature;
}

/* --- rooms --- */

static void make_group(struct guest *g, bool direct)
{
	struct view domain = { NULL, 0 };
	expect_ok(uri_domain_of(g->room, &domain));
	int hub = 0;
	while (hub < APPS - 1 && !view_equal(apps[hub].domain, domain))
		hub++;
	const struct provider_keys *keys = &apps[hub].keys;
	struct extension_list context;
	const struct group_platform p = platform();
	const struct room_terms terms = { .room = g->room,
					  .direct = direct,
					  .hub_domain = domain,
					  .hub_key = sign_public(&keys->hub_key),
					  .franking_key = sign_public(&keys->franking_key),
					  .creator = g->participant };
	expect_ok(room_context_extensions(&terms, &apps_mem, &context));
	expect_ok(group_create(&p, g->suite, g->room, &g->leaf, &context, &g->g));
}

void make_group_alone(struct guest *g)
{
	make_group(g, false);
}

uc_err guest_create(struct guest *g, bool direct)
{
	struct room_create_response r;
	struct room_create_request q = { .room = g->room,
					 .client = g->client,
					 .secret = VIEW_OF(g->secret) };
	if (!g->g)
		make_group(g, direct);
	expect_ok(group_info_make(g->g, &apps_mem, &q.group_info));
	expect_ok(group_ratchet_tree(g->g, &apps_mem, &q.ratchet_tree));
	q.signature = seat_signature(g, &g->leaf_key);
	TRY(client_ask(g->person->c, FRAME_ROOM_CREATE, room_create_request_element, &q,
		       room_create_response_element, &r));
	g->seat = r.seat;
	g->seq = r.seq;
	memcpy(g->chain, r.chain, CHAIN_HASH);
	g->is_known = g->hub_is_own_app = true;
	return UC_OK;
}

void change_add(struct change *c, const struct guest *g)
{
	struct proposal *add = &c->v[c->n++];
	add->proposal_type = PROPOSAL_ADD;
	expect_ok(wire_decode(g->key_package, &apps_mem, key_package_element, &add->key_package));
}

static uint32_t leaf_of(const struct guest *by, struct view client)
{
	struct group_view now = group_now(by->g);
	uint32_t at = 0, leaf;
	struct leaf_node node;
	while (tree_next_leaf(now.tree, &at, &leaf, &node))
		if (view_equal(node.credential.identity, client))
			return leaf;
	return TREE_NONE;
}

void change_remove(struct change *c, const struct guest *by, const struct guest *g)
{
	struct proposal *remove = &c->v[c->n++];
	remove->proposal_type = PROPOSAL_REMOVE;
	remove->removed = leaf_of(by, g->client);
}

static void add_list(struct guest *by, struct change *c)
{
	struct proposal_view_list all;
	struct group_view now = group_now(by->g);
	struct room_state r;
	bool needed = false;
	expect_ok(group_fitting(by->g, c->v, c->n, &apps_mem, &all));
	expect_ok(room_state_read(&now, &apps_mem, &r));
	expect_ok(room_list_follow(&now, &r, &all, NULL, &apps_mem, &c->v[c->n], &needed));
	c->n += needed;
}

static struct view bundle(struct view commit, struct view welcome, struct view info,
			  uint8_t content_type)
{
	const struct update_request u = {
		.bundle = { .proposal_or_commit = commit,
			    .content_type = content_type,
			    .welcome = welcome,
			    .group_info_option = { GROUP_INFO_FULL, info },
			    .ratchet_tree_option = { .representation =
							     RATCHET_TREE_DISTRIBUTION_SERVICE } }
	};
	struct view out = { NULL, 0 };
	expect_ok(wire_encode_to(&apps_mem, update_request_element, &u, &out));
	return out;
}

struct view guest_commit_make(struct guest *by, const struct change *change)
{
	struct change c = *change;
	struct made_commit made = { .commit = { NULL, 0 } };
	add_list(by, &c);
	const struct commit_options o = { .proposals = c.v, .proposal_count = c.n };
	expect_ok(group_commit(by->g, &o, &apps_mem, &made));
	return bundle(made.commit, made.welcome, made.group_info, CONTENT_COMMIT);
}

struct view guest_leave_make(struct guest *by)
{
	const struct proposal p = { .proposal_type = PROPOSAL_SELF_REMOVE };
	const struct view none = { NULL, 0 };
	struct view message = { NULL, 0 };
	expect_ok(group_propose(by->g, &p, none, &apps_mem, &message));
	return bundle(message, none, none, CONTENT_PROPOSAL);
}

struct view guest_remove_make(struct guest *by, const struct guest *whom)
{
	const struct view none = { NULL, 0 };
	struct view message = { NULL, 0 };
	struct change c = { .n = 0 };
	change_remove(&c, by, whom);
	expect_ok(group_propose(by->g, &c.v[0], none, &apps_mem, &message));
	return bundle(message, none, none, CONTENT_PROPOSAL);
}

struct view guest_renew_make(struct guest *by)
{
	const struct view none = { NULL, 0 };
	struct view message = { NULL, 0 };
	expect_ok(group_propose_update(by->g, &apps_mem, &message));
	return bundle(message, none, none, CONTENT_PROPOSAL);
}

static int update_result(uc_err status, const struct room_update_response *r, uc_err *err)
{
	struct update_room_response u = { .response_code = 0 };
	*err = status;
	if (status)
		return -1;
	expect_ok(wire_decode(r->response, &apps_mem, update_room_response_element, &u));
	expect_eq(u.response_code == UPDATE_SUCCESS, r->seq != 0);
	return u.response_code;
}

int guest_update(struct guest *by, struct view update, uc_err *err)
{
	struct room_update_request q = { .seat = by->seat, .update = update };
	struct room_update_response r = { .seq = 0 };
	uc_err status = client_ask(by->person->c, FRAME_ROOM_UPDATE, room_update_request_element,
				   &q, room_update_response_element, &r);
	return update_result(status, &r, err);
}

void guest_commit(struct guest *by, const struct change *c)
{
	uc_err err;
	uint64_t epoch = group_epoch(by->g);
	expect_eq(guest_update(by, guest_commit_make(by, c), &err), UPDATE_SUCCESS);
	guest_read(by);
	expect_eq(group_epoch(by->g), epoch + 1);
}

void guest_leave(struct guest *by)
{
	uc_err err;
	expect_eq(guest_update(by, guest_leave_make(by), &err), UPDATE_SUCCESS);
}

/* --- seats --- */

uc_err guest_open(struct guest *g)
{
	struct seat_open_request q = {
		.room = g->room, .client = g->client, .secret = VIEW_OF(g->secret), .cursor = g->seq
	};
	memcpy(q.chain, g->chain, CHAIN_HASH);
	if (!g->is_known)
		q.signature = seat_signature(g, &g->leaf_key);
	TRY(client_ask(g->person->c, FRAME_SEAT_OPEN, seat_open_request_element, &q,
		       seat_open_response_element, &g->opened));
	g->seat = g->opened.seat;
	g->is_known = true;
	g->hub_is_own_app = g->opened.hub_is_own_app;
	return UC_OK;
}

static bool find_seat(struct guest *g)
{
	struct seat_find_request q = { { &g->client, 1 } };
	struct seat_find_response r = { .seats = { .n = 0 } };
	expect_ok(client_ask(g->person->c, FRAME_SEAT_FIND, seat_find_request_element, &q,
			     seat_find_response_element, &r));
	if (!r.seats.n)
		return false;
	expect_bytes(r.seats.v[0].client, g->client);
	expect_bytes(r.seats.v[0].room, g->room);
	return true;
}

void guest_join(struct guest *g)
{
	const struct group_platform p = platform();
	expect(find_seat(g));
	expect_ok(guest_open(g));
	const struct welcome_input in = { g->opened.welcome, g->opened.ratchet_tree, g->key_package,
					  &g->secrets };
	expect_ok(group_join(&p, &in, &g->g));
	g->seq = g->opened.start;
	memcpy(g->chain, g->opened.start_chain, CHAIN_HASH);
	struct seat_ack ack = { g->seat, g->seq };
	client_tell(g->person->c, FRAME_SEAT_ACK, seat_ack_element, &ack);
	guest_read(g);
}

void guest_return(struct guest *g)
{
	expect_ok(person_sign_in(g->person));
	expect_ok(guest_open(g));
	guest_read(g);
}

struct seat_again guest_again(const struct guest *g)
{
	struct seat_again s = { .room = g->room, .client = g->client, .cursor = g->seq };
	memcpy(s.secret, g->secret, SEAT_SECRET);
	return s;
}

struct seats_open_response seats_open_all(struct client *c, struct seat_again *v, size_t n)
{
	const struct seats_open_request q = { { v, n } };
	struct seats_open_response r = { { NULL, 0 } };
	expect_ok(client_ask(c, FRAME_SEATS_OPEN, seats_open_request_element, &q,
			     seats_open_response_element, &r));
	expect_eq(r.seats.n, n);
	if (r.seats.n != n)
		abort();
	return r;
}

/* --- reading --- */

static void chain_check(struct guest *g, const struct log_entry *e)
{
	uint8_t number[8], hash[SHA256_BYTES];
	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)(e->seq >> 8 * (7 - i));
	expect_ok(sha256(e->fanout, hash));
	struct view parts[] = { VIEW_LIT("Undercroft log 1"), VIEW_OF(g->chain), VIEW_OF(number),
				VIEW_OF(hash) };
	expect_ok(sha256_parts(parts, 4, g->chain));
	expect_bytes(VIEW_OF(g->chain), VIEW_OF(e->chain));
}

static struct view salt_of(const struct guest *g, struct view data)
{
	struct chain_head head;
	struct mimi_content *c = ARENA_NEW(&apps_mem, struct mimi_content);
	struct view content = { NULL, 0 };
	if (!g->reads_content)
		return view_slice(data, 0, SALT);
	expect_ok(application_data_read(data, &apps_mem, &content, &head));
	expect_ok(mimi_content_read(content, &apps_mem, c));
	return VIEW_OF(c->salt);
}

/* The franking key stands in the room; it is asked where the app is not the hub. */
static void frank_of(struct guest *g, const struct fanout_message *m, const struct received *in)
{
	struct group_view now = group_now(g->g);
	struct room_state r;
	struct view client, participant, none = { NULL, 0 };
	uint8_t tag[FRANKING_TAG];
	expect_ok(room_state_read(&now, &apps_mem, &r));
	expect_ok(participant_of_leaf(in->leaf, &client, &participant));
	expect_ok(franking_aad_read(in->authenticated_data, &apps_mem, tag));
	const struct server_franking_context context = { participant, g->room, m->timestamp };
	expect(m->frank != NULL);
	if (m->frank)
		expect_ok(frank_check(m->frank, tag, salt_of(g, in->application_data),
				      in->application_data, &context,
				      g->hub_is_own_app ? none : r.franking_key, &apps_mem));
}

static void take_message(struct guest *g, const struct fanout_message *m)
{
	struct received in = { .kind = RECEIVED_APPLICATION };
	uc_err err = group_receive(g->g, m->message, &apps_mem, &in);
	if (err == UC_E_OWN)
		return;
	expect_ok(err);
	if (err)
		return;
	frank_of(g, m, &in);
	struct view text = view_slice(in.application_data, SALT, sizeof g->last - 1);
	memcpy(g->last, text.p, text.n);
	g->last[text.n] = 0;
	g->messages++;
}

static void take_commit(struct guest *g, const struct fanout_message *m)
{
	struct received in = { .kind = RECEIVED_COMMIT };
	uc_err err = group_receive(g->g, m->message, &apps_mem, &in);
	expect_ok(err);
	if (err)
		return;
	g->commits++;
	if (in.kind == RECEIVED_OWN_COMMIT)
		expect_ok(group_pending_apply(g->g));
	else
		expect_ok(group_staged_apply(g->g));
}

static void take_proposals(struct guest *g, const struct fanout_message *m)
{
	struct received in;
	uc_err err = group_receive(g->g, m->message, &apps_mem, &in);
	expect(!err || err == UC_E_OWN || err == UC_E_REPLAY);
	for (size_t i = 0; i < m->more_proposals.n; i++) {
		err = group_receive(g->g, m->more_proposals.v[i], &apps_mem, &in);
		expect(!err || err == UC_E_OWN || err == UC_E_REPLAY);
	}
	g->proposals++;
}

static void take_entry(struct guest *g, const struct log_entry *e)
{
	struct fanout_message m;
	expect_eq(e->seq, g->seq + 1);
	chain_check(g, e);
	g->seq = e->seq;
	expect_ok(wire_decode(e->fanout, &apps_mem, fanout_message_element, &m));
	if (!g->g)
		return;
	if (m.content_type == CONTENT_APPLICATION)
		take_message(g, &m);
	else if (m.content_type == CONTENT_COMMIT)
		take_commit(g, &m);
	else
		take_proposals(g, &m);
}

static struct event *next_event(struct guest *g, uint16_t type)
{
	struct client *c = g->person->c;
	for (struct event **at = &c->events; *at; at = &(*at)->next) {
		struct event *e = *at;
		uint32_t seat = 0;
		for (size_t i = 0; i < 4 && i < e->body.n; i++)
			seat = seat << 8 | e->body.p[i];
		if (e->type != type || seat != g->seat)
			continue;
		*at = e->next;
		if (!*at)
			c->events_end = at;
		return e;
	}
	return NULL;
}

void guest_read(struct guest *g)
{
	for (struct event *e; (e = next_event(g, FRAME_ENTRY));) {
		struct entry_event in;
		expect_ok(wire_decode(e->body, &apps_mem, entry_event_element, &in));
		if (in.entry.seq > g->seq)
			take_entry(g, &in.entry);
		struct seat_ack ack = { g->seat, g->seq };
		if (g->ack)
			client_tell(g->person->c, FRAME_SEAT_ACK, seat_ack_element, &ack);
	}
	if (next_event(g, FRAME_SEAT_ENDED))
		g->is_ended = true;
}

/* --- messages --- */

struct view guest_message_make(struct guest *by, const char *text)
{
	struct buf data;
	uint8_t salt[SALT], tag[FRANKING_TAG];
	struct view aad = { NULL, 0 }, out = { NULL, 0 };
	struct submit_message_request s = { .protocol = PROTOCOL_MLS10,
					    .sending_uri = by->participant };
	buf_init(&data, MESSAGE_MAX * 2);
	expect_ok(env_random(test_env(), salt, sizeof salt));
	buf_add(&data, salt, sizeof salt);
	buf_add_str(&data, text);
	expect_ok(franking_tag(VIEW_OF(salt), buf_view(&data), tag));
	expect_ok(franking_aad_write(tag, &apps_mem, &aad));
	expect_ok(group_encrypt(by->g, aad, buf_view(&data), 256, &apps_mem, &s.app_message));
	buf_done(&data);
	expect_ok(wire_encode_to(&apps_mem, submit_message_request_element, &s, &out));
	return out;
}

int guest_submit(struct guest *by, struct view submit, struct submit_message_response *out,
		 uint64_t *seq, uc_err *err)
{
	struct room_submit_request q = { by->seat, submit };
	struct room_submit_response r = { .seq = 0 };
	*err = client_ask(by->person->c, FRAME_ROOM_SUBMIT, room_submit_request_element, &q,
			  room_submit_response_element, &r);
	*seq = r.seq;
	if (*err)
		return -1;
	expect_ok(wire_decode(r.response, &apps_mem, submit_message_response_element, out));
	expect_eq(out->status_code == SUBMIT_ACCEPTED, r.seq != 0);
	return out->status_code;
}

void guest_say(struct guest *by, const char *text)
{
	struct submit_message_response r;
	uint64_t seq;
	uc_err err;
	expect_eq(guest_submit(by, guest_message_make(by, text), &r, &seq, &err), SUBMIT_ACCEPTED);
}

/* --- joining from outside --- */

static struct view group_info_request(struct guest *g, const struct kem_key *key)
{
	struct group_info_request m = { .protocol = PROTOCOL_MLS10,
					.cipher_suite = suite()->id,
					.requesting_signature_key = sign_public(&g->leaf_key),
					.requesting_credential = g->leaf.credential,
					.group_info_public_key = kem_public(key),
					.joining_code = g->component };
	struct view tbs, out = { NULL, 0 };
	expect_ok(wire_encode_to(&apps_mem, group_info_request_tbs_element, &m, &tbs));
	expect_ok(sign_with_label(suite(), &g->leaf_key, test_env(), "GroupInfoRequestTBS", tbs,
				  &apps_mem, &m.signature));
	expect_ok(wire_encode_to(&apps_mem, group_info_request_element, &m, &out));
	return out;
}

static void group_info_open(const struct guest *g, const struct kem_key *key,
			    struct group_info_response *m, struct group_info_ratchet_tree_tbe *out)
{
	struct view plain = { NULL, 0 }, tbs = { NULL, 0 };
	expect_ok(wire_encode_to(&apps_mem, group_info_response_tbs_element, m, &tbs));
	expect_ok(verify_with_label(suite(), m->hub_sender.signature_key, "GroupInfoResponseTBS",
				    tbs, m->signature));
	expect_ok(decrypt_with_label(suite(), key, "GroupInfo and ratchet_tree encryption", g->room,
				     m->encrypted_groupinfo_and_tree.kem_output,
				     m->encrypted_groupinfo_and_tree.ciphertext, &apps_mem,
				     &plain));
	expect_ok(wire_decode(plain, &apps_mem, group_info_ratchet_tree_tbe_element, out));
}

int guest_group_info(struct guest *g, struct group_info_ratchet_tree_tbe *out, uc_err *err)
{
	struct kem_key key;
	struct room_group_info_request q = { .room = g->room };
	struct room_group_info_response r;
	struct group_info_response m = { .status = 0 };
	expect_ok(kem_key_generate(suite(), test_env(), &key));
	q.request = group_info_request(g, &key);
	*err = client_ask(g->person->c, FRAME_ROOM_GROUP_INFO, room_group_info_request_element, &q,
			  room_group_info_response_element, &r);
	if (*err)
		return -1;
	expect_ok(wire_decode(r.response, &apps_mem, group_info_response_element, &m));
	expect_bytes(m.room_id, g->room);
	if (m.status == GROUP_INFO_SUCCESS)
		group_info_open(g, &key, &m, out);
	return m.status;
}

struct room_update_request guest_resync_make(struct guest *fresh, const struct guest *old,
					     const struct group_info_ratchet_tree_tbe *info)
{
	const struct group_platform p = platform();
	struct view commit = { NULL, 0 }, group_info = { NULL, 0 }, none = { NULL, 0 };
	const struct proposal remove = { .proposal_type = PROPOSAL_REMOVE,
					 .removed = old ? leaf_of(old, old->client) : 0 };
	struct view leaving[8];
	struct external_join in = { .group_info = info->group_info,
				    .ratchet_tree = info->ratchet_tree_option.ratchet_tree,
				    .leaf = &fresh->leaf,
				    .proposals = &remove,
				    .proposal_count = old != NULL,
				    .self_removes = leaving };
	for (size_t i = 0; i < info->pending_proposals.n && i < 8; i++)
		leaving[in.self_remove_count++] = info->pending_proposals.v[i].proposal;
	expect_ok(group_join_external(&p, &in, &apps_mem, &commit, &group_info, &fresh->g));
	return (struct room_update_request){ .room = fresh->room,
					     .client = fresh->client,
					     .secret = VIEW_OF(fresh->secret),
					     .signature = seat_signature(fresh, &fresh->leaf_key),
					     .update = bundle(commit, none, group_info,
							      CONTENT_COMMIT) };
}

int guest_resync(struct guest *fresh, const struct room_update_request *q, uc_err *err)
{
	struct room_update_response r = { .seq = 0 };
	uc_err status = client_ask(fresh->person->c, FRAME_ROOM_UPDATE, room_update_request_element,
				   q, room_update_response_element, &r);
	int code = update_result(status, &r, err);
	if (code == UPDATE_SUCCESS) {
		expect(r.seat);
		expect_ok(group_pending_apply(fresh->g));
		fresh->seat = r.seat;
		fresh->is_known = true;
		fresh->seq = r.seq;
		/* The chain of its own entry: told when the seat is opened by its secret. */
		expect_ok(guest_open(fresh));
		expect_eq(fresh->opened.start, r.seq);
		expect_eq(fresh->opened.welcome.n, 0);
		memcpy(fresh->chain, fresh->opened.start_chain, CHAIN_HASH);
		guest_read(fresh);
	}
	return code;
}

void guests_agree(struct guest *const *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		expect_eq(group_epoch(v[i]->g), group_epoch(v[0]->g));
		expect_bytes(group_epoch_authenticator(v[i]->g),
			     group_epoch_authenticator(v[0]->g));
	}
}

/* --- those of the tests --- */

struct person rosa, rob, tom, ida;
struct guest r1, r2, t1, i1;

void the_people(void)
{
	apps_begin();
	the_room = VIEW_LIT("mimi://dial.example/r/abcdefgh");
	person_join(&rosa, &apps[DIAL], "+4915112345678");
	person_join(&rob, &apps[DIAL], "+4915112345679");
	person_join(&tom, &apps[LENS], "tom");
	person_join(&ida, &apps[PLAZA], "ida@plaza.example");
}

void the_room_of(struct guest *const *others, size_t n)
{
	struct change c = { .n = 0 };
	guest_init(&r1, &rosa, NULL);
	expect_ok(guest_create(&r1, false));
	for (size_t i = 0; i < n; i++)
		change_add(&c, others[i]);
	guest_commit(&r1, &c);
	for (size_t i = 0; i < n; i++)
		guest_join(others[i]);
}

void room_of_three(void)
{
	the_people();
	guest_init(&t1, &tom, NULL);
	guest_init(&i1, &ida, NULL);
	the_room_of((struct guest *[]){ &t1, &i1 }, 2);
}

void read_all(void)
{
	guest_read(&r1);
	guest_read(&t1);
	guest_read(&i1);
}

void the_end(void)
{
	struct guest *all[] = { &r1, &r2, &t1, &i1 };
	for (size_t i = 0; i < 4; i++) {
		group_free(all[i]->g);
		all[i]->g = NULL;
	}
	apps_end();
}

/* --- what is stored --- */

struct store_log_bounds log_bounds_of(struct app *a, struct view room)
{
	struct store_log_bounds b = { .first = 1, .next = 1 };
	struct store_key k;
	uc_err err = store_log_bounds(a->rooms, key_1(&k, TABLE_LOG, room), &b);
	expect(!err || err == UC_E_NOT_FOUND);
	return b;
}

uint64_t log_head_of(struct app *a, struct view room)
{
	return log_bounds_of(a, room).next - 1;
}
