/* SPDX-License-Identifier: Apache-2.0 */
/* What mls.h hands in and out: bytes, leaves, proposals, and what a commit does.  Included by it. */
#ifndef UNDERCROFT_MLS_TYPES_H
#define UNDERCROFT_MLS_TYPES_H

#include <undercroft/errors.h>
#include <undercroft/mls_crypto.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- bytes --- */

/* struct mls_bytes is in mls_crypto.h. */
struct mls_bytes_list {
	const struct mls_bytes *v;
	size_t n;
};
struct mls_types {
	const uint16_t *v;
	size_t n;
};

/* --- what a group is made of --- */

/* RFC 9420, 17.1 */
enum mls_suite {
	MLS_X25519_AES128GCM_SHA256_ED25519 = 1,
	MLS_P256_AES128GCM_SHA256_P256 = 2,
	MLS_X25519_CHACHA20POLY1305_SHA256_ED25519 = 3,
	MLS_X448_AES256GCM_SHA512_ED448 = 4,
	MLS_P521_AES256GCM_SHA512_P521 = 5,
	MLS_X448_CHACHA20POLY1305_SHA512_ED448 = 6,
	MLS_P384_AES256GCM_SHA384_P384 = 7,
};
/* RFC 9420, 17.5 */
enum mls_credential_type { MLS_BASIC = 1, MLS_X509 = 2 };
/* RFC 9420, 17.3; draft-ietf-mls-extensions-10 */
enum mls_extension_type {
	MLS_EXTENSION_APPLICATION_ID = 1,
	MLS_EXTENSION_RATCHET_TREE = 2,
	MLS_EXTENSION_REQUIRED_CAPABILITIES = 3,
	MLS_EXTENSION_EXTERNAL_PUB = 4,
	MLS_EXTENSION_EXTERNAL_SENDERS = 5,
	MLS_EXTENSION_APP_DATA_DICTIONARY = 6,
	MLS_EXTENSION_SUPPORTED_WIRE_FORMATS = 7,
	MLS_EXTENSION_REQUIRED_WIRE_FORMATS = 8,
};
/* RFC 9420, 17.4; draft-ietf-mls-extensions-10 */
enum mls_proposal_type {
	MLS_ADD = 1,
	MLS_UPDATE = 2,
	MLS_REMOVE = 3,
	MLS_PSK = 4,
	MLS_REINIT = 5,
	MLS_EXTERNAL_INIT = 6,
	MLS_GROUP_CONTEXT_EXTENSIONS = 7,
	MLS_APP_DATA_UPDATE = 8,
	MLS_APP_EPHEMERAL = 9,
	MLS_SELF_REMOVE = 10,
};

struct mls_credential {
	uint16_t type;
	struct mls_bytes identity;          /* basic */
	struct mls_bytes_list certificates; /* x509: DER, the end-entity certificate first */
};
struct mls_extension {
	uint16_t type;
	struct mls_bytes data; /* extension_data */
};
struct mls_extensions {
	const struct mls_extension *v;
	size_t n;
};
struct mls_capabilities {
	struct mls_types versions, suites, extensions, proposals, credentials;
};

#define MLS_NO_INDEX UINT32_MAX

/* Where a leaf comes from (RFC 9420, 7.2). */
enum mls_leaf_source { MLS_FROM_KEY_PACKAGE = 1, MLS_FROM_UPDATE = 2, MLS_FROM_COMMIT = 3 };
/* A member, as its leaf says (RFC 9420, 7.2). */
struct mls_leaf {
	uint32_t index; /* MLS_NO_INDEX: in no tree yet */
	uint8_t source;
	struct mls_credential credential;
	struct mls_bytes signature_key, encryption_key;
	struct mls_capabilities capabilities;
	struct mls_extensions extensions;
	uint64_t not_before_s, not_after_s; /* of a KeyPackage's leaf: seconds since 1970 */
};
struct mls_leaf_list {
	const struct mls_leaf *v;
	size_t n;
};

/* RFC 9420, 8.1 */
struct mls_context {
	struct mls_bytes group_id;
	uint64_t epoch;
	uint16_t suite;
	struct mls_extensions extensions;
	struct mls_bytes tree_hash, confirmed_transcript_hash;
};

/* RFC 9420, 8.4.  A nonce that is empty is made by whoever proposes. */
enum mls_psk_type { MLS_PSK_EXTERNAL = 1, MLS_PSK_RESUMPTION = 2, MLS_PSK_APPLICATION = 3 };
enum mls_psk_usage { MLS_USAGE_APPLICATION = 1, MLS_USAGE_REINIT = 2, MLS_USAGE_BRANCH = 3 };
struct mls_psk_id {
	uint8_t type;
	struct mls_bytes id;       /* external, application */
	uint16_t component_id;     /* application */
	uint8_t usage;             /* resumption; what is proposed is MLS_USAGE_APPLICATION */
	struct mls_bytes group_id; /* resumption; empty: the group's own */
	uint64_t epoch;            /* resumption */
	struct mls_bytes nonce;
};
/* RFC 9420, 12.1.5 */
struct mls_reinit {
	struct mls_bytes group_id;
	uint16_t version, suite; /* version 0: MLS 1.0 */
	struct mls_extensions extensions;
};

/* RFC 9420, 6 */
enum mls_sender_type {
	MLS_MEMBER = 1,
	MLS_EXTERNAL_SENDER = 2,     /* one that the group's external_senders name */
	MLS_NEW_MEMBER_PROPOSES = 3, /* who asks to be added */
	MLS_NEW_MEMBER_COMMITS = 4,  /* who joins by external commit */
};
struct mls_sender {
	uint8_t type;
	uint32_t index; /* of a member's leaf, or among the external senders */
};

struct mls_proposal {
	uint16_t type;
	struct mls_bytes key_package;     /* add; also in ones that are handed out */
	uint32_t index;                   /* remove */
	struct mls_psk_id psk;            /* psk */
	struct mls_reinit reinit;         /* reinit */
	struct mls_extensions extensions; /* group_context_extensions: all there will be */
	uint16_t component_id;            /* app_data_update, app_ephemeral */
	struct mls_bytes data;            /* the same; external_init: kem_output */
	bool removes;                     /* app_data_update: the component's data goes */
	/* In ones that are handed out: */
	struct mls_sender sender;
	struct mls_bytes ref;        /* ProposalRef (RFC 9420, 5.2); empty: by value in a commit */
	const struct mls_leaf *leaf; /* add, update; else NULL */
};
struct mls_proposal_list {
	const struct mls_proposal *v;
	size_t n;
};

/* --- what a commit does --- */

struct mls_leaf_change {
	struct mls_leaf before, after;
};
struct mls_change {
	struct mls_sender sender;
	uint32_t committer; /* index in the epoch to come */
	bool is_external;   /* committed by who joins with it (12.4.3.2) */
	bool has_path;
	bool removes_us;
	struct mls_context before, after;
	struct mls_leaf_list joined; /* as of after; the external committer among them */
	struct mls_bytes_list refs;  /* KeyPackageRef of each of those; empty for an external one */
	struct mls_leaf_list left;   /* as of before */
	const struct mls_leaf_change *changed; /* by Update, and by the committer's path */
	size_t changed_count;
	struct mls_proposal_list proposals;
	const struct mls_reinit *reinit; /* it closes the group (11.2); NULL: the group goes on */
	struct mls_bytes authenticated_data;
};

#ifdef __cplusplus
}
#endif

#endif
