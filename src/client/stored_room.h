/* SPDX-License-Identifier: Apache-2.0 */
/* What one device keeps of its rooms: what is in them, what is on its way there, and what was said. */
#ifndef CLIENT_STORED_ROOM_H
#define CLIENT_STORED_ROOM_H

#include "client/stored.h"

/* --- rooms --- */

enum room_phase {
	ROOM_CREATING, /* epoch 0 is made and stored; the hub has not answered yet */
	ROOM_JOINING,  /* the seat is known, the Welcome not yet processed */
	ROOM_OPEN,
	ROOM_LEAVING, /* our SelfRemove is accepted */
	ROOM_LEFT,
};
/* What we say in a room of who we are.  Once it is said, it stays: who is behind a persona is nothing
 * that others learn by a mistake. */
enum room_says {
	SAYS_ACCOUNT,
	SAYS_PERSONA,
	SAYS_NOTHING, /* until uc_introduce */
};
/* A client that has said whose device it is. */
struct known_client {
	uint8_t name[32];                /* hash of its URI */
	uint8_t device_key[ED25519_KEY]; /* zero: a persona's, which says no more */

	bool seen; /* memory only */
};
struct member {
	char participant[URI_BYTES];
	bool introduced, gone;
	struct uc_id contact; /* zero: ourselves or not introduced */
	char name[PROFILE_BYTES];
	uint8_t account_key[ED25519_KEY];
	struct blob introduction; /* as received, to be forwarded */
	bool admitted;            /* somebody below 16 may be in a room with them */
	uint64_t since_ms;        /* seen here; 0: of a time before this was kept */
	uint64_t asked_ms;        /* who they are, here for all to read; 0: not yet */
	bool wrote;               /* before they have said it */
	bool persona; /* name and key are of this room alone, and no account's; contact is who was brought in */
	bool blocked;                 /* a persona, here */
	struct known_client *clients; /* member_clients.h */
	uint32_t client_count, leaves;

	bool removing; /* memory only, from here on: for that */
	bool was_gone; /* before the epoch that is looked at */
	struct member *next;
};

enum task_kind {
	TASK_ADD = 1,      /* contact: fetch KeyPackages by one of their addresses, commit */
	TASK_ADD_PACKAGES, /* KeyPackages are here: commit */
	TASK_REMOVE,       /* participant */
	TASK_LEAVE,
	TASK_ASKED,     /* contact: asked for an address, which is awaited */
	TASK_ROLE = 16, /* and more, by enum room_role: which one participant is to have */
};
struct task {
	uint64_t number;
	uint8_t kind; /* enum task_kind */
	struct uc_id contact;
	char participant[URI_BYTES];
	struct blob key_packages; /* KeyPackages, one opaque<V> each */
	bool staged;              /* part of the pending commit */
	uint32_t asks;            /* how often they were asked ... */
	uint64_t until_ms;        /* ... and until when it is awaited */
	struct key_address bound; /* their answer, for this room alone; no end: none */

	uc_op op; /* memory only, from here on */
	bool in_flight;
	uint32_t tries;    /* of what they answered ... */
	uint64_t retry_ms; /* ... and when it is tried again */
	struct task *next;
};

/* A commit or proposal that was made and stored, and whose place in the log is awaited. */
struct pending {
	bool there;
	bool is_commit;             /* else a proposal: to leave, or to take places of ours out */
	uint64_t epoch;             /* it was made in */
	uint8_t hash[SHA256_BYTES]; /* of the MLSMessage, to know it in the log */
	struct blob update;         /* MIMI UpdateRequest, sent until it is answered */
	bool accepted;              /* answered: only its log entry is missing */
};

enum rejoin_step {
	REJOIN_NONE,
	REJOIN_SENT,     /* an external commit of ours is made and stored */
	REJOIN_ACCEPTED, /* it stands in the log; what came before is still read from the old seat */
	REJOIN_SEATED,   /* that is done, or cannot be; the new seat is still to be opened */
};
/* Back into a room, by a new leaf in the place of our old one. */
struct rejoin {
	uint8_t step; /* enum rejoin_step */
	char client[URI_BYTES];
	uint8_t seat_secret[SEAT_SECRET];
	uint8_t hash[SHA256_BYTES]; /* of the commit's MLSMessage */
	struct blob update;         /* MIMI UpdateRequest, sent until it is answered */
	uint64_t seq;               /* of the commit, once accepted; 0: not told */
	uint32_t count;             /* how often, lately ... */
	uint64_t last_ms;           /* ... and when last: not too often, whoever makes us */

