/** What a manifest says of a handler's input or output; absent fields say something else than empty ones. */
interface ContentHandler {
  readonly input?: Readonly<Record<string, unknown>>
  readonly output?: Readonly<Record<string, unknown>>
}

const anything = { contentType: '*/*' }
const json = 'application/json'
const schema = { type: 'object', title: 'Thing', properties: { a: { type: 'number' } }, required: ['a'] }

/** Handlers that answer with the bytes that they got, with all kinds of input and output that a manifest can declare. */
export const contentHandlers: Readonly<Record<string, ContentHandler>> = {
  inputUndeclared: {},
  inputNone: { input: {} },
  inputOptionalJson: { input: { required: false, contentType: json } },
  inputRequiredJson: { input: { required: true, contentType: json } },
  inputOptionalSchema: { input: { required: false, contentType: json, jsonSchema: schema } },
  inputRequiredSchema: { input: { required: true, contentType: json, jsonSchema: schema } },
  inputRequiredAny: { input: { required: true, contentType: '*/*' } },
  inputRequiredNothing: { input: { required: true } },
  inputText: { input: { required: false, contentType: 'text/*' } },
  inputParameters: { input: { required: false, contentType: 'application/json; charset=utf-8' } },
  outputUndeclared: { input: anything },
  outputNone: { input: anything, output: {} },
  outputPng: { input: anything, output: { contentType: 'image/png' } },
  outputPngAlways: { input: anything, output: { contentType: 'image/png', setContentTypeIfEmpty: true } },
  outputParameters: { input: anything, output: { contentType: 'text/plain; charset=utf-8' } },
  outputSchema: { input: anything, output: { contentType: json, jsonSchema: schema } },
}
