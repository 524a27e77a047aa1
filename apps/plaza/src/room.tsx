// SPDX-License-Identifier: Apache-2.0
// A conversation: the group's faces and name above it, the composer addressed to who is there.

import type { Room } from '@undercroft/sdk';
import { Avatar, classes, clean, RoomHead, RoomView, useModel } from '@undercroft/kit';
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

const short = (room: Room): string => clean(room.name, 28) || 'them';
