/* SPDX-License-Identifier: Apache-2.0 */
/* What one device keeps: the structs, as they lie in memory and (through their walks) in the store.
 * Every record starts with its version.  Fields marked "memory only" are not stored. */
#ifndef CLIENT_STORED_H
#define CLIENT_STORED_H

#include "crypto/crypto.h"
#include "base/map.h"
#include "mimi/contact_code.h"
#include "mimi/contact_link.h"
#include "mimi/frames.h"
#include "mimi/link_statement.h"
#include "mimi/media_type.h"
#include "mimi/names.h"
#include "mimi/vault.h"
#include "trust/discovery.h"
#include "undercroft/undercroft.h"
#include "wire/wire.h"

enum {
	STORED_VERSION = 1,  /* of records that have no version of their own */
	ACCOUNT_VERSION = 4, /* 2: settings; 3: contact code; 4: waits to introduce */
	CONTACT_VERSION = 3, /* 2: identity changed; 3: portraits */
	REQUEST_VERSION = 4, /* 3: contact codes, links; 4: what cards commit to */
	INVITATION_VERSION = 1,
	ROOM_VERSION = 8, /* 3: members are a record of their own; 4: left by itself; 5: who we are
				   * there; 6: heads; 7: restored; 8: doubts of each sender */
	MEMBERS_VERSION =
		5, /* 2: since when nobody came; 3: who may be there; 4: personas; 5: their clients */
	OUTGOING_VERSION = 2,     /* 2: said again */
	MESSAGE_VERSION = 3,      /* 2: when the hub took what is shown; 3: heads */
	GUARDIANSHIP_VERSION = 2, /* 2: numbers of what is asked */
	VAULT_VERSION = 2,        /* 2: of when the key is */
	KEPT_ROW_VERSION = 2,     /* 2: our own view of it */
	DOMAIN_MAX = 256,         /* bytes with the closing zero, as all of these */
	URI_BYTES = 512,
	ADDRESS_BYTES = 768,
	IDENTIFIER_BYTES = 320,
	PROFILE_BYTES = 256,
	ABOUT_BYTES = ABOUT_MAX * 4 + 1,
	ROOM_NAME_BYTES = 256,
	REQUEST_TEXT_BYTES = 140 * 4 + 1,
	CODE_BYTES = 64,
	REQUEST_KEYS = 4,   /* request keys still good for opening cards */
	KEY_ADDRESSES = 16, /* held of one contact */
	NUMBER_BYTES = 17,  /* E.164: '+' and 15 digits */
	SOUGHT_MAX = 10000, /* numbers looked for */
	FIND_OPS = 16,
	MEMBER_CLIENTS_MAX = 64, /* of one member: ROOM_DEVICES_MAX */
	BLOB_MAX = 16 * 1024 * 1024,
};

/* Owned bytes of any length. */
struct blob {
	uint8_t *p;
	size_t n;
};
uc_err UC_MUST_USE blob_set(struct blob *b, struct view v);
void blob_done(struct blob *b); /* wipes, too */
static inline struct view blob_view(const struct blob *b)
{
	return (struct view){ b->p, b->n };
}
void wire_blob(struct wire *w, struct blob *b);
/* Zero-terminated text in the caller's array. */
void wire_text(struct wire *w, char *p, size_t cap);
/* UC_E_TOO_LARGE past the array, UC_E_TEXT for bytes that are no text. */
uc_err UC_MUST_USE text_set(char *p, size_t cap, struct view v);
static inline bool id_equal(const struct uc_id *a, const struct uc_id *b)
{
	return view_equal(VIEW_OF(a->b), VIEW_OF(b->b));
}
static inline bool id_is_zero(const struct uc_id *a)
{
	static const struct uc_id zero;
	return id_equal(a, &zero);
}

/* --- the account --- */

