/* SPDX-License-Identifier: Apache-2.0 */
/* The table of all keys, for those who read a configuration and who compare two. */
#ifndef SERVER_CONFIG_KEYS_H
#define SERVER_CONFIG_KEYS_H

#include "server/config_value.h"

enum config_section {
	SECTION_NONE,
	SECTION_BACKBONE,
	SECTION_APP,
	SECTION_PEER,
	SECTION_LIMITS,
	SECTION_AGE,
	SECTIONS
};

struct config_key {
	const char *name;
	config_set *set;
	size_t offset; /* in struct config, config_app, config_peer, config_limits or config_age */
	enum config_section section;
	bool is_needed;
	const char *example;
	const char *help;
};
/* NULL behind the last. */
const struct config_key *config_key_at(size_t i);

#endif
