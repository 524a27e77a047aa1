/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a provider, for the files of this folder alone. */
#ifndef PROVIDER_INSIDE_H
#define PROVIDER_INSIDE_H

#include "base/map.h"
#include "mimi/address.h"
#include "mimi/device_list.h"
#include "mimi/protocol.h"
#include "provider/limits.h"
#include "provider/provider.h"
#include "provider/schema.h"

enum {
	CALL_ARENA_MAX = 64 * 1024 * 1024,
	SEATS_PER_SESSION = 4096,
	FINDS_PER_SESSION = 4096,
	ASK_TIMEOUT_MS = 30000,
	ASK_BUCKETS = 1024,
	ASKS_OF_OTHERS = 256, /* open at one app for clients and other apps; more are refused */
	KEEP_DAYS = 30,       /* what waits for somebody */
	DAY_MS = 24 * 3600 * 1000,
	HOUR_MS = 3600 * 1000,
	/* WebSocket close codes (RFC 6455, 7.4.1). */
	WS_NORMAL = 1000,
	WS_PROTOCOL = 1002,
	WS_POLICY = 1008,
	WS_TRY_LATER = 1013,
};

static inline uint32_t day_of(uint64_t ms)
{
	return (uint32_t)(ms / DAY_MS);
}

/* Has the time come?  Also when it lies further ahead than it is ever set, by a good measure: then
 * the clock was put back, and nothing must wait for the old time to come again. */
static inline bool is_due(uint64_t now_ms, uint64_t at_ms, uint64_t longest_ms)
{
	return at_ms <= now_ms || at_ms - now_ms > 2 * longest_ms;
}

/* What the clock does has so much time at once, and goes on in the next round; by count, too, where
 * the clock stands. */
enum { SLICE_MS = 2, SLICE_STEPS = 1000 };
struct slice {
	const struct env *env;
	uint64_t end_ms;
	unsigned left;
};
static inline void slice_begin(struct slice *s, const struct env *env)
{
	*s = (struct slice){ env, env_now_ms(env) + SLICE_MS, SLICE_STEPS };
}
static inline bool slice_goes_on(struct slice *s)
{
	uint64_t now = env_now_ms(s->env);
	return s->left && s->left-- && now < s->end_ms && s->end_ms - now <= SLICE_MS;
}

struct room_live;
struct seat_live;
struct room_work;
struct outbox_domain;
struct known_app;
struct provider_tokens;
struct redeeming;
struct pairings;
struct held;

/* Its open seats (seat_table.c). */
struct seat_block;
struct session_seats {
	struct seat_block **blocks;
	struct seat_live *free;
	uint16_t blocks_n, blocks_room;
	uint32_t n;
};

/* One connection.  Who signed in and which seats are open meet here, in memory only. */
struct session {
	struct provider *provider;
	struct session *next, *previous;
	struct session *account_next; /* another of the same account */
	void *connection;
	enum frame_phase phase;
	uint64_t number; /* never used twice */
	uint8_t challenge[CHALLENGE];
	uint8_t account_id[ACCOUNT_ID];
	uint8_t device_key[32];
	uint64_t intake_sent, intake_acked;
	struct session_seats seats;
	uint32_t features;    /* that both sides have said: 1 << enum frame_feature */
	size_t unacked_bytes; /* of all its seats: about so much is on its way */
	bool is_held;         /* a seat has more, and waits for all to be acknowledged */
	size_t go_on_at;      /* that is asked first then */
	struct map finds;     /* clients asked for with SEAT_FIND; value: the session */
	struct rate_state rates[LIMITS_OF_SESSION];
	/* Network address, for counting alone: in memory only, and in the first ten minutes. */
	uint8_t from[SESSION_FROM];
	bool has_from, has_forgotten;
	uint64_t opened_ms;
	bool is_counted; /* there, as one that has not signed in */
};

/* A request of a session being handled. */
struct call {
	struct provider *p;
	struct session *s;
	uint16_t type;
	uint32_t id;
	struct arena arena;
	uint32_t
		wait_s; /* messages: the session has asked for too much, and this long is to pass */
	bool later;     /* the answer comes when another app has answered */
};

