/* SPDX-License-Identifier: Apache-2.0 */
/* What one app's server decides: accounts, devices, KeyPackages, addresses, contact, rooms, seats.
 *
 * A state machine over two stores: frames of its clients, requests and answers of other apps and
 * the clock come in; frames, requests and answers go out through a table of callbacks.  No I/O, no
 * threads.  What goes out may be let go only after provider_sync has succeeded since: the caller
 * keeps outputs until then, and so many requests share one sync. */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include "provider/keys.h"
#include "provider/limits.h"
#include "store/store.h"

struct provider;
struct session;

/* A request between apps, as MIMI over HTTPS has it; in one process the same bytes pass without
 * a socket.  headers: "name: value\r\n" lines. */
struct peer_request {
	struct view method, path, headers, body;
};
struct peer_response {
	int status; /* HTTP; 0: not reached */
	uint32_t retry_after_s;
	struct view headers, body;
};

/* A seat that one entry goes to. */
struct provider_target {
	void *connection;
	uint32_t seat;
};

struct provider_outputs {
	void (*send)(void *ctx, void *connection, struct view frame);
	/* One ENTRY frame for n seats, in this order as far as they share a connection: what
	 * entry_frame_seat writes into it differs, and nothing else.  NULL: `send` for each. */
	void (*send_many)(void *ctx, struct view frame, const struct provider_target *v, size_t n);
	/* n frames to one connection, as if sent one after the other.  NULL: `send` for each. */
	void (*send_list)(void *ctx, void *connection, const struct view *frames, size_t n);
	/* A WebSocket close code; session_close follows from the caller. */
	void (*close)(void *ctx, void *connection, uint16_t code);
	/* To another app, perhaps this process's; the token comes back with provider_response. */
	void (*ask)(void *ctx, uint64_t token, struct view domain, const struct peer_request *q);
	/* The answer to provider_request. */
	void (*reply)(void *ctx, void *call, const struct peer_response *r);
	/* A code for a number or address; not stored, not logged. */
	void (*deliver)(void *ctx, struct view identifier, struct view code);
	/* The app's directory document, signed by its TLS key, with the chain in PEM.  Views live
	 * as long as the provider. */
	uc_err (*directory_sign)(void *ctx, struct view document, struct arena *a,
				 struct view *certificate, struct view *signature);
};

struct provider_config {
	struct view domain;   /* as "dial.localhost" */
	uint8_t names;        /* enum name_kind */
	struct view base_url; /* as "https://dial.localhost:8441" */
	const struct provider_keys *keys;
	const struct env *env;
	struct store *accounts, *rooms;
	const struct provider_outputs *out;
	void *ctx;
	struct rate limits[LIMITS_N]; /* those left out: limits_default */
	uint64_t account_bytes;       /* 0: ACCOUNT_BYTES_DEFAULT */
	uint64_t attachment_bytes;    /* of a file; 0, and at most: ATTACHMENT_MAX */
	/* A letter is answered so long after it came, whatever came of it; 0: as soon as it can be. */
	uint32_t held_ms;
	/* The wall clock in microseconds, by which that ends; NULL: it ends with some millisecond. */
	uint64_t (*now_us)(void);
	struct metrics *metrics; /* of the thread that uses the provider; NULL: nobody counts */
};

/* What an account may have stored: vault, KeyPackage sets, and letters nobody has fetched. */
enum { ACCOUNT_BYTES_DEFAULT = 32 << 20 };

/* Versions of the stores' records, for store_open. */
enum { PROVIDER_SCHEMA = 1 };

/* config and all it points at must outlive the provider, except domain and base_url.  UC_E_CONFIG: the
 * names stored are under another key than these. */
uc_err UC_MUST_USE provider_new(const struct provider_config *config, struct provider **out);
void provider_free(struct provider *p);
/* Of stores that are older copies (store_is_older) all that counts once is void, and they have a new
 * incarnation on return.  Before anything comes in; may be repeated after a crash. */
uc_err UC_MUST_USE provider_renew(struct provider *p);

/* from: the 16 bytes of the connection's network address, IPv4 mapped, IPv6 reduced to its /64; empty:
 * unknown, and not counted by.  UC_E_RATE: too many from there that do not sign in. */
