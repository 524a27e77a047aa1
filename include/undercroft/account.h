/* SPDX-License-Identifier: Apache-2.0 */
/* The account of a client (undercroft.h, which includes this): signing up and recovering it, who may reach
 * it, its devices. */
#ifndef UNDERCROFT_ACCOUNT_H
#define UNDERCROFT_ACCOUNT_H

#include <undercroft/undercroft.h>

#ifdef __cplusplus
extern "C" {
#endif

/* E.164 ("+", 7 to 15 digits); 2 to 30 ASCII letters, digits and single . _ - inside; an e-mail
 * address.  Case does not matter. */
enum uc_name_kind { UC_NAME_NUMBER = 1, UC_NAME_HANDLE = 2, UC_NAME_ADDRESS = 3 };
enum uc_account_state {
	UC_NO_ACCOUNT,
	UC_ACCOUNT,
	UC_ACCOUNT_GONE, /* this device is no longer listed; tried again at each connection, in case
			     * the app says otherwise */
	UC_ACCOUNT_JOINING, /* none yet: the code of uc_device_join is shown */
	UC_ACCOUNT_DELETED, /* by this device or another, as the app says; tried again as well */
};
struct uc_account {
	enum uc_account_state state;
	const char *app;
	enum uc_name_kind names;  /* 0 until the first connection */
	const char *identifier;   /* as given here at sign-up or since; "" after a recovery */
	const char *profile_name; /* what contacts are shown */
	bool recovery_confirmed;
	uint8_t account_key[32]; /* public; what contacts verify */
	uint32_t devices;
	uint32_t sets_left;          /* KeyPackage sets in the app's pool */
	bool waits_to_introduce;     /* see uc_introduce_wait */
	bool removes_not_introduced; /* see uc_remove_not_introduced */
	const char *about;           /* as set by uc_about_set; "" */
	uint64_t picture;            /* see uc_picture; another one has another number; 0: none */
};
/* Strings live until the next call that changes the client. */
UC_API uc_err uc_account_get(uc_client *c, struct uc_account *out) UC_MUST_USE;

/* Asks the app to send a code to a number or address.  Not needed where names are handles.  UC_E_NET
 * when there is no connection; DONE: UC_E_NAME, UC_E_RATE. */
UC_API uc_err uc_request_code(uc_client *c, const char *identifier, uc_op *op) UC_MUST_USE;
/* code: NULL where names are handles.  The DONE event's text is the recovery key: 24 words that
 * must be shown to the person, once.  They are kept until uc_recovery_confirmed.  Goes on by itself
 * after a lost connection or a restart.  UC_E_EXISTS: there is an account; UC_E_NAME: a profile
 * name of none or more than 64 characters, or with some that cannot be shown; DONE: UC_E_CODE,
 * UC_E_NAME, UC_E_TAKEN (a handle of somebody else), UC_E_RATE. */
UC_API uc_err uc_sign_up(uc_client *c, const char *identifier, const char *code,
			 const char *profile_name, uc_op *op) UC_MUST_USE;
/* The words again, before they are confirmed; UC_E_NOT_FOUND afterwards, UC_E_TOO_LARGE for less
 * than 144 bytes.  Wipe them when they were shown. */
UC_API uc_err uc_recovery_words(uc_client *c, char *out, size_t out_n) UC_MUST_USE;
/* The person has written the words down: the account key's private half is forgotten here. */
UC_API uc_err uc_recovery_confirmed(uc_client *c) UC_MUST_USE;
/* Takes the account up again on this device; all earlier devices end.  With DONE, contacts, blocks and
 * the list of rooms are there again; each room is then come back into (UC_EVENT_ROOM_CHANGED,
 * "rejoined") or told as left.  What was said in them is not.  With the words of one that was
 * interrupted: its end.  UC_E_MALFORMED or UC_E_MAC:
 * these are no such words; UC_E_EXISTS, UC_E_NAME as above; DONE: UC_E_NOT_FOUND when no account of
 * this app has that key. */
UC_API uc_err uc_recover(uc_client *c, const char *words, const char *profile_name,
			 uc_op *op) UC_MUST_USE;
/* What the account needs to be whole after a recovery is kept at its app: contacts, blocks, rooms,
 * guardians and wards, links, settings; sealed, padded, readable by the recovery key and the account's
 * devices alone.  It is written by itself, some minutes after something has changed. */
struct uc_vault {
	bool can_store; /* false: the account is of before there were vaults, or the app's is of a
			 * later program; a recovery begins one */
	bool waits;     /* something may have changed since */
	uint64_t stored_ms; /* when this device last wrote it, milliseconds since 1970; 0: never */
};
UC_API uc_err uc_vault_get(uc_client *c, struct uc_vault *out) UC_MUST_USE;
/* Now, whatever is new.  UC_E_SIGNED_OUT without an account, UC_E_NOT_FOUND or UC_E_VERSION where it
 * cannot be stored; DONE: UC_OK, UC_E_TOO_LARGE, UC_E_RATE, UC_E_LIMIT.  UC_E_STALE: asked again. */
UC_API uc_err uc_vault_store(uc_client *c, uc_op *op) UC_MUST_USE;
/* Another number, address or handle for the account, with a code as for a sign-up.  The old one leads
 * here no more; a handle is given to nobody else for 30 days.  UC_E_NET when not signed in; DONE:
 * UC_E_CODE, UC_E_NAME, UC_E_TAKEN, UC_E_RATE, or UC_E_NET when the connection went before the answer:
 * then say it again, which does no harm. */
UC_API uc_err uc_account_rename(uc_client *c, const char *identifier, const char *code,
				uc_op *op) UC_MUST_USE;
/* Another name for contacts and for who is in groups with us; told in all rooms where the one before was,
 * as soon as they are reached.  UC_E_NAME as for a sign-up; UC_E_SIGNED_OUT. */
UC_API uc_err uc_profile_set(uc_client *c, const char *profile_name) UC_MUST_USE;
/* Words about oneself, and a picture: shown to contacts alone, told them, encrypted, in their direct
 * rooms, when they change and to whoever becomes a contact; never in groups, in letters that ask for
 * contact, to who is blocked, or to a server.  The account's other devices learn them there, too; a
 * recovery begins without.  about: at most 140 characters, "": none.  UC_E_TOO_LARGE for more, UC_E_TEXT
 * with some that cannot be shown; UC_E_SIGNED_OUT. */
UC_API uc_err uc_about_set(uc_client *c, const char *about) UC_MUST_USE;
/* picture: n bytes of a JPEG, PNG or WebP file, at most UC_PICTURE_MAX, 0: none.  UC_E_TOO_LARGE,
 * UC_E_UNSUPPORTED for another kind of file; UC_E_SIGNED_OUT.  It is known by its first bytes; what is in
 * it otherwise goes to contacts as it is, also where it was taken: leave that out. */
enum { UC_PICTURE_MAX = 16384 };
UC_API uc_err uc_picture_set(uc_client *c, const uint8_t *picture, size_t n) UC_MUST_USE;
/* The picture of a contact, or with contact NULL one's own, into out, which has room for out_n bytes;
 * *n: how many there are.  Nothing but its first bytes was looked at: it is given to a decoder as any
 * file of a stranger's.  UC_E_NOT_FOUND without one, UC_E_TOO_LARGE for less room than that. */
UC_API uc_err uc_picture(uc_client *c, const struct uc_id *contact, uint8_t *out, size_t out_n,
			 size_t *n) UC_MUST_USE;
/* Ends the account's other devices, takes all its places out of all rooms, as far as that is possible within
 * a minute and a half, then deletes the account.  In rooms that this device has left, or is leaving, already,
 * places of the others stay until somebody there takes them out.  It goes on by itself, also after a restart,
 * and cannot be taken back.  What is stored here stays readable.  UC_E_SIGNED_OUT; asked for once more it is
 * the same op, and where the account is deleted already (UC_ACCOUNT_DELETED) DONE at once.  DONE: UC_E_REVOKED
 * when this device was ended meanwhile. */
UC_API uc_err uc_account_delete(uc_client *c, uc_op *op) UC_MUST_USE;

/* Who may reach the account, as one of its devices signed it: the app can neither open it nor bring an
 * older one back unseen (then UC_EVENT_WARNING, UC_E_STALE, and what this device knows is put there
 * again).  docs/contact.md has the rules. */
enum uc_age { UC_AGE_CHILD, UC_AGE_13_TO_15, UC_AGE_16_AND_17, UC_AGE_ADULT, UC_AGE_UNKNOWN };
enum uc_may_ask {
	UC_ASK_ANYBODY = 1, /* whom the rules let ask */
	UC_ASK_HANDED = 2,  /* only who was handed a link or code */
	UC_ASK_NOBODY = 3,
};
enum uc_may_add { UC_ADD_CONTACTS = 1, UC_ADD_NOBODY = 2 }; /* to groups */
struct uc_settings {
	bool said; /* by a device, as far as this one knows: else the app's defaults hold */
	enum uc_age age;
	enum uc_may_ask ask;
	enum uc_may_add add;
	bool find_by_name;   /* by the exact number, handle or e-mail address */
	bool find_by_number; /* by who has the number among theirs: see uc_findable_set */
	bool has_code; /* only together with a contact code; set by uc_contact_code_set alone */
	/* The app has shown others than this device knows, since it was opened and they were set last.
	 * Told, not set. */
	bool app_showed_others;
};
UC_API uc_err uc_settings_get(uc_client *c, struct uc_settings *out) UC_MUST_USE;
/* What an age begins with; by an e-mail address nobody is found until they want it. */
UC_API uc_err uc_settings_default(uc_client *c, enum uc_age age,
				  struct uc_settings *out) UC_MUST_USE;
/* UC_E_NOT_ALLOWED: below 18 nobody becomes older, below 16 nothing is opened that is closed for that
 * age.  UC_E_NET when not signed in, or the app's have not been seen yet; UC_E_BUSY while others are on
 * their way; UC_E_UNSUPPORTED: an app of an earlier version.  DONE: UC_E_STALE when another device was
 * faster. */
UC_API uc_err uc_settings_set(uc_client *c, const struct uc_settings *settings,
			      uc_op *op) UC_MUST_USE;

/* A new contact code, or none any more: who has set one is found by their name only by who has the code,
 * too, which is handed on by other ways; for all others there is nobody.  DONE: the text is the code, as
 * "7KQX-M0RA", and as uc_settings_set.  UC_E_NOT_ALLOWED: no settings were said yet. */
UC_API uc_err uc_contact_code_set(uc_client *c, bool wanted, uc_op *op) UC_MUST_USE;
/* The code that is set.  UC_E_NOT_FOUND: there is none, or another device has made it. */
enum { UC_CONTACT_CODE_MAX = 16 };
UC_API uc_err uc_contact_code(uc_client *c, char out[UC_CONTACT_CODE_MAX]) UC_MUST_USE;

/* How old the app takes this person to be, where that is not only what they said (uc_settings). */
enum uc_age_by {
	UC_AGE_BY_NOBODY,  /* as it was said */
	UC_AGE_BY_APP,     /* the app has checked it */
	UC_AGE_BY_SERVICE, /* a service that the app believes has said so */
};
struct uc_age_known {
	enum uc_age_by by;
	enum uc_age age; /* UC_AGE_UNKNOWN: by nobody */
};
/* As the app said it last.  UC_E_NET: not since it was connected. */
UC_API uc_err uc_age_known(uc_client *c, struct uc_age_known *out) UC_MUST_USE;
/* A text for a service that checks ages, by its name ("ages.example"): it says neither which account nor
 * which app it is for, and is the same each time.  What the service makes of it counts for this account, and
 * is handed in by this device.  UC_E_ARGUMENT: that is no name; UC_E_TOO_LARGE: it does not fit into out
 * (UC_AGE_TEXT_MAX characters with the closing zero always do); UC_E_SIGNED_OUT. */
enum { UC_AGE_TEXT_MAX = 1025 };
UC_API uc_err uc_age_request(uc_client *c, const char *service, char *out,
			     size_t out_n) UC_MUST_USE;
/* Hands in the statement that a service gave for such a request.  It counts for what was said, closes at once
 * what is closed for that age, and opens nothing by itself: older than they said, up to that, somebody becomes
 * by uc_settings_set.  UC_E_MALFORMED, UC_E_CBOR and the like: it is no statement; UC_E_KEY: for another
 * account, app or device; UC_E_STALE: not any more, or not yet; UC_E_NET, UC_E_BUSY, UC_E_UNSUPPORTED.  DONE,
 * when uc_age_known says what holds now; UC_E_NOT_ALLOWED: the app does not believe that service; UC_E_SIGNATURE: it has not signed this; UC_E_STALE
 * also where it makes older than what another service has said as late or later. */
UC_API uc_err uc_age_present(uc_client *c, const char *statement, uc_op *op) UC_MUST_USE;

/* The account's devices, as the list says that they sign for each other: it is read when it changes, and
 * once a day. */
struct uc_device {
	uint8_t device_key[32];
	bool is_this;
	uint64_t added_ms; /* the day, by the clock of the device that added it */
	const char *name;  /* as it was named here; "" */
};
typedef bool uc_device_each(void *ctx, const struct uc_device *device);
UC_API uc_err uc_devices(uc_client *c, uc_device_each *each, void *ctx) UC_MUST_USE;
/* Stays on this device; "": none.  UC_E_NAME as for a profile name. */
UC_API uc_err uc_device_name(uc_client *c, const uint8_t device_key[32],
			     const char *name) UC_MUST_USE;
/* Another device is out at once: the app lets it in no more, contacts are told, and what was handed out
 * (invitations, addresses, the key that letters are sealed to) is void and made anew.  UC_E_ARGUMENT:
 * it is this one, which uc_account_delete or erasing its store ends; UC_E_NET when not signed in.  DONE:
 * UC_E_STALE when the list has changed meanwhile, or UC_E_NET when the connection went before the answer:
 * say it again. */
UC_API uc_err uc_device_end(uc_client *c, const uint8_t device_key[32], uc_op *op) UC_MUST_USE;

/* This installation is to be a further device of an account: *out is the code to be shown to its person, as
 * text or as a picture of it, "https://APP/#/device/...", good for ten minutes.  Who has the code and an
 * account of that app brings this device into theirs; it is shown to nobody else.  Goes on by itself after a
 * lost connection or a restart; another call gives the same code again.  UC_E_EXISTS: there is an account.  DONE:
 * it is one of its devices, and its contacts and rooms follow; UC_E_TIMEOUT: nobody came. */
enum { UC_DEVICE_CODE_MAX = 512 };
UC_API uc_err uc_device_join(uc_client *c, char out[UC_DEVICE_CODE_MAX], uc_op *op) UC_MUST_USE;
/* Which device shows this code?  Nothing is done.  UC_E_CODE: that is none; UC_E_PEER: of another app;
 * UC_E_NET when not signed in; UC_E_UNSUPPORTED: an account without a vault.  DONE: the text is the start of
 * its key, as uc_devices has it, in hex; UC_E_NOT_FOUND: nobody waits there. */
UC_API uc_err uc_device_look(uc_client *c, const char *code, uc_op *op) UC_MUST_USE;
/* Brings it in: it reads and writes whatever this one does, from now on.  As above; may be said again.  DONE
 * besides: UC_E_LIMIT: there are 32; UC_E_REVOKED: it was ended; UC_E_STALE as with uc_device_end; UC_E_TIMEOUT,
 * or what the app said: the vault could not be written, which comes first. */
UC_API uc_err uc_device_add(uc_client *c, const char *code, uc_op *op) UC_MUST_USE;

/* Alarms: what has happened to the list that this device did not do itself; and, a day or two later, whom it has
 * let in, since somebody else may have held it then. */
enum uc_device_change_kind {
	UC_DEVICE_ADDED = 1,
	UC_DEVICE_ENDED = 2,
	UC_DEVICE_TWO_LISTS = 3, /* the app shows another list than this device has seen */
	UC_DEVICE_HIDDEN = 4,    /* in a room as ours, and not in the list that the app shows */
};
struct uc_device_change {
	enum uc_device_change_kind kind;
	uint8_t device_key[32]; /* which one */
	uint8_t by[32];   /* the device that signed it, perhaps this one; zero: the recovery key */
	uint64_t time_ms; /* when this device learned of it */
	uint64_t number;  /* greater than those of what was told before */
};
typedef bool uc_device_change_each(void *ctx, const struct uc_device_change *change);
/* In the order they were told; kept until the person has seen them.  One that is damaged in the store is passed
 * over. */
UC_API uc_err uc_device_changes(uc_client *c, uc_device_change_each *each, void *ctx) UC_MUST_USE;
/* All up to the one of that number, the last that the person was shown: what came later stays.
 * UC_E_NOT_FOUND: there is none of that number (any more). */
UC_API uc_err uc_device_changes_seen(uc_client *c, uint64_t number) UC_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
