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
#include "mimi/sender_tag.h"
#include "mimi/vault.h"
#include "trust/discovery.h"
#include "undercroft/undercroft.h"
#include "wire/wire.h"

enum {
	STORED_VERSION = 1,  /* of records that have no version of their own */
	SET_VERSION = 3,     /* 2: until when it is given; 3: for which room */
	ACCOUNT_VERSION = 5, /* 2: settings; 3: contact code; 4: waits to introduce; 5: removes */
	CONTACT_VERSION =
		5, /* 2: identity changed; 3: portraits; 4: sender tags; 5: asks for rooms */
	REQUEST_VERSION =
		6, /* 3: contact codes, links; 4: what cards commit to; 5: sender tag; 6: how
			      * long the reply address lasts */
	INVITATION_VERSION = 1,
	ROOM_VERSION = 12, /* 3: members are a record of their own; 4: left by itself; 5: who we are
				   * there; 6: heads; 7: restored; 8: doubts of each sender; 9: what is
				   * not shown yet; 10: hidden before it is left; 11: who was asked;
				   * 12: further keys */
	MEMBERS_VERSION =
		7, /* 2: since when nobody came; 3: who may be there; 4: personas; 5: their clients; 6: asked;
		    * 7: wrote */
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
	SENDER_TAGS = 16,   /* of one contact */
	ROOM_ASKS = 8,      /* of one contact, at once */
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
	ACCOUNT_DELETED, /* as the app says: by this device or another */
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
	/* Who writes in groups and does not say who they are is taken out (strangers.h). */
	bool removes_silent;

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
	struct uc_id given_to;    /* contact, where given ... */
	uint64_t given_until_ms;  /* ... and its address lasts; 0: given by an earlier program */
	struct uc_id room;        /* the only one it was given for; zero: any */

	bool dirty, in_flight;               /* memory only, from here on */
	const struct participant_keys *keys; /* of a participant who has more than the one */
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
/* A room that a contact wants to bring us into, and has no address for. */
struct room_ask {
	char room[URI_BYTES];
	uint64_t time_ms;
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
	/* That their letters had (sender_tags.h), in order. */
	uint8_t tags[SENDER_TAGS][SENDER_TAG];
	uint32_t tag_count;
	/* What they ask for (room_asks.h), and how many they were given on which day. */
	struct room_ask asks[ROOM_ASKS];
	uint32_t ask_count, granted;
	uint64_t granted_day;

	bool dirty;      /* memory only, from here on */
	bool has_enough; /* of our addresses, until a set changes */
	bool ended;      /* barred: to be deleted */
	uint64_t
		answer_ms; /* what they ask is answered then: another device of ours may be faster */
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
	REQUEST_FAILED,      /* nobody of that name, or refused for good */
	REQUEST_GUARDED,     /* waits for the guardian; then it is as if it had just begun */
	REQUEST_REFUSED,     /* by the guardian */
	REQUEST_WITHDRAWING, /* out: taken back here; the app is to void the reply address */
	REQUEST_WITHDRAWN,
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
	uint8_t sender_tag[SENDER_TAG];   /* of the letter; out: of its answer; zeros: none */
	uint64_t reply_until_ms; /* out: our reply address lasts; 0: of a time before it was kept */

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

	bool dirty, busy, looked; /* memory only, from here on; looked: on this connection ... */
	bool read;                /* ... and what is there was taken, or nothing is */
	bool told;   /* that it has grown too large, cannot be read, or is of a later program */
	bool again;  /* something has changed while it was on its way ... */
	bool since;  /* ... and rows or the key are others already */
	bool rewrap; /* it is to be written though no row is another: for whom it is wrapped to */
	bool looking, differs; /* rows are not made, but compared (vault_watch) */
	unsigned stale;        /* so often in a row another was first ... */
	unsigned unread;       /* ... or it could not be read */
	bool ahead;            /* it speaks of a place of the list that we have not read ... */
	uint64_t ahead_number; /* ... and for this one the list was read again */
	uint64_t retry_ms;
	uint64_t account_tag, list_tag;
	uc_op op;
	struct kept_row *rows; /* by kind and id; records of their own */
	size_t n, cap;
	struct blob recover; /* of a recovery under way: the app's answer to it, ... */
	struct blob taken;   /* ... and the rows that were found */
};
void wire_vault(struct wire *w, struct vault *v);

#endif
