/* SPDX-License-Identifier: Apache-2.0 */
/* Making and checking leaves and KeyPackages (RFC 9420, 7.2, 7.3, 10). */
#ifndef MLS_KEY_PACKAGE_H
#define MLS_KEY_PACKAGE_H

#include "crypto/crypto.h"
#include "mls/leaf_node.h"
#include "mls/limits.h"

/* What a leaf says beside its keys.  Everything is borrowed. */
struct leaf_parameters {
	const struct sign_key *signature_key;
	struct credential credential;
	struct capabilities capabilities;
	struct extension_list extensions;
};

/* Signs over LeafNodeTBS; group_id and index count where the source is update or commit.  The
 * signature lies in the arena. */
uc_err UC_MUST_USE leaf_node_sign(const struct suite *s, const struct env *env,
				  const struct sign_key *key, struct leaf_node *leaf,
				  struct view group_id, uint32_t index, struct arena *a);
/* UC_E_SIGNATURE, also for a signature key that is none (or UC_E_KEY). */
uc_err UC_MUST_USE leaf_node_verify(const struct suite *s, const struct leaf_node *leaf,
				    struct view group_id, uint32_t index);
/* The rules of 7.2 and 7.3 that a leaf keeps or breaks by itself: version and credential
 * type listed, extensions listed, no default types listed, an encryption key of the
 * suite.  The signature key is the verifier's to refuse. */
uc_err UC_MUST_USE leaf_node_check(const struct suite *s, const struct leaf_node *leaf);
/* 7.3: "compatible with the group's parameters": it lists the suite.  Not a part of the above, nor
 * of key_package_check, for it is not said in so many words (group_hooks.h, any_suites). */
uc_err UC_MUST_USE leaf_node_check_suite(const struct suite *s, const struct leaf_node *leaf);
/* Does the leaf list everything the group requires (11.1)? */
uc_err UC_MUST_USE leaf_node_check_required(const struct leaf_node *leaf,
					    const struct required_capabilities *required);
/* Does it list each extension of the GroupContext (13.4)?  Default types need not be. */
uc_err UC_MUST_USE leaf_node_check_context(const struct leaf_node *leaf,
					   const struct extension_list *context_extensions);
/* Is now within the lifetime, and the lifetime not too long?  Only for key_package leaves. */
uc_err UC_MUST_USE leaf_node_check_lifetime(const struct leaf_node *leaf, uint64_t now_ms);

/* What the maker of a KeyPackage keeps, wiped by key_package_secrets_wipe. */
struct key_package_secrets {
	struct kem_key init_key;
	struct kem_key encryption_key;
	struct sign_key signature_key;
};
void key_package_secrets_wipe(struct key_package_secrets *k);

/* The encoded KeyPackage lies in the arena.  lifetime in seconds from now (and KEY_PACKAGE_EARLY_S before).
 * UC_E_UNEXPECTED: an extension is neither of a default type nor listed by the leaf (10). */
uc_err UC_MUST_USE key_package_make(const struct suite *s, const struct env *env,
				    const struct leaf_parameters *leaf, uint64_t lifetime_s,
				    const struct extension_list *extensions, struct arena *a,
				    struct view *key_package, struct key_package_secrets *secrets);
/* KeyPackage extensions that say it is one of last resort (draft-ietf-mls-extensions-10): it MAY be
 * used again when all others have been.  Its leaf has to list app_data_dictionary, and its keys have
 * to be kept after a Welcome, until its lifetime ends or another takes its place. */
uc_err UC_MUST_USE last_resort_extensions(const struct extension_list *l, struct arena *a,
					  struct extension_list *out);
bool key_package_is_last_resort(const struct key_package *k);
/* All of 10.1, at this time; now_ms 0: without the lifetime. */
uc_err UC_MUST_USE key_package_check(const struct suite *s, const struct key_package *k,
				     uint64_t now_ms);
/* KeyPackageRef (5.2) of the encoded KeyPackage; nh bytes. */
uc_err UC_MUST_USE key_package_ref(const struct suite *s, struct view key_package, uint8_t *out);

#endif
