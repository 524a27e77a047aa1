/* SPDX-License-Identifier: Apache-2.0 */
/* People with accounts, and their places in rooms that are real MLS groups, prepared over the wire;
 * steps are taken by many at once. */
#ifndef TESTS_BENCH_PEOPLE_H
#define TESTS_BENCH_PEOPLE_H

#include "mimi/directory.h"
#include "mimi/room.h"
#include "mls/group.h"
#include "tests/bench/traffic.h"

struct app {
	const char *domain;
	uint16_t port;
	uint8_t hub_key[32], franking_key[32];
	bool is_known; /* the keys are there */
};

struct person {
	struct load *load;
	struct app *app;
	struct conn conn;
	char handle[24];
	struct ed25519_key account, device;
	struct kem_key intake;
	struct view entry; /* of the device list */
	uint8_t account_id[ACCOUNT_ID];
	uint8_t challenge[CHALLENGE];
	struct place **places; /* whose seats are open, in that order */
	size_t places_n, places_cap;
};
void person_init(struct person *p, struct load *l, struct app *app, size_t number, struct arena *a);
/* Connects and greets; then signs up, or in. */
void people_connect(struct person *v, size_t n);
void people_sign_up(struct person *v, size_t n);
/* By its device, for this connection. */
void person_sign(const struct person *p, uint8_t purpose, struct view account_id,
		 struct view subject, uint8_t signature[ED25519_SIGNATURE]);
/* Asks alone. */
void person_sign_in(struct person *p);
void person_sign_in_told(struct person *p, answered *done, void *ctx);
void people_sign_in(struct person *v, size_t n);
void people_disconnect(struct person *v, size_t n);
/* The app's public keys, over a person's connection. */
void app_ask_keys(struct app *app, struct person *p);

/* One person's device in one room. */
struct place {
	struct person *person;
	struct app *hub;
	struct view room, client, participant;
	struct ed25519_key first;
	struct sign_key leaf_key;
	struct leaf_parameters leaf;
	struct view key_package;
	struct key_package_secrets secrets;
	struct group *g; /* of those who write */
	uint8_t secret[SEAT_SECRET];
	uint32_t seat;
	bool is_known;        /* the secret is set */
	bool joins;           /* wants the Welcome */
	uint64_t seq;         /* kept up to here */
	bool is_there;        /* found */
	struct stream *sends; /* messages of its own, or NULL */
	size_t echoed;        /* of which so many came back */
	struct sink sink;     /* of another's */
};
void place_init(struct place *p, struct person *person, struct app *hub, struct view room,
		struct arena *a);
/* The first of each row makes the room and adds the others, who open their seats, and join where
 * they want to.  rows of `size` places each, lying one after the other. */
void rooms_make(struct load *l, struct place *v, size_t rows, size_t size, bool direct);
/* Asks for the seats of one person, who had them open before; load_wait waits for the answer. */
void places_open_again(struct place **v, size_t n);
void place_ack(struct place *p);
/* A whole ROOM_SUBMIT frame around a fresh message of so many bytes of content; `tail` are the last
 * bytes of the message, by which its entry is known again. */
void place_message(struct place *p, uint32_t id, size_t bytes, struct buf *frame,
		   uint8_t tail[TAIL]);

#endif
