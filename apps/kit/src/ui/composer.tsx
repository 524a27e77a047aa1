// SPDX-License-Identifier: Apache-2.0
// Where messages are written: Enter sends, Shift and Enter makes a new line.

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Room } from '@undercroft/sdk';
import type { Conversation } from '../conversation.ts';
import { said } from '../format.ts';
import { LIMITS } from '../model.ts';
import { clean } from '../text.ts';
import { Button, IconButton, LinkButton } from './button.tsx';
import { useModel } from './context.ts';
import { FileLine } from './file.tsx';
import { Icon, type IconName } from './icons.tsx';
import { SenderName } from './message.tsx';
import { Fault } from './said.tsx';
import { Line, Name } from './text.tsx';
import { Unsent } from './unsent.tsx';

const encoder = new TextEncoder();
/** What Safari calls the Enter that ends a composition, when it says that none is under way. */
const COMPOSING = 229;

export function Composer({
	conversation,
	room,
	placeholder = 'Message',
}: {
	conversation: Conversation;
	room: Room;
	placeholder?: string;
}) {
	const model = useModel();
	const contact = model.contactOf(room);
	const closed = contact?.blocked ? (
		<>
			<p>
				You have blocked <Name of={contact.name} />.
			</p>
			<Button onClick={() => void model.block(contact.id, false)}>Unblock</Button>
		</>
	) : room.state === 'left' ? (
		<>
			<p>You are not in this conversation any more. What was said stays readable here.</p>
			{contact && <Button onClick={() => void model.write(contact)}>Write to them anew</Button>}
		</>
	) : (
		room.state === 'joining' && <p>This conversation is being set up.</p>
	);
	return closed ? (
		<div class="k-composer-closed">
			{closed}
			<Unsent room={room.id} />
		</div>
	) : (
		<Writing
			key={conversation.room}
			conversation={conversation}
			room={room}
			placeholder={placeholder}
		/>
	);
}

/** What is written about, or waits to be. */
function About({
	icon,
	title,
	text,
	close,
	onClose,
	children,
}: {
	icon: IconName;
	title: ComponentChildren;
	text: string;
	close: string;
	onClose(): void;
	children?: ComponentChildren;
}) {
	return (
		<div class="k-about">
			<Icon name={icon} />
			<p>
				<strong>{title}</strong>
				<Line of={text} />
			</p>
			{children}
			<IconButton icon="close" label={close} onClick={onClose} />
		</div>
	);
}