enum { SESSION_FROM = 16 };
uc_err UC_MUST_USE session_open(struct provider *p, void *connection, struct view from,
				struct session **out);
void session_close(struct session *s);
bool session_is_signed_in(const struct session *s);
/* One binary message of the client. */
void provider_frame(struct provider *p, struct session *s, struct view frame);

/* Hints, before a round: frames and requests that will be handed in before the next provider_sync, and
 * lie where they are until then.  Messages among them share a signature (franks.c).  Nothing else comes
 * of it, whatever it is.  The first: is it of interest at all? */
bool provider_foresees(const struct provider *p, struct view frame);
void provider_foresee_frame(struct provider *p, struct session *s, struct view frame);
void provider_foresee_request(struct provider *p, struct view domain, const struct peer_request *q);

/* From another app, whose domain its certificate proves; empty: anybody.  reply follows, now or
 * later. */
void provider_request(struct provider *p, struct view domain, const struct peer_request *q,
		      void *call);
void provider_response(struct provider *p, uint64_t token, const struct peer_response *r);
/* Other limits from now on; what was counted stays counted. */
void provider_set_limits(struct provider *p, const struct rate limits[LIMITS_N]);
/* --- what an operator does --- */

/* The account behind a number, handle or address, also one that is suspended; UC_E_NAME,
 * UC_E_NOT_FOUND. */
enum { PROVIDER_ACCOUNT = 16 };
uc_err UC_MUST_USE provider_account_find(struct provider *p, struct view identifier,
					 uint8_t account_id[PROVIDER_ACCOUNT]);
/* Suspended, nobody signs in to it, who is signed in goes, with all seats; nobody finds or reaches
 * it.  All that is stored stays, and its rooms go on without it.  UC_E_NOT_FOUND. */
uc_err UC_MUST_USE provider_suspend(struct provider *p, struct view account_id, bool is_suspended);
/* The same of the whole app: nobody is let in; other apps are told to come back later. */
void provider_suspend_all(struct provider *p, bool is_suspended);
/* Names that nobody is given, nor one that looks like them (name_skeleton), one a line; empty lines and those that begin with # are skipped.  Who
 * has one keeps it.  UC_E_NAME with the line, counted from 1, of what is no name of this app: then
 * the names of before hold. */
uc_err UC_MUST_USE provider_reserve(struct provider *p, struct view lines, unsigned *wrong_line);
/* Takes the next line off such a list; empty: one that is skipped.  False at the end. */
bool provider_reserved_next(struct view *lines, struct view *name);
/* The same, without taking them: can they be taken? */
uc_err UC_MUST_USE provider_reserve_check(struct provider *p, struct view lines,
					  unsigned *wrong_line);
/* The keys that config.keys points at were rotated: what is published says so. */
uc_err UC_MUST_USE provider_keys_rotated(struct provider *p);
/* How far the index of names is led to the key that it was given (provider_keys_rotate_index). */
struct provider_index {
	bool moves;
	bool is_led; /* all of it: synced, the key before may be forgotten (provider_keys_index_moved) */
	unsigned permille; /* of it, about */
	unsigned failures; /* rounds that could not go on */
	unsigned skipped; /* places that cannot be read: names there are lost with the key before */
};
void provider_index_get(const struct provider *p, struct provider_index *out);
/* The index key was changed, or the one before forgotten. */
void provider_index_changed(struct provider *p);
/* The hub's keys were changed (provider_keys_rotate_rooms), or those before forgotten: rooms are moved
 * to those of now as somebody commits in them. */
void provider_room_keys_changed(struct provider *p);
/* A round over all rooms has found none that names those before, and none can be made any more: it began
 * ROOM_KEYS_LEAST_MS after the change. */
bool provider_rooms_moved(const struct provider *p);
/* Finding people by number, for an app of numbers whose keys have one for it.  custodian: the app that
 * holds the other half of the key, empty: the key is whole; it is offered once that has said its own. */
