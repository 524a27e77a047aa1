// SPDX-License-Identifier: Apache-2.0
// What was written and not sent, where nothing can be sent any more: to be read, selected and copied.

import type { Id } from '@undercroft/sdk';
import { useModel } from './context.ts';
import { CopyButton } from './copy.tsx';
import { Icon } from './icons.tsx';
import { Lines, Name } from './text.tsx';

/** room: there alone */
export function Unsent({ room }: { room?: Id }) {
	const model = useModel();
	const texts = model.sending.unsent(room);
	if (!texts[0]) return null;
	return (
		<div class="k-warning">
			<Icon name="alert" />
			<div>
				<strong>This was not sent, and goes with this page.</strong>
				{texts.map(([of, text]) => (
					<>
						<p>
							<Name of={model.rooms.value.find((r) => r.id === of)?.name ?? ''} />:{' '}
							<Lines of={text} />
						</p>
						<CopyButton text={text} />
					</>
				))}
			</div>
		</div>
	);
}
