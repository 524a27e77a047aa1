/* SPDX-License-Identifier: Apache-2.0 */
/* The wire between a client and its app: the frames of the WebSocket subprotocol `undercroft.v1`.
 * One binary message is one frame.  docs/protocol.md tells what each request does; bodies are
 * MIMI structs themselves wherever MIMI has one, carried here as opaque bytes. */
#ifndef MIMI_FRAMES_H
#define MIMI_FRAMES_H

#include "mimi/frames_reach.h"
#include "wire/wire.h"

#define FRAME_SUBPROTOCOL "undercroft.v1"

enum {
	FRAME_VERSION = 1,           /* spoken by this code */
	FRAME_VERSION_LOWEST = 1,    /* and the lowest still understood */
	FRAME_MAX = 4 * 1024 * 1024, /* bytes: a commit with its tree */
	MESSAGE_MAX = 256 * 1024,    /* bytes of one application message */
	ACCOUNT_ID = 16,             /* bytes, random, one app's */
	CHALLENGE = 32,
	CHAIN_HASH = 32,
	SLOT_ID = 16, /* random name of one KeyPackage at rest */
	SET_ID = 16,
	GRANT_ID = 16,
	ROOM_TAG = 16,
	SEAT_SECRET = 32,
	CARD_BYTES = 2048,
	CARD_SALT = 16,
	CARD_TAG = 16,
	ENTRY_WINDOW = 64, /* entries pushed to a seat beyond its last acknowledgement */
	INTAKE_WINDOW = 64,
	SEATS_AT_ONCE = 256, /* in one SEATS_OPEN */
	DISCOVERY_ELEMENT = 32,
	DISCOVERY_PROOF = 64,
	PAIRING_MAILBOX = 16,
	FILTER_CHUNK = 64 * 1024, /* bytes of a filter in one answer, but for its last */
};

enum frame_kind {
	FRAME_REQUEST = 1,  /* client to app, answered by one response with its id */
	FRAME_RESPONSE = 2, /* app to client */
	FRAME_EVENT = 3,    /* app to client, unasked; id 0 */
	FRAME_NOTICE = 4,   /* client to app, not answered; id 0 */
};

/* Who may send it: anybody after hello, a session under recovery, or a signed-in device. */
enum frame_phase { PHASE_NEW, PHASE_GREETED, PHASE_RECOVERING, PHASE_SIGNED_IN };

/* X(NAME, walk name, number, least phase, largest body in bytes).  Numbers never change.
 * Each NAME has struct <walk>_request and struct <walk>_response below. */
