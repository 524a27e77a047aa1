/* SPDX-License-Identifier: Apache-2.0 */
/* The rooms' side of a provider, for the files of this folder alone: rooms that are loaded, seats
 * that are open, other apps that follow, and what one change of a room is made of.
 *
 * A room is read from the store when it is needed and kept while there is space.  The store is the
 * truth: whenever a change could not be written, the copy in memory is dropped and read anew. */
#ifndef PROVIDER_ROOM_WORK_H
#define PROVIDER_ROOM_WORK_H

#include "mimi/participant.h"
#include "mimi/room.h"
#include "mls/public_group.h"
#include "provider/group_parts.h"
#include "provider/inside.h"
#include "provider/tree_back.h"

#define ROOM_KEEP_MS ((uint64_t)30 * 24 * 3600 * 1000) /* entries and Welcomes wait so long */

enum {
	PLACE_URI_MAX = 250,         /* bytes of a room's or client's URI: both lead keys */
	ROOMS_LOADED_MAX = 4096,     /* beside those with open seats */
	GROUPS_LOADED_MAX = 1024,    /* public groups in memory */
	LEAVES_LOADED_MAX = 1 << 18, /* places for members in them, all in all */
	UNOPENED_MAX = 1000,         /* seats of one room that nobody has opened yet */
	PROPOSALS_PENDING_MAX = 256, /* in one room */
	DOMAINS_MAX_IN_ROOM = 64,    /* apps; each gets all of the tree at its beginning */
	ROOM_MEMORY_MAX = 64 * 1024 * 1024,
	/* What a frame holds beside an entry's own fields: more would lock its readers out. */
	ENTRY_BYTES_MAX = FRAME_MAX - 1024,
};

/* --- what is in memory --- */

/* Another app that follows a room of ours. */
struct follower_live {
	struct follower_live *next;
	struct view domain; /* behind the struct */
	struct follower_record record;
	bool in_flight;
	bool reads_trees;     /* its clients verify franks of a tree: its last answer said so */
	uint32_t restart;     /* it wants to begin anew, under that number; 0: it does not */
	bool is_late;         /* its cursor is further than the store knows */
	uint64_t late_cursor; /* while it is read anew */
	bool welcome_known;
	uint64_t welcome; /* the next entry whose Welcome is for it; UINT64_MAX: none */
	uint64_t retry_ms;
	uint32_t backoff_ms;
};

/* An entry that a follower has not taken yet, kept so that the log need not be read. */
struct recent_entry {
	struct recent_entry *next;
	uint64_t seq;
	uint8_t chain[CHAIN_HASH];
	size_t n;
	uint8_t fanout[];
};

/* Rooms that the clock has something to do with. */
struct room_line_link {
	struct room_live *room;
	struct room_line *line; /* NULL: in none */
	struct room_line_link *next, *previous;
};
struct room_line {
	struct room_line_link *first, *last;
};

/* A client that may ask something of a room hosted here. */
struct room_sender {
	uint32_t leaf, role;
	struct view participant;
	bool leaving; /* its removal is accepted and waits for a commit */
};

/* Seats that are open in a room: one chain while they are few, then by client (seat_table.c). */
struct room_seats {
	struct seat_live *few;
	struct seat_live **chains; /* NULL: few is the chain */
	size_t chains_n;           /* a power of two */
	size_t n;
};

/* What followers have not taken yet, and what the clock has to do for them. */
struct room_follow {
	struct room_line_link behind, late; /* one of them is; the store is, of a cursor */
	struct room_line_link untold;       /* this round has brought something */
	struct recent_entry *recent, **recent_end;
	size_t recent_n, recent_bytes;
};

/* What was read from the group in this epoch. */
struct room_epoch {
	struct arena mem;
	struct room_state state;
	bool state_read;
	struct map senders; /* client -> struct room_sender in mem */
};