enum account_state {
	ACCOUNT_NONE,
	ACCOUNT_SIGNING_UP, /* keys are made and stored, the app has not answered yet */
	ACCOUNT_RECOVERING,
	ACCOUNT_ACTIVE,
	ACCOUNT_GONE,
	ACCOUNT_JOINING, /* as a further device of an account: its code is shown (pairing.h) */
};
struct request_key {
	uint8_t priv[32], pub[32];
	bool put; /* the app has it */
};
/* A contact code that this device has made; the settings name it by its tag. */
struct code_made {
	uint8_t tag[CONTACT_CODE_TAG];
	char text[CONTACT_CODE_SHOWN]; /* empty: there is none */
};
struct account {
	uint8_t state; /* enum account_state */
	char app[DOMAIN_MAX];
	uint8_t names; /* enum uc_name_kind */
	char identifier[IDENTIFIER_BYTES];
	char profile_name[PROFILE_BYTES];
	uint8_t account_id[ACCOUNT_ID];
	uint8_t account_key[ED25519_KEY];
	bool has_entropy;
	uint8_t entropy[32]; /* of the recovery key, until it is confirmed */
	struct ed25519_key device;
	uint8_t intake_priv[32], intake_pub[32];
	struct request_key request_keys[REQUEST_KEYS]; /* newest first */
	uint32_t request_key_count;
	uint64_t intake_cursor;
	struct blob list;      /* the device list, encoded */
	uint64_t next_number;  /* for outbox entries and the like */
	char code[CODE_BYTES]; /* of a sign-up that isn't answered yet */
	bool deleting;
	/* Who may reach this account: as last known, and as on its way to the app; encoded. */
	struct blob settings, settings_next;
	struct code_made code_now, code_next;
	/* Into groups that others bring this device into, its person goes unsaid until told otherwise. */
	bool waits_to_introduce;

	bool dirty; /* memory only */
};
void wire_account(struct wire *w, struct account *a);
void account_wipe(struct account *a);

/* --- a participant made in advance, with this device's KeyPackage --- */

enum set_state {
	SET_MADE,     /* stored here, not yet in the app's pool */
	SET_POOLED,   /* in the pool, free for this device's own use */
	SET_GIVEN,    /* in the pool, and a key address for it was given to a contact */
	SET_RELEASED, /* gone from the pool by its address: its seat is looked for */
	SET_RESERVED, /* chosen for an answer or a room of our own, still to be taken from the pool */
	SET_AWAITED, /* taken for an answer: its seat is looked for */
	SET_SPENT,   /* used or expired: to be deleted */
	SET_VOIDED,  /* given, and void since a device was ended: its seat is looked for */
};
struct set {
	uint8_t set_id[SET_ID];
	uint8_t slot_id[SLOT_ID];
	uint8_t state; /* enum set_state */
	uint8_t set_key[BOX_KEY];
	struct ed25519_key participant_key;
	char participant[URI_BYTES], client[URI_BYTES];
	uint64_t not_after_ms;
	struct blob key_package;  /* MLS KeyPackage */
	struct blob private_keys; /* of it: leaf, init and encryption keys */
	struct uc_id given_to;    /* contact, where given */

	bool dirty, in_flight; /* memory only */
	struct set *next;
};
void wire_set(struct wire *w, struct set *s);

/* --- people --- */

/* What this person shows contacts. */
struct own_portrait {
	uint64_t number;             /* 0: nothing was ever shown */
	char about[ABOUT_BYTES];     /* empty: none */
	struct blob picture;         /* likewise */
	uint8_t device[ED25519_KEY]; /* of ours, that was told it last */

	bool dirty; /* memory only */
};
void wire_own_portrait(struct wire *w, struct own_portrait *p);

/* A key address a contact gave: good once, for adding them to a room. */
struct key_address {
	char address[ADDRESS_BYTES];
	char participant[URI_BYTES]; /* whose KeyPackages it must bring */
	uint64_t expires_ms;
};
struct contact {
	struct uc_id id; /* SHA-256 of app and account key */
	char app[DOMAIN_MAX];
	char name[PROFILE_BYTES];
	uint8_t account_key[ED25519_KEY];
	struct blob list; /* their device list, as far as known, encoded */
	bool blocked, verified, identity_changed;
	bool has_direct;
	struct uc_id direct;
	uint8_t grant_id[GRANT_ID]; /* of the key addresses we gave them */
	bool has_grant;
	struct key_address keys[KEY_ADDRESSES];
	uint32_t key_count;
	/* What they show (portraits.h): 0: nothing.  The picture is a record of its own. */
	uint64_t portrait, picture;
	char about[ABOUT_BYTES];
	/* What they were told of ours, and in which direct room; zero: somebody there was not. */
	uint64_t told;
	struct uc_id told_in;

	bool dirty; /* memory only */
	struct contact *next;
};
void wire_contact(struct wire *w, struct contact *c);

