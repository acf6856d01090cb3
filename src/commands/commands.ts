import { once } from 'node:events'

/** Resolves with whether what it looked at is well. */
type Command = (argv: readonly string[]) => Promise<boolean>

/** What `perdure <name> …` does, beside running the server. Each loads its code when it is asked for. */
export const commands: Readonly<Record<string, Command>> = {
  async doctor(argv) {
    const { doctorCommand } = await import('./doctor.ts')
    return doctorCommand(argv, { env: process.env, cwd: process.cwd(), write })
  },
  async 'api-key'(argv) {
    const { apiKeyCommand } = await import('./api-key.ts')
    apiKeyCommand(argv, write)
    return true
  },
  async 'admin-token'(argv) {
    const { adminTokenCommand } = await import('./admin-token.ts')
    adminTokenCommand(argv, write)
    return true
  },
  async identity(argv) {
    const { identityCommand } = await import('./identity.ts')
    identityCommand(argv, { env: process.env, cwd: process.cwd(), write })
    return true
  },
  async secrets(argv) {
    const { secretsCommand } = await import('./secrets.ts')
    await secretsCommand(argv, { env: process.env, cwd: process.cwd(), write })
    return true
  },
  async headers(argv) {
    const { headersCommand } = await import('./headers.ts')
    await headersCommand(argv, { env: process.env, cwd: process.cwd(), write })
    return true
  },
  async invocations(argv) {
    const { invocationsCommand } = await import('./invocations.ts')
    await invocationsCommand(argv, { env: process.env, write })
    return true
  },
  async state(argv) {
    const { stateCommand } = await import('./state.ts')
    await stateCommand(argv, { env: process.env, stdin: process.stdin, write: writeInTurn })
    return true
  },
}

function write(text: string): void {
  process.stdout.write(text)
}

/** Waits while the reader is slower than the writer. */
async function writeInTurn(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}
