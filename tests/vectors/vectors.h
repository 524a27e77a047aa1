/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the MLS working group's test vectors, and those of RFC 9497.  One kind of file, one row of the table in main.c:
 * how to tell it, and how to run one element of its array.
 *
 * A check that fails says so through vec_fail and friends, with the field's name; the element then
 * counts as failed, and the run goes on. */
#ifndef TESTS_VECTORS_VECTORS_H
#define TESTS_VECTORS_VECTORS_H

#include "crypto/crypto.h"

#include <jansson.h>

struct vector_run {
	const struct suite *suite; /* of this element; NULL when the kind has no suites */
	struct arena mem;          /* emptied after each element */
	const char *file;
	size_t index;
	bool bad, skip;
	char skip_why[80];
	char where[120]; /* vec_at */
};

struct vector_kind {
	const char *name;
	const char *const *fields; /* all of them in the first element; NULL at the end */
	void (*run)(struct vector_run *r, const json_t *element);
	/* When the field cipher_suite is there, elements of unknown suites are skipped before
	 * `run` is called. */
};

extern const struct vector_kind crypto_basics_kind, key_schedule_kind, message_protection_kind,
	psk_secret_kind, secret_tree_kind, transcript_hashes_kind, tree_math_kind,
	tree_operations_kind, tree_validation_kind, treekem_kind, messages_kind,
	deserialization_kind, welcome_kind, passive_client_kind, oprf_kind;

/* Prefix of the field names in what follows, as "epochs[3]."; "" for none. */
void vec_at(struct vector_run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vec_fail(struct vector_run *r, const char *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* This element needs something that is not supported here. */
void vec_skip(struct vector_run *r, const char *why);

/* Values.  A field that is missing or of another type fails, and reads as empty. */
struct view vec_hex(struct vector_run *r, const json_t *object, const char *field);
/* The bytes of a string that is hex itself, as array elements are. */
struct view vec_hex_value(struct vector_run *r, const json_t *string, const char *field);
/* A private key of n bytes: the files write those of P-521 without their leading zeros. */
struct view vec_private(struct vector_run *r, const json_t *object, const char *field, size_t n);
const char *vec_str(struct vector_run *r, const json_t *object, const char *field);
uint64_t vec_num(struct vector_run *r, const json_t *object, const char *field);
const json_t *vec_array(struct vector_run *r, const json_t *object, const char *field);
const json_t *vec_object(struct vector_run *r, const json_t *object, const char *field);
/* NULL or JSON null */
bool vec_absent(const json_t *object, const char *field);

/* Checks; true when it holds. */
bool vec_equal(struct vector_run *r, const char *field, struct view have, struct view want);
bool vec_num_equal(struct vector_run *r, const char *field, uint64_t have, uint64_t want);
bool vec_ok(struct vector_run *r, const char *field, uc_err err);
bool vec_true(struct vector_run *r, const char *field, bool holds);
/* nh bytes against the field of this name. */
bool vec_field(struct vector_run *r, const json_t *object, const char *field, struct view have);

/* A repeatable environment. */
const struct env *vec_env(void);

#endif
