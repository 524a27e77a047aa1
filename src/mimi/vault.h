/* SPDX-License-Identifier: Apache-2.0 */
/* The vault: what an account needs to go on when all its devices are lost, sealed by a device and kept
 * by the app, which can read nothing of it (identity.md, 6).
 *
 * It is a list of rows, each with a version of its own, so that devices that write one after the other
 * lose nothing of each other's.  The rows are padded and lie in a box under the vault key.  That key is
 * wrapped to a public key that the recovery key leads to, and to each device, which has signed the key of
 * its box; a listed device signs the whole.  Number and account are bound to it. */
#ifndef MIMI_VAULT_H
#define MIMI_VAULT_H

#include "mimi/contact_code.h"
#include "mimi/frames.h"

/* Kinds are stored: they never change. */
enum vault_kind {
	VAULT_ACCOUNT = 1,     /* struct vault_account */
	VAULT_DEVICE = 2,      /* struct vault_device */
	VAULT_REQUEST_KEY = 3, /* struct vault_request_key */
	VAULT_CONTACT = 4,     /* struct vault_contact; id: of the contact */
	VAULT_ADDRESSES = 5,   /* struct vault_addresses: of theirs; id: of the contact */
	VAULT_LINKED = 6,      /* two accounts of one person, as a contact has shown */
	VAULT_OWN_LINK = 7,    /* another account of ours */
	VAULT_GUARDIAN = 8,    /* struct vault_guardian */
	VAULT_WARD = 9,        /* struct vault_ward; id: of the contact */
	VAULT_INVITATION = 10,
	VAULT_ANSWERED = 12, /* struct vault_answered; id: of the letter */
	VAULT_ROOM = 11,     /* struct vault_room; id: of room and participant */
	VAULT_BLOCK = 13,    /* struct vault_block; id: of the contact, or of two linked accounts */
	VAULT_MEMBER_BLOCK = 14, /* struct vault_member_block; id: of room and member */
	VAULT_VERIFIED = 15,     /* no data: numbers were compared, and hold; id: of the contact */
	VAULT_SENDER_TAGS = 16,  /* struct vault_sender_tags; id: of the contact */
	VAULT_CHAIN = 18,        /* struct vault_chain; id: as the room's */
	VAULT_BARRED = 17,       /* struct vault_contact: blocked, and none; id: as a contact's */
};
enum {
	VAULT_ID = 32,
	VAULT_KEY = BOX_KEY,
	VAULT_SMALLEST = 8 * 1024,  /* padded: powers of two ... */
	VAULT_LARGEST = 512 * 1024, /* ... up to this */
	VAULT_ROWS_MAX = 16384,
	VAULT_WRAPS_MAX = 33, /* the recovery key's and those of DEVICES_MAX devices */
};

/* One thing that is kept.  A later version stands for an earlier one; one that is gone has no data, and
 * stays, so that a device that has not heard of it does not bring the thing back. */
struct vault_row {
	uint8_t vault_kind;
	uint8_t id[VAULT_ID];
	uint64_t row_version;
	bool gone;
	struct view data;
};
struct vault_rows {
	uint16_t version; /* 1 */
	/* Where the list of devices stood when the vault key was made: who was ended later has it. */
	uint32_t key_generation, key_position;
	struct {
		struct vault_row *v;
		size_t n;
	} rows; /* by kind and id, each once */
};
void wire_vault_rows(struct wire *w, struct vault_rows *r);
void vault_rows_element(struct wire *w, void *v);
/* By kind, then id. */
int vault_row_compare(uint8_t kind, const uint8_t id[VAULT_ID], uint8_t other_kind,
		      const uint8_t other_id[VAULT_ID]);

/* --- what rows hold --- */

struct vault_account {
	struct view identifier;  /* as known */
	bool waits_to_introduce; /* in groups, until the person says who they are there */
	bool removes_silent;     /* in groups, who writes and does not say who they are */
	struct view settings;    /* the last statement of who may reach the account; or empty */
	uint8_t code_tag[CONTACT_CODE_TAG];
	struct view code; /* the contact code of that tag; empty: there is none */
	struct view name; /* the profile name: for further devices, a recovery is given one */
};
struct vault_device {
	struct view device_key; /* listed, 32 bytes */
	struct view box_key;    /* the vault key is wrapped to it */
	struct view signature;  /* by the device key: nobody else says what is boxed to it */
};
struct vault_request_key {
	uint8_t priv[32], pub[32];
};
struct vault_contact {
	struct view app, name, account_key;
	struct view list; /* their device list as far as known, encoded */
	bool identity_changed, has_direct;
	uint8_t direct[VAULT_ID];
};
struct vault_address {
	struct view address, participant;
	uint64_t expires_ms;
};
struct vault_addresses {
	struct {
		struct vault_address *v;
		size_t n;
	} addresses;
};
/* What their letters are known by (sender_tag.h): tags of theirs, in order. */
struct vault_sender_tags {
	struct view_list tags;
};
struct vault_guardian {
	uint8_t contact[VAULT_ID];
	uint8_t key[32];   /* their seals are by it */
	uint8_t offer[32]; /* what they are asked names it */
};
struct vault_ward {
	bool accepted;
	uint8_t offer[32];
	uint8_t seed[32]; /* of the key that seals for them */
};
/* What a person decides has a row of its own: else it was lost where another device, which has not heard
 * of it, writes what the row of the contact, link or room is since. */