/* clang-format off */
#define FRAME_REQUESTS(X) \
	X(HELLO,            hello,            1, PHASE_NEW,        1024) \
	X(CODE_REQUEST,     code_request,     2, PHASE_GREETED,    1024) \
	X(SIGN_UP,          sign_up,          3, PHASE_GREETED,    16384) \
	X(SIGN_IN,          sign_in,          4, PHASE_GREETED,    4096) \
	X(RECOVER,          recover,          5, PHASE_GREETED,    4096) \
	X(DEVICE_RESET,     device_reset,     6, PHASE_RECOVERING, 16384) \
	X(DEVICE_LIST,      device_list_get,  7, PHASE_SIGNED_IN,  64) \
	X(DEVICE_APPEND,    device_append,    8, PHASE_SIGNED_IN,  16384) \
	X(ACCOUNT_DELETE,   account_delete,   9, PHASE_SIGNED_IN,  1024) \
	X(VAULT_PUT,        vault_put,       10, PHASE_SIGNED_IN,  1048576) \
	X(VAULT_GET,        vault_get,       11, PHASE_RECOVERING, 64) \
	X(POOL_PUT,         pool_put,        12, PHASE_SIGNED_IN,  1048576) \
	X(POOL_STATUS,      pool_status,     13, PHASE_SIGNED_IN,  64) \
	X(POOL_TAKE,        pool_take,       14, PHASE_SIGNED_IN,  64) \
	X(REQUEST_KEY_PUT,  request_key_put, 15, PHASE_SIGNED_IN,  1024) \
	X(ADDRESS_MAKE,     address_make,    16, PHASE_SIGNED_IN,  65536) \
	X(GRANT_REVOKE,     grant_revoke,    17, PHASE_SIGNED_IN,  64) \
	X(DIRECTORY,        directory,       18, PHASE_GREETED,    1024) \
	X(LOOKUP,           lookup,          19, PHASE_SIGNED_IN,  4096) \
	X(CONSENT_REQUEST,  consent_request, 20, PHASE_SIGNED_IN,  65536) \
	X(CONSENT_UPDATE,   consent_update,  21, PHASE_SIGNED_IN,  1048576) \
	X(SEAT_FIND,        seat_find,       32, PHASE_SIGNED_IN,  65536) \
	X(SEAT_OPEN,        seat_open,       33, PHASE_SIGNED_IN,  4096) \
	X(SEAT_CLOSE,       seat_close,      34, PHASE_SIGNED_IN,  64) \
	X(ROOM_CREATE,      room_create,     35, PHASE_SIGNED_IN,  65536) \
	X(ROOM_UPDATE,      room_update,     36, PHASE_SIGNED_IN,  4194304) \
	X(ROOM_SUBMIT,      room_submit,     37, PHASE_SIGNED_IN,  262144) \
	X(ROOM_GROUP_INFO,  room_group_info, 38, PHASE_SIGNED_IN,  65536) \
	X(KEY_MATERIAL,     key_material,    39, PHASE_SIGNED_IN,  65536) \
	X(SEATS_OPEN,       seats_open,      40, PHASE_SIGNED_IN,  262144) \
	X(NAME_CHANGE,      name_change,     41, PHASE_SIGNED_IN,  1024) \
	X(SETTINGS_PUT,     settings_put,    42, PHASE_SIGNED_IN,  1024) \
	X(SETTINGS_GET,     settings_get,    43, PHASE_SIGNED_IN,  64) \
	X(TOKEN_ISSUE,      token_issue,     44, PHASE_SIGNED_IN,  32768) \
	X(AGE_PRESENT,      age_present,     45, PHASE_SIGNED_IN,  1024) \
	X(REPORT,           report,          48, PHASE_SIGNED_IN,  1048576) \
	X(DISCOVERY_EVALUATE, discovery_evaluate, 49, PHASE_SIGNED_IN, 32768) \
	X(DISCOVERY_FILTER, discovery_filter, 50, PHASE_SIGNED_IN, 64) \
	X(DISCOVERABLE_SET, discoverable_set, 51, PHASE_SIGNED_IN, 128) \
	X(PAIR_OPEN,        pair_open,        54, PHASE_GREETED,   2048) \
	X(PAIR_LOOK,        pair_look,        55, PHASE_SIGNED_IN, 64) \
	X(PAIR_ANSWER,      pair_answer,      56, PHASE_SIGNED_IN, 262144) \
	X(PAIR_TAKE,        pair_take,        57, PHASE_GREETED,   64) \
	X(ATTACHMENT_PUT,   attachment_put,   60, PHASE_SIGNED_IN, 135168) \
	X(ATTACHMENT_GET,   attachment_get,   61, PHASE_SIGNED_IN, 512)

/* X(NAME, walk name, number): what a client says without waiting for an answer. */
#define FRAME_NOTICES(X) \
	X(SEAT_ACK,   seat_ack,   64) \
	X(INTAKE_ACK, intake_ack, 65)

/* X(NAME, walk name, number): what an app says unasked. */
#define FRAME_EVENTS(X) \
	X(ENTRY,        entry_event,        96)  /* a log entry for an open seat */ \
	X(INTAKE,       intake_event,       97)  /* something for the device, not from a room */ \
	X(SEAT_READY,   seat_ready_event,   98)  /* a client asked for with SEAT_FIND has a seat */ \
	X(SEAT_ENDED,   seat_ended_event,   99)  /* the seat's leaf was removed, after its last entry */ \
	X(SET_TAKEN,    set_taken_event,    100) /* a KeyPackage set left the pool */ \
	X(DEVICE_LIST_CHANGED, device_list_event, 101) \
	X(GOING_AWAY,   going_away_event,   102) \
	X(VAULT_CHANGED, vault_event,       104) /* by another device */ \
	X(ENTRY_OWN,    entry_own_event,    103) /* the same for the seat it was sent from */
/* clang-format on */

