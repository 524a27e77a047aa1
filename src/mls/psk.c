/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/psk.h"

#include "mls/proposal.h"

/* psk_input_[i] = ExpandWithLabel(Extract(0, psk), "derived psk", PSKLabel, KDF.Nh) */
static uc_err psk_input(const struct suite *s, const struct psk *psk, struct view label,
			struct secret *out)
{
	static const uint8_t zeros[HASH_MAX];
	struct secret extracted = { 0 };
	uc_err err = suite_extract(s, view_make(zeros, s->nh), psk->psk, &extracted);
	out->n = s->nh;
	if (!err)
		err = expand_with_label(s, secret_view(&extracted), "derived psk", label, out->b,
					out->n);
	secret_wipe(&extracted);
	return err;
}

/* chain becomes Extract(psk_input, chain). */
static uc_err chain_add(const struct suite *s, const struct psk *psk, size_t index, size_t count,
			struct secret *chain)
{
	const struct psk_label label = { *psk->id, (uint16_t)index, (uint16_t)count };
	struct secret input = { 0 };
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	uc_err err = wire_encode(&b, psk_label_element, &label);
	if (!err)
		err = psk_input(s, psk, buf_view(&b), &input);
	if (!err)
		err = suite_extract(s, secret_view(&input), secret_view(chain), chain);
	secret_wipe(&input);
	buf_done(&b);
	return err;
}

uc_err psk_secret_derive(const struct suite *s, const struct psk *psks, size_t n,
			 struct secret *psk_secret)
{
	struct secret chain = { .n = s->nh };
	uc_err err = n <= UINT16_MAX ? UC_OK : UC_E_LIMIT;
	for (size_t i = 0; i < n && !err; i++)
		err = chain_add(s, &psks[i], i, n, &chain);
	if (!err)
		*psk_secret = chain;
	secret_wipe(&chain);
	return err;
}