	bool group_dirty; /* memory only, from here on */
	uint32_t tries, refusals;
	bool doubted;           /* refused once: it may be for our keys */
	uint64_t read_until_ms; /* the old seat is given up then; 0: not yet begun */
	struct set *set;        /* the client that asks for the GroupInfo */
	struct room_group
		*group; /* a record of its own: the group whose first commit is on its way */
};
/* Somebody has had another log of this room than we: it may have been put back, or be two. */
struct doubt {
	struct uc_id by, who;  /* the client that has said so, and whose it is */
	uint64_t since_ms, at; /* at: in our log, behind what was said of it */
	uint8_t slot;          /* where its evidence is kept */

	struct doubt *next;
};
/* Somebody has had more of it than we. */
struct ahead {
	bool there, told;
	struct uc_id by;
	struct chain_head head;
	uint64_t since_ms;

	uint64_t sure_ms; /* memory only: told then, if it is still so; 0: it is not time yet */
};
/* Messages on their way out, in order; records of their own.  Memory only (outbox_list.h). */
struct outbox {
	struct outgoing *first, *last;
	struct outgoing *unsent;  /* the first with content: those before it are only to be seen */
	struct outgoing *changed; /* in this turn */
	size_t in_flight;
};
/* The keys of a participant (identity.md, 1) behind its first, which names it. */
struct participant_keys {
	struct blob chain;       /* all of them, as leaves carry them; empty: the first is alone */
	struct ed25519_key last; /* the last one's private half, where there is a chain */
	/* Whoever of our devices was ended up to there has not got the last one. */
	uint32_t generation, position;
};
struct room {
	struct uc_id id; /* SHA-256 of the URI */
	char uri[URI_BYTES];
	bool direct, made; /* made: by us; until version 9 only after our request was accepted */
	uint8_t state;     /* enum room_phase */
	char name[ROOM_NAME_BYTES];
	char client[URI_BYTES], participant[URI_BYTES];
	struct ed25519_key participant_key;
	uint8_t seat_secret[SEAT_SECRET];
	bool seat_known; /* the hub or our app has the secret's hash */
	bool own_hub;    /* franks carry no signature */
	uint64_t seq;    /* last log entry processed */
	uint8_t chain[CHAIN_HASH];
	bool consistent;
	bool shadow;    /* a second place of ours in a room: read up to the first one, and left */
	uint64_t start; /* the log entry we joined by; 0: not yet */
	bool lost;      /* our part of the group is not what the others know: join anew */
	bool stuck;     /* when lost: what comes cannot be read any more */
	bool missed;    /* when lost: something could not be read */
	struct rejoin rejoin;
	struct uc_id contact; /* of a direct room: the other one */
	bool introduced;      /* our introduction was queued for this room */
	bool keys_given;      /* a direct room: our batch of key addresses was queued */
	uint64_t next_message, read_up_to, last_ms;
	uint64_t expires_ms; /* the next message does; 0: none will */
	uint32_t unread;
	uint8_t set_id[SET_ID]; /* joining: whose KeyPackage the Welcome is for */
	struct pending pending;
	struct member *members;
	uint64_t newcomer; /* the last message when somebody came who had not been there */
	struct task *tasks;
	uint64_t number;   /* in the order they came; 0: of a time before there were numbers */
	bool fleeing;      /* left by this client itself (strangers.h) */
	uint64_t close_ms; /* then: with somebody who was blocked (closing.h); 0: not for that */
	uint8_t says;      /* enum room_says */
	char persona[PROFILE_BYTES]; /* name, for SAYS_PERSONA */
	bool forked;                 /* members have different logs of it (heads.h) */
	struct doubt *doubts;        /* of each who has had another, the oldest first */
	struct ahead ahead;
	uint64_t heads_ms; /* a direct room: we told the other one of other rooms' heads last */
	bool restored; /* from the vault: the leaves of our participant are those of lost devices */
	/* Of a direct room where nobody has said yet that they are the one expected: what others write
	 * from this message on is not shown; 0: all is. */
	uint64_t unshown;
	struct participant_keys keys;      /* chains.h */
	struct participant_keys keys_next; /* made, and to be the vault's before it is shown */
	uint64_t
		keys_ms; /* another device of ours has not made or shown the next key until then; 0: not asked */

