// SPDX-License-Identifier: Apache-2.0
// One message: who, what, when, how far it has come, what others made of it.

import { Component } from 'preact';
import type { Message } from '@undercroft/sdk';
import type { Conversation, Entry } from '../conversation.ts';
import { list, said, showTime, showWhole } from '../format.ts';
import type { Model } from '../model.ts';
import { openPanel } from '../route.ts';
import { clean, LINE_LENGTH } from '../text.ts';
import { Avatar } from './avatar.tsx';
import { IconButton } from './button.tsx';
import { classes } from './context.ts';
import { FileCard } from './file.tsx';
import { AppBadge, SmallState } from './list.tsx';
import { Menu, type MenuItem } from './menu.tsx';
import { Lines, Name } from './text.tsx';

/** What can be answered with, with the words that screen readers say. */
export const REACTIONS = [
	['👍', 'Thumbs up'],
	['❤️', 'Heart'],
	['😂', 'Laughing'],
	['😮', 'Surprised'],
	['😢', 'Sad'],
	['🙏', 'Thank you'],
] as const;

/** Custom properties, made from the seed of somebody's picture. */
export type SenderStyle = (seed: string) => Record<string, string>;

interface Props {
	entry: Entry;
	conversation: Conversation;
	model: Model;
	isDirect: boolean;
	senderStyle?: SenderStyle | undefined;
	/** can be answered: the room is open */
	isOpen: boolean;
	/** the one that the keyboard is at: only its buttons are tab stops */
	isActive: boolean;
	isFlashing: boolean;
	onJump(to: Message): void;
	onActive(): void;
}

/** Drawn again only when something of it has changed: logs are long. */
export class MessageItem extends Component<Props> {
	override shouldComponentUpdate(next: Props): boolean {
		const a = this.props;
		return (
			a.isActive !== next.isActive ||
			a.isFlashing !== next.isFlashing ||
			a.isOpen !== next.isOpen ||
			a.conversation !== next.conversation ||
			key(a.entry) !== key(next.entry) ||
			a.entry.message !== next.entry.message ||
			a.entry.reply !== next.entry.reply
		);
	}

	override render({ entry, conversation, model, isDirect, isOpen, isActive, ...p }: Props) {
		const m = entry.message;
		if (m.kind === 'note') {
			return (
				<li class="k-note" id={`m-${m.id}`}>
					<bdi dir="auto">{noteText(m)}</bdi>
				</li>
			);
		}
		const hasHead = !m.own && !isDirect && entry.startsGroup;
		const style = !m.own && !isDirect ? p.senderStyle?.(seedOf(m, conversation, model)) : undefined;
		return (
			<li
				id={`m-${m.id}`}
				class={classes(
					'k-message',
					m.own ? 'k-own' : 'k-theirs',
					entry.startsGroup && 'k-starts',
					entry.endsGroup && 'k-ends',
					isActive && 'k-active',
					p.isFlashing && 'k-flash',
					m.state === 'failed' && 'k-failed',
				)}
				style={style}
				tabIndex={isActive ? 0 : -1}
				onFocusCapture={p.onActive}
				onClick={(e) => {
					// Touched: not every browser gives it the focus, which brings the tools.
					if (!(e.target as Element).closest('button') && !getSelection()?.toString())
						e.currentTarget.focus({ preventScroll: true });
				}}
			>
				{hasHead ? (
					<Sender message={m} conversation={conversation} model={model} />
				) : (
					<span class="k-hidden">
						{m.own ? 'You' : <SenderName of={m} />}
						{': '}
					</span>
				)}
				<div class="k-bubble-row">
					<div class={classes('k-bubble', isOnlyEmoji(m) && 'k-bubble-emoji')}>
						{m.inReplyTo && !m.deleted && (
							<Quote to={entry.reply} onJump={p.onJump} isActive={isActive} />
						)}
						{m.deleted ? (
							<span class="k-deleted">Deleted</span>
						) : m.file ? (
							<FileCard message={m} model={model} tabIndex={isActive ? 0 : -1} />
						) : (
							<Lines of={m.text} />
						)}
						<span class="k-meta">
							{m.edited && !m.deleted && <span>edited</span>}
							<time dateTime={new Date(m.timeMs).toISOString()} title={showWhole(m.timeMs)}>
								{showTime(m.timeMs)}
							</time>
							{m.own && <SmallState state={m.state} />}
						</span>
					</div>
					{!m.deleted && (isOpen || isReportable(m)) && (
						<Tools
							message={m}
							isOpen={isOpen}
							conversation={conversation}
							model={model}
							tabIndex={isActive ? 0 : -1}
						/>
					)}
				</div>
				{m.state === 'failed' && <NotSent message={m} model={model} isOpen={isOpen} />}
				{entry.reactions.length > 0 && !m.deleted && (
					<ul class="k-reactions" aria-label="Reactions">
						{entry.reactions.map((r) => (
							<li key={r.emoji}>
								<button
									type="button"
									aria-pressed={r.mine !== null}
									aria-label={`${r.emoji} ${r.count}: ${names(r)}`}
									title={names(r)}
									tabIndex={isActive ? 0 : -1}
									disabled={!isOpen}
									onClick={() => void model.sending.react(m, r.emoji)}
								>
									<span class="k-emoji">{r.emoji}</span>
									<span class="k-number">{r.count}</span>
								</button>
							</li>
						))}
					</ul>
				)}
			</li>
		);
	}
}

