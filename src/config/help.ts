import { defaultInWords, defaultToml } from './default-text.ts'
import { type AnyKey, environmentName, flagName } from './key.ts'
import { FLAG_KEYS } from './schema/schema.ts'
import { Settings } from './settings.ts'

/** What `--help` prints. */
export function helpText(): string {
  const defaults = new Settings(new Map(), { hostName: '' })
  return `Usage: perdure [flags]
       perdure doctor gcp <url>     why a private Cloud Run service does not answer; see perdure doctor --help
       perdure doctor security     what of the configuration is open to others; see perdure doctor security --help
       perdure identity generate <file>     makes the key that requests to services are signed with
       perdure api-key <name>       makes an API key for a caller of ingress
       perdure secrets generate-key makes a key that seals the data directory; see perdure secrets --help
       perdure admin-token <name> <role>     makes a token for admin: read-only, operator or admin
       perdure headers --explain 'Name: value'     what becomes of a header of a call, and why
       perdure state export <service>   and import: the state of a service as lines of JSON
       perdure invocations restart <id> --from <index>     runs an invocation again from within its journal

  -c, --config-file <path>
      Read settings from this TOML file. [RESTATE_CONFIG]
      --dump-config
      Print all settings and where each comes from, then exit.
  -h, --help
  -V, --version

${FLAG_KEYS.map((key) => flagHelp(key, defaults)).join('\n')}

Every key of the file is also an environment variable: worker.invoker.abort-timeout is ${environmentName('worker.invoker.abort-timeout')}.
Flags win over the environment, the environment over the file. All keys: restate.toml.example, docs/configuration.md.
`
}

function flagHelp(key: AnyKey, defaults: Settings): string {
  const fallback = defaultInWords(key) ?? defaultToml(key, defaults)
  const value = key.type.name === 'boolean' ? '[=true|false]' : ` <${key.type.name.replaceAll('\\|', '|')}>`
  return `      ${flagName(key.path)}${value}\n      ${key.description} [${environmentName(key.path)}] Default: ${fallback}`
}