/* There are as many as there are rooms with open seats, and most rest. */
struct room_live {
	struct room_live *older, *newer;
	struct view uri; /* behind the struct */
	struct room_record record;
	struct follower_live *followers;
	struct room_follow *follow; /* NULL: nobody has followed */
	struct room_seats seats;    /* open ones */
	struct room_line_link moved;
	uint32_t moved_n; /* of the seats have moved */
	/* Followed here, and its hub has another log now, or so it seems: it was told so under that
	 * number, by which it begins anew; 0: not. */
	uint32_t restart;
	uint64_t follow_ms; /* whether we still follow it is not asked again before */
	bool stale;         /* to be read anew */
	bool unread;        /* what an open seat has to come could not be read; it is tried again */
	bool is_whole;      /* the group, and was read from the records of earlier versions */
	struct rate_state messages, updates;
	/* Loaded when needed; NULL: not. */
	struct repeats *repeats;
	struct room_epoch *epoch;
	struct public_group *group;
	size_t counted; /* its leaves, as they count in room_work */
};

/* A message that was refused for now.  Others of its seat wait until it has come again, or the room
 * is in another epoch, or that takes too long: messages that were on their way keep their order. */
struct refused_message {
	uint64_t until_ms; /* 0: there is none */
	uint64_t epoch;
	uint8_t hash[SHA256_BYTES];
};

/* What few seats have. */
struct seat_more {
	struct view client; /* where the name is none of ours, behind the struct */
	uint64_t ended;     /* sequence number of the removing entry; 0: not ended */
	bool is_over;       /* and that was told: it only acknowledges any more */
	struct refused_message refused;
};

/* A seat open on a connection.  There are many, and most do nothing. */
enum { SEAT_CLIENT = PARTICIPANT_NAME + CLIENT_NAME };
struct seat_live {
	struct seat_live *room_next; /* in its chain of the room; of the session's free ones */
	struct session *session;
	struct room_live *room; /* NULL: nobody sits here */
	struct seat_more *more; /* NULL: nothing of it */
	uint64_t sent;
	uint32_t number;
	uint32_t unacked_bytes; /* about so much is on its way */
	uint16_t unacked;       /* entries */
	bool is_short;          /* the client is here, as bytes; else in `more`, as text */
	bool is_moved;          /* its cursor is not stored */
	uint8_t client[SEAT_CLIENT];
};

static inline uint64_t seat_acked(const struct seat_live *seat)
{
	return seat->sent - seat->unacked;
}

/* What a seat has told and the store does not know yet, and no open seat says.  It outlives the
 * connection, so that no order of writes shows which seats belong together. */
struct seat_late {
	struct view room, client; /* behind the struct */
	uint64_t cursor;
	uint32_t month;
	uint8_t *opening; /* owned; NULL: not opened by another since the last time */
	size_t opening_n;
	uint8_t opener[SEAT_OPENER]; /* of the opening */
};

/* Another app, as far as we ask things of it. */
struct peer_live {
	size_t in_flight; /* notifies */
	size_t asked;     /* for clients and other apps */
	uint64_t retry_ms;
	uint32_t backoff_ms;
	struct rate_state restarts; /* of rooms it hosts, with connections of ours in them */
	uint64_t store, store_next; /* as it says; and another, when what follows is not done (0) */
	uint64_t heard_ms, renew_ms;
	uint64_t asked_ms; /* for its directory, when it had said nothing */
	struct rate_state rates[LIMITS_N];
};

/* A tree that newcomers ask for. */
enum { TREES_KEPT = 8 };
struct tree_kept {
	struct buf room, tree; /* empty: none */
	uint64_t seq;
};

/* Seats that are being written, a few at a time. */
struct late_name;
struct seat_known;
struct late_round {
	struct arena mem;
	struct late_name *v; /* in the order of their keys */
	size_t n, at;
	uint32_t ticks; /* it has taken so far */
};

/* Where the round stands that looks for rooms which name keys of before. */
struct room_keys_round {
	struct buf from; /* key it goes on with; empty: at the begin */
	uint64_t rest_ms;
	size_t found, left; /* in this round so far; in the last one */
	bool is_late;       /* it began when nobody makes rooms with those before any more */
	bool is_known;      /* there was one such, with these keys */
};

/* An app whose store is another one now, and how far its rooms have been gone through. */
struct renewal {
	struct buf domain, from; /* the key it goes on with */
	uint64_t store;
	size_t asked; /* and not answered yet */
	bool is_on, with_followers, is_walked, failed;
};