enum { BLOCK_CONTACT = 1, BLOCK_LINKED = 2 };
struct vault_block {
	uint8_t of;
};
struct vault_member_block {
	struct view uri, participant; /* a persona's */
};
/* A letter that one device has answered, so that no other does. */
struct vault_answered {
	bool accepted;
};
struct vault_member {
	struct view participant;
	uint8_t contact[VAULT_ID]; /* zero: not introduced */
	bool admitted;             /* somebody below 16 may be in a room with them */
};
struct vault_room {
	struct view uri, name, participant;
	uint8_t says;        /* enum room_says of the client: whether we are ourselves there */
	struct view persona; /* by what name, if not */
	uint8_t seed[32];    /* of the participant key */
	uint8_t contact[VAULT_ID]; /* of a direct room: the other one, or zero */
	bool direct, held;         /* held: a guardian has not agreed to it yet */
	struct {
		struct vault_member *v;
		size_t n;
	} members; /* the other one of a direct room; in groups which of them are blocked contacts, and, of
		    * somebody below 16, who may be there */
};
/* The keys of a room's participant behind the first, and where the list of devices stood when the last was
 * made: nobody has it who was ended up to there. */
struct vault_chain {
	struct view chain; /* participant_chain_element; empty: the first key is alone */
	uint8_t seed[32];  /* of the last key; zero where there is no chain */
	uint32_t generation, position;
};
#define VAULT_ROW_WALKS(X)    \
	X(vault_account)      \
	X(vault_device)       \
	X(vault_request_key)  \
	X(vault_contact)      \
	X(vault_addresses)    \
	X(vault_sender_tags)  \
	X(vault_guardian)     \
	X(vault_ward)         \
	X(vault_answered)     \
	X(vault_block)        \
	X(vault_member_block) \
	X(vault_chain)        \
	X(vault_room)
#define VAULT_DECLARE(name)                               \
	void wire_##name(struct wire *w, struct name *x); \
	void name##_element(struct wire *w, void *v);
VAULT_ROW_WALKS(VAULT_DECLARE)
#undef VAULT_DECLARE

/* That box_key is the device's own. */
uc_err UC_MUST_USE vault_device_sign(const struct ed25519_key *device, struct view app,
				     struct view box_key, struct arena *a, struct view *signature);
/* UC_E_SIGNATURE */
uc_err UC_MUST_USE vault_device_check(const struct vault_device *x, struct view app,
				      struct arena *a);

/* --- sealed --- */

/* Whose it is. */
struct vault_owner {
	struct view app, account_key;
};
struct vault_envelope {
	uint16_t version;       /* 1 */
	uint64_t number;        /* rises with each that is written */
	struct view_list wraps; /* the vault key: HPKECiphertext, the recovery key's first */
	struct view device_key; /* who has written it */
	struct view sealed;     /* a box under the vault key over the padded rows */
	struct view signature;  /* label "Undercroft vault" */
};
void wire_vault_envelope(struct wire *w, struct vault_envelope *e);
void vault_envelope_element(struct wire *w, void *v);

/* The key pair that the vault key is wrapped to, from the 32 bytes that the recovery words stand for. */
uc_err UC_MUST_USE vault_words_key(struct view entropy, uint8_t priv[32], uint8_t pub[32]);

/* UC_E_TOO_LARGE past VAULT_LARGEST. */
uc_err UC_MUST_USE vault_seal(const struct env *env, const struct vault_owner *owner,
			      uint64_t number, struct view key, const struct view_list *wrap_to,
			      const struct ed25519_key *device, struct view rows, struct arena *a,
			      struct view *out);
/* Form and signature; whether that device may write is the caller's to know.  UC_E_VERSION for one of a
 * later program. */
uc_err UC_MUST_USE vault_envelope_read(struct view bytes, const struct vault_owner *owner,
				       struct arena *a, struct vault_envelope *out);
/* The vault key, by the private half of one that it is wrapped to.  UC_E_DECRYPT. */
uc_err UC_MUST_USE vault_unwrap(const struct vault_envelope *e, const struct vault_owner *owner,
				struct view priv, struct view pub, struct arena *a,
				uint8_t key[VAULT_KEY]);
/* UC_E_DECRYPT under another key, number or account. */
uc_err UC_MUST_USE vault_open(const struct vault_envelope *e, const struct vault_owner *owner,
			      struct view key, struct arena *a, struct vault_rows *out);

#endif
