// SPDX-License-Identifier: Apache-2.0
// What the apps are made of.  README.md says how; the names that the tests use stand there, too.

export { startApp, type StartOptions } from './root.tsx';
export type { AppInfo, Self } from './apps.ts';
export { faces } from './faces.ts';
export { Model, LIMITS } from './model.ts';
export { type Preview } from './previews.ts';
export { Conversation, type Entry, type ReactionGroup } from './conversation.ts';
export { explain, troubleOf, type Doing, type Trouble } from './errors.ts';
export { clean, cleanEmoji, cleanLines, shorten, LINE_LENGTH, NAME_LENGTH } from './text.ts';
export { count, dayOf, list, showDay, showTime, showWhen, showWhole } from './format.ts';
export { mistake, NAME_FIELD, normalise, showName } from './names.ts';
export {
	closePanels,
	goBack,
	goTo,
	goToRoom,
	openPanel,
	route,
	type Panel,
	type Route,
} from './route.ts';
export { setTheme, theme, type Theme } from './theme.ts';

export { classes, ModelContext, useAction, useModel, type Action } from './ui/context.ts';
export { Avatar, Picture, pictureColours } from './ui/avatar.tsx';
export { Button, IconButton, type ButtonProps, type IconButtonProps } from './ui/button.tsx';
export { Checkbox, Choice, Field, Form, Options, Select, TextArea } from './ui/field.tsx';
export { Composer } from './ui/composer.tsx';
export { Dialog } from './ui/dialog.tsx';
export { Icon, type IconName } from './ui/icons.tsx';
export {
	AppBadge,
	moveInList,
	RoomRow,
	Row,
	SmallState,
	useRoomSummary,
	Verified,
} from './ui/list.tsx';
export { Menu, type MenuItem } from './ui/menu.tsx';
export { REACTIONS, SenderName } from './ui/message.tsx';
export { MessageLog } from './ui/message-log.tsx';
export { Announcer, ConnectionNotice, Problem, Reminders } from './ui/notices.tsx';
export { IdentityAlarm, RoomHead, RoomView, useRoomLine } from './ui/room.tsx';
export { CodeField, NameField } from './ui/name-field.tsx';
export { SafetyNumber } from './ui/safety.tsx';
export { Fault, Good, Warning } from './ui/said.tsx';
export { Line, Lines, Name } from './ui/text.tsx';
export { WordsCard } from './ui/words.tsx';

export { AddDevice } from './flows/add-device.tsx';
export { DeviceAlarm, Devices } from './flows/devices.tsx';
export { Find } from './flows/find.tsx';
export { Guardians } from './flows/guardians.tsx';
export { Invite } from './flows/invite.tsx';
export { AskByLink } from './flows/invited.tsx';
export { AddMembers, NewGroup, PickContacts } from './flows/group.tsx';
export { ContactInfo, LeaveRoom, MemberRow, People, Rename, RoomInfo } from './flows/info.tsx';
export {
	AcceptedRequest,
	AnswerButtons,
	DeclinedRequests,
	HeldRequests,
	IncomingRequest,
	Requests,
	SentRequest,
} from './flows/requests.tsx';
export { ReachAlarm, WhoCanReachMe } from './flows/reach.tsx';
export { Report } from './flows/report.tsx';
export { ReportRequest } from './flows/report-request.tsx';
export { DeleteAccount, Erase, Settings } from './flows/settings.tsx';
export { Welcome } from './flows/welcome.tsx';