	bool dirty, members_dirty, group_dirty; /* memory only, from here on */
	uint64_t vault_tag;                     /* of what the vault keeps of it, as last seen */
	struct room_group *group;
	uint64_t journal_rows; /* of the group in the store; the next one's number */
	struct outbox outbox;
	uint32_t seat;
	bool seat_open, seat_busy, update_busy, rejoin_busy;
	uint32_t seat_refusals; /* when joining, or while the log ends before us */
	bool seat_alone;        /* refused among others: what that means it is told by itself */
	uint8_t update_hash[SHA256_BYTES]; /* of what was sent, while update_busy */
	uint64_t log_next;                 /* the log's end when the seat was opened */
	uint64_t retry_ms;                 /* nothing is tried before */
	uint64_t commit_ms;      /* others' proposals are committed by us then; 0: there are none */
	uint64_t ask_ms;         /* who has not introduced themselves is asked then; 0: nobody */
	uint64_t flee_ms;        /* leaving is tried again then */
	uint64_t told_ms;        /* we introduced ourselves last */
	uint32_t asks;           /* how often, since somebody last was missing */
	uint64_t asking_ms;      /* since then an ask of ours is on its way there; 0: none */
	uint32_t silent;         /* places of ours that do not say whose they are ... */
	uint64_t silent_ms;      /* ... and until when they may be devices of ours */
	bool silent_seen;        /* since we came in, or the store was opened */
	uint64_t keys_hold_ms;   /* nobody of ours is taken out without it until then */
	uint64_t keys_behind_ms; /* we may hear of the one that is in the tree until then */
	uint32_t keys_refusals;  /* of commits since then */
	uint64_t keys_epoch;     /* of which it is known where we stand, and one more */
	uint8_t keys_place;      /* enum chain_place */
	uint32_t
		keys_asks; /* how often others were asked to take out who shows a strange one ... */
	uint64_t keys_ask_ms;   /* ... and when they may be again */
	uint64_t keys_look_ms;  /* the vault is read anew for that, from then on; 0: not yet */
	struct head_ring *ring; /* what we have read lately; NULL: nothing */
	uc_op create_op;
	struct room *next;
};
/* Without its members: a message changes the room, and they are as many as there are. */
void wire_room(struct wire *w, struct room *r);
void wire_members(struct wire *w, struct room *r);

/* --- messages --- */

/* A message on its way out: content and salt stay the same however often it is encrypted. */
struct outgoing {
	uint64_t number;     /* order in this room */
	uint64_t message;    /* number in the room's history; 0: not shown, as introductions */
	struct uc_id id;     /* MIMI message id */
	struct blob content; /* MIMI content */
	uint64_t epoch;      /* of the ciphertext */
	uint8_t hash[SHA256_BYTES]; /* of the MLSMessage */
	struct blob submit;         /* MIMI SubmitMessageRequest; empty: to be encrypted */
	bool accepted;              /* content and submit are gone; it is to be seen in the log */
	uint64_t seq;               /* where, when accepted */
	bool again;                 /* it was in a log that was put back */

	bool dirty, in_flight; /* memory only, from here on */
	struct outgoing *prev, *next, *next_changed;
};
void wire_outgoing(struct wire *w, struct outgoing *o);

/* One message of a room's history. */
struct message {
	uint64_t number;
	struct uc_id id;
	uint8_t state, kind; /* enum uc_message_state, uc_message_kind */
	bool own, edited, deleted;
	char participant[URI_BYTES]; /* sender */
	uint64_t time_ms, seq;
	uint64_t expires_ms; /* its words are forgotten then; 0: never */
	bool has_reply;
	struct uc_id in_reply_to;
	struct view text;
	struct view content, frank; /* as received, for a report */
	uint64_t frank_ms; /* when the hub took that: of an edit later than time_ms; 0: not known */
	struct chain_head head; /* that came with it */
};
void wire_message(struct wire *w, struct message *m);
void message_element(struct wire *w, void *v);

#endif