enum request_state {
	REQUEST_LOOKING,   /* out: directory and look-up to be done */
	REQUEST_ADDRESSED, /* out: their address and key are known, our reply address is not */
	REQUEST_SENDING,   /* out: the consent entry is made; in: the grant is made */
	REQUEST_SENT,      /* out: queued durably at our app */
	REQUEST_OPEN,      /* in: waits for the person */
	REQUEST_ACCEPTED,
	REQUEST_DECLINED,
	REQUEST_FAILED,  /* nobody of that name, or refused for good */
	REQUEST_GUARDED, /* waits for the guardian; then it is as if it had just begun */
	REQUEST_REFUSED, /* by the guardian */
};
struct request {
	struct uc_id id;
	bool incoming;
	uint8_t state; /* enum request_state */
	char app[DOMAIN_MAX];
	char name
		[IDENTIFIER_BYTES]; /* in: profile name; out: identifier asked for; empty: a link */
	char contact_code[CODE_BYTES];     /* out: given with it, until it is of no more use */
	bool by_invitation;                /* in: at one of ours; out: at theirs ... */
	uint8_t check[CONTACT_LINK_CHECK]; /* ... which says this of who made it */
	char text[REQUEST_TEXT_BYTES];
	uint64_t time_ms;
	char target[ADDRESS_BYTES];              /* the request address asked at */
	char reply[ADDRESS_BYTES];               /* the asker's request address */
	uint8_t request_key[32];                 /* out: theirs */
	uint8_t answer_priv[32], answer_pub[32]; /* out: ours; in: theirs, the public half alone */
	uint8_t set_id[SET_ID];                  /* in: the set we answered with */
	struct blob entry;                       /* ConsentEntry to be sent */
	struct blob introduction;                /* in: of the card, checked */
	struct uc_id contact, room;              /* zero until there is one */
	uint64_t number; /* in the order they came; 0: of a time before there were numbers */
	uint8_t card_salt[CARD_SALT];
	uint8_t card_tag[CARD_TAG];       /* out: that our reply address was made for */
	char card_address[ADDRESS_BYTES]; /* in: the reply address that text and name came with */

	bool dirty, in_flight; /* memory only */
	uint64_t retry_ms;
	uc_op op;
	struct request *next;
};
void wire_request(struct wire *w, struct request *r);

/* --- accounts of one person --- */

struct linked_side {
	struct uc_id contact; /* as a contact of that app and key has it */
	char app[DOMAIN_MAX], name[PROFILE_BYTES], identifier[IDENTIFIER_BYTES];
	uint8_t account_key[ED25519_KEY];
};

/* A contact who is shown it: the statement, or that it holds no more. */
struct link_shown {
	struct uc_id contact, room; /* the direct room it was queued in last; zero: none yet */
	bool gone;                  /* they are to hear that it holds no more */
	bool told;                  /* that, or the statement, is queued in that room */
};
enum { LINK_SHOWN_MAX = 200 };
enum link_state {
	LINK_OFFERED, /* the other account has not answered */
	LINK_SIGNED, /* we have accepted and signed; the other account has not, as far as is known */
	LINK_WHOLE,  /* both have */
	LINK_WITHDRAWN, /* it holds no more */
	LINK_OVER,      /* to be deleted */
};
/* Another account of this person. */
struct own_link {
	struct uc_id id; /* of the two accounts; offered: of the offer */
	uint8_t state;   /* enum link_state */
	struct linked_side other;
	uint64_t number; /* of the statement; offered: at least */
	uint8_t offer_id[LINK_OFFER_ID];
	uint64_t expires_ms;               /* of the offer */
	bool tells_identifier;             /* the offer does */
	struct blob statement, withdrawal; /* encoded */
	struct link_shown shown[LINK_SHOWN_MAX];
	uint32_t shown_count;

	bool dirty; /* memory only */
	struct own_link *next;
};
void wire_own_link(struct wire *w, struct own_link *l);

/* Two accounts that a contact has shown to be one person's. */
struct linked {
	struct uc_id id; /* of the two accounts */
	struct uc_id by; /* the contact who showed it first */
	uint64_t number; /* only rises */
	bool withdrawn;  /* the number is kept, and, while they are blocked, who they are */
	bool blocked;    /* both accounts are */
	struct linked_side sides[LINK_SIDES];

	bool dirty; /* memory only, from here on */
	bool reached;
	struct linked *next, *next_reached;
};
void wire_linked(struct wire *w, struct linked *l);
/* --- guardians --- */

