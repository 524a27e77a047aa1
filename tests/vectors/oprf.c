/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9497, appendix A: of one group and mode, all its vectors.  Values of a batch are separated by
 * commas. */
#include "tests/vectors/vectors.h"

#include "base/text.h"
#include "trust/oprf.h"

#include <string.h>

enum { BATCH = 4 };

struct batch {
	size_t n;
	struct view input[BATCH], blind[BATCH], output[BATCH];
	struct oprf_element blinded[BATCH], evaluated[BATCH];
};

static size_t list(struct vector_run *r, const json_t *v, const char *field, struct view *out)
{
	const char *s = vec_str(r, v, field);
	size_t n = 0;
	for (; s && n < BATCH; n++) {
		size_t part = strcspn(s, ",");
		if (!vec_ok(r, field, hex_read(&r->mem, view_make(s, part), &out[n])))
			return 0;
		s = s[part] ? s + part + 1 : NULL;
	}
	return n;
}

static void elements(struct vector_run *r, const json_t *v, const char *field,
		     struct oprf_element *out, size_t n)
{
	struct view bytes[BATCH];
	if (!vec_true(r, field, list(r, v, field, bytes) == n))
		return;
	for (size_t i = 0; i < n; i++)
		if (vec_true(r, field, bytes[i].n == OPRF_ELEMENT))
			memcpy(out[i].b, bytes[i].p, OPRF_ELEMENT);
}

static void proofs(struct vector_run *r, const json_t *v, const struct oprf_key *k,
		   const struct batch *b)
{
	const json_t *j = vec_object(r, v, "Proof");
	struct view want = vec_hex(r, j, "proof"), nonce = vec_hex(r, j, "r");
	uint8_t proof[OPRF_PROOF];
	if (!vec_true(r, "proof", want.n == OPRF_PROOF && nonce.n == OPRF_SCALAR))
		return;
	if (vec_ok(r, "proof", oprf_prove_with(k, nonce.p, b->blinded, b->evaluated, b->n, proof)))
		vec_equal(r, "proof", VIEW_OF(proof), want);
	vec_ok(r, "proof", oprf_verify(&k->pub, b->blinded, b->evaluated, b->n, want.p));
}

static void run_one(struct vector_run *r, const json_t *v, enum oprf_mode mode,
		    const struct oprf_key *k)
{
	struct batch b = { .n = (size_t)vec_num(r, v, "Batch") };
	if (!vec_true(r, "Batch",
		      b.n && b.n <= BATCH && list(r, v, "Input", b.input) == b.n &&
			      list(r, v, "Blind", b.blind) == b.n &&
			      list(r, v, "Output", b.output) == b.n))
		return;
	elements(r, v, "BlindedElement", b.blinded, b.n);
	elements(r, v, "EvaluationElement", b.evaluated, b.n);
	for (size_t i = 0; i < b.n; i++) {
		struct oprf_element e;
		uint8_t out[OPRF_OUTPUT];
		if (!vec_true(r, "Blind", b.blind[i].n == OPRF_SCALAR))
			continue;
		if (vec_ok(r, "BlindedElement",
			   oprf_blind_with(mode, b.input[i], b.blind[i].p, &e)))
			vec_equal(r, "BlindedElement", VIEW_OF(e.b), VIEW_OF(b.blinded[i].b));
		if (vec_ok(r, "EvaluationElement", oprf_evaluate(k, &b.blinded[i], &e)))
			vec_equal(r, "EvaluationElement", VIEW_OF(e.b), VIEW_OF(b.evaluated[i].b));
		if (vec_ok(r, "Output",
			   oprf_finalize(b.input[i], b.blind[i].p, &b.evaluated[i], out)))
			vec_equal(r, "Output", VIEW_OF(out), b.output[i]);
		if (vec_ok(r, "Output", oprf_value(mode, k, b.input[i], out)))
			vec_equal(r, "Output", VIEW_OF(out), b.output[i]);
	}
	if (mode == OPRF_VERIFIABLE)
		proofs(r, v, k, &b);
}

static void run(struct vector_run *r, const json_t *j)
{
	uint64_t mode = vec_num(r, j, "mode");
	const char *group = vec_str(r, j, "identifier");
	const json_t *all = vec_array(r, j, "vectors");
	struct oprf_key k;
	char why[80];
	if (mode > OPRF_VERIFIABLE || !group || strcmp(group, "ristretto255-SHA512")) {
		snprintf(why, sizeof why, "%s in mode %d", group ? group : "?", (int)mode);
		vec_skip(r, why);
		return;
	}
	if (!vec_ok(r, "seed",
		    oprf_key_derive((enum oprf_mode)mode, vec_hex(r, j, "seed"),
				    vec_hex(r, j, "keyInfo"), &k)))
		return;
	vec_equal(r, "skSm", VIEW_OF(k.scalar), vec_hex(r, j, "skSm"));
	if (mode == OPRF_VERIFIABLE)
		vec_equal(r, "pkSm", VIEW_OF(k.pub.b), vec_hex(r, j, "pkSm"));
	for (size_t i = 0; i < json_array_size(all); i++) {
		vec_at(r, "vectors[%zu].", i);
		run_one(r, json_array_get(all, i), (enum oprf_mode)mode, &k);
	}
	oprf_key_wipe(&k);
}

const struct vector_kind oprf_kind = {
	"oprf",
	(const char *const[]){ "groupDST", "identifier", "mode", "skSm", "vectors", NULL },
	run,
};
