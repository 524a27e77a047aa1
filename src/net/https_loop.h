/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface driven by a loop: its sockets polled, its timer kept. */
#ifndef NET_HTTPS_LOOP_H
#define NET_HTTPS_LOOP_H

#include "net/loop.h"

#include <curl/curl.h>

struct https_loop {
	struct net_loop *loop;
	CURLM *multi;
	uv_timer_t timer;
	void (*done)(CURL *easy, CURLcode code); /* removes the handle */
};
uc_err UC_MUST_USE https_loop_init(struct https_loop *h, struct net_loop *loop,
				   void (*done)(CURL *easy, CURLcode code));
/* All handles must have been removed. */
void https_loop_stop(struct https_loop *h);

#endif
