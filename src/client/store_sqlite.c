/* SPDX-License-Identifier: Apache-2.0 */
/* The client's store in one SQLite file: a table of opaque keys and values.  Deleted values are
 * overwritten, the write-ahead log is emptied at every close, and one process has it at a time. */
#include "base/heap.h"
#include "base/view.h"
#include "undercroft/undercroft.h"

#include "base/error.h"

#include <limits.h>
#include <sqlite3.h>

enum { STATEMENT_PUT, STATEMENT_DELETE, STATEMENT_GET, STATEMENT_COUNT };
enum { FILE_VERSION = 1 }; /* PRAGMA user_version */

struct store_sqlite {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENT_COUNT];
};

static uc_err error_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return UC_OK;
	case SQLITE_FULL:
		return UC_E_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return UC_E_LOCKED;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return UC_E_CORRUPT;
	case SQLITE_NOMEM:
		return UC_E_MEMORY;
	default:
		return UC_E_STORE;
	}
}

static uc_err run(struct store_sqlite *s, const char *sql)
{
	return error_of(sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

static uc_err bind(sqlite3_stmt *st, int at, const uint8_t *p, size_t n)
{
	static const uint8_t none[1];
	if (n > INT_MAX)
		return UC_E_TOO_LARGE;
	return error_of(sqlite3_bind_blob(st, at, p ? p : none, (int)n, SQLITE_STATIC));
}

static uc_err change_apply(struct store_sqlite *s, const struct uc_store_change *c)
{
	sqlite3_stmt *st = s->statement[c->value ? STATEMENT_PUT : STATEMENT_DELETE];
	uc_err err = bind(st, 1, c->key, c->key_n);
	if (!err && c->value)
		err = bind(st, 2, c->value, c->value_n);
	if (!err)
		err = error_of(sqlite3_step(st));
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return err;
}

static uc_err sqlite_commit(void *store, const struct uc_store_change *changes, size_t n)
{
	struct store_sqlite *s = store;
	TRY(run(s, "BEGIN IMMEDIATE"));
	uc_err err = UC_OK;
	for (size_t i = 0; i < n && !err; i++)
		err = change_apply(s, &changes[i]);
	if (!err)
		err = run(s, "COMMIT");
	if (err && !sqlite3_get_autocommit(s->db)) {
		uc_err undone = run(s, "ROLLBACK");
		if (undone)
			return undone;
	}
	return err;
}

static struct view column(sqlite3_stmt *st, int at)
{
	const void *p = sqlite3_column_blob(st, at);
	return (struct view){ p, (size_t)sqlite3_column_bytes(st, at) };
}

static uc_err sqlite_get(void *store, const uint8_t *key, size_t key_n, uc_store_each *each,
			 void *ctx)
{
	struct store_sqlite *s = store;
	sqlite3_stmt *st = s->statement[STATEMENT_GET];
	uc_err err = bind(st, 1, key, key_n);
	int rc = err ? SQLITE_DONE : sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		struct view value = column(st, 0);
		each(ctx, key, key_n, value.p, value.n);
	}
	if (!err)
		err = error_of(rc);
	sqlite3_reset(st);
	return err;
}

static uc_err scan_rows(sqlite3_stmt *st, struct view prefix, uc_store_each *each, void *ctx)
{
	for (;;) {
		int rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			return error_of(rc);
		struct view key = column(st, 0), value = column(st, 1);
		if (!view_starts_with(key, prefix))
			return UC_OK;
		if (!each(ctx, key.p, key.n, value.p, value.n))
			return UC_OK;
	}
}

static uc_err sqlite_scan(void *store, const uint8_t *prefix, size_t prefix_n, const uint8_t *from,
			  size_t from_n, uc_store_each *each, void *ctx)
{
	struct store_sqlite *s = store;
	struct view start = { prefix, prefix_n }, begin = { from, from_n };
	if (view_compare(begin, start) < 0)
		begin = start;
	/* A statement of its own: `each` may scan or get, too. */
	sqlite3_stmt *st = NULL;
	TRY(error_of(sqlite3_prepare_v2(s->db, "SELECT k, v FROM kv WHERE k >= ? ORDER BY k", -1,
					&st, NULL)));
	uc_err err = bind(st, 1, begin.p, begin.n);
	if (!err)
		err = scan_rows(st, start, each, ctx);
	sqlite3_finalize(st);
	return err;
}

static void sqlite_close(void *store)
{
	struct store_sqlite *s = store;
	for (int i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(s->statement[i]);
	if (s->db)
		sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(s->db);
	heap_free(s);
}

static uc_err prepare(struct store_sqlite *s)
{
	static const char *const sql[STATEMENT_COUNT] = {
		[STATEMENT_PUT] = "INSERT OR REPLACE INTO kv (k, v) VALUES (?, ?)",
		[STATEMENT_DELETE] = "DELETE FROM kv WHERE k = ?",
		[STATEMENT_GET] = "SELECT v FROM kv WHERE k = ?",
	};
	for (int i = 0; i < STATEMENT_COUNT; i++)
		TRY(error_of(sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
						&s->statement[i], NULL)));
	return UC_OK;
}

/* A file of a later version is left as it is. */
static uc_err version_check(struct store_sqlite *s)
{
	sqlite3_stmt *st = NULL;
	TRY(error_of(sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL)));
	int rc = sqlite3_step(st);
	int version = rc == SQLITE_ROW ? sqlite3_column_int(st, 0) : 0;
	sqlite3_finalize(st);
	TRY(error_of(rc));
	return version > FILE_VERSION ? UC_E_VERSION : UC_OK;
}

static uc_err open_file(struct store_sqlite *s, const char *path)
{
	TRY(error_of(sqlite3_open_v2(
		path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		NULL)));
	sqlite3_extended_result_codes(s->db, 1);
	TRY(run(s, "PRAGMA locking_mode=EXCLUSIVE"));
	TRY(run(s, "PRAGMA journal_mode=WAL"));
	TRY(run(s, "PRAGMA synchronous=FULL"));
	TRY(run(s, "PRAGMA secure_delete=ON"));
	/* A write makes the exclusive lock real before anything is read. */
	TRY(run(s, "BEGIN IMMEDIATE"));
	TRY(version_check(s));
	TRY(run(s, "CREATE TABLE IF NOT EXISTS kv (k BLOB PRIMARY KEY, v BLOB NOT NULL)"
		   " WITHOUT ROWID;"
		   "PRAGMA user_version=1;"
		   "COMMIT"));
	return prepare(s);
}

uc_err uc_store_sqlite_open(const char *path, const struct uc_store_ops **ops, void **store)
{
	static const struct uc_store_ops sqlite_ops = {
		.commit = sqlite_commit,
		.get = sqlite_get,
		.scan = sqlite_scan,
		.close = sqlite_close,
	};
	if (!path || !ops || !store)
		return UC_E_ARGUMENT;
	struct store_sqlite *s = HEAP_NEW(struct store_sqlite);
	if (!s)
		return UC_E_MEMORY;
	uc_err err = open_file(s, path);
	if (err) {
		sqlite_close(s);
		return err;
	}
	*ops = &sqlite_ops;
	*store = s;
	return UC_OK;
}
