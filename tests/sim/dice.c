/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded dice (SplitMix64): the same seed, the same throws. */
#include "tests/sim/sim.h"

void dice_seed(struct dice *d, uint64_t seed)
{
	d->s = seed;
	for (int i = 0; i < 4; i++)
		dice_throw(d);
}

uint64_t dice_throw(struct dice *d)
{
	uint64_t z = d->s += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t dice_below(struct dice *d, uint64_t n)
{
	return n ? dice_throw(d) % n : 0;
}

bool dice_hits(struct dice *d, uint64_t of_million)
{
	return dice_below(d, 1000000) < of_million;
}

void dice_fill(struct dice *d, uint8_t *out, size_t n)
{
	uint64_t throw = 0;
	for (size_t i = 0; i < n; i++) {
		if (i % 8 == 0)
			throw = dice_throw(d);
		out[i] = (uint8_t)(throw >> i % 8 * 8);
	}
}
