/* SPDX-License-Identifier: Apache-2.0 */
/* Every error of the library: one list gives the code, its class, its name and its sentence.
 * Codes are stable: they travel in responses and stand in logs.  Add new ones at the end of their
 * class; never reuse a number.  The class is the high byte. */
#ifndef UNDERCROFT_ERRORS_H
#define UNDERCROFT_ERRORS_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef UC_API
#define UC_API __attribute__((visibility("default")))
#endif
#ifndef UC_MUST_USE
#define UC_MUST_USE __attribute__((warn_unused_result))
#endif

typedef int uc_err; /* 0 is success */

enum uc_err_class {
	UC_CLASS_OK = 0,
	UC_CLASS_USAGE = 1,    /* the caller asked for something that makes no sense */
	UC_CLASS_PROTOCOL = 2, /* bytes from outside break a rule */
	UC_CLASS_CRYPTO = 3,   /* a signature, tag or decryption failed */
	UC_CLASS_STATE = 4,    /* right, but not now: often worth a retry */
	UC_CLASS_LIMIT = 5,    /* too large, too many, too fast */
	UC_CLASS_STORE = 6,    /* durable state could not be read or written */
	UC_CLASS_NET = 7,      /* connection, TLS, peer */
	UC_CLASS_MEMORY = 8,
};
static inline enum uc_err_class uc_err_class(uc_err err)
{
	return (enum uc_err_class)((unsigned)err >> 8);
}

/* "UC_E_MALFORMED"; "UC_OK" for 0; "UC_E_UNKNOWN" for a number not in the list. */
UC_API const char *uc_err_name(uc_err err);
/* One sentence for people, without a full stop. */
UC_API const char *uc_err_text(uc_err err);

/* X(code, number, sentence) */
/* clang-format off */
#define UC_ERRORS(X) \
	X(UC_E_ARGUMENT,            0x0101, "an argument is missing or makes no sense") \
	X(UC_E_UNSUPPORTED,         0x0102, "this is not supported here") \
	X(UC_E_NOT_FOUND,           0x0103, "there is no such thing") \
	X(UC_E_EXISTS,              0x0104, "it exists already") \
	X(UC_E_CONFIG,              0x0105, "the configuration has a mistake") \
	X(UC_E_NAME,                0x0106, "the number, handle or address is not valid") \
	\
	X(UC_E_MALFORMED,           0x0201, "the bytes do not have the form they should have") \
	X(UC_E_TRAILING,            0x0202, "there are bytes after the end") \
	X(UC_E_VERSION,             0x0203, "the version is not supported") \
	X(UC_E_SUITE,               0x0204, "the cipher suite is not supported or not the group's") \
	X(UC_E_UNEXPECTED,          0x0205, "this message is not expected here") \
	X(UC_E_POLICY,              0x0206, "the room's rules do not allow this") \
	X(UC_E_TEXT,                0x0207, "the text is not valid UTF-8") \
	X(UC_E_CBOR,                0x0208, "the CBOR is not valid or not deterministic") \
	X(UC_E_CHAIN,               0x0209, "the log's chain does not continue") \
	X(UC_E_FRAME,               0x020a, "the frame is not valid") \
	X(UC_E_NOT_ALLOWED,         0x020b, "this is not allowed") \
	X(UC_E_DIFFERENT_REQUEST,   0x020c, "another request was made under this id") \
	X(UC_E_WITHHELD,            0x020d, "something that others have had does not come") \
	\
	X(UC_E_DECRYPT,             0x0301, "the message could not be decrypted") \
	X(UC_E_SIGNATURE,           0x0302, "a signature does not verify") \
	X(UC_E_MAC,                 0x0303, "a tag does not verify") \
	X(UC_E_KEY,                 0x0304, "a key is not valid") \
	X(UC_E_RANDOM,              0x0305, "the system gave no randomness") \
	X(UC_E_CRYPTO,              0x0306, "a cryptographic operation failed") \
	X(UC_E_PROOF,               0x0307, "the participant's proof does not verify") \
	X(UC_E_FRANK,               0x0308, "the frank does not match the message") \
	X(UC_E_INTRODUCTION,        0x0309, "the introduction does not verify") \
	\
	X(UC_E_EPOCH_PAST,          0x0401, "the message belongs to an earlier epoch") \
	X(UC_E_EPOCH_FUTURE,        0x0402, "the message belongs to a later epoch") \
	X(UC_E_REPLAY,              0x0403, "this was received before") \
	X(UC_E_OWN,                 0x0404, "this is our own message") \
	X(UC_E_REMOVED,             0x0405, "no longer a member") \
	X(UC_E_PENDING,             0x0406, "something else has to finish first") \
	X(UC_E_STALE,               0x0407, "the state has moved on since this was made") \
	X(UC_E_CODE,                0x0408, "the code is wrong or has expired") \
	X(UC_E_TAKEN,               0x0409, "the name is already taken") \
	X(UC_E_SIGNED_OUT,          0x040a, "sign in first") \
	X(UC_E_EXHAUSTED,           0x040b, "no key packages are left") \
	X(UC_E_ADDRESS,             0x040c, "the address is not valid or not any more") \
	X(UC_E_REVOKED,             0x040d, "this device is no longer listed") \
	X(UC_E_SEAT,                0x040e, "there is no such seat, or its secret is wrong") \
	X(UC_E_CLOSED,              0x040f, "it is closed") \
	X(UC_E_PSK,                 0x0410, "a pre-shared key is not known") \
	X(UC_E_RESTORED,            0x0411, "this is an older copy of the state") \
	X(UC_E_FORK,                0x0412, "another commit was taken in that epoch") \
	X(UC_E_SUSPENDED,           0x0413, "the account is suspended by its app") \
	X(UC_E_NOT_INTRODUCED,      0x0414, "say first who you are in this room") \
	X(UC_E_LAST_OWNER,          0x0415, "the group would have no owner: make somebody else one first") \
	\
	X(UC_E_LIMIT,               0x0501, "a limit is reached") \
	X(UC_E_TOO_LARGE,           0x0502, "it is too large") \
	X(UC_E_RATE,                0x0503, "too many requests; try again later") \
	X(UC_E_BUSY,                0x0504, "busy; try again soon") \
	\
	X(UC_E_STORE,               0x0601, "the store failed") \
	X(UC_E_CORRUPT,             0x0602, "a stored record is damaged") \
	X(UC_E_CONFLICT,            0x0603, "a precondition of the batch does not hold") \
	X(UC_E_LOCKED,              0x0604, "another process has it open") \
	X(UC_E_PASSPHRASE,          0x0605, "the key or passphrase does not open the store") \
	X(UC_E_FULL,                0x0606, "the disk is full") \
	\
	X(UC_E_NET,                 0x0701, "the network failed") \
	X(UC_E_TLS,                 0x0702, "the TLS connection failed") \
	X(UC_E_PEER,                0x0703, "the other app does not answer or answers nonsense") \
	X(UC_E_TIMEOUT,             0x0704, "it took too long") \
	X(UC_E_IO,                  0x0705, "reading or writing a file failed") \
	\
	X(UC_E_MEMORY,              0x0801, "out of memory")
/* clang-format on */

#define UC_ERR_ENUM(name, number, text) name = number,
enum { UC_OK = 0, UC_ERRORS(UC_ERR_ENUM) };
#undef UC_ERR_ENUM

#ifdef __cplusplus
}
#endif
#endif