#define FRAME_ENUM_REQUEST(name, walk, number, phase, limit) FRAME_##name = number,
#define FRAME_ENUM(name, walk, number)                       FRAME_##name = number,
enum frame_type {
	FRAME_REQUESTS(FRAME_ENUM_REQUEST) FRAME_NOTICES(FRAME_ENUM) FRAME_EVENTS(FRAME_ENUM)
};
#undef FRAME_ENUM_REQUEST
#undef FRAME_ENUM

/* The frame itself.  status, text and retry_after_s stand in responses only; a response whose
 * status is not UC_OK has no body. */
struct frame {
	uint8_t kind;           /* enum frame_kind */
	uint16_t type;          /* enum frame_type */
	uint32_t id;            /* chosen by the client, not 0, unique among its open requests */
	uint16_t status;        /* a code of undercroft/errors.h */
	uint32_t retry_after_s; /* 0: no advice */
	struct view text;       /* a sentence for people */
	struct view body;
};
void wire_frame(struct wire *w, struct frame *f);
void frame_element(struct wire *w, void *v);

/* Frame around the encoded body, appended to out. */
uc_err UC_MUST_USE frame_add_request(struct buf *out, uint16_t type, uint32_t id,
				     wire_element *walk, const void *body);
uc_err UC_MUST_USE frame_add_response(struct buf *out, uint16_t type, uint32_t id,
				      wire_element *walk, const void *body);
uc_err UC_MUST_USE frame_add_refusal(struct buf *out, uint16_t type, uint32_t id, uc_err status,
				     struct view text, uint32_t retry_after_s);
uc_err UC_MUST_USE frame_add_event(struct buf *out, uint16_t type, wire_element *walk,
				   const void *body);
uc_err UC_MUST_USE frame_add_notice(struct buf *out, uint16_t type, wire_element *walk,
				    const void *body);

/* One row for each request: what the app checks before it reads the body. */
struct frame_rule {
	uint16_t type;
	const char *name;
	enum frame_phase phase;
	size_t body_max; /* bytes */
};
const struct frame_rule *frame_rule_find(uint16_t type);

/* For requests and responses that carry nothing. */
struct empty {
	uint8_t unused;
};

/* --- hello, sign-up, sign-in --- */

/* What HELLO's lists of features name: a side uses what both have said.  Numbers never change. */
enum frame_feature {
	FEATURE_SEATS_OPEN = 1, /* the request SEATS_OPEN */
	FEATURE_ENTRY_OWN = 2,  /* the event ENTRY_OWN */
	FEATURE_SETTINGS = 3,   /* the requests SETTINGS_PUT and SETTINGS_GET */
	FEATURE_TOKENS = 4,     /* the request TOKEN_ISSUE */
	FEATURE_AGES = 5,       /* the request AGE_PRESENT */
};

struct hello_request {
	uint16_t version_lowest, version; /* the range the client speaks */
	struct u16_list features;
	struct view software; /* name and version, for the operator's statistics */
};
struct hello_response {
	uint16_t version; /* the one to speak */
	struct u16_list features;
	struct view domain; /* the app's, as in mimi:// */
	uint8_t names;      /* enum name_kind: 1 number, 2 handle, 3 address */
	uint64_t now_ms;
	uint8_t challenge[CHALLENGE];
};

struct code_request_request {
	struct view identifier; /* as typed; the app normalises */
};
/* code_request_response: struct empty, the same whether the identifier is known or not. */

/* What a device signs to take part in a session, label "Undercroft session". */
struct session_tbs {
	uint8_t purpose; /* enum session_purpose */
	struct view domain;
	uint8_t challenge[CHALLENGE];
	struct view account_id; /* empty while there is none */
	struct view subject;    /* sign-up: the device list entry; otherwise empty */
};
enum session_purpose {
	SESSION_SIGN_UP = 1,
	SESSION_SIGN_IN = 2,
	SESSION_RECOVER = 3,
	SESSION_DELETE = 4,
};

struct sign_up_request {
	struct view identifier;
	struct view code;              /* empty where the app's names need none */
	struct view account_key;       /* Ed25519, 32 bytes */
	struct view device_key;        /* Ed25519, 32 bytes */
	struct view intake_key;        /* X25519, 32 bytes */
	struct view device_list_entry; /* generation 0, position 0, signed by the account key */
	struct view signature;         /* by the device key over struct session_tbs */
};
struct sign_up_response {
	uint8_t account_id[ACCOUNT_ID];
};

