/* SPDX-License-Identifier: Apache-2.0 */
/* Undercroft's client library: one device of one account on one app.
 *
 * A `uc_client` is a state machine: it owns no socket, thread, clock or file descriptor.  The
 * owner connects a WebSocket (TLS 1.3, path /v1, subprotocol `undercroft.v1`, binary messages) and
 * passes what it carries:
 *
 *	uc_client_connected(c);                           the socket is open
 *	uc_client_receive(c, p, n);                       one binary message arrived
 *	while (uc_client_next_frame(c, &p, &n)) ...       send each as one binary message
 *	while (uc_client_next_event(c, &e)) ...           show it
 *	uc_client_step(c);                                at uc_client_deadline_ms() at the latest
 *	uc_client_disconnected(c);                        the socket is gone; connect again after
 *	                                                  uc_client_reconnect_ms()
 *
 * When uc_client_connection() says UC_OFFLINE though the socket is open (an answer never came, or
 * the server is not what it should be), close the socket and connect again.
 *
 * Rules that hold for every function:
 *  - A frame or event is handed out only after everything it depends on is in the store.  The
 *    process may be killed at any instruction: what was queued is sent after a restart, what was
 *    received is not received twice.
 *  - An event is told once.  Those that the owner had not taken when the process ended are not told
 *    again, but what they told of is in the store: after opening, read the lists (uc_requests,
 *    uc_contacts, uc_rooms; uc_messages from the last number that was shown).  Operations end
 *    with the process: their numbers mean nothing after it, what they began goes on.
 *  - Take all frames and events after each call: they are kept until they are taken.
 *  - Outputs come last and are unchanged on failure.  0 is success.
 *  - Errors: UC_E_ARGUMENT for a NULL or empty argument that must not be so, and for a call from
 *    inside another; UC_E_SIGNED_OUT for what needs an account when there is none; UC_E_NOT_FOUND
 *    for an id that names nothing here.  Others stand with the functions.
 *  - Text is UTF-8, zero-terminated.  Text that comes from others is as they wrote it: escape
 *    control and bidirectional characters before you show it.
 *  - Pointers inside a struct handed to a callback live as long as the callback; those of an
 *    event until the next call of uc_client_next_event; those of a frame until the next call.
 *  - A client is used by one thread at a time.  From a callback, only functions that list things
 *    may be called, and nothing that changes the client.
 *  - After UC_CLASS_STORE errors the object is broken: every call returns the same error and no
 *    frame leaves; close it and open it again.  Nothing is lost by that. */
#ifndef UNDERCROFT_UNDERCROFT_H
#define UNDERCROFT_UNDERCROFT_H

#include <undercroft/errors.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct uc_client uc_client;

/* Names a contact, request, room or message on this device, for as long as it lives. */
struct uc_id {
	uint8_t b[32];
};

/* An operation under way; its end comes as UC_EVENT_DONE with the same number.  Never 0. */
typedef uint32_t uc_op;

/* --- the platform --- */

struct uc_platform {
	void *ctx;
	/* Wall clock, milliseconds since 1970. */
	uint64_t (*now_ms)(void *ctx);
	/* Fills out[0..n) from a cryptographic generator; not 0 when it can't. */
	uc_err (*random)(void *ctx, uint8_t *out, size_t n);
	/* Is `signature` by the key of the first certificate in `certificate` (PEM) over `document`,
	 * and does the chain lead to a trusted authority and name `domain`?  0 if so.  The
	 * library has no X.509 of its own.  Required for looking people up on other apps. */
	uc_err (*verify_directory)(void *ctx, const char *domain, const uint8_t *document,
				   size_t document_n, const uint8_t *certificate,
				   size_t certificate_n, const uint8_t *signature,
				   size_t signature_n);
	/* Where an error was first seen, for developers; never content.  May be NULL. */
	void (*trace)(void *ctx, const char *file, int line, uc_err err);
};

/* --- the store: an ordered map of opaque bytes.  Values are encrypted and keys are keyed hashes
 * before they get here. --- */

struct uc_store_change {
	const uint8_t *key;
	size_t key_n;
	const uint8_t *value; /* NULL: delete */
	size_t value_n;
};
/* Returns false to stop. */
typedef bool uc_store_each(void *ctx, const uint8_t *key, size_t key_n, const uint8_t *value,
			   size_t value_n);
struct uc_store_ops {
	/* All or nothing, and durable when it returns 0. */
	uc_err (*commit)(void *store, const struct uc_store_change *changes, size_t n);
	/* Calls `each` once when the key is there, not at all when it isn't. */
	uc_err (*get)(void *store, const uint8_t *key, size_t key_n, uc_store_each *each,
		      void *ctx);
	/* Keys that start with the prefix and are >= from, ascending in byte order. */
	uc_err (*scan)(void *store, const uint8_t *prefix, size_t prefix_n, const uint8_t *from,
		       size_t from_n, uc_store_each *each, void *ctx);
	void (*close)(void *store);
};

/* SQLite: the file is created when it is missing, with the mode that the process's umask leaves.
 * UC_E_LOCKED when another process, or another store of this one, has it. */
UC_API uc_err uc_store_sqlite_open(const char *path, const struct uc_store_ops **ops,
				   void **store) UC_MUST_USE;

