/* SPDX-License-Identifier: Apache-2.0 */
/* Short plays with a known course, for what chance seldom brings about: nothing fails in them by
 * itself.  With --trace they show every step. */
#ifndef TESTS_SIM_SCENE_H
#define TESTS_SIM_SCENE_H

#include "tests/sim/truth.h"

typedef void scene_play(struct world *w);
int scene_main(int argc, char **argv, scene_play *play, const char *right_text);

/* Runs until it holds; fails the world when it does not within two minutes. */
void scene_want(struct world *w, world_until *what, void *ctx, const char *name);
bool scene_online(struct world *w, void *person);
/* After a call of the client: its error fails the world. */
void scene_done(struct person *p, uc_err err);
void scene_signs_up(struct person *p);
/* A request, accepted; both are in their direct room then. */
void scene_asks(struct person *from, struct person *to);
/* In their direct room; waits until it is read. */
void scene_says(struct person *from, struct person *to, const char *text);

#endif
