/* SPDX-License-Identifier: Apache-2.0 */
/* Joining a room from outside, by an external commit (RFC 9420, 12.4.3.2): the joiner's seat is
 * opened with the answer.  Where another app is the hub, its answer comes first or the entry does. */
#include "base/heap.h"
#include "provider/room_work.h"

/* One who joins by itself, and whose app waits for the hub: first its answer, then the entry. */
struct room_join {
	struct room_join *next;
	uint64_t token; /* of the question; 0: answered */
	uint64_t session_number;
	uint64_t until_ms;
	uint16_t type;
	uint32_t id;
	uint64_t seq;
	struct view room, client; /* behind the struct, as are the next three */
	uint8_t secret_hash[SHA256_BYTES];
	uint8_t opener[SEAT_OPENER];
	struct view opening, leaf_key, response;
	uint8_t *owned; /* response */
};

static void join_free(struct room_join *j)
{
	heap_free(j->owned);
	heap_free(j);
}

static struct room_join **join_find(struct provider *p, uint64_t token)
{
	struct room_join **at = &p->room_work->joins;
	while (*at && (*at)->token != token)
		at = &(*at)->next;
	return at;
}

static uc_err join_add(struct call *c, const struct seat_proof *proof, struct view room,
		       struct view leaf_key, uint64_t token)
{
	struct view parts[] = { room, proof->client, proof->opening, leaf_key };
	struct room_join *j =
		heap_new(sizeof *j + room.n + proof->client.n + proof->opening.n + leaf_key.n);
	if (!j)
		return UC_E_MEMORY;
	uint8_t *to = (uint8_t *)(j + 1);
	struct view *views[] = { &j->room, &j->client, &j->opening, &j->leaf_key };
	for (size_t i = 0; i < 4; i++) {
		if (parts[i].n)
			memcpy(to, parts[i].p, parts[i].n);
		*views[i] = view_make(to, parts[i].n);
		to += parts[i].n;
	}
	memcpy(j->secret_hash, proof->secret_hash, sizeof j->secret_hash);
	memcpy(j->opener, proof->opener, sizeof j->opener);
	j->token = token;
	j->session_number = c->s->number;
	j->type = c->type;
	j->id = c->id;
	j->until_ms = env_now_ms(c->p->env) + 2 * (uint64_t)ASK_TIMEOUT_MS;
	j->next = c->p->room_work->joins;
	c->p->room_work->joins = j;
	return UC_OK;
}

/* Is it the leaf whose key signed for the seat?  That the hub has accepted something is only what
 * the hub says: somebody else's seat in a room of its own is not opened by it. */
static uc_err join_check(struct provider *p, struct room_live *r, const struct room_join *j)
{
	struct public_group *g;
	TRY(room_live_group(p, r, &g));
	uint32_t leaf = public_group_leaf_by_identity(g, j->client);
	if (leaf == TREE_NONE ||
	    !view_equal(tree_signature_key(public_group_now(g).tree, leaf), j->leaf_key))
		return UC_E_SEAT;
	return UC_OK;
}

/* The seat is there: its secret is set, and it is opened. */
static uc_err join_open(struct provider *p, struct room_live *r, struct room_join *j,
			struct session *s, struct arena *a, uint32_t *number)
{
	struct store_key k;
	struct seat_record record;
	struct seat_live *seat;
	struct store_batch b;
	struct view key = key_2(&k, TABLE_SEAT, j->room, j->client);
	TRY(record_get(p->rooms, key, seat_record_element, a, &record));
	TRY(join_check(p, r, j));
	/* A repeat under another secret does not open what is there. */
	if (!seat_is_unopened(&record) &&
	    !view_equal_ct(VIEW_OF(record.secret_hash), VIEW_OF(j->secret_hash)))
		return UC_E_SEAT;
	memcpy(record.secret_hash, j->secret_hash, sizeof record.secret_hash);
	memcpy(record.opener, j->opener, sizeof record.opener);
	record.cursor = record.start;
	store_batch_init(&b, j->room);
	uc_err err = opening_add(p, &b, j->room, j->client, j->opening, a);
	if (!err)
		err = record_put(&b, key, seat_record_element, &record);
	if (err) {
		store_batch_done(&b);
		return err;
	}
	seat_known_change(p, j->room, j->client, NULL);
	TRY(commit_rooms(p, &b));
	TRY(seat_live_new(p, s, r, j->client, &record, record.start, &seat));
	*number = seat->number;
	return UC_OK;
}

