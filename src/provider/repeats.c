/* SPDX-License-Identifier: Apache-2.0 */
/* Which message is which entry: so that one that comes again is answered as it was the first time.
 *
 * Of each of the latest entries eight bytes of SHA-256(message) are kept in memory, its mark, by
 * number, with an index by mark: 16 bytes an entry.  Of those before, in rows, there is a filter that
 * says of nearly each new message that it is not among them (repeats_past.h): some three bytes an entry;
 * where it may be, the row is read.  A hit is only a hint: the entry is read and compared.  When a room's
 * marks are not in memory they are read from the store, where each block of entries left one
 * record, and from the entries behind the last block. */
#include "provider/repeats.h"

#include "base/heap.h"
#include "base/planted.h"

enum {
	BLOCK = 64, /* entries whose marks are one record */
	CAP_LEAST = 16,
	ROOM_MAX = 1 << 22, /* marks of one room; what is older is a new message */
	ROWS = 32,          /* about so many filters, then the window grows */
	MARK_BYTES = sizeof(uint64_t) + 2 * sizeof(uint32_t),
	REST_MS = 10 * 60 * 1000,
};

uint64_t repeats_mark(const uint8_t hash[SHA256_BYTES])
{
	uint64_t mark = 0;
	for (int i = 0; i < 8; i++)
		mark = mark << 8 | hash[i];
	return mark ? mark : 1;
}

/* --- in memory --- */

static size_t place_of(const struct repeats *t, uint64_t mark)
{
	return (size_t)((mark * t->factor) >> 32) & (2 * t->cap - 1);
}

static size_t slot_of(const struct repeats *t, uint64_t seq)
{
	return (size_t)seq & (t->cap - 1);
}

static void index_add(struct repeats *t, uint64_t seq)
{
	size_t slot = slot_of(t, seq);
	size_t at = place_of(t, t->marks[slot]);
	while (t->index[at])
		at = (at + 1) & (2 * t->cap - 1);
	t->index[at] = (uint32_t)slot + 1;
	t->indexed++;
}

static void index_all(struct repeats *t)
{
	memset(t->index, 0, 2 * t->cap * sizeof *t->index);
	t->indexed = 0;
	for (uint64_t seq = t->first; seq < t->next; seq++)
		if (t->marks[slot_of(t, seq)])
			index_add(t, seq);
}

static void past_free(struct provider *p, struct repeats *t, struct repeats_past *x)
{
	size_t n = x->bytes / MARK_BYTES;
	t->past_n -= n;
	p->room_work->marks_n -= n;
	heap_free(x);
}

/* Rows of entries before this one alone; the oldest stand at the end of the list. */
static void past_drop(struct provider *p, struct repeats *t, uint64_t before)
{
	struct repeats_past **at = &t->past;
	while (*at && (*at)->end > before)
		at = &(*at)->next;
	while (*at) {
		struct repeats_past *x = *at;
		*at = x->next;
		past_free(p, t, x);
	}
}

/* What it holds, but not itself. */
static void repeats_empty(struct provider *p, struct repeats *t)
{
	past_drop(p, t, UINT64_MAX);
	p->room_work->marks_n -= t->cap;
	heap_free(t->marks);
	heap_free(t->index);
}

static void repeats_free(struct provider *p, struct repeats *t)
{
	repeats_empty(p, t);
	room_line_remove(&t->marked);
	heap_free(t);
}

void repeats_drop(struct provider *p, struct room_live *r)
{
	if (r->repeats)
		repeats_free(p, r->repeats);
	r->repeats = NULL;
}

/* Rooms that were not used for long give theirs up, but for this one: they are read again. */
static void make_space(struct provider *p, const struct room_live *keep, size_t cap)
{
	struct room_line_link *l = p->room_work->marked.first;
	while (l && p->room_work->marks_n + cap > MARKS_LOADED_MAX) {
		struct room_line_link *next = l->next;
		if (l->room != keep)
			repeats_drop(p, l->room);
		l = next;
	}
}

void repeats_rest(struct provider *p, uint64_t now_ms)
{
	const struct room_line *line = &p->room_work->marked;
	while (line->first && line->first->room->repeats &&
	       is_due(now_ms, line->first->room->repeats->used_ms + REST_MS, REST_MS))
		repeats_drop(p, line->first->room);
}

static void used(struct provider *p, struct repeats *t)
{
	t->used_ms = env_now_ms(p->env);
	room_line_remove(&t->marked);
	room_line_add(&p->room_work->marked, &t->marked);
}

