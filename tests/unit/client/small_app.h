/* SPDX-License-Identifier: Apache-2.0 */
/* A small app for a client's tests: one account, its device list and its pool, spoken to in frames,
 * with the checks a real one makes of signatures; and a person who talks to it through a client
 * that can be killed at any commit. */
#ifndef TESTS_UNIT_CLIENT_SMALL_APP_H
#define TESTS_UNIT_CLIENT_SMALL_APP_H

#include "client/client.h"
#include "client/store_memory.h"
#include "mimi/directory.h"

#include "tests/unit/harness.h"

enum { SMALL_ENTRIES = 16, SMALL_ENTRY_BYTES = 512, SMALL_SETS = 512 };

struct small_entry {
	uint8_t b[SMALL_ENTRY_BYTES];
	size_t n;
};
struct small_app;
/* Carries out a request that it has no answer for itself, and appends the answer. */
typedef uc_err small_more(struct small_app *a, const struct frame *in, struct arena *mem,
			  struct buf *out);
/* With room for a vault: too much for a browser's stack, so tests make it static. */
struct small_app {
	const char *domain, *code; /* the code that is right; NULL: none is wanted */
	uint8_t challenge[CHALLENGE];
	bool there, signed_in, recovering;
	uint8_t account_id[ACCOUNT_ID], account_key[ED25519_KEY], device_key[ED25519_KEY];
	uint8_t intake_key[32], request_key[32];
	unsigned accounts; /* made over its life */
	struct small_entry list[SMALL_ENTRIES];
	size_t list_n;
	struct set_id sets[SMALL_SETS];
	size_t sets_n;
	uint64_t intake_next; /* told at sign-in */
	bool has_settings;    /* speaks of them */
	bool has_ages;        /* ... and of ages that are vouched for */
	struct small_entry settings;
	uint8_t checked, attested; /* age, 1 + enum age_band, and by whom */
	uint64_t vault_version;
	uint8_t vault[64 * 1024];
	size_t vault_n;
	uint8_t report[4096]; /* the last one */
	size_t report_n;
	int64_t skew_ms;      /* of its clock */
	unsigned requests;    /* seen over its life */
	unsigned silent_at;   /* that one is carried out, and its answer lost; 0: none */
	uint16_t refuse_type; /* requests of this type get ... */
	uc_err refuse_with;
	unsigned refuse_times;
	small_more *more; /* may be NULL */
};

struct person {
	struct small_app *app;
	struct client_memory *store;
	uc_client *c;
	char words[256]; /* of the last DONE event */
	uc_op done_op;
	uc_err done_err, warning;
	unsigned done, gone, devices_changed, device_alarms, identity_changed, numbers_found,
		warnings, limits;
};

void small_app_init(struct small_app *a, const char *domain);
/* An entry behind the app's list, by that device; or over its last one. */
void small_app_list_put(struct small_app *a, const struct ed25519_key *by, uint8_t action,
			const struct ed25519_key *device, bool over_last);
/* Appends that directory as the answer to a frame. */
uc_err small_app_directory(const struct frame *in, const struct directory *d, struct buf *out);
/* Appends the answer to one frame; false when the connection breaks instead. */
bool small_app_take(struct small_app *a, struct view bytes, struct buf *answer);

void person_begin(struct person *p, struct small_app *app);
void person_end(struct person *p);
/* Opens the client on what the store holds; UC_E_* of the opening. */
uc_err person_open(struct person *p);
/* Connects if need be, and talks until nothing more is said.  The client's error, when it broke. */
uc_err person_talk(struct person *p);
void person_disconnect(struct person *p);
/* A connection anew, until nothing more is said; it must be let in. */
void person_again(struct person *p);
/* The same, where the sign-in says how far the list of devices goes, with what is due then; nothing is due at
 * once, again and again. */
void person_look(struct person *p);
/* So much later, with what is due then. */
void person_wait(struct person *p, uint64_t ms);
/* Begun, and Rosa's by a sign-up there. */
void person_sign_up(struct person *p, struct small_app *app);
/* What the store has there can be read no more. */
void person_rots(struct person *p, struct safe_place at);
/* An account without a server's help, for tests of what stands above it. */
void person_account(struct person *p, const char *name);

#endif
