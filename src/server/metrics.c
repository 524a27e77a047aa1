/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics.h"

struct description {
	const char *name;
	enum metric_kind kind;
	enum metric_scope scope;
	enum metric_unit unit;
	const char *help;
};
static const struct description descriptions[METRICS_N] = {
#define METRIC_DESCRIPTION(name, kind, scope, unit, help) \
	{ #name, METRIC_##kind, METRIC_##scope, METRIC_##unit, help },
	METRICS(METRIC_DESCRIPTION)
#undef METRIC_DESCRIPTION
};
static const char *const errors[METRIC_ERRORS_N] = { "UC_OK",
#define METRIC_ERROR_NAME(name, number, text) #name,
						     UC_ERRORS(METRIC_ERROR_NAME)
#undef METRIC_ERROR_NAME
};

struct writer {
	struct buf *out;
	const struct metrics_row *rows; /* of one app, or of the whole */
	size_t n;
	const struct metrics_names *names;
	enum metric which;
};

static void add_lower(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_add_byte(out, (uint8_t)(*text >= 'A' && *text <= 'Z' ? *text | 0x20 : *text));
}

void metrics_add_name(struct buf *out, enum metric which)
{
	static const char *const units[] = { "", "_seconds", "_bytes" };
	buf_add_str(out, "undercroft_");
	add_lower(out, descriptions[which].name);
	buf_add_str(out, units[descriptions[which].unit]);
}

/* The family's three lines, in the order that the format's examples have. */
static void add_head(struct buf *out, enum metric which)
{
	static const char *const kinds[] = { "counter", "gauge", "histogram", "counter",
					     "counter" };
	static const char *const units[] = { "", "seconds", "bytes" };
	const struct description *d = &descriptions[which];
	buf_add_str(out, "# TYPE ");
	metrics_add_name(out, which);
	buf_printf(out, " %s\n", kinds[d->kind]);
	if (d->unit) {
		buf_add_str(out, "# UNIT ");
		metrics_add_name(out, which);
		buf_printf(out, " %s\n", units[d->unit]);
	}
	buf_add_str(out, "# HELP ");
	metrics_add_name(out, which);
	buf_printf(out, " %s\n", d->help);
}

/* Microseconds as seconds, exactly and with a point. */
static void add_seconds(struct buf *out, uint64_t us)
{
	unsigned fraction = (unsigned)(us % 1000000);
	char digits[8];
	for (int i = 5; i >= 0; i--, fraction /= 10)
		digits[i] = (char)('0' + fraction % 10);
	int n = 6;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	buf_printf(out, "%llu.%.*s", (unsigned long long)(us / 1000000), n, digits);
}

static uint64_t sum(const struct writer *w, size_t offset)
{
	uint64_t total = 0;
	for (size_t i = 0; i < w->n; i++) {
		const uint8_t *base = (const uint8_t *)w->rows[i].counted;
		total += metric_count_get((const metric_count *)(const void *)(base + offset));
	}
	return total;
}

static void add_value(const struct writer *w, uint64_t value)
{
	/* What one thread adds and another takes away is out of step for a moment. */
	if (value > INT64_MAX)
		value = 0;
	if (descriptions[w->which].unit == METRIC_SECONDS)
		add_seconds(w->out, value);
	else
		buf_printf(w->out, "%llu", (unsigned long long)value);
	buf_add_byte(w->out, '\n');
}

/* Name and labels of a sample; each of the labels may be NULL. */
static void add_sample(const struct writer *w, const char *suffix, const char *kind,
		       const char *error)
{
	const char *app = w->rows[0].app;
	metrics_add_name(w->out, w->which);
	buf_add_str(w->out, suffix);
	if (app)
		buf_printf(w->out, "{app=\"%s\"", app);
	if (kind) {
		buf_printf(w->out, "%skind=\"", app ? "," : "{");
		add_lower(w->out, kind);
		buf_add_byte(w->out, '"');
	}
	if (error)
		buf_printf(w->out, ",error=\"%s\"", error);
	buf_add_str(w->out, app || kind ? "} " : " ");
}

static void add_bucket(const struct writer *w, size_t bucket, uint64_t value)
{
	const char *app = w->rows[0].app;
	metrics_add_name(w->out, w->which);
	buf_add_str(w->out, "_bucket{");
	if (app)
		buf_printf(w->out, "app=\"%s\",", app);
	buf_add_str(w->out, "le=\"");
	if (bucket < METRIC_BUCKETS_N)
		add_seconds(w->out, metric_bucket_ends[bucket]);
	else
		buf_add_str(w->out, "+Inf");
	buf_printf(w->out, "\"} %llu\n", (unsigned long long)value);
}

#define OF_VALUE(which) (offsetof(struct metrics, value) + (which) * sizeof(metric_count))

static void add_histogram(const struct writer *w)
{
	uint64_t count = 0;
	for (size_t i = 0; i <= METRIC_BUCKETS_N; i++) {
		count += sum(w, offsetof(struct metrics, buckets) +
					(w->which * (METRIC_BUCKETS_N + 1) + i) *
						sizeof(metric_count));
		add_bucket(w, i, count);
	}
	add_sample(w, "_count", NULL, NULL);
	buf_printf(w->out, "%llu\n", (unsigned long long)count);
	add_sample(w, "_sum", NULL, NULL);
	add_value(w, sum(w, OF_VALUE(w->which)));
}

/* Only what there has been: most kinds never meet most errors. */
static void add_requests(const struct writer *w)
{
	for (unsigned kind = 0; kind < METRIC_KINDS_N; kind++) {
		const char *name = w->names->request ? w->names->request(kind) : NULL;
		for (size_t e = 0; name && e < METRIC_ERRORS_N; e++) {
			uint64_t n =
				sum(w, offsetof(struct metrics, requests) +
					       (kind * METRIC_ERRORS_N + e) * sizeof(metric_count));
			if (!n)
				continue;
			add_sample(w, "_total", name, errors[e]);
			add_value(w, n);
		}
	}
}

static void add_limits(const struct writer *w)
{
	for (unsigned limit = 0; limit < METRIC_LIMITS_N; limit++) {
		const char *name = w->names->limit ? w->names->limit(limit) : NULL;
		uint64_t n =
			sum(w, offsetof(struct metrics, limited) + limit * sizeof(metric_count));
		if (!name || !n)
			continue;
		add_sample(w, "_total", name, NULL);
		add_value(w, n);
	}
}

static void add_samples(const struct writer *w)
{
	switch (descriptions[w->which].kind) {
	case METRIC_HISTOGRAM:
		add_histogram(w);
		break;
	case METRIC_BY_KIND:
		add_requests(w);
		break;
	case METRIC_BY_LIMIT:
		add_limits(w);
		break;
	case METRIC_COUNTER:
		add_sample(w, "_total", NULL, NULL);
		add_value(w, sum(w, OF_VALUE(w->which)));
		break;
	case METRIC_GAUGE:
		add_sample(w, "", NULL, NULL);
		add_value(w, sum(w, OF_VALUE(w->which)));
		break;
	}
}

static bool is_of_apps(enum metric which)
{
	enum metric_scope scope = descriptions[which].scope;
	return scope == METRIC_APP || scope == METRIC_SAMPLED_APP;
}

void metrics_add_text(struct buf *out, const struct metrics_row *rows, size_t n,
		      const struct metrics_names *names)
{
	for (int which = 0; which < METRICS_N; which++) {
		add_head(out, (enum metric)which);
		for (size_t i = 0, end; i < n; i = end) {
			end = i + 1;
			while (end < n && rows[end].app == rows[i].app)
				end++;
			struct writer w = { out, rows + i, end - i, names, (enum metric)which };
			if (is_of_apps(w.which) == (rows[i].app != NULL))
				add_samples(&w);
		}
	}
	buf_add_str(out, "# EOF\n");
}