struct room_join;
struct repeats;
struct franks;
/* franks.c: the key of franks of a day, and what it was made of. */
struct frank_today {
	bool is_there;
	uint32_t day;
	struct frank_chain from;
	uint8_t key[32];
};
struct room_work {
	struct room_live *newest, *oldest;
	size_t groups_n, leaves_n, marks_n; /* loaded */
	size_t marks_window;                /* of one room, at least (repeats.h) */
	struct map peers;                   /* domain -> struct peer_live */
	struct map lates;                   /* room, 0, client -> struct seat_late */
	struct late_round late_round;
	struct seat_known *known; /* NULL: nothing yet */
	struct franks *franks;    /* of the round; NULL: none yet */
	struct frank_today frank_today;
	bool trees_are_read;     /* some follower has said so */
	struct room_join *joins; /* external joiners whose seat has not come yet */
	struct room_line marked; /* rooms whose repeats are in memory, the least used first */
	struct room_line behind, late, moved, untold;
	size_t recent_bytes;
	struct buf sweep_from, follow_from; /* keys the rounds go on with; empty: from the start */
	struct room_keys_round keys;
	uint64_t sweep_rest_ms, flush_ms;
	bool has_unread; /* some room is */
	uint64_t unread_ms;
	bool is_flushing; /* cursors of followers, as far as it has come */
	struct renewal renewal;
	size_t renewals; /* apps it is wanted for */
	uint64_t hello_ms;
	struct tree_kept trees[TREES_KEPT];
	size_t trees_next;
};

/* --- rooms.c --- */
/* Once, however often it is put in. */
void room_line_add(struct room_line *line, struct room_line_link *l);
void room_line_remove(struct room_line_link *l);
/* A room's or client's URI that may lead a key. */
bool is_place(struct view uri, enum uri_kind kind);
/* UC_E_NOT_FOUND. */
uc_err UC_MUST_USE room_live_get(struct provider *p, struct view uri, struct room_live **out);
/* The same for who knows the hash of the URI in rooms_live. */
uc_err UC_MUST_USE room_live_get_hashed(struct provider *p, struct view uri, uint64_t hash,
					struct room_live **out);
/* One that is loaded already. */
uc_err UC_MUST_USE room_live_again(struct provider *p, struct room_live *r);
/* One we host; UC_E_NOT_FOUND for others, too. */
uc_err UC_MUST_USE room_live_hosted(struct provider *p, struct view uri, struct room_live **out);
uc_err UC_MUST_USE room_live_group(struct provider *p, struct room_live *r,
				   struct public_group **out);
uc_err UC_MUST_USE room_live_state(struct provider *p, struct room_live *r,
				   const struct room_state **out);
/* NULL when the client is not in the room. */
uc_err UC_MUST_USE room_live_sender(struct provider *p, struct room_live *r, struct view client,
				    const struct room_sender **out);
/* Its group has been loaded or has grown. */
void room_live_count(struct provider *p, struct room_live *r);
/* Its group has changed: what was read from it is no longer true. */
void room_live_moved(struct provider *p, struct room_live *r);
/* A change failed half-way: the store is the truth. */
void room_live_drop(struct provider *p, struct room_live *r);
/* The room is no more: also in memory.  Its seats must be closed. */
void room_live_free(struct provider *p, struct room_live *r);
/* Followers as stored; what is known of them beside that stays. */
uc_err UC_MUST_USE room_live_followers(struct provider *p, struct room_live *r);
struct peer_live *peer_live_get(struct provider *p, struct view domain);
/* 0: allowed, and counted; else seconds to wait. */
uint32_t peer_live_rate(struct provider *p, struct view domain, enum provider_limit limit);
/* The same for what counts several times: all of it or nothing. */
uint32_t peer_live_rate_many(struct provider *p, struct view domain, enum provider_limit limit,
			     uint32_t units);
/* The same without counting. */
uint32_t peer_live_wait(struct provider *p, struct view domain, enum provider_limit limit);

