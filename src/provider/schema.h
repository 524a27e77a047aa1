/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the provider stores: tables, and the record in each.  docs/inventory.json says of each
 * field why it is there and what erases it.  Every record begins with its version. */
#ifndef PROVIDER_SCHEMA_H
#define PROVIDER_SCHEMA_H

#include "mimi/frames.h"
#include "store/store.h"

/* X(NAME, tag, store, what leads the key).  Tags never change. */
/* clang-format off */
#define PROVIDER_TABLES(X) \
	X(ACCOUNT,      1, "accounts", "account")  /* account: struct account_record */ \
	X(DEVICE,       2, "accounts", "account")  /* account, device key: struct device_record */ \
	X(LIST,         3, "accounts", "account")  /* account, generation, position: device list entry */ \
	X(NAME,         4, "accounts", "name")     /* name id: struct name_record */ \
	X(CODE,         5, "accounts", "name")     /* name id: struct code_record */ \
	X(ACCOUNT_KEY,  6, "accounts", "key")      /* account key: struct key_record */ \
	X(SLOT,         7, "accounts", "account")  /* account, set, slot: struct slot_record */ \
	X(GRANT,        8, "accounts", "account")  /* account, grant: struct grant_record */ \
	X(INTAKE,       9, "accounts", "account")  /* log; account, device key: struct intake_record */ \
	X(VAULT,       10, "accounts", "account")  /* account: struct vault_record */ \
	X(OUTBOX,      11, "accounts", "domain")   /* domain, number: struct outbox_record */ \
	X(SPENT,       12, "accounts", "account")  /* account or domain, kind: struct spent_record */ \
	X(INDEX,       13, "accounts", "domain")   /* domain: struct index_record */ \
	X(SETTINGS,    14, "accounts", "account")  /* account: struct settings_record */ \
	X(TOKEN,       15, "accounts", "token")    /* hash of key id and nonce: struct token_record */ \
	X(CURB,        16, "accounts", "account")  /* account or name id: struct curb_record */ \
	X(DISCOVERABLE, 17, "accounts", "account") /* account: struct discoverable_record */ \
	X(NUMBERS,     18, "accounts", "account")  /* account or name id: struct numbers_record */ \
	X(FILTER,      19, "accounts", "domain")   /* domain, key: struct filter_record */ \
	X(FILTER_PART, 20, "accounts", "domain")   /* domain, key, edition, number: struct filter_part_record */ \
	X(CUSTODIAN,   21, "accounts", "domain")   /* domain: struct custodian_record */ \
	X(ROOM,        32, "rooms", "room")        /* room: struct room_record */ \
	X(GROUP,       33, "rooms", "room")        /* room: public group */ \
	X(GROUP_INFO,  34, "rooms", "room")        /* room: struct group_info_record */ \
	X(LOG,         35, "rooms", "room")        /* log; room: struct log_entry */ \
	X(SEAT,        36, "rooms", "room")        /* room, client: struct seat_record */ \
	X(WELCOME,     37, "rooms", "room")        /* room, sequence: struct welcome_record */ \
	X(CLIENT,      38, "rooms", "client")      /* client: struct client_record */ \
	X(OPENING,     39, "rooms", "room")        /* room, participant: struct opening_record */ \
	X(ACCEPTED,    40, "rooms", "room")        /* room, SHA-256(message): struct accepted_record */ \
	X(FOLLOWER,    41, "rooms", "room")        /* room, domain: struct follower_record */ \
	X(FOLLOW_START, 42, "rooms", "room")       /* room, domain: struct follow_start */ \
	X(WELCOME_OUT, 43, "rooms", "room")        /* room, domain, sequence: struct welcome_out_record */ \
	X(GROUP_PART,  44, "rooms", "room")        /* room, kind, number: struct group_part_record */ \
	X(TREE_BACK,   45, "rooms", "room")        /* room, sequence: struct tree_back_record */ \
	X(REPEATS,     46, "rooms", "room")        /* room, block: struct repeats_record */ \
	X(RENEWED,     47, "rooms", "room")        /* room: struct renewed_record */ \
	X(PEER,        48, "rooms", "domain")      /* domain: struct peer_record */ \
	X(REPORT,      49, "rooms", "domain")      /* domain, number: struct report_record */ \
	X(ATTACHMENT,  50, "rooms", "attachment")  /* id: struct attachment_record */ \
	X(ATTACHMENT_PART, 51, "rooms", "attachment") /* id, number: struct attachment_part_record */
/* clang-format on */

#define PROVIDER_TABLE_ENUM(name, tag, store, lead) TABLE_##name = tag,
enum provider_table { PROVIDER_TABLES(PROVIDER_TABLE_ENUM) };
#undef PROVIDER_TABLE_ENUM

/* "account", "slot", ...; NULL for a tag that is none. */
const char *table_name(uint8_t tag);

