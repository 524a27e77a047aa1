/* SPDX-License-Identifier: Apache-2.0 */
/* Three apps in one process for tests: real providers over stores in memory, what they say kept
 * until their stores are synced, what they ask each other passed on.  Clients speak frames by
 * hand. */
#ifndef TESTS_UNIT_PROVIDER_APPS_H
#define TESTS_UNIT_PROVIDER_APPS_H

#include "mimi/address.h"
#include "mimi/card.h"
#include "mimi/device_list.h"
#include "mimi/lookup.h"
#include "mimi/protocol.h"
#include "mimi/sealed.h"
#include "mimi/sender_tag.h"
#include "provider/inside.h"
#include "store/inspect.h"
#include "store/store_memory.h"
#include "tests/unit/harness.h"

enum { DIAL, LENS, PLAZA, APPS };

struct client;
struct said;
struct app {
	struct view domain;
	uint8_t names;
	struct provider_keys keys;
	struct secret moderators;
	struct store_memory *disks[2];
	uint64_t life; /* as known beside the keys; 0: not kept */
	struct store *accounts, *rooms;
	struct provider *provider;     /* NULL: killed */
	struct said *said, **said_end; /* kept until the next sync */
	struct client *clients;
	/* Of the last code delivered. */
	char code_to[64], code[16];
	unsigned codes;
	/* Kill at the n-th point from now on; 0: never. */
	unsigned strike_in;
	unsigned points;
	bool is_older;         /* does not say that its clients read franks of a tree */
	bool is_down;          /* does not answer others */
	bool is_silent;        /* is asked, and never answers */
	bool knows_nobody;     /* takes no other for an app */
	bool loses_answers;    /* does what others ask; they do not hear of it */
	size_t asked;          /* requests that others made */
	struct view last_body; /* of the last request it was asked */
	struct view last_headers, last_reply_headers;
	int last_status; /* and what it said */
	uint32_t last_retry_after_s;
};
extern struct app apps[APPS];
extern struct arena apps_mem;
extern bool kills_keep;

void apps_begin(void);
void apps_end(void);
void app_start(struct app *a);
/* Kills the process: what was not synced is lost or not (keep), connections are gone.  What is
 * struck is killed by itself, kept as kills_keep says. */
void app_kill(struct app *a, bool keep);
/* A copy of its stores; and the process is stopped, the copy put in their place, and it starts again. */
struct copy {
	struct store_memory *disks[2];
};
struct copy copy_make(const struct app *a);
void copy_put_back(struct app *a, const struct copy *c);
/* Syncs, lets go, passes on, until nothing is left to do. */
void apps_settle(void);
/* The clock goes on, and apps tick. */
void apps_wait(uint64_t ms);

/* A connection. */
struct event {
	struct event *next;
	uint16_t type;
	struct view body; /* of apps_mem */
};
struct client {
	struct client *next;
	struct app *app;
	struct session *session; /* NULL: gone */
	uint16_t closed;         /* the code */
	uint8_t challenge[CHALLENGE];
	uint32_t last_id;
	struct frame answer; /* the last response */
	bool is_answered;
	struct event *events, **events_end;
	size_t bytes_received;
};
/* Where connections come from, from now on; empty: unknown, as at apps_begin. */
extern struct view connect_from;
struct client *client_connect(struct app *a); /* and says hello */
struct client *client_connect_silent(struct app *a);
void client_close(struct client *c);
/* UC_E_CLOSED when no answer came. */
uc_err client_ask(struct client *c, uint16_t type, wire_element *walk, const void *body,
		  wire_element *answer_walk, void *answer);
void client_tell(struct client *c, uint16_t type, wire_element *walk, const void *body);
void client_send_bytes(struct client *c, struct view bytes);
/* Takes the first event of that type out; NULL when there is none. */
struct event *client_event(struct client *c, uint16_t type);
size_t client_events(const struct client *c, uint16_t type);

/* --- people --- */

struct device {
	struct ed25519_key key;
	struct kem_key intake;
	uint64_t cursor; /* of the intake */
};
struct person {
	struct app *app;
	const char *name;
	struct ed25519_key account;
	struct device phone;
	struct kem_key request;
	uint8_t account_id[ACCOUNT_ID];
	struct view entries[16];
	struct view_list list;
	struct device_list state;
	struct client *c;
};
void device_init(struct device *d);
/* Keys and the first entry of the device list. */
void person_init(struct person *p, struct app *a, const char *name);
/* An entry that would come next. */
struct view person_entry(const struct person *p, uint8_t action, const struct ed25519_key *device,
			 const struct ed25519_key *signer, bool by_account);
void person_append(struct person *p, struct view entry);
uc_err person_sign(struct client *c, uint8_t purpose, struct view account_id, struct view subject,
		   const struct ed25519_key *key, uint8_t out[ED25519_SIGNATURE]);
/* On p->c, or a new connection. */
uc_err person_ask_code(struct person *p);
uc_err person_sign_up(struct person *p, const char *code);
uc_err person_delete(struct person *p);
uc_err person_sign_in_as(struct person *p, struct client *c, struct device *d);
uc_err person_sign_in(struct person *p);
/* All of it: code, account, request key. */
void person_join(struct person *p, struct app *a, const char *name);
uc_err person_put_request_key(struct person *p);

/* A letter of an intake as it was sent; the tag that the app has added to it is in `tag`, which may be NULL. */
struct view letter_untagged(struct view item, uint8_t tag[SENDER_TAG]);

/* A KeyPackage set of one device. */
struct set {
	uint8_t set_id[SET_ID], slot_id[SLOT_ID], key[ADDRESS_SET_KEY];
	struct view key_package, client, sealed;
	uint64_t not_after_ms;
};
void set_init(struct set *s, const struct app *a);
uc_err set_put(struct person *p, const struct set *s);
uc_err set_address(struct person *p, const struct set *s, const uint8_t grant[GRANT_ID],
		   struct view *uri);
/* Good for that room alone; NULL: for any. */
uc_err set_address_for(struct person *p, const struct set *s, const uint8_t grant[GRANT_ID],
		       const char *room, struct view *uri);
#define SET_ROOM "mimi://lens.example/r/roomofthis" /* that set_request asks for */
/* A request as a hub passes it on. */
struct key_material_request set_request(struct view target);

/* Asks an app as another app does; the status. */
int peer_ask(struct app *to, const struct app *from, const char *endpoint, struct view target,
	     struct view body, struct view *answer);
int peer_ask_with(struct app *to, const struct app *from, const char *endpoint, struct view target,
		  const char *headers, struct view body, struct view *answer);
/* GET, from nobody in particular. */
int peer_get(struct app *to, const char *path, struct view *answer);
/* How often bytes occur in what an app has stored, keys and values. */
size_t stored_count(struct store *s, struct view bytes);
size_t stored_records(struct store *s);
/* In the rooms' store. */
size_t table_count(struct app *a, enum provider_table t);

/* This record of an app's store, or of its rooms', cannot be read until store_memory_heal. */
bool rots(struct store *s, struct store_memory *disk, struct view key);
bool record_rots(struct app *a, struct view key);
/* The same of all records from that one to the one that lies so many behind it, and of what
 * comes to lie between them. */
bool block_rots(struct app *a, struct view key, size_t behind);

#endif
