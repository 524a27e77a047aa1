/* SPDX-License-Identifier: Apache-2.0 */
/* Devices in rooms, for tests: real groups over the frames of real providers (apps.h).  What a
 * device reads it checks: numbers, chain, MLS, franks. */
#ifndef TESTS_UNIT_PROVIDER_GUESTS_H
#define TESTS_UNIT_PROVIDER_GUESTS_H

#include "mimi/franking.h"
#include "mimi/room.h"
#include "mls/group.h"
#include "provider/openings.h"
#include "provider/room_work.h"
#include "tests/unit/provider/apps.h"

/* One device of one participant in one room. */
struct guest {
	struct person *person;
	struct ed25519_key first; /* participant key */
	struct view client, participant, component;
	const struct suite *suite; /* of the rooms that it makes; 1 at first */
	struct sign_key leaf_key;
	struct leaf_parameters leaf;
	struct view key_package;
	struct key_package_secrets secrets;
	struct view room;
	struct group *g; /* NULL: not in */
	uint8_t secret[SEAT_SECRET];
	uint32_t seat;
	bool is_known; /* the secret is set */
	bool is_ended; /* SEAT_ENDED came */
	uint64_t seq;  /* read up to here */
	uint8_t chain[CHAIN_HASH];
	bool hub_is_own_app;
	struct seat_open_response opened;
	/* What was read. */
	size_t messages, commits, proposals;
	char last[64];
	bool ack;           /* what is read is acknowledged; true at first */
	bool reads_content; /* what is said is MIMI content, whose salt stands inside; false at first */
};

extern struct view the_room;
/* A device of the person; further ones of a participant: `as`. */
void guest_init(struct guest *g, struct person *p, const struct guest *as);

/* --- rooms --- */
uc_err guest_create(struct guest *g, bool direct);
/* Its group alone, known to no app. */
void make_group_alone(struct guest *g);
/* What a commit is made of; the list's update is added to it. */
struct change {
	struct proposal v[64];
	size_t n;
};
void change_add(struct change *c, const struct guest *g);
void change_remove(struct change *c, const struct guest *by, const struct guest *g);
/* UpdateRequest around a fresh commit, pending at the guest. */
struct view guest_commit_make(struct guest *by, const struct change *c);
struct view guest_leave_make(struct guest *by);
/* A proposal to remove the other's leaf. */
struct view guest_remove_make(struct guest *by, const struct guest *whom);
/* An Update of its own leaf. */
struct view guest_renew_make(struct guest *by);
/* Sends it; the MIMI answer's code, -1 for a refusal (its code in *err). */
int guest_update(struct guest *by, struct view update, uc_err *err);
/* Makes, sends, reads: accepted. */
void guest_commit(struct guest *by, const struct change *c);
void guest_leave(struct guest *by);

/* --- seats --- */
uc_err guest_open(struct guest *g);
/* Finds its seat, opens it, joins by the Welcome. */
void guest_join(struct guest *g);
/* Takes all events that have come. */
void guest_read(struct guest *g);
/* Signed in again, and the seat opened. */
void guest_return(struct guest *g);
/* As it stands in SEATS_OPEN, and that request. */
struct seat_again guest_again(const struct guest *g);
struct seats_open_response seats_open_all(struct client *c, struct seat_again *v, size_t n);
struct view seat_signature(struct guest *g, const struct sign_key *key);

/* --- messages --- */
/* SubmitMessageRequest. */
struct view guest_message_make(struct guest *by, const char *text);
/* The MIMI answer's code, -1 for a refusal. */
int guest_submit(struct guest *by, struct view submit, struct submit_message_response *r,
		 uint64_t *seq, uc_err *err);
void guest_say(struct guest *by, const char *text);

/* --- joining from outside --- */
/* GroupInfo and tree from the hub; the code of the answer, -1 for a refusal. */
int guest_group_info(struct guest *g, struct group_info_ratchet_tree_tbe *out, uc_err *err);
/* An external commit in the place of `old`; NULL: beside the others of its participant. */
struct room_update_request guest_resync_make(struct guest *fresh, const struct guest *old,
					     const struct group_info_ratchet_tree_tbe *info);
int guest_resync(struct guest *fresh, const struct room_update_request *q, uc_err *err);

/* Those who are in agree on epoch and authenticator. */
void guests_agree(struct guest *const *v, size_t n);

/* --- those of the tests --- */
/* Rosa and Rob on Dial, Tom on Lens, Ida on Plaza; and their first devices. */
extern struct person rosa, rob, tom, ida;
extern struct guest r1, r2, t1, i1;
void the_people(void);
/* Rosa's room, with these added. */
void the_room_of(struct guest *const *others, size_t n);
/* Rosa's, Tom's and Ida's. */
void room_of_three(void);
void read_all(void);
void the_end(void);

/* --- what is stored --- */
/* The last entry of an app's log. */
uint64_t log_head_of(struct app *a, struct view room);
struct store_log_bounds log_bounds_of(struct app *a, struct view room);

#endif