/* What is done with another app's answer. */
struct ask;
typedef void ask_done(struct provider *p, struct ask *ask, const struct peer_response *r);
struct ask {
	struct ask *next, *previous; /* in the order they were asked */
	struct ask *bucket_next;
	uint64_t token, deadline_ms;
	size_t *asked; /* counted there, when for a client or another app; else NULL */
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

/* Reports that are kept (reports.c): what is known of them once they were looked through. */
struct provider_reports {
	bool is_known;                /* all of them have been looked at, or those below known_to */
	uint64_t known_to, know_ms;   /* 0: none yet; not again before */
	uint64_t next;                /* number of the one to come, once they are known */
	uint64_t bytes, bytes_others; /* of those; of which from other apps */
	struct map shares;            /* domain -> struct report_share */
	uint64_t sweep_ms;
	uint8_t mark_key[32]; /* of reporters' marks; never written */
	uint64_t mark_until_ms;
};

/* Finding people by number (discovery.h). */
struct discovery_job;
struct filter_build;
struct provider_discovery {
	bool is_on;
	struct discovery_job *first, *last; /* batches that are being evaluated */
	size_t jobs_n;
	struct filter_build *build; /* the filter that is being made */
	bool build_now;             /* an operator wants one */
	bool is_known;              /* which filter there is: the next two */
	uint32_t made_day;
	uint64_t edition;
	/* The key that filters name, and that of before its last change: with a custodian sums of both
	 * halves, once the other's is known. */
	uint8_t pub[32], pub_before[32];
	struct buf custodian; /* its domain; empty: the key is whole */
	bool has_other;       /* its public key is known */
	uint8_t other[32];
	bool is_asked;          /* it has been, for its key */
	uint64_t ask_ms;        /* not again before */
	uint64_t next_job;      /* number */
	struct buf custody_for; /* domains whose other half we hold, a line each */
};

struct provider {
	struct provider_config config;
	const struct env *env;
	struct store *accounts, *rooms;
	struct view domain;
	struct buf domain_bytes, base_url, directory;
	struct session *sessions;
	size_t sessions_n;
	struct map by_number;  /* number -> struct session */
	struct map by_account; /* account id -> its first struct session that is signed in */
	uint64_t next_number, next_token;
	struct ask *asks, *asks_last;
	struct ask *asks_by_token[ASK_BUCKETS];
	size_t asks_n;
	struct map rooms_live; /* URI -> struct room_live */
	struct map finders;    /* client URI -> struct session */
	struct room_work *room_work;
	struct rate_table rates;
	struct rate_table networks; /* the same by network address; a crowd there harms none here */
	uint64_t networks_forgotten_ms; /* when sessions last forgot theirs */
	uint8_t networks_key[32];       /* for what was asked for from where */
	bool has_networks_key;
	/* Accounts whose devices are told of letters: in the round after this one, and in this one. */
	struct buf pushes[2];
	bool accounts_dirty, rooms_dirty;
	uc_err failed;                /* a store does not write any more: nothing may be said */
	struct outbox_domain *outbox; /* where consents wait, by domain */
	bool outbox_loaded;
	struct known_app *known_apps; /* directories of other apps, and our own signed */
	size_t known_apps_n;
	struct provider_handles handles;
	struct provider_contact contact;
	struct provider_ages ages;
	uint8_t age_vouchers[AGE_SERVICES_MAX][VOUCHER]; /* as they stand in records */
	bool all_asked;        /* nothing was said about contact yet: all may be asked */
	struct map reserved;   /* skeletons of names that nobody is given; value: the provider */
	bool is_suspended;     /* the whole app: nobody is let in */
	bool clock_doubted;    /* nothing is thrown away for its age */
	struct buf sweep_from; /* key of the account the sweep goes on with; empty: it rests */
	uint64_t last_sweep_ms;
	struct buf
		index_from; /* where leading the index to its new key goes on; empty: at its begin */
	unsigned index_permille, index_failures, index_skipped;
	bool index_is_said; /* there is a record of under which key all of it was */
	bool index_is_led;  /* all of it, and it is written that it is */
	struct provider_reports reports;
	struct buf
		attachments_from; /* where looking for those that are over goes on; empty: it rests */
	uint64_t attachments_ms; /* not again before */
	struct provider_discovery discovery;
	struct provider_tokens
		*tokens;             /* keys they are issued with (tokens.c); NULL: not made yet */
	struct pairings *pairings;   /* further devices that wait (pairing.c); NULL: none */
	struct redeeming *redeeming; /* letters whose tokens are being redeemed (redeeming.c) */
	size_t redeeming_n;
	struct held *held; /* answers whose time has not come (held.c) */
	size_t held_n;
};

/* --- store --- */
uc_err UC_MUST_USE commit_accounts(struct provider *p, struct store_batch *b);
/* Commits, unless filling the batch has failed already with err. */
uc_err UC_MUST_USE finish_accounts(struct provider *p, struct store_batch *b, uc_err err);
uc_err UC_MUST_USE commit_rooms(struct provider *p, struct store_batch *b);

/* --- further devices (pairing.c) --- */
void pairings_expire(struct provider *p, uint64_t now_ms);
void pairings_free(struct provider *p);

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
/* Was this done too often from the session's network address, to `what` if there is one?  Then the
 * call is refused. */
bool network_is_too_fast(struct call *c, enum provider_limit limit, struct view what);
/* Sessions that last forget where they came from, once a minute. */
void sessions_forget_networks(struct provider *p, uint64_t now_ms);
/* It has signed in: it does not count as one that has not. */
void session_uncount(struct session *s);
uc_err UC_MUST_USE session_challenge_check(struct provider *p, const struct session *s,
					   uint8_t purpose, struct view account_id,
					   struct view subject, struct view key,
					   struct view signature);

/* --- asking other apps --- */
struct ask *ask_new(struct provider *p, ask_done *done);
/* Keeps a copy of `what`. */
void ask_about(struct ask *a, struct view what);
void ask_for_call(struct ask *a, struct call *c);
/* UC_E_BUSY when so much is asked of that app for others already, that one which never answers would
 * leave no room for the rest. */
uc_err UC_MUST_USE ask_check(struct provider *p, struct view domain);
/* Sends; the ask is answered once, if only by its timeout (status 0). */
void ask_send(struct provider *p, struct ask *a, struct view domain, const char *endpoint,
	      struct view target, struct view headers, struct view body);
/* The same with GET and a path of its own. */
void ask_get(struct provider *p, struct ask *a, struct view domain, struct view path,
	     struct view headers);
/* The answer's owner, as a call to be answered; NULL when it has gone. */
struct call *ask_call(struct provider *p, struct ask *a, struct call *space);
void call_done(struct call *c);
/* The first "name: value" of headers; empty when absent. */
struct view header_find(struct view headers, const char *name);
/* What a path says in its last part, percent signs read; false: it cannot be read. */
bool peer_target_read(struct view text, struct arena *a, struct view *out);
bool is_own_domain(const struct provider *p, struct view domain);

/* --- requests: one handler each --- */
typedef uc_err request_handler(struct call *c, struct view body);
request_handler handle_hello, handle_code_request, handle_sign_up, handle_sign_in, handle_recover,
	handle_device_reset, handle_device_list_get, handle_device_append, handle_account_delete,
	handle_pair_open, handle_pair_look, handle_pair_answer, handle_pair_take, handle_vault_put,
	handle_vault_get, handle_pool_put, handle_pool_status, handle_pool_take,
	handle_request_key_put, handle_address_make, handle_grant_revoke, handle_directory,
	handle_lookup, handle_consent_request, handle_consent_update, handle_seat_find,
	handle_seat_open, handle_seat_close, handle_room_create, handle_room_update,
	handle_room_submit, handle_room_group_info, handle_name_change, handle_key_material,
	handle_seats_open, handle_settings_put, handle_settings_get, handle_age_present,
	handle_report, handle_discovery_evaluate, handle_discovery_filter, handle_discoverable_set,
	handle_token_issue, handle_attachment_put, handle_attachment_get;
/* Which limit a request counts for, and by whom; NULL where there is no such request. */
enum request_counts {
	BY_SESSION,
	BY_ACCOUNT,
	BY_HANDLER, /* which counts by what is in it */
};
struct request_rule {
	uint16_t type;
	request_handler *handle;
	enum provider_limit limit;
	enum request_counts by;
};
const struct request_rule *request_rule_find(uint16_t type);
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
	peer_submit_message, peer_update, peer_notify, peer_group_info, peer_directory, peer_follow,
	peer_report_abuse, peer_confirm_franks, peer_custody_evaluate, peer_redeem_tokens;
/* GET of what lies under a name, also by anybody. */
int peer_attachment(struct peer_call *c, struct view name);
/* One row for each path of theirs, /v1/NAME/TARGET, with what it counts for. */
struct peer_rule {
	const char *name;
	peer_handler *handle;
	size_t body_max;
	enum provider_limit limit;
	bool by_handler; /* which counts by what is in it */
};
/* The rule at a place; NULL behind the last. */
const struct peer_rule *peer_rule_at(size_t i);
/* Counts for the asking app; too much sets when it may come again. */
bool peer_is_too_fast(struct peer_call *c, enum provider_limit limit);
/* The same for what counts several times: all of it or nothing. */
bool peer_are_too_many(struct peer_call *c, enum provider_limit limit, uint32_t units);

/* --- accounts --- */
uc_err UC_MUST_USE account_get(struct provider *p, struct view account_id, struct arena *a,
			       struct account_record *out);
/* Writes the record, on condition that it still is `was`. */
uc_err UC_MUST_USE account_change(struct provider *p, struct store_batch *b, struct view account_id,
				  const struct account_record *was,
				  const struct account_record *now);
/* A name as the server knows it. */
struct name_id {
	uint8_t secret[32]; /* HMAC of it: never stored, and the same as long as the app lives */
	uint8_t now[32];    /* what it is called in the index */
	uint8_t before[32]; /* while the index key changes: what it may still be called there */
	bool moves;
};
/* Of the app's normalised form; UC_E_NAME. */
uc_err UC_MUST_USE name_id_of(struct provider *p, struct view identifier, struct arena *a,
			      struct name_id *out, struct view *normalised);
uc_err UC_MUST_USE name_secret_of(struct provider *p, struct view identifier, struct arena *a,
				  uint8_t out[32], struct view *normalised);
/* The living account behind a name, as others find it: not when it is suspended; UC_E_NOT_FOUND. */
uc_err UC_MUST_USE account_by_name(struct provider *p, const struct name_id *n, struct arena *a,
				   uint8_t account_id[ACCOUNT_ID], struct account_record *out);
/* Goes on with leading the index to its new key. */
void index_tick(struct provider *p);
/* UC_E_CONFIG when the index is under none of our keys. */
uc_err UC_MUST_USE index_open(struct provider *p);
/* The session is now this device of this account; another session of the device ends. */
void session_sign_in(struct provider *p, struct session *s, struct view account_id,
		     struct view device_key, uint64_t intake_cursor);
/* It is nobody's any more. */
void session_sign_out(struct provider *p, struct session *s);
/* Ends all sessions of the account but `except` (may be NULL). */
void account_sessions_end(struct provider *p, struct view account_id, const struct session *except);
/* Ends what a reset, a revocation or a deletion voids, in its batch: sets and grants, and that it is
 * found by its number; and in the record, which the caller writes: request key and addresses. */
void account_void(struct store_batch *b, struct view account_id, struct account_record *record);
/* Every entry of the device list that is kept, in order. */
uc_err UC_MUST_USE list_entries(struct provider *p, struct view account_id, struct arena *a,
				struct view_list *out);
/* The same, and the list they make, verified. */
uc_err UC_MUST_USE list_get(struct provider *p, struct view account_id,
			    const struct account_record *account, struct arena *a,
			    struct view_list *entries, struct device_list *list);
/* The keys of the devices that are listed now. */
uc_err UC_MUST_USE device_keys(struct provider *p, struct view account_id, struct arena *a,
			       struct view_list *out);
/* Is a code right for a name?  UC_E_CODE, always alike; a wrong one costs an attempt. */
uc_err UC_MUST_USE code_check(struct provider *p, const struct name_id *n, struct view code,
			      struct arena *a);
/* Spends the code of a name, in the batch of that name. */
uc_err UC_MUST_USE code_spend(struct provider *p, struct store_batch *b, const struct name_id *n,
			      struct arena *a);

/* How much more the account may have stored; 0 when it is over its quota. */
uc_err UC_MUST_USE account_bytes_left(struct provider *p, struct view account_id, struct arena *a,
				      uint64_t *left);

/* --- pool --- */
/* Deletes a set and gives what was in it, as one batch; UC_E_EXHAUSTED when it is gone. */
uc_err UC_MUST_USE pool_release(struct provider *p, struct view account_id, struct view set_id,
				struct arena *a, struct view_list *sealed, struct view_list *slots);
/* The same without deleting. */
uc_err UC_MUST_USE pool_read(struct provider *p, struct view account_id, struct view set_id,
			     struct arena *a, struct view_list *sealed, struct view_list *slots);
uc_err UC_MUST_USE pool_count(struct provider *p, struct view account_id, uint32_t *sets);
/* Tells the account's sessions, but `except` (may be NULL), that a set has left the pool. */
void pool_tell(struct provider *p, struct view account_id, struct view set_id,
	       const struct session *except);

/* --- addresses --- */
/* The account behind a request address of ours, if it lives and has not voided its addresses since;
 * UC_E_ADDRESS for everything else.  now_ms 0: however old. */
uc_err UC_MUST_USE address_open(struct provider *p, struct view uri, uint64_t now_ms,
				struct arena *a, struct request_address *out,
				struct account_record *account);
/* What a reply address of ours was made with, however old, and whether or not its account still is.
 * UC_E_ADDRESS. */
uc_err UC_MUST_USE reply_address_read(const struct provider *p, struct view uri,
				      struct request_address *out);
/* Of a consent on its way to another app: does it ask, and was that taken back? */
uc_err UC_MUST_USE letter_is_taken_back(struct provider *p, struct view bytes, struct arena *a,
					bool *is);
/* Seals a request address of the account: channel, end and grant are `in`'s. */
uc_err UC_MUST_USE address_make(struct provider *p, struct view account_id,
				const struct account_record *account,
				const struct request_address *in, struct arena *a,
				struct view *uri);
/* The target's half of keyMaterial: opens a key address of ours, deletes the set it names and gives
 * the KeyPackages that were in it.  Whatever is wrong with the address (foreign, expired, revoked,
 * used, its account gone) is one answer, KEY_MATERIAL_USER_UNKNOWN, which is success here; errors
 * are our own store's.  A set of other cipher suites than asked for is left where it is
 * (KEY_MATERIAL_NO_COMPATIBLE_MATERIAL).  q's signature and room are the caller's to check. */
uc_err UC_MUST_USE address_redeem(struct provider *p, struct view key_address,
				  const struct key_material_request *q, struct arena *a,
				  struct key_material_response *out);

/* --- intake --- */
/* Seals the body to each device of the account and pushes it to those that are there. */
uc_err UC_MUST_USE intake_put(struct provider *p, struct view account_id, uint8_t kind,
			      struct view body, struct arena *a);
/* Only adds it to a batch of the account; intake_push_all follows the commit. */
uc_err UC_MUST_USE intake_add(struct provider *p, struct store_batch *b, struct view account_id,
			      uint8_t kind, struct view body, struct arena *a);
/* The same work for nobody, in the batch of an account that is not there: it takes as long and leaves
 * nothing. */
uc_err UC_MUST_USE intake_add_nobody(struct provider *p, struct store_batch *b, struct view nobody,
				     uint8_t kind, struct view body, struct arena *a);
void intake_push(struct provider *p, struct session *s);
void intake_push_all(struct provider *p, struct view account_id);
/* The same in the next round, when who sent it has its answer: the time of that must not tell whether
 * somebody was there.  Of an account that is not there, too. */
void intake_push_later(struct provider *p, struct view account_id);
/* In each round; true: the next is to come at once. */
bool intake_go_on(struct provider *p);
/* Items that no device has taken for 30 days. */
uc_err UC_MUST_USE intake_expire(struct provider *p, struct view account_id, struct view device_key,
				 uint64_t now_ms, struct store_batch *b);
/* A device comes back and has kept everything up to *cursor, which is corrected when that cannot
 * be.  next: number of the next item. */
uc_err UC_MUST_USE intake_begin(struct provider *p, struct view account_id, struct view device_key,
				uint64_t *cursor, uint64_t *next);

/* --- look-ups --- */
/* What is known of another app is asked for again after a while. */
void known_directories_free(struct provider *p);
/* Our own, signed. */
uc_err UC_MUST_USE directory_own(struct provider *p, struct arena *a,
				 struct directory_response *out);
/* Another app's, as it was fetched a while ago; UC_E_NOT_FOUND: it has to be fetched. */
struct directory;
uc_err UC_MUST_USE directory_known(struct provider *p, struct view domain, struct arena *a,
				   struct directory *out);
/* Was it fetched so long ago?  Also when there is none. */
bool directory_is_older(struct provider *p, struct view domain, uint64_t ms);
void directory_fetch(struct provider *p, struct ask *ask, struct view domain);
/* What came of that; UC_E_PEER when it is no document of that app. */
uc_err UC_MUST_USE directory_keep(struct provider *p, struct view domain,
				  const struct peer_response *r);
/* Opens a sealed query and seals the answer to it. */
uc_err UC_MUST_USE lookup_answer_make(struct provider *p, struct view sealed_query, struct arena *a,
				      struct view *sealed_answer);

/* --- consent --- */
void outbox_run(struct provider *p, uint64_t now_ms);
void outbox_free(struct provider *p);
/* Letters whose token could not be redeemed for long. */
void redeeming_expire(struct provider *p, uint64_t now_ms);
void redeeming_free(struct provider *p);
/* Apps that letters wait for. */
size_t outbox_domains(const struct provider *p);

/* Answers whose time has come; true: there are more, and it is to be called again after the sync. */
bool held_go_on(struct provider *p);
void held_free(struct provider *p);

/* --- what expires --- */
/* At most a bounded number of accounts each time; a round an hour. */
void accounts_sweep(struct provider *p, uint64_t now_ms);
/* Of a walk over a table, which goes on from here and has met something damaged: on to the next 256th part
 * of its first ids.  false: that was the last. */
bool table_pass_over(struct buf *from);
void reports_sweep(struct provider *p, uint64_t now_ms);
void reports_forget(struct provider *p);
void attachments_sweep(struct provider *p, uint64_t now_ms);

/* --- rooms: room_work.h --- */
uc_err UC_MUST_USE rooms_init(struct provider *p);
/* The session no longer has this seat open. */
void seat_close(struct provider *p, struct seat_live *seat);
/* It has none any more. */
void session_seats_close(struct provider *p, struct session *s);
/* Writes what seats have told since the last time: cursors, openings. */
void seats_flush(struct provider *p);
/* How much is asked of that app for clients and other apps; NULL: of too many apps already. */
size_t *peer_asked(struct provider *p, struct view domain);
/* The same, a few at a time, unless the last such round is still going on. */
void seats_flush_begin(struct provider *p);
void seats_flush_some(struct provider *p);
void rooms_tick(struct provider *p, uint64_t now_ms);
void rooms_free(struct provider *p);
/* A client was given a seat: tells a session that asked for it. */
void seat_ready(struct provider *p, struct view client, struct view room);

#endif