function Writing({
	conversation,
	room,
	placeholder,
}: {
	conversation: Conversation;
	room: Room;
	placeholder: string;
}) {
	const model = useModel();
	const input = useRef<HTMLTextAreaElement>(null);
	const editing = conversation.editing.value;
	const replyTo = conversation.replyTo.value;
	const about = editing ?? replyTo;
	const { sending } = model;
	// While a message is being changed, what is new stays a draft.
	const text = editing ? conversation.changed.value : sending.draft(room.id);
	const picker = useRef<HTMLInputElement>(null);
	const files = editing ? [] : (model.files.chosen.value.get(room.id) ?? []);
	const hasFiles = files.some((c) => !c.busy);
	const isTooLong =
		text.length * 3 > LIMITS.messageBytes && encoder.encode(text).length > LIMITS.messageBytes;

	useLayoutEffect(() => {
		if (about) input.current?.focus();
	}, [about]);
	// Where there is a keyboard it is here at once; on phones it would cover half of the page.
	useEffect(() => {
		if (matchMedia('(hover: hover) and (min-width: 48rem)').matches) input.current?.focus();
	}, []);
	useLayoutEffect(() => {
		const el = input.current!;
		el.style.setProperty('height', 'auto');
		el.style.setProperty('height', `${el.scrollHeight}px`);
	}, [text]);

	function change(to: string) {
		if (conversation.editing.peek()) conversation.changed.value = to;
		else sending.setDraft(room.id, to);
	}

	function cancel() {
		conversation.editing.value = null;
		conversation.replyTo.value = null;
		input.current?.focus();
	}

	function send() {
		const said = text.trim();
		if ((said === '' && !hasFiles) || isTooLong) return;
		// The field is free at once; what could not be kept comes back.
		void sending.send(conversation, said);
		input.current?.focus();
	}

	/** False where there are none, or none can be sent now. */
	function choose(chosen: FileList | null | undefined): boolean {
		if (!chosen?.length || editing) return false;
		model.files.choose(room.id, chosen);
		input.current?.focus();
		return true;
	}

	return (
		<form
			class="k-composer"
			onSubmit={(e) => {
				e.preventDefault();
				send();
			}}
		>
			{sending.aside.value
				.filter((c) => c.edit.room === room.id)
				.map((c) => (
					<About
						icon="alert"
						title="This change was not sent"
						text={c.text}
						close={`Do not change it: ${clean(c.text, 40)}`}
						onClose={() => {
							sending.forget(c);
							input.current?.focus();
						}}
					>
						<LinkButton
							onClick={() => {
								sending.forget(c);
								sending.begin(conversation, c.edit, null, c.text);
								input.current?.focus();
							}}
						>
							Edit again
						</LinkButton>
					</About>
				))}
			{about && (
				<About
					icon={editing ? 'edit' : 'reply'}
					title={
						editing ? (
							'Change your message'
						) : about.own ? (
							'Reply to yourself'
						) : (
							<>
								Reply to <SenderName of={about} />
							</>
						)
					}
					text={said(about)}
					close={editing ? 'Do not change it' : 'Do not reply'}
					onClose={cancel}
				/>
			)}
			{files.length > 0 && (
				<ul class="k-chosen" aria-label="Files to send">
					{files.map((c) => (
						<li key={c.file}>
							<FileLine name={c.file.name} bytes={c.file.size} busy={c.busy} />
							{!c.busy && (
								<IconButton
									icon="close"
									label={`Do not send: ${clean(c.file.name)}`}
									onClick={() => {
										model.files.drop(room.id, c);
										input.current?.focus();
									}}
								/>
							)}
						</li>
					))}
				</ul>
			)}
			{files.some((c) => c.file.type.startsWith('image/')) && (
				<p class="k-hint">Sent as it is: a photograph may say in it where and when it was taken.</p>
			)}
			<Fault of={isTooLong && 'This message is too long to be sent. Split it into shorter ones.'} />
			<div class="k-composer-row">
				{!editing && (
					<>
						<IconButton
							icon="clip"
							label="Attach a file"
							class="k-attach"
							onClick={() => picker.current?.click()}
						/>
						<input
							ref={picker}
							type="file"
							hidden
							multiple
							aria-label="Files"
							onChange={(e) => {
								choose(e.currentTarget.files);
								e.currentTarget.value = '';
							}}
						/>
					</>
				)}
				<textarea
					ref={input}
					class="k-composer-input"
					aria-label="Message"
					placeholder={placeholder}
					rows={1}
					dir="auto"
					autocomplete="off"
					value={text}
					enterkeyhint="send"
					onInput={(e) => change(e.currentTarget.value)}
					onPaste={(e) => {
						// What is copied from a table is text, and a picture of it besides.
						const data = e.clipboardData;
						if (!data?.getData('text/plain') && choose(data?.files)) e.preventDefault();
					}}
					onKeyDown={(e) => {
						if (e.key === 'Enter' && !e.shiftKey && !e.isComposing && e.keyCode !== COMPOSING) {
							e.preventDefault();
							send();
						} else if (e.key === 'Escape' && about) {
							e.preventDefault();
							cancel();
						}
					}}
				/>
				<IconButton
					icon="send"
					label="Send"
					type="submit"
					class="k-send"
					aria-disabled={(text.trim() === '' && !hasFiles) || isTooLong ? 'true' : undefined}
				/>
			</div>
		</form>
	);
}
