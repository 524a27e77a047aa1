// SPDX-License-Identifier: Apache-2.0
// A conversation: the group's faces and name above it, the composer addressed to who is there.

import type { Room } from '@undercroft/sdk';
import { Avatar, classes, clean, RoomHead, RoomInfo, RoomView, useModel } from '@undercroft/kit';
import { Faces } from './faces.tsx';

export function RoomPage({ room }: { room: Room }) {
	const model = useModel();
	return (
		<RoomView
			class={classes('plaza-room', room.direct ? 'plaza-direct' : 'plaza-group')}
			placeholder={room.direct ? `Write to ${short(room)}` : `Tell everyone in ${short(room)}`}
			head={
				<RoomHead
					room={room}
					picture={
						room.direct ? (
							<Avatar seed={model.seedOfRoom(room)} />
						) : (
							<Faces room={room} shape="row" most={4} />
						)
					}
				/>
			}
		/>
	);
}

/** The panel about the conversation: the kit's, with the group's faces. */
export function About() {
	const room = useModel().room.value;
	if (!room) return null;
	return (
		<RoomInfo
			room={room}
			picture={room.direct ? undefined : <Faces room={room} shape="row" most={5} />}
		/>
	);
}

const short = (room: Room): string => clean(room.name, 28) || 'them';
