/* SPDX-License-Identifier: Apache-2.0 */
/* What arrives for the device and not for a room: consent from others, device list changes. */
#ifndef CLIENT_INTAKE_H
#define CLIENT_INTAKE_H

#include "client/client.h"

uc_err UC_MUST_USE intake_event_in(struct uc_client *c, struct view body);

#endif
