import { configurationFile } from './configuration-file.ts'
import { frameDecoder } from './frame-decoder.ts'
import { headerPolicy } from './header-policy.ts'
import { manifestDecoder } from './manifest.ts'
import { sql } from './sql.ts'
import type { Target } from './target.ts'

export const targets: readonly Target[] = [frameDecoder, manifestDecoder, headerPolicy, sql, configurationFile]
