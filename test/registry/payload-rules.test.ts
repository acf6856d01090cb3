import t from 'tap'
import type { ManifestInput, ManifestOutput } from '../../src/protocol/manifest.ts'
import { inputOf, outputOf } from '../../src/registry/payload-rules.ts'

const json = 'application/json'
const empty = { kind: 'empty' }

t.test('input rules and descriptions', async (t) => {
  const rows: [ManifestInput | undefined, unknown[], string][] = [
    [undefined, [empty, { kind: 'content-type', contentType: '*/*' }], '*/*'],
    [{}, [empty], 'none'],
    [{ required: true }, [], '<invalid rules>'],
    [{ contentType: json }, [empty, { kind: 'content-type', contentType: json }], json],
    [{ required: true, contentType: json }, [{ kind: 'content-type', contentType: json }], json],
    [{ contentType: json, jsonSchema: { title: 'Order' } }, [empty, { kind: 'json', contentType: json }], 'JSON Order'],
    [
      { required: true, contentType: json, jsonSchema: { type: 'object' } },
      [{ kind: 'json', contentType: json }],
      'JSON object',
    ],
    [{ contentType: json, jsonSchema: true }, [empty, { kind: 'json', contentType: json }], json],
    [{ jsonSchema: {} }, [empty], 'none'],
  ]
  for (const [input, rules, description] of rows) {
    t.same(inputOf(input), { rules, description }, JSON.stringify(input) ?? 'absent')
  }
})

t.test('output rules and descriptions', async (t) => {
  const rule = (contentType: string, setIfEmpty: boolean) => ({ kind: 'content-type', contentType, setIfEmpty })
  const rows: [ManifestOutput | undefined, unknown, string][] = [
    [undefined, rule(json, false), json],
    [{}, { kind: 'none' }, 'none'],
    [{ contentType: 'text/plain' }, rule('text/plain', false), 'text/plain'],
    [{ contentType: json, setContentTypeIfEmpty: true }, rule(json, true), json],
    [{ contentType: json, jsonSchema: { type: 'string' } }, rule(json, false), 'JSON string'],
  ]
  for (const [output, expected, description] of rows) t.same(outputOf(output), { rule: expected, description })
})