/* --- room_log.c: one change of a room, in one batch --- */
struct step_entry {
	struct step_entry *next;
	uint64_t seq;
	uint64_t mark; /* of its message (repeats.c); 0: of another hub's entry */
	struct view fanout;
	uint8_t chain[CHAIN_HASH];
	uint8_t *frame; /* an ENTRY frame for any seat: entry_frame_seat before it is sent */
	size_t frame_n;
	struct seat_live *own; /* its sender's seat, which gets the next two instead; or NULL */
	uint64_t timestamp;
	struct view frank;
};
struct log_step {
	struct provider *p;
	struct room_live *room;
	struct arena *a; /* of the call */
	struct store_batch batch;
	struct room_record record; /* as it will be */
	struct step_entry *first, **last, *latest;
	bool followers_changed;
	bool group_put;
	const struct member_list *left; /* whose seats end with entry `left_at`; NULL: all */
	uint64_t left_at;               /* 0: none */
};
/* log_step_drop or log_step_commit must follow. */
void log_step_begin(struct log_step *s, struct provider *p, struct room_live *r, struct arena *a);
void log_step_drop(struct log_step *s);
/* The time to stamp an entry with: never earlier than the last. */
uint64_t log_step_now(const struct log_step *s);
/* Adds an entry; its number is s->record.next - 1 afterwards.  hash: SHA-256 of its message, or
 * NULL. */
uc_err UC_MUST_USE log_step_add(struct log_step *s, const struct fanout_message *m,
				const uint8_t *hash);
/* The entry just added is a message of that client of ours, perhaps. */
uc_err UC_MUST_USE log_step_own(struct log_step *s, struct view client, uint64_t timestamp,
				const struct frank *frank);
uc_err UC_MUST_USE log_step_add_bytes(struct log_step *s, uint64_t timestamp, struct view fanout);
/* The public group as it is now becomes the stored one. */
uc_err UC_MUST_USE log_step_put_group(struct log_step *s);
/* Writes all or nothing; after a failure the room is dropped from memory. */
uc_err UC_MUST_USE log_step_commit(struct log_step *s);
/* Then: to seats that are open (those that end do so), and to followers. */
void log_step_tell(struct log_step *s);
/* chain_n from chain_(n-1), in place: docs/protocol.md. */
uc_err UC_MUST_USE chain_extend(uint8_t chain[CHAIN_HASH], uint64_t seq, struct view fanout);

/* --- membership.c: whom a commit brings and takes --- */
struct member {
	struct view client, domain;
	struct view key_package_ref; /* empty: by an external commit */
	bool by_itself;              /* it leaves by its own SelfRemove */
};
struct member_list {
	struct member *v;
	size_t n;
};
struct membership {
	struct member_list joined, left;
	struct view_list before, after; /* domains */
};
/* Copies, so that it outlives the change. */
uc_err UC_MUST_USE membership_read(const struct group_change *change, struct arena *a,
				   struct membership *out);
bool view_list_has(const struct view_list *l, struct view v);
/* A leaf whose removal is proposed and waits for a commit. */
bool leaf_is_leaving(const struct public_group *g, uint32_t leaf);
/* And not because it asked to go itself. */
bool leaf_is_removed(const struct public_group *g, uint32_t leaf);
/* It asked to go itself, and nobody else wants it out. */
bool leaf_leaves_by_itself(const struct public_group *g, uint32_t leaf);
/* All are: nobody is left to commit it. */
bool room_is_over(const struct public_group *g);

/* --- seat_records.c --- */
/* What the first opening of a seat leaves behind. */
struct seat_proof {
	struct view client;
	uint8_t secret_hash[SHA256_BYTES];
	uint8_t opener[SEAT_OPENER];
	struct view opening;
};
/* Nobody has set its secret. */
bool seat_is_unopened(const struct seat_record *r);
/* Seats of our clients that begin and end with the entry just added (a commit, or where a follower
 * starts).  welcome: empty, or what the added ones begin with, beside the tree.  proof: of one who
 * joined by itself, or NULL.  Seats past the room's bound are not made. */
uc_err UC_MUST_USE seats_change(struct log_step *s, const struct membership *m, struct view welcome,
				const struct seat_proof *proof);
/* How many more may be made. */
uc_err UC_MUST_USE seats_free_count(struct provider *p, struct view room, struct arena *a,
				    size_t *out);
/* Whose seat it is, for SEAT_FIND: before the batch that makes the seats. */
uc_err UC_MUST_USE seats_announce(struct provider *p, struct view room,
				  const struct member_list *joined, struct arena *a);
