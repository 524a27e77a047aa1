/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a provider, for the files of this folder alone. */
#ifndef PROVIDER_INSIDE_H
#define PROVIDER_INSIDE_H

#include "base/map.h"
#include "provider/limits.h"
#include "provider/provider.h"
#include "provider/schema.h"

enum {
	CALL_ARENA_MAX = 64 * 1024 * 1024,
	SEATS_PER_SESSION = 4096,
	FINDS_PER_SESSION = 4096,
	ASK_TIMEOUT_MS = 30000,
};

struct room_live;
struct seat_live;

/* One connection.  Who signed in and which seats are open meet here, in memory only. */
struct session {
	struct provider *provider;
	struct session *next, *previous;
	void *connection;
	enum frame_phase phase;
	uint64_t number; /* never used twice */
	uint8_t challenge[CHALLENGE];
	uint8_t account_id[ACCOUNT_ID];
	uint8_t device_key[32];
	uint64_t intake_sent, intake_acked;
	struct seat_live *seats;
	uint32_t seats_n, next_seat;
	struct map finds; /* clients asked for with SEAT_FIND; value: the session */
	struct rate_state rates[LIMITS_N];
};

/* A request of a session being handled. */
struct call {
	struct provider *p;
	struct session *s;
	uint16_t type;
	uint32_t id;
	struct arena arena;
	bool later; /* the answer comes when another app has answered */
};

/* What is done with another app's answer. */
struct ask;
typedef void ask_done(struct provider *p, struct ask *ask, const struct peer_response *r);
struct ask {
	struct ask *next;
	uint64_t token, deadline_ms;
	ask_done *done;
	/* For a client's request: whom to answer, if still there. */
	uint64_t session_number;
	uint16_t type;
	uint32_t id;
	uint32_t seat;
	/* For a request of another app relayed further. */
	void *relay;
	struct view what; /* of `done`'s own use: a room, a domain; owned */
	uint64_t number;
};

struct provider {
	struct provider_config config;
	const struct env *env;
	struct store *accounts, *rooms;
	struct view domain;
	struct buf domain_bytes, base_url, directory;
	struct session *sessions;
	size_t sessions_n;
	uint64_t next_number, next_token;
	struct ask *asks;
	struct map rooms_live; /* URI -> struct room_live */
	struct map finders;    /* client URI -> struct session */
	struct rate_table rates;
	bool accounts_dirty, rooms_dirty;
	uint64_t last_sweep_ms;
};

/* --- store --- */
uc_err UC_MUST_USE commit_accounts(struct provider *p, struct store_batch *b);
uc_err UC_MUST_USE commit_rooms(struct provider *p, struct store_batch *b);

/* --- answering --- */
void call_respond(struct call *c, wire_element *walk, const void *body);
void call_refuse(struct call *c, uc_err status, const char *text, uint32_t retry_after_s);
void session_send_event(struct provider *p, struct session *s, uint16_t type, wire_element *walk,
			const void *body);
/* NULL when it has gone. */
struct session *session_find(struct provider *p, uint64_t number);
/* All live sessions of an account: start with NULL. */
struct session *session_of_account(struct provider *p, const uint8_t account_id[ACCOUNT_ID],
				   struct session *after);
void session_end(struct provider *p, struct session *s, uint16_t code);
uc_err UC_MUST_USE session_challenge_check(struct provider *p, const struct session *s,
					   uint8_t purpose, struct view account_id,
					   struct view subject, struct view key,
					   struct view signature);

/* --- asking other apps --- */
struct ask *ask_new(struct provider *p, ask_done *done);
/* Keeps a copy of `what`. */
void ask_about(struct ask *a, struct view what);
void ask_for_call(struct ask *a, struct call *c);
/* Sends; the ask is answered once, if only by its timeout (status 0). */
void ask_send(struct provider *p, struct ask *a, struct view domain, const char *endpoint,
	      struct view target, struct view headers, struct view body);
/* The answer's owner, as a call to be answered; NULL when it has gone. */
struct call *ask_call(struct provider *p, struct ask *a, struct call *space);
void call_done(struct call *c);
/* The first "name: value" of headers; empty when absent. */
struct view header_find(struct view headers, const char *name);
bool is_own_domain(const struct provider *p, struct view domain);

