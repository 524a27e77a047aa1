/* SPDX-License-Identifier: Apache-2.0 */
/* A profile is one person on one app on this computer: a folder with the encrypted store, the key
 * that opens it, and the app it belongs to. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "base/buf.h"
#include "undercroft/undercroft.h"

struct profile {
	char name[64];
	char dir[512];
	/* The app, as the apps file tells; empty until the profile has one. */
	char app[64];     /* short name, as "dial" */
	char domain[256]; /* as "dial.localhost" */
	char host[256];
	uint16_t port;
	char ca_file[512];
	char codes_file[512]; /* local installations: where codes are written; may be empty */
	uint8_t key[32];
	bool has_key;        /* else a passphrase opens the store */
	bool new_passphrase; /* which is being chosen now */
	uint64_t generation; /* of the store when it was last used; 0: not known */
};

/* Finds the folder and reads what is there.  home may be NULL: $UNDERCROFT_HOME, or undercroft in
 * $XDG_DATA_HOME or ~/.local/share.  Errors are printed. */
bool profile_open(struct profile *p, const char *name, const char *home);
/* Means an app of the apps file, by short name or domain, from now on: makes the folder (mode 0700)
 * if it is new and, unless a passphrase is to open the store, its key (0600).  Whether the store may
 * be that app's is seen when it is opened; then profile_keep writes it down. */
bool profile_bind(struct profile *p, const char *app, bool passphrase);
bool profile_keep(const struct profile *p);
/* Overwrites and removes what lies in the folder, and the folder: of a profile that is not open.  Errors
 * are printed; again, it goes on. */
bool profile_erase(struct profile *p);
/* Beside the key: a copy of the store put back that is older than this is noticed. */
void profile_generation_keep(const struct profile *p, uint64_t generation);
bool profile_has_app(const struct profile *p);

/* The apps file tells how apps are reached: $UNDERCROFT_APPS, or undercroft/apps.conf in
 * $XDG_CONFIG_HOME or ~/.config.  A line for each: NAME DOMAIN HOST:PORT CA-FILE [CODES-FILE]; '#'
 * starts a comment; relative paths are taken from the file's folder. */

/* The domain of an app by short name or domain; the text itself if it isn't in the file. */
void profile_app_domain(const char *app, char *out, size_t out_n);
/* The short name of a domain; the domain itself if it isn't in the file. */
void profile_app_short(const char *domain, char *out, size_t out_n);
/* The file of authorities that vouch for a domain: as the apps file says, else the profile's. */
void profile_app_ca(const struct profile *p, const char *domain, char *out, size_t out_n);

#endif
