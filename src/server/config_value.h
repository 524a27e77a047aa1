/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of values a configuration key can have. */
#ifndef SERVER_CONFIG_VALUE_H
#define SERVER_CONFIG_VALUE_H

#include "server/config.h"

struct config_where {
	struct arena *arena;
	const char *folder; /* of the configuration file */
};
/* Sets *field from a value that is not empty; NULL, or a sentence that says what it should be. */
typedef const char *config_set(const struct config_where *w, struct view value, void *field);

config_set config_set_title;      /* const char *, a few words for people */
config_set config_set_text;       /* const char * */
config_set config_set_path;       /* const char *, made absolute or relative to here */
config_set config_set_domain;     /* const char * */
config_set config_set_listen;     /* struct config_address */
config_set config_set_loopback;   /* the same, of this machine alone */
config_set config_set_url;        /* struct config_address */
config_set config_set_names;      /* enum config_names */
config_set config_set_log;        /* enum config_log */
config_set config_set_log_format; /* enum config_log_format */
config_set config_set_count;      /* unsigned, 0 to 10,000,000 */
config_set config_set_ping;       /* unsigned, seconds */
config_set config_set_drain;      /* unsigned, seconds */
config_set config_set_days;       /* unsigned, 1 to 3650 */
config_set config_set_held;       /* unsigned, 1 to 16 */
config_set config_set_threads;    /* unsigned */
config_set config_set_yes_no;     /* bool */
config_set config_set_rate;       /* struct rate: at once, an hour */
config_set config_set_bytes;      /* uint64_t, of a quota */
config_set config_set_age_key;    /* struct config_age_key */

bool config_domain_is_valid(struct view v);

#endif
