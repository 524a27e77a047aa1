// SPDX-License-Identifier: Apache-2.0
// A group's picture: the faces of those who are in it.

import { useEffect } from 'preact/hooks';
import type { Member, Room } from '@undercroft/sdk';
import { Avatar, useModel } from '@undercroft/kit';

const NOBODY: readonly Member[] = [];

/** Who is in a group, open or not; nobody until it is known. */
export function useMembers(room: Room): readonly Member[] {
	const model = useModel();
	const open = model.conversation.value;
	const isGroup = !room.direct && room.state !== 'joining';
	useEffect(() => {
		if (isGroup) void model.readMembers(room.id);
	}, [room.id, room.members, isGroup]);
	const now = open?.room === room.id ? open.members.value : NOBODY;
	return now.length > 0 ? now : (model.members.value.get(room.id) ?? NOBODY);
}

/** Overlapping circles, the reader's own only with one other or none; the names stand elsewhere. */
export function Faces({
	room,
	most = 3,
	shape = 'heap',
}: {
	room: Room;
	most?: number;
	/** heap: in a square; row: side by side */
	shape?: 'heap' | 'row';
}) {
	const model = useModel();
	const members = useMembers(room);
	const others = members.filter((m) => !m.isSelf);
	const people = others.length > 1 ? others : members;
	const shown = people.slice(0, people.length > most ? most - 1 : most);
	const seeds = shown.length > 0 ? shown.map((m) => model.seedOfMember(m)) : [room.id];
	const more = people.length - shown.length;
	const n = seeds.length + (more > 0 ? 1 : 0);
	return (
		<span class={`plaza-faces plaza-faces-${shape} plaza-faces-${n}`} aria-hidden="true">
			{seeds.map((seed) => (
				<Avatar key={seed} seed={seed} />
			))}
			{more > 0 && <span class="plaza-faces-more">+{more > 99 ? '99' : more}</span>}
		</span>
	);
}