enum { RECORD_VERSION = 1 };

struct account_record {
	uint16_t version;
	uint8_t account_key[32];
	uint32_t created_day;          /* days since 1970 */
	uint8_t name_id[32];           /* of the name it signed up with, as the index has it */
	uint32_t generation, position; /* head of the device list */
	struct view request_key;       /* X25519; empty before the first REQUEST_KEY_PUT */
	uint32_t era;                  /* addresses of earlier eras are void */
	bool suspended;                /* by the operator; from version 2 on */
	/* A name that passed to another account (sender_tag.h), under a mask; else empty.  Of version 3,
	 * which is written for those alone that have one. */
	struct view left_name;
};
struct device_record {
	uint16_t version;
	uint32_t generation, position; /* of the entry that added it */
	uint8_t intake_key[32];
};
/* Of a name that its account has left: nobody else has it until then. */
struct name_record {
	uint16_t version;
	uint8_t account_id[ACCOUNT_ID];
	uint64_t until_ms; /* from version 2 on; 0: not left */
	uint32_t index;    /* number of the index key it lies under; from version 3 on */
};
struct code_record {
	uint16_t version;
	uint8_t code_hash[32]; /* HMAC(name key, name and code) */
	uint64_t expires_ms;
	uint8_t attempts_left;
	uint64_t empty_until_us; /* struct rate_state of LIMIT_NAME_CODE; from version 2 on */
	uint32_t index;          /* number of the index key it lies under; from version 3 on */
};
/* Under which key all of the index was when a change of it was last over; before the
 * first is over, which one it began with. */
struct index_record {
	uint16_t version;
	uint32_t index;
};
struct key_record {
	uint16_t version;
	uint8_t account_id[ACCOUNT_ID];
};
struct slot_record {
	uint16_t version;
	uint64_t not_after_ms;
	struct view sealed;
};
struct grant_record {
	uint16_t version;   /* its presence says: revoked */
	uint32_t until_day; /* since 1970: no address of it is valid after that */
};
struct intake_record {
	uint16_t version;
	uint8_t intake_kind;
	uint64_t received_ms; /* rounded to the hour */
	struct view sealed;
	uint64_t sum_bytes; /* of `sealed`, of this and all before it; from version 2 on */
};
struct vault_record {
	uint16_t version;
	uint64_t vault_version;
	struct view vault;
};
/* Who may reach the account, as its device signed it: struct settings. */
enum { VOUCHER = 8 };
struct settings_record {
	uint16_t version;
	struct view statement;
	uint8_t code_hash
		[32];    /* of the contact code that it names: contact_code_hash; else zeros */
	uint8_t checked; /* age that the app has checked itself: 1 + enum age_band; 0: none.  From
			    version 3 on */
	/* From version 4 on: what a service has vouched for, likewise; the day on which it signed; and which
	 * it was, hashed under a key outside of the store (ages.c). */
	uint8_t vouched;
	uint32_t vouched_day;
	uint8_t voucher[VOUCHER];
};
/* What was spent of a limit that holds after a restart, too. */
struct spent_record {
	uint16_t version;
	uint64_t empty_until_us; /* struct rate_state */
};
/* A token of ours that another app has had redeemed. */
struct token_record {
	uint16_t version;
	uint32_t week;   /* since 1970 */
	uint8_t use[32]; /* hash of what for: the same use again is good again */
};
/* Reports about an account that moderators have upheld (curb.h). */
enum { CURB_LEVELS = 3 };
struct curb_record {
	uint16_t version;
	uint32_t first_day, second_day,
		third_day;       /* since 1970: each counts up to its own, the last of a
						      week; 0: none */
	uint32_t off_minors_day; /* reaches no minors up to then; 0: not said */
};
/* Whoever has its number may learn that it is here.  The number itself is nowhere. */
struct discoverable_record {
	uint16_t version;
	uint8_t prf_key[32]; /* public key of the function it is a value of */
	uint8_t value[32];   /* struct discovery_value */
};
/* Numbers asked about: struct discovery_budget. */
struct numbers_record {
	uint16_t version;
	uint32_t spent, from_day;
	uint8_t last[32]; /* hash of the last batch that was paid, of an account; zeroed: none */
	uint32_t repeats; /* of it, that cost nothing */
};
/* What everybody downloads of who can be found, in parts of FILTER_CHUNK. */
struct filter_record {
	uint16_t version;
	uint64_t edition;
	uint32_t made_day;
	uint64_t total; /* bytes */
	uint32_t count; /* of those in it */
};
struct filter_part_record {
	uint16_t version;
	struct view bytes;
};
/* Who holds the other half of our key for finding by number, and its public key. */
struct custodian_record {
	uint16_t version;
	struct view custodian; /* domain */
	uint8_t prf_key[32];
};
struct outbox_record {
	uint16_t version;
	bool is_update;   /* updateConsent; else requestConsent */
	uint32_t day;     /* since 1970, when it was queued */
	struct view body; /* ConsentEntry */
};

