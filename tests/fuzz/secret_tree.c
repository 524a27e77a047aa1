/* SPDX-License-Identifier: Apache-2.0 */
/* Stored secret trees: what is read is written again byte for byte, and can be used. */
#include "tests/fuzz/fuzz.h"

#include "mls/secret_tree.h"

static const struct suite *suite; /* that the input names */

static void element(struct wire *w, void *v)
{
	wire_secret_tree(w, v, suite);
}

static void use(struct secret_tree *t, uint32_t leaf)
{
	struct message_key k;
	uint32_t g = secret_tree_next(t, leaf, RATCHET_APPLICATION) + 2;
	if (secret_tree_peek(t, leaf, RATCHET_APPLICATION, g, &k))
		return;
	fuzz_expect(!secret_tree_consume(t, leaf, RATCHET_APPLICATION, g));
	fuzz_expect(secret_tree_peek(t, leaf, RATCHET_APPLICATION, g, &k) == UC_E_DECRYPT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct secret_tree t = { 0 };
	struct arena a;
	struct view again;
	suite = n > 2 ? suite_find((uint16_t)(data[1] << 8 | data[2])) : NULL;
	if (!suite)
		return 0;
	arena_init(&a, (size_t)16 << 20, ARENA_PLAIN);
	if (!wire_decode(view_make(data, n), &a, element, &t)) {
		fuzz_expect(!wire_encode_to(&a, element, &t, &again));
		fuzz_expect(view_equal(again, view_make(data, n)));
		use(&t, 0);
		use(&t, t.tree.width - 1);
		if (t.n)
			use(&t, t.leaves[0]->leaf);
	}
	secret_tree_done(&t);
	arena_done(&a);
	return 0;
}
