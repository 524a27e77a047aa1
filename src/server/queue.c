/* SPDX-License-Identifier: Apache-2.0 */
#include "server/queue.h"

#include <time.h>

uc_err queue_init(struct queue *q, size_t n_max, size_t bytes_max)
{
	pthread_condattr_t steady;
	*q = (struct queue){ .n_max = n_max, .bytes_max = bytes_max };
	q->last = &q->first;
	if (pthread_condattr_init(&steady))
		return UC_E_MEMORY;
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	int failed = pthread_mutex_init(&q->lock, NULL) || pthread_cond_init(&q->filled, &steady) ||
		     pthread_cond_init(&q->emptied, &steady);
	pthread_condattr_destroy(&steady);
	return failed ? UC_E_MEMORY : UC_OK;
}

void queue_done(struct queue *q)
{
	message_free_all(q->first);
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->filled);
	pthread_cond_destroy(&q->emptied);
	*q = (struct queue){ 0 };
}

static bool is_full(const struct queue *q)
{
	return q->n >= q->n_max || q->bytes >= q->bytes_max;
}

/* With the lock held, which it gives back. */
static void append(struct queue *q, struct message *list)
{
	bool was_empty = q->n == 0;
	*q->last = list;
	for (struct message *m = list; m; m = m->next) {
		q->last = &m->next;
		q->n++;
		q->bytes += m->bytes;
	}
	if (was_empty)
		pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->lock);
	if (was_empty && q->wake)
		q->wake(q->ctx);
}

bool queue_put(struct queue *q, struct message *m)
{
	m->next = NULL;
	pthread_mutex_lock(&q->lock);
	if (is_full(q)) {
		q->was_full = true;
		pthread_mutex_unlock(&q->lock);
		return false;
	}
	append(q, m);
	return true;
}

void queue_put_list_wait(struct queue *q, struct message *list)
{
	if (!list)
		return;
	pthread_mutex_lock(&q->lock);
	while (is_full(q)) {
		q->was_full = true;
		pthread_cond_wait(&q->emptied, &q->lock);
	}
	append(q, list);
}

struct message *queue_put_from_app(struct queue *q, struct message *list)
{
	struct message *refused = NULL, **last_refused = &refused;
	struct message *taken = NULL, **last_taken = &taken;
	size_t n = 0, bytes = 0;
	pthread_mutex_lock(&q->lock);
	while (list) {
		struct message *m = list;
		list = m->next;
		m->next = NULL;
		bool is_over = q->n + n >= q->n_max || q->bytes + bytes >= q->bytes_max;
		struct message ***last =
			is_over && m->kind == MESSAGE_REQUEST ? &last_refused : &last_taken;
		**last = m;
		*last = &m->next;
		n += last == &last_taken;
		bytes += last == &last_taken ? m->bytes : 0;
	}
	q->was_full = q->was_full || refused;
	if (taken)
		append(q, taken);
	else
		pthread_mutex_unlock(&q->lock);
	return refused;
}

void queue_put_always(struct queue *q, struct message *m)
{
	m->next = NULL;
	pthread_mutex_lock(&q->lock);
	append(q, m);
}

static void wait_filled(struct queue *q, uint64_t until_us)
{
	struct timespec until = { .tv_sec = (time_t)(until_us / 1000000),
				  .tv_nsec = (long)(until_us % 1000000) * 1000 };
	while (!q->n) {
		if (pthread_cond_timedwait(&q->filled, &q->lock, &until))
			return;
	}
}

struct message *queue_take(struct queue *q, size_t n_max, uint64_t until_us)
{
	pthread_mutex_lock(&q->lock);
	q->is_at_work = false;
	if (!q->n && until_us)
		wait_filled(q, until_us);
	struct message *list = q->first, **end = &list;
	for (size_t i = 0; i < n_max && *end; i++) {
		q->n--;
		q->bytes -= (*end)->bytes;
		end = &(*end)->next;
	}
	q->first = *end;
	*end = NULL;
	q->is_at_work = list != NULL;
	if (!q->first)
		q->last = &q->first;
	/* Half empty, so that waiters don't come and go with each message. */
	bool has_room = q->was_full && q->n <= q->n_max / 2 && q->bytes <= q->bytes_max / 2;
	if (has_room) {
		q->was_full = false;
		pthread_cond_broadcast(&q->emptied);
	}
	pthread_mutex_unlock(&q->lock);
	if (has_room && q->room)
		q->room(q->ctx);
	return list;
}

void queue_look(struct queue *q, size_t *out_n, size_t *out_bytes)
{
	pthread_mutex_lock(&q->lock);
	*out_n = q->n;
	*out_bytes = q->bytes;
	pthread_mutex_unlock(&q->lock);
}

bool queue_is_idle(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	bool is_idle = !q->n && !q->is_at_work;
	pthread_mutex_unlock(&q->lock);
	return is_idle;
}
