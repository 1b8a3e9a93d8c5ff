import { JsonnetError } from '../errors.js';
import { manifestJsonWith } from '../manifest/json-options.js';
import { manifestIni, manifestPython, manifestPythonVars, manifestXml } from '../manifest/languages.js';
import { manifestToml } from '../manifest/toml.js';
import { manifestYaml } from '../manifest/yaml.js';
import { force, JsonnetObject, type Slot, typeName, type Value } from '../values.js';
import { arrayOf, booleanOf, functions, type Members, stringOf } from './define.js';
import { parseJson } from './parse-json.js';
import { parseYaml } from './parse-yaml.js';

function json(value: Value, indent: Value, newline: Value = '\n', keySeparator: Value = ': '): string {
  return manifestJsonWith(value, {
    indent: stringOf(indent),
    newline: stringOf(newline),
    keySeparator: stringOf(keySeparator),
  });
}

function toml(value: Value, indent: Value): string {
  const step = stringOf(indent);
  if (value instanceof JsonnetObject) return manifestToml(value, step);
  throw new JsonnetError(`a TOML document is an object, not ${typeName(value)}`);
}

function yaml(value: Value, indentArrays: Value = false, quoteKeys: Value = true): string {
  return manifestYaml(value, { indentArrays: booleanOf(indentArrays), quoteKeys: booleanOf(quoteKeys) });
}

function yamlStream(values: Value, indentArrays?: Slot, endMark?: Slot, quoteKeys?: Slot): string {
  const { elements } = arrayOf(values);
  const given = (slot: Slot | undefined) => (slot === undefined ? undefined : force(slot));
  const documents = elements.map((slot) => yaml(force(slot), given(indentArrays), given(quoteKeys)));
  const end = endMark === undefined || booleanOf(force(endMark)) ? '\n...\n' : '\n';
  return `---\n${documents.join('\n---\n')}${end}`;
}

export const manifestation: Members = functions({
  manifestJson: ['value', (value: Value) => json(value, '    ')],
  manifestJsonMinified: ['value', (value: Value) => json(value, '', '', ':')],
  manifestJsonEx: ['value indent newline? key_val_sep?', json],
  manifestYamlDoc: ['value indent_array_in_object? quote_keys?', yaml],
  manifestYamlStream: ['value ~indent_array_in_object? ~c_document_end? ~quote_keys?', yamlStream],
  manifestToml: ['value', (value: Value) => toml(value, '  ')],
  manifestTomlEx: ['value indent', toml],
  manifestIni: ['ini', manifestIni],
  manifestPython: ['v', manifestPython],
  manifestPythonVars: ['conf', manifestPythonVars],
  manifestXmlJsonml: ['value', manifestXml],
  parseJson: ['str', (text: Value) => parseJson(stringOf(text))],
  parseYaml: ['str', (text: Value) => parseYaml(stringOf(text))],
});
