/* SPDX-License-Identifier: Apache-2.0 */
#include "base/siphash.h"

static inline uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

/* Written out, for compilers to make one load of. */
static inline uint64_t load(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

struct sip {
	uint64_t a, b, c, d;
};

static inline void sip_round(struct sip *s)
{
	s->a += s->b;
	s->b = rotl(s->b, 13);
	s->b ^= s->a;
	s->a = rotl(s->a, 32);
	s->c += s->d;
	s->d = rotl(s->d, 16);
	s->d ^= s->c;
	s->a += s->d;
	s->d = rotl(s->d, 21);
	s->d ^= s->a;
	s->c += s->b;
	s->b = rotl(s->b, 17);
	s->b ^= s->c;
	s->c = rotl(s->c, 32);
}

static inline void sip_word(struct sip *s, uint64_t m)
{
	s->d ^= m;
	sip_round(s);
	sip_round(s);
	s->a ^= m;
}

static inline uint64_t sip_end(struct sip *s)
{
	for (int k = 0; k < 4; k++)
		sip_round(s);
	return s->a ^ s->b ^ s->c ^ s->d;
}

static inline void sip_take(struct sip *s, const uint64_t key[2], uint64_t wide, struct view in)
{
	*s = (struct sip){ key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d ^ wide,
			   key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 };
	size_t i = 0;
	for (; i + 8 <= in.n; i += 8)
		sip_word(s, load(in.p + i));
	uint64_t m = (uint64_t)in.n << 56;
	for (unsigned k = 0; i + k < in.n; k++)
		m |= (uint64_t)in.p[i + k] << (8 * k);
	sip_word(s, m);
}

uint64_t siphash(const uint64_t key[2], struct view in)
{
	struct sip s;
	sip_take(&s, key, 0, in);
	s.c ^= 0xff;
	return sip_end(&s);
}

void siphash_wide(const uint64_t key[2], struct view in, uint64_t out[2])
{
	struct sip s;
	sip_take(&s, key, 0xee, in);
	s.c ^= 0xee;
	out[0] = sip_end(&s);
	s.b ^= 0xdd;
	out[1] = sip_end(&s);
}
