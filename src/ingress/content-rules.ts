import type { InputRule, OutputRule } from '../core/deployment.ts'
import { IngressBadInput } from '../errors/ingress.ts'

/**
 * Checks a body against the rules of a handler: any rule that passes is enough. Throws `IngressBadInput` with what the
 * last rule asks for. JSON is not parsed here: that is the handler's own business (Restate 1.7.12, ingress).
 */
export function checkInput(rules: readonly InputRule[], contentType: string | undefined, bodyLength: number): void {
  let problem: string | undefined
  for (const rule of rules) {
    problem = inputProblem(rule, contentType, bodyLength)
    if (problem === undefined) return
  }
  throw new IngressBadInput(
    `input validation error: ${problem ?? 'the handler accepts no input at all; correct its input in the service'}`,
  )
}

function inputProblem(rule: InputRule, contentType: string | undefined, bodyLength: number): string | undefined {
  switch (rule.kind) {
    case 'empty':
      return bodyLength === 0 && contentType === undefined
        ? undefined
        : `expected neither a body nor a content-type, but got ${bodyLength} bytes with ${
            contentType === undefined ? 'no content-type' : `content-type '${contentType}'`
          }`
    case 'content-type':
      return contentTypeProblem(rule.contentType, contentType)
    case 'json':
      return (
        contentTypeProblem(rule.contentType, contentType) ??
        (bodyLength === 0 ? 'the body must not be empty' : undefined)
      )
  }
}

function contentTypeProblem(expected: string, actual: string | undefined): string | undefined {
  if (actual === undefined) return `expected a content-type that matches '${expected}', but there is none`
  return matches(expected, actual) ? undefined : `content-type '${actual}' does not match '${expected}'`
}

/** `expected` is `*` for both parts, `type/*` or `type/subtype`. Parameters of the header are ignored; case is not. */
function matches(expected: string, actual: string): boolean {
  if (expected === '*/*') return true
  const semicolon = actual.indexOf(';')
  const mediaType = (semicolon === -1 ? actual : actual.slice(0, semicolon)).trim()
  return expected.endsWith('/*') ? mediaType.startsWith(expected.slice(0, -1)) : mediaType === expected
}

/** The content-type of a result; `undefined`: it has none. */
export function outputContentType(rule: OutputRule, bodyLength: number): string | undefined {
  if (rule.kind === 'none') return undefined
  return bodyLength > 0 || rule.setIfEmpty ? rule.contentType : undefined
}
