// SPDX-License-Identifier: Apache-2.0
// Reporting somebody's messages to moderators, and what one can do against them afterwards.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Id, Member, Message, Reported, Room } from '@undercroft/sdk';
import { count, said, showWhole } from '../format.ts';
import { mayRemove } from '../roles.ts';
import { closePanels } from '../route.ts';
import { clean } from '../text.ts';
import { Button } from '../ui/button.tsx';
import { useModel } from '../ui/context.ts';
import { isReportable, SenderName } from '../ui/message.tsx';
import { Fault } from '../ui/said.tsx';
import { Line, Name } from '../ui/text.tsx';
import { LeaveRoom } from './info.tsx';
import { ReportForm, Taken } from './report-form.tsx';

/** So many can be in one report, and so many more are offered before and after the one it began at. */
const MOST = 16;
const AROUND = 20;

/** The app that keeps the room. */
function hubOf(room: Room): string {
	return /^mimi:\/\/([^/]+)\//.exec(room.uri)?.[1] ?? '';
}

export function Report({ room, message }: { room: Room; message: Id }) {
	const model = useModel();
	const open = model.conversation.value;
	const isLoading = open?.isLoading.value ?? true;
	const [done, setDone] = useState<Reported | null>(null);
	/** whom it is about, also when they or the message have gone since */
	const about = useRef<Message | null>(null);
	useEffect(() => {
		if (open && !isLoading) void open.reveal(message);
	}, [open, isLoading]);

	const messages = open?.entries.value.map((e) => e.message) ?? [];
	const at = messages.findIndex((m) => m.id === message && isReportable(m));
	about.current ??= messages[at] ?? null;
	const first = about.current;
	if (!first) return isLoading ? null : <p class="k-empty">This message is not here any more.</p>;
	if (done) return <Outcome room={room} about={first} done={done} />;
	return (
		<Messages
			room={room}
			about={first}
			messages={messages
				.slice(Math.max(0, at - AROUND), at + AROUND + 1)
				.filter((m) => isReportable(m) && m.member === first.member)}
			onDone={setDone}
		/>
	);
}

function Messages({
	room,
	about,
	messages,
	onDone,
}: {
	room: Room;
	about: Message;
	messages: Message[];
	onDone(done: Reported): void;
}) {
	const model = useModel();
	const [picked, setPicked] = useState<ReadonlySet<Id>>(new Set([about.id]));
	const [wrong, setWrong] = useState('');
	const chosen = messages.filter((m) => picked.has(m.id));
	const name = <SenderName of={about} />;

	function faulty(): boolean {
		let found = '';
		if (chosen.length === 0) found = 'Choose at least one message.';
		if (chosen.length > MOST) found = `Choose at most ${MOST} messages.`;
		setWrong(found);
		return found !== '';
	}

	return (
		<ReportForm
			app={hubOf(room)}
			place="where this conversation lives"
			what={
				<>
					{count(chosen.length, 'message')}, in full, and the proof that {name} sent{' '}
					{chosen.length === 1 ? 'it' : 'them'}
				</>
			}
			rest={<>Nothing else of this conversation is sent, and {name} is told nothing.</>}
			mark={`${model.self.title} keeps a mark of yours, by which it counts how many report somebody, and not your name.`}
			doing="report"
			faulty={faulty}
			send={async (choice) =>
				onDone(await model.report(room.id, { ...choice, messages: chosen.map((m) => m.number) }))
			}
		>
			<fieldset class="k-pick">
				<legend>Which messages of {name}?</legend>
				<ul class="k-list">
					{messages.map((m) => (
						<li key={m.id}>
							<label class="k-row k-report-row">
								<input
									type="checkbox"
									checked={picked.has(m.id)}
									onChange={(e) => {
										const next = new Set(picked);
										if (e.currentTarget.checked) next.add(m.id);
										else next.delete(m.id);
										setPicked(next);
										setWrong('');
									}}
								/>
								<span class="k-row-text">
									<span class="k-report-text">
										<Line of={said(m)} />
									</span>
									<span class="k-row-line">{showWhole(m.timeMs)}</span>
								</span>
							</label>
						</li>
					))}
				</ul>
			</fieldset>
			<Fault of={wrong} />
		</ReportForm>
	);
}

function Outcome({ room, about, done }: { room: Room; about: Message; done: Reported }) {
	const model = useModel();
	const end = useRef<HTMLButtonElement>(null);
	useEffect(() => end.current?.focus(), []);
	const member = model.conversation.value?.member(about.member) ?? null;
	return (
		<div class="k-outcome">
			<Taken done={done} app={hubOf(room)} />
			<Against room={room} member={member} />
			<div class="k-buttons">
				<Button kind="main" buttonRef={end} onClick={closePanels}>
					Done
				</Button>
			</div>
		</div>
	);
}

/** What one can do oneself. */
function Against({ room, member }: { room: Room; member: Member | null }) {
	const model = useModel();
	const members = model.conversation.value?.members.value ?? [];
	const contact = model.contact(member?.contact ?? model.contactOf(room)?.id ?? null);
	const isThere = room.state === 'open' && members.some((m) => m.id === member?.id);
	const own = members.find((m) => m.isSelf);
	if (contact?.blocked)
		return (
			<p role="status">
				<Name of={contact.name} /> is blocked.
			</p>
		);
	return (
		<>
			<p>You need not wait for what they do.</p>
			<ul class="k-actions">
				{contact && (
					<li>
						<Button
							kind="danger"
							icon="block"
							wide
							onClick={() => void model.block(contact.id, true)}
						>
							Block {clean(contact.name, 40)}
						</Button>
						<p class="k-hint">
							Your conversation with them ends, and they can start no new one. They are not told.
						</p>
					</li>
				)}
				{isThere && !room.direct && member && mayRemove(own, member) && (
					<li>
						<Button
							kind="danger"
							icon="block"
							wide
							onClick={() => void model.removeMember(room.id, member.id)}
						>
							Remove from the group
						</Button>
					</li>
				)}
				{isThere && !contact && (
					<li>
						<LeaveRoom room={room} />
					</li>
				)}
			</ul>
		</>
	);
}
