import { defineError } from './perdure-error.ts'

/** `secrets.key-file` cannot be read, is open to others, or does not hold keys. */
export const SealingKeyFileInvalid = defineError({ code: 'PERDURE_ERR_SEALING_KEY_FILE_INVALID', status: 500 })

/** Data is sealed under a key that the server has not been given. */
export const SealingKeyMissing = defineError({ code: 'PERDURE_ERR_SEALING_KEY_MISSING', status: 500 })

/** Sealed data is not what was sealed. */
export const SealingTampered = defineError({ code: 'PERDURE_ERR_SEALING_TAMPERED', status: 500 })

/** Other users of the machine could read or change the data directory. */
export const SealingDataExposed = defineError({ code: 'PERDURE_ERR_SEALING_DATA_EXPOSED', status: 500 })
