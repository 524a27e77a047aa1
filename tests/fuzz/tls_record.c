/* SPDX-License-Identifier: Apache-2.0 */
/* A server's record layer against a client that says anything, under the right keys and without:
 * what is given out does not depend on how the bytes arrive, and is what was sealed as data, in
 * order, up to the first mistake. */
#include "tests/fuzz/fuzz.h"

#include "base/buf.h"
#include "base/heap.h"
#include "net/tls_record.h"

enum { STREAM_MAX = 1 << 20, RECORD = 400 };

static struct tls_ciphers *ciphers;

struct outcome {
	struct buf data;
	uc_err err;
	uint8_t alert;
	bool is_cut;
};

static void key_begin(enum tls_suite suite, struct tls_key *k)
{
	memset(k, 0, sizeof *k);
	memset(k->secret, 0x5a, sizeof k->secret);
	fuzz_expect(!tls_key_set(ciphers, suite, k));
}

/* [how, length, content ...] for each: of a type under the key and changed or not, or as it is.
 * All data are in *data: what is heard is the beginning of it. */
static void client(enum tls_suite suite, struct view script, struct buf *wire, struct buf *data)
{
	struct tls_key k;
	key_begin(suite, &k);
	while (script.n >= 2 && wire->n < STREAM_MAX - 2 * RECORD) {
		uint8_t how = script.p[0];
		struct view v = view_slice(script, 2, script.p[1]);
		script = view_slice(script, 2 + v.n, script.n);
		if (how == 0xff) {
			buf_add_view(wire, v);
			continue;
		}
		uint8_t *to = buf_reserve(wire, RECORD);
		uint8_t type = (how & 7) < 4 ? (uint8_t)(TLS_CHANGE_CIPHER_SPEC + (how & 3))
			       : how & 1     ? 0
					     : TLS_APPLICATION_DATA;
		fuzz_expect(to && !tls_protect(ciphers, suite, &k, (enum tls_content)type, v, to));
		wire->n += v.n + TLS_OVERHEAD;
		if (how & 0x80)
			to[how % (v.n + TLS_OVERHEAD)] ^= 1;
		/* Without a type, the last byte that is not zero is it. */
		for (; !type && v.n; v.n--)
			type = v.p[v.n - 1];
		if (!(how & 0x80) && type == TLS_APPLICATION_DATA)
			buf_add_view(data, v);
		if (type == TLS_HANDSHAKE && how & 0x40)
			fuzz_expect(!tls_key_next(ciphers, suite, &k));
	}
	tls_key_done(ciphers, suite, &k);
}

static void feed(enum tls_suite suite, struct view in, size_t step, struct outcome *o)
{
	struct tls_record *r = tls_record_new();
	uint8_t *out = heap_new(in.n + 1), sealed[2 * RECORD];
	size_t at = 0, have = 0, used, n;
	fuzz_expect(r && out);
	r->suite = (uint8_t)suite;
	key_begin(suite, &r->read);
	key_begin(suite, &r->write);
	while (!o->err && have < in.n) {
		have = have + step < in.n ? have + step : in.n;
		do {
			o->err = tls_record_open(r, ciphers, view_make(in.p + at, have - at), &used,
						 out, &n);
			fuzz_expect(used <= have - at && n <= used && (!o->err || (!used && !n)));
			buf_add(&o->data, out, n);
			at += used;
		} while (!o->err && used);
	}
	o->alert = r->alert;
	o->is_cut = r->is_cut;
	/* It can be answered whatever came. */
	fuzz_expect(!tls_record_seal(r, ciphers, VIEW_LIT("answer"), sealed, sizeof sealed, &used,
				     &n) &&
		    used == 6);
	fuzz_expect(!tls_record_end(r, ciphers, sealed, &n) && !n == r->is_cut);
	tls_record_free(r, ciphers);
	heap_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct outcome whole = { 0 }, pieces = { 0 };
	struct buf wire, data;
	if (!ciphers && tls_ciphers_new(&ciphers))
		abort();
	if (n < 2)
		return 0;
	enum tls_suite suite = bytes[0] % TLS_SUITES_N;
	buf_init(&wire, STREAM_MAX);
	buf_init(&data, STREAM_MAX);
	buf_init(&whole.data, STREAM_MAX);
	buf_init(&pieces.data, STREAM_MAX);
	client(suite, view_make(bytes + 2, n - 2), &wire, &data);
	feed(suite, buf_view(&wire), wire.n + 1, &whole);
	feed(suite, buf_view(&wire), 1 + bytes[1], &pieces);
	fuzz_expect(whole.err == pieces.err && whole.alert == pieces.alert &&
		    whole.is_cut == pieces.is_cut);
	fuzz_expect(view_equal(buf_view(&whole.data), buf_view(&pieces.data)));
	fuzz_expect(view_starts_with(buf_view(&data), buf_view(&whole.data)));
	buf_done(&wire);
	buf_done(&data);
	buf_done(&whole.data);
	buf_done(&pieces.data);
	return 0;
}