enum room_part { ROOM_HUB = 1, ROOM_FOLLOWER = 2 };
struct room_record {
	uint16_t version;
	uint8_t part;    /* enum room_part */
	bool is_renewed; /* there is a renewed_record; from version 4 on */
	struct view hub; /* domain */
	/* When it was written: an entry that lies behind it in the log says what holds now
	 * (room_record_get).  Messages do not write it. */
	uint64_t next;             /* sequence number of the entry to come */
	uint8_t chain[CHAIN_HASH]; /* after the last entry */
	uint64_t last_ms;          /* timestamp of the last entry: they never go back */
	uint64_t epoch_start;      /* sequence number of the last commit; 0: epoch 0 */
};
/* The log was put back: from an entry on it is another than some have seen, or may be. */
struct renewed_record {
	uint16_t version;
	bool waits; /* as a follower, by ourselves: the hub may have the rest; from version 2 on */
	uint64_t seq;              /* that entry */
	uint8_t chain[CHAIN_HASH]; /* before it */
};
/* Of the epoch, as its committer signed it, for those who join from outside.  It and the whole public
 * group (table GROUP) are of earlier versions: now there are parts. */
struct group_info_record {
	uint16_t version;
	struct view group_info;
};
/* One part of the public group: struct public_part of mls/public_group.h, whose kind and number are
 * in the key.  Blank nodes have none. */
enum { PART_SUM = 8 };
struct group_part_record {
	uint16_t version;
	uint8_t sum[PART_SUM]; /* of key and part (group_parts.c) */
	struct view part;
};
/* Leads from the tree after an entry, a commit, to the one before; kept while a Welcome is. */
struct tree_back_record {
	uint16_t version;
	bool is_whole;         /* it is that tree itself, a ratchet_tree; else a TreeDelta */
	struct view tree_hash; /* of the tree it leads to */
	struct view tree;
};
enum { SEAT_OPENER = 16 };
struct seat_record {
	uint16_t version;
	uint64_t start; /* sequence number of the joining entry */
	uint8_t start_chain[CHAIN_HASH];
	uint8_t secret_hash[32];     /* all zero before the first opening */
	uint64_t cursor;             /* acknowledged up to here */
	uint32_t opened_month;       /* since 1970: last opened, at first made */
	uint64_t ended;              /* sequence number of the removing entry; 0: not ended */
	uint8_t opener[SEAT_OPENER]; /* who opened it, known by the secret alone (openings.c); zero:
					not said; from version 2 on */
	/* It ended since its client left by itself: nobody comes for what it has not read.  From
	 * version 3 on. */
	bool left;
};
struct client_record {
	uint16_t version;
	struct view room;
};
struct opening_record {
	uint16_t version;
	struct view first, latest; /* account id sealed to the moderators */
};
/* What a repeat was answered with in earlier versions. */
struct accepted_record {
	uint16_t version;
	uint64_t seq;
	struct view reply;
};
/* Which messages the entries of a block are, so that one that comes again is known (repeats.c). */
struct repeats_record {
	uint16_t version;
	struct view marks; /* of each, eight bytes of SHA-256(message) */
};
struct follower_record {
	uint16_t version;
	uint64_t cursor;    /* everything up to here has been taken */
	uint64_t until;     /* the last entry for it; 0: no end */
	uint64_t start_seq; /* where the struct follow_start begins that is kept for it; 0: none */
	bool start_wanted;  /* it has to be sent; else only if the app does not know the room */
	uint64_t since;     /* entries before this one are not for it; from version 2 on */
};
/* The entry added clients of that app: the Welcome goes with it. */
struct welcome_out_record {
	uint16_t version;
};
/* Another app, and which store it had when all that follows from that had been done. */
struct peer_record {
	uint16_t version;
	uint64_t store;
};
/* A report of abuse that was verified, for the moderators.  What they decided: */
enum report_action {
	REPORT_UNDECIDED,
	REPORT_NO_ACTION,
	REPORT_WARNED,
	REPORT_SUSPENDED,
	REPORT_UPHELD,
};
/* What the accused's own app has answered to the evidence. */
enum report_passed {
	REPORT_NOT_PASSED, /* nothing yet */
	REPORT_PASSED,
	REPORT_PASSED_LATE,    /* it does not follow the room any more, and cannot verify it */
	REPORT_PASSED_REFUSED, /* for that app it does not verify */
	REPORT_PASSED_UNKNOWN, /* that app knows another key of the room, and cannot verify it */
};
struct report_record {
	uint16_t version;
	uint64_t received_ms; /* rounded to the hour */
	uint8_t verdict;      /* enum report_verdict */
	struct view from;     /* the app that sent it; empty: one of our own people did */
	struct view room;
	struct view report;   /* MIMI AbuseReport */
	struct view reporter; /* the same for reports of one account about one participant, for a
				 week; empty: not said */
	struct view first, latest; /* openings of the accused, where it is ours */
	uint8_t passed;            /* enum report_passed */
	uint8_t action;            /* enum report_action */
	struct view note;          /* on the decision */
	uint64_t decided_ms;
};
/* Bytes that some message points at, of nobody (attachments.c). */
struct attachment_record {
	uint16_t version;
	uint64_t total, have; /* bytes: all of it, and up to where they have come */
	uint32_t until_day;   /* since 1970: then they go */
};
struct attachment_part_record {
	uint16_t version;
	struct view bytes;
};
/* What an app needs to follow a room from an entry on, which brought its first clients there: the
 * first notify, under "undercroft-start: 1". */