/* Room for as many, those that are there moved over. */
static uc_err resize(struct provider *p, struct repeats *t, size_t cap)
{
	/* Who makes space changes the line that it stands in. */
	make_space(p, t->marked.room, cap);
	struct repeats n = *t;
	n.cap = cap;
	n.marks = heap_new(cap * sizeof *n.marks);
	n.index = heap_new(2 * cap * sizeof *n.index);
	if (!n.marks || !n.index) {
		heap_free(n.marks);
		heap_free(n.index);
		return UC_E_MEMORY;
	}
	for (uint64_t seq = t->first; seq < t->next; seq++)
		n.marks[slot_of(&n, seq)] = t->marks[slot_of(t, seq)];
	heap_free(t->marks);
	heap_free(t->index);
	p->room_work->marks_n += cap - t->cap;
	*t = n;
	index_all(t);
	return UC_OK;
}

/* As many marks as a room has in memory when it has more. */
static size_t window_of(const struct provider *p, const struct repeats *t)
{
	size_t window = p->room_work->marks_window;
	while (window < (t->next - t->oldest) / ROWS)
		window *= 2;
	return window;
}

static uc_err past_make(struct provider *p, struct repeats *t, uint64_t end)
{
	size_t n = (size_t)(end - t->first);
	uint64_t *marks = heap_new(n * sizeof *marks);
	struct repeats_past *x;
	if (!marks)
		return UC_E_MEMORY;
	for (size_t i = 0; i < n; i++)
		marks[i] = t->marks[slot_of(t, t->first + i)];
	uc_err err = repeats_past_make(p->env, marks, n, t->first, &x);
	heap_free(marks);
	TRY(err);
	make_space(p, t->marked.room, x->bytes / MARK_BYTES);
	t->past_n += x->bytes / MARK_BYTES;
	p->room_work->marks_n += x->bytes / MARK_BYTES;
	x->next = t->past;
	t->past = x;
	return UC_OK;
}

/* The older half of the window becomes a row of its own, which ends with a block. */
static uc_err window_slide(struct provider *p, struct repeats *t)
{
	uint64_t end = (t->first + t->cap / 2) / BLOCK * BLOCK;
	TRY(past_make(p, t, end));
	t->first = end;
	if (t->next - t->oldest > ROOM_MAX) {
		t->oldest = t->next - ROOM_MAX;
		past_drop(p, t, t->oldest);
	}
	return UC_OK;
}

/* The next entry's mark. */
static uc_err append(struct provider *p, struct repeats *t, uint64_t mark)
{
	if (t->next - t->first == t->cap)
		TRY(t->cap < window_of(p, t) ? resize(p, t, 2 * t->cap) : window_slide(p, t));
	/* Places of marks that are gone are used again when all are gone through. */
	if (2 * t->indexed >= 3 * t->cap)
		index_all(t);
	t->marks[slot_of(t, t->next)] = mark;
	t->next++;
	if (mark)
		index_add(t, t->next - 1);
	return UC_OK;
}

/* The entry in this place of the index; 0: it has none with that mark. */
static uint64_t entry_at(const struct repeats *t, size_t at, uint64_t mark)
{
	size_t slot = t->index[at] - 1;
	uint64_t seq = t->next - 1 - ((slot_of(t, t->next - 1) - slot) & (t->cap - 1));
	return t->marks[slot] == mark && seq >= t->first && seq < t->next ? seq : 0;
}

/* --- from the store --- */

static struct view block_key(struct store_key *k, struct view room, uint64_t block)
{
	key_1(k, TABLE_REPEATS, room);
	store_key_add_u64(k, block);
	return store_key_view(k);
}

static uc_err entry_mark(struct view bytes, struct arena *a, uint64_t *mark)
{
	struct log_entry e;
	struct fanout_message m;
	uint8_t hash[SHA256_BYTES];
	if (wire_decode(bytes, a, log_entry_element, &e) ||
	    wire_decode(e.fanout, a, fanout_message_element, &m))
		return UC_E_CORRUPT;
	TRY(sha256(m.message, hash));
	*mark = repeats_mark(hash);
	return UC_OK;
}

/* Those up to `end`, from the entries themselves. */
static uc_err read_entries(struct provider *p, struct room_live *r, struct repeats *t, uint64_t end)
{
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	struct arena a;
	uint64_t seq;
	uc_err err = UC_OK;
	if (t->next >= end)
		return UC_OK;
	TRY(store_log_scan_init(&scan, p->rooms, key_1(&k, TABLE_LOG, r->uri), t->next, 0, 0));
	arena_init(&a, ROOM_MEMORY_MAX, ARENA_PLAIN);
	while (!err && t->next < end && store_log_scan_next(&scan, &seq, &bytes)) {
		struct arena_mark before = arena_mark(&a);
		uint64_t mark;
		err = entry_mark(bytes, &a, &mark);
		if (!err)
			err = append(p, t, mark);
		arena_reset(&a, before);
	}
	if (!err)
		err = scan.scan.failed;
	if (!err && t->next < end)
		err = UC_E_CORRUPT;
	arena_done(&a);
	store_log_scan_done(&scan);
	return err;
}