/* Answers the client; r: where its seat is, or NULL. */
static void join_end(struct provider *p, struct room_join *j, struct room_live *r)
{
	struct session *s = session_find(p, j->session_number);
	uint32_t number = 0;
	if (s && s->phase == PHASE_SIGNED_IN) {
		struct call c = { .p = p, .s = s, .type = j->type, .id = j->id };
		arena_init(&c.arena, CALL_ARENA_MAX, ARENA_PLAIN);
		if (r && join_open(p, r, j, s, &c.arena, &number))
			number = 0; /* it opens the seat by itself */
		room_update_answer(&c, j->response, number, j->seq);
		struct seat_live *seat = number ? seat_live_find(s, number) : NULL;
		if (seat)
			seat_live_push(p, seat);
		arena_done(&c.arena);
	}
	join_free(j);
}

static bool is_seated(struct provider *p, struct view room, struct view client)
{
	struct store_key k;
	bool there;
	return !store_has(p->rooms, key_2(&k, TABLE_SEAT, room, client), &there) && there;
}

/* Accepted: it ends when its entry has come. */
static void join_accepted(struct provider *p, struct room_join **at, const struct peer_response *q)
{
	struct room_join *j = *at;
	struct room_live *r;
	j->token = 0;
	j->seq = hub_ask_seq(q);
	j->owned = heap_new(q->body.n);
	if (j->owned && q->body.n)
		memcpy(j->owned, q->body.p, q->body.n);
	j->response = view_make(j->owned, j->owned ? q->body.n : 0);
	if (room_live_get(p, j->room, &r) || !is_seated(p, j->room, j->client))
		return;
	*at = j->next;
	join_end(p, j, r);
}

static void join_done(struct provider *p, struct ask *a, const struct peer_response *q)
{
	struct room_join **at = join_find(p, a->token), *j = *at;
	struct call space, *c = ask_call(p, a, &space);
	struct update_room_response u = { .response_code = UPDATE_NOT_ALLOWED };
	if (!j || !c) {
		if (j) {
			*at = j->next;
			join_free(j);
		}
		if (c)
			call_done(c);
		return;
	}
	bool answered = false;
	if (hub_ask_refused(c, q))
		answered = true;
	else if (wire_decode(q->body, &c->arena, update_room_response_element, &u))
		call_refuse(c, UC_E_PEER, NULL, 0);
	else if (u.response_code == UPDATE_SUCCESS)
		join_accepted(p, at, q);
	else
		room_update_answer(c, q->body, 0, 0);
	if (answered || u.response_code != UPDATE_SUCCESS) {
		*at = j->next;
		join_free(j);
	}
	call_done(c);
}

void room_joins_done(struct provider *p, struct room_live *r, const struct member_list *joined)
{
	for (struct room_join **at = &p->room_work->joins; *at;) {
		struct room_join *j = *at;
		bool comes = false;
		for (size_t i = 0; !j->token && !comes && i < joined->n; i++)
			comes = view_equal(joined->v[i].client, j->client) &&
				view_equal(r->uri, j->room);
		if (!comes) {
			at = &j->next;
			continue;
		}
		*at = j->next;
		join_end(p, j, r);
	}
}

void room_joins_expire(struct provider *p, uint64_t now_ms)
{
	for (struct room_join **at = &p->room_work->joins; *at;) {
		struct room_join *j = *at;
		if (!is_due(now_ms, j->until_ms, 2 * ASK_TIMEOUT_MS)) {
			at = &j->next;
			continue;
		}
		*at = j->next;
		if (j->token)
			join_free(j); /* its question has been answered by the timeout */
		else
			join_end(p, j, NULL);
	}
}