/* After it. */
void seats_announced(struct provider *p, struct view room, const struct member_list *joined);
/* Ends every seat with this entry. */
uc_err UC_MUST_USE seats_end_all(struct log_step *s, uint64_t seq);
/* The same for those whose client is not in the group: of a log that was followed before. */
uc_err UC_MUST_USE seats_end_gone(struct log_step *s, uint64_t seq);

/* --- welcomes.c --- */
/* What those the entry just added brought begin with, and their apps if they are not ours. */
uc_err UC_MUST_USE welcome_put(struct log_step *s, struct view welcome,
			       const struct member_list *joined);
/* A Welcome with the secrets of these KeyPackageRefs alone. */
uc_err UC_MUST_USE welcome_part(struct view whole, const struct view_list *refs, struct arena *a,
				struct view *out);
/* Of the entry `seq`: what the client needs of it, and the tree.  UC_E_NOT_FOUND. */
uc_err UC_MUST_USE welcome_of_client(struct provider *p, struct room_live *r, uint64_t seq,
				     struct view client, struct arena *a, struct view *welcome,
				     struct view *ratchet_tree);
/* What the clients of that app need of it. */
uc_err UC_MUST_USE welcome_of_domain(struct provider *p, struct view room, uint64_t seq,
				     struct view domain, struct arena *a, struct view *welcome);

/* --- trees.c --- */
/* After the commit at the end of the step: the way back to the tree before, if it may be asked
 * for. */
uc_err UC_MUST_USE tree_back_put(struct log_step *s, const struct tree *before);
/* The ratchet tree as the commit `seq` left it: the last, or one that added clients whose Welcome or
 * whose app's start is kept. */
uc_err UC_MUST_USE tree_of(struct provider *p, struct room_live *r, uint64_t seq, struct arena *a,
			   struct view *out);
/* What is kept in memory of the room's; of all rooms, where it is empty. */
void trees_drop(struct provider *p, struct view room);

/* --- openings.c --- */
/* Who opens a seat, as only somebody with the seat's secret can tell: the same twice means that the
 * opening which is kept says what a new one would. */
uc_err UC_MUST_USE opener_make(const struct provider *p, const struct session *s,
			       struct view secret, uint8_t out[SEAT_OPENER]);
uc_err UC_MUST_USE opening_make(struct provider *p, struct view room, struct view client,
				const struct session *s, struct arena *a, struct view *sealed);
/* First and latest. */
uc_err UC_MUST_USE opening_add(struct provider *p, struct store_batch *b, struct view room,
			       struct view client, struct view sealed, struct arena *a);

/* --- seat_table.c --- */
/* The seat `number` of a session; NULL when it is not open. */
struct seat_live *seat_live_find(const struct session *s, uint32_t number);
/* A session's seats from that place on, which moves behind the one returned; NULL at the end. */
struct seat_live *seat_live_from(const struct session *s, size_t *place);
/* Opens a seat that is stored, for a session that has proved it: entries after `cursor` follow
 * with seat_live_push.  Where it was open before, it no longer is. */
uc_err UC_MUST_USE seat_live_new(struct provider *p, struct session *s, struct room_live *r,
				 struct view client, const struct seat_record *record,
				 uint64_t cursor, struct seat_live **out);
/* What a seat is found by in its room; false: such a client can have none. */
struct client_key {
	bool is_short;
	uint8_t bytes[SEAT_CLIENT];
	struct view text;
	uint64_t hash;
};
bool client_key_make(const struct provider *p, struct view client, struct client_key *k);
/* The same for who has made it already. */
uc_err UC_MUST_USE seat_live_add(struct provider *p, struct session *s, struct room_live *r,
				 const struct client_key *k, const struct seat_record *record,
				 uint64_t cursor, struct seat_live **out);
struct seat_live *room_seat_of(struct room_live *r, const struct client_key *k);
/* NULL when it is not open. */
struct seat_live *room_seat_find(const struct provider *p, struct room_live *r, struct view client);
/* Walks a room's open seats, from a zeroed walk; the one returned may be closed. */
struct room_walk {
	size_t chain;
	struct seat_live *next;
};
struct seat_live *room_seat_next(const struct room_live *r, struct room_walk *w);
/* Its client's URI. */
uc_err UC_MUST_USE seat_client(const struct provider *p, const struct seat_live *seat,
			       struct arena *a, struct view *out);
