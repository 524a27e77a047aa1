/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of RFC 9420, 17, and those that draft-ietf-mls-extensions-10 suggests: in this header
 * alone, since the latter have moved from draft to draft.  Cipher suites are in crypto/crypto.h. */
#ifndef MLS_CODE_POINTS_H
#define MLS_CODE_POINTS_H

enum { MLS10 = 1 };

/* 17.2 */
enum wire_format {
	MLS_PUBLIC_MESSAGE = 1,
	MLS_PRIVATE_MESSAGE = 2,
	MLS_WELCOME = 3,
	MLS_GROUP_INFO = 4,
	MLS_KEY_PACKAGE = 5,
};

/* 17.3 */
enum extension_type {
	EXTENSION_APPLICATION_ID = 0x0001,
	EXTENSION_RATCHET_TREE = 0x0002,
	EXTENSION_REQUIRED_CAPABILITIES = 0x0003,
	EXTENSION_EXTERNAL_PUB = 0x0004,
	EXTENSION_EXTERNAL_SENDERS = 0x0005,
	/* the draft's */
	EXTENSION_APP_DATA_DICTIONARY = 0x0006,
	EXTENSION_SUPPORTED_WIRE_FORMATS = 0x0007,
	EXTENSION_REQUIRED_WIRE_FORMATS = 0x0008,
};

/* 17.4 */
enum proposal_type {
	PROPOSAL_ADD = 1,
	PROPOSAL_UPDATE = 2,
	PROPOSAL_REMOVE = 3,
	PROPOSAL_PSK = 4,
	PROPOSAL_REINIT = 5,
	PROPOSAL_EXTERNAL_INIT = 6,
	PROPOSAL_GROUP_CONTEXT_EXTENSIONS = 7,
	/* the draft's */
	PROPOSAL_APP_DATA_UPDATE = 8,
	PROPOSAL_APP_EPHEMERAL = 9,
	PROPOSAL_SELF_REMOVE = 10,
};

/* 17.5; the draft's multi (3) and weak-multi (4) are not read (docs/components.md) */
enum credential_type {
	CREDENTIAL_BASIC = 1,
	CREDENTIAL_X509 = 2,
};

/* 8.4; the third is the draft's */
enum psk_type { PSK_EXTERNAL = 1, PSK_RESUMPTION = 2, PSK_APPLICATION = 3 };

/* The draft's MLS Component Types; from 0x8000 on they are for private use. */
enum component_id {
	COMPONENT_APP_COMPONENTS = 0x0001,
	COMPONENT_SAFE_AAD = 0x0002,
	COMPONENT_CONTENT_MEDIA_TYPES = 0x0003,
	COMPONENT_LAST_RESORT_KEY_PACKAGE = 0x0004,
	COMPONENT_APP_ACK = 0x0005,
	COMPONENTS_PRIVATE = 0x8000,
};

#endif
