/* SPDX-License-Identifier: Apache-2.0 */
/* What an all-seeing observer knows of rooms, seats and texts. */
#ifndef TESTS_SIM_TRUTH_H
#define TESTS_SIM_TRUTH_H

#include "tests/sim/sim.h"

/* A KeyPackage's client: whose it is, and how far it has come in its room. */
struct seat_truth {
	struct seat_truth *next;
	struct person *person;
	unsigned device;
	struct room_truth *room; /* NULL: not seen in one */
	uint64_t epoch;          /* last seen */
	bool in_room;
	uint64_t got_epoch, got_seq; /* of the latest entry that was sent there */
	uint64_t reached;            /* how far in the log, ever */
	struct room_truth *used;     /* the room its KeyPackage led to; NULL: none yet */
	bool second;                 /* of a client that was there already */
	bool twice;                  /* by who had forgotten it; they may be gone by now */
	uint64_t since_ms;           /* that anybody has seen it in a room */
	uint64_t heard; /* check.c: the last text of this sender in a history, by its order */
};

struct entry_truth {
	bool known;
	uint8_t chain[32], hash[32];
	uint8_t content_type;
	uint64_t epoch;
};
struct role_truth {
	uint64_t participant;
	uint32_t role;
};
struct epoch_truth {
	bool known;
	uint8_t hash[32], authenticator[32]; /* of its members, and of that secret */
	struct seat_truth **seats;
	struct role_truth *roles; /* as the seats */
	size_t n;
};
struct room_truth {
	struct room_truth *next;
	bool forked; /* its hub went on from an older copy: what came after that was another log */
	bool direct;
	bool ended_known; /* check.c: where members are in the end */
	uint64_t ended_epoch;
	uint8_t ended_authenticator[32];
	char uri[512];
	struct entry_truth *entries; /* by sequence number */
	size_t entries_n;
	struct epoch_truth *epochs;
	size_t epochs_n;
};

struct said {
	struct said *next;
	uint64_t order; /* of being said */
	char text[TEXT_MAX];
	struct person *person;
	char participant[512]; /* as whom */
	unsigned device;
	struct room_truth *room;
	bool certain; /* the call returned success */
	bool accepted;
	bool held; /* in the end, by the device that said it, as accepted in a room that is open */
	bool changed; /* edited or deleted: it has not its text any more */
	uint64_t seq; /* 0: not known */
	struct seat_truth *by;
};

struct truth {
	struct arena mem;
	struct map seats; /* client URI */
	struct map names; /* participant URI -> struct person */
	struct map rooms; /* URI */
	struct map texts; /* text -> struct said */
	struct map sent;  /* hash of an application message -> its entry */
	struct room_truth *all_rooms;
	struct seat_truth *all_seats;
	struct said *all_said;
	struct said_word *words; /* rules.h */
};

struct room_truth *truth_room(struct world *w, const char *uri);
/* NULL past what was seen. */
struct seat_truth *truth_seat(struct world *w, struct view client);
const struct entry_truth *truth_entry(const struct room_truth *r, uint64_t seq);
const struct epoch_truth *truth_epoch(const struct room_truth *r, uint64_t epoch);
bool truth_is_in(const struct epoch_truth *e, const struct seat_truth *s);
/* Was that seat brought into it with what had led it to another room, by who had forgotten that?  There it
 * is, and never comes.  And is somebody there, in the end, by such a one? */
bool truth_seat_is_elsewhere(const struct room_truth *r, const struct seat_truth *s);
bool truth_is_elsewhere(const struct room_truth *r, const struct person *who);
/* A number that stands for that participant. */
uint64_t truth_participant(struct view participant);

#endif
