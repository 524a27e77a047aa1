/* SPDX-License-Identifier: Apache-2.0 */
/* What the transactions of a group's journal are made of, for the files group_journal*.c alone.
 *
 * A transaction is records, one behind the other.  Epochs and stored proposals have serial numbers
 * of their own, from 1, in one count.
 *
 * MEMBER     sealed part: who we are and every secret but the ratchets (wire_member).  The first of
 *            its transaction; takes the place of the one before, whose key the root no longer has.
 * STATE      an epoch's public state (group_state.h): whole, where base is 0, or as what differs from
 *            that of `base`.
 * RATCHETS   sealed part: an epoch's secret tree, by a key that MEMBER holds.  Steps of that epoch
 *            that stand before it are in it.
 * STEP       a message key that was used up.
 * PROPOSAL   an encoded AuthenticatedContent that waits for a commit.
 * DROPPED    a proposal that does no longer. */
#ifndef MLS_GROUP_JOURNAL_INSIDE_H
#define MLS_GROUP_JOURNAL_INSIDE_H

#include "mls/group_inside.h"
#include "mls/group_journal.h"

enum journal_record_type {
	JOURNAL_MEMBER = 1,
	JOURNAL_STATE,
	JOURNAL_RATCHETS,
	JOURNAL_STEP,
	JOURNAL_PROPOSAL,
	JOURNAL_DROPPED,
};

/* struct {
 *	uint8 type;
 *	select (type) {
 *	case MEMBER: opaque bytes<V>;
 *	case STATE: uint32 serial; uint32 base; opaque bytes<V>;
 *	case RATCHETS, PROPOSAL: uint32 serial; opaque bytes<V>;
 *	case STEP: uint32 serial; uint32 leaf; uint8 kind; uint32 generation;
 *	case DROPPED: uint32 serial;
 *	}
 * } */
struct journal_record {
	uint8_t type;
	uint32_t serial, base;
	struct view bytes;
	struct key_step step;
};
void wire_journal_record(struct wire *w, struct journal_record *r);

/* An epoch in the member record. */
struct member_epoch {
	uint32_t serial; /* 0: there is none */
	struct secret ratchet_key;
};
/* Keys of our own proposals in it. */
struct member_keys {
	uint32_t serial;
	struct view update_priv, update_pub, sign_priv, sign_pub;
};
struct member_keys_list {
	struct member_keys *v;
	size_t n;
};
/* Reading makes the epochs, without states and ratchets.
 *
 * struct {
 *	SignKey signature_key; bool removed;
 *	uint8 n; struct { uint64 epoch; opaque psk<V>; } resumption[n];
 *	commit_history; opaque pending_hash[32]; SignKey pending_key;
 *	struct {
 *		uint32 serial;
 *		if (serial) {
 *			uint32 own_leaf; opaque sender_data_secret<V>; opaque ratchet_key<V>;
 *			bool live; if (live) { epoch_secrets; tree_secrets; }
 *			bool has_exporter; if (has_exporter) { key_tree; }
 *		}
 *	} epochs[4];
 *	struct { uint32 serial; opaque update_priv<V>; opaque update_pub<V>;
 *		opaque sign_priv<V>; opaque sign_pub<V>; } proposals<V>;
 * }
 * with SignKey: opaque priv<V>; opaque pub<V>. */
void wire_member(struct wire *w, struct group *g, struct member_epoch epochs[GROUP_EPOCHS],
		 struct member_keys_list *keys);

/* Remembers which proposals are in the journal; room for n. */
uc_err UC_MUST_USE journal_proposals_reserve(struct group *g, size_t n);

#endif
