import type { Assertion, Bind, Field, Node, Visibility } from './ast.js';
import type { Token } from './lexer.js';
import type { TokenReader } from './token-reader.js';

const FIELD_OPERATORS: ReadonlyMap<string, { plus: boolean; visibility: Visibility }> = new Map([
  [':', { plus: false, visibility: 'inherit' }],
  ['::', { plus: false, visibility: 'hidden' }],
  [':::', { plus: false, visibility: 'visible' }],
  ['+:', { plus: true, visibility: 'inherit' }],
  ['+::', { plus: true, visibility: 'hidden' }],
  ['+:::', { plus: true, visibility: 'visible' }],
]);

/** An object or object comprehension, from after its opening brace `open` to after the closing one. */
export function parseObjectBody(parser: TokenReader, open: Token): Node {
  const { start } = open;
  const fields: Field[] = [];
  const locals: Bind[] = [];
  const assertions: Assertion[] = [];
  const literalNames = new Set<string>();
  let comma = true;
  for (;;) {
    if (parser.is('symbol', '}')) {
      return { kind: 'object', fields, locals, assertions, start, end: parser.next().end };
    }
    const token = parser.peek();
    if (parser.accept('keyword', 'for'))
      return comprehension(parser, start, token, { fields, locals, assertions });
    if (!comma) throw parser.unexpected(token, '"," or "}" after a field');
    if (parser.accept('keyword', 'local')) locals.push(parser.bind(locals));
    else if (parser.accept('keyword', 'assert')) assertions.push(assertion(parser, token));
    else fields.push(field(parser, literalNames));
    comma = parser.accept('symbol', ',');
  }
}

function assertion(parser: TokenReader, token: Token): Assertion {
  const test = parser.expression();
  const message = parser.accept('operator', ':') ? parser.expression() : undefined;
  return { test, message, start: token.start, end: (message ?? test).end };
}

function field(parser: TokenReader, literalNames: Set<string>): Field {
  const token = parser.next();
  const { start } = token;
  let name: Node;
  let computed = false;
  let end = token.end;
  if (token.kind === 'identifier' || token.kind === 'string' || token.kind === 'text block') {
    name = { kind: 'string', value: token.text, block: false, start, end };
  } else if (token.kind === 'symbol' && token.text === '[') {
    name = parser.expression();
    computed = true;
    end = parser.expect('symbol', ']', 'after a computed field name').end;
  } else throw parser.unexpected(token, 'a field, "local", "assert" or "}"');

  const parameters = parser.accept('symbol', '(') ? parser.parameters() : undefined;
  const operator = parser.next();
  const meaning = operator.kind === 'operator' ? FIELD_OPERATORS.get(operator.text) : undefined;
  if (!meaning)
    throw parser.unexpected(operator, '":", "::", ":::", "+:", "+::" or "+:::" after a field name');
  if (meaning.plus && parameters) throw parser.fail('a method cannot be defined with "+:"', operator);
  if (!computed) {
    if (literalNames.has(token.text)) throw parser.fail(`the field "${token.text}" is defined twice`, token);
    literalNames.add(token.text);
  }
  const body = parser.expression();
  const value: Node = parameters
    ? {
        kind: 'function',
        name: computed ? undefined : token.text,
        parameters,
        body,
        start: body.start,
        end: body.end,
      }
    : body;
  return { name, computed, ...meaning, value, start, end };
}

function comprehension(
  parser: TokenReader,
  start: number,
  token: Token,
  parts: { fields: Field[]; locals: Bind[]; assertions: Assertion[] },
): Node {
  const [field, second] = parts.fields;
  if (parts.assertions.length > 0) throw parser.fail('an object comprehension cannot have assertions', token);
  if (!field || second) throw parser.fail('an object comprehension has exactly one field', token);
  if (field.visibility !== 'inherit')
    throw parser.fail('an object comprehension cannot hide its field', token);
  if (!field.computed)
    throw parser.fail('the field of an object comprehension is written [name]: value', field);
  const loops = parser.loops('}');
  return { kind: 'object-comprehension', field, locals: parts.locals, loops, start, end: parser.next().end };
}