struct sign_in_request {
	uint8_t account_id[ACCOUNT_ID];
	struct view device_key;
	struct view signature;
	uint64_t intake_cursor; /* the last intake item the device has kept; 0 for none */
};
struct sign_in_response {
	uint32_t list_generation, list_position; /* head of the device list */
	uint32_t sets_left;
	uint64_t intake_next;
};

struct recover_request {
	struct view account_key;
	struct view signature; /* by the account key over struct session_tbs */
};
struct recover_response {
	uint8_t account_id[ACCOUNT_ID];
	struct view_list entries; /* the device list */
};
struct device_reset_request {
	struct view device_list_entry; /* next generation, position 0, signed by the account key */
	struct view device_key, intake_key;
	struct view signature; /* by the device key over struct session_tbs, purpose sign-up */
};
/* device_reset_response: struct empty; the session is signed in as the new device. */

/* device_list_get_request: struct empty */
struct device_list_get_response {
	struct view_list entries;
};
struct device_append_request {
	struct view device_list_entry;      /* refused unless it continues the head */
	struct view device_key, intake_key; /* of an added device; empty in a revocation */
};
struct account_delete_request {
	struct view signature; /* by the device key over struct session_tbs */
};
struct vault_put_request {
	uint64_t version; /* one more than the stored one */
	struct view vault;
};
struct vault_get_response {
	uint64_t version; /* 0: there is none */
	struct view vault;
};

struct vault_event {
	uint64_t version;
};

/* --- a further device: pairing.h.  The mailbox lives for some minutes, in memory. --- */

/* The new device, which has no account yet, leaves its request.  Said again, it is done again.  UC_E_EXISTS:
 * there is another one. */
struct pair_open_request {
	uint8_t mailbox[PAIRING_MAILBOX];
	struct view sealed;
};
/* The old one fetches it, and the mailbox is its account's from then on.  UC_E_NOT_FOUND: there is none, or
 * it is another account's. */
struct pair_look_request {
	uint8_t mailbox[PAIRING_MAILBOX];
};
struct pair_look_response {
	struct view sealed;
};
/* ... and leaves its answer, once. */
struct pair_answer_request {
	uint8_t mailbox[PAIRING_MAILBOX];
	struct view sealed;
};
/* Which the new one fetches.  UC_E_PENDING: there is none yet; UC_E_NOT_FOUND: nor will there be. */
struct pair_take_request {
	uint8_t mailbox[PAIRING_MAILBOX];
};
struct pair_take_response {
	struct view sealed;
};

/* --- the pool of KeyPackage sets --- */

struct pool_slot {
	uint8_t set_id[SET_ID];
	uint8_t slot_id[SLOT_ID];
	uint64_t not_after_ms; /* the app drops it then */
	struct view sealed;    /* KeyPackage under the set key, padded: slot_seal of sealed.h */
};
struct pool_slot_list {
	struct pool_slot *v;
	size_t n;
};
struct pool_put_request {
	struct pool_slot_list slots;
};
struct set_id {
	uint8_t id[SET_ID];
};
struct set_id_list {
	struct set_id *v;
	size_t n;
};
struct pool_status_response {
	struct set_id_list sets;
};
struct pool_take_request {
	uint8_t set_id[SET_ID];
};
struct pool_take_response {
	struct view_list sealed;
};

/* --- addresses, look-ups, consent --- */

struct request_key_put_request {
	struct view request_key; /* X25519, 32 bytes */
};
enum address_kind { ADDRESS_REQUEST = 1, ADDRESS_KEY = 2 };
struct address_wish {
	uint8_t kind;    /* enum address_kind */
	uint8_t channel; /* request: how the asker got it; enum request_channel */
	uint64_t expires_ms;
	uint8_t set_id[SET_ID]; /* key: zero otherwise */
	struct view set_key;    /* key: 32 bytes */
	/* Key, or a link: what it is taken back by; for a reply: the tag of the card (mimi/card.h). */
	uint8_t grant_id[GRANT_ID];
	/* Key: the only room it is for (mimi/address.h), or zero. */
	uint8_t room_tag[ROOM_TAG];
};
struct address_wish_list {
	struct address_wish *v;
	size_t n;
};
/* ONCE: a link of which one letter comes in. */
enum request_channel { CHANNEL_LOOKUP = 1, CHANNEL_LINK = 2, CHANNEL_REPLY = 3, CHANNEL_ONCE = 4 };
struct address_make_request {
	struct address_wish_list wishes;
};
struct address_make_response {
	struct view_list addresses; /* URIs, in the order of the wishes */
};
/* Another number, address or handle for the account, proven by a code where the app uses codes.  Said
 * again, it is done again.  name_change_response: struct empty. */