/* NULL without memory. */
struct seat_more *seat_more(struct seat_live *seat);
/* Sequence number of the removing entry; 0: not ended. */
uint64_t seat_ended(const struct seat_live *seat);

/* --- seat_known.c --- */
/* Whoever asks to open a seat, as far as a request's seats have it in common. */
struct seat_claimant {
	uint64_t who[2];
	uint32_t month;
	bool is_usable;
};
/* Who says to hold which seat. */
struct seat_claim {
	struct view room, client;
	const struct seat_claimant *by;
	uint64_t hash;     /* of room and client: seat_late_hash */
	uint64_t proof[2]; /* of the seat, the secret and who it is */
};
void seat_claimant_make(struct provider *p, const struct session *s, struct seat_claimant *out);
/* False: there can be no such seat. */
bool seat_claim_make(const struct provider *p, const struct seat_claimant *by,
		     const struct seat_again *again, struct seat_claim *out);
/* It will be looked for. */
void seat_known_expect(const struct provider *p, const struct seat_claim *c);
/* What opening it needs, if just this claimant was the last to open it, with that secret, and in this
 * month.  Of the record: start, cursor and month. */
bool seat_known_find(const struct provider *p, const struct seat_claim *c, struct seat_record *out,
		     struct client_key *client, uint64_t *room_hash);
/* The claim was right and is what is stored, or late, as the latest opening. */
void seat_known_add(struct provider *p, const struct seat_claim *c, const struct seat_record *r,
		    const struct client_key *client);
/* Its record moves on, with the same secret and opener; NULL: what was known is so no more. */
void seat_known_change(struct provider *p, struct view room, struct view client,
		       const struct seat_record *r);
void seat_known_free(struct provider *p);

/* --- seats.c --- */
/* From which something may be asked: UC_E_SEAT, UC_E_REMOVED. */
uc_err UC_MUST_USE seat_live_get(struct session *s, uint32_t number, struct seat_live **out);
/* Sends what the window allows, and that the seat has ended. */
void seat_live_push(struct provider *p, struct seat_live *seat);
/* To each open seat of the room; also the end alone, when no entry says it. */
void seats_push(struct provider *p, struct room_live *r);
/* What could not be read, once more; nobody on the other side knows that it did not come. */
void seats_read_again(struct provider *p, uint64_t now_ms);
/* What the session's bound has held back, if there is room now. */
void session_go_on(struct provider *p, struct session *s);
/* An entry just appended: sent at once to those who have all before it. */
void seats_push_entry(struct provider *p, struct room_live *r, const struct step_entry *e);
/* These (NULL: all) end with that entry, once they have read it. */
void seats_live_end(struct provider *p, struct room_live *r, const struct member_list *left,
		    uint64_t seq);
uc_err UC_MUST_USE seat_proof_check(struct provider *p, const struct session *s, struct view room,
				    struct view client, struct view secret, struct view leaf_key,
				    struct view signature, struct arena *a, struct seat_proof *out);
uint32_t month_now(const struct provider *p);
/* Who opened it now, by its secret, is kept with the participant, unless that is known; the month is
 * kept with the seat. */
uc_err UC_MUST_USE seat_opened_again(struct call *c, struct view room, struct view client,
				     struct view secret, const struct seat_record *r);

/* --- seats_late.c --- */
/* It has acknowledged something: its cursor is written by and by. */
void seat_moved(struct provider *p, struct seat_live *seat);
/* It closes: what the store does not know stays behind. */
void seat_moved_late(struct provider *p, struct seat_live *seat);
struct seat_late *seat_late_find(struct provider *p, struct view room, struct view client);
/* What a seat is looked for by, there and in seat_known.c; and the same for who has it. */
uint64_t seat_late_hash(const struct provider *p, struct view room, struct view client);
struct seat_late *seat_late_find_hashed(struct provider *p, struct view room, struct view client,
					uint64_t hash);
/* NULL without memory: it is told again. */
struct seat_late *seat_late_get(struct provider *p, struct view room, struct view client);
/* The room is no more. */
void seats_late_forget(struct provider *p, struct view room, struct view client);
void seats_late_free(struct provider *p);

