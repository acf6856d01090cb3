import { error, text } from './request.ts'

/** Answers that many routes give. */
export const wrongShape = text(422, 'Failed to deserialize the JSON body into the target type: ')
export const wrongQuery = text(400, 'Failed to deserialize query string: ')
export const wrongPath = text(400, 'Invalid URL: Cannot parse ')
export const notJson = text(415, 'Expected request with `Content-Type: application/json`')
export const notSupported = error(501, /^perdure /)