static uc_err read_block(struct provider *p, struct repeats *t, uint64_t from, struct view marks)
{
	for (uint64_t i = t->next - from; i < BLOCK; i++) {
		uint64_t mark = 0;
		for (int k = 0; k < 8; k++)
			mark = mark << 8 | marks.p[8 * i + (uint64_t)k];
		TRY(append(p, t, mark));
	}
	return UC_OK;
}

/* A block counts when all its entries are there: before, it may be of a log that ended elsewhere. */
static uc_err take_block(struct provider *p, struct room_live *r, struct repeats *t, uint64_t end,
			 struct view key, struct view value, struct arena *a)
{
	struct store_key_reader k;
	struct repeats_record record;
	store_key_read(&k, key);
	store_key_read_bytes(&k, a);
	uint64_t from = store_key_read_u64(&k) * BLOCK;
	TRY(store_key_read_done(&k));
	if (from + BLOCK <= t->next || from + BLOCK > end)
		return UC_OK;
	if (wire_decode(value, a, repeats_record_element, &record) || record.marks.n != 8 * BLOCK)
		return UC_E_CORRUPT;
	TRY(read_entries(p, r, t, from));
	return read_block(p, t, from, record.marks);
}

/* All marks from t->next to before an entry. */
static uc_err read_blocks(struct provider *p, struct room_live *r, struct repeats *t, uint64_t end)
{
	struct store_scan scan;
	struct store_key prefix, start;
	struct view key, value;
	struct arena a;
	uc_err err = UC_OK;
	TRY(store_scan_init(&scan, p->rooms, key_1(&prefix, TABLE_REPEATS, r->uri),
			    block_key(&start, r->uri, t->next / BLOCK), 0));
	arena_init(&a, ROOM_MEMORY_MAX, ARENA_PLAIN);
	while (!err && t->next < end && store_scan_next(&scan, &key, &value)) {
		struct arena_mark before = arena_mark(&a);
		err = take_block(p, r, t, end, key, value, &a);
		arena_reset(&a, before);
	}
	if (!err)
		err = scan.failed;
	arena_done(&a);
	store_scan_done(&scan);
	while (PLANTED(dedupe_hole) && !err && t->next < end)
		err = append(p, t, 0);
	return err ? err : read_entries(p, r, t, end);
}

static uc_err fill(struct provider *p, struct room_live *r, struct repeats *t)
{
	struct store_log_bounds bounds = { .first = r->record.next };
	struct store_key k;
	size_t cap = CAP_LEAST;
	uc_err err = store_log_bounds(p->rooms, key_1(&k, TABLE_LOG, r->uri), &bounds);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	TRY(env_random(p->env, (uint8_t *)&t->factor, sizeof t->factor));
	t->factor |= 1;
	if (r->record.next - bounds.first > ROOM_MAX)
		bounds.first = r->record.next - ROOM_MAX;
	while (cap < r->record.next - bounds.first && cap < p->room_work->marks_window)
		cap *= 2;
	t->first = t->next = t->oldest = bounds.first;
	TRY(resize(p, t, cap));
	return read_blocks(p, r, t, r->record.next);
}

static uc_err load(struct provider *p, struct room_live *r)
{
	if (r->repeats)
		return UC_OK;
	struct repeats *t = HEAP_NEW(struct repeats);
	if (!t)
		return UC_E_MEMORY;
	t->marked.room = r;
	uc_err err = fill(p, r, t);
	if (err) {
		repeats_free(p, t);
		return err;
	}
	r->repeats = t;
	used(p, t);
	return UC_OK;
}

/* --- what the room asks --- */

static uc_err entry_read(struct provider *p, struct room_live *r, uint64_t seq, struct arena *a,
			 struct fanout_message *out)
{
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes, copy;
	struct log_entry e;
	uint64_t at;
	TRY(store_log_scan_init(&scan, p->rooms, key_1(&k, TABLE_LOG, r->uri), seq, 1, 0));
	uc_err err = UC_E_NOT_FOUND; /* trimmed */
	if (store_log_scan_next(&scan, &at, &bytes) && at == seq)
		err = arena_copy(a, bytes, &copy);
	else if (scan.scan.failed)
		err = scan.scan.failed;
	store_log_scan_done(&scan);
	TRY(err);
	if (wire_decode(copy, a, log_entry_element, &e) ||
	    wire_decode(e.fanout, a, fanout_message_element, out))
		return UC_E_CORRUPT;
	return UC_OK;
}

