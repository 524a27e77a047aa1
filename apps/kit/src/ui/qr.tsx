// SPDX-License-Identifier: Apache-2.0
// A QR code, dark on light whatever the page's colours are: that is what readers look for.

import { useMemo } from 'preact/hooks';
import { qrPath } from '../qr.ts';

export function QrCode({ text, label }: { text: string; label: string }) {
	const { size, path } = useMemo(() => qrPath(text), [text]);
	return (
		<svg class="k-qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
			<path class="k-qr-light" d={`M0 0h${size}v${size}H0z`} />
			<path d={path} />
		</svg>
	);
}