/* --- franks.c: what signs the messages of a room hosted here --- */
/* Is it followed, so that its franks are signed; and do all who follow read those of a tree? */
bool room_signs(const struct room_live *r, bool *out_as_tree);
struct frank_wanted {
	struct room_live *room;
	struct view sender_uri, message;
	const uint8_t *tag;
	uint64_t now_ms, earliest_ms; /* the time it gets, or that its room has reached */
};
uc_err UC_MUST_USE frank_get(struct provider *p, const struct frank_wanted *w, struct arena *a,
			     uint64_t *out_timestamp, struct frank *out);
/* The round is over: what was foreseen lies there no more. */
void franks_end(struct provider *p);
void franks_free(struct provider *p);

/* --- the hub: what a client asks of a room hosted here --- */
struct hub_request {
	struct provider *p;
	struct room_live *room;
	struct view client; /* vouched for by the app in its URI */
	struct view body;
	struct arena *a;
	const struct seat_proof *proof; /* external join of a client of ours; NULL otherwise */
};
struct hub_reply {
	struct view body; /* the MIMI response */
	uint64_t seq;     /* 0: refused */
	uint32_t retry_after_s;
};
/* A refusal for the room's sake is success, and stands in the body; errors are UC_E_MALFORMED and
 * the like, UC_E_TOO_LARGE, UC_E_RATE and those of the store. */
uc_err UC_MUST_USE hub_submit(const struct hub_request *q, struct hub_reply *out);
uc_err UC_MUST_USE hub_update(const struct hub_request *q, struct hub_reply *out);
uc_err UC_MUST_USE hub_commit(const struct hub_request *q, const struct update_request *u,
			      const uint8_t hash[SHA256_BYTES], struct hub_reply *out);
uc_err UC_MUST_USE hub_group_info(const struct hub_request *q, struct hub_reply *out);
/* An UpdateRoomResponse into the reply. */
uc_err UC_MUST_USE hub_update_refuse(const struct hub_request *q, uc_err why,
				     struct hub_reply *out);
uc_err UC_MUST_USE hub_update_accept(const struct hub_request *q, uint64_t timestamp, uint64_t seq,
				     struct hub_reply *out);
/* Proposes, as the hub, that these leaves be removed: entries of the step. */
uc_err UC_MUST_USE hub_propose_removals(struct log_step *s, const struct view_list *clients,
					uint64_t timestamp);
/* These have gone for good, it seems: the leaves should, too.  Nothing happens where they are going
 * already; UC_E_NOT_FOUND when none of them is there. */
uc_err UC_MUST_USE hub_expire(struct provider *p, struct room_live *r,
			      const struct view_list *clients, struct arena *a);

/* --- fanout.c: who follows a room hosted here --- */
/* NULL: that app does not. */
struct follower_live *follower_find(const struct room_live *r, struct view domain);
/* After the commit at the end of the step: who follows from now on, and who no longer. */
uc_err UC_MUST_USE fanout_change(struct log_step *s, const struct membership *m, uint64_t timestamp,
				 struct view group_info, struct view welcome);
/* Entries just committed, kept for those who follow; and given up when all have them. */
void recent_add(struct log_step *s);
void recent_trim(struct provider *p, struct room_live *r);
void recent_drop(struct provider *p, struct room_live *r);

/* --- notify.c: from the hub's log to followers --- */
void fanout_room(struct provider *p, struct room_live *r);
/* The same when the round ends: what it brings to a room goes to each app in one piece. */
void fanout_later(struct provider *p, struct room_live *r);
void fanout_untold(struct provider *p);
/* Rooms with a follower behind: what could not be sent may be now. */
void fanout_behind(struct provider *p, struct slice *s);
/* Followers of rooms that are not loaded. */
void fanout_round(struct provider *p, struct slice *s);
/* Cursors the store does not know yet. */
void fanout_flush(struct provider *p, struct slice *s);

/* The last entry it is taken to have once more; what it answers says what it has. */
uc_err UC_MUST_USE follower_look(struct provider *p, struct room_live *r, struct follower_live *f);
/* Its people have left, and it has had all that is theirs. */
void follower_let_go(struct provider *p, struct room_live *r, struct follower_live *f);

