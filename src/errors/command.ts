import { defineError } from './perdure-error.ts'

/** `RESTATE_ADMIN_URL` is no address of an admin API. */
export const CommandAdminUrl = defineError({ code: 'PERDURE_ERR_COMMAND_ADMIN_URL', status: 400 })

/** The connection to the admin API failed, or it broke off. */
export const CommandAdminUnreachable = defineError({ code: 'PERDURE_ERR_COMMAND_ADMIN_UNREACHABLE', status: 502 })

/** The admin API refused what a command asked of it. */
export const CommandRefused = defineError({ code: 'PERDURE_ERR_COMMAND_REFUSED', status: 400 })

/** A line of a state export cannot be read. */
export const CommandStateLine = defineError({ code: 'PERDURE_ERR_COMMAND_STATE_LINE', status: 400 })
