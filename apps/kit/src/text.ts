// SPDX-License-Identifier: Apache-2.0
// Others' text made fit to be shown: it stays text, and only what can be seen is left in it.
//
// What could make a text look like another one, or write outside its place, is replaced by a
// visible mark: control characters, directional overrides and embeddings, tag characters, fillers.
// What is invisible and harmless is taken out.  Each piece is shown inside <bdi> (see ui/text.tsx),
// so its direction does not leak into what stands around it.

/** Stands for what cannot be shown. */
export const MARK = '\uFFFD';

/** More marks above one letter than any living script needs. */
const MOST_MARKS = 5;
/** Emoji joined into one; the largest in use has four. */
const MOST_JOINED = 8;
/** Where a name ends in a list. */
export const NAME_LENGTH = 64;
/** Where a line of a list ends. */
export const LINE_LENGTH = 120;

const LINE_BREAK = /\r\n|[\n\r\u0085\u2028\u2029]/g;
const DROPPED =
	/[\u00AD\u034F\u061C\u17B4\u17B5\u180B-\u180F\u200B\u200E\u200F\u2060-\u2064\uFEFF\u{E0100}-\u{E01EF}]/u;
// Controls, embeddings and overrides, isolates, deprecated format characters, interlinear
// annotation, fillers and blanks that look like nothing, tags, what no character is, and lone
// surrogates.
const MARKED =
	/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u115F\u1160\u202A-\u202E\u2066-\u206F\u2800\u3164\uFFA0\uFFF0-\uFFFB\uFFFE\uFFFF\uFDD0-\uFDEF\u{E0000}-\u{E00FF}]|\p{Cs}/u;
const COMBINING = /\p{M}/u;
const VARIATION = /[\uFE00-\uFE0F]/u;
const EMOJI = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}/u;
// A flag of a part of a country: a black flag, tag letters, the end tag.
const TAG_FLAG = /^\u{1F3F4}[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{3,6}\u{E007F}/u;
// Scripts in whose words joiners are spelling.
const JOINING =
	/[\p{sc=Arabic}\p{sc=Syriac}\p{sc=Mongolian}\p{sc=Devanagari}\p{sc=Bengali}\p{sc=Gurmukhi}\p{sc=Gujarati}\p{sc=Oriya}\p{sc=Tamil}\p{sc=Telugu}\p{sc=Kannada}\p{sc=Malayalam}\p{sc=Sinhala}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Tibetan}]/u;

const ZWNJ = '\u200C';
const ZWJ = '\u200D';

/** The character before that is no variation selector, modifier or combining mark. */
function isJoint(before: string, joiner: string, after: string | undefined): boolean {
	if (after === undefined) return false;
	if (JOINING.test(before) && (JOINING.test(after) || after === ' ')) return true;
	return joiner === ZWJ && EMOJI.test(before) && EMOJI.test(after);
}

/**
 * A text of several lines, as in a message: line breaks are kept.
 * Otherwise the same for all characters as {@link clean}.
 */
export function cleanLines(text: string): string {
	const chars = [...text.replace(LINE_BREAK, '\n')];
	let out = '';
	let base = '';
	let marks = 0;
	let joined = 0;
	for (let i = 0; i < chars.length; i++) {
		const c = chars[i]!;
		if (c === ZWNJ || c === ZWJ) {
			if (isJoint(base, c, chars[i + 1]) && joined < MOST_JOINED) {
				joined++;
				out += c;
			}
			continue;
		}
		if (VARIATION.test(c)) {
			// Only "as an emoji" and "as text", once, on what has both looks.
			if ((c === '\uFE0F' || c === '\uFE0E') && /\p{Emoji}/u.test(base) && marks++ === 0) out += c;
			continue;
		}
		if (c === '\u{1F3F4}') {
			const flag = TAG_FLAG.exec(chars.slice(i, i + 9).join(''));
			if (flag) {
				out += flag[0];
				i += [...flag[0]].length - 1;
				base = c;
				marks = joined = 0;
				continue;
			}
		}
		if (DROPPED.test(c)) continue;
		if (COMBINING.test(c)) {
			if (base !== '' && base !== '\n' && marks++ < MOST_MARKS) out += c;
			continue;
		}
		const shown = MARKED.test(c) ? MARK : c;
		// A row of them says no more than one.
		if (shown === MARK && base === MARK) continue;
		if (!EMOJI.test(shown)) joined = 0;
		out += shown;
		base = shown;
		marks = 0;
	}
	return out;
}

const segmenter =
	typeof Intl === 'object' && 'Segmenter' in Intl
		? new Intl.Segmenter(undefined, { granularity: 'grapheme' })
		: null;

/** At most that many characters as people count them, with an ellipsis when some are left out. */
export function shorten(text: string, most: number): string {
	if (text.length <= most) return text;
	// Enough code units for that many of the longest characters that cleanLines lets through.
	const head = text.slice(0, most * 32);
	const parts = segmenter ? Array.from(segmenter.segment(head), (s) => s.segment) : [...head];
	if (parts.length <= most && head.length === text.length) return text;
	return (
		parts
			.slice(0, most - 1)
			.join('')
			.trimEnd() + '\u2026'
	);
}

/** One line, as in names and lists: white space is single blanks, at most `most` characters. */
export function clean(text: string, most = NAME_LENGTH): string {
	// No more is looked at than could be shown, however long the text is.
	const head = text.slice(0, most * 64);
	return shorten(cleanLines(head).replace(/\s+/gu, ' ').trim(), most);
}

/** A reaction as others sent it: a few characters at most. */
export function cleanEmoji(text: string): string {
	return clean(text, 4) || MARK;
}