/* --- renewal.c: apps whose store was put back --- */
/* Asks the room's hub whether we still follow it, once a minute at most: it may have another log since, in
 * which our people have left. */
uc_err UC_MUST_USE follow_ask_again(struct provider *p, struct room_live *r);
void header_add_store(const struct provider *p, struct buf *headers);
/* What an app that says so itself says of its store. */
void peer_heard(struct provider *p, struct view domain, struct view headers);
void renewals_run(struct provider *p, uint64_t now_ms, struct slice *s);
void peers_hello(struct provider *p, uint64_t now_ms);
void peers_hello_later(struct provider *p);
/* Ours was: of all rooms that is kept, and who follows those hosted here is looked at. */
uc_err UC_MUST_USE rooms_renew(struct provider *p);
/* UC_E_NOT_FOUND. */
uc_err UC_MUST_USE room_renewed_get(struct provider *p, struct view room, struct arena *a,
				    struct renewed_record *out);
/* From r->next on; the room's own record is the caller's to put.  waits: struct renewed_record. */
uc_err UC_MUST_USE room_renewed_put(struct store_batch *b, struct view room, struct room_record *r,
				    bool waits);

/* --- restart.c: a hub that was put back --- */
/* That app begins with the room as it is now. */
uc_err UC_MUST_USE follower_again(struct provider *p, struct room_live *r, struct follower_live *f);
/* Is this the chain after the entry `seq`, as far as our log still says?  UC_E_RESTORED. */
uc_err UC_MUST_USE repeat_check(struct peer_call *c, const struct room_live *r, uint64_t seq,
				const uint8_t chain[CHAIN_HASH]);
/* What is open of a log that is no more: its connections end, and see it when they come again. */
void seats_of_before(struct provider *p, struct view hub, struct room_live *r);

/* --- room_requests.c: passing to the hub what a client asks --- */
/* The body goes as it came; `done` answers the client.  out: may be NULL. */
uc_err UC_MUST_USE hub_ask(struct call *c, ask_done *done, const char *endpoint, struct view hub,
			   struct view target, struct view client, uint32_t seat, struct view body);
/* Refuses for a hub that has not answered with success. */
uc_err hub_ask_refused(struct call *c, const struct peer_response *r);
/* The number of the entry it led to. */
uint64_t hub_ask_seq(const struct peer_response *r);
/* Of the hub that is here. */
uc_err UC_MUST_USE hub_refuse(struct call *c, uc_err err, const struct hub_reply *r);
void room_update_answer(struct call *c, struct view body, uint32_t seat, uint64_t seq);
/* Refuses when the account asks too often. */
bool session_is_too_fast(struct call *c, enum provider_limit limit, size_t bytes);

/* --- room_join.c --- */
uc_err UC_MUST_USE room_update_from_outside(struct call *c, const struct room_update_request *q);
/* Seats have come: external joiners who wait for theirs are told. */
void room_joins_done(struct provider *p, struct room_live *r, const struct member_list *joined);
void room_joins_expire(struct provider *p, uint64_t now_ms);
void room_joins_free(struct provider *p);

/* --- between apps --- */
/* What a client is told when another app answered so; UC_OK for 200. */
uc_err peer_status_err(int status);
/* The other way round. */
int peer_err_status(uc_err err);
/* "undercroft-client: URI". */
void header_add_client(struct buf *headers, struct view client);
/* A decimal number in a header; false when it is not there. */
bool header_number(struct view headers, const char *name, uint64_t *out);
void header_add_number(struct buf *headers, const char *name, uint64_t n);

/* --- what ends with time --- */
/* These clients of ours should go; and all of the apps that are lost (of a room hosted here). */
uc_err UC_MUST_USE room_expire(struct provider *p, struct view room,
			       const struct view_list *clients, const struct view_list *lost,
			       struct arena *a);
void rooms_sweep(struct provider *p, uint64_t now_ms, struct slice *s);
/* Behind the room with this key some cannot be read: the next one that somebody has a seat in is where a
 * round goes on (from is added to; nothing: there is none), the next time.  What cannot be read is in the
 * log (store.corrupt). */
void rooms_pass_over(struct provider *p, struct buf *from, const struct buf *behind);

#endif
