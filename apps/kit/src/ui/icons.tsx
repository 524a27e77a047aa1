// SPDX-License-Identifier: Apache-2.0
// The few icons: 24 by 24, drawn with one line in the colour of the text.

const PATHS = {
	back: 'M15 5l-7 7 7 7',
	close: 'M6 6l12 12M18 6L6 18',
	plus: 'M12 5v14M5 12h14',
	find: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16.2 16.2L21 21',
	person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0',
	people:
		'M9 12a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5a6.5 6.5 0 0 1 13 0M15.5 5.3a3.5 3.5 0 0 1 0 6.4M18 14.2a6.5 6.5 0 0 1 3.5 5.3',
	inbox: 'M4 13l2.5-8h11L20 13v6H4zM4 13h5a3 3 0 0 0 6 0h5',
	settings:
		'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM9 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z',
	send: 'M4.5 12L4 4.5 21 12 4 19.5zM4.5 12H12',
	reply: 'M10 6l-6 5.5L10 17v-3.6c5 0 8 1.4 10 4.6-.4-5-3.4-8.4-10-8.8z',
	react:
		'M20.6 11.2A8.8 8.8 0 1 1 12.8 3.4M9 10v.6M15 10v.6M8.4 14.2a4.4 4.4 0 0 0 7.2 0M19 2.5v6M16 5.5h6',
	more: 'M5 12a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0M11.4 12a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0M17.8 12a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0',
	edit: 'M4 20l1-4.5L16.5 4 20 7.5 8.5 19zM14 6.5l3.5 3.5',
	trash: 'M5 7h14M9.5 7V4.5h5V7M7 7l1 13h8l1-13M10.3 11v5M13.7 11v5',
	check: 'M5 12.5l4.5 4.5L19 7.5',
	clock: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5V12l3 2',
	alert: 'M12 4L2.8 20h18.4zM12 10v4.5M12 17.2v.1',
	shield: 'M12 3l7.5 3v5.5c0 4.5-3 7.8-7.5 9.5-4.5-1.7-7.5-5-7.5-9.5V6zM8.8 12l2.3 2.3 4.2-4.4',
	key: 'M8 16.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 12.5h9M17.5 12.5V16M21 12.5V15',
	device: 'M7 3h10v18H7zM10.8 18h2.4',
	down: 'M12 5v13M6 12.5l6 6 6-6',
	copy: 'M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4',
	print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
	info: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 11v5M12 8v.1',
	message: 'M4 5h16v11.5H11L6.5 20v-3.5H4z',
	block: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM6 6l12 12',
	exit: 'M14 4H5v16h9M10 12h11M17.5 8.5L21 12l-3.5 3.5',
	link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7L11.8 7.2M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.5-1.5',
	qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5M20 14v2.5M14 20h2.5M20 20v-.1',
	clip: 'M19.5 11.5l-7.8 7.8a4.6 4.6 0 0 1-6.5-6.5l8.2-8.2a3.1 3.1 0 0 1 4.4 4.4l-8 8a1.5 1.5 0 0 1-2.2-2.2l7.2-7.2',
	file: 'M6 3h8l4.5 4.5V21H6zM14 3v4.5h4.5',
	cloudOff:
		'M7 18.5h10.5a3.7 3.7 0 0 0 2.6-6.4M17 10.2A5.5 5.5 0 0 0 9 7.4M6.6 11A3.8 3.8 0 0 0 7 18.5M4 4l16 17',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
	return (
		<svg class="k-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
			<path d={PATHS[name]} />
		</svg>
	);
}
