/* SPDX-License-Identifier: Apache-2.0 */
#include "server/measure.h"

#include "base/heap.h"
#include "server/sampled.h"

/* Two rows for each app, its own counts and what is looked up; then those of no app. */
struct measured {
	struct metrics_row rows[BACKBONE_PARTS_MAX + CONFIG_APPS_MAX + 1];
	size_t n;
	struct metrics *looked_up; /* an app's each, then the whole's */
};

static void queue_look_up(struct metrics *m, struct queue *q)
{
	size_t n = 0, bytes = 0;
	queue_look(q, &n, &bytes);
	metrics_set(m, METRIC_QUEUE_MESSAGES, n);
	metrics_set(m, METRIC_QUEUE_SIZE, bytes);
}

static void add(struct measured *all, const char *app, const struct metrics *m)
{
	if (m)
		all->rows[all->n++] = (struct metrics_row){ app, m };
}

static void look_up(struct backbone *b, struct measured *all)
{
	const struct config *c = backbone_config(b);
	struct metrics *whole = &all->looked_up[c->apps_n];
	struct backbone_part parts[BACKBONE_PARTS_MAX];
	size_t n = backbone_parts(b, parts, NULL), waiting = 0;
	for (size_t i = 0; i < n; i++) {
		size_t count = 0, bytes = 0;
		add(all, parts[i].app < c->apps_n ? c->apps[parts[i].app].name : NULL,
		    parts[i].counted);
		if (!parts[i].queue)
			continue;
		if (parts[i].app < c->apps_n) {
			struct metrics *m = &all->looked_up[parts[i].app];
			queue_look_up(m, parts[i].queue);
			sampled_stores(m, c, parts[i].app);
			sampled_certificate(m, &c->apps[parts[i].app]);
			add(all, c->apps[parts[i].app].name, m);
		} else {
			queue_look(parts[i].queue, &count, &bytes);
			waiting += count;
		}
	}
	metrics_set(whole, METRIC_FRONT_QUEUE_MESSAGES, waiting);
	metrics_set(whole, METRIC_DRAINING, backbone_is_draining(b));
	sampled_process(whole, backbone_start_us(b));
	sampled_disk(whole, c->data);
	add(all, NULL, whole);
}

void measure_add_text(struct backbone *b, struct buf *out)
{
	struct measured all = { .n = 0 };
	all.looked_up = heap_new((backbone_config(b)->apps_n + 1) * sizeof *all.looked_up);
	if (!all.looked_up) {
		out->failed = UC_E_MEMORY;
		return;
	}
	look_up(b, &all);
	metrics_add_text(out, all.rows, all.n, backbone_metric_names(b));
	heap_free(all.looked_up);
}