struct name_change_request {
	struct view identifier;
	struct view code; /* empty where the app's names need none */
};
struct grant_revoke_request {
	uint8_t grant_id[GRANT_ID];
};
struct directory_request {
	struct view domain;
};
struct directory_response {
	struct view document;    /* JSON of /.well-known/mimi-protocol-directory: directory.h */
	struct view certificate; /* the app's TLS chain, PEM */
	struct view signature;   /* by its TLS key over the document */
};
struct lookup_request {
	struct view domain;
	struct view sealed_query; /* HPKECiphertext, by lookup_query_seal of lookup.h */
};
struct lookup_response {
	struct view sealed_answer; /* always one length */
};
struct consent_request_request {
	struct view consent_entry; /* MIMI ConsentEntry: request or cancel */
};
struct consent_update_request {
	struct view consent_entry; /* MIMI ConsentEntry: grant or revoke */
};

/* Tokens for letters to other apps (contact_token.h): one for each letter, which is counted by it. */
struct token_wish {
	struct view reply_address, target; /* of the letter */
	uint8_t blinded[32];
};
struct token_wish_list {
	struct token_wish *v;
	size_t n;
};
struct token_issue_request {
	uint8_t token_key_id[32];      /* one of the keys in the app's directory document */
	struct token_wish_list wishes; /* at most TOKENS_AT_ONCE */
};
struct token_issue_response {
	/* Elements of 32 bytes, for the first wishes: as many as the budget lets; empty: none yet for
	 * an account as new as this one, and nothing was counted. */
	struct view evaluated;
	struct view proof; /* 64 bytes, of all of them */
};

/* --- rooms and seats --- */

struct seat_find_request {
	struct view_list clients; /* URIs whose KeyPackages left the pool */
};
struct seat_place {
	struct view client;
	struct view room;
};
struct seat_place_list {
	struct seat_place *v;
	size_t n;
};
struct seat_find_response {
	struct seat_place_list seats; /* those there already; others come as SEAT_READY */
};

/* Signed by the leaf key at the first opening, label "Undercroft seat". */
struct seat_tbs {
	struct view room, client;
	uint8_t challenge[CHALLENGE];
	uint8_t secret_hash[32]; /* SHA-256 of the seat secret */
};
struct seat_open_request {
	struct view room, client;
	struct view secret;        /* SEAT_SECRET bytes */
	struct view signature;     /* first opening; empty later */
	uint64_t cursor;           /* last sequence number the device has kept; 0 for none */
	uint8_t chain[CHAIN_HASH]; /* after that entry, as the device has it */
};
struct seat_open_response {
	uint32_t seat;                   /* names the seat on this connection */
	uint64_t start;                  /* sequence number of the entry it joined by */
	uint8_t start_chain[CHAIN_HASH]; /* chain hash of that entry */
	uint64_t first, next;            /* what the log still holds: [first, next) */
	struct view welcome;      /* MLS Welcome, until the first acknowledgement; else empty */
	struct view ratchet_tree; /* optional<Node> list of the joining epoch, with the welcome */
	uint8_t hub_is_own_app;   /* franks carry no signature then */
	/* The log was put back once: from this entry on it is another than some have seen; 0: never. */
	uint64_t renewed;
	uint8_t is_behind; /* the device has such an entry: it goes on from `renewed` */
	uint8_t renewed_chain[CHAIN_HASH]; /* before that entry */
	uint64_t epoch;                    /* of the group now, where it was put back ... */
	uint8_t transcript[32];            /* ... and SHA-256 of its confirmed transcript hash */
};
/* A seat whose secret is set and whose Welcome was taken: several in one request, answered in
 * order. */
