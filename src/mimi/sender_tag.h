/* SPDX-License-Identifier: Apache-2.0 */
/* By what a device knows letters of one name of its own app for letters of one name: the app adds it when
 * it puts a letter, or the answer to one, into an intake.  It is made of the name and of the account that it
 * is for, under a key of the app: for two readers it differs, and no name follows from it.  So a block holds
 * for who deletes the account and signs up again (docs/contact.md). */
#ifndef MIMI_SENDER_TAG_H
#define MIMI_SENDER_TAG_H

#include "mimi/protocol.h"

/* Component of consent_extensions (private use): SENDER_TAG bytes; zeros: of a letter from another app, or
 * of an account whose name is not known. */
enum { COMPONENT_SENDER_TAG = 0x8014, SENDER_TAG = 16 };

/* An encoded ConsentEntry, with a tag added.  UC_E_ARGUMENT where there is more than a letter. */
uc_err UC_MUST_USE sender_tag_add(struct view entry, const uint8_t tag[SENDER_TAG], struct arena *a,
				  struct view *out);
/* The tag in it; empty when there is none, or zeros. */
struct view sender_tag_of(const struct consent_entry *e);

#endif