struct start_client {
	struct view key_package_ref; /* empty: it joined by itself */
	struct view client;
};
struct start_client_list {
	struct start_client *v;
	size_t n;
};
/* What the clients added by one entry begin with; kept while one of them, or their app, has not
 * taken it. */
struct welcome_record {
	uint16_t version;
	uint64_t made_ms;
	struct view welcome;                 /* for all of them */
	struct view ratchet_tree;            /* of version 1; since then by trees.c */
	struct start_client_list recipients; /* whose secrets are whose; from version 2 on */
};
struct follow_start {
	uint16_t version;
	uint64_t seq; /* of the joining commit */
	uint8_t chain[CHAIN_HASH];
	uint64_t timestamp;     /* of the joining commit */
	struct view group_info; /* of the epoch it leads to */
	struct view
		ratchet_tree; /* likewise; empty in the store, where it is put in when it is sent */
	struct view_list pending_proposals; /* of that epoch: encoded MLSMessages */
	struct view welcome;                /* empty: all joined by themselves */
	struct start_client_list clients;
};

/* clang-format off */
#define PROVIDER_RECORDS(X) \
	X(account_record) \
	X(device_record) \
	X(name_record) \
	X(code_record) \
	X(key_record) \
	X(slot_record) \
	X(grant_record) \
	X(intake_record) \
	X(vault_record) \
	X(settings_record) \
	X(outbox_record) \
	X(spent_record) \
	X(token_record) \
	X(curb_record) \
	X(discoverable_record) \
	X(numbers_record) \
	X(filter_record) \
	X(filter_part_record) \
	X(custodian_record) \
	X(index_record) \
	X(room_record) \
	X(group_info_record) \
	X(group_part_record) \
	X(tree_back_record) \
	X(seat_record) \
	X(welcome_record) \
	X(client_record) \
	X(opening_record) \
	X(accepted_record) \
	X(repeats_record) \
	X(follower_record) \
	X(welcome_out_record) \
	X(renewed_record) \
	X(peer_record) \
	X(report_record) \
	X(attachment_record) \
	X(attachment_part_record) \
	X(follow_start)
/* clang-format on */
#define RECORD_DECLARE(name)                              \
	void wire_##name(struct wire *w, struct name *v); \
	void name##_element(struct wire *w, void *v);
PROVIDER_RECORDS(RECORD_DECLARE)
#undef RECORD_DECLARE

/* The walk of a table's records; NULL where the value has no struct of its own here. */
wire_element *table_walk(uint8_t tag);

/* Keys of one, two or three parts. */
struct view key_1(struct store_key *k, enum provider_table t, struct view a);
struct view key_2(struct store_key *k, enum provider_table t, struct view a, struct view b);
struct view key_3(struct store_key *k, enum provider_table t, struct view a, struct view b,
		  struct view c);
struct view key_2n(struct store_key *k, enum provider_table t, struct view a, uint64_t b,
		   uint64_t c);

/* UC_E_NOT_FOUND when absent; UC_E_VERSION, UC_E_CORRUPT. */
uc_err UC_MUST_USE record_get(struct store *s, struct view key, wire_element *walk, struct arena *a,
			      void *out);
/* A room's record as its log has gone on since it was written. */
uc_err UC_MUST_USE room_record_get(struct store *s, struct view room, struct arena *a,
				   struct room_record *out);
/* Of an encoded FanoutMessage. */
uint64_t fanout_timestamp(struct view fanout);
/* The same, where absence is no error. */
uc_err UC_MUST_USE record_find(struct store *s, struct view key, wire_element *walk,
			       struct arena *a, void *out, bool *found);
/* Encodes into the batch. */
uc_err UC_MUST_USE record_put(struct store_batch *b, struct view key, wire_element *walk,
			      const void *record);
uc_err UC_MUST_USE record_put_if_absent(struct store_batch *b, struct view key, wire_element *walk,
					const void *record);

#endif
