/* SPDX-License-Identifier: Apache-2.0 */
/* The one configuration file: sections of `key = value` lines, every key in one table with its
 * kind, default and help.  Reading reports all mistakes, each with its line, and touches no file;
 * config_check_files looks at what the values name. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "provider/limits.h"

enum { CONFIG_APPS_MAX = 32, CONFIG_PEERS_MAX = 64, CONFIG_AGES_MAX = AGE_SERVICES_MAX / 2 };

enum { CONFIG_ACCEPTS_A_SECOND = 1000, CONFIG_PING_SECONDS = 240, CONFIG_DRAIN_SECONDS = 10 };
enum config_names { CONFIG_NAMES_NUMBER = 1, CONFIG_NAMES_HANDLE = 2, CONFIG_NAMES_ADDRESS = 3 };
enum config_log { CONFIG_LOG_ERROR, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };
enum config_log_format { CONFIG_LOG_TEXT, CONFIG_LOG_JSON };

struct config_address {
	const char *host;
	uint16_t port;
};
struct config_app {
	const char *name;
	const char *domain;
	struct config_address listen;
	const char *certificate, *private_key; /* PEM files */
	const char *keys;                      /* folder of the app's own keys */
	enum config_names names;
	const char *delivery;              /* command line, or NULL */
	bool limit_by_address;             /* network addresses are counted by */
	uint64_t account_bytes;            /* of an account at most; 0: the default */
	uint64_t attachment_bytes;         /* of a file at most; 0: the default */
	unsigned old_keys_days;            /* keys of before a rotation; 0: the default */
	struct provider_handles handles;   /* kept from others; 0: the defaults */
	struct provider_contact contact;   /* who reaches whom */
	bool discovery;                    /* people are found by number */
	const char *discovery_custodian;   /* app that holds half of the key, or NULL */
	const char *reserved;              /* file of names that nobody is given, or NULL */
	bool is_suspended;                 /* nobody is let in */
	const char *web;                   /* folder of the files for browsers, or NULL */
	const char *title;                 /* as people see it, or NULL */
	struct config_address listen_http; /* plain HTTP on this machine; host NULL: none */
	struct rate limits[LIMITS_N];      /* [limits NAME], else [limits]; hour 0: the default */
	struct provider_ages ages;         /* all [age NAME] */
	unsigned line;                     /* of its section */
	bool is_removed; /* by a reload: its number stays its own, and nothing runs there any more */
};
struct config_peer {
	const char *domain;
	struct config_address url; /* where https://DOMAIN is reached */
	const char *ca;            /* PEM file of the authority that vouches for it */
	enum config_names names;   /* 0: not said */
	const char *title;         /* as people see it, or NULL */
	bool custody;              /* we hold half of its key for finding by number */
	unsigned line;
	bool is_removed; /* by a reload */
};
/* A section [limits NAME], or [limits] for all apps; hour 0: not said. */
struct config_limits {
	const char *app; /* NULL: all */
	struct rate v[LIMITS_N];
	unsigned line;
};
/* A section [age NAME]: a service whose word about ages the apps believe. */
struct config_age_key {
	bool is_there;
	uint8_t b[32];
};
struct config_age {
	const char *name;
	struct config_age_key key, before;
	unsigned line;
};
struct config {
	const char *file; /* it was read from; NULL: from a text */
	const char *data; /* folder */
	const char *peer_ca;
	unsigned threads;          /* 0: one for each processor */
	unsigned connections;      /* at once; 0: as many as the system lets us have */
	unsigned accepts_a_second; /* 0: no limit */
	unsigned ping_seconds;     /* 0: CONFIG_PING_SECONDS */
	unsigned drain_seconds;    /* 0: CONFIG_DRAIN_SECONDS */
	enum config_log log;
	enum config_log_format log_format;
	bool confine;                  /* yes unless said otherwise */
	const char *control;           /* path of the socket; NULL: in the data folder */
	struct config_address metrics; /* plain HTTP on this machine; host NULL: none */
	struct config_app apps[CONFIG_APPS_MAX];
	size_t apps_n;
	struct config_peer peers[CONFIG_PEERS_MAX];
	size_t peers_n;
	struct config_limits limits[CONFIG_APPS_MAX + 1];
	size_t limits_n;
	struct config_age ages[CONFIG_AGES_MAX];
	size_t ages_n;
};

/* Where mistakes are written, one line each: "FILE:LINE: [SECTION] KEY: SENTENCE". */
struct config_mistakes {
	const char *file;
	struct buf *out;
	size_t n;
};

/* Relative paths in the text are taken from `folder`.  UC_E_CONFIG after at least one mistake;
 * `out` lives as long as the arena. */
uc_err UC_MUST_USE config_read(struct arena *a, struct view text, const char *folder,
			       struct config_mistakes *m, struct config *out);
/* Reads the file itself, too. */
uc_err UC_MUST_USE config_load(struct arena *a, const char *file, struct config_mistakes *m,
			       struct config *out);
/* A whole file, of 1 MiB at the most. */
uc_err UC_MUST_USE config_file_read(const char *file, struct buf *out);
/* Do the files and folders exist, and can they be read? */
uc_err UC_MUST_USE config_check_files(const struct config *c, struct config_mistakes *m);
/* One key that is another than before; or key NULL: a whole section that is there or gone. */
struct config_change {
	const char *section, *name, *key; /* name: of the app or peer, or NULL */
	bool needs_restart;
};
enum { CONFIG_CHANGES_MAX = 4096 };
struct config_changes {
	struct config_change *v; /* of the arena */
	size_t n;
	bool is_cut; /* there were more */
};
/* What of `fresh` is another than `now`.  *out is `now` with all of it that may change while it runs:
 * its values live where those of both live.  changes->v has room for CONFIG_CHANGES_MAX. */
void config_compare(const struct config *now, const struct config *fresh, struct config *out,
		    struct config_changes *changes);
/* An app of its own in that arena, with all it points at. */
uc_err UC_MUST_USE config_app_copy(struct arena *a, const struct config_app *from,
				   struct config_app *out);
/* Likewise a peer. */
uc_err UC_MUST_USE config_peer_copy(struct arena *a, const struct config_peer *from,
				    struct config_peer *out);
/* Can the authorities of peers be read by the process as it is? */
void config_check_peers(const struct config *c, struct config_mistakes *m);
/* An app that is to begin while the backbone runs, whose files it must be able to read and write as it
 * is: each mistake names file, line and key.  now: what runs. */
void config_check_added(const struct config *now, const struct config_app *app,
			struct config_mistakes *m);
/* Reads the file anew, with all it names.  *out is `now` with all that may change while it runs as the
 * file says it, and all else as before: it lives as long as this arena and what `now` lives in.  On
 * mistakes UC_E_CONFIG, and nothing is said of changes. */
uc_err UC_MUST_USE config_reload(const struct config *now, const char *file, struct arena *a,
				 struct config_mistakes *m, struct config *out,
				 struct config_changes *changes);
/* A commented example that config_read accepts, made from the table. */
void config_add_example(struct buf *out);

#endif