struct uc_options {
	const struct uc_platform *platform; /* must outlive the client */
	/* Either a path (SQLite) or a store of the owner's; closed by uc_client_close, and by
	 * uc_client_open when it fails with anything but UC_E_ARGUMENT. */
	const char *path;
	const struct uc_store_ops *store_ops;
	void *store;
	/* What opens the store: a key of 32 bytes kept by the platform, or else a passphrase. */
	const uint8_t *key;
	const char *passphrase;
	/* The app this account lives on.  Compared with what the store and the server say. */
	const char *app;
	const char *software; /* name and version for the operator's statistics; may be NULL */
	/* The highest uc_client_generation() the platform remembers outside the store, or 0: an
	 * older copy of the store is refused (UC_E_RESTORED). */
	uint64_t generation;
};

/* *out is the caller's, to be closed.  UC_E_PASSPHRASE: key or passphrase is another one;
 * UC_E_RESTORED, UC_E_LOCKED; UC_E_EXISTS: there is an account on another app in it;
 * UC_E_VERSION: it is of a later version, and left alone; UC_E_CORRUPT.  With a passphrase this
 * takes about a second and 64 MiB. */
UC_API uc_err uc_client_open(const struct uc_options *options, uc_client **out) UC_MUST_USE;
/* NULL is nothing.  What is queued stays queued in the store. */
UC_API void uc_client_close(uc_client *c);
/* Grows with every write to the store. */
UC_API uint64_t uc_client_generation(const uc_client *c);

/* --- connection --- */

/* UC_E_ARGUMENT when there is a connection already. */
UC_API uc_err uc_client_connected(uc_client *c) UC_MUST_USE;
/* Also when the client has given the connection up itself; requests under way are sent again over
 * the next one. */
UC_API uc_err uc_client_disconnected(uc_client *c) UC_MUST_USE;
/* The bytes are the caller's.  An error of UC_CLASS_PROTOCOL means: close the socket. */
UC_API uc_err uc_client_receive(uc_client *c, const uint8_t *p, size_t n) UC_MUST_USE;
/* False when there is none. */
UC_API bool uc_client_next_frame(uc_client *c, const uint8_t **p, size_t *n);
UC_API uc_err uc_client_step(uc_client *c) UC_MUST_USE;
/* Wall-clock milliseconds; UINT64_MAX: nothing is due. */
UC_API uint64_t uc_client_deadline_ms(const uc_client *c);
/* How long to wait before the next attempt to connect, milliseconds; to be asked once for each.  The
 * first one comes after a quarter of a second; each that is asked for before the app has greeted this
 * device (if it has an account: signed it in) counts as one that failed, and doubles the wait, up to
 * a minute.  Waits are spread, so that a restarted app is not met by everybody at once. */
UC_API uint64_t uc_client_reconnect_ms(uc_client *c);
/* The network is back, or is another one: connect at once, if there is no connection.  What failed
 * before does not count. */
UC_API void uc_client_network_changed(uc_client *c);
/* True when everything queued has been answered: a program that wants to end may do so. */
UC_API bool uc_client_is_idle(const uc_client *c);

enum uc_connection {
	UC_OFFLINE,
	UC_CONNECTING, /* socket open, not signed in */
	UC_GREETED,    /* no account yet: sign up or recover */
	UC_ONLINE,     /* signed in */
};
UC_API enum uc_connection uc_client_connection(const uc_client *c);

