/* SPDX-License-Identifier: Apache-2.0 */
/* People this person has accepted, or been accepted by: known by app and account key. */
#ifndef CLIENT_CONTACTS_H
#define CLIENT_CONTACTS_H

#include "client/client.h"

struct contact *contact_find(struct uc_client *c, const struct uc_id *id);
struct uc_id contact_id(const char *app, const uint8_t account_key[ED25519_KEY]);
/* The contact of that identity, made when it is new. */
uc_err UC_MUST_USE contact_meet(struct uc_client *c, const char *app,
				const uint8_t account_key[ED25519_KEY], const char *name,
				struct view list, struct contact **out);
void contact_changed(struct uc_client *c, struct contact *k);
/* One of their key addresses that is still good, taken out; false without one. */
bool contact_take_address(struct uc_client *c, struct contact *k, struct key_address *out);
void contact_add_address(struct uc_client *c, struct contact *k, const struct key_address *address);
/* A room was left: it is nobody's direct room any more. */
void contacts_room_gone(struct uc_client *c, const struct room *r);
/* How many key addresses a device gives to each of so many contacts, where it is one of so many devices. */
uint32_t contact_share(uint32_t devices, uint32_t contacts);
/* So many were given in all: may there be more that are good for any room? */
bool contacts_leave_some(uint32_t devices, size_t given);
/* Key addresses for those who have few, and for what they ask (room_asks.h); blocked ones' grants are revoked. */
uc_err UC_MUST_USE contacts_drive(struct uc_client *c);

#endif