/* A contact who wants us, or has us, for a guardian. */
struct ward {
	struct uc_id contact;
	bool accepted;
	uint8_t offer[32];      /* its number */
	struct ed25519_key key; /* our seals for them; zero until accepted */
	struct ward *next;
};
/* What one of them asks. */
struct ward_ask {
	struct uc_id id; /* guardian_subject */
	struct uc_id contact;
	uint64_t time_ms;
	struct blob ask; /* struct guardian_ask, encoded */
	struct ward_ask *next;
};
/* What our own guardian is asked. */
struct awaited {
	struct uc_id of; /* request or room */
	bool is_room;
	uint8_t number[32]; /* random, for each time: a word to an earlier ask fits no later one */
	uint64_t from;      /* room: the last message of before it was held */
	struct uc_id told_in; /* direct room; zero: not told yet */
	struct uc_id subject;
	struct awaited *next;
};
struct guardianship {
	bool has_offer; /* ours, to this contact */
	struct uc_id offered;
	uint8_t offer[32];
	struct blob seal;  /* of a guardian, to be put into the settings */
	bool has_guardian; /* this one, whose seals are by this key */
	struct uc_id guardian;
	uint8_t key[ED25519_KEY];
	struct ward *wards;
	struct ward_ask *asks;
	struct awaited *awaited;

	/* memory only */
	bool dirty;
	enum {
		SETTLING_NOTHING,
		SETTLING_NAMED,
		SETTLING_ENDED
	} settling; /* in the settings, then told */
};
void wire_guardianship(struct wire *w, struct guardianship *g);
void guardianship_done(struct guardianship *g);

/* --- finding people by number --- */

/* A number that is looked for. */
struct sought {
	char number[NUMBER_BYTES]; /* normalised */
	bool has_value;            /* of the key in struct finding */
	struct discovery_value value;
	bool looked; /* for that value, in some filter */
	bool found;  /* in the last one */

	bool dirty; /* memory only */
	struct sought *next;
};
void wire_sought(struct wire *w, struct sought *s);
/* A number on its way to the app, and how it was blinded: asked again it is the same, so that it is
 * paid for once. */
struct asked_number {
	char number[NUMBER_BYTES];
	uint8_t blind[OPRF_SCALAR];
	struct oprf_element blinded;
};
struct finding {
	uint8_t key[OPRF_ELEMENT]; /* that the values are of; zero: of none */
	uint64_t edition,
		bytes; /* of the last filter; all but the unlooked were looked for in it */
	uint32_t day;  /* of the same; 0: there was none */
	struct discovery_budget budget; /* as the app is believed to count */
	uint32_t asked_n;               /* 0: nothing is on its way */
	struct asked_number *asked;
	/* That we can be found: what was said to the app, under which settings, key and number (their
	 * hash), or tried in vain. */
	uint8_t said[SHA256_BYTES];
	bool refused;

	bool dirty, some_dirty;     /* memory only: this; some of those looked for */
	bool forget;                /* all that are stored */
	struct discovery_keys keys; /* `key` is their sum */
	struct sought *first;
	struct map by_number;
	size_t n, unasked, unlooked; /* all; without a value; with one that was not looked for */
	bool busy, stopped;          /* stopped: the app has lied */
	bool wanted;                 /* the newest filter is, whatever its day */
	uint64_t retry_ms, look_ms;  /* not before; a new filter is asked for then */
	struct buf filter;           /* as far as it has come */
	uint64_t filter_edition;
	uint32_t filter_day;
	size_t filter_bytes;
	unsigned filter_tries;
	/* An answer that is not of `keys`, until the app's document was read anew; else empty. */
	struct buf doubted;
	uc_op ops[FIND_OPS];
	size_t ops_n;
	bool say_busy; /* findable.c */
	uint64_t say_ms;
	uint8_t say_hash[SHA256_BYTES];
	uc_op say_op;
	char say_number[NUMBER_BYTES]; /* instead of the account's, once the app agrees */
};
void wire_finding(struct wire *w, struct finding *f);

enum invitation_state {
	INVITATION_MAKING, /* its address is still to be asked for */
	INVITATION_OPEN,
	INVITATION_USED,   /* a letter has come by it, and no other will */
	INVITATION_ENDING, /* its key is gone here; the app is still to be told */
};
/* A link that asks for contact.  Its key is its own: once that is gone, no card to it is read, whatever
 * the app lets in. */
struct invitation {
	struct uc_id id;
	uint8_t state; /* enum invitation_state */
	bool once;
	uint8_t grant_id[GRANT_ID]; /* it is taken back by */
	uint8_t priv[32], pub[32];
	char address[ADDRESS_BYTES];
	uint64_t time_ms, expires_ms;
	uint32_t asked;  /* letters that came by it */
	uint64_t number; /* in the order they were made */

	bool dirty, in_flight, gone; /* memory only; gone: to be deleted */
	uint64_t retry_ms;
	uc_op op;
	struct invitation *next;
};
void wire_invitation(struct wire *w, struct invitation *i);

/* --- the vault --- */

