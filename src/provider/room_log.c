/* SPDX-License-Identifier: Apache-2.0 */
/* The room log: entries and their chain. */
#include "base/planted.h"
#include "provider/repeats.h"

uc_err chain_extend(uint8_t chain[CHAIN_HASH], uint64_t seq, struct view fanout)
{
	uint8_t number[8], hash[SHA256_BYTES], next[CHAIN_HASH];
	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)(seq >> 8 * (7 - i));
	TRY(sha256(fanout, hash));
	struct view parts[] = {
		VIEW_LIT("Undercroft log 1"), { chain, CHAIN_HASH }, VIEW_OF(number), VIEW_OF(hash)
	};
	TRY(sha256_parts(parts, 4, next));
	memcpy(chain, next, CHAIN_HASH);
	return UC_OK;
}

void log_step_begin(struct log_step *s, struct provider *p, struct room_live *r, struct arena *a)
{
	*s = (struct log_step){ .p = p, .room = r, .a = a, .record = r->record };
	s->last = &s->first;
	store_batch_init(&s->batch, r->uri);
}

void log_step_drop(struct log_step *s)
{
	store_batch_done(&s->batch);
}

uint64_t log_step_now(const struct log_step *s)
{
	uint64_t now = env_now_ms(s->p->env);
	return now > s->record.last_ms || PLANTED(clock_assumption) ? now : s->record.last_ms;
}

/* One piece of memory for the log and all who read it: the fanout, and before it what stands there, when
 * its hash is known. */
static uc_err entry_make(struct log_step *s, struct view fanout, struct step_entry *e)
{
	struct log_entry entry = { .version = LOG_ENTRY_VERSION,
				   .seq = s->record.next,
				   .fanout = fanout };
	uint8_t head[ENTRY_HEAD_MAX];
	if (entry.fanout.n > ENTRY_BYTES_MAX)
		return UC_E_TOO_LARGE;
	TRY(chain_extend(s->record.chain, entry.seq, entry.fanout));
	memcpy(entry.chain, s->record.chain, CHAIN_HASH);
	size_t n = entry_frame_head(head, &entry);
	e->frame_n = n + entry.fanout.n;
	e->frame = arena_take(s->a, e->frame_n);
	if (!e->frame)
		return UC_E_LIMIT;
	memcpy(e->frame, head, n);
	memcpy(e->frame + n, entry.fanout.p, entry.fanout.n);
	e->seq = entry.seq;
	e->fanout = view_make(e->frame + n, entry.fanout.n);
	memcpy(e->chain, entry.chain, CHAIN_HASH);
	return UC_OK;
}

static uc_err add(struct log_step *s, uint64_t timestamp, struct view fanout, uint64_t mark)
{
	struct store_key k;
	struct step_entry *e = ARENA_NEW(s->a, struct step_entry);
	if (!e)
		return UC_E_LIMIT;
	TRY(entry_make(s, fanout, e));
	e->mark = mark;
	store_log_append_lent(
		&s->batch, key_1(&k, TABLE_LOG, s->room->uri), e->seq,
		view_make(e->frame + ENTRY_FRAME_HEAD, e->frame_n - ENTRY_FRAME_HEAD));
	s->record.next++;
	s->record.last_ms = timestamp;
	*s->last = s->latest = e;
	s->last = &e->next;
	return UC_OK;
}

uc_err log_step_add_bytes(struct log_step *s, uint64_t timestamp, struct view fanout)
{
	return add(s, timestamp, fanout, 0);
}

uc_err log_step_add(struct log_step *s, const struct fanout_message *m, const uint8_t *hash)
{
	struct buf fanout;
	uint8_t own[SHA256_BYTES];
	if (!hash)
		TRY(sha256(m->message, own));
	buf_init(&fanout, FRAME_MAX);
	(void)buf_reserve(&fanout, m->message.n + 256);
	uc_err err = wire_encode(&fanout, fanout_message_element, m);
	if (!err)
		err = add(s, m->timestamp, buf_view(&fanout), repeats_mark(hash ? hash : own));
	buf_done(&fanout);
	return err;
}

uc_err log_step_own(struct log_step *s, struct view client, uint64_t timestamp,
		    const struct frank *frank)
{
	struct seat_live *seat = room_seat_find(s->p, s->room, client);
	if (!seat || !(seat->session->features & 1u << FEATURE_ENTRY_OWN))
		return UC_OK;
	TRY(wire_encode_to(s->a, frank_element, frank, &s->latest->frank));
	s->latest->timestamp = timestamp;
	s->latest->own = seat;
	return UC_OK;
}

uc_err log_step_put_group(struct log_step *s)
{
	struct store_batch first;
	s->group_put = true;
	if (s->room->is_whole)
		group_whole_delete(&s->batch, s->room->uri);
	if (PLANTED(reordered_batch)) {
		store_batch_init(&first, s->room->uri);
		TRY(group_parts_put(&first, s->room->uri, s->room->group));
		return commit_rooms(s->p, &first);
	}
	return group_parts_put(&s->batch, s->room->uri, s->room->group);
}

static uc_err follow_up(struct log_step *s)
{
	if (s->group_put) {
		TRY(public_group_saved(s->room->group));
		s->room->is_whole = false;
		room_live_count(s->p, s->room);
	}
	return s->followers_changed ? room_live_followers(s->p, s->room) : UC_OK;
}

/* The record goes with changes of the group alone: of messages, the last one says it. */
static uc_err put_rest(struct log_step *s)
{
	struct store_key k;
	TRY(repeats_put(s));
	return s->group_put ? record_put(&s->batch, key_1(&k, TABLE_ROOM, s->room->uri),
					 room_record_element, &s->record)
			    : UC_OK;
}

uc_err log_step_commit(struct log_step *s)
{
	uc_err err = put_rest(s);
	if (err)
		store_batch_done(&s->batch);
	else
		err = commit_rooms(s->p, &s->batch);
	if (err) {
		room_live_drop(s->p, s->room);
		/* Nobody else writes here: a conflict says that what is stored is not what it was. */
		return err == UC_E_CONFLICT ? UC_E_CORRUPT : err;
	}
	s->room->record = s->record;
	repeats_add(s);
	recent_add(s);
	if (follow_up(s))
		room_live_drop(s->p, s->room);
	return UC_OK;
}

void log_step_tell(struct log_step *s)
{
	if (s->left_at)
		seats_live_end(s->p, s->room, s->left, s->left_at);
	for (const struct step_entry *e = s->first; e; e = e->next)
		seats_push_entry(s->p, s->room, e);
	fanout_later(s->p, s->room);
}
