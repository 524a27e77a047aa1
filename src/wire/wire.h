/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS presentation language of RFC 9420 (2.1), both directions: one walk per struct.
 *
 *	void wire_lifetime(struct wire *w, struct lifetime *l)
 *	{
 *		wire_u64(w, &l->not_before);
 *		wire_u64(w, &l->not_after);
 *	}
 *
 * reads or writes by the mode of w.  Primitives store through their pointer only when reading, so
 * a writer may be handed a const object (cast once, at the call of wire_encode).  Failure is
 * sticky and checked once, at the end.  What is read borrows from the bytes that were given;
 * lists and optional parts lie in the arena. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "base/arena.h"
#include "base/buf.h"

enum wire_mode { WIRE_READ, WIRE_WRITE };

struct wire {
	enum wire_mode mode;
	uc_err failed;
	const uint8_t *p, *end; /* reading: what is left */
	struct arena *mem;      /* reading: lists and options */
	struct buf *out;        /* writing */
	unsigned depth, count;  /* for walks that nest, or number what they meet: see cbor.h */
};

void wire_reader(struct wire *w, struct view in, struct arena *mem);
void wire_writer(struct wire *w, struct buf *out);
static inline bool wire_reading(const struct wire *w)
{
	return w->mode == WIRE_READ;
}
/* Marks the walk as failed (the first error stays) and stops reading. */
void wire_fail(struct wire *w, uc_err err);
/* The sticky error; reading also refuses left-over bytes (UC_E_TRAILING). */
uc_err UC_MUST_USE wire_finish(struct wire *w);

void wire_u8(struct wire *w, uint8_t *v);
void wire_u16(struct wire *w, uint16_t *v);
void wire_u32(struct wire *w, uint32_t *v);
void wire_u64(struct wire *w, uint64_t *v);
/* One byte, 0 or 1; anything else is malformed. */
void wire_bool(struct wire *w, bool *v);
/* opaque x[n]: into or out of the caller's array. */
void wire_fixed(struct wire *w, uint8_t *v, size_t n);
/* opaque x[n] as a view; writing, v->n must be n. */
void wire_fixed_view(struct wire *w, struct view *v, size_t n);
/* opaque x<V> */
void wire_bytes(struct wire *w, struct view *v);
/* Everything up to the end of the current window, without a length. */
void wire_rest(struct wire *w, struct view *v);
/* The length of a vector as RFC 9420, 2.1.2 writes it: 1, 2 or 4 bytes, shortest form only. */
void wire_length(struct wire *w, size_t *n);

/* One element of a list or an optional part. */
typedef void wire_element(struct wire *w, void *v);

/* T x<V>, elements of `size` bytes in memory.  Use WIRE_LIST. */
void wire_list(struct wire *w, void **v, size_t *n, size_t size, wire_element *each);
/* optional<T>.  Use WIRE_OPTION. */
void wire_option(struct wire *w, void **v, size_t size, wire_element *each);

/* l is a pointer to a struct { T *v; size_t n; } */
#define WIRE_LIST(w, l, each)                                              \
	do {                                                               \
		void *list_v_ = (l)->v;                                    \
		wire_list((w), &list_v_, &(l)->n, sizeof *(l)->v, (each)); \
		if (wire_reading(w))                                       \
			(l)->v = list_v_;                                  \
	} while (0)
/* pp is a pointer to a T *, NULL when absent. */
#define WIRE_OPTION(w, pp, each)                                     \
	do {                                                         \
		void *option_v_ = *(pp);                             \
		wire_option((w), &option_v_, sizeof **(pp), (each)); \
		if (wire_reading(w))                                 \
			*(pp) = option_v_;                           \
	} while (0)
/* Defines static void NAME_element(struct wire *, void *) around wire_NAME. */
#define WIRE_ELEMENT(name)                                  \
	static void name##_element(struct wire *w, void *v) \
	{                                                   \
		wire_##name(w, v);                          \
	}

/* Elements for the commonest lists. */
void u16_element(struct wire *w, void *v);   /* uint16_t */
void u32_element(struct wire *w, void *v);   /* uint32_t */
void bytes_element(struct wire *w, void *v); /* struct view, opaque<V> */

struct u16_list {
	uint16_t *v;
	size_t n;
};
struct u32_list {
	uint32_t *v;
	size_t n;
};

/* Whole objects.  Decoding needs all bytes used; encoding appends to out. */
uc_err UC_MUST_USE wire_decode(struct view in, struct arena *mem, wire_element *walk, void *object);
uc_err UC_MUST_USE wire_encode(struct buf *out, wire_element *walk, const void *object);
/* Encodes into the arena. */
uc_err UC_MUST_USE wire_encode_to(struct arena *mem, wire_element *walk, const void *object,
				  struct view *out);

/* The largest single object, bytes: a tree of some ten thousand members. */
#define WIRE_OBJECT_MAX ((size_t)64 * 1024 * 1024)

#endif