/* --- requests: one handler each --- */
typedef uc_err request_handler(struct call *c, struct view body);
request_handler handle_hello, handle_code_request, handle_sign_up, handle_sign_in, handle_recover,
	handle_device_reset, handle_device_list_get, handle_device_append, handle_account_delete,
	handle_vault_put, handle_vault_get, handle_pool_put, handle_pool_status, handle_pool_take,
	handle_request_key_put, handle_address_make, handle_grant_revoke, handle_directory,
	handle_lookup, handle_consent_request, handle_consent_update, handle_seat_find,
	handle_seat_open, handle_seat_close, handle_room_create, handle_room_update,
	handle_room_submit, handle_room_group_info, handle_key_material;
void notice_seat_ack(struct provider *p, struct session *s, struct view body);
void notice_intake_ack(struct provider *p, struct session *s, struct view body);

/* --- from other apps: one handler each; the reply's body goes into `out` --- */
struct peer_call {
	struct provider *p;
	void *call;         /* for a reply that comes later */
	struct view domain; /* who asks */
	struct view target; /* from the path, decoded */
	struct view headers, body;
	struct arena *a;
	struct buf *out; /* body of the reply */
	struct buf *out_headers;
	uint32_t retry_after_s;
	bool later;
};
typedef int peer_handler(struct peer_call *c); /* an HTTP status */
peer_handler peer_identifier_query, peer_request_consent, peer_update_consent, peer_key_material,
	peer_submit_message, peer_update, peer_notify, peer_group_info, peer_directory;

/* --- accounts --- */
uc_err UC_MUST_USE account_get(struct provider *p, struct view account_id, struct arena *a,
			       struct account_record *out);
/* HMAC over the app's normalised form; UC_E_NAME. */
uc_err UC_MUST_USE name_id_of(struct provider *p, struct view identifier, struct arena *a,
			      uint8_t out[32], struct view *normalised);
/* The living account behind a name; UC_E_NOT_FOUND. */
uc_err UC_MUST_USE account_by_name(struct provider *p, const uint8_t name_id[32], struct arena *a,
				   uint8_t account_id[ACCOUNT_ID], struct account_record *out);
/* The session is now this device of this account. */
void session_sign_in(struct provider *p, struct session *s, struct view account_id,
		     struct view device_key, uint64_t intake_cursor);
/* Ends what a reset or deletion voids: sets, grants, request key, intakes, live sessions. */
uc_err UC_MUST_USE account_void(struct provider *p, struct view account_id,
				const struct session *except, struct store_batch *b);

/* --- pool --- */
/* Deletes a set and gives what was in it, as one batch; UC_E_EXHAUSTED when it is gone. */
uc_err UC_MUST_USE pool_release(struct provider *p, struct view account_id, struct view set_id,
				struct arena *a, struct view_list *sealed, struct view_list *slots);
uc_err UC_MUST_USE pool_count(struct provider *p, struct view account_id, uint32_t *sets);
void pool_sweep(struct provider *p, uint64_t now_ms);

/* --- intake --- */
/* Seals the body to each device of the account and pushes it to those that are there. */
uc_err UC_MUST_USE intake_put(struct provider *p, struct view account_id, uint8_t kind,
			      struct view body, struct arena *a);
void intake_push(struct provider *p, struct session *s);
uc_err UC_MUST_USE intake_next(struct provider *p, struct view account_id, struct view device_key,
			       uint64_t *next);

/* --- consent --- */
void outbox_run(struct provider *p, uint64_t now_ms);

/* --- rooms --- */
struct seat_live {
	struct seat_live *next;      /* of the session */
	struct seat_live *room_next; /* of the room */
	struct session *session;
	struct room_live *room;
	uint32_t number;
	struct view client; /* owned */
	uint64_t start, sent, acked, ended;
	bool acked_dirty;
};
void seat_close(struct provider *p, struct seat_live *seat);
void seats_flush(struct provider *p);
void rooms_tick(struct provider *p, uint64_t now_ms);
void rooms_free(struct provider *p);
/* A client was given a seat: tells a session that asked for it. */
void seat_ready(struct provider *p, struct view client, struct view room);

#endif
