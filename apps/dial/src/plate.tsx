// SPDX-License-Identifier: Apache-2.0
// The finger plate of an old telephone: Dial's picture of itself.

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'];

export function Plate() {
	return (
		<svg class="dial-plate" viewBox="-100 -100 200 200" aria-hidden="true" focusable="false">
			<circle class="dial-plate-disc" r="96" />
			{DIGITS.map((digit, i) => {
				const angle = ((-62 - i * 30) * Math.PI) / 180;
				const x = Math.round(Math.cos(angle) * 720) / 10;
				const y = Math.round(Math.sin(angle) * 720) / 10;
				return (
					<g key={digit} transform={`translate(${x} ${y})`}>
						<circle class="dial-plate-hole" r="15" />
						<text class="dial-plate-digit" y="5" text-anchor="middle">
							{digit}
						</text>
					</g>
				);
			})}
			<circle class="dial-plate-hub" r="40" />
			<path class="dial-plate-stop" d="M78 46L96 62" />
		</svg>
	);
}
