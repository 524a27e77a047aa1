/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/qr.h"

#ifdef HAVE_QRENCODE

#include <qrencode.h>

enum { QUIET = 4 }; /* ISO/IEC 18004: so many light modules around it */

bool qr_is_built(void)
{
	return true;
}

static bool is_light(const QRcode *code, int x, int y)
{
	bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
	return !inside || !(code->data[y * code->width + x] & 1);
}

static void line_print(FILE *to, const QRcode *code, int y)
{
	static const char *const blocks[] = { " ", "\u2580", "\u2584", "\u2588" };
	for (int x = -QUIET; x < code->width + QUIET; x++)
		fputs(blocks[is_light(code, x, y) + 2 * is_light(code, x, y + 1)], to);
}

bool qr_print(FILE *to, const char *text, bool coloured)
{
	QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	if (!code)
		return false;
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		fputs(coloured ? "\033[40;97m" : "", to);
		line_print(to, code, y);
		fputs(coloured ? "\033[0m\n" : "\n", to);
	}
	QRcode_free(code);
	return true;
}

#else

bool qr_is_built(void)
{
	return false;
}

bool qr_print(FILE *to, const char *text, bool coloured)
{
	(void)to;
	(void)text;
	(void)coloured;
	return false;
}

#endif
