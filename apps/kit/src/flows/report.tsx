// SPDX-License-Identifier: Apache-2.0
// Reporting somebody's messages to moderators, and what one can do against them afterwards.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Id, Member, Message, Report as Sent, Reported, Room } from '@undercroft/sdk';
import { count, list, said, showWhole } from '../format.ts';
import { closePanels, goBack } from '../route.ts';
import { clean } from '../text.ts';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Form, Options, TextArea } from '../ui/field.tsx';
import { isReportable, SenderName } from '../ui/message.tsx';
import { Fault, Good } from '../ui/said.tsx';
import { Line, Name } from '../ui/text.tsx';
import { LeaveRoom, mayRemove } from './info.tsx';

/** So many can be in one report, and so many more are offered before and after the one it began at. */
const MOST = 16;
const AROUND = 20;
const NOTE_BYTES = 1024;

const WHY: { value: Sent['why']; label: string }[] = [
	{ value: 'spam', label: 'Spam or fraud' },
	{ value: 'harassment', label: 'Insults or harassment' },
	{ value: 'threat', label: 'A threat' },
	{ value: 'child', label: 'Harm to a child' },
	{ value: 'other', label: 'Something else' },
];

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
		<ReportForm
			room={room}
			about={first}
			messages={messages
				.slice(Math.max(0, at - AROUND), at + AROUND + 1)
				.filter((m) => isReportable(m) && m.member === first.member)}
			onDone={setDone}
		/>
	);
}

function ReportForm({
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
	const [why, setWhy] = useState<Sent['why'] | null>(null);
	const [to, setTo] = useState<Sent['to']>('app');
	const [note, setNote] = useState('');
	const [wrong, setWrong] = useState<{ picked?: string; why?: string; note?: string }>({});
	const action = useAction();
	const hub = hubOf(room);
	const isHubOwn = hub === '' || model.isOwnApp(hub);
	const own = model.self.title;
	const host = model.appTitle(hub);
	const chosen = messages.filter((m) => picked.has(m.id));
	const name = <SenderName of={about} />;

	async function submit() {
		const found: typeof wrong = {};
		if (chosen.length === 0) found.picked = 'Choose at least one message.';
		if (chosen.length > MOST) found.picked = `Choose at most ${MOST} messages.`;
		if (!why) found.why = 'Say why.';
		if (new TextEncoder().encode(note.trim()).length > NOTE_BYTES)
			found.note = 'This is too long. Make it shorter.';
		setWrong(found);
		if (found.picked || found.note || !why) return;
		await action.run('report', async () => {
			onDone(
				await model.report(room.id, {
					messages: chosen.map((m) => m.number),
					to: isHubOwn ? 'app' : to,
					why,
					...(note.trim() === '' ? {} : { note: note.trim() }),
				}),
			);
		});
	}

	return (
		<Form label="Report" error={action.error} onSubmit={() => void submit()}>
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
										setWrong({});
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
			<Fault of={wrong.picked} />
			<Options<Sent['why'] | ''>
				label="Why?"
				value={why ?? ''}
				onValue={(w) => {
					if (w) setWhy(w);
					setWrong({});
				}}
				options={WHY}
			/>
			<Fault of={wrong.why} />
			{!isHubOwn && (
				<Options<Sent['to']>
					label="Who is to read it?"
					value={to}
					onValue={setTo}
					options={[
						{
							value: 'app',
							label: `The moderators of ${own}, your app`,
						},
						{
							value: 'hub',
							label: `The moderators of ${host}, where this conversation lives`,
						},
						{ value: 'both', label: 'Both' },
					]}
				/>
			)}
			<TextArea
				label="Note"
				rows={2}
				value={note}
				onValue={setNote}
				error={wrong.note}
				hint="Only if there is something more to say."
			/>
			<section class="k-report-sent" aria-labelledby="k-report-sent">
				<h3 id="k-report-sent">What is sent</h3>
				<ul class="k-plain-list">
					<li>
						{count(chosen.length, 'message')}, in full, and the proof that {name} sent{' '}
						{chosen.length === 1 ? 'it' : 'them'}
					</li>
					<li>the reason, and your note if there is one</li>
					<li>to {isHubOwn || to === 'app' ? own : to === 'hub' ? host : `${own} and ${host}`}</li>
				</ul>
				<p class="k-hint">
					Nothing else of this conversation is sent, and {name} is told nothing.{' '}
					{!isHubOwn && to !== 'app' && `${host} is not told who reports. `}
					{to === 'hub' && !isHubOwn
						? `${own} passes it on and keeps nothing.`
						: `${own} keeps a mark of yours, by which it counts how many report somebody, and not your name.`}
				</p>
			</section>
			<div class="k-buttons">
				<Button kind="danger" type="submit" busy={action.busy}>
					Send report
				</Button>
				<Button kind="quiet" onClick={goBack}>
					Cancel
				</Button>
			</div>
		</Form>
	);
}

function Outcome({ room, about, done }: { room: Room; about: Message; done: Reported }) {
	const model = useModel();
	const end = useRef<HTMLButtonElement>(null);
	useEffect(() => end.current?.focus(), []);
	const member = model.conversation.value?.member(about.member) ?? null;
	const own = model.self.title;
	const host = model.appTitle(hubOf(room));
	const who = list([...(done.app ? [own] : []), ...(done.hub && host !== own ? [host] : [])]);
	return (
		<div class="k-outcome">
			<Good>
				{done.verdict === 'unconfirmed'
					? `Your report was sent to ${who}. ${host} does not answer, so nobody could confirm yet that it was sent like this.`
					: `Your report was sent to ${who}. The moderators know that it was sent like this.`}
			</Good>
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
