import { defineError } from './perdure-error.ts'

/** A configuration file that was named cannot be read. */
export const ConfigFileUnreadable = defineError({ code: 'PERDURE_ERR_CONFIG_FILE_UNREADABLE', status: 500 })

/** The configuration file is not TOML. */
export const ConfigFileSyntax = defineError({ code: 'PERDURE_ERR_CONFIG_FILE_SYNTAX', status: 500 })

/** Flags that cannot be understood. */
export const ConfigCommandLine = defineError({ code: 'PERDURE_ERR_CONFIG_COMMAND_LINE', status: 500 })

/** At least one key, variable or flag is not known; wrong values, if any, are listed in the same message. */
export const ConfigUnknownKey = defineError({ code: 'PERDURE_ERR_CONFIG_UNKNOWN_KEY', status: 500 })

/** At least one known key has a value that it does not take. */
export const ConfigInvalidValue = defineError({ code: 'PERDURE_ERR_CONFIG_INVALID_VALUE', status: 500 })

/** Admin or fabric would listen beyond this machine and let everybody in, and nobody has said that they should. */
export const ConfigExposed = defineError({ code: 'PERDURE_ERR_CONFIG_EXPOSED', status: 500 })

/** A text is not a duration. The message is the detail alone, for callers that put their own words around it. */
export const DurationInvalid = defineError({ code: 'PERDURE_ERR_CONFIG_DURATION_INVALID', status: 400 })

/** A text is not a size in bytes. The message is the detail alone. */
export const ByteSizeInvalid = defineError({ code: 'PERDURE_ERR_CONFIG_BYTE_SIZE_INVALID', status: 400 })