struct seat_again {
	struct view room, client;
	uint8_t secret[SEAT_SECRET];
	uint64_t cursor; /* as in SEAT_OPEN */
};
struct seat_again_list {
	struct seat_again *v;
	size_t n;
};
struct seats_open_request {
	struct seat_again_list seats;
};
struct seat_opened {
	uint16_t status; /* a code of undercroft/errors.h; if not 0, nothing follows */
	uint32_t seat;   /* the rest as in SEAT_OPEN's response */
	uint64_t first, next;
};
struct seat_opened_list {
	struct seat_opened *v;
	size_t n;
};
struct seats_open_response {
	struct seat_opened_list seats;
};
struct seat_close_request {
	uint32_t seat;
};
/* All room requests name the seat they are made from; creating and joining make one. */
struct room_create_request {
	struct view room; /* mimi://APP/r/<random> */
	struct view client;
	struct view group_info; /* MLS GroupInfo of epoch 0 */
	struct view ratchet_tree;
	struct view secret;
	struct view signature; /* struct seat_tbs, by the leaf key */
};
struct room_create_response {
	uint32_t seat;
	uint64_t accepted_timestamp; /* ms */
	uint64_t seq;
	uint8_t chain[CHAIN_HASH];
};
struct room_update_request {
	uint32_t seat; /* 0: an external join, by the next four */
	struct view room, client, secret, signature;
	struct view update; /* MIMI UpdateRequest */
};
struct room_update_response {
	struct view response; /* MIMI UpdateRoomResponse */
	uint32_t seat;        /* the new seat of an external joiner; else the one given */
	uint64_t seq;         /* of the accepted commit or proposal; 0 if refused */
};
struct room_submit_request {
	uint32_t seat;
	struct view message; /* MIMI SubmitMessageRequest */
};
struct room_submit_response {
	struct view response; /* MIMI SubmitMessageResponse */
	uint64_t seq;
};
struct room_group_info_request {
	struct view room;
	struct view request; /* MIMI GroupInfoRequest */
};
struct room_group_info_response {
	struct view response; /* MIMI GroupInfoResponse */
};
struct key_material_request_frame {
	uint32_t seat;
	struct view target;  /* a key address */
	struct view request; /* MIMI KeyMaterialRequest */
};
struct key_material_response_frame {
	struct view response; /* MIMI KeyMaterialResponse */
};

/* Messages reported to the own app, to the room's hub through it, or to both. */
enum report_to { REPORT_TO_APP = 1, REPORT_TO_HUB = 2 };
enum report_verdict {
	REPORT_VERIFIED = 1,  /* by the hub, which is the app asked */
	REPORT_CONFIRMED = 2, /* the hub says that these are its franks */
	REPORT_UNCONFIRMED =
		3, /* the hub has signed something of that participant then, and says nothing */
};
struct report_request {
	struct view room;
	uint8_t to;         /* of enum report_to, one or both */
	struct view report; /* MIMI AbuseReport, of nobody */
};
struct report_response {
	uint8_t verdict; /* enum report_verdict */
	uint8_t told;    /* who has it now: as `to` */
};

/* --- finding people by number: trust/discovery.h --- */

/* Numbers that nobody sees: 1 to DISCOVERY_BATCH_MAX blinded elements, one after the other.  What they
 * cost is counted before they are looked at; UC_E_RATE says when there is as much again.  UC_E_UNSUPPORTED:
 * the app does not offer it, and its directory names no key. */
struct discovery_evaluate_request {
	struct view blinded;
};
struct discovery_answered {
	struct view evaluated; /* as many as were asked */
	uint8_t proof[DISCOVERY_PROOF];
};
struct discovery_answered_list {
	struct discovery_answered *v;
	size_t n;
};
struct discovery_evaluate_response {
	struct discovery_answered_list answers; /* of each custodian, as the directory names them */
};
/* Between apps, "custodyEvaluate": one that holds half of another's key answers its
 * discovery_evaluate_request; without elements it says its key alone. */
struct discovery_custody_response {
	struct view key; /* ristretto255, of the half */
	struct discovery_answered answered;
};
/* A part of the filter of a key.  `edition` and `offset` say what the device has: of the same edition it
 * gets what follows, nothing when that was all; of another, the one that there is from its beginning. */