void room_joins_free(struct provider *p)
{
	while (p->room_work->joins) {
		struct room_join *j = p->room_work->joins;
		p->room_work->joins = j->next;
		join_free(j);
	}
}

static uc_err join_here(struct call *c, const struct room_update_request *q, struct room_live *r,
			const struct seat_proof *proof)
{
	struct hub_reply reply = { .seq = 0 };
	struct store_key k;
	struct seat_record record;
	struct seat_live *seat;
	uint32_t number = 0;
	struct hub_request h = { .p = c->p,
				 .room = r,
				 .client = proof->client,
				 .body = q->update,
				 .a = &c->arena,
				 .proof = proof };
	uc_err err = hub_update(&h, &reply);
	if (err)
		return hub_refuse(c, err, &reply);
	if (reply.seq) {
		TRY(record_get(c->p->rooms, key_2(&k, TABLE_SEAT, r->uri, proof->client),
			       seat_record_element, &c->arena, &record));
		/* A repeat under another secret does not open what is there. */
		if (view_equal_ct(VIEW_OF(record.secret_hash), VIEW_OF(proof->secret_hash))) {
			TRY(seat_live_new(c->p, c->s, r, proof->client, &record, record.start,
					  &seat));
			number = seat->number;
		}
	}
	room_update_answer(c, reply.body, number, reply.seq);
	if (number)
		seat_live_push(c->p, seat);
	return UC_OK;
}

/* The key that signs the commit is the one that signs for the seat. */
static uc_err joiner_key(struct call *c, const struct room_update_request *q, struct view *key)
{
	struct update_request u;
	struct mls_message *m = ARENA_NEW(&c->arena, struct mls_message);
	if (!m)
		return UC_E_LIMIT;
	TRY(wire_decode(q->update, &c->arena, update_request_element, &u));
	TRY(wire_decode(u.bundle.proposal_or_commit, &c->arena, mls_message_element, m));
	const struct framed_content *content = &m->public_message.content;
	if (content->sender.sender_type != SENDER_NEW_MEMBER_COMMIT ||
	    content->content_type != CONTENT_COMMIT || !content->commit.path)
		return UC_E_UNEXPECTED;
	const struct leaf_node *leaf = &content->commit.path->leaf_node;
	if (leaf->credential.credential_type != CREDENTIAL_BASIC ||
	    !view_equal(leaf->credential.identity, q->client))
		return UC_E_NOT_ALLOWED;
	*key = leaf->signature_key;
	return UC_OK;
}

uc_err room_update_from_outside(struct call *c, const struct room_update_request *q)
{
	struct view key, domain, of_client;
	struct seat_proof proof;
	struct room_live *r;
	if (!is_place(q->room, URI_ROOM) || !is_place(q->client, URI_CLIENT))
		return UC_E_ARGUMENT;
	TRY(uri_domain_of(q->room, &domain));
	TRY(uri_domain_of(q->client, &of_client));
	if (!is_own_domain(c->p, of_client))
		return UC_E_NOT_ALLOWED;
	TRY(joiner_key(c, q, &key));
	TRY(seat_proof_check(c->p, c->s, q->room, q->client, q->secret, key, q->signature,
			     &c->arena, &proof));
	if (is_own_domain(c->p, domain)) {
		TRY(room_live_hosted(c->p, q->room, &r));
		return join_here(c, q, r, &proof);
	}
	/* Known before it is asked: the token of the next question. */
	TRY(join_add(c, &proof, q->room, key, c->p->next_token));
	uc_err err = hub_ask(c, join_done, "update", domain, q->room, q->client, 0, q->update);
	if (err) {
		struct room_join *j = c->p->room_work->joins;
		c->p->room_work->joins = j->next;
		join_free(j);
	}
	return err;
}
