/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's record layer after a TLS 1.3 handshake, as its server has it (RFC 8446, 5 and what
 * of 4.6 and 6 comes then): application data, alerts, KeyUpdate, and no other message.  Works on
 * bytes alone; nothing of a record is given out before its tag was found right. */
#ifndef NET_TLS_RECORD_H
#define NET_TLS_RECORD_H

#include "net/tls_protect.h"

#include <stdbool.h>

/* RFC 8446, 6 */
enum tls_alert {
	TLS_CLOSE_NOTIFY = 0,
	TLS_UNEXPECTED_MESSAGE = 10,
	TLS_BAD_RECORD_MAC = 20,
	TLS_RECORD_OVERFLOW = 22,
	TLS_ILLEGAL_PARAMETER = 47,
	TLS_DECODE_ERROR = 50,
	TLS_INTERNAL_ERROR = 80,
	TLS_USER_CANCELED = 90,
};
enum {
	TLS_KEY_UPDATE = 24,
	TLS_KEY_UPDATE_BYTES = 5,
	TLS_KEY_UPDATE_RECORD = TLS_KEY_UPDATE_BYTES + TLS_OVERHEAD,
	TLS_QUIET_MAX = 32, /* records in a row that bring no data */
	/* Of a key that we write with.  5.5 says 2^24.5 for AES-GCM. */
	TLS_RECORDS_MAX = 1 << 24,
};

struct tls_record {
	struct tls_key read, write;
	uint32_t records_max;
	uint8_t suite;     /* enum tls_suite */
	uint8_t alert;     /* to say at the end: TLS_CLOSE_NOTIFY, or what was wrong */
	bool is_cut;       /* the other side said what was wrong: nothing is answered */
	bool is_ended;     /* the last alert is sealed */
	bool owes_update;  /* asked for a KeyUpdate of ours */
	uint8_t quiet_n;   /* TLS_QUIET_MAX */
	uint8_t message_n; /* of a handshake message so far */
	uint8_t message[TLS_KEY_UPDATE_BYTES];
	/* While OpenSSL still has the connection (tls_take.h). */
	bool has_read, has_write, is_odd;
	/* What is sealed and not yet sent. */
	uint8_t *unsent;
	uint32_t unsent_n, unsent_at;
};

struct tls_record *tls_record_new(void);
/* Wipes the keys; NULL: nothing. */
void tls_record_free(struct tls_record *r, struct tls_ciphers *c);

/* Takes the record that `in` begins with.  Of data, *out_n bytes are at out, which has room for in.n.
 * *used 0: it is not all there.  UC_E_CLOSED: the other side has said that it is done.  UC_E_TLS:
 * the connection has to end; r->alert and r->is_cut say what to say. */
uc_err UC_MUST_USE tls_record_open(struct tls_record *r, struct tls_ciphers *c, struct view in,
				   size_t *used, uint8_t *out, size_t *out_n);
/* Seals as much of the data as fits into `room` bytes at out in records that are full but for the
 * last; says how much that was.  A KeyUpdate goes first where one is due.  UC_E_TLS. */
uc_err UC_MUST_USE tls_record_seal(struct tls_record *r, struct tls_ciphers *c, struct view data,
				   uint8_t *out, size_t room, size_t *used, size_t *out_n);
/* The alert at the end; *out_n 0 when there is nothing to say (any more).  At out is room for
 * TLS_OVERHEAD + 2. */
uc_err UC_MUST_USE tls_record_end(struct tls_record *r, struct tls_ciphers *c, uint8_t *out,
				  size_t *out_n);

#endif
