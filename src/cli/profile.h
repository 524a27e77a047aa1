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
	bool has_key; /* else a passphrase opens the store */
};

/* Finds the folder (made if need be, mode 0700) and reads what is there.  home and apps_file may
 * be NULL: $UNDERCROFT_HOME or ~/.local/share/undercroft; $UNDERCROFT_APPS or
 * ~/.config/undercroft/apps.conf.  Errors are printed. */
bool profile_open(struct profile *p, const char *name, const char *home, const char *apps_file);
/* Binds a new profile to an app of the apps file, by short name or domain, and makes its key.
 * With UNDERCROFT_PASSPHRASE set, no key is written and the passphrase opens the store. */
bool profile_bind(struct profile *p, const char *app, const char *apps_file);
bool profile_has_app(const struct profile *p);
/* The domain of an app by short name or domain; the text itself if it isn't in the file. */
void profile_app_domain(const char *app, const char *apps_file, char *out, size_t out_n);
/* The short name of a domain; the domain itself if it isn't in the file. */
void profile_app_short(const char *domain, const char *apps_file, char *out, size_t out_n);
/* The apps file in force. */
const char *profile_apps_file(const char *given, char *out, size_t out_n);

#endif