enum { KEPT_TAG = 8 };
/* A row as this device knows it: as it would be written now, or was taken from another device. */
struct kept_row {
	uint8_t kind; /* enum vault_kind */
	uint8_t id[VAULT_ID];
	uint64_t version;
	bool gone;
	bool held; /* this device has what it tells of; else it is only carried along */
	struct blob data;
	/* Taken from another device, whose view of it is not quite ours (a room's name that has not come here
	 * yet): a tag of ours, which is written only once it changes; or zero. */
	uint8_t own[KEPT_TAG];

	bool dirty, seen, fresh; /* memory only; fresh: taken, and still to be applied */
};
void wire_kept_row(struct wire *w, struct kept_row *r);
struct vault {
	bool has_keys;
	uint8_t key[VAULT_KEY];
	uint8_t words_pub[32]; /* what the recovery key leads to: the key is wrapped to it */
	uint64_t app_version;  /* as the app counts */
	uint64_t number;       /* of the last one seen */
	uint64_t stored_ms;    /* when this device last wrote one; 0: never */
	uint64_t due_ms;       /* something may have changed, and is written then; 0: nothing */
	bool foreign;          /* the app's is of a later program: it is left alone, this time */
	bool unwritten;        /* the rows are others than those that were last seen there */
	/* Where the list of devices stood when the key was made: who was ended later has it. */
	uint32_t key_generation, key_position;

	bool dirty, busy, looked; /* memory only, from here on; looked: on this connection */
	bool told;  /* that it has grown too large, cannot be read, or is of a later program */
	bool again; /* something has changed while it was on its way */
	bool looking, differs; /* rows are not made, but compared (vault_watch) */
	unsigned stale;        /* so often in a row another was first ... */
	unsigned unread;       /* ... or it could not be read */
	uint64_t retry_ms;
	uint64_t account_tag, list_tag;
	uc_op op;
	struct kept_row *rows; /* by kind and id; records of their own */
	size_t n, cap;
	struct blob recover; /* of a recovery under way: the app's answer to it, ... */
	struct blob taken;   /* ... and the rows that were found */
};
void wire_vault(struct wire *w, struct vault *v);

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
	bool persona; /* name and key are of this room alone, and no account's; contact is who was brought in */
	bool blocked;                 /* a persona, here */
	struct known_client *clients; /* member_clients.h */
	uint32_t client_count, leaves;

	bool was_gone; /* memory only, from here on: before the epoch that is looked at */
	struct member *next;
};

enum task_kind {
	TASK_ADD = 1,      /* contact: fetch KeyPackages by one of their addresses, commit */
	TASK_ADD_PACKAGES, /* KeyPackages are here: commit */
	TASK_REMOVE,       /* participant */
	TASK_LEAVE,
};
struct task {
	uint64_t number;
	uint8_t kind; /* enum task_kind */
	struct uc_id contact;
	char participant[URI_BYTES];
	struct blob key_packages; /* KeyPackages, one opaque<V> each */
	bool staged;              /* part of the pending commit */

	uc_op op; /* memory only, from here on */
	bool in_flight;
	struct task *next;
};

/* A commit or proposal that was made and stored, and whose place in the log is awaited. */
struct pending {
	bool there;
	bool is_commit;             /* else a proposal to leave */
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
struct room {
	struct uc_id id; /* SHA-256 of the URI */
	char uri[URI_BYTES];
	bool direct, asked; /* asked: we made it after our request was accepted */
	uint8_t state;      /* enum room_phase */
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
	uint64_t number; /* in the order they came; 0: of a time before there were numbers */
	bool fleeing;    /* left by this client itself (strangers.h) */
	uint8_t says;    /* enum room_says */
	char persona[PROFILE_BYTES]; /* name, for SAYS_PERSONA */
	bool forked;                 /* members have different logs of it (heads.h) */
	struct doubt *doubts;        /* of each who has had another, the oldest first */
	struct ahead ahead;
	uint64_t heads_ms; /* a direct room: we told the other one of other rooms' heads last */
	bool restored; /* from the vault: the leaves of our participant are those of lost devices */

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
	uint64_t commit_ms;     /* others' proposals are committed by us then; 0: there are none */
	uint64_t ask_ms;        /* who has not introduced themselves is asked then; 0: nobody */
	uint64_t flee_ms;       /* leaving is tried again then */
	uint64_t told_ms;       /* we introduced ourselves last */
	uint32_t asks;          /* how often, since somebody last was missing */
	uint32_t silent;        /* places of ours that do not say whose they are ... */
	uint64_t silent_ms;     /* ... and until when they may be devices of ours */
	bool silent_seen;       /* since we came in, or the store was opened */
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