struct discovery_filter_request {
	struct view key;  /* the sum of the custodians' keys; empty: that of now.  UC_E_NOT_FOUND */
	uint64_t edition; /* 0: none */
	uint64_t offset;  /* bytes */
};
struct discovery_filter_response {
	uint64_t edition; /* 0: there is none yet */
	uint32_t day;     /* since 1970 */
	uint64_t total;   /* bytes */
	uint64_t offset;  /* where the chunk lies */
	struct view chunk;
};
/* Whether whoever has the number finds the account.  On: the number has to be the account's own, and its
 * settings must allow it (UC_E_NOT_ALLOWED).  What is kept is the value alone, which goes when it is
 * turned off, when the settings or the number change and when devices are revoked: then it is said
 * again.  discoverable_set_response: struct empty. */
struct discoverable_set_request {
	uint8_t on;
	struct view number; /* on: E.164; else empty */
};

/* --- files beside messages: attachment.h --- */

/* One part of what is to lie at a URL of the app: ATTACHMENT_PART_MAX bytes from a multiple of that on,
 * but for the last.  UC_E_TOO_LARGE: none of that length is taken; UC_E_EXISTS: one of another is there. */
struct attachment_put_request {
	uint8_t id[32];         /* the client's choice, random */
	uint64_t total, offset; /* total: bytes of all parts */
	struct view bytes;
};
struct attachment_put_response {
	uint64_t have; /* the app has all before this; the next part begins here */
};
/* What lies at a URL from an offset on, a part at most, by way of the own app.  UC_E_NOT_FOUND: not there. */
struct attachment_get_request {
	struct view domain; /* of the URL */
	uint8_t id[32];
	uint64_t offset;
};
struct attachment_get_response {
	uint64_t total;
	struct view bytes;
};

/* --- notices and events --- */

struct seat_ack {
	uint32_t seat;
	uint64_t seq;
};
struct intake_ack {
	uint64_t seq;
};
/* A room log entry.  chain is the hash after this entry:
 * chain_n = SHA-256("Undercroft log 1" || chain_(n-1) || uint64 seq || SHA-256(fanout)). */
enum { LOG_ENTRY_VERSION = 1 };
struct log_entry {
	uint16_t version;
	uint64_t seq; /* from 1 */
	uint8_t chain[CHAIN_HASH];
	struct view fanout; /* MIMI FanoutMessage */
};
struct entry_event {
	uint32_t seat;
	struct log_entry entry;
};
/* In the place of an ENTRY, for the seat an application message came from: all of the entry but the
 * message, which its sender has until then. */
struct entry_own_event {
	uint32_t seat;
	uint64_t seq;
	uint8_t chain[CHAIN_HASH];
	uint64_t timestamp;
	struct view frank; /* MIMI Frank */
};
/* Of an ENTRY frame: where the seat stands in it (4 bytes), and where the entry begins, which is as it
 * lies in the log.  The same frame goes to many seats. */
enum { ENTRY_FRAME_SEAT = 3, ENTRY_FRAME_HEAD = 7 };
/* What stands before `fanout` in the frame of an entry, for no seat yet; how many bytes. */
enum { ENTRY_HEAD_MAX = ENTRY_FRAME_HEAD + 2 + 8 + CHAIN_HASH + 4 };
size_t entry_frame_head(uint8_t out[ENTRY_HEAD_MAX], const struct log_entry *e);
/* Writes the seat's number into an ENTRY frame. */
void entry_frame_seat(uint8_t *frame, uint32_t seat);
/* An ENTRY frame for no seat yet, around an entry as it lies in the log, appended. */
void entry_frame_add(struct buf *out, uint32_t seat, struct view entry);
enum intake_kind {
	INTAKE_CONSENT = 1, /* body: ConsentEntry (request or grant), sealed to the intake key */
	INTAKE_DEVICE_LIST = 2, /* body: the new device list entry, sealed to the intake key */
};
struct intake_event {
	uint64_t seq;
	uint8_t intake_kind;
	uint64_t received_ms; /* rounded to the hour */
	struct view sealed;   /* HPKE to the device's intake key: intake_seal of sealed.h */
};
struct seat_ready_event {
	struct seat_place place;
};
struct seat_ended_event {
	uint32_t seat;
};
struct set_taken_event {
	uint8_t set_id[SET_ID];
};
struct device_list_event {
	uint32_t list_generation, list_position;
};
struct going_away_event {
	uint32_t retry_after_s, jitter_s;
};

#include "mimi/frame_walks.h"

#endif
