/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C.  Bits are reflected: the lowest bit of a word is the highest power of x. */
#include "store/crc32c.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* --- by a table, eight bytes at once --- */

/* A CRC is linear: what a byte does is the sum of what its bits do. */
#define BIT(v, i, b) ((0u - ((v) >> (i)&1u)) & (b))
#define ONE(v, b0, b1, b2, b3, b4, b5, b6, b7)                                           \
	(BIT(v, 0, b0) ^ BIT(v, 1, b1) ^ BIT(v, 2, b2) ^ BIT(v, 3, b3) ^ BIT(v, 4, b4) ^ \
	 BIT(v, 5, b5) ^ BIT(v, 6, b6) ^ BIT(v, 7, b7))
#define FOUR(v, ...)                                                                        \
	ONE((v) + 0u, __VA_ARGS__), ONE((v) + 1u, __VA_ARGS__), ONE((v) + 2u, __VA_ARGS__), \
		ONE((v) + 3u, __VA_ARGS__)
#define SIXTEEN(v, ...)                                                                        \
	FOUR((v) + 0u, __VA_ARGS__), FOUR((v) + 4u, __VA_ARGS__), FOUR((v) + 8u, __VA_ARGS__), \
		FOUR((v) + 12u, __VA_ARGS__)
#define SIXTY_FOUR(v, ...)                                               \
	SIXTEEN((v) + 0u, __VA_ARGS__), SIXTEEN((v) + 16u, __VA_ARGS__), \
		SIXTEEN((v) + 32u, __VA_ARGS__), SIXTEEN((v) + 48u, __VA_ARGS__)
#define ALL(...)                                                                     \
	{                                                                            \
		SIXTY_FOUR(0u, __VA_ARGS__), SIXTY_FOUR(64u, __VA_ARGS__),           \
			SIXTY_FOUR(128u, __VA_ARGS__), SIXTY_FOUR(192u, __VA_ARGS__) \
	}

/* Of a byte with so many bytes of 0 behind it.  Written out by its bits: nothing has to be made
 * ready before the first call, which may come from any thread. */
static const uint32_t table[8][256] = {
	ALL(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede, 0x417b1dbc,
	    0x82f63b78),
	ALL(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302, 0xff17c604,
	    0xfbc3faf9),
	ALL(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14, 0xc76580d9,
	    0x8b277743),
	ALL(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b, 0xaba65fe7,
	    0x52a0c93f),
	ALL(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557, 0x37516aae,
	    0x6ea2d55c),
	ALL(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d, 0x0e045beb,
	    0x1c08b7d6),
	ALL(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a,
	    0xf56e0ef4),
	ALL(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599, 0x1a00cb32,
	    0x34019664),
};

uint32_t crc32c_extend_table(uint32_t crc, const uint8_t *p, size_t n)
{
	uint32_t c = ~crc;
	for (; n >= 8; p += 8, n -= 8) {
		c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		     (uint32_t)p[3] << 24;
		c = table[7][c & 0xff] ^ table[6][c >> 8 & 0xff] ^ table[5][c >> 16 & 0xff] ^
		    table[4][c >> 24] ^ table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^
		    table[0][p[7]];
	}
	for (; n; p++, n--)
		c = table[0][(c ^ *p) & 0xff] ^ c >> 8;
	return ~c;
}

/* --- by the processor --- */

#if defined(__x86_64__)
#define WITH_CRC32 __attribute__((target("sse4.2,pclmul")))

/* The instruction takes three cycles and a new one can begin in each, so three streams side by side
 * cost what one does.  They are put together by what the first two would be with as many bytes of 0
 * behind them: times x^(8 * bytes), of which the instruction itself does x^33. */
enum { LONG = 1024, SHORT = 128 };
#define BEHIND_LONG    0x170076fau /* x^(8 * LONG - 33) */
#define BEHIND_2_LONG  0xa51b6135u
#define BEHIND_SHORT   0x0d3b6092u
#define BEHIND_2_SHORT 0xb9e02b86u

WITH_CRC32 static inline uint64_t add8(uint64_t c, const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return _mm_crc32_u64(c, v);
}

WITH_CRC32 static inline uint64_t moved(uint64_t c, uint32_t by)
{
	__m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)c),
					       _mm_cvtsi32_si128((int)by), 0);
	return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

WITH_CRC32 static inline uint64_t three(uint64_t c, const uint8_t *p, size_t each, uint32_t by,
					uint32_t by_2)
{
	uint64_t second = 0, third = 0;
	for (size_t i = 0; i < each; i += 8) {
		c = add8(c, p + i);
		second = add8(second, p + each + i);
		third = add8(third, p + 2 * each + i);
	}
	return moved(c, by_2) ^ moved(second, by) ^ third;
}

WITH_CRC32 static uint32_t extend_crc32(uint32_t crc, const uint8_t *p, size_t n)
{
	uint64_t c = (uint32_t)~crc;
	for (; n >= 3 * LONG; p += 3 * LONG, n -= 3 * LONG)
		c = three(c, p, LONG, BEHIND_LONG, BEHIND_2_LONG);
	for (; n >= 3 * SHORT; p += 3 * SHORT, n -= 3 * SHORT)
		c = three(c, p, SHORT, BEHIND_SHORT, BEHIND_2_SHORT);
	for (; n >= 8; p += 8, n -= 8)
		c = add8(c, p);
	for (; n; p++, n--)
		c = _mm_crc32_u8((uint32_t)c, *p);
	return ~(uint32_t)c;
}

uint32_t crc32c_extend(uint32_t crc, const uint8_t *p, size_t n)
{
	/* Before the process is set up, a no: then the table is asked. */
	if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"))
		return extend_crc32(crc, p, n);
	return crc32c_extend_table(crc, p, n);
}
#else
uint32_t crc32c_extend(uint32_t crc, const uint8_t *p, size_t n)
{
	return crc32c_extend_table(crc, p, n);
}
#endif
