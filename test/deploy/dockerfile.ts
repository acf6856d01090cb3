export interface Instruction {
  readonly name: string
  readonly text: string
}

export interface Stage {
  readonly image: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

/** The stages of a Dockerfile: what stands on continued lines is one instruction. */
export function readDockerfile(text: string): readonly Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const stages: { image: string; name: string | undefined; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    if (name === '') throw new Error(`not an instruction: ${line}`)
    if (name === 'FROM') {
      const [, image = '', stage] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? []
      stages.push({ image, name: stage, instructions: [] })
    } else stages.at(-1)?.instructions.push({ name, text: rest })
  }
  return stages
}

/** The only instruction of this name. */
export function instruction(stage: Stage, name: string): string {
  const [found, ...more] = stage.instructions.filter((one) => one.name === name)
  if (found === undefined || more.length > 0)
    throw new Error(`${name} is there ${more.length + 1} times, or not at all`)
  return found.text
}

/** The list of an instruction in its exec form. */
export function execForm(text: string): readonly string[] {
  const list: unknown = JSON.parse(text.slice(text.indexOf('[')))
  if (!Array.isArray(list)) throw new Error(`not in exec form: ${text}`)
  return list.map(String)
}

/** What ENV sets. */
export function environmentOf(stage: Stage): Record<string, string> {
  const pairs = instruction(stage, 'ENV').split(/\s+/)
  return Object.fromEntries(pairs.map((pair) => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)]))
}