static uc_err window_find(struct provider *p, struct room_live *r, const struct repeats *t,
			  uint64_t mark, struct view message, struct arena *a,
			  struct fanout_message *out, uint64_t *seq)
{
	for (size_t at = place_of(t, mark); t->index[at]; at = (at + 1) & (2 * t->cap - 1)) {
		uint64_t found = entry_at(t, at, mark);
		uc_err err = found ? entry_read(p, r, found, a, out) : UC_E_NOT_FOUND;
		if (err && err != UC_E_NOT_FOUND)
			return err;
		if (!err && view_equal(out->message, message)) {
			*seq = found;
			return UC_OK;
		}
	}
	return UC_E_NOT_FOUND;
}

/* In a row whose filter says that it may be there: its marks are read from the store. */
static uc_err past_find(struct provider *p, struct room_live *r, const struct repeats_past *x,
			uint64_t mark, struct view message, struct arena *a,
			struct fanout_message *out, uint64_t *seq)
{
	struct repeats t = { .first = x->first, .next = x->first, .oldest = x->first };
	size_t cap = CAP_LEAST;
	while (cap < x->end - x->first)
		cap *= 2;
	t.marked.room = r;
	t.factor = r->repeats->factor;
	uc_err err = resize(p, &t, cap);
	if (!err)
		err = read_blocks(p, r, &t, x->end);
	if (!err)
		err = window_find(p, r, &t, mark, message, a, out, seq);
	repeats_empty(p, &t);
	return err;
}

uc_err repeats_find(struct provider *p, struct room_live *r, uint64_t mark, struct view message,
		    struct arena *a, struct fanout_message *out, uint64_t *seq)
{
	TRY(load(p, r));
	used(p, r->repeats);
	uc_err err = window_find(p, r, r->repeats, mark, message, a, out, seq);
	const struct repeats_past *x = r->repeats->past;
	for (; err == UC_E_NOT_FOUND && x; x = x->next)
		if (repeats_past_may_have(x, mark))
			err = past_find(p, r, x, mark, message, a, out, seq);
	return err;
}

/* Of an entry that is in memory, or one of the step. */
static uint64_t mark_of(const struct log_step *s, uint64_t seq)
{
	const struct repeats *t = s->room->repeats;
	for (const struct step_entry *e = s->first; e; e = e->next)
		if (e->seq == seq)
			return e->mark;
	return seq >= t->first && seq < t->next ? t->marks[slot_of(t, seq)] : 0;
}

static uc_err block_put(struct log_step *s, uint64_t block)
{
	uint8_t marks[8 * BLOCK];
	struct store_key k;
	const struct repeats_record record = { .marks = VIEW_OF(marks) };
	for (uint64_t i = 0; i < BLOCK; i++) {
		uint64_t mark = mark_of(s, block * BLOCK + i);
		for (int b = 0; b < 8; b++)
			marks[8 * i + (uint64_t)b] = (uint8_t)(mark >> 8 * (7 - b));
	}
	return record_put(&s->batch, block_key(&k, s->room->uri, block), repeats_record_element,
			  &record);
}

uc_err repeats_put(struct log_step *s)
{
	if (s->record.part != ROOM_HUB)
		return UC_OK;
	for (const struct step_entry *e = s->first; e; e = e->next) {
		if (e->seq % BLOCK != BLOCK - 1)
			continue;
		TRY(load(s->p, s->room));
		TRY(block_put(s, e->seq / BLOCK));
	}
	return UC_OK;
}

void repeats_add(struct log_step *s)
{
	struct room_live *r = s->room;
	for (const struct step_entry *e = s->first; e && r->repeats; e = e->next)
		if (e->seq != r->repeats->next || append(s->p, r->repeats, e->mark))
			repeats_drop(s->p, r); /* it is read again */
}

void repeats_trim(struct store_batch *b, struct view room, uint64_t first, uint64_t kept)
{
	struct store_key k;
	for (uint64_t block = first / BLOCK; block < kept / BLOCK; block++)
		store_delete(b, block_key(&k, room, block));
}

void repeats_trimmed(struct provider *p, struct room_live *r, uint64_t kept)
{
	struct repeats *t = r->repeats;
	if (!t)
		return;
	uint64_t to = kept < t->next ? kept : t->next;
	past_drop(p, t, to);
	for (struct repeats_past *x = t->past; x; x = x->next)
		if (x->first < to)
			x->first = to;
	if (t->first < to)
		t->first = to;
	if (t->oldest < to)
		t->oldest = to;
}