function NotSent({
	message: m,
	model,
	isOpen,
}: Pick<Props, 'model' | 'isOpen'> & { message: Message }) {
	const again = () => (
		<button
			type="button"
			class="k-link"
			onClick={(e) => {
				// The button goes.
				e.currentTarget.closest('li')?.focus();
				void model.sending.sendAgain(m);
			}}
		>
			Send again
		</button>
	);
	return (
		<p class="k-failed-line">
			Not sent.{' '}
			{model.sending.isSentAgain(m)
				? 'Sent again.'
				: isOpen && (!m.file || model.files.hasSource(m) ? again() : 'Choose the file once more.')}
		</p>
	);
}

function key(e: Entry): string {
	const r = e.reactions.map((g) => `${g.emoji} ${g.mine?.id ?? ''} ${names(g)}`).join('\n');
	return `${e.startsDay} ${e.startsGroup} ${e.endsGroup} ${e.isFirstNew} ${r}`;
}

function names(r: Entry['reactions'][number]): string {
	const who = r.who.slice(0, 20).map((n) => clean(n, 30));
	if (r.who.length > 20) who.push(`${r.who.length - 20} more`);
	return list(r.mine ? [...who, 'you'] : who);
}

/** What the library notes in the log, as sentences. */
function noteText(m: Message): string {
	const text = clean(m.text, LINE_LENGTH);
	return text.charAt(0).toUpperCase() + text.slice(1);
}

function isOnlyEmoji(m: Message): boolean {
	return (
		!m.deleted &&
		m.text.length < 40 &&
		/^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F]?(?:\u200D\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F]?)*){1,3}$/u.test(
			m.text.trim(),
		)
	);
}

/** Only what somebody else has said, and what is still here. */
export function isReportable(m: Message): boolean {
	return (m.kind === 'text' || m.kind === 'file') && !m.own && !m.deleted && m.state === 'received';
}

export function SenderName({ of }: { of: Message }) {
	return of.introduced ? <Name of={of.sender} /> : <em>Somebody, not introduced</em>;
}

function seedOf(message: Message, conversation: Conversation, model: Model): string {
	const member = conversation.member(message.member);
	return member ? model.seedOfMember(member) : message.member;
}

function Sender({
	message,
	conversation,
	model,
}: {
	message: Message;
	conversation: Conversation;
	model: Model;
}) {
	const member = conversation.member(message.member);
	const contact = member?.contact ?? null;
	const name = <SenderName of={message} />;
	return (
		<p class="k-sender">
			<Avatar seed={seedOf(message, conversation, model)} size="s" />
			{contact ? (
				<button type="button" class="k-sender-name" onClick={() => openPanel('contact', contact)}>
					{name}
				</button>
			) : (
				<span class="k-sender-name">{name}</span>
			)}
			{member && <AppBadge app={member.app} />}
		</p>
	);
}

function Quote({
	to,
	onJump,
	isActive,
}: {
	to: Message | null;
	onJump(to: Message): void;
	isActive: boolean;
}) {
	if (!to) return <span class="k-quote k-quote-unknown">An earlier message</span>;
	return (
		<button type="button" class="k-quote" tabIndex={isActive ? 0 : -1} onClick={() => onJump(to)}>
			<span class="k-hidden">In reply to </span>
			<strong>{to.own ? 'You' : <SenderName of={to} />}</strong>
			<bdi dir="auto">{to.deleted ? 'Deleted' : clean(said(to), LINE_LENGTH)}</bdi>
		</button>
	);
}

function Tools({
	message: m,
	isOpen,
	conversation,
	model,
	tabIndex,
}: {
	message: Message;
	isOpen: boolean;
	conversation: Conversation;
	model: Model;
	tabIndex: number;
}) {
	const more: MenuItem[] = [];
	if (!m.file) {
		more.push({
			label: 'Copy text',
			icon: 'copy',
			onPick: () => void navigator.clipboard?.writeText(m.text).catch(() => undefined),
		});
	}
	if (isReportable(m)) {
		more.push({
			label: 'Report',
			icon: 'alert',
			danger: true,
			onPick: () => openPanel('report', m.id),
		});
	}
	if (m.own && !m.file) {
		more.push({
			label: 'Edit',
			icon: 'edit',
			onPick: () => model.sending.begin(conversation, m, null),
		});
	}
	if (m.own) {
		more.push({
			label: 'Delete',
			icon: 'trash',
			danger: true,
			onPick: () => void model.sending.deleteMessage(m),
		});
	}
	return (
		<div class="k-tools">
			{isOpen && (
				<>
					<Menu
						icon="react"
						label="React"
						row
						tabIndex={tabIndex}
						items={REACTIONS.map(([emoji, label]) => ({
							label,
							face: <span class="k-emoji">{emoji}</span>,
							onPick: () => void model.sending.react(m, emoji),
						}))}
					/>
					<IconButton
						icon="reply"
						label="Reply"
						tabIndex={tabIndex}
						onClick={() => model.sending.begin(conversation, null, m)}
					/>
				</>
			)}
			<Menu icon="more" label="More" items={more} tabIndex={tabIndex} />
		</div>
	);
}
