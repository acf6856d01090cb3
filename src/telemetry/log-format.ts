/** Turns one pino line (JSON, with its newline) into what is shown, with its newline. */
export type LineFormatter = (line: string) => string

const colours: Readonly<Record<string, string>> = {
  trace: '\u001b[90m',
  debug: '\u001b[34m',
  info: '\u001b[32m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
  fatal: '\u001b[31m',
}
const dim = '\u001b[2m'
const reset = '\u001b[0m'

/** For people: time of day, level, event and fields on one line; a stack on lines of its own. */
export function prettyFormatter(ansi: boolean): LineFormatter {
  return (line) => {
    const record = parseRecord(line)
    if (record === undefined) return line
    const { time, level, event, err, msg, ...fields } = record
    const paint = (code: string, text: string) => (ansi ? code + text + reset : text)
    const head = [
      paint(dim, String(time).slice(11, 23)),
      paint(colours[String(level)] ?? '', String(level).toUpperCase().padEnd(5)),
      ...headline(event, msg, err),
    ].join(' ')
    const tail = Object.entries(fields).map(([key, value]) => ` ${paint(dim, `${key}=`)}${fieldText(value)}`)
    return `${head}${tail.join('')}${errorLines(err)}\n`
  }
}

/** One line a record, whatever is in it: full time, level, event, `key=value` fields. */
export function compactFormatter(ansi: boolean): LineFormatter {
  return (line) => {
    const record = parseRecord(line)
    if (record === undefined) return line
    const { time, level, event, err, msg, ...fields } = record
    const levelText = String(level).toUpperCase()
    const shownLevel = ansi ? `${colours[String(level)] ?? ''}${levelText}${reset}` : levelText
    const words = [String(time), shownLevel, ...headline(event, msg, err)]
    for (const [key, value] of Object.entries(fields)) words.push(`${key}=${fieldText(value)}`)
    if (isRecord(err)) words.push(`err=${fieldText(err.message)}`)
    return `${words.join(' ')}\n`
  }
}

/** Event and message; pino makes a message of an error's, which is shown with the error. */
function headline(event: unknown, msg: unknown, err: unknown): string[] {
  const words = event === undefined ? [] : [escapeControls(String(event))]
  if (msg !== undefined && !(isRecord(err) && err.message === msg)) words.push(escapeControls(String(msg)))
  return words
}

function errorLines(err: unknown): string {
  if (!isRecord(err)) return ''
  const cause = isRecord(err.cause) ? `\n  caused by:${errorLines(err.cause)}` : ''
  const lines = String(err.stack ?? err.message).split('\n')
  return `${lines.map((line) => `\n    ${escapeControls(line)}`).join('')}${cause}`
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@[\]+-]+$/.test(value) ? value : quoted(value)
  return typeof value === 'object' ? quoted(value) : String(value)
}

/** Text from outside must not start a line of its own or move the cursor. */
function escapeControls(text: string): string {
  return /[\p{Cc}\p{Bidi_Control}]/u.test(text) ? quoted(text).slice(1, -1) : text
}

/** JSON leaves the controls above ASCII as they are, and terminals obey them, as they do what turns the direction of text around. */
function quoted(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\x7f-\x9f\p{Bidi_Control}]/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function parseRecord(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
