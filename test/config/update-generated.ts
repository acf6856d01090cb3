import { writeFileSync } from 'node:fs'
import { generatedFiles } from './generated-files.ts'

// Run by hand after a change of the schema; the test beside it fails until then.
for (const { url, expected } of generatedFiles()) writeFileSync(url, expected)