#ifdef __cplusplus
}
#endif
#include <undercroft/account.h>
#ifdef __cplusplus
extern "C" {
#endif

/* --- first contact --- */

/* Looks somebody up on an app (their own or another) and sends a contact request with `text` (up
 * to 140 characters; may be NULL or "").  DONE says it was queued for delivery, or UC_E_NOT_FOUND; or
 * UC_E_TOO_LARGE, where so many devices were added and ended that a request has no room for all of it.
 * What becomes of it comes as UC_EVENT_REQUEST_ACCEPTED, or never.  UC_E_TOO_LARGE, UC_E_ARGUMENT for
 * texts that are too long or no UTF-8; UC_E_TEXT: there is in it what leads elsewhere, which strangers are
 * not sent: "://", "www." before a word, or a host name, as "evil.example/x" and "me@mail.example" have
 * (src/mimi/link_text.h); UC_E_NOT_ALLOWED: there is in the profile name, which goes with it. */
UC_API uc_err uc_ask(uc_client *c, const char *app, const char *identifier, const char *text,
		     uc_op *op) UC_MUST_USE;

/* The same with their contact code, as it was typed; NULL: none.  UC_E_CODE: that is no code.  Whether it is
 * theirs is not told: UC_E_NOT_FOUND, as if there were nobody. */
UC_API uc_err uc_ask_with_code(uc_client *c, const char *app, const char *identifier,
			       const char *code, const char *text, uc_op *op) UC_MUST_USE;
/* Asks whoever made that link.  DONE as above, but nobody tells whether it is still good.  UC_E_ADDRESS:
 * that is no link; UC_E_ARGUMENT: it is our own. */
UC_API uc_err uc_ask_by_invitation(uc_client *c, const char *link, const char *text,
				   uc_op *op) UC_MUST_USE;
/* Reads a link and does nothing with it: the domain of its maker's app.  UC_E_ADDRESS; UC_E_TOO_LARGE for
 * less than 256 bytes. */
UC_API uc_err uc_invitation_app(const char *link, char *out, size_t out_n) UC_MUST_USE;

/* Makes a link by which others may ask, for so many days (1 to 90; 0: 30), or one of them alone.  DONE: the
 * text is the link, "https://APP/#/link/...", into which a port may be put.  UC_E_LIMIT: there are a
 * hundred. */
UC_API uc_err uc_invite(uc_client *c, uint32_t days, bool once, uc_op *op) UC_MUST_USE;
struct uc_invitation {
	struct uc_id id;
	const char *link;
	bool once;      /* of one person alone */
	bool used;      /* who has come: nobody else is let in by it */
	uint32_t asked; /* requests that came by it */
	uint64_t made_ms, expires_ms;
};
typedef bool uc_invitation_each(void *ctx, const struct uc_invitation *invitation);
/* Those that this device has made, in that order, while they last. */
UC_API uc_err uc_invitations(uc_client *c, uc_invitation_each *each, void *ctx) UC_MUST_USE;
/* Nobody is let in by it any more, from now on, whatever the app does.  DONE: the app knows. */
UC_API uc_err uc_invitation_end(uc_client *c, const struct uc_id *invitation,
				uc_op *op) UC_MUST_USE;

enum uc_request_state {
	UC_REQUEST_OPEN,
	UC_REQUEST_ACCEPTED,
	UC_REQUEST_DECLINED,  /* by ourselves; outgoing: nobody there, or refused for good */
	UC_REQUEST_WAITING,   /* for our guardian; incoming: no name and text yet */
	UC_REQUEST_WITHDRAWN, /* outgoing: taken back by us */
};
struct uc_request {
	struct uc_id id;
	bool incoming;
	bool by_invitation; /* incoming: by an invitation of ours; outgoing: by theirs */
	enum uc_request_state state;
	const char *app; /* theirs */
	const char *
		name; /* incoming: profile name they gave; outgoing: identifier asked for, "" by_invitation */
	const char *text;
	uint64_t time_ms;
	uint64_t until_ms; /* outgoing: who has it can reach us by it till then; 0: nobody can */
	bool blocked;      /* incoming: whoever asks is, now */
	bool has_contact;  /* accepted, and introduced */
	struct uc_id contact;
	bool has_room; /* accepted, and joined: the room made for it */
	struct uc_id room;
};
typedef bool uc_request_each(void *ctx, const struct uc_request *request);
/* In the order they came, which stays the same: a position in the list keeps its meaning. */
UC_API uc_err uc_requests(uc_client *c, uc_request_each *each, void *ctx) UC_MUST_USE;
/* Also one that was declined.  DONE: the answer is queued.  UC_E_EXISTS; UC_E_NOT_ALLOWED: they are blocked. */
UC_API uc_err uc_accept(uc_client *c, const struct uc_id *request, uc_op *op) UC_MUST_USE;
/* Nothing is told to the asker. */
UC_API uc_err uc_decline(uc_client *c, const struct uc_id *request, uc_op *op) UC_MUST_USE;
/* Declines it, also one that was declined before, and blocks whoever asks, as uc_block does a contact:
 * nothing arrives from that account, whatever is shown to be theirs, or, on one's own app, who has their
 * name.  uc_contacts lists who is no contact as a stranger; uc_block undoes it.  Nothing is told to
 * anybody.  UC_E_NOT_FOUND; UC_E_EXISTS: it was accepted, or waits for a guardian. */
UC_API uc_err uc_request_block(uc_client *c, const struct uc_id *request, uc_op *op) UC_MUST_USE;
/* Takes one of our own back that waits: who accepts it from now on reaches nobody, whatever the app does, and
 * is told nothing; what has not left our app is not sent.  What waits for it ends with UC_E_CLOSED.  DONE:
 * the app knows.  UC_E_NOT_FOUND: this device has sent none such; UC_E_EXISTS: it is over. */
UC_API uc_err uc_request_withdraw(uc_client *c, const struct uc_id *id, uc_op *op) UC_MUST_USE;

/* --- finding people by number, where an app's names are numbers --- */

/* Which of these numbers (E.164 as it is written; at most 1,000 at a time, 10,000 in all) belong to
 * people of our own app who want to be found by them?  The app is not told the numbers, nor which of
 * them it were: it sees how many, and gives each account 1,000 and 45 more a day.  What was asked is
 * kept, encrypted, asked once, and looked for again each day.  UC_EVENT_NUMBER_FOUND tells of each that
 * is found, once; it may be asked for contact then, as any other (one in 65,536 is nobody's).
 * DONE: UC_OK when all were looked for; UC_E_RATE: the rest follows by itself in the coming days;
 * UC_E_UNSUPPORTED: this app does not offer it; UC_E_SIGNATURE, UC_E_PEER, UC_E_KEY and the like, with a
 * UC_EVENT_WARNING: what the app answered is not of the key it has shown, or no answer; nothing was
 * kept, and nothing is asked before it is wanted anew; UC_E_CLOSED: they were forgotten meanwhile.
 * UC_E_NAME: one is no number, and none was taken; UC_E_LIMIT; UC_E_BUSY: too many calls at once. */
UC_API uc_err uc_find_numbers(uc_client *c, const char *const *numbers, size_t count,
			      uc_op *op) UC_MUST_USE;
enum uc_number_state {
	UC_NUMBER_WAITING, /* not looked for yet */
	UC_NUMBER_NOT_FOUND,
	UC_NUMBER_FOUND,
};
struct uc_number {
	const char *number; /* E.164 */
	enum uc_number_state state;
};
typedef bool uc_number_each(void *ctx, const struct uc_number *number);
/* All that were asked, in no order. */
UC_API uc_err uc_numbers(uc_client *c, uc_number_each *each, void *ctx) UC_MUST_USE;
/* Forgets them all, and ends what waits for them: UC_E_CLOSED.  Asked again they count again. */
UC_API uc_err uc_numbers_forget(uc_client *c) UC_MUST_USE;
/* Lets who has our number among theirs find us, or not any more: a setting, signed as the others, and
 * said to the app with the number, which it knows from the sign-up.  number: NULL for the one that
 * uc_account has.  Others learn from it that the number is on this app, and nothing else.  UC_E_NAME: no
 * number; UC_E_NOT_ALLOWED: an age below 18, or none said, or settings by which one is not found by the
 * exact number, or with a code alone, or not asked by anybody (DONE: another's number); others as uc_settings_set has. */
UC_API uc_err uc_findable_set(uc_client *c, bool findable, const char *number,
			      uc_op *op) UC_MUST_USE;

/* --- guardians --- */

/* Somebody below 16 names a contact: then each new contact, and each group that somebody brings them into,
 * waits for the guardian's signed word, who is shown names, apps and the text of requests, and no message
 * (docs/contact.md). */
enum uc_guardian_state {
	UC_GUARDIAN_NONE,
	UC_GUARDIAN_OFFERED, /* we have asked them to be it */
	UC_GUARDIAN_NAMED,   /* in our settings, which the app keeps to */
};
struct uc_guardian {
	enum uc_guardian_state state;
	struct uc_id contact;
	bool is_contact; /* known to this device; else nobody can be asked at the moment */
};
UC_API uc_err uc_guardian_get(uc_client *c, struct uc_guardian *out) UC_MUST_USE;
/* Asks a contact, in the direct room, which must be open (else UC_E_CLOSED).  UC_E_NOT_ALLOWED: the
 * settings do not say that this person is below 16; UC_E_EXISTS: there is a guardian, who has to end it. */
UC_API uc_err uc_guardian_offer(uc_client *c, const struct uc_id *contact, uc_op *op) UC_MUST_USE;

struct uc_ward {
	struct uc_id contact; /* who has asked us to be their guardian */
	bool accepted;
};
typedef bool uc_ward_each(void *ctx, const struct uc_ward *ward);
UC_API uc_err uc_wards(uc_client *c, uc_ward_each *each, void *ctx) UC_MUST_USE;
/* yes false: declines, which is not told, or ends it.  UC_E_EXISTS; UC_E_CLOSED: no open direct room;
 * UC_E_NOT_ALLOWED: this person is below 16 themselves. */
UC_API uc_err uc_ward_accept(uc_client *c, const struct uc_id *contact, bool yes,
			     uc_op *op) UC_MUST_USE;

enum uc_ward_asks_for {
	UC_WARD_LETTER = 1, /* somebody asks the ward for contact: their name and text */
	UC_WARD_OWN = 2,    /* the ward asks somebody: the identifier, and the ward's text */
	UC_WARD_GROUP = 3,  /* the ward was brought into one: its name, and who is in it */
};
struct uc_ward_ask {
	struct uc_id id, contact; /* contact: the ward */
	enum uc_ward_asks_for kind;
	const char *app; /* theirs; of a group, its hub's */
	const char *name, *text;
	uint64_t time_ms;
};
typedef bool uc_ward_ask_each(void *ctx, const struct uc_ward_ask *ask);
UC_API uc_err uc_ward_asks(uc_client *c, uc_ward_ask_each *each, void *ctx) UC_MUST_USE;
UC_API uc_err uc_ward_answer(uc_client *c, const struct uc_id *ask, bool yes,
			     uc_op *op) UC_MUST_USE;

/* --- contacts --- */

struct uc_contact {
	struct uc_id id;
	const char *app;
	const char *name;
	uint8_t account_key[32];
	bool blocked;
	/* No contact: blocked by uc_request_block or uc_member_block, and listed no more once unblocked. */
	bool stranger;
	bool verified; /* uc_contact_verified was called for this account key */
	/* UC_EVENT_IDENTITY_CHANGED was told, and it was not verified since. */
	bool identity_changed;
	bool has_direct;
	struct uc_id direct;    /* their direct room */
	uint32_t key_addresses; /* left for adding them to groups */
	uint32_t given;         /* of this device's, left to them for adding us */
	bool shown;             /* what we say of ourselves, and our picture, as they are now */
	const char *about;      /* what they say of themselves; "" */
	uint64_t picture;       /* see uc_picture; another one has another number; 0: none */
};
typedef bool uc_contact_each(void *ctx, const struct uc_contact *contact);
UC_API uc_err uc_contacts(uc_client *c, uc_contact_each *each, void *ctx) UC_MUST_USE;
/* 60 digits in groups of five, equal on both sides. */
enum { UC_SAFETY_NUMBER_MAX = 96 };
UC_API uc_err uc_safety_number(uc_client *c, const struct uc_id *contact,
			       char out[UC_SAFETY_NUMBER_MAX]) UC_MUST_USE;
UC_API uc_err uc_contact_verified(uc_client *c, const struct uc_id *contact,
				  bool verified) UC_MUST_USE;
/* Revokes what they hold, hides their direct room (UC_EVENT_ROOM_LEFT) and leaves it 3 to 48 hours later; they
 * are told nothing.  It covers the accounts that were shown to be theirs (uc_contact_links) or are shown so
 * later: contacts among them are blocked, too, and of the others nothing arrives.  On one's own app, letters of
 * who has the same number, handle or address by another account, and is no contact, are hidden.  blocked false:
 * undoes it for all of them; a room that was not left yet goes on (UC_EVENT_ROOM_CHANGED "unblocked"), else it
 * has to be opened anew. */
UC_API uc_err uc_block(uc_client *c, const struct uc_id *contact, bool blocked,
		       uc_op *op) UC_MUST_USE;

/* --- two accounts of one person --- */

/* A person can show contacts that another account, on another app, is theirs, too: by a statement that a
 * device of each account has signed.  It is made between the two clients alone, by texts that the person
 * carries from one to the other: the first begins and gives an offer; the second accepts it and gives an
 * answer; the first takes that and gives the statement; the second takes that.  Every text holds both
 * accounts' public keys and the names they show; an offer is good for ten minutes. */
enum { UC_LINK_TEXT_MAX = 65536 }; /* bytes, with the closing zero */
enum uc_link_state {
	UC_LINK_OFFERED,   /* of a text: an offer */
	UC_LINK_SIGNED,    /* accepted here; the other account's signature is not here yet */
	UC_LINK_WHOLE,     /* may be shown */
	UC_LINK_WITHDRAWN, /* by either account */
};
/* Another account of this person. */
struct uc_link {
	struct uc_id id;
	enum uc_link_state state;
	const char *app, *name;
	const char *identifier; /* "" unless its owner chose to tell it */
	uint8_t account_key[32];
	uint32_t shown;   /* contacts who hear of it */
	uint32_t waiting; /* of them, who are still to be told, or told that it is withdrawn */
};
typedef bool uc_link_each(void *ctx, const struct uc_link *link);
UC_API uc_err uc_links(uc_client *c, uc_link_each *each, void *ctx) UC_MUST_USE;
/* All of these write a text that is to be carried to the other client; UC_E_TOO_LARGE when it does not
 * fit into out.  with_identifier: the own number, handle or address is part of what is signed, and shown
 * to whoever is shown the link; UC_E_NAME when this device does not know it. */
UC_API uc_err uc_link_begin(uc_client *c, bool with_identifier, char *out,
			    size_t out_n) UC_MUST_USE;
/* Calls `each` once with the account that a text speaks of, and what it is: before it is accepted, a
 * person should see that it is their own.  id means nothing here.  UC_E_MALFORMED, UC_E_SIGNATURE,
 * UC_E_NOT_FOUND: not about an account of ours. */
UC_API uc_err uc_link_look(uc_client *c, const char *text, uc_link_each *each,
			   void *ctx) UC_MUST_USE;
/* Signs what an offer of another account of the same person says.  UC_E_STALE: it has expired;
 * UC_E_NOT_ALLOWED: it is of the same app; UC_E_EXISTS: these two are linked. */
UC_API uc_err uc_link_accept(uc_client *c, const char *offer, bool with_identifier, char *out,
			     size_t out_n) UC_MUST_USE;
/* Takes an answer, a statement or a withdrawal that the other client gave; out is "" when there is
 * nothing to be carried back.  UC_E_STALE: of an offer that has expired, or older than what is known;
 * UC_E_UNEXPECTED: an offer, which is to be accepted; UC_E_NOT_FOUND: not about an account of ours, or
 * nothing is known of it here; UC_E_EXISTS as above. */
UC_API uc_err uc_link_take(uc_client *c, const char *text, char *out, size_t out_n) UC_MUST_USE;
/* The contact is told, in their direct room, and again in each new one.  UC_E_CLOSED: there is no direct
 * room, or the link is not whole; UC_E_NOT_ALLOWED: they are blocked; UC_E_ARGUMENT: it is the account
 * itself; UC_E_LIMIT: it is shown to 200. */
UC_API uc_err uc_link_show(uc_client *c, const struct uc_id *link,
			   const struct uc_id *contact) UC_MUST_USE;
/* All contacts whom this client has shown it are told that it holds no more, as soon as that is
 * possible; the text tells the other client, for those whom that one has shown it.  Again: the same. */
UC_API uc_err uc_link_withdraw(uc_client *c, const struct uc_id *link, char *out,
			       size_t out_n) UC_MUST_USE;

/* Another account of a contact, as they have shown. */
struct uc_linked {
	const char *app, *name;
	const char *identifier; /* "" unless they chose to tell it */
	uint8_t account_key[32];
	bool has_contact; /* it is a contact of ours, too */
	struct uc_id contact;
};
typedef bool uc_linked_each(void *ctx, const struct uc_linked *linked);
UC_API uc_err uc_contact_links(uc_client *c, const struct uc_id *contact, uc_linked_each *each,
			       void *ctx) UC_MUST_USE;

/* --- rooms --- */

enum uc_room_state {
	/* Or our guardian is asked, or whoever has brought us into a conversation of two has not said yet that
	 * they are the one we let in: without name, URI, members and messages. */
	UC_ROOM_JOINING,
	UC_ROOM_OPEN,
	UC_ROOM_LEFT, /* left by ourselves, or removed: history stays readable */
};
/* What the members of a room are told of who we are; see uc_introduce. */
enum uc_says { UC_SAYS_ACCOUNT, UC_SAYS_PERSONA, UC_SAYS_NOTHING };
struct uc_room {
	struct uc_id id;
	const char *uri;  /* mimi://APP/r/... */
	const char *name; /* the group's name, or the other person's */
	bool direct;
	enum uc_room_state state;
	bool consistent; /* the log's chain was never broken, and nobody here has had another */
	uint64_t epoch;
	uint32_t members;    /* people, ourselves included */
	uint32_t unread;     /* messages of others above read_up_to */
	uint64_t read_up_to; /* the number last given to uc_mark_read; 0: none */
	uint64_t last_ms;    /* of the last message; 0 without one */
	enum uc_says says;
	const char *persona; /* our name there, UC_SAYS_PERSONA; else "" */
};
typedef bool uc_room_each(void *ctx, const struct uc_room *room);
/* In the order they came, which stays the same: a position in the list keeps its meaning. */
UC_API uc_err uc_rooms(uc_client *c, uc_room_each *each, void *ctx) UC_MUST_USE;

/* Of a group (docs/rooms.md): a moderator removes members, an owner removes and appoints anyone.  Whoever makes
 * it is its owner. */
enum uc_role { UC_ROLE_MEMBER = 2, UC_ROLE_MODERATOR = 3, UC_ROLE_OWNER = 4 };
struct uc_member {
	struct uc_id id; /* of this member in this room */
	const char *app;
	const char *participant; /* mimi://APP/p/... */
	bool is_self;
	bool introduced;
	bool persona;     /* name and who they are hold in this room only, and lead to no account */
	bool blocked;     /* by uc_block, or one of its kind */
	const char *name; /* "" until introduced */
	bool has_contact;
	struct uc_id contact;
	uint32_t role; /* enum uc_role; of direct rooms it means nothing; 0: not known here */
	uint32_t devices;
};
typedef bool uc_member_each(void *ctx, const struct uc_member *member);
UC_API uc_err uc_members(uc_client *c, const struct uc_id *room, uc_member_each *each,
			 void *ctx) UC_MUST_USE;

/* The direct room with a contact: the one there is, or a new one.  DONE carries the room.
 * UC_E_NOT_ALLOWED: blocked; UC_E_EXHAUSTED: no key address of theirs is left. */
UC_API uc_err uc_start_direct(uc_client *c, const struct uc_id *contact, uc_op *op) UC_MUST_USE;
/* The name: up to 255 bytes.  DONE carries the room; contacts that could not be added are told by
 * UC_EVENT_WARNING.  Whoever gives no key addresses out, as minors do not, is asked for one, as by
 * uc_group_add; DONE's text is "asked" then. */
UC_API uc_err uc_group_create(uc_client *c, const char *name, const struct uc_id *contacts,
			      size_t contact_count, uc_op *op) UC_MUST_USE;
/* The same as a persona (uc_introduce); NULL: as oneself. */
UC_API uc_err uc_group_create_as(uc_client *c, const char *name, const char *persona,
				 const struct uc_id *contacts, size_t contact_count,
				 uc_op *op) UC_MUST_USE;
/* Who we are in a group: ourselves (persona NULL), with what contacts know us by, or a persona: a name and
 * a key of that room only.  It is chosen once for each room; a persona may change its name.  A persona
 * hides who we are from the other members; whoever brought us in knows whom they brought in, and whom we
 * bring in knows who has (docs/contact.md).  UC_E_EXISTS: it was said already; UC_E_NAME, as uc_sign_up;
 * UC_E_POLICY: a direct room; UC_E_CLOSED as below. */
UC_API uc_err uc_introduce(uc_client *c, const struct uc_id *room, const char *persona,
			   uc_op *op) UC_MUST_USE;
/* In groups that others bring this device into from now on nobody is told who we are before uc_introduce is
 * called (UC_EVENT_ROOM_CHANGED, "introduce"), and until then we only read: UC_E_NOT_INTRODUCED from what
 * acts there. */
UC_API uc_err uc_introduce_wait(uc_client *c, bool wait) UC_MUST_USE;
/* In groups: whoever writes, and has not said who they are an hour after this device asked all there for it, is taken
 * out where this device may do so, which is said in the room's history, and elsewhere what they write from then
 * on is hidden.  It begins with no, and stays on the devices of this account; no app learns of it. */
UC_API uc_err uc_remove_not_introduced(uc_client *c, bool remove) UC_MUST_USE;
/* Hides what a persona writes from then on, in that room alone: who is behind it is not known, so it goes no
 * further, and whoever leaves and is brought in again has another.  Of a group's member who is no contact and has
 * said who they are, it blocks the account, as uc_request_block does.  UC_E_NOT_ALLOWED: a contact, see uc_block,
 * or not introduced. */
UC_API uc_err uc_member_block(uc_client *c, const struct uc_id *room, const struct uc_id *member,
			      bool blocked) UC_MUST_USE;
/* DONE: they are in it; or its text is "asked": their device was asked for an address for this room, they come
 * once it has given one, or are not added, which UC_EVENT_WARNING tells after seven days.  Both stands in the
 * room's history.  UC_E_EXISTS: they are in it, or on their way; UC_E_POLICY: a direct room, or (DONE) not ours to do;
 * UC_E_NOT_ALLOWED, UC_E_EXHAUSTED as above; UC_E_CLOSED: not joined, or left. */
UC_API uc_err uc_group_add(uc_client *c, const struct uc_id *room, const struct uc_id *contact,
			   uc_op *op) UC_MUST_USE;
/* Whoever else is in it; DONE: UC_E_POLICY when that is not ours to do. */
UC_API uc_err uc_group_remove(uc_client *c, const struct uc_id *room, const struct uc_id *member,
			      uc_op *op) UC_MUST_USE;
/* Owners appoint each member, themselves too.  DONE: UC_E_POLICY when we are none; UC_E_LAST_OWNER: the group
 * would have no owner; UC_E_NOT_FOUND: they have left.  UC_E_POLICY at once: a direct room.  All there
 * are told (UC_EVENT_ROOM_CHANGED, "role"), whom it is about also in their history. */
UC_API uc_err uc_group_role(uc_client *c, const struct uc_id *room, const struct uc_id *member,
			    enum uc_role role, uc_op *op) UC_MUST_USE;
/* Any member may.  DONE comes at once; the others hear of it as of a message. */
UC_API uc_err uc_group_rename(uc_client *c, const struct uc_id *room, const char *name,
			      uc_op *op) UC_MUST_USE;
/* What was said before is sent first.  DONE: the hub knows, and another member takes us out.  Nobody is kept: when
 * the only owner leaves, the group goes on without one, for good. */
UC_API uc_err uc_leave(uc_client *c, const struct uc_id *room, uc_op *op) UC_MUST_USE;

/* --- messages --- */

enum uc_message_state {
	UC_MESSAGE_QUEUED,   /* kept here, not yet accepted by the room's hub */
	UC_MESSAGE_ACCEPTED, /* durable at the hub */
	UC_MESSAGE_FAILED,   /* refused for good */
	UC_MESSAGE_RECEIVED,
};
enum uc_message_kind {
	UC_MESSAGE_TEXT,
	UC_MESSAGE_REACTION, /* text is the emoji; in_reply_to the message */
	UC_MESSAGE_NOTE,     /* made by this client: joined, left, renamed, ... */
	UC_MESSAGE_FILE,     /* text is ""; what it is, the fields below */
};
struct uc_message {
	struct uc_id room;
	uint64_t number; /* position in this device's history of the room, from 1 */
	struct uc_id id; /* MIMI message id, the same for all readers */
	enum uc_message_state state;
	enum uc_message_kind kind;
	bool own;
	/* name; "someone from APP, not introduced"; "NAME, by that name here only; of APP": a persona */
	const char *sender;
	bool introduced;
	struct uc_id member; /* sender; see uc_members */
	uint64_t time_ms;    /* the hub's accepted timestamp; the local time while queued */
	const char *text;
	bool has_reply;
	struct uc_id in_reply_to;
	bool edited, deleted;
	/* Of a file, as its sender says; the name is one that may be shown and given to a file: never
	 * a path, and without what steers or turns around.  "", "" and 0 for others. */
	const char *file_name, *file_type;
	uint64_t file_bytes;
};
typedef bool uc_message_each(void *ctx, const struct uc_message *message);
/* Ascending from number `from` (1 for the start), at most `limit`.  One that is damaged is passed over. */
UC_API uc_err uc_messages(uc_client *c, const struct uc_id *room, uint64_t from, size_t limit,
			  uc_message_each *each, void *ctx) UC_MUST_USE;
/* The number of the last message of the room; 0 without one. */
UC_API uint64_t uc_messages_last(uc_client *c, const struct uc_id *room);
/* All up to that number; never less than before. */
UC_API uc_err uc_mark_read(uc_client *c, const struct uc_id *room, uint64_t number) UC_MUST_USE;

/* Queued and stored when it returns; *id names the message (id may be NULL).  Works offline.  A text
 * has up to 128 KiB, an emoji 64 bytes: UC_E_TOO_LARGE, UC_E_TEXT; UC_E_CLOSED: the room is not
 * joined yet, or left.  A message that was replied or reacted to must be in this device's history;
 * one that is edited or deleted must be our own (else UC_E_NOT_ALLOWED), and changes here at once. */
UC_API uc_err uc_send(uc_client *c, const struct uc_id *room, const char *text,
		      struct uc_id *id) UC_MUST_USE;
UC_API uc_err uc_send_reply(uc_client *c, const struct uc_id *room, const struct uc_id *to,
			    const char *text, struct uc_id *id) UC_MUST_USE;
UC_API uc_err uc_send_reaction(uc_client *c, const struct uc_id *room, const struct uc_id *to,
			       const char *emoji, struct uc_id *id) UC_MUST_USE;
UC_API uc_err uc_send_edit(uc_client *c, const struct uc_id *room, const struct uc_id *of,
			   const char *text, struct uc_id *id) UC_MUST_USE;
UC_API uc_err uc_send_delete(uc_client *c, const struct uc_id *room, const struct uc_id *of,
			     struct uc_id *id) UC_MUST_USE;
/* A text of ours that was refused for good, once more: as a new message, *id, at the end; at once the old
 * one is deleted, here only.  UC_E_NOT_ALLOWED: it was not refused, or was sent again before. */
UC_API uc_err uc_send_again(uc_client *c, const struct uc_id *room, const struct uc_id *of,
			    struct uc_id *id) UC_MUST_USE;

/* --- files --- */

enum { UC_FILE_MAX = 16 * 1024 * 1024 }; /* bytes; an app may take less */
/* Sends a file of n bytes, as a message of its own.  When it returns, all of it is stored, sealed; it goes
 * to our app part by part, also after a restart, and then the message goes out (UC_EVENT_FILE and
 * UC_EVENT_MESSAGE_STATE).  Works offline.  Of the name its last part alone is said; type: a media type,
 * NULL: none in particular.  UC_E_TOO_LARGE, UC_E_TEXT, UC_E_CLOSED and UC_E_NOT_INTRODUCED as uc_send;
 * UC_E_ARGUMENT: an empty file.  The app keeps the bytes for 30 days (docs/files.md). */
UC_API uc_err uc_send_file(uc_client *c, const struct uc_id *room, const char *name,
			   const char *type, const uint8_t *bytes, size_t n,
			   struct uc_id *id) UC_MUST_USE;
/* Fetches the file of a message, by its number: through our app, from that of its sender.  DONE without
 * an error: it is here whole, and what the message speaks of.  What has come is kept when the process
 * ends, or the connection; called again, the rest is fetched.  UC_E_NOT_FOUND: no file, or (DONE) the
 * app has it no more; UC_E_PENDING: it is being fetched; UC_E_NET: not online.  DONE: UC_E_DECRYPT: what
 * came is something else than was sent; UC_E_PEER, UC_E_BUSY: that app does not give it now. */
UC_API uc_err uc_file_fetch(uc_client *c, const struct uc_id *room, uint64_t number,
			    uc_op *op) UC_MUST_USE;
/* Opens what was fetched, into the caller's n bytes, which is file_bytes of the message (else
 * UC_E_ARGUMENT).  UC_E_NOT_FOUND: it is not here whole; UC_E_DECRYPT as above.  Nothing of a file is
 * given out before all of it was verified. */
UC_API uc_err uc_file_read(uc_client *c, const struct uc_id *room, uint64_t number, uint8_t *out,
			   size_t n) UC_MUST_USE;
/* What was fetched is here no more; also while it is on its way.  Nothing happens where there is none. */
UC_API uc_err uc_file_drop(uc_client *c, const struct uc_id *room, uint64_t number) UC_MUST_USE;

#ifdef __cplusplus
}
#endif
#include <undercroft/reports.h>
#ifdef __cplusplus
extern "C" {
#endif

/* --- events --- */

enum uc_event_kind {
	UC_EVENT_CONNECTION = 1,   /* connection */
	UC_EVENT_DONE,             /* op, err, text; room or request where one was made */
	UC_EVENT_REQUEST,          /* a contact request arrived: request */
	UC_EVENT_REQUEST_ACCEPTED, /* ours was accepted: request, room */
	UC_EVENT_CONTACT,          /* a contact is new or changed: contact */
	UC_EVENT_IDENTITY_CHANGED, /* somebody else answers where this contact did: contact, text */
	UC_EVENT_ROOM_JOINED,      /* room */
	UC_EVENT_ROOM_CHANGED,     /* room; text: "name" (then member: by whom), "members",
				     * "role" (then member: whose), ... */
	UC_EVENT_ROOM_LEFT,        /* room */
	UC_EVENT_MEMBER_INTRODUCED, /* room, member, text: as shown; again when it changes */
	UC_EVENT_MESSAGE,           /* message: new */
	UC_EVENT_MESSAGE_STATE,     /* message: queued -> accepted or failed, edited, deleted */
	UC_EVENT_DEVICES,           /* the device list changed */
	UC_EVENT_WARNING,           /* err, text; room where it concerns one; UC_E_CORRUPT and none:
				     * what the app has stored is damaged, by its words; at most
				     * once an hour */
	UC_EVENT_ACCOUNT_GONE, /* err: UC_E_REVOKED: this device is not listed any more; UC_E_NOT_FOUND:
				     * the account was deleted, which may come after the other */
	UC_EVENT_NUMBER_FOUND, /* text: a number that can be found; see uc_find_numbers */
	UC_EVENT_GUARDIAN, /* contact; text: "offer", "ask" (of a ward), "named", "ended" (of ours) */
	UC_EVENT_DEVICE, /* an alarm, see uc_device_changes; text: "added", "ended", "two lists", "hidden" */
	UC_EVENT_FILE, /* room; number of the message; bytes_done of bytes_total went or came */
};
struct uc_event {
	enum uc_event_kind kind;
	enum uc_connection connection;
	uc_op op;
	uc_err err;
	const char *text; /* never NULL */
	bool has_request, has_contact, has_room, has_member;
	struct uc_id request, contact, room, member;
	const struct uc_message *message; /* NULL when the event is about none */
	/* UC_EVENT_FILE; bytes as they are sealed, so more than file_bytes */
	uint64_t number, bytes_done, bytes_total;
};
/* False when there is none. */
UC_API bool uc_client_next_event(uc_client *c, struct uc_event *out);

#ifdef __cplusplus
}
#endif
#endif
