import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { instruction, readDockerfile, type Stage } from './dockerfile.ts'

const root = join(import.meta.dirname, '../..')
const isRoot = process.getuid?.() === 0

/**
 * Does in `directory` what a build of `deploy/docker/Dockerfile` does, without a container engine: each stage has its root there,
 * commands run in their working directory. The dependencies of the build, as the lock file has them, are those of this checkout.
 * Returns the root of the last stage.
 */
export function assembleImage(directory: string): string {
  const stages = readDockerfile(readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8'))
  const roots = stages.map((stage, index) => join(directory, stage.name ?? `stage-${index}`))
  // As a build has it, whatever it is here.
  const umask = process.umask(0o022)
  try {
    for (const [index, stage] of stages.entries()) {
      const rootOf = (name: string) => roots[stages.findIndex((other) => other.name === name)] ?? ''
      assembleStage(stage, roots[index] ?? '', rootOf)
    }
  } finally {
    process.umask(umask)
  }
  return roots.at(-1) ?? ''
}

function assembleStage(stage: Stage, stageRoot: string, rootOf: (stage: string) => string): void {
  const working = join(stageRoot, instruction(stage, 'WORKDIR'))
  mkdirSync(working, { recursive: true })
  for (const { name, text } of stage.instructions) {
    if (name === 'COPY') copy(text, working, rootOf)
    if (name === 'RUN') runInStage(text, stageRoot, working)
  }
}

function copy(text: string, working: string, rootOf: (stage: string) => string): void {
  const [, from, rest = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(text) ?? []
  const words = rest.split(' ')
  const target = words.at(-1) ?? ''
  for (const source of words.slice(0, -1)) {
    if (from === undefined && !isInContext(source)) throw new Error(`the context of the build does not have ${source}`)
    const path = from === undefined ? join(root, source) : join(rootOf(from), source)
    // Docker copies what is in a directory, and a file under its name.
    const isFileInto = target.endsWith('/')
    cpSync(path, resolve(working, isFileInto ? join(target, source) : target), { recursive: true })
  }
}

function isInContext(source: string): boolean {
  const lines = readFileSync(join(root, 'deploy/docker/Dockerfile.dockerignore'), 'utf8').split('\n')
  return lines.includes('*') && lines.includes(`!${source}`)
}

function runInStage(command: string, stageRoot: string, working: string): void {
  if (command === 'npm ci --ignore-scripts') {
    symlinkSync(join(root, 'node_modules'), join(working, 'node_modules'))
    return
  }
  const ofRoot = / -o \d+ -g \d+ \//
  const here = command
    .replace(ofRoot, (match) => (isRoot ? match : ' /'))
    .replace(/(?<= )\/data$/, join(stageRoot, 'data'))
  if (/(?<= )\/(?!tmp)/.test(here.replace(stageRoot, '/tmp'))) throw new Error(`this would leave the stage: ${here}`)
  mkdirSync(dirname(working), { recursive: true })
  // What the test runner adds to every Node is not for these. Packages are in npm's cache since this checkout was installed.
  execFileSync('env', ['-u', 'NODE_OPTIONS', 'npm_config_prefer_offline=true', 'sh', '-c', here], {
    cwd: working,
    stdio: 'pipe',
  })
}
