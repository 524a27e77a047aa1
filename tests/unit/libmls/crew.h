/* SPDX-License-Identifier: Apache-2.0 */
/* People who use the public interface of the engine, each with a client of their own. */
#ifndef TESTS_UNIT_LIBMLS_CREW_H
#define TESTS_UNIT_LIBMLS_CREW_H

#include "undercroft/mls.h"

#include "base/buf.h"
#include "tests/unit/harness.h"

struct sailor {
	char name[32];
	struct mls_policy policy;
	mls_client *client;
	mls_out *out;
	mls_signature_key *key;
	struct mls_identity identity;
	struct mls_key_package_made package; /* the latest; in `out` */
	mls_group *group;
	/* Its storage. */
	struct buf journal, root;
};

struct mls_bytes bytes_of(const char *text);
struct view view_of(struct mls_bytes b);

/* With a client of that policy (NULL: none) and a key of that suite. */
void sailor_begin(struct sailor *s, const char *name, uint16_t suite,
		  const struct mls_policy *policy);
void sailor_begin_with(struct sailor *s, const char *name, uint16_t suite,
		       const struct mls_options *more);
void sailor_end(struct sailor *s);
/* A fresh KeyPackage, as an Add of it. */
struct mls_proposal sailor_add(struct sailor *s, uint16_t suite);
void sailor_create(struct sailor *s, uint16_t suite, const char *group_id,
		   struct mls_extensions extensions);
/* Commits, delivers to all others, applies; newcomers join. */
void crew_commit(struct sailor *crew, size_t n, struct sailor *by, const struct mls_commit *what);
/* A group of all n, made by the first. */
void crew_begin(struct sailor *crew, size_t n, uint16_t suite);
void crew_end(struct sailor *crew, size_t n);
/* Delivers a commit that is pending at `by`. */
void crew_deliver(struct sailor *crew, size_t n, struct sailor *by, const struct mls_made *made);
/* All are in one epoch, and read what each says. */
void crew_agrees(struct sailor *crew, size_t n);
/* What has changed goes into its storage. */
void sailor_store(struct sailor *s);
/* Closed and opened again from storage. */
void sailor_restart(struct sailor *s);

#endif