uc_err UC_MUST_USE provider_set_discovery(struct provider *p, bool is_on, struct view custodian);
/* The other way round: domains of the apps for whom we hold a half, a line each. */
uc_err UC_MUST_USE provider_set_custody(struct provider *p, struct view domains);
/* The key for it is another, or the one before has gone. */
void provider_discovery_changed(struct provider *p);
/* The filter of who can be found is made now, not when a day is over; UC_E_UNSUPPORTED. */
uc_err UC_MUST_USE provider_filter_now(struct provider *p);
/* The operator has checked the account's age, as from a contract: 1 + enum age_band counts instead of what
 * the person says; 0: as they say it.  UC_E_NOT_FOUND; UC_E_ARGUMENT. */
uc_err UC_MUST_USE provider_check_age(struct provider *p, struct view account_id, uint8_t checked);
/* Whose word about ages counts from now on; what others have said counts no more, while they are not there. */
uc_err UC_MUST_USE provider_set_ages(struct provider *p, const struct provider_ages *ages);
/* For so many days, to the end of a week, the account asks fewer strangers and brings fewer people into
 * groups, each time fewer; off_minors: and reaches no minors.  A fresh account under its name neither.
 * The other takes all of that back.  UC_E_NOT_FOUND; UC_E_ARGUMENT. */
enum { CURB_DAYS = 30, CURB_DAYS_MAX = 365 };
uc_err UC_MUST_USE provider_curb(struct provider *p, struct view account_id, unsigned days,
				 bool off_minors);
uc_err UC_MUST_USE provider_uncurb(struct provider *p, struct view account_id);
/* The same, where a report is decided to be right, which counts once: UC_E_EXISTS.  Of harm to a child,
 * it keeps minors off.  The account is what the moderators' key has opened. */
uc_err UC_MUST_USE provider_report_uphold(struct provider *p, uint64_t number,
					  struct view account_id, unsigned days, struct view note);
/* What moderators have decided about a report: enum report_action.  UC_E_NOT_FOUND. */
uc_err UC_MUST_USE provider_report_decide(struct provider *p, uint64_t number, uint8_t action,
					  struct view note);
/* Sends its evidence to the accused's app.  UC_E_NOT_ALLOWED: it is of ours, or we are not its hub. */
uc_err UC_MUST_USE provider_report_pass(struct provider *p, uint64_t number);
/* The app's certificate is another: what it signed is signed anew. */
void provider_certificate_renewed(struct provider *p);

/* Other rules from now on. */
void provider_set_handles(struct provider *p, const struct provider_handles *h);
/* Who reaches whom, from now on.  Before the first: all are grown up, nobody is new,
 * and all may be asked. */
void provider_set_contact(struct provider *p, const struct provider_contact *c);
/* Other quotas from now on; 0: the default.  What is over one stays. */
void provider_set_quota(struct provider *p, uint64_t account_bytes);
/* The largest file that is taken from now on; 0: ATTACHMENT_MAX. */
void provider_set_attachments(struct provider *p, uint64_t file_bytes);
/* In each round, before its sync: tells other apps what it has brought to rooms hosted here, and goes on
 * with what takes long, for some 2 ms; true: there is more, and the next round is to come at once. */
bool provider_go_on(struct provider *p);
/* When it is to be called next, microseconds since 1970; 0: as something comes in. */
uint64_t provider_due_us(const struct provider *p);
/* About once a second. */
void provider_tick(struct provider *p, uint64_t now_ms);
/* The clock has leapt ahead: while that is in doubt, nothing is thrown away for its age. */
void provider_doubt_clock(struct provider *p, bool is_doubted);
/* Tells all clients that they should come back in a while. */
void provider_going_away(struct provider *p, uint32_t retry_after_s, uint32_t jitter_s);
/* Syncs what was written since the last time. */
uc_err UC_MUST_USE provider_sync(struct provider *p);

/* What its metrics call a kind of request and a limit; NULL: there is none of this number. */
const char *provider_request_name(unsigned kind);
const char *provider_limit_name(unsigned limit);

struct provider_counts {
	size_t sessions, signed_in, rooms_loaded, seats_open, asks_open;
};
void provider_count(const struct provider *p, struct provider_counts *out);

#endif
