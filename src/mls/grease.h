/* SPDX-License-Identifier: Apache-2.0 */
/* Values made to be ignored (RFC 9420, 13.5), for those who send: so that others' failure to ignore
 * what they do not know shows before something new is needed.  Nobody treats them in any way of
 * their own when they are received. */
#ifndef MLS_GREASE_H
#define MLS_GREASE_H

#include "mls/key_package.h"

/* The same leaf with one such value in its cipher suites, extensions, proposals and credentials
 * that are supported, and an extension of that type; where it has a dictionary, a component that
 * nobody knows in that, and in its lists of components (draft-ietf-mls-extensions-10, GREASE). */
uc_err UC_MUST_USE grease_leaf(const struct env *env, const struct leaf_parameters *leaf,
			       struct arena *a, struct leaf_parameters *out);
/* The same list with one such extension of a type that the leaf, made by grease_leaf, lists: for
 * key_package_make; and with such a component where the list has a dictionary.  No extension where
 * the leaf lists none: a KeyPackage has nothing that its leaf does not list (10). */
uc_err UC_MUST_USE grease_key_package(const struct env *env, const struct leaf_parameters *leaf,
				      const struct extension_list *l, struct arena *a,
				      struct extension_list *out);
/* The same list with one such extension, and with such a component where it has a dictionary, for a
 * GroupInfo (struct group_info_parts).  Not for a
 * GroupContext, whose extensions all must know. */
uc_err UC_MUST_USE grease_extensions(const struct env *env, const struct extension_list *l,
				     struct arena *a, struct extension_list *out);

#endif
